//go:build linux || darwin

package runner

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// order is what an engine in a process of its own is told to run.
type order struct {
	Job    Job
	Timed  bool // under the machine's lock
	Label  string
	Lock   string
	Harden bool
}

// engine is the body of that process: it runs one job, prints its identity and
// its lines, and at the end its result.
func engine(args []string) int {
	var o order
	if err := json.Unmarshal([]byte(args[0]), &o); err != nil {
		fmt.Println(err)
		return 2
	}
	if o.Harden {
		if err := Harden(); err != nil {
			fmt.Println(err)
			return 2
		}
	}
	l := &Local{Shim: shim, LockPath: o.Lock}
	do := Run
	if o.Timed {
		do = timed(o.Label, func(h string) { fmt.Println("waiting", h) })
	}
	res, err := do(context.Background(), l, o.Job, printer{})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("result", res.Reason, res.ExitCode, int64(res.CPUUser+res.CPUSys))
	return 0
}

// timed runs a job once nobody else times one, as whoever drives an attempt does.
func timed(label string, onWait func(string)) func(context.Context, Machine, Job, Sink) (Result, error) {
	return func(ctx context.Context, m Machine, job Job, sink Sink) (Result, error) {
		hold, err := m.Acquire(ctx, label, onWait)
		if err != nil {
			return Result{Reason: Stopped}, err
		}
		defer hold.Release()
		job.Hold = hold
		return Run(ctx, m, job, sink)
	}
}

type printer struct{ Quiet }

func (printer) Started(ref Ref) {
	id, _ := ref.identity()
	b, _ := json.Marshal(id.Identity)
	fmt.Printf("started %s\n", b)
}

func (printer) Lines(lines []Line) {
	for _, l := range lines {
		fmt.Printf("line %s\n", l.Data)
	}
}

// remote is an engine in a process of its own.
type remote struct {
	t   *testing.T
	cmd *exec.Cmd
	out *bufio.Reader
	id  Identity
}

// startEngine starts one and waits until its script prints "up".
func startEngine(t *testing.T, o order, cmd *exec.Cmd) *remote {
	t.Helper()
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args = append(cmd.Args, "_engine", string(b))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	e := &remote{t: t, cmd: cmd, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		late.Stop()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if err := json.Unmarshal([]byte(e.next("started ")), &e.id); err != nil {
		t.Fatal(err)
	}
	return e
}

// next returns the rest of the next line that begins so.
func (e *remote) next(prefix string) string {
	e.t.Helper()
	var all strings.Builder
	for {
		line, err := e.out.ReadString('\n')
		all.WriteString(line)
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return strings.TrimSpace(rest)
		}
		if err != nil {
			e.t.Fatalf("no %q in: %s", prefix, all.String())
		}
	}
}

// die ends the engine as kill -9 does.
func (e *remote) die() {
	e.t.Helper()
	if err := e.cmd.Process.Kill(); err != nil {
		e.t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, e.out)
	_ = e.cmd.Wait()
}

const stubborn = `
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for i in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        break
print("up", flush=True)
time.sleep(1000)
`

func TestNothingOutlivesAKilledEngine(t *testing.T) {
	t.Parallel()
	job := script(t, stubborn)
	e := startEngine(t, order{Job: job}, Self())
	e.next("line up")
	if sweepsOrphans && len(marked(job.ID)) == 0 {
		t.Fatal("the run cannot be found by its mark")
	}
	e.die()
	eventually(t, "the guard ends", func() bool { return !alive(e.id.ShimPID, e.id.ShimTicks) })
	nothingLeft(t, job.ID)
	if alive(e.id.PID, e.id.Ticks) {
		t.Error("the script lives")
	}
}

