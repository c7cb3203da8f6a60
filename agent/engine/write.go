package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"pitwall/agent"
	"pitwall/agent/rig"
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
	ws, err := agent.NewWorkspace(filepath.Join(a.dir, "nodes", fmt.Sprint(n)), files)
	if err != nil {
		return err
	}
	defer ws.Close()
	ed := agent.NewEditor(n, ws, a.w.Emit, a.Pace)
	if a.spec.Gate {
		ed.AskBefore(a.approve(n))
	}
	unchanged := a.agent.RunsUnchanged() || node.Origin == event.OriginRepeat
	var refused *agent.Refusal
	switch err := a.propose(ctx, st, *node, files, ed); {
	case context.Cause(ctx) != nil:
		return context.Cause(ctx)
	case errors.As(err, &refused):
		a.w.Emit(event.Notice{Level: "warn", Text: fmt.Sprintf("node %d: %s", n, refused.Why)})
	case err != nil:
		return err
	}
	if ed.Stood() == 0 && !unchanged {
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
	violations, err := a.rules(ctx, a.reader, a.task, ws.Dir())
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
func (a *attempt) propose(ctx context.Context, st *fold.State, node fold.Node, files map[string]string, ed *agent.Editor) error {
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
		var refused *agent.Refusal
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
func (a *attempt) brief(ctx context.Context, st *fold.State, node fold.Node, files map[string]string) (agent.Brief, error) {
	hint, err := a.task.HintText(taskdata.Hint(a.spec.Hint))
	if err != nil {
		return agent.Brief{}, err
	}
	b := agent.Brief{
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
	return event.Judged{Node: n, Verdict: event.VerdictInvalid, Why: rig.Broken(vs), ValLoss: event.NaN(), TrainSeconds: event.NaN()}
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
		ws, err := agent.NewWorkspace(filepath.Join(a.dir, "try", fmt.Sprint(node)), files)
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(ws.Dir())
		defer ws.Close()
		found, err := a.rules(ctx, a.reader, a.task, ws.Dir())
		return slices.DeleteFunc(found, func(v taskdata.Violation) bool { return v.Flag }), err
	}
}

// outcomes is what the agent is told of earlier nodes, those that are known to it.
func outcomes(st *fold.State, known func(fold.Node) bool) []agent.Outcome {
	var past []agent.Outcome
	for _, n := range st.Nodes {
		if n.ID == 0 || !n.Judged() || !known(n) {
			continue
		}
		o := agent.Outcome{Node: n.ID, Parent: n.Parent, Verdict: n.State, Why: n.Why, ValLoss: float64(n.ValLoss), TrainSeconds: float64(n.TrainSeconds)}
		if n.Valid() {
			o.Why = "" // it can only speak of the next record's time, which is no agent's to know
		}
		for _, i := range n.Edits {
			if e := st.Edits[i]; e.Applied {
				o.Edits = append(o.Edits, agent.AppliedEdit{Hunk: agent.Hunk{Path: e.Path, Old: e.Old, New: e.New}, Reason: e.Reason})
			}
		}
		past = append(past, o)
	}
	return past
}
