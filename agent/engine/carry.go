package engine

import (
	"context"
	"fmt"

	"pitwall/agent"
	"pitwall/store/event"
	"pitwall/store/fold"
)

// carried is what an attempt takes over from an earlier one: the cumulative mode
// of arXiv 2506.22419.
type carried struct {
	script string // "": nothing, it starts from the record
	reason string
}

// carryOver finds the result that the attempt is to start from.
func (a *attempt) carryOver(ctx context.Context, st *fold.State) error {
	if a.spec.Carry == "" || len(st.Nodes) > 1 && st.Nodes[1].Checked {
		return nil
	}
	sum, err := a.Store.Attempt(ctx, a.spec.Carry)
	if err != nil {
		return fmt.Errorf("the attempt that this one is to start from: %w", err)
	}
	before, _, err := a.findTask(sum.Spec)
	if err != nil {
		return err
	}
	if before.From.Track != a.task.From.Track || before.To.Number != a.task.From.Number {
		return &agent.ChoiceError{Err: fmt.Errorf("attempt %d is on %s, which does not lead to %s", sum.Number, sum.Task, a.task.ID())}
	}
	old, err := a.Store.StateAt(ctx, sum.ID, 0)
	if err != nil {
		return err
	}
	best := old.Best()
	if best < 1 {
		a.w.Emit(event.Notice{Level: "warn", Text: fmt.Sprintf("attempt %d has no valid node to start from: this one starts from record %d", sum.Number, a.task.From.Number)})
		return nil
	}
	a.from = carried{
		script: old.Files(best)[a.task.From.ScriptName()],
		reason: fmt.Sprintf("Carried over from node %d of attempt %d on %s.", best, sum.Number, sum.Task),
	}
	return nil
}

// carry writes the node that an earlier attempt's result is.
func (a *attempt) carry(ctx context.Context, ed *agent.Editor) error {
	return ed.Own(ctx, event.Decided{Path: a.task.From.ScriptName(), Text: a.from.script, Reason: a.from.reason})
}
