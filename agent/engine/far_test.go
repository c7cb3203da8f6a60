//go:build linux || darwin

package engine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pitwall/agent"
	"pitwall/runner"
	"pitwall/store/event"
	"pitwall/store/fold"
)

// far is a machine that is not this one: its paths mean nothing here, its runs are
// nobody's children and write to a spool, by a clock of their own, the line to it
// breaks, and one waits in a queue for it. What it keeps lies under root, so that an
// engine in another process can meet the same machine.
type far struct {
	*runner.Local // whose interpreter it has
	root          string

	mu     sync.Mutex
	rng    *rand.Rand // nil: the line never breaks
	breaks int
	takes  int // runs that it still takes away
	queued map[runner.Ref]bool
}

// node is its half of a run: what the script says, with the time since its start, and
// at the end how it ended.
const node = `import json, os, resource, subprocess, sys, time
spool, argv = sys.argv[1], sys.argv[2:]
out = open(spool + "/out", "a")
start = time.monotonic()
p = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
for line in p.stdout:
    out.write("%d %s\n" % ((time.monotonic() - start) * 1e9, line.rstrip(b"\n").hex()))
    out.flush()
code = p.wait()
use = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(spool + "/new", "w") as f:
    json.dump({"exit": code, "wall": int((time.monotonic() - start) * 1e9), "user": int(use.ru_utime * 1e9)}, f)
os.rename(spool + "/new", spool + "/end")
`

func newFar(root string) *far {
	return &far{Local: &runner.Local{LockPath: filepath.Join(root, "lock")}, root: root, queued: map[runner.Ref]bool{}}
}

// here is where a path of the machine is kept.
func (m *far) here(path string) string { return filepath.Join(m.root, path) }

// broken is an error of the line, now and then.
func (m *far) broken() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rng == nil || m.rng.IntN(4) > 0 {
		return nil
	}
	m.breaks++
	return &runner.TransportError{Err: errors.New("cut"), After: time.Millisecond}
}

func (m *far) Name() string               { return "far" }
func (m *far) Scratch(name string) string { return "/far/" + name }
func (m *far) Describe(context.Context) (runner.HostInfo, error) {
	return runner.HostInfo{OS: "linux", Arch: "other", CPU: "far", Cores: 2, Machine: "far", Boot: "far"}, m.broken()
}

func (m *far) Put(ctx context.Context, path string, files map[string]string) error {
	return errors.Join(m.broken(), m.Local.Put(ctx, m.here(path), files))
}

func (m *far) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	if err := m.broken(); err != nil {
		return nil, err
	}
	return m.Local.Get(ctx, m.here(path), limit)
}

func (m *far) Remove(ctx context.Context, paths ...string) error {
	for _, p := range paths {
		if err := m.Local.Remove(ctx, m.here(p)); err != nil {
			return err
		}
	}
	return m.broken()
}

func (m *far) Acquire(ctx context.Context, label string, onWait func(string)) (runner.Hold, error) {
	onWait("place 2 in the queue")
	onWait("place 1 in the queue")
	return m.Local.Acquire(ctx, label, onWait)
}

// spool is where a run's output is, on this machine.
func (m *far) spool(job string) string { return m.here("spool/" + job) }

