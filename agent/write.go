package agent

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/taskdata"
)

// write has the agent edit node n, shows it as it goes, and checks the rules.
func (a *attempt) write(ctx context.Context, n int) error {
	st := a.w.State()
	choose, err := scaffoldOf(a.spec.Scaffold)
	if err != nil {
		return err
	}
	parent := choose(st)
	if begun := st.Node(n); begun != nil {
		parent = begun.Parent
	} else {
		a.w.Emit(event.Node{ID: n, Parent: parent})
	}
	if n == 1 && st.Calibration == nil {
		a.w.Emit(event.Notice{Level: "info", Text: "the agent writes node 1 while the records are measured"})
	} else {
		a.w.Emit(event.Phase{Phase: event.PhaseWriting, Node: n})
	}
	files := st.Files(parent)
	ws, err := NewWorkspace(filepath.Join(a.dir, "nodes", fmt.Sprint(n)), files)
	if err != nil {
		return err
	}
	defer ws.Close()
	ed := &Editor{node: n, ws: ws, emit: a.w.Emit, pace: a.Pace}
	hint, err := a.task.HintText(taskdata.Hint(a.spec.Hint))
	if err != nil {
		return err
	}
	brief := Brief{
		Script: a.task.From.ScriptName(), Steps: a.task.From.Steps, Target: a.track.Target, Hint: hint,
		Node: n, Nodes: a.spec.Nodes, Parent: parent, Seed: a.spec.Seed,
		Files: files, Past: outcomes(st), RecordSeconds: a.task.From.Seconds, RecordLoss: lastLoss(st.Ghost(false)), Try: a.check,
	}
	if st.Calibration != nil {
		brief.RecordSeconds = sample(st.Calibration.From).mean()
	}
	var refused *Refusal
	switch err := a.agent.Propose(ctx, brief, ed); {
	case context.Cause(ctx) != nil:
		return context.Cause(ctx)
	case errors.As(err, &refused):
		a.w.Emit(event.Notice{Level: "warn", Text: fmt.Sprintf("node %d: %s", n, refused.Why)})
	case err != nil:
		return fmt.Errorf("agent %s: %w", a.spec.Agent, err)
	}
	if ed.stood == 0 && !a.agent.RunsUnchanged() {
		a.w.Emit(event.Checked{Node: n}, event.Judged{Node: n, Verdict: event.VerdictEmpty, Why: "the agent made no edit that could be applied", ValLoss: event.NaN(), TrainSeconds: event.NaN()})
		return a.w.Flush(ctx)
	}
	if st.Calibration != nil {
		a.w.Emit(event.Phase{Phase: event.PhaseChecking, Node: n})
	}
	violations, err := a.rules(ctx, a.python.Path, a.task, ws.Dir())
	if err != nil {
		return fmt.Errorf("check the rules of track %s: %w", a.track.ID, err)
	}
	checked := event.Checked{Node: n}
	for _, v := range violations {
		checked.Violations = append(checked.Violations, event.Violation{Rule: v.Rule, Line: v.Line, What: v.What})
	}
	if len(violations) == 0 {
		a.w.Emit(checked)
	} else {
		a.w.Emit(checked, breach(n, checked.Violations))
	}
	return a.w.Flush(ctx)
}

// breach is the verdict on a node that breaks the rules.
func breach(n int, vs []event.Violation) event.Judged {
	return event.Judged{Node: n, Verdict: event.VerdictInvalid, Why: broken(vs), ValLoss: event.NaN(), TrainSeconds: event.NaN()}
}

// broken says in one line which rules were broken.
func broken(vs []event.Violation) string {
	first := vs[0]
	text := fmt.Sprintf("breaks the rule %q: %s", first.Rule, first.What)
	if first.Line > 0 {
		text = fmt.Sprintf("breaks the rule %q in line %d: %s", first.Rule, first.Line, first.What)
	}
	if len(vs) > 1 {
		text += fmt.Sprintf(" (and %d more)", len(vs)-1)
	}
	return text
}

// lastLoss is the validation loss that a curve ends with, NaN where it has none.
func lastLoss(g *event.Ghost) float64 {
	loss := math.NaN()
	if g != nil {
		for _, p := range g.Points {
			if p.ValLoss.Known() {
				loss = float64(p.ValLoss)
			}
		}
	}
	return loss
}

// check is Brief.Try.
func (a *attempt) check(ctx context.Context, files map[string]string) ([]taskdata.Violation, error) {
	ws, err := NewWorkspace(filepath.Join(a.dir, "try"), files)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(ws.Dir())
	defer ws.Close()
	return a.rules(ctx, a.python.Path, a.task, ws.Dir())
}

// outcomes is what the agent is told of earlier nodes.
func outcomes(st *fold.State) []Outcome {
	var past []Outcome
	for _, n := range st.Nodes {
		if n.ID == 0 || !judged(n) {
			continue
		}
		o := Outcome{Node: n.ID, Verdict: n.State, Why: n.Why, ValLoss: float64(n.ValLoss), TrainSeconds: float64(n.TrainSeconds)}
		if n.Valid() {
			o.Why = "" // it can only speak of the next record's time, which is no agent's to know
		}
		for _, i := range n.Edits {
			if e := st.Edits[i]; e.Applied {
				o.Edits = append(o.Edits, AppliedEdit{Hunk{e.Path, e.Old, e.New}, e.Reason})
			}
		}
		past = append(past, o)
	}
	return past
}
