package engine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pitwall/agent"
	"pitwall/agent/scaffold"
	"pitwall/internal/pytest"
	"pitwall/runner"
	"pitwall/store"
	"pitwall/store/fold"
	"pitwall/taskdata"
)

// TestMain lets the test binary stand in for the program: as the guard of a run,
// and as a detached engine on the stand-in task.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "_run":
			os.Exit(runner.Shim(os.Args[2:]))
		case "_engine":
			os.Exit(engineMain(os.Args[2], os.Args[3], os.Args[4:]))
		}
	}
	if err := pytest.Unshim(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// engineMain drives an attempt, on the far machine that is kept under a root where one is named.
func engineMain(home, id string, root []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := store.Open(ctx, home)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer s.Close()
	e := paced(newTestEngine(s, scripted(nil)))
	e.Pace = 2 * time.Millisecond
	if len(root) > 0 {
		e.Machine = newFar(root[0])
	}
	if err := e.Run(ctx, id); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// standIn is a training script that counts instead of learning: its time is its
// steps, its loss falls to BASE. COUNTED says by which clock: by that of the machine,
// as scripts do, or by the seconds that were to be worked for, which a busy machine does
// not change. PACE is how much of them it does work for.
const standIn = `import os, sys, time

STEPS = %d
BASE = 1.9
PART = 0.012
COUNTED = True
PACE = 0
counted = 0.0


def clock():
    return counted if COUNTED else time.perf_counter()


def work(seconds):
    global counted
    counted += seconds
    end = time.perf_counter() + PACE * seconds
    while time.perf_counter() < end:
        pass


def step(n):
    work(PART)
    return BASE + 2.0 * (1 - n / STEPS)


def weights(loss):
    if "PITWALL_PARAMS" in os.environ:
        with open(os.environ["PITWALL_PARAMS"], "w") as file:
            file.write(f"{loss:.4f}")


def main():
    print("seed", os.environ["PITWALL_SEED"])
    print(f"step:0/{STEPS} train_time:0ms", flush=True)
    spent = 0.0
    for n in range(1, STEPS + 1):
        start = clock()
        loss = step(n)
        spent += clock() - start
        print(f"step:{n}/{STEPS} train_loss:{loss:.4f} train_time:{1000 * spent:.0f}ms step_avg:{1000 * spent / n:.2f}ms", flush=True)
    weights(loss)
    print(f"step:{STEPS}/{STEPS} val_loss:{loss:.4f} train_time:{1000 * spent:.0f}ms step_avg:{1000 * spent / STEPS:.2f}ms", flush=True)


main()
`

const (
	slowSteps = 40
	fastSteps = 20
)

func standInTask() (taskdata.Task, taskdata.Track) { return standInAt("PACE = 0\n") }

// paced lets the stand-in take the time that it says, for tests that look at a run while
// it goes on.
func paced(e *Engine) *Engine {
	e.FindTask = find("PACE = 1\n")
	return e
}

// find finds the stand-in at a pace, and nothing else.
func find(pace string) func(id string) (taskdata.Task, taskdata.Track, error) {
	return func(id string) (taskdata.Task, taskdata.Track, error) {
		task, track := standInAt(pace)
		if id != task.ID() {
			return task, track, fmt.Errorf("no task %q", id)
		}
		return task, track, nil
	}
}

func standInAt(pace string) (taskdata.Task, taskdata.Track) {
	track := taskdata.Track{
		ID: "standin", Practice: true, Target: 2, Unit: "nats/char", CalibrationRuns: 1, ConfirmationRuns: 1, Spread: 0.01,
		// A counted clock runs behind the machine's by as much as the machine is busy.
		Clock: taskdata.ClockBound{Share: 0.02, Slack: time.Minute}, RunLimit: time.Minute, Cores: 1,
	}
	from := taskdata.Record{Track: "standin", Number: 1, Title: "slow", Steps: slowSteps, Seconds: 0.5, SecondsSD: 0.005, MeasuredOn: "nowhere"}
	to := taskdata.Record{Track: "standin", Number: 2, Title: "fast", Summary: "Half the steps do.", Steps: fastSteps, Seconds: 0.25, MeasuredOn: "nowhere"}
	script := func(steps int) string { return strings.Replace(fmt.Sprintf(standIn, steps), "PACE = 0\n", pace, 1) }
	return taskdata.NewTask(from.WithScript(script(slowSteps), nil), to.WithScript(script(fastSteps), nil),
		map[taskdata.Hint]string{"1": "use fewer steps\n"}), track
}

// edits is what a scripted agent writes for each node: hunks of train.py.
type edits map[int][]agent.Hunk

// scriptedAgent writes what a test tells it; without that, fewer steps node by node.
type scriptedAgent struct{ byNode edits }

func scripted(e edits) func(string, taskdata.Task, taskdata.Interpreter) (agent.Agent, error) {
	return func(name string, task taskdata.Task, py taskdata.Interpreter) (agent.Agent, error) {
		if name == "scripted" {
			return scriptedAgent{e}, nil
		}
		return agent.New(name, task, py)
	}
}

func (scriptedAgent) RunsUnchanged() bool { return false }
func (scriptedAgent) Repeats() bool       { return false }
func (scriptedAgent) Independent() bool   { return false }
func (scriptedAgent) Reads() bool         { return false }

func (a scriptedAgent) Propose(ctx context.Context, b agent.Brief, ed *agent.Editor) error {
	hunks := a.byNode[b.Node]
	if a.byNode == nil {
		hunks = []agent.Hunk{change(fmt.Sprintf("STEPS = %d\n", slowSteps), fmt.Sprintf("STEPS = %d\n", slowSteps-5*b.Node))}
	}
	for _, h := range hunks {
		if err := ed.Write(ctx, h, "because the test says so"); err != nil {
			return err
		}
	}
	return nil
}

func change(old, repl string) agent.Hunk { return agent.Hunk{Path: "train.py", Old: old, New: repl} }

func newTestEngine(s *store.Store, agents func(string, taskdata.Task, taskdata.Interpreter) (agent.Agent, error)) *Engine {
	lock := filepath.Join(s.Home(), "machine.lock")
	return &Engine{
		Store: s, Getenv: os.Getenv, Version: "test",
		Machine:  &runner.Local{Root: s.Home(), LockPath: lock, Shim: func(args ...string) *exec.Cmd { return runner.Self(append([]string{"_run"}, args...)...) }},
		FindTask: find("PACE = 0\n"),
		NewAgent: agents,
		Check: func(_ context.Context, _ taskdata.Interpreter, _ taskdata.Task, dir string) ([]taskdata.Violation, error) {
			b, err := os.ReadFile(filepath.Join(dir, "train.py"))
			if strings.Contains(string(b), "cheat") {
				return []taskdata.Violation{{Rule: "honesty", Line: 3, What: "it says cheat"}}, err
			}
			return nil, err
		},
	}
}

func openStore(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func testSpec(agent string, nodes int) store.Spec {
	return store.Spec{Task: "standin/1", Hint: "0", Agent: agent, Scaffold: scaffold.Flat, Runner: runner.NameLocal, Nodes: nodes, Seed: 1, Calibrate: 1, Confirm: 1}
}

func create(t testing.TB, s *store.Store, spec store.Spec) string {
	t.Helper()
	id, err := s.Create(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func state(t testing.TB, s *store.Store, id string) *fold.State {
	t.Helper()
	st, err := s.StateAt(t.Context(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// eventually waits for a condition that other processes bring about.
func eventually(t testing.TB, what string, limit time.Duration, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("never came about in %s: %s", limit, what)
		case <-tick.C:
		}
	}
}

// processesOf lists the processes that carry a mark of the attempt in their environment.
func processesOf(t testing.TB, mark string) []string {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, d := range dirs {
		b, err := os.ReadFile(d)
		if err == nil && strings.Contains(string(b), mark) {
			found = append(found, d)
		}
	}
	return found
}
