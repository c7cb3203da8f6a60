package adopt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pitwall/agent"
	"pitwall/agent/engine"
	"pitwall/agent/scaffold"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/taskdata"
	"pitwall/taskdata/importer"
)

const theirs = "import sys\nsteps = 4\nwidth = 8\ndepth = 2\nrate = 0.1\n# the log says step:4/4 val_loss:1.0 train_time:1ms\nprint(steps)\n"

// imported is a catalog in which records 4 and 5 have scripts, and the directory of imports.
func imported(t testing.TB) (*taskdata.Catalog, string) {
	t.Helper()
	dir := t.TempDir()
	for number, script := range map[int]string{4: theirs, 5: theirs + "# five\n"} {
		r := taskdata.ImportedRecord{Source: taskdata.LLMSpeedrunner, Track: taskdata.NanoGPT, Number: number, Script: script, Seconds: 1000}
		if _, err := taskdata.SaveRecord(dir, r); err != nil {
			t.Fatal(err)
		}
	}
	h := taskdata.ImportedHint{Source: taskdata.LLMSpeedrunner, Track: taskdata.NanoGPT, From: 4, Level: taskdata.HintPseudocode, Text: "go faster\n"}
	if _, err := taskdata.SaveHint(dir, h); err != nil {
		t.Fatal(err)
	}
	catalog, err := taskdata.OpenCatalog(dir)
	if err != nil {
		t.Fatal(err)
	}
	return catalog, dir
}

// theirLog is a log as the benchmark's scripts write it: the script, and four steps of which the
// first two are not timed. It ends at ms and loss.
func theirLog(script string, ms int, loss float64) string {
	rule := strings.Repeat("=", 100) + "\n"
	var b strings.Builder
	b.WriteString(rule + script + rule + "Running pytorch 2.4\n")
	b.WriteString("step:0/4 val_loss:10.5 train_time:3ms step_avg:nanms\n")
	for step := 1; step <= 4; step++ {
		at := ms * step / 4
		if step <= 2 {
			at = 1_000_000 + step
		}
		fmt.Fprintf(&b, "step:%d/4 train_loss:%d.25 train_time:%dms step_avg:1.00ms\n", step, 9-step, at)
	}
	fmt.Fprintf(&b, "step:4/4 val_loss:%.4f train_time:%dms step_avg:1.00ms\npeak memory consumption: 300 MiB\n", loss, ms)
	return b.String()
}

const (
	faster = "import sys\nsteps = 3\nwidth = 8\ndepth = 2\nrate = 0.2\n# the log says step:4/4 val_loss:1.0 train_time:1ms\nprint(steps)\n"
	wider  = "import sys\nsteps = 3\nwidth = 16\ndepth = 2\nrate = 0.2\n# the log says step:4/4 val_loss:1.0 train_time:1ms\nprint(steps)\n"
)

// left is a workspace: version 1 reached the target, 2 is its child and missed it, 3 failed.
func left() map[string]string {
	results := func(status, figures string) string {
		return fmt.Sprintf(`{"status": %q, "metrics": {%s}, "hypothesis": "the idea", "outcome_summary": "so it went"}`, status, figures)
	}
	meta := func(parent string, created int) string {
		return fmt.Sprintf(`{"parent": %q, "created_at": %d}`, parent, created)
	}
	return map[string]string{
		"config.yaml": "model_name: o9-large\nmax_n_nodes: 20\nn_initial_hypotheses: 3\nn_hypotheses: 3\ndebug_prob: 0\n" +
			"knowledge_src_paths:\n- data/record_4/level_1_*.txt\n",
		"v_0/train_gpt2.py": theirs,
		"v_0/results.json":  `{"job_status": "COMPLETED", "metrics": {"val_loss": 1.5, "train_time": 900000}}`,
		"v_1/train_gpt2.py": faster, "v_1/meta.json": meta("0", 1_750_000_000),
		"v_1/results.json":  results("COMPLETED", `"val_loss": 3.27, "train_time": 800000`),
		"v_1/logs/a.txt":    theirLog(faster, 800_000, 3.27),
		"v_2/train_gpt2.py": wider, "v_2/meta.json": meta("1", 1_750_001_000),
		"v_2/results.json":  results("COMPLETED", `"val_loss": 3.2, "train_time": 800000`),
		"v_2/logs/b.txt":    theirLog(wider, 810_000, 3.29),
		"v_3/train_gpt2.py": theirs + "crash\n", "v_3/meta.json": meta("0", 1_750_002_000),
		"v_3/results.json": results("FAILED", ""),
		"v_3/logs/c.txt":   theirLog(theirs+"crash\n", 1, 1)[:400],
	}
}

