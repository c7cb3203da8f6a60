package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pitwall/agent"
	"pitwall/internal/slow"
	"pitwall/runner"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/taskdata"
)

func runAttempt(t *testing.T, e *Engine, spec store.Spec) *fold.State {
	t.Helper()
	id := create(t, e.Store, spec)
	if err := e.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	return state(t, e.Store, id)
}

func TestOracleRecoversTheSpeedup(t *testing.T) {
	e := newTestEngine(openStore(t), nil)
	st := runAttempt(t, e, testSpec(agent.Oracle, 1))
	if st.Status != event.StatusDone || !st.Nodes[1].Valid() || st.Confirmed == nil || !st.Confirmed.Valid {
		t.Fatalf("status %s, node 1 %+v, confirmed %+v", st.Status, st.Nodes[1], st.Confirmed)
	}
	fsr, interval := st.FSR()
	if fsr == nil || *fsr < 0.5 || *fsr > 1.5 {
		t.Errorf("FSR %v, want about 1", fsr)
	}
	if interval == nil || interval[0] > *fsr || interval[1] < *fsr {
		t.Errorf("interval %v does not hold %v", interval, *fsr)
	}
	task, _ := standInTask()
	if got := st.Files(1)["train.py"]; got != task.Answer() {
		t.Errorf("the node is not the next record:\n%s", got)
	}
	if strings.Contains(fmt.Sprint(st.Attempt), task.To.Summary) {
		t.Error("what opens the attempt gives the answer away")
	}
	seeds := map[int64]bool{}
	for _, r := range st.Runs {
		if seeds[r.Seed] {
			t.Errorf("seed %d was used twice", r.Seed)
		}
		seeds[r.Seed] = true
	}
	if want := []string{event.PurposeCalibrateFrom, event.PurposeCalibrateTo, event.PurposeNode, event.PurposeConfirmFrom, event.PurposeConfirmNode}; len(st.Runs) != len(want) {
		t.Errorf("%d runs, want %d", len(st.Runs), len(want))
	} else {
		for i, r := range st.Runs {
			if r.Purpose != want[i] {
				t.Errorf("run %d is for %s, want %s", i+1, r.Purpose, want[i])
			}
		}
	}
}

func TestAControlIsTriedAgainOnlyAfterBadLuck(t *testing.T) {
	e := newTestEngine(openStore(t), nil)
	if st := runAttempt(t, e, testSpec(agent.Oracle, 3)); len(st.Nodes) != 2 || !st.Confirmed.Valid {
		t.Errorf("%d nodes, confirmed %+v", len(st.Nodes), st.Confirmed)
	}
	find := e.FindTask
	e.FindTask = func(id string) (taskdata.Task, taskdata.Track, error) {
		task, track, err := find(id)
		track.Target = 1.8
		return task, track, err
	}
	if st := runAttempt(t, e, testSpec(agent.Oracle, 3)); len(st.Nodes) != 4 || st.Confirmed.Valid {
		t.Errorf("%d nodes, confirmed %+v", len(st.Nodes), st.Confirmed)
	}
}

func TestNoopRecoversNothing(t *testing.T) {
	e := newTestEngine(openStore(t), nil)
	st := runAttempt(t, e, testSpec(agent.Noop, 1))
	fsr, interval := st.FSR()
	if fsr == nil || *fsr < -0.5 || *fsr > 0.5 {
		t.Fatalf("FSR %v, want about 0 (%+v)", fsr, st.Confirmed)
	}
	if interval == nil || interval[0] >= interval[1] {
		t.Errorf("interval %v", interval)
	}
	if len(st.Edits) != 0 {
		t.Errorf("%d edits, want none", len(st.Edits))
	}
}

func TestLaterAttemptsReuseTheCalibration(t *testing.T) {
	e := newTestEngine(openStore(t), nil)
	first := runAttempt(t, e, testSpec(agent.Noop, 1))
	second := runAttempt(t, e, testSpec(agent.Noop, 1))
	if first.Calibration.Reused || !second.Calibration.Reused || first.Calibration.ID != second.Calibration.ID {
		t.Errorf("first %+v, second %+v", first.Calibration, second.Calibration)
	}
	if g := second.Ghost(true); g == nil || g.Source != "measured here" || len(g.Points) == 0 {
		t.Errorf("ghost of the next record: %+v", g)
	}
	if second.Nodes[0].State != fold.NodeRecord || !second.Nodes[0].TrainSeconds.Known() {
		t.Errorf("node 0 is %+v, want it measured", second.Nodes[0])
	}
	more := testSpec(agent.Noop, 1)
	more.Calibrate = 2
	if third := runAttempt(t, e, more); third.Calibration.Reused || len(third.Calibration.From) != 2 {
		t.Errorf("a calibration of one run served where two were asked for: %+v", third.Calibration)
	}
}