func TestTheMachineStaysLockedUntilTheRunIsGone(t *testing.T) {
	t.Parallel()
	if !sweepsOrphans {
		t.Skip("needs the whole tree to end")
	}
	job := script(t, stubborn)
	path := filepath.Join(t.TempDir(), "lock")
	e := startEngine(t, order{Job: job, Timed: true, Label: "micro/3", Lock: path}, Self())
	e.next("line up")
	if err := unix.Kill(e.id.ShimPID, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	e.die()
	var holders []Holder
	c, cancel := context.WithTimeout(ctx(t), 10*lockPoll)
	defer cancel()
	if _, err := Acquire(c, path, "next", func(h Holder) { holders = append(holders, h) }); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("the lock was free while the run went on: %v", err)
	}
	if len(holders) != 1 || holders[0].Label != "micro/3" || holders[0].Job != job.ID || holders[0].PID != e.cmd.Process.Pid {
		t.Errorf("holders %+v", holders)
	}
	if err := unix.Kill(e.id.ShimPID, unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	l, err := Acquire(ctx(t), path, "next", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	nothingLeft(t, job.ID)
}

func TestReapEndsWhatADeadEngineLeft(t *testing.T) {
	t.Parallel()
	job := script(t, stubborn)
	e := startEngine(t, order{Job: job}, Self())
	e.next("line up")
	// A guard that hangs ends nothing.
	if err := unix.Kill(e.id.ShimPID, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	e.die()
	other := e.id
	other.Boot = "another"
	if n, err := Reap(ctx(t), job.ID, other); n != 0 || err != nil {
		t.Errorf("reaped %d of another boot, %v", n, err)
	}
	if !alive(e.id.PID, e.id.Ticks) {
		t.Fatal("the script ended too early to show anything")
	}
	c, cancel := context.WithTimeout(ctx(t), 100*time.Millisecond)
	defer cancel()
	n, err := Reap(c, job.ID, e.id)
	if err != nil || n < 2 {
		t.Errorf("reaped %d, %v", n, err)
	}
	nothingLeft(t, job.ID)
	if alive(e.id.PID, e.id.Ticks) || alive(e.id.ShimPID, e.id.ShimTicks) {
		t.Error("script or guard live")
	}
	if n, err := Reap(ctx(t), job.ID, e.id); n != 0 || err != nil {
		t.Errorf("a second time: %d, %v", n, err)
	}
}

func TestReapSparesAProcessThatOnlyHasTheNumber(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	id := Identity{Boot: bootID(), PID: cmd.Process.Pid, Ticks: 1, ShimPID: cmd.Process.Pid, ShimTicks: 1}
	if n, err := Reap(ctx(t), "nobody", id); n != 0 || err != nil {
		t.Errorf("reaped %d, %v", n, err)
	}
	if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
		t.Error(err)
	}
}

func alive(pid int, start uint64) bool {
	list, _ := listProcs()
	_, ok := find(list, pid, start)
	return ok
}

func TestTimedRunsQueue(t *testing.T) {
	t.Parallel()
	l := local(t)
	first, err := Acquire(ctx(t), l.LockPath, "first", nil)
	if err != nil {
		t.Fatal(err)
	}
	job := script(t, "print('ran')")
	rec := newRecord()
	done := make(chan error, 1)
	go func() {
		_, err := timed("", rec.wait)(ctx(t), l, job, rec)
		done <- err
	}()
	rec.until(t, "the second is told to wait", func() bool { return len(rec.waiting) > 0 })
	rec.mu.Lock()
	h := rec.waiting[0]
	rec.mu.Unlock()
	if h != fmt.Sprintf("first (process %d, since %s)", os.Getpid(), first.holder.Since.Local().Format("15:04")) {
		t.Errorf("holder %s", h)
	}
	rec.change(func() {
		if len(rec.started) != 0 {
			t.Error("started beside the first")
		}
	})
	// Runs under the lock that is held do not wait, and leave it held.
	own := script(t, "print('own')")
	own.Hold = first
	if res, err := Run(ctx(t), l, own, newRecord()); err != nil || res.Reason != Exited {
		t.Errorf("got %+v, %v", res, err)
	}
	rec.change(func() {
		if len(rec.started) != 0 {
			t.Error("the lock was lost on the way")
		}
	})
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if rec.text(false) != "ran\n" {
		t.Errorf("got %q", rec.text(false))
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	l := local(t)
	first, err := Acquire(ctx(t), l.LockPath, "first\x1b[31m", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Release()
	job := script(t, "print('ran')")
	c, cancel := context.WithCancel(ctx(t))
	rec := newRecord()
	type ended struct {
		res Result
		err error
	}
	done := make(chan ended, 1)
	go func() {
		res, err := timed("", rec.wait)(c, l, job, rec)
		done <- ended{res, err}
	}()
	rec.until(t, "it waits", func() bool { return len(rec.waiting) > 0 })
	cancel()
	e := <-done
	if !errors.Is(e.err, context.Canceled) || e.res.Reason != Stopped || len(rec.started) != 0 {
		t.Errorf("got %+v, %v", e.res, e.err)
	}
	if !strings.HasPrefix(rec.waiting[0], "first (") {
		t.Errorf("holder %q", rec.waiting[0])
	}
}

func TestTheLockWorksAcrossUsers(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root to become someone else")
	}
	dir, path := forNobody(t)
	if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	lock := filepath.Join(dir, "lock")
	first, err := Acquire(ctx(t), lock, "root's", nil)
	if err != nil {
		t.Fatal(err)
	}
	job := script(t, "")
	job.Dir, job.Argv = "/", []string{"sh", "-c", "echo up; sleep 0.2"}
	cmd := asNobody(exec.Command(path))
	go func() {
		// Released only once the other waits.
		c, cancel := context.WithTimeout(context.Background(), 3*lockPoll)
		defer cancel()
		<-c.Done()
		first.Release()
	}()
	e := startEngine(t, order{Job: job, Timed: true, Lock: lock}, cmd)
	var holder Holder
	again, err := Acquire(ctx(t), lock, "root's again", func(h Holder) { holder = h })
	if err != nil {
		t.Fatal(err)
	}
	again.Release()
	e.next("result exited 0")
	if holder.PID != cmd.Process.Pid {
		t.Errorf("holder %+v", holder)
	}
}

func TestAHardenedEngineStartsRunsAndHidesItsEnvironment(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root to become someone else")
	}
	_, path := forNobody(t)
	for _, harden := range []bool{false, true} {
		job := Job{ID: fmt.Sprintf("harden-%v-%d", harden, os.Getpid()), Dir: "/", Argv: []string{
			"sh", "-c",
			`echo up; guard=$PPID; engine=$(sed -n 's/^PPid:\t//p' /proc/$guard/status); cat /proc/$engine/environ /proc/$guard/environ | tr '\0' '\n'; echo end`,
		}}
		cmd := asNobody(exec.Command(path))
		cmd.Env = []string{"PATH=/usr/bin:/bin", "OPENAI_API_KEY=secret"}
		e := startEngine(t, order{Job: job, Harden: harden}, cmd)
		saw := false
		for {
			line, err := e.out.ReadString('\n')
			saw = saw || strings.Contains(line, "secret")
			if strings.HasPrefix(line, "result exited 0") {
				break
			}
			if err != nil {
				t.Fatalf("no result: %v", err)
			}
		}
		if saw == harden {
			t.Errorf("hardened: %v, secret seen: %v", harden, saw)
		}
	}
}

func TestRunsStartAfterTheProgramsFileIsGone(t *testing.T) {
	t.Parallel()
	if !sweepsOrphans {
		t.Skip("needs /proc/self/exe")
	}
	_, path := forNobody(t)
	lock := filepath.Join(t.TempDir(), "lock")
	first, err := Acquire(ctx(t), lock, "first", nil)
	if err != nil {
		t.Fatal(err)
	}
	job := script(t, "print('up')")
	b, _ := json.Marshal(order{Job: job, Timed: true, Lock: lock, Harden: true})
	cmd := exec.Command(path, "_engine", string(b))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	e := &remote{t: t, cmd: cmd, out: bufio.NewReader(out)}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	e.next("waiting first")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	first.Release()
	e.next("result exited 0")
}

// forNobody copies the test binary to where any user can start it.
func forNobody(t *testing.T) (dir, path string) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "pitwall-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "engine")
	if err := os.WriteFile(path, b, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir, path
}

func asNobody(cmd *exec.Cmd) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	cmd.Dir = "/"
	return cmd
}

// BenchmarkFollow measures what an engine itself costs while it follows ten
// lines a second, samples and guard included.
func BenchmarkFollow(b *testing.B) {
	const seconds = 5
	for b.Loop() {
		job := Job{ID: fmt.Sprintf("follow-%d-%d", os.Getpid(), time.Now().UnixNano()), Dir: "/", Argv: []string{
			"sh", "-c", fmt.Sprintf("i=0; while [ $i -lt %d ]; do echo step:$i/9 train_loss:3.2 train_time:${i}ms; i=$((i+1)); sleep 0.1; done", 10*seconds),
		}}
		o, err := json.Marshal(order{Job: job, Harden: true})
		if err != nil {
			b.Fatal(err)
		}
		cmd := Self("_engine", string(o))
		out, err := cmd.Output()
		if err != nil {
			b.Fatal(err)
		}
		var script time.Duration
		_, said, _ := strings.Cut(string(out), "result exited 0 ")
		if _, err := fmt.Sscan(said, (*int64)(&script)); err != nil {
			b.Fatal(err)
		}
		engine := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime() - script
		b.ReportMetric(100*engine.Seconds()/seconds, "%core")
	}
}