func (m *far) Start(ctx context.Context, job runner.Job) (runner.Ref, error) {
	spool := m.spool(job.ID)
	ref := runner.Ref(job.ID)
	if _, err := os.Stat(spool); err == nil {
		return ref, nil
	}
	if err := m.broken(); err != nil {
		return "", err
	}
	cmd := exec.Command(job.Argv[0], append([]string{"-c", node, spool}, job.Argv...)...)
	cmd.Dir = m.here(job.Dir)
	cmd.Env = append(os.Environ(), "PITWALL_RUN="+job.ID)
	for name, value := range job.Env {
		cmd.Env = append(cmd.Env, name+"="+strings.ReplaceAll(value, "/far/", m.here("/far")+"/"))
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := os.MkdirAll(spool, 0o700); err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	go func() { _ = cmd.Wait() }()
	return ref, errors.Join(os.WriteFile(spool+"/pid", fmt.Appendln(nil, cmd.Process.Pid), 0o600), m.broken())
}

func (m *far) Stop(_ context.Context, ref runner.Ref) error {
	if err := m.broken(); err != nil {
		return err
	}
	return m.kill(ref)
}

func (m *far) kill(ref runner.Ref) error {
	b, err := os.ReadFile(m.spool(string(ref)) + "/pid")
	if err != nil {
		return err
	}
	pid := 0
	if _, err := fmt.Sscan(string(b), &pid); err != nil {
		return err
	}
	if err := syscall.Kill(-pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

func (m *far) TakeUp(ctx context.Context, ref runner.Ref) (runner.Hold, bool, error) {
	if err := m.broken(); err != nil {
		return nil, false, err
	}
	if _, err := os.Stat(m.spool(string(ref))); errors.Is(err, os.ErrNotExist) {
		return nil, false, nil
	}
	hold, err := m.Local.Acquire(ctx, "a run that goes on", nil)
	return hold, true, err
}

func (m *far) Follow(ctx context.Context, ref runner.Ref, from int64, sink runner.Sink) (runner.Result, error) {
	m.mu.Lock()
	first := !m.queued[ref]
	m.queued[ref] = true
	m.mu.Unlock()
	if first {
		sink.Queued(ref, "a node starts")
	}
	if err := m.broken(); err != nil {
		return runner.Result{}, err
	}
	sink.Started(ref)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		end, over := os.ReadFile(m.spool(string(ref)) + "/end") // before the output: nothing comes after it
		lines, next, err := m.read(ref, from)
		if err != nil {
			return runner.Result{}, err
		}
		// A line that breaks may do so in the middle of what there is.
		if n := len(lines); n > 1 && m.broken() != nil {
			lines = lines[:n/2]
			sink.Lines(lines)
			return runner.Result{}, &runner.TransportError{Err: errors.New("cut"), After: time.Millisecond}
		}
		if from = next; len(lines) > 0 {
			sink.Lines(lines)
		}
		if over == nil {
			return m.result(end)
		}
		if m.take() {
			return runner.Result{Reason: runner.Taken, ExitCode: -1, Err: "the node is wanted by somebody else"}, m.kill(ref)
		}
		if err := m.broken(); err != nil {
			return runner.Result{}, err
		}
		if syscall.Kill(m.pid(ref), 0) != nil {
			if _, err := os.Stat(m.spool(string(ref)) + "/end"); err != nil {
				return runner.Result{Reason: runner.Stopped, ExitCode: -1, Signal: "SIGKILL"}, nil
			}
		}
		select {
		case <-ctx.Done():
			return runner.Result{}, ctx.Err()
		case <-tick.C:
		}
	}
}

func (m *far) pid(ref runner.Ref) (pid int) {
	b, _ := os.ReadFile(m.spool(string(ref)) + "/pid")
	_, _ = fmt.Sscan(string(b), &pid)
	return pid
}

func (m *far) take() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.takes == 0 {
		return false
	}
	m.takes--
	return true
}

func (m *far) result(end []byte) (runner.Result, error) {
	var v struct{ Exit, Wall, User int64 }
	if err := json.Unmarshal(end, &v); err != nil {
		return runner.Result{}, err
	}
	return runner.Result{Reason: runner.Exited, ExitCode: int(v.Exit), Wall: time.Duration(v.Wall), CPUUser: time.Duration(v.User)}, nil
}

// read gives the whole lines of a spool behind a position in bytes.
func (m *far) read(ref runner.Ref, from int64) (lines []runner.Line, next int64, err error) {
	b, err := os.ReadFile(m.spool(string(ref)) + "/out")
	if errors.Is(err, os.ErrNotExist) {
		return nil, from, nil
	}
	next = from
	for rest := b[from:]; ; {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		if !whole {
			return lines, next, err
		}
		next += int64(len(line)) + 1
		l := runner.Line{End: '\n', Next: next}
		if _, err := fmt.Sscanf(string(line), "%d %x", &l.At, &l.Data); err != nil && len(bytes.Fields(line)) > 1 {
			return nil, from, err
		}
		lines, rest = append(lines, l), after
	}
}

// said gives what the script of a run printed, by the machine's own record.
func (m *far) said(t *testing.T, job string) []string {
	t.Helper()
	lines, _, err := m.read(runner.Ref(job), 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, l := range lines {
		all = append(all, string(l.Data))
	}
	return all
}

// sameLog holds what the store has of each run against the machine's record of it.
func sameLog(t *testing.T, e *Engine, m *far, id string) *fold.State {
	t.Helper()
	st := state(t, e.Store, id)
	logs, points := map[int][]string{}, map[int]int{}
	for ev, err := range e.Store.Events(t.Context(), id, 0, event.KindLog, event.KindPoint) {
		if err != nil {
			t.Fatal(err)
		}
		switch b := ev.Body.(type) {
		case event.Log:
			logs[b.Run] = append(logs[b.Run], string(b.Data))
		case event.Point:
			points[b.Run]++
		}
	}
	for _, r := range st.Runs {
		want := m.said(t, r.Job)
		if r.Ended != nil && r.Ended.Reason == string(runner.Taken) {
			want = want[:min(len(want), len(logs[r.Run]))] // it went on for a moment
		}
		if !slices.Equal(logs[r.Run], want) {
			t.Errorf("run %d (%s): the store has %d lines, the machine %d", r.Run, r.Purpose, len(logs[r.Run]), len(want))
		}
		metrics := 0
		for _, line := range want {
			if strings.HasPrefix(line, "step:") {
				metrics++
			}
		}
		if points[r.Run] != metrics {
			t.Errorf("run %d: %d points of %d lines with metrics", r.Run, points[r.Run], metrics)
		}
	}
	return st
}

func TestAnAttemptOnAMachineBehindABadLine(t *testing.T) {
	m := newFar(t.TempDir())
	m.rng = rand.New(rand.NewPCG(1, 2))
	m.takes = 2
	e := paced(newTestEngine(openStore(t), nil))
	e.Machine = m
	spec := testSpec(agent.Oracle, 1)
	spec.Runner = "far"
	id := create(t, e.Store, spec)
	if err := e.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	st := sameLog(t, e, m, id)
	if m.breaks < 10 || m.takes > 0 {
		t.Fatalf("the line broke %d times, %d runs were to be taken away still: it shows nothing", m.breaks, m.takes)
	}
	if st.Status != event.StatusDone || st.Best() != 1 {
		t.Errorf("it is %s: %s; the best node is %d", st.Status, st.Why, st.Best())
	}
	taken := 0
	for _, r := range st.Runs {
		if r.Ended == nil {
			t.Errorf("run %d has no end", r.Run)
		} else if r.Ended.Reason == string(runner.Taken) {
			taken++
		}
	}
	if taken != 2 {
		t.Errorf("%d runs were taken away, want 2", taken)
	}
	waited, told := 0, 0
	for ev, err := range e.Store.Events(t.Context(), id, 0, event.KindWaiting, event.KindNotice) {
		if err != nil {
			t.Fatal(err)
		}
		switch b := ev.Body.(type) {
		case event.Waiting:
			if b.Holder == "place 2 in the queue" || b.Holder == "a node starts" {
				waited++
			}
		case event.Notice:
			if strings.Contains(b.Text, "the line to") {
				told++
			}
		}
	}
	if waited < 2 || told < 2 {
		t.Errorf("%d times the queue was told, %d times the line", waited, told)
	}
	if left, err := os.ReadDir(m.here("/far/work")); err != nil || len(left) > 0 {
		t.Errorf("on the machine is left: %v, %v", left, err)
	}
}

func TestARunThatGoesOnIsTakenUpByTheNextEngine(t *testing.T) {
	for _, purpose := range []string{event.PurposeNode, event.PurposeConfirmFrom, event.PurposeConfirmNode} {
		t.Run(purpose, func(t *testing.T) {
			m := newFar(t.TempDir())
			s := openStore(t)
			spec := testSpec("scripted", 1)
			spec.Runner = "far"
			id := create(t, s, spec)
			cmd := runner.Self("_engine", s.Home(), id, m.root)
			out, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
			go func() {
				for sc := bufio.NewScanner(out); sc.Scan(); {
					t.Log(sc.Text())
				}
			}()
			var before *fold.Run
			eventually(t, purpose+" trains", 60*time.Second, func() bool {
				before = state(t, s, id).LiveRun()
				return before != nil && before.Purpose == purpose && before.Lines > 3
			})
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			e := paced(newTestEngine(s, scripted(nil)))
			e.Machine = m
			if err := e.Run(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			st := sameLog(t, e, m, id)
			runs := 0
			for _, r := range st.Runs {
				if r.Purpose == purpose {
					runs++
				}
			}
			if r := st.Run(before.Run); runs != 1 || r.Ended == nil || !r.Ended.Finished {
				t.Errorf("it ran %d times; the run in flight ended as %+v", runs, r.Ended)
			}
			if n := st.Node(1); n.State != event.VerdictProvisional || st.Status != event.StatusDone || !st.Confirmed.Valid {
				t.Errorf("node 1 is %s: %s; the attempt is %s, confirmed %+v", n.State, n.Why, st.Status, st.Confirmed)
			}
		})
	}
}