// keepsRules finds no breach but in a script that says cheat.
func keepsRules(_ context.Context, _ taskdata.Task, script string) ([]taskdata.Violation, error) {
	if strings.Contains(script, "cheat") {
		return []taskdata.Violation{{Rule: "data", Line: 2, What: "it says cheat"}}, nil
	}
	return []taskdata.Violation{{Rule: "clock", What: "it was the human's edit", Flag: true}}, nil
}

// readLeft writes a workspace and has the importer read it.
func readLeft(t testing.TB, imports string, files map[string]string) importer.Workspace {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "workspace")
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	report, err := importer.Import(t.Context(), dir, "", imports, nil)
	if err != nil || len(report.Workspaces) != 1 {
		t.Fatalf("%+v, %v", report.Items, err)
	}
	return report.Workspaces[0]
}

// adoptLeft has a workspace adopted by a new store.
func adoptLeft(t testing.TB, files map[string]string, check RuleCheck) (*store.Store, string, *fold.State) {
	t.Helper()
	catalog, imports := imported(t)
	s := openStore(t)
	id, added, err := Adopt(t.Context(), s, catalog, readLeft(t, imports, files), check)
	if err != nil || !added {
		t.Fatal(added, err)
	}
	return s, id, state(t, s, id)
}

func notices(t testing.TB, s *store.Store, id string) string {
	t.Helper()
	var all []string
	for e, err := range s.Events(t.Context(), id, 1) {
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := e.Body.(event.Notice); ok {
			all = append(all, n.Text)
		}
	}
	return strings.Join(all, "\n")
}

func wants(t testing.TB, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not said in: %s", w, text)
		}
	}
}

