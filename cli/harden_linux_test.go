package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// secret stands in the environment of every process of the test.
const secret = "sk-not-for-scripts"

// spy does to a process what a training script could try, and prints what it got.
func spy() {
	pid, err := strconv.Atoi(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	dir := fmt.Sprintf("/proc/%d/", pid)
	if env, err := os.ReadFile(dir + "environ"); err == nil {
		fmt.Println("environment", bytes.Contains(env, []byte(secret)))
	}
	if mem, err := os.Open(dir + "mem"); err == nil {
		mem.Close()
		fmt.Println("memory")
	}
	if err := unix.PtraceSeize(pid); err == nil {
		fmt.Println("attached")
	}
}

// strangers is a place where the program runs as somebody without rights, as a
// script does that it trains.
type strangers struct {
	t         *testing.T
	dir, home string
	cred      *syscall.Credential
}

func newStrangers(t *testing.T) *strangers {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "pitwall-test-") // t.TempDir is root's alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &strangers{t: t, dir: dir, home: filepath.Join(dir, "home")}
	if os.Getuid() == 0 {
		s.cred = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	// Its Python does all but train: a run goes on until it is ended.
	python := "#!/bin/sh\ncase $1 in -u) exec sleep 600 ;; esac\nexec python3 \"$@\"\n"
	plan := "name = \"spied\"\nnodes = 1\ntasks = [\"micro/7\"]\nhints = [\"0\"]\n[[agents]]\nagent = \"noop\"\n"
	if err := errors.Join(os.Chmod(dir, 0o777),
		os.WriteFile(filepath.Join(dir, "pitwall"), program, 0o755),
		os.Link(filepath.Join(dir, "pitwall"), filepath.Join(dir, "spy")),
		os.WriteFile(filepath.Join(dir, "python"), []byte(python), 0o755),
		os.WriteFile(filepath.Join(dir, "plan.toml"), []byte(plan), 0o644)); err != nil {
		t.Fatal(err)
	}
	return s
}

// engines lists those that work on attempts.
func (s *strangers) engines() (pids []int) {
	var list []struct{ Engine *struct{ PID int } }
	out, err := s.command("pitwall", "attempts", "--json").Output()
	if err == nil {
		err = json.Unmarshal(out, &list)
	}
	if err != nil {
		s.t.Errorf("list the attempts: %v\n%s", err, out)
	}
	for _, a := range list {
		if a.Engine != nil {
			pids = append(pids, a.Engine.PID)
		}
	}
	return pids
}

func (s *strangers) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.dir, name), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.cred, Setsid: true}
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TERM=xterm-256color", "PITWALL_HOME=" + s.home, "OPENAI_API_KEY=" + secret,
		"PITWALL_LOCK=" + filepath.Join(s.dir, "lock"), "PITWALL_PYTHON=" + filepath.Join(s.dir, "python"),
	}
	return cmd
}