func TestFaultyScriptsAreMarkedAndTheAttemptGoesOn(t *testing.T) {
	t.Parallel()
	loop := "    return BASE + 2.0 * (1 - n / STEPS)\n"
	val := `    print(f"step:{STEPS}/{STEPS} val_loss:{loss:.4f} `
	cases := []struct {
		name    string
		hunk    agent.Hunk
		verdict string
		why     string
	}{
		{"crashes", change(loop, "    raise ValueError('the wing fell off')\n"), event.VerdictFailed, "the wing fell off"},
		{"does not parse", change(loop, "    return (\n"), event.VerdictFailed, "SyntaxError"},
		{"hangs", change(loop, "    while True: pass\n"), event.VerdictFailed, "limit"},
		{"prints nothing", change("main()\n", "pass\n"), event.VerdictFailed, "no line with metrics"},
		{"ends early", change(loop, "    if n > 5: sys.exit(0)\n"+loop), event.VerdictFailed, "no validation loss"},
		{"learns nothing", change("BASE = 1.9\n", "BASE = 2.5\n"), event.VerdictMissed, "above the target"},
		{"diverges", change(val, strings.Replace(val, "{loss:.4f}", "nan", 1)), event.VerdictFailed, "not a number"},
		{"forges the clock", change("        spent += clock() - start\n", "        spent += 0.0001\n        end = time.perf_counter() + 0.04\n        while time.perf_counter() < end: pass\n"), event.VerdictInvalid, "clock"},
		{"prints a huge line", change("    spent = 0.0\n", "    spent = 0.0\n    print('x' * 10_000_000)\n"), event.VerdictProvisional, ""},
		{"steers the terminal", change("    spent = 0.0\n", "    spent = 0.0\n    print('\\x1b[2J\\x1b]0;gone\\x07', file=sys.stderr)\n"), event.VerdictProvisional, ""},
		{"leaves a child", change("    spent = 0.0\n", "    spent = 0.0\n    import subprocess\n    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"), event.VerdictInvalid, "left 1 process"},
		{"validates in between", change("    spent = 0.0\n", "    spent = 0.0\n    print('step:0/40 val_loss:1.5 train_time:0ms step_avg:0ms', flush=True)\n"), event.VerdictInvalid, "each step once"},
		{"logs only its end", change("    for n in range(1, STEPS + 1):\n        start", "    print(f'step:{STEPS}/{STEPS} val_loss:1.9000 train_time:1ms')\n    return\n    for n in range(1, STEPS + 1):\n        start"), event.VerdictInvalid, "each step once"},
		{"breaks a rule", change("BASE = 1.9\n", "BASE = 1.9  # cheat\n"), event.VerdictInvalid, "honesty"},
		{"quotes what is not there", change("MOON = 1\n", "MOON = 2\n"), event.VerdictEmpty, ""},
		{"leaves its directory", agent.Hunk{Path: "../train.py", New: "x = 1\n"}, event.VerdictEmpty, ""},
	}
	byNode := edits{}
	for i, c := range cases {
		byNode[i+1] = []agent.Hunk{c.hunk}
	}
	e := newTestEngine(openStore(t), scripted(byNode))
	find := e.FindTask
	e.FindTask = func(id string) (taskdata.Task, taskdata.Track, error) {
		task, track, err := find(id)
		track.RunLimit, track.Clock.Slack = 4*time.Second, time.Second
		return task, track, err
	}
	st := runAttempt(t, e, testSpec("scripted", len(cases)))
	if st.Status != event.StatusDone {
		t.Fatalf("status %s: %s", st.Status, st.Why)
	}
	for i, c := range cases {
		n := st.Nodes[i+1]
		if n.State != c.verdict || !strings.Contains(n.Why, c.why) {
			t.Errorf("%s: %s (%s), want %s (%s)", c.name, n.State, n.Why, c.verdict, c.why)
		}
	}
	for _, ed := range st.Edits[len(cases)-2:] {
		if ed.Applied || ed.Why == "" {
			t.Errorf("edit of %q: %+v, want it refused in words", ed.Path, ed)
		}
	}
	if left := processesOf(t, "PITWALL_RUN="+st.Attempt.ID); len(left) > 0 {
		t.Errorf("left running: %v", left)
	}
}