func TestAWorkspaceBecomesAnAttempt(t *testing.T) {
	s, id, st := adoptLeft(t, left(), keepsRules)
	sum, err := s.Attempt(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if sum.FSR != nil || sum.Cost.Known() || sum.Confirmed || !sum.Created.Equal(time.Unix(1_750_000_000, 0)) {
		t.Errorf("%+v", sum)
	}
	got := fmt.Sprint(sum.Status, sum.BestNode, sum.BestSeconds, sum.NodesDone, sum.Agent, sum.Runner, sum.Model, sum.Hint, sum.Scaffold, sum.Nodes)
	if want := fmt.Sprint(event.StatusDone, 1, 800.0, 3, "llm-speedrunner", "llm-speedrunner", "o9-large", "1", scaffold.Forest, 20); got != want {
		t.Errorf("%s, not %s", got, want)
	}
	a := st.Attempt
	got = fmt.Sprint(a.ID, a.Benchmark, a.From, a.To, a.HintText, a.Hints, a.Target, a.Scripts, a.Version)
	if want := fmt.Sprint(id, true, 4, 5, "go faster\n", taskdata.HintsPaper, 3.28, "llm-speedrunner", "llm-speedrunner"); got != want {
		t.Errorf("%s, not %s", got, want)
	}
	if g := st.Ghost(true); g == nil || g.Record != 5 {
		t.Errorf("ghost of the next record: %+v", g)
	}
	wants(t, notices(t, s, id), "nothing of it was run here", "no FSR", "train_gpt2.py is called train.py", "cannot be checked", "its cost is not known",
		"node 2: its results.json has loss 3.2 after 800000 ms, its log 3.29 after 810000 ms")
}

func TestVersionsBecomeNodesAndTheirChangesEdits(t *testing.T) {
	_, _, st := adoptLeft(t, left(), keepsRules)
	for i, want := range []struct{ state, script, why string }{
		{fold.NodeRecord, theirs, "no log"},
		{event.VerdictProvisional, faster, "no calibration"},
		{event.VerdictMissed, wider, "3.2900 is above the target of 3.28"},
		{event.VerdictFailed, theirs + "crash\n", "FAILED"},
	} {
		n := st.Nodes[i]
		if n.State != want.state || n.FSR != nil || st.Files(i)["train.py"] != want.script || !strings.Contains(n.Why, want.why) {
			t.Errorf("node %d: %+v with the script %q", i, n, st.Files(i)["train.py"])
		}
	}
	if st.Nodes[0].TrainSeconds != 900 || st.Nodes[0].ValLoss.Known() {
		t.Errorf("node 0: %+v", st.Nodes[0])
	}
	one, two := st.Nodes[1], st.Nodes[2]
	if one.Parent != 0 || two.Parent != 1 || one.Idea != "the idea" || len(one.Edits) != 2 || len(one.Violations) != 1 || !one.Checked {
		t.Errorf("nodes 1 and 2: %+v\n%+v", one, two)
	}
	calls := st.CallsOf(1)
	if len(calls) != 2 || calls[0].Purpose != event.CallIdeate || calls[1].Purpose != event.CallSummarise || calls[1].Text != "so it went" {
		t.Errorf("calls about node 1: %+v", calls)
	}
	e := st.Edits[one.Edits[0]]
	if e.Reason != "the idea" || !e.Applied || e.Line != 2 || !strings.Contains(e.Old, "steps = 4\n") {
		t.Errorf("the first edit: %+v", e)
	}
}

func TestARunsLogIsKeptToTheByteAndItsMetricsAreReadByRule(t *testing.T) {
	files := left()
	text := theirLog(faster, 800_000, 3.27) + "\x1b[2Jred\x07\r\n10 %\r20 %\r\n" + strings.Repeat("x", 3*linePiece+5) + "\n\x00\xff\xfe\nno end\r\rlast"
	files["v_1/logs/a.txt"] = text
	s, id, st := adoptLeft(t, files, keepsRules)
	run := st.Run(st.Nodes[1].Runs[0])
	lines, err := s.Lines(t.Context(), id, run.FirstLine, run.LastLine)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, l := range lines {
		got.Write(l.Data)
		if l.End != 0 {
			got.WriteByte(l.End)
		}
	}
	if got.String() != text {
		t.Errorf("the log came back as %q", got.String())
	}
	points := pointsOf(st, run.Run)
	if len(points) != 6 || points[0].ValLoss != 10.5 || points[5].ValLoss != 3.27 || points[5].TrainMS != 800_000 {
		t.Errorf("points %+v", points)
	}
	end := run.Ended
	if end == nil || !end.Finished || end.PeakMiB != 300 || end.TrainMS != 800_000 || len(end.Flags) != 1 {
		t.Errorf("end %+v", end)
	}
}

func TestAReplayGoesAtThePaceOfTheScriptsClockAlsoWhereThatIsSetBack(t *testing.T) {
	s, id, st := adoptLeft(t, left(), keepsRules)
	run := st.Run(st.Nodes[1].Runs[0])
	var at []int64
	for _, p := range pointsOf(st, run.Run) {
		at = append(at, p.Active-run.Active)
	}
	// Step 2 is the last before the clock is set back.
	if want := []int64{3, 1_000_001, 1_000_002, 1_600_002, 1_800_002, 1_800_002}; !slices.Equal(at, want) {
		t.Errorf("points after %v ms, not %v", at, want)
	}
	if took := run.EndActive - run.Active; took != 1_800_002 || run.Ended.WallMS != took {
		t.Errorf("the run took %d ms, %d by its end", took, run.Ended.WallMS)
	}
	before := event.Event{}
	for e, err := range s.Events(t.Context(), id, 1) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Active < before.Active {
			t.Fatalf("event %d is before the one before it", e.Seq)
		}
		if b, ok := e.Body.(event.Node); ok && b.ID > 0 {
			if want := int64(1_750_000_000+1000*(b.ID-1)) * 1000; e.Wall != want {
				t.Errorf("node %d was made at %d, not %d", b.ID, e.Wall, want)
			}
		}
		before = e
	}
}