// start starts a command, in a terminal where it needs one, until the test ends.
func (s *strangers) start(terminal bool, args ...string) int {
	s.t.Helper()
	cmd := s.command("pitwall", args...)
	said := &lockedBuffer{}
	if terminal {
		cmd.SysProcAttr.Setctty = true
		tty, err := pty.StartWithAttrs(cmd, &pty.Winsize{Rows: 24, Cols: 80}, cmd.SysProcAttr)
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { tty.Close() })
		go func() { _, _ = io.Copy(said, tty) }()
	} else {
		cmd.Stdout, cmd.Stderr = said, said
		if err := cmd.Start(); err != nil {
			s.t.Fatal(err)
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	s.t.Cleanup(func() {
		select {
		case <-ended:
			s.t.Errorf("pitwall %s has ended before the test did:\n%s", strings.Join(args, " "), said)
		default:
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
	})
	return cmd.Process.Pid
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// sees gives what another process of the same user gets of a process.
func (s *strangers) sees(pid int) string {
	s.t.Helper()
	out, err := s.command("spy", strconv.Itoa(pid)).CombinedOutput()
	if err != nil {
		s.t.Fatalf("the spy failed: %v\n%s", err, out)
	}
	return string(out)
}

// hidden waits until nothing is seen of a process, which is up and stays so. Between
// its start and its first instruction of ours it cannot hide.
func (s *strangers) hidden(what string, pid int) {
	s.t.Helper()
	var saw string
	if !comesAbout(func() bool {
		saw = s.sees(pid)
		return saw == ""
	}) {
		s.t.Errorf("%s lets others of the same user read it: %s", what, strings.ReplaceAll(strings.TrimSpace(saw), "\n", ", "))
	}
	if syscall.Kill(pid, 0) != nil {
		s.t.Errorf("%s is gone: nothing was tested", what)
	}
}

// comesAbout reports whether a condition came about in time. A test's cleanup may ask too.
func comesAbout(ok func() bool) bool {
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-limit.C:
			return false
		case <-tick.C:
		}
	}
	return true
}

// parent gives the process that started another.
func parent(t *testing.T, pid int) int {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	ppid, err := strconv.Atoi(fields[1])
	if err != nil {
		t.Fatal(err)
	}
	return ppid
}

// running finds the script of an attempt's run by its mark, 0 where there is none.
func running(id string) int {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		env, err := os.ReadFile(filepath.Join(d, "environ"))
		if err == nil && bytes.Contains(env, []byte("PITWALL_RUN="+id+".")) {
			pid, _ := strconv.Atoi(filepath.Base(d))
			return pid
		}
	}
	return 0
}

func TestNoProcessOfOursCanBeReadWhileAScriptRuns(t *testing.T) {
	s := newStrangers(t)

	bare := s.command("python", "-u")
	bare.Env = append(bare.Env, "PITWALL_RUN=bare.")
	if err := bare.Start(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.sees(bare.Process.Pid), "environment true") {
		t.Error("the spy sees nothing where nothing is hidden: the test is worth nothing here")
	}
	_ = bare.Process.Kill()
	_ = bare.Wait()

	out, err := s.command("pitwall", "attempt", "micro/7", "--agent", "noop", "--nodes", "1", "--detach", "--json").Output()
	var a struct {
		ID     string
		Engine struct{ PID int }
	}
	if err == nil {
		err = json.Unmarshal(out, &a)
	}
	if err != nil {
		t.Fatalf("start an attempt: %v\n%s", err, out)
	}
	script := 0
	if !comesAbout(func() bool { script = running(a.ID); return script != 0 }) {
		t.Fatal("no script came up")
	}
	guard := parent(t, script)
	engine := parent(t, guard)
	s.hidden("_engine", engine)
	s.hidden("_run", guard)
	// An engine that does nothing has others wait for it and for the machine.
	if err := syscall.Kill(engine, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, pid := range s.engines() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if !comesAbout(func() bool { return running(a.ID) == 0 }) {
			t.Error("the script has outlived its engine")
		}
	})
	for _, c := range []struct {
		terminal bool
		args     []string
	}{
		{true, nil},
		{true, []string{"watch", a.ID}},
		{true, []string{"replay", a.ID}},
		{false, []string{"attempt", "micro/8", "--agent", "noop", "--nodes", "1"}},
		{false, []string{"sweep", "plan.toml"}},
		{false, []string{"repeat", "micro/7", "-n", "1"}},
		{false, []string{"calibrate", "micro/9", "-n", "1"}},
		{false, []string{"stop", a.ID}},
		{false, []string{"stop", "--run", a.ID}},
		{false, []string{"pause", a.ID}},
		{false, []string{"steer", a.ID, "look at the inner loop"}},
		{false, []string{"branch", a.ID, "0"}},
	} {
		what := strings.Join(append([]string{"pitwall"}, c.args...), " ")
		s.hidden(what, s.start(c.terminal, c.args...))
	}
}
