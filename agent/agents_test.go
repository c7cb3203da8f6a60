package agent

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pitwall/runner"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/taskdata"
)

func python(t testing.TB) taskdata.Interpreter {
	t.Helper()
	var here runner.Local
	py, err := here.Interpreter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return taskdata.Interpreter{Path: py.Path, Ask: func(ctx context.Context, args []string, input []byte) (taskdata.Answer, error) {
		a, err := here.Ask(ctx, runner.Question{Argv: append([]string{py.Path}, args...), Input: input})
		return taskdata.Answer(a), err
	}}
}

// propose has an agent write one node and returns the script it leaves.
func propose(t *testing.T, a Agent, b Brief) (string, *fold.State) {
	t.Helper()
	ws, err := NewWorkspace(filepath.Join(t.TempDir(), "node"), b.Files)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	st := fold.New()
	seq := int64(0)
	emit := func(bodies ...event.Body) {
		for _, body := range bodies {
			seq++
			st.Apply(event.Event{Seq: seq, Body: body})
		}
	}
	emit(event.Node{ID: 0, Parent: -1})
	for p, text := range b.Files {
		emit(event.Source{Path: p, Text: text})
	}
	for n := 1; n <= b.Node; n++ {
		emit(event.Node{ID: n, Parent: 0})
	}
	if err := a.Propose(t.Context(), b, &Editor{node: b.Node, ws: ws, emit: emit}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(ws.Dir(), taskdata.ScriptName))
	if err != nil {
		t.Fatal(err)
	}
	if got := st.Files(b.Node)[taskdata.ScriptName]; got != string(text) {
		t.Errorf("what the events say differs from what stands in the directory")
	}
	return string(text), st
}

func briefOf(t *testing.T, id string, py taskdata.Interpreter) Brief {
	t.Helper()
	task, err := taskdata.Embedded().FindTask(id)
	if err != nil {
		t.Fatal(err)
	}
	track, err := taskdata.FindTrack(task.From.Track)
	if err != nil {
		t.Fatal(err)
	}
	check := func(ctx context.Context, files map[string]string) ([]taskdata.Violation, error) {
		found, err := taskdata.CheckText(ctx, py, task, files[taskdata.ScriptName])
		return slices.DeleteFunc(found, func(v taskdata.Violation) bool { return v.Flag }), err
	}
	return Brief{
		Script: taskdata.ScriptName, Steps: task.From.Steps, Target: track.Target, Node: 1, Nodes: 3, Seed: 1,
		RecordSeconds: task.From.Seconds, RecordLoss: 1.98,
		Files: map[string]string{taskdata.ScriptName: task.From.Script()}, Try: check,
	}
}

func TestOracleWritesTheAnswerOfEveryTask(t *testing.T) {
	py := python(t)
	for _, task := range taskdata.Embedded().Tasks("micro") {
		if !task.Ready {
			continue
		}
		a, err := New(Oracle, task, py)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := propose(t, a, briefOf(t, task.ID(), py)); got != task.Answer() {
			t.Errorf("%s: the oracle's script is not the answer", task.ID())
		}
	}
}

func TestTunerSearchesWithinTheRulesAndNeverRepeatsItself(t *testing.T) {
	py := python(t)
	for _, task := range taskdata.Embedded().Tasks("micro") {
		b := briefOf(t, task.ID(), py)
		seen := map[string]int{}
		for n := 1; n <= 5; n++ {
			b.Node = n
			a, err := New(Tuner, task, py)
			if err != nil {
				t.Fatal(err)
			}
			text, st := propose(t, a, b)
			if again, _ := propose(t, a, b); again != text {
				t.Errorf("%s node %d: another script for the same brief", task.ID(), n)
			}
			if was, ok := seen[text]; ok || text == task.From.Script() {
				t.Errorf("%s node %d: the same script as node %d", task.ID(), n, was)
			}
			seen[text] = n
			violations, err := b.Try(t.Context(), map[string]string{taskdata.ScriptName: text})
			if err != nil || len(violations) > 0 {
				t.Errorf("%s node %d: %v %v", task.ID(), n, violations, err)
			}
			o := Outcome{Node: n, Verdict: event.VerdictProvisional, ValLoss: 1.99, TrainSeconds: b.RecordSeconds * 0.95}
			if n%2 == 0 {
				o.Verdict, o.ValLoss = event.VerdictMissed, 2.05
			}
			for _, ed := range st.Edits {
				if !strings.HasSuffix(ed.Reason, ".") || len(ed.Reason) < 20 {
					t.Errorf("%s node %d: reason %q is no sentence", task.ID(), n, ed.Reason)
				}
				o.Edits = append(o.Edits, AppliedEdit{Hunk{ed.Path, ed.Old, ed.New}, ed.Reason})
			}
			b.Past = append(b.Past, o)
		}
	}
}

