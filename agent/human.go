package agent

import "context"

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
	return ed.Own(ctx, d)
}
