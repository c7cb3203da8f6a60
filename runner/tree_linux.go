package runner

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// listProcs reads every process of the machine. buf is scratch space and may be
// nil.
func listProcs() ([]proc, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	names, err := dir.Readdirnames(-1)
	dir.Close()
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	buf := make([]byte, 1024)
	page := int64(os.Getpagesize())
	list := make([]proc, 0, len(names))
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if p, ok := readProc(pid, buf, page); ok {
			list = append(list, p)
		}
	}
	return list, nil
}

// readProc reads one process. It goes around os.File, which would cost more
// than the reading.
func readProc(pid int, buf []byte, page int64) (proc, bool) {
	b, ok := slurp("/proc/"+strconv.Itoa(pid)+"/stat", buf)
	if !ok {
		return proc{}, false
	}
	// The name stands in parentheses and may hold anything, parentheses too.
	i := bytes.LastIndexByte(b, ')')
	if i < 0 || i+2 >= len(b) {
		return proc{}, false
	}
	p := proc{pid: pid, state: b[i+2]}
	b = b[i+2:]
	for field := 3; field <= 24; field++ {
		word := b
		if end := bytes.IndexByte(b, ' '); end >= 0 {
			word, b = b[:end], b[end+1:]
		}
		n := number(word)
		switch field {
		case 4:
			p.ppid = int(n)
		case 5:
			p.pgid = int(n)
		case 14, 15:
			p.cpu += uint64(n)
		case 16, 17:
			p.childCPU += uint64(n)
		case 22:
			p.start = uint64(n)
		case 24:
			p.rss = n * page
		}
	}
	return p, true
}

func number(b []byte) int64 {
	n := int64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return n
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// slurp reads a small file of /proc into buf.
func slurp(path string, buf []byte) ([]byte, bool) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, false
	}
	n, err := unix.Read(fd, buf)
	unix.Close(fd)
	return buf[:max(n, 0)], err == nil && n > 0
}

// marked lists the live processes whose environment carries PITWALL_RUN=id.
// Processes that hide it, or belong to others, are not found.
func marked(id string) []proc {
	list, _ := listProcs()
	want := []byte(runVar + "=" + id + "\x00")
	self := os.Getpid()
	out := list[:0]
	for _, p := range list {
		if p.state == 'Z' || p.pid == self {
			continue
		}
		env, err := os.ReadFile("/proc/" + strconv.Itoa(p.pid) + "/environ")
		if err != nil {
			continue
		}
		env = append(env, 0)
		if bytes.HasPrefix(env, want) || bytes.Contains(env, append([]byte{0}, want...)) {
			out = append(out, p)
		}
	}
	return out
}

// treeOf lists what runs below a guarding process; group is the script's
// process group.
func treeOf(list []proc, shim, _ int) []proc { return below(list, shim) }

// bootID names this boot of the machine.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// becomeSubreaper makes orphans below this process its children.
func becomeSubreaper() error {
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}
