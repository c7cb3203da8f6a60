package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pitwall/agent"
	"pitwall/agent/rig"
	"pitwall/agent/scaffold"
	"pitwall/runner"
	"pitwall/runner/gputest"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// bench is a machine with stand-ins for torchrun and eight GPUs on PATH.
type bench struct {
	*Engine
	bin string
}

// gpuBench imports made-up scripts of records 4 and 5 (of other numbers where from is
// one) and gives an engine on which they run. profiles is added to the person's file.
func gpuBench(t *testing.T, from int, slow, fast, profiles string) bench {
	t.Helper()
	s := openStore(t)
	bin := t.TempDir()
	data := filepath.Join(s.Home(), "data")
	imports := filepath.Join(s.Home(), taskdata.ImportsName)
	err := errors.Join(gputest.Install(bin), gputest.Data(data, 70),
		os.WriteFile(filepath.Join(s.Home(), rig.ProfilesFile), []byte("[defaults]\ndata = \""+data+"\"\n"+profiles), 0o600))
	for i, lines := range []string{slow, fast} {
		_, saveErr := taskdata.SaveRecord(imports, taskdata.ImportedRecord{
			Source: taskdata.LLMSpeedrunner, Commit: "c0ffee", Track: taskdata.NanoGPT, Number: from + i, Path: "somewhere",
			Script: gputest.Script(lines + quick),
		})
		err = errors.Join(err, saveErr)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	e := newTestEngine(s, nil)
	e.FindTask, e.Check = nil, nil
	if e.Tasks, err = taskdata.OpenCatalog(imports); err != nil {
		t.Fatal(err)
	}
	return bench{e, bin}
}

// counted gives the track room for a counted clock, which runs behind the machine's by
// as much as the machine is busy. What the spec says when a task is looked for holds.
func (b bench) counted(spec *store.Spec) {
	plain := &Engine{Tasks: b.Tasks}
	b.FindTask = func(id string) (taskdata.Task, taskdata.Track, error) {
		choice := *spec
		choice.Task = id
		task, track, err := plain.findTask(choice)
		track.Clock.Slack = time.Minute
		return task, track, err
	}
}

// quick makes the stand-in's run a short one, by a counted clock.
const quick = "num_iterations = 30\ncompile_ms = 60.0\ncounted = 1\n"

func gpuSpec(agent string, nodes int) store.Spec {
	return store.Spec{Task: "nanogpt/4", Hint: "0", Agent: agent, Scaffold: scaffold.Flat, Runner: runner.NameLocal, Nodes: nodes, Seed: 1, Calibrate: 2, Confirm: 2}
}

// writes gives an agent that writes these lines after the import of torch, node by node.
func writes(lines ...string) func(string, taskdata.Task, taskdata.Interpreter) (agent.Agent, error) {
	byNode := edits{}
	for i, l := range lines {
		byNode[i+1] = []agent.Hunk{change("import torch\n", "import torch\n"+l+"\n")}
	}
	return scripted(byNode)
}

func TestAnAttemptOnGPUs(t *testing.T) {
	b := gpuBench(t, 4, "step_ms = 30.0\n", "step_ms = 15.0\n", "")
	var phases []string
	spec := gpuSpec(agent.Oracle, 1)
	b.counted(&spec)
	spec.Calibrate, spec.Confirm = 1, 1
	id := create(t, b.Store, spec)
	if err := b.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	for e, err := range b.Store.Events(t.Context(), id, 0) {
		if err != nil {
			t.Fatal(err)
		}
		switch body := e.Body.(type) {
		case event.Phase:
			phases = append(phases, body.Phase)
		case event.Log:
			log.Write(body.Data)
			log.WriteByte('\n')
		}
	}
	st := state(t, b.Store, id)
	fsr, interval := st.FSR()
	if st.Confirmed == nil || !st.Confirmed.Valid || fsr == nil || *fsr < 0.8 || *fsr > 1.2 || interval == nil {
		t.Errorf("confirmed %+v, FSR %v %v", st.Confirmed, fsr, interval)
	}
	if a := st.Attempt; a.GPUs != 8 || a.Profile == "" || !a.Benchmark || a.Scripts != taskdata.LLMSpeedrunner {
		t.Errorf("attempt %+v", a)
	}
	if m := st.Machine; len(m.GPUs) != 8 || !strings.Contains(m.GPUs[0], "H100") || m.Driver != "560.35.03" {
		t.Errorf("machine %+v", m)
	}
	for _, r := range st.Runs {
		if e := r.Ended; e == nil || !e.Finished || e.Why != "" || e.CompileMS <= 0 || e.PeakMiB != 31563 || e.FirstMS != 0 {
			t.Errorf("run %d ended %+v", r.Run, r.Ended)
		}
		if r.Argv[0] != "torchrun" || !slices.Contains(r.Argv, "--nproc_per_node=8") {
			t.Errorf("run %d: %v", r.Run, r.Argv)
		}
	}
	if len(st.GPUs) == 0 || len(st.GPUs[0].Devices) != 8 || st.GPUs[0].Devices[7].Index != 7 || !st.GPUs[0].Devices[6].Slowed || st.GPUs[0].Devices[0].MemTotal != 81559 {
		t.Errorf("GPUs %+v", st.GPUs)
	}
	for _, want := range []string{"fineweb_train_*.bin", "NANOGPT_VAL_TOKENS=10485760", "CUDA_VISIBLE_DEVICES=0,1,2,3,4,5,6,7", "ranks 8"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	if i := slices.Index(phases, event.PhaseCompiling); i < 0 || phases[i+1] == event.PhaseCompiling {
		t.Errorf("phases %v", phases)
	}
}

func TestEachFailureOnGPUsIsPutInWords(t *testing.T) {
	b := gpuBench(t, 4, "step_ms = 10.0\n", "step_ms = 5.0\n", "")
	fails := map[string]string{
		"oom": "rank 5 ran out of GPU memory", "nccl": "rank 3 waited 600 s in vain", "torch": "torch is not installed",
		"data": "training data is missing", "driver": "torch sees no GPU",
	}
	kinds := []string{"oom", "nccl", "torch", "data", "driver"}
	var lines []string
	for _, k := range kinds {
		lines = append(lines, "fail = \""+k+"\"")
	}
	b.NewAgent = writes(lines...)
	spec := gpuSpec("scripted", len(kinds))
	b.counted(&spec)
	spec.Calibrate = 1
	st := runAttempt(t, b.Engine, spec)
	for i, k := range kinds {
		n := st.Node(i + 1)
		if n == nil || n.State != event.VerdictFailed || !strings.Contains(n.Why, fails[k]) || !strings.Contains(n.Why, ";") {
			t.Errorf("%s: node %+v", k, n)
		}
	}
	if r := st.Run(st.Node(1).Runs[0]); r.Ended.Rank == nil || *r.Ended.Rank != 5 {
		t.Errorf("the rank that failed: %+v", r.Ended)
	}
	if st.Confirmed == nil || st.Confirmed.Valid {
		t.Errorf("confirmed %+v", st.Confirmed)
	}
}

func TestWhatAGPUTaskLacksIsSaidBeforeItStarts(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(b bench, spec *store.Spec)
		want  string
	}{
		"no driver":                      {func(b bench, _ *store.Spec) { must(t, gputest.Set(b.bin, "gone", "")) }, "driver"},
		"too few GPUs":                   {func(b bench, _ *store.Spec) { must(t, gputest.Set(b.bin, "count", "4")) }, "nanogpt/4@4gpu"},
		"a script that stops on so many": {func(_ bench, s *store.Spec) { s.Task = "nanogpt/4@3gpu" }, "run it on 1 or 2 or 4 or 8 GPUs"},
		"a name of no task":              {func(_ bench, s *store.Spec) { s.Task = "nanogpt/4@8gpu" }, "nanogpt/7@4gpu"},
		"a shard missing": {func(b bench, _ *store.Spec) {
			must(t, os.Remove(filepath.Join(b.Store.Home(), "data", "fineweb10B", "fineweb_train_000003.bin")))
		}, "cached_fineweb10B.py"},
		"no data": {func(b bench, _ *store.Spec) { must(t, os.Remove(filepath.Join(b.Store.Home(), rig.ProfilesFile))) }, "where the FineWeb shards lie"},
		"a broken profile": {func(b bench, _ *store.Spec) {
			must(t, os.WriteFile(filepath.Join(b.Store.Home(), rig.ProfilesFile), []byte("[defaults]\ngpu = 8\n"), 0o600))
		}, rig.ProfilesFile + ":2"},
		"no torchrun":        {func(b bench, _ *store.Spec) { must(t, os.Remove(filepath.Join(b.bin, "torchrun"))) }, "install PyTorch"},
		"scripts not here":   {func(_ bench, s *store.Spec) { s.Scripts = taskdata.ModdedNanoGPT }, "pitwall import"},
		"no such hints":      {func(_ bench, s *store.Spec) { s.Hints = taskdata.HintsPaper }, "pitwall import"},
		"an oracle's answer": {func(_ bench, s *store.Spec) { s.Task = "micro/9" }, "is the newest"},
	} {
		t.Run(name, func(t *testing.T) {
			b := gpuBench(t, 4, "", "", "")
			spec := gpuSpec(agent.Oracle, 1)
			c.spoil(b, &spec)
			if err := b.Preflight(t.Context(), spec); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("said %v, want %q", err, c.want)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestOthersOnTheGPUsHoldATimedRunBack(t *testing.T) {
	b := gpuBench(t, 4, "step_ms = 5.0\n", "step_ms = 3.0\n", "")
	must(t, gputest.Set(b.bin, "others", "4242, GPU-00000003-0000-0000-0000-000000000000, 1024, python3\n"))
	waits := 0
	b.Wait = func(context.Context, time.Duration) error {
		if waits++; waits == 2 {
			return os.Remove(filepath.Join(b.bin, "others"))
		}
		return nil
	}
	spec := gpuSpec(agent.Noop, 1)
	b.counted(&spec)
	spec.Calibrate, spec.Confirm = 1, 0
	id := create(t, b.Store, spec)
	must(t, b.Run(t.Context(), id))
	said := ""
	for e, err := range b.Store.Events(t.Context(), id, 0) {
		must(t, err)
		if s, ok := e.Body.(event.Status); ok && s.Status == event.StatusQueued {
			said = s.Why
		}
	}
	if waits != 2 || !strings.Contains(said, "pid 4242") || !strings.Contains(said, "GPU 3") {
		t.Errorf("waited %d times, said %q", waits, said)
	}
	if st := state(t, b.Store, id); st.Status != event.StatusDone {
		t.Errorf("%s: %s", st.Status, st.Why)
	}
}

func TestCompilingAndTrainingHaveLimitsOfTheirOwn(t *testing.T) {
	b := gpuBench(t, 4, "step_ms = 8.0\n", "step_ms = 4.0\n", "compile_limit = \"3s\"\ntrain_limit = \"2s\"\n")
	b.NewAgent = writes("compile_ms = 60000.0", "step_ms = 500.0", "fail = \"hang\"")
	spec := gpuSpec("scripted", 2)
	b.counted(&spec)
	spec.Calibrate = 1
	st := runAttempt(t, b.Engine, spec)
	for n, want := range map[int]string{1: "limit of 3s for compiling", 2: "still training after the limit of 2s"} {
		if node := st.Node(n); node.State != event.VerdictFailed || !strings.Contains(node.Why, want) {
			t.Errorf("node %d is %s: %s", n, node.State, node.Why)
		}
	}
	compiled := 0
	for e, err := range b.Store.Events(t.Context(), st.Attempt.ID, 1, event.KindPhase) {
		if err != nil {
			t.Fatal(err)
		}
		p := e.Body.(event.Phase)
		if p.Phase == event.PhaseCompiling {
			compiled++
		}
		if want := map[bool]int64{true: 3000}[p.Phase == event.PhaseCompiling]; p.LimitMS != want {
			t.Errorf("phase %s has a limit of %d ms, want %d", p.Phase, p.LimitMS, want)
		}
	}
	if compiled == 0 {
		t.Error("it never said that it compiles")
	}
}

func TestWhereTheClockCountsCompilationItIsToldApart(t *testing.T) {
	b := gpuBench(t, 1, "step_ms = 20.0\ntimed_compile = 1\n", "step_ms = 10.0\ntimed_compile = 1\n", "")
	spec := gpuSpec(agent.Oracle, 1)
	b.counted(&spec)
	spec.Task, spec.Calibrate, spec.Confirm = "nanogpt/1", 1, 1
	st := runAttempt(t, b.Engine, spec)
	c := st.Calibration
	if c == nil || len(c.FromFirst) != 1 || len(c.ToFirst) != 1 || c.FromFirst[0] <= 0 {
		t.Fatalf("calibration %+v", c)
	}
	if st.Confirmed == nil || st.Confirmed.FSRWarm == nil || *st.Confirmed.FSRWarm < 0.5 || *st.Confirmed.FSRWarm > 1.5 {
		t.Errorf("confirmed %+v", st.Confirmed)
	}
	for _, r := range st.Runs {
		for _, word := range r.Argv {
			if strings.Contains(word, "cache") {
				t.Errorf("a cache in %v", r.Argv)
			}
		}
	}
}

func TestGPUHoursAreABudget(t *testing.T) {
	b := gpuBench(t, 4, "step_ms = 5.0\n", "step_ms = 3.0\n", "")
	b.NewAgent = writes("lr = 1", "lr = 2", "lr = 3", "lr = 4", "lr = 5", "lr = 6")
	spec := gpuSpec("scripted", 6)
	b.counted(&spec)
	spec.Calibrate, spec.Confirm, spec.Budget.GPUHours = 1, 0, 8*1.2/3600
	st := runAttempt(t, b.Engine, spec)
	if st.Spent == nil || st.Spent.Budget != event.BudgetGPU || len(st.Nodes) == 7 {
		t.Errorf("spent %+v with %d nodes; used %+v", st.Spent, len(st.Nodes), st.Used())
	}
}

func TestAnotherNumberOfGPUsIsAnotherTask(t *testing.T) {
	b := gpuBench(t, 4, "step_ms = 5.0\n", "step_ms = 3.0\n", "")
	spec := gpuSpec(agent.Noop, 1)
	b.counted(&spec)
	spec.Task, spec.Calibrate, spec.Confirm = "nanogpt/4@4gpu", 1, 0
	st := runAttempt(t, b.Engine, spec)
	if st.Attempt.Task != "nanogpt/4@4gpu" || st.Attempt.Benchmark || st.Attempt.GPUs != 4 {
		t.Errorf("attempt %+v", st.Attempt)
	}
	if r := st.Runs[0]; !slices.Contains(r.Argv, "--nproc_per_node=4") {
		t.Errorf("%v", r.Argv)
	}
	if _, ok, err := b.Store.Calibration(t.Context(), "nanogpt/4", st.Calibration.Key); ok || err != nil {
		t.Errorf("it calibrates nanogpt/4, too: %v", err)
	}
}

func TestAChoiceOfHintsIsPartOfTheAttempt(t *testing.T) {
	b := gpuBench(t, 4, "step_ms = 4.0\n", "step_ms = 2.0\n", "")
	spec := gpuSpec(agent.Noop, 1)
	b.counted(&spec)
	spec.Calibrate, spec.Confirm, spec.Hint = 1, 0, "1"
	spec.OwnHint = &store.Document{Title: "mine.md", Text: "try harder"}
	st := runAttempt(t, b.Engine, spec)
	if a := st.Attempt; a.HintText != "try harder\n" || a.Hints != "mine.md" {
		t.Errorf("hint %q of %q", a.HintText, a.Hints)
	}
	spec.OwnHint = nil
	if st = runAttempt(t, b.Engine, spec); st.Attempt.Hints != taskdata.HintsOwn || len(st.Attempt.HintText) < 500 {
		t.Errorf("hint of %d bytes of %q", len(st.Attempt.HintText), st.Attempt.Hints)
	}
}

func TestAnOpenTaskIsJudgedByItsSpeedup(t *testing.T) {
	e := newTestEngine(openStore(t), nil)
	e.FindTask = func(string) (taskdata.Task, taskdata.Track, error) {
		task, track := standInTask()
		return taskdata.NewTask(task.From, taskdata.Record{}, nil), track, nil
	}
	e.NewAgent = scripted(edits{1: {change(fmt.Sprintf("STEPS = %d\n", slowSteps), "STEPS = 20\n")}})
	spec := testSpec("scripted", 1)
	spec.Confirm = 3
	st := runAttempt(t, e, spec)
	c := st.Confirmed
	if c == nil || !c.Valid || c.FSR != nil || c.Speedup == nil || *c.Speedup < 1.6 || *c.Speedup > 2.4 || c.SpeedupP == nil || *c.SpeedupP > 0.01 || c.SpeedupInterval == nil {
		t.Errorf("confirmed %+v", c)
	}
	if !st.Attempt.Open() || len(st.Calibration.To) != 0 {
		t.Errorf("attempt %+v, calibration %+v", st.Attempt, st.Calibration)
	}
}

func TestANodeIsTrainedAgainInTurnWithItsRecord(t *testing.T) {
	b := gpuBench(t, 4, "step_ms = 12.0\n", "step_ms = 6.0\n", "")
	b.counted(&store.Spec{})
	task, err := b.Tasks.FindTask("nanogpt/4")
	must(t, err)
	subject := Subject{Spec: store.Spec{Task: "nanogpt/4"}, Node: 1, Files: task.AnswerFiles()}
	id := ""
	out, err := b.Repeat(t.Context(), subject, 3, func(stream string) { id = stream })
	must(t, err)
	if len(out.Record) != 3 || len(out.Node) != 3 || out.Target != 3.28 {
		t.Fatalf("%+v", out)
	}
	for i := range out.Node {
		if n, r := out.Node[i], out.Record[i]; !(n.Seconds < r.Seconds) || !(n.Loss > 3 && n.Loss < 3.3) {
			t.Errorf("pair %d: %+v after %+v", i, n, r)
		}
	}
	var turns []int
	for e, err := range b.Store.Events(t.Context(), id, 0, event.KindRunStarted) {
		must(t, err)
		turns = append(turns, e.Body.(event.RunStarted).Node)
	}
	if want := []int{0, 1, 1, 0, 0, 1}; !slices.Equal(turns, want) {
		t.Errorf("runs of %v, want %v", turns, want)
	}

	// A run that fails is one without a loss; the others stand.
	subject.Files = map[string]string{"train.py": strings.Replace(task.Answer(), "import torch\n", "import torch\nfail = \"oom\"\n", 1)}
	out, err = b.Repeat(t.Context(), subject, 1, func(string) {})
	must(t, err)
	if len(out.Node) != 1 || out.Node[0].Loss == out.Node[0].Loss || out.Record[0].Loss != out.Record[0].Loss {
		t.Errorf("%+v", out)
	}

	// A record alone.
	out, err = b.Repeat(t.Context(), Subject{Spec: store.Spec{Task: "nanogpt/4"}, Node: -1}, 2, func(string) {})
	must(t, err)
	if len(out.Record) != 2 || len(out.Node) != 0 {
		t.Errorf("%+v", out)
	}
}
