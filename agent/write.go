package agent

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/taskdata"
)

// write has the agent edit node n, shows it as it goes, and checks the rules. A
// node that is written already is left as it is.
func (a *attempt) write(ctx context.Context, n int) error {
	st := a.w.State()
	node := st.Node(n)
	if node.Checked {
		return nil
	}
	files := st.Files(node.Parent)
	ws, err := NewWorkspace(filepath.Join(a.dir, "nodes", fmt.Sprint(n)), files)
	if err != nil {
		return err
	}
	defer ws.Close()
	ed := &Editor{node: n, ws: ws, emit: a.w.Emit, pace: a.Pace}
	if a.spec.Gate {
		ed.gate = a.approve(n)
	}
	unchanged := a.agent.RunsUnchanged() || node.Origin == event.OriginRepeat
	var refused *Refusal
	switch err := a.propose(ctx, st, *node, files, ed); {
	case context.Cause(ctx) != nil:
		return context.Cause(ctx)
	case errors.As(err, &refused):
		a.w.Emit(event.Notice{Level: "warn", Text: fmt.Sprintf("node %d: %s", n, refused.Why)})
	case err != nil:
		return err
	}
	if ed.stood == 0 && !unchanged {
		why := "the agent made no edit that could be applied"
		if refused != nil {
			why += ": " + refused.Why
		}
		a.w.Emit(event.Checked{Node: n}, event.Judged{Node: n, Verdict: event.VerdictEmpty, Why: why, ValLoss: event.NaN(), TrainSeconds: event.NaN()})
		return a.w.Flush(ctx)
	}
	if a.waitsFor(n) {
		a.phase(event.Phase{Phase: event.PhaseChecking, Node: n})
	}
	violations, err := a.rules(ctx, a.python.Path, a.task, ws.Dir())
	if err != nil {
		return fmt.Errorf("check the rules of track %s: %w", a.track.ID, err)
	}
	checked := event.Checked{Node: n}
	for _, v := range violations {
		checked.Violations = append(checked.Violations, event.Violation{Rule: v.Rule, Line: v.Line, What: v.What, Flag: v.Flag})
	}
	a.w.Emit(checked)
	if breaches := event.Breaches(checked.Violations); len(breaches) > 0 {
		a.w.Emit(breach(n, breaches))
	}
	return a.w.Flush(ctx)
}

// propose has whoever is to write a node write it.
func (a *attempt) propose(ctx context.Context, st *fold.State, node fold.Node, files map[string]string, ed *Editor) error {
	switch node.Origin {
	case event.OriginRepeat:
		return nil
	case event.OriginCarried:
		return a.carry(ctx, ed)
	}
	b, err := a.brief(ctx, st, node, files)
	if err != nil {
		return err
	}
	if err := a.agent.Propose(ctx, b, ed); err != nil {
		var refused *Refusal
		var spent *spentError
		if errors.As(err, &refused) || errors.As(err, &spent) {
			return err
		}
		return fmt.Errorf("agent %s: %w", a.spec.Agent, err)
	}
	return nil
}

// waitsFor reports whether node n's edits are what is waited for.
func (a *attempt) waitsFor(n int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.main.Node == n && (a.main.Phase == event.PhaseWriting || a.main.Phase == event.PhaseAwaiting)
}

// brief is what an agent is told of a node.
func (a *attempt) brief(ctx context.Context, st *fold.State, node fold.Node, files map[string]string) (Brief, error) {
	hint, err := a.task.HintText(taskdata.Hint(a.spec.Hint))
	if err != nil {
		return Brief{}, err
	}
	b := Brief{
		Script: a.task.From.ScriptName(), Steps: a.task.From.Steps, Target: a.track.Target, Hint: hint,
		Node: node.ID, Nodes: a.spec.Nodes, Parent: node.Parent, Seed: a.spec.Seed, Debug: node.Origin == event.OriginDebug, Idea: node.Idea,
		Files: files, Past: outcomes(st, a.known(node)), RecordSeconds: a.task.From.Seconds, RecordLoss: lastLoss(st.Ghost(false)),
		Try: a.check(node.ID), Await: a.await(node.ID),
	}
	for _, note := range st.Notes {
		b.Notes = append(b.Notes, note.Text)
	}
	if st.Calibration != nil {
		b.RecordSeconds = sample(st.Calibration.From).mean()
	}
	if a.agent.Reads() {
		b.Data, err = a.data(ctx, st, b)
	}
	return b, err
}

// known says of which nodes an agent is told before it writes node: those that
// were judged when it was chosen. What else is judged by now is a matter of
// timing, and the agent's answer must not be.
func (a *attempt) known(node fold.Node) func(fold.Node) bool {
	together := a.agent.Independent()
	return func(n fold.Node) bool { return !together || n.ID < max(node.Batch, 1) }
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

// check is Brief.Try of a node.
func (a *attempt) check(node int) func(context.Context, map[string]string) ([]taskdata.Violation, error) {
	return func(ctx context.Context, files map[string]string) ([]taskdata.Violation, error) {
		ws, err := NewWorkspace(filepath.Join(a.dir, "try", fmt.Sprint(node)), files)
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(ws.Dir())
		defer ws.Close()
		found, err := a.rules(ctx, a.python.Path, a.task, ws.Dir())
		return slices.DeleteFunc(found, func(v taskdata.Violation) bool { return v.Flag }), err
	}
}

// outcomes is what the agent is told of earlier nodes, those that are known to it.
func outcomes(st *fold.State, known func(fold.Node) bool) []Outcome {
	var past []Outcome
	for _, n := range st.Nodes {
		if n.ID == 0 || !n.Judged() || !known(n) {
			continue
		}
		o := Outcome{Node: n.ID, Parent: n.Parent, Verdict: n.State, Why: n.Why, ValLoss: float64(n.ValLoss), TrainSeconds: float64(n.TrainSeconds)}
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