func TestTunerBuildsOnWhatWorked(t *testing.T) {
	py := python(t)
	b := briefOf(t, "micro/7", py)
	task, err := taskdata.Embedded().FindTask("micro/7")
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(Tuner, task, py)
	if err != nil {
		t.Fatal(err)
	}
	_, st := propose(t, a, b)
	good := Outcome{Node: 1, Verdict: event.VerdictProvisional, ValLoss: 1.9, TrainSeconds: b.RecordSeconds / 2}
	for _, ed := range st.Edits {
		good.Edits = append(good.Edits, AppliedEdit{Hunk{ed.Path, ed.Old, ed.New}, ed.Reason})
	}
	bad := good
	bad.Verdict, bad.ValLoss = event.VerdictMissed, 2.5
	kept := func(o Outcome) bool {
		b.Node, b.Past = 2, []Outcome{o}
		_, st := propose(t, a, b)
		for _, ed := range st.Edits {
			if strings.Contains(ed.Reason, "as in node 1") {
				return true
			}
		}
		// It may move the same constant on instead of keeping its value.
		for _, ed := range st.Edits {
			if strings.Contains(ed.Reason, "the way that helped") {
				return true
			}
		}
		return false
	}
	if !kept(good) {
		t.Error("what halved the time was dropped")
	}
	if kept(bad) {
		t.Error("what missed the target was kept")
	}
}

func TestHunksRebuildAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.SampledFrom([]string{"a\n", "b\n", "c\n", "\n", "def f():\n", "    return 1\n", "end"})
		gen := rapid.SliceOfN(line, 1, 25)
		from, to := strings.Join(gen.Draw(t, "from"), ""), strings.Join(gen.Draw(t, "to"), "")
		text := from
		for _, h := range HunksBetween("train.py", from, to) {
			if strings.Count(text, h.Old) == 0 || strings.Index(text, h.Old) != strings.LastIndex(text, h.Old) {
				t.Fatalf("hunk %q does not match once in %q", h.Old, text)
			}
			text = fold.Replace(text, h.Old, h.New)
		}
		if text != to {
			t.Fatalf("got %q, want %q", text, to)
		}
	})
}

func TestTunerTurnsBackWhereFewerStepsMissedTheTarget(t *testing.T) {
	c := constant{Place: "STEPS", Ordinal: 1, Top: true, Value: 60, Int: true, Line: 1, EndLine: 1}
	fewer := c
	fewer.Value = 54
	b := Brief{Steps: 60, Target: 2, Node: 2, RecordSeconds: 6, RecordLoss: 1.98}
	moves := func(o Outcome) (up, down int) {
		b.Past = []Outcome{o}
		for seed := range int64(300) {
			b.Seed = seed
			s := newSearch(b, [][]constant{{c}, {fewer}})
			for _, m := range s.propose() {
				from := c.Value
				if s.base.values != nil {
					from = fewer.Value
				}
				if m.to > from {
					up++
				} else if m.to < from {
					down++
				}
			}
		}
		return up, down
	}
	up, down := moves(Outcome{Node: 1, Verdict: event.VerdictMissed, ValLoss: 2.1, TrainSeconds: 5.4})
	if up <= 2*down {
		t.Errorf("after fewer steps missed the target: %d up, %d down", up, down)
	}
	up, down = moves(Outcome{Node: 1, Verdict: event.VerdictProvisional, ValLoss: 1.98, TrainSeconds: 5.4})
	if down <= 2*up {
		t.Errorf("after fewer steps held the target: %d up, %d down", up, down)
	}
}

func TestTunerMovesFractionsNearOne(t *testing.T) {
	c := constant{Place: "BETA", Ordinal: 1, Top: true, Value: 0.999, Line: 1, EndLine: 1}
	s := newSearch(Brief{Seed: 1, Node: 1}, [][]constant{{c}})
	for range 100 {
		if to := s.shift(c, c.Value); to == c.Value || to <= 0.99 || to >= 1 {
			t.Fatalf("0.999 moved to %v", to)
		}
	}
}

func TestTunerThatHasTriedEverythingSaysSo(t *testing.T) {
	b := briefOf(t, "micro/7", python(t))
	b.Files = map[string]string{b.Script: "x = 1\n"}
	b.Steps = 0
	b.Try = func(context.Context, map[string]string) ([]taskdata.Violation, error) {
		return []taskdata.Violation{{Rule: "all"}}, nil
	}
	var no *Refusal
	if err := (&tuner{python: python(t)}).Propose(t.Context(), b, nil); !errors.As(err, &no) {
		t.Errorf("got %v, want a refusal that lets the attempt go on", err)
	}
}