func TestAVersionWithoutTimesTakesASecond(t *testing.T) {
	files := left()
	delete(files, "v_1/logs/a.txt")
	for name := range files {
		files[name] = strings.ReplaceAll(files[name], "created_at", "made")
	}
	s, id, st := adoptLeft(t, files, keepsRules)
	if n := st.Nodes[1]; n.State != event.VerdictFailed || !strings.Contains(n.Why, "no log") || n.ValLoss.Known() || len(n.Runs) != 0 {
		t.Errorf("%+v", n)
	}
	if !strings.HasPrefix(id, "0000000000") {
		t.Errorf("id %s has a time", id)
	}
	var judged []int64
	for e, err := range s.Events(t.Context(), id, 1) {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := e.Body.(event.Judged); ok {
			judged = append(judged, e.Active)
		}
		if e.Wall != 0 {
			t.Fatalf("event %d has the time %d", e.Seq, e.Wall)
		}
	}
	if judged[0] != leastMS || judged[1] < 2*leastMS || judged[1] > 20*leastMS {
		t.Errorf("judged after %v ms", judged)
	}
	if sum, err := s.Attempt(t.Context(), id); err != nil || !sum.Started.IsZero() || !sum.Ended.IsZero() {
		t.Errorf("%+v, %v", sum, err)
	}
}

func TestAdoptingAgainChangesNothingAndTheIDIsTheSameElsewhere(t *testing.T) {
	catalog, imports := imported(t)
	here, there := openStore(t), openStore(t)
	w := readLeft(t, imports, left())
	id, _, err := Adopt(t.Context(), here, catalog, w, keepsRules)
	if err != nil {
		t.Fatal(err)
	}
	unasked := func(context.Context, taskdata.Task, string) ([]taskdata.Violation, error) {
		t.Error("rules were checked")
		return nil, nil
	}
	again, added, err := Adopt(t.Context(), here, catalog, w, unasked)
	if err != nil || added || again != id {
		t.Errorf("again: %s %v %v", again, added, err)
	}
	elsewhere, added, err := Adopt(t.Context(), there, catalog, readLeft(t, imports, left()), keepsRules)
	if err != nil || !added || elsewhere != id {
		t.Errorf("elsewhere: %s instead of %s, %v %v", elsewhere, id, added, err)
	}
	for name, change := range map[string][2]string{
		"v_1/logs/a.txt": {"3.27", "3.26"}, "v_2/train_gpt2.py": {"16", "17"}, "v_3/results.json": {"idea", "thought"}, "config.yaml": {"20", "21"},
	} {
		files := left()
		files[name] = strings.Replace(files[name], change[0], change[1], 1)
		if other, added, err := Adopt(t.Context(), here, catalog, readLeft(t, imports, files), keepsRules); err != nil || !added || other == id {
			t.Errorf("with another %s: %s, %v %v", name, other, added, err)
		}
	}
	if err := here.Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if back, added, err := Adopt(t.Context(), here, catalog, w, keepsRules); err != nil || !added || back != id {
		t.Errorf("after deleting: %s %v %v", back, added, err)
	}
}

