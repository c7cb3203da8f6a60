package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"pitwall/agent/engine"
	"pitwall/agent/model"
)

// maxHolders is how many processes are named that hold a key.
const maxHolders = 3

// checkSecrets names what of a key a training script could read, since it runs as the
// same user: our own processes hide theirs, others do not. Values are never shown.
func (a *app) checkSecrets() check {
	path := filepath.Join(a.home(), engine.ModelsFile)
	catalog, err := model.Load(path, a.getenv)
	if err != nil {
		return check{Name: "secrets", OK: true, Found: "not looked at: the list of models cannot be read"}
	}
	var found, mend []string
	var set []string
	for _, name := range catalog.KeyNames() {
		if a.getenv(name) != "" {
			set = append(set, name)
		}
	}
	if os.Geteuid() == 0 {
		found, mend = append(found, "you are root, whose scripts can read every process and file"), append(mend, "train as a user without rights")
	}
	if runtime.GOOS != "linux" && len(set) > 0 {
		found, mend = append(found, "this system shows the environment of a process to its user"), append(mend, "have key_command in "+path+" fetch the key")
	}
	if holders := holders(catalog.KeyNames()); len(holders) > 0 {
		found = append(found, "a script can read "+strings.Join(holders, ", "))
		mend = append(mend, "set a key for pitwall alone, as in KEY=$(pass show key) pitwall, or have key_command in "+path+" fetch it, and start those anew without it")
	} else if shell := memoryOf(os.Getppid()); len(set) > 0 && shell != "" {
		found = append(found, fmt.Sprintf("a script can read %s in the memory of %s, if it was set there", strings.Join(set, ", "), shell))
		mend = append(mend, "forbid that: sysctl kernel.yama.ptrace_scope=1")
	}
	if files := catalog.KeyFiles(path); len(files) > 0 {
		found = append(found, "a script can read what is in "+strings.Join(files, ", "))
		mend = append(mend, "keep the key in a password manager, from which key_command takes it")
	}
	if len(found) == 0 {
		return check{Name: "secrets", OK: true, Found: "no key that a script could read was found outside pitwall, which hides its own"}
	}
	return check{Name: "secrets", Found: strings.Join(found, "; "), Mend: strings.Join(mend, "; ")}
}

// holders names the processes whose environment we can read, and so a script could,
// with the keys in it: "OPENAI_API_KEY of bash (812), which started pitwall".
func holders(names []string) []string {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	above := ancestors()
	var list []string
	more := 0
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil || pid == os.Getpid() {
			continue
		}
		env, err := os.ReadFile(filepath.Join(dir, "environ"))
		if err != nil {
			continue // another's, or hidden
		}
		var held []string
		for _, kv := range bytes.Split(env, []byte{0}) {
			if name, value, _ := strings.Cut(string(kv), "="); value != "" && slices.Contains(names, name) {
				held = append(held, name)
			}
		}
		if len(held) == 0 {
			continue
		}
		if len(list) == maxHolders && !slices.Contains(above, pid) {
			more++
			continue
		}
		text := strings.Join(held, " and ") + " of " + processName(pid)
		if slices.Contains(above, pid) {
			text += ", which started pitwall"
		}
		list = append(list, text)
	}
	if more > 0 {
		list = append(list, fmt.Sprintf("and of %d more", more))
	}
	return list
}

// memoryOf names a process whose memory a script could read, "" where it could not.
func memoryOf(pid int) string {
	if scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); err == nil && strings.TrimSpace(string(scope)) != "0" {
		return ""
	}
	if f, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid)); err == nil {
		f.Close()
		return processName(pid)
	}
	return ""
}

func processName(pid int) string {
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return fmt.Sprintf("%s (%d)", strings.TrimSpace(string(name)), pid)
}

// ancestors are the processes that started ours, the nearest first.
func ancestors() (pids []int) {
	for pid := os.Getppid(); pid > 1 && !slices.Contains(pids, pid); {
		pids = append(pids, pid)
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			break
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // a name may hold anything
		if len(fields) < 2 {
			break
		}
		if pid, err = strconv.Atoi(fields[1]); err != nil {
			break
		}
	}
	return pids
}
