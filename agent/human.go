package agent

import (
	"context"

	"pitwall/store/event"
)

// human is a person who writes each node in an editor of their own.
type human struct{}

func (human) RunsUnchanged() bool { return true }
func (human) Repeats() bool       { return false }
func (human) Independent() bool   { return false }
func (human) Reads() bool         { return false }

// Propose waits for the script that a person writes, and writes what differs.
func (human) Propose(ctx context.Context, b Brief, ed *Editor) error {
	d, err := b.Await(ctx)
	if err != nil {
		return err
	}
	return ed.own(ctx, d)
}

// yours is what a phase says of a node that a person is to write.
const yours = "it is yours to write"

// await waits for a person to write node n.
func (a *attempt) await(n int) func(context.Context) (event.Decided, error) {
	return func(ctx context.Context) (event.Decided, error) {
		a.hand.await(n)
		defer a.hand.await(0)
		a.phase(event.Phase{Phase: event.PhaseAwaiting, Node: n, Detail: yours})
		var d event.Decided
		err := a.hand.wait(ctx, func() (ok bool) {
			d, ok = decision(a.w.State(), n, "", 0)
			return ok
		})
		return d, err
	}
}