func TestWhatALogCannotShowIsNoResult(t *testing.T) {
	whole := theirLog(faster, 800_000, 3.27)
	metric := strings.Index(whole, "step:0/4")
	for name, c := range map[string]struct {
		log, script, results string
		verdict, why         string
	}{
		"cut off":            {log: whole[:strings.LastIndex(whole, "step:4/4 val")], verdict: event.VerdictFailed, why: "step 0 of 4"},
		"cut in a line":      {log: whole[:strings.LastIndex(whole, "\npeak")], verdict: event.VerdictFailed, why: "step 0 of 4"},
		"not a number":       {log: strings.ReplaceAll(whole, "3.2700", "nan"), verdict: event.VerdictFailed, why: "not a number"},
		"only its script":    {log: whole[:metric], verdict: event.VerdictFailed, why: "no line with metrics"},
		"no validation":      {log: strings.ReplaceAll(whole, "val_loss", "train_loss"), verdict: event.VerdictFailed, why: "no validation"},
		"no time":            {log: strings.ReplaceAll(whole, "train_time:800000ms step_avg:1.00ms\npeak", "lr:1\npeak"), verdict: event.VerdictFailed, why: "no train_time"},
		"no time passed":     {log: strings.ReplaceAll(whole, "train_time:800000ms step_avg:1.00ms\npeak", "train_time:0ms\npeak"), verdict: event.VerdictInvalid, why: "below zero"},
		"a broken rule":      {script: faster + "cheat = 1\n", verdict: event.VerdictInvalid, why: "it says cheat"},
		"no edit":            {script: theirs, verdict: event.VerdictEmpty, why: "those of its parent"},
		"a job that goes on": {results: `{"status": "RUNNING"}`, verdict: event.VerdictFailed, why: "RUNNING"},
		"no results":         {results: "{", verdict: event.VerdictProvisional, why: "by its log alone"},
	} {
		t.Run(name, func(t *testing.T) {
			files := left()
			if c.log != "" {
				files["v_1/logs/a.txt"] = c.log
			}
			if c.script != "" {
				files["v_1/train_gpt2.py"], files["v_1/logs/a.txt"] = c.script, theirLog(c.script, 800_000, 3.27)
			}
			if c.results != "" {
				files["v_1/results.json"] = c.results
			}
			_, _, st := adoptLeft(t, files, keepsRules)
			if n := st.Nodes[1]; n.State != c.verdict || !strings.Contains(n.Why, c.why) {
				t.Errorf("%s: %s", n.State, n.Why)
			}
			if r := st.Run(1); (r.Ended.Why == "") != r.Ended.Finished {
				t.Errorf("%+v", r.Ended)
			}
		})
	}
}

// pointsOf gives the points of a run.
func pointsOf(st *fold.State, run int) (points []fold.Point) {
	for _, p := range st.Points {
		if p.Run == run {
			points = append(points, p)
		}
	}
	return points
}

func TestMetricsInAScriptsOwnTextAreNone(t *testing.T) {
	script := faster + "'''\nstep:4/4 val_loss:1.0000 train_time:5ms\n'''\n"
	files := left()
	files["v_1/train_gpt2.py"], files["v_1/logs/a.txt"] = script, theirLog(script, 800_000, 3.29)
	_, _, st := adoptLeft(t, files, keepsRules)
	if points := pointsOf(st, 1); len(points) != 6 || st.Nodes[1].State != event.VerdictMissed {
		t.Errorf("%d points, node %+v", len(points), st.Nodes[1])
	}
}

func TestALogOfAnotherScriptIsFlagged(t *testing.T) {
	files := left()
	files["v_1/logs/a.txt"] = theirLog(wider, 800_000, 3.27)
	_, _, st := adoptLeft(t, files, keepsRules)
	wants(t, strings.Join(st.Run(1).Ended.Flags, "\n"), "may be another's")
}

func TestARuleThatCannotBeCheckedLetsNothingCount(t *testing.T) {
	none := func(context.Context, taskdata.Task, string) ([]taskdata.Violation, error) {
		return nil, errors.New("no python here")
	}
	s, id, st := adoptLeft(t, left(), none)
	if n := st.Nodes[1]; n.State != event.VerdictInvalid || n.Checked || !strings.Contains(n.Why, "no python here; mend that") {
		t.Errorf("%+v", n)
	}
	if n := st.Nodes[2]; n.State != event.VerdictMissed {
		t.Errorf("%+v", n)
	}
	wants(t, notices(t, s, id), "node 1 could not be checked against the track's rules: no python here")
}

