package engine

import (
	"context"
	"errors"

	"pitwall/runner"
	"pitwall/store/event"
	"pitwall/store/fold"
)

// inherited is a run in flight that an engine before this one started and that goes
// on; the zero value where there is none.
type inherited struct {
	run  int
	hold runner.Hold // under which it goes on
}

// inherit takes up what an engine before this one left of a run. Where it goes on and
// is one of a node, it is followed on in its time; any other is ended.
func (a *attempt) inherit(ctx context.Context, r fold.Run) (bool, error) {
	hold, goesOn, err := a.Machine.TakeUp(ctx, runner.Ref(r.Ref))
	if err != nil || !goesOn {
		return false, err
	}
	switch r.Purpose {
	case event.PurposeNode, event.PurposeConfirmNode, event.PurposeConfirmFrom:
		a.inherited = inherited{r.Run, hold}
		return true, nil
	}
	return false, a.endRunOf(ctx, r, hold)
}

// endRunOf ends a run that goes on, and lets its machine go.
func (a *attempt) endRunOf(ctx context.Context, r fold.Run, hold runner.Hold) error {
	over, end := context.WithCancel(ctx)
	end() // to follow it so is to stop it
	_, err := runner.Follow(over, a.Machine, runner.Ref(r.Ref), runner.Quiet{})
	if hold != nil {
		err = errors.Join(err, hold.Release())
	}
	return err
}

// runOf is the number that the run of an order has, or will have, in the attempt.
func (a *attempt) runOf(o order) int {
	st := a.w.State()
	if r := st.Run(a.inherited.run); r != nil && r.Node == o.node && r.Purpose == o.purpose {
		return r.Run
	}
	return len(st.Runs) + 1
}

// heir gives the run of that number where it is to be followed on, once.
func (a *attempt) heir(run int) (*fold.Run, bool) {
	if run != a.inherited.run {
		return nil, false
	}
	a.inherited = inherited{}
	return a.w.State().Run(run), true
}

// disown ends a run that went on and that nothing came of.
func (a *attempt) disown(ctx context.Context) error {
	if a.inherited.run == 0 {
		return nil
	}
	r, hold := a.w.State().Run(a.inherited.run), a.inherited.hold
	a.inherited = inherited{}
	return a.endRunOf(ctx, *r, hold)
}