func TestWorkOfASecondProcessMakesARunInvalid(t *testing.T) {
	_, track := standInTask()
	for _, c := range []struct {
		cpu, wall time.Duration
		cores     int
		invalid   bool
	}{
		{10 * time.Second, 10 * time.Second, 1, false},
		{10900 * time.Millisecond, 10 * time.Second, 1, false}, // what starts and ends a process
		{15 * time.Second, 10 * time.Second, 1, true},
		{15 * time.Second, 10 * time.Second, 2, false},
		{80 * time.Second, 10 * time.Second, 0, false},
	} {
		track.Cores = c.cores
		s := &sinkTo{points: 1, total: 5, last: runner.Point{Kind: runner.Validation, Step: 5, Total: 5, TrainMS: 10, ValLoss: 1.9}}
		out := s.outcome(runner.Result{Reason: runner.Exited, CPUUser: c.cpu - time.Second, CPUSys: time.Second, Wall: c.wall}, track)
		if got := strings.Contains(out.Why, "processors busy"); got != c.invalid || got && out.verdict != event.VerdictInvalid {
			t.Errorf("%s of processor time in %s on %d: %s (%s)", c.cpu, c.wall, c.cores, out.verdict, out.Why)
		}
	}
}

func TestStoppedAttemptCanBeResumed(t *testing.T) {
	s := openStore(t)
	e := paced(newTestEngine(s, scripted(nil)))
	id := create(t, s, testSpec("scripted", 2))
	done := make(chan error, 1)
	go func() { done <- e.Run(t.Context(), id) }()
	eventually(t, "node 1 trains", 30*time.Second, func() bool {
		st := state(t, s, id)
		n := st.Node(1)
		return n != nil && n.State == fold.NodeTraining
	})
	if _, err := s.Order(t.Context(), id, event.OrderStop, ""); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, ErrStopped) {
		t.Fatalf("run ended with %v, want %v", err, ErrStopped)
	}
	st := state(t, s, id)
	if st.Status != event.StatusStopped || st.Nodes[1].State != fold.NodeStopped || st.Nodes[1].Valid() {
		t.Errorf("status %s, node 1 %s", st.Status, st.Nodes[1].State)
	}
	if left := processesOf(t, "PITWALL_RUN="+id); len(left) > 0 {
		t.Errorf("left running: %v", left)
	}
	edits := len(st.Edits)
	if err := e.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	st = state(t, s, id)
	if st.Status != event.StatusDone || !st.Nodes[1].Valid() || !st.Nodes[2].Valid() {
		t.Errorf("after resuming: status %s, nodes %+v", st.Status, st.Nodes)
	}
	if got := len(st.Edits); got != edits+1 {
		t.Errorf("%d edits, want %d: node 1 was written whole and must not be written again", got, edits+1)
	}
}