func TestBrokenVersionsKeepTheirPlaceAndAreSaid(t *testing.T) {
	files := left()
	delete(files, "v_1/train_gpt2.py")
	files["v_2/meta.json"] = "{"
	for _, name := range []string{"train_gpt2.py", "meta.json", "results.json", "logs/c.txt"} {
		files["v_7/"+name] = files["v_3/"+name]
		delete(files, "v_3/"+name)
	}
	files["v_7/helper.py"] = "x = 1\n"
	files["v_7/results.json"] = `{"status": "COMPLETED"}`
	files["v_7/logs/c.txt"] = theirLog(theirs+"crash\n", 700_000, 3.2)
	delete(files, "config.yaml")
	s, id, st := adoptLeft(t, files, keepsRules)
	if len(st.Nodes) != 4 {
		t.Fatalf("%d nodes", len(st.Nodes))
	}
	if n := st.Nodes[1]; n.State != event.VerdictFailed || !strings.Contains(n.Why, "no train_gpt2.py") || st.Files(1)["train.py"] != theirs {
		t.Errorf("%+v", n)
	}
	if n := st.Nodes[2]; n.Parent != 0 || st.Files(2)["train.py"] != wider {
		t.Errorf("%+v", n)
	}
	if n := st.Nodes[3]; n.State != event.VerdictInvalid || !strings.Contains(n.Why, `"helper.py" beside the script`) || st.Files(3)["helper.py"] != "x = 1\n" {
		t.Errorf("%+v", n)
	}
	wants(t, notices(t, s, id), "version 1 is not whole", "version 2 does not say what it started from", "version 7 is node 3", "no config.yaml")
	if st.Attempt.Hint != notKnown || st.Attempt.Scaffold != notKnown || st.Attempt.Nodes != 3 {
		t.Errorf("%+v", st.Attempt)
	}
}

func TestFilesOfManyChangesAreShownWhole(t *testing.T) {
	var long strings.Builder
	for i := range maxDiffLines + 10 {
		fmt.Fprintf(&long, "%d\n", i)
	}
	files := left()
	files["v_1/train_gpt2.py"] = long.String() + "bad \xff byte\n"
	files["v_2/train_gpt2.py"] = strings.ReplaceAll(long.String(), "7\n", "seven\n")
	s, id, st := adoptLeft(t, files, keepsRules)
	if n := st.Nodes[1]; len(n.Edits) != 1 || st.Edits[n.Edits[0]].Old != theirs || st.Files(1)["train.py"] != long.String()+"bad \uFFFD byte\n" {
		t.Errorf("%d edits", len(n.Edits))
	}
	if st.Files(2)["train.py"] != files["v_2/train_gpt2.py"] {
		t.Error("the second is another")
	}
	if s.Delete(t.Context(), id) != nil || s.PurgeBefore(t.Context(), time.Now()) != nil {
		t.Error("it cannot be deleted")
	}
}

func TestALogOverTheQuotaKeepsItsHeadItsTailAndItsMetrics(t *testing.T) {
	whole := theirLog(faster, 800_000, 3.27)
	at := strings.Index(whole, "step:3/4")
	line := strings.Repeat("y", 1<<20) + "\n"
	text := whole[:at] + strings.Repeat(line, 60) + strings.Repeat("\n", 1<<20) + whole[at:] + strings.Repeat("z\n", logTail/2) + "the end\n"
	a := &adoption{track: taskdata.Track{Target: 3.28}}
	kept, gap, last, points := 0, int64(0), "", 0
	a.yield = func(_ event.Times, b event.Body) bool {
		switch b := b.(type) {
		case event.Log:
			kept += len(b.Data)
			gap += b.Gap
			if b.End != 0 {
				kept++
				last = string(b.Data)
			}
		case event.Point:
			points++
		}
		return true
	}
	r := a.train(1, importer.Version{Log: text, Files: map[string]string{theirScript: faster}})
	if kept+int(gap) != len(text) || gap == 0 || last != "the end" || points != 6 {
		t.Errorf("%d bytes kept and %d left out of %d, %d points, the last line is %q", kept, gap, len(text), points, last)
	}
	if verdict, why := r.fault(importer.Version{Log: text}); verdict != "" {
		t.Error(verdict, why)
	}
}

func TestAWorkspaceOfNoKnownTaskIsNotAdopted(t *testing.T) {
	catalog, imports := imported(t)
	files := left()
	files["v_0/train_gpt2.py"] += "# edited\n"
	s := openStore(t)
	if _, added, err := Adopt(t.Context(), s, catalog, readLeft(t, imports, files), keepsRules); err == nil || added || !strings.Contains(err.Error(), "script of no record") {
		t.Errorf("%v, %v", added, err)
	}
	if list, err := s.Attempts(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestAnAdoptionThatIsStoppedLeavesNothing(t *testing.T) {
	catalog, imports := imported(t)
	s := openStore(t)
	ctx, stop := context.WithCancel(t.Context())
	_, added, err := Adopt(ctx, s, catalog, readLeft(t, imports, left()), func(ctx context.Context, _ taskdata.Task, _ string) ([]taskdata.Violation, error) {
		stop()
		return nil, ctx.Err()
	})
	if !errors.Is(err, context.Canceled) || added {
		t.Errorf("%v, %v", added, err)
	}
	if list, err := s.Attempts(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestNoEngineGoesOnWithAnAdoptedAttempt(t *testing.T) {
	s, id, st := adoptLeft(t, left(), keepsRules)
	sum, err := s.Attempt(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	e := &engine.Engine{Store: s, Getenv: os.Getenv}
	e.Tasks, _ = imported(t)
	var choice *agent.ChoiceError
	if err := e.Preflight(t.Context(), sum.Spec); !errors.As(err, &choice) {
		t.Errorf("an engine would take it: %v", err)
	}
	if after := state(t, s, id); after.Seq != st.Seq {
		t.Error("it has new events")
	}
}

func TestSettingsNameTheScaffoldAndTheHint(t *testing.T) {
	catalog, _ := imported(t)
	task, err := catalog.FindTask("nanogpt/4")
	if err != nil {
		t.Fatal(err)
	}
	usual := map[string]string{"max_n_nodes": "20", "n_initial_hypotheses": "3", "n_hypotheses": "1", "debug_prob": "0.5", "max_bug_depth": "5"}
	for name, c := range map[string]struct {
		change   map[string]string
		texts    []string
		scaffold string
		hint     string
		said     string
	}{
		"aide":      {nil, nil, scaffold.AIDE, "0", ""},
		"multi":     {map[string]string{"n_hypotheses": "3"}, []string{"x/record_4/level_2_text.txt", "x/record_4/level_1_*.txt"}, scaffold.MultiAIDE, "12", "text of its hint is not here"},
		"tree":      {map[string]string{"n_initial_hypotheses": "1", "n_hypotheses": "3", "debug_prob": "0"}, []string{"level_3_x.txt", "level_3_y.txt"}, scaffold.Tree, "3", ""},
		"flat":      {map[string]string{"n_initial_hypotheses": "20"}, []string{"x/record_9/level_1_*.txt"}, scaffold.Flat, "1", "that of record 9"},
		"another":   {map[string]string{"debug_prob": "0.7"}, []string{"docs/flex.md"}, notKnown, "0", "none of the benchmark's"},
		"nonsense":  {map[string]string{"n_hypotheses": "NaN"}, []string{"x/record_4/level_0_diff.txt"}, notKnown, "0", "the human's change itself"},
		"no budget": {map[string]string{"max_n_nodes": "-1"}, nil, scaffold.Flat, "0", "budget of nodes is not known"},
	} {
		settings := maps.Clone(usual)
		maps.Copy(settings, c.change)
		got := settingOf(importer.Workspace{Settings: settings, Texts: c.texts, Versions: make([]importer.Version, 1)}, task)
		if got.scaffold != c.scaffold || got.hint != c.hint {
			t.Errorf("%s: scaffold %s, hint %s", name, got.scaffold, got.hint)
		}
		wants(t, strings.Join(got.notices, "\n"), c.said)
	}
}

func TestLogLinesAreTheLogInPieces(t *testing.T) {
	for _, text := range []string{"", "\n", "\r", "a\r\nb", "a\rb\n", "a\r", "\r\r\n\n\r", strings.Repeat("q", linePiece) + "\n", strings.Repeat("q", linePiece+1)} {
		var b strings.Builder
		for l := range logLines(text) {
			if l.at != b.Len() {
				t.Errorf("%.9q: a line at %d says %d", text, b.Len(), l.at)
			}
			b.Write(l.Data)
			if l.End != 0 {
				b.WriteByte(l.End)
			}
		}
		if b.String() != text {
			t.Errorf("%.9q came back as %.9q", text, b.String())
		}
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

func state(t testing.TB, s *store.Store, id string) *fold.State {
	t.Helper()
	st, err := s.StateAt(t.Context(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	return st
}