func TestSecondAttemptWaitsForTheMachineAndSaysSo(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	e := paced(newTestEngine(s, scripted(nil)))
	ids := []string{create(t, s, testSpec("scripted", 2)), create(t, s, testSpec("scripted", 2))}
	done := make(chan error, 2)
	for _, id := range ids {
		go func() { done <- e.Run(t.Context(), id) }()
	}
	for range ids {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	queued := 0
	for _, id := range ids {
		for ev, err := range s.Events(t.Context(), id, 1, event.KindStatus) {
			if err != nil {
				t.Fatal(err)
			}
			if b, ok := ev.Body.(event.Status); ok && b.Status == event.StatusQueued && strings.Contains(b.Why, "waits for the machine: attempt") {
				queued++
			}
		}
	}
	if queued == 0 {
		t.Error("neither attempt said that it waits for the other")
	}
	// One timed run at a time: no two runs overlap in wall time.
	type span struct{ from, to int64 }
	var spans []span
	for _, id := range ids {
		open := map[int]int64{}
		for ev, err := range s.Events(t.Context(), id, 1, event.KindRunStarted, event.KindRunEnded) {
			if err != nil {
				t.Fatal(err)
			}
			switch b := ev.Body.(type) {
			case event.RunStarted:
				open[b.Run] = ev.Wall
			case event.RunEnded:
				spans = append(spans, span{open[b.Run], ev.Wall})
			}
		}
	}
	for i, a := range spans {
		for _, b := range spans[:i] {
			if a.from < b.to && b.from < a.to {
				t.Errorf("runs overlap: %v and %v", a, b)
			}
		}
	}
}

func TestMissingInterpreterIsSaidBeforeAnythingStarts(t *testing.T) {
	e := newTestEngine(openStore(t), nil)
	e.Machine = &runner.Local{Env: func(name string) string {
		if name == "PITWALL_PYTHON" {
			return "/nowhere/python3"
		}
		return ""
	}}
	err := e.Preflight(t.Context(), testSpec(agent.Tuner, 1))
	if err == nil || !strings.Contains(err.Error(), "PITWALL_PYTHON") {
		t.Errorf("preflight: %v, want it to name the mend", err)
	}
}

func TestPreflightRefusesWhatCannotRun(t *testing.T) {
	e := newTestEngine(openStore(t), nil)
	for name, spoil := range map[string]func(*store.Spec){
		"task":     func(s *store.Spec) { s.Task = "moon/1" },
		"hint":     func(s *store.Spec) { s.Hint = "9" },
		"lacking":  func(s *store.Spec) { s.Hint = "3" },
		"agent":    func(s *store.Spec) { s.Agent = "nobody" },
		"scaffold": func(s *store.Spec) { s.Scaffold = "gallows" },
		"runner":   func(s *store.Spec) { s.Runner = "cloud" },
		"nodes":    func(s *store.Spec) { s.Nodes = 0 },
		"runs":     func(s *store.Spec) { s.Calibrate = 0 },
	} {
		spec := testSpec(agent.Tuner, 1)
		spoil(&spec)
		if err := e.Preflight(t.Context(), spec); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
}

// TestKilledEngineLeavesNothingAndResumes kills the engine with -9 at random
// moments, again and again, until the attempt is done.
func TestKilledEngineLeavesNothingAndResumes(t *testing.T) {
	if testing.Short() {
		t.Skip("kills an engine 20 times")
	}
	kills := 4
	if slow.Tests {
		kills = 20
	}
	s := openStore(t)
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	id := create(t, s, testSpec("scripted", 3))
	judgedBefore := map[int]fold.Node{}
	for k := range kills + 1 {
		cmd := runner.Self("_engine", s.Home(), id)
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		if k == kills {
			if err := <-ended; err != nil {
				t.Fatalf("the last engine: %v: %s", err, said.String())
			}
			break
		}
		after := time.NewTimer(time.Duration(rng.IntN(900)) * time.Millisecond)
		select {
		case <-after.C:
			kill(t, cmd)
			if err := <-ended; err == nil {
				t.Logf("kill %d came after its end", k)
			}
		case err := <-ended:
			after.Stop()
			if err != nil {
				t.Fatalf("engine %d: %v: %s", k, err, said.String())
			}
			// It came to its end between two kills: begin another attempt.
			checkDone(t, state(t, s, id))
			id, judgedBefore = create(t, s, testSpec("scripted", 3)), map[int]fold.Node{}
			continue
		}
		eventually(t, "nothing of the attempt runs", 10*time.Second, func() bool { return len(processesOf(t, "PITWALL_RUN="+id)) == 0 })
		eventually(t, "interrupted is shown", 10*time.Second, func() bool {
			sum, err := s.Attempt(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			return sum.Status == event.StatusInterrupted
		})
		for _, n := range state(t, s, id).Nodes {
			if was, ok := judgedBefore[n.ID]; ok && (n.State != was.State || n.TrainSeconds != was.TrainSeconds) {
				t.Errorf("kill %d: node %d was %s and is %s: a whole node was lost", k, n.ID, was.State, n.State)
			}
			if n.ID > 0 && n.Judged() {
				judgedBefore[n.ID] = n
			}
		}
	}
	checkDone(t, state(t, s, id))
}

func checkDone(t *testing.T, st *fold.State) {
	t.Helper()
	if st.Status != event.StatusDone || len(st.Nodes) != 4 || st.Confirmed == nil {
		t.Fatalf("status %s (%s), %d nodes, confirmed %v", st.Status, st.Why, len(st.Nodes), st.Confirmed)
	}
	for _, n := range st.Nodes[1:] {
		if n.State != event.VerdictProvisional {
			t.Errorf("node %d is %s: %s", n.ID, n.State, n.Why)
		}
		want := fmt.Sprintf("STEPS = %d\n", slowSteps-5*n.ID)
		if !strings.Contains(st.Files(n.ID)["train.py"], want) {
			t.Errorf("node %d does not hold its edit %q", n.ID, want)
		}
	}
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
}

func TestResumeJudgesABrokenNodeThatWasOnlyChecked(t *testing.T) {
	s := openStore(t)
	e := newTestEngine(s, scripted(edits{1: {change("BASE = 1.9\n", "BASE = 1.9  # cheat\n")}}))
	id := create(t, s, testSpec("scripted", 1))
	w, err := s.Lease(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	task, _ := standInTask()
	w.Emit(event.Attempt{ID: id, Task: task.ID(), Nodes: 1, Target: 2}, event.Node{ID: 0, Parent: -1},
		event.Source{Path: "train.py", Text: task.From.Script()}, event.Node{ID: 1, Parent: 0},
		event.Draft{Node: 1, Edit: 1, Part: event.PartPath, Text: "train.py"},
		event.Draft{Node: 1, Edit: 1, Part: event.PartOld, Text: "BASE = 1.9\n"},
		event.Draft{Node: 1, Edit: 1, Part: event.PartNew, Text: "BASE = 1.9  # cheat\n"},
		event.Applied{Node: 1, Edit: 1, Line: 4},
		event.Checked{Node: 1, Violations: []event.Violation{{Rule: "honesty", Line: 4, What: "it says cheat"}}})
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if n := state(t, s, id).Nodes[1]; n.State != event.VerdictInvalid || len(n.Runs) > 0 {
		t.Errorf("node 1 is %s after %d runs, want it invalid and never trained", n.State, len(n.Runs))
	}
}

func TestAttemptThatEndedBeforeItBeganCanBeResumed(t *testing.T) {
	s := openStore(t)
	e := newTestEngine(s, nil)
	id := create(t, s, testSpec(agent.Noop, 1))
	ctx, cancel := context.WithCancel(t.Context())
	find := e.FindTask
	e.FindTask = func(string) (taskdata.Task, taskdata.Track, error) {
		cancel()
		return taskdata.Task{}, taskdata.Track{}, errors.New("not now")
	}
	if err := e.Run(ctx, id); err == nil {
		t.Fatal("it ran without a task")
	}
	e.FindTask = find
	if err := e.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if st := state(t, s, id); st.Status != event.StatusDone {
		t.Errorf("status %s, want %s", st.Status, event.StatusDone)
	}
}

func TestResumeRefusesTimesOfAnotherMachine(t *testing.T) {
	s := openStore(t)
	e := newTestEngine(s, scripted(nil))
	id := create(t, s, testSpec("scripted", 1))
	w, err := s.Lease(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	task, _ := standInTask()
	w.Emit(event.Attempt{ID: id, Task: task.ID(), Nodes: 1, Target: 2}, event.Node{ID: 0, Parent: -1},
		event.Source{Path: "train.py", Text: task.From.Script()}, event.Machine{Label: "a faster machine", Interpreter: "Python 4"},
		event.Calibration{ID: "x", Key: "another machine", From: []float64{100}, To: []float64{50}})
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Run(t.Context(), id); err == nil || !strings.Contains(err.Error(), "a faster machine") {
		t.Errorf("resume: %v, want it refused in words", err)
	}
}

func TestEditOfTheScriptByAnotherSpellingTrainsThatEdit(t *testing.T) {
	e := newTestEngine(openStore(t), scripted(edits{1: {{Path: "./train.py", Old: "BASE = 1.9\n", New: "BASE = 1.8\n"}}}))
	st := runAttempt(t, e, testSpec("scripted", 1))
	if n := st.Nodes[1]; !n.Valid() || !near(float64(n.ValLoss), 1.8, 1e-6) {
		t.Errorf("node 1 is %s at loss %v, want the edited script's 1.8", n.State, n.ValLoss)
	}
	if len(st.Files(1)) != 1 {
		t.Errorf("%d files, want 1", len(st.Files(1)))
	}
}

func TestNothingIsLeftInTheWorkDirectory(t *testing.T) {
	s := openStore(t)
	runAttempt(t, newTestEngine(s, nil), testSpec(agent.Oracle, 1))
	left, err := filepath.Glob(filepath.Join(s.Home(), "work", "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	stale := filepath.Join(s.Home(), "work", "01nobody-records", "1")
	if err := os.MkdirAll(stale, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := SweepWork(s); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(stale)); err == nil {
		t.Error("what a killed engine left was not swept")
	}
}

func near(a, b, by float64) bool { return math.Abs(a-b) <= by }

func TestCancelledContextStopsTheAttempt(t *testing.T) {
	s := openStore(t)
	e := paced(newTestEngine(s, scripted(nil)))
	id := create(t, s, testSpec("scripted", 1))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx, id) }()
	eventually(t, "it calibrates", 30*time.Second, func() bool { return state(t, s, id).LiveRun() != nil })
	cancel()
	if err := <-done; !errors.Is(err, ErrStopped) {
		t.Fatalf("run ended with %v", err)
	}
	if st := state(t, s, id); st.Status != event.StatusStopped {
		t.Errorf("status %s, want %s", st.Status, event.StatusStopped)
	}
}
