package ui

import (
	tea "charm.land/bubbletea/v2"

	"pitwall/store"
)

// preflight is whether a run can be started on this machine, and the one way to
// start an attempt. The root owns it.
type preflight struct {
	m       *Model
	blocked string // why no run can be started, "" where one can, as far as is known
}

type preflightMsg struct{ err error }

// ask looks whether a run can be started.
func (p *preflight) ask() tea.Cmd {
	look, ctx := p.m.o.Preflight, p.m.frame.Context
	if look == nil {
		return nil
	}
	return func() tea.Msg { return preflightMsg{look(ctx)} }
}

func (p *preflight) take(err error) {
	p.blocked = ""
	if err != nil {
		p.blocked = oneLine(err)
	}
}

// launch starts an attempt. blocked says that this machine can run none. It is slow.
func (p *preflight) launch(spec store.Spec) (id string, blocked bool, err error) {
	if look := p.m.o.Preflight; look != nil {
		if err := look(p.m.frame.Context); err != nil {
			return "", true, err
		}
	}
	id, err = p.m.o.Start(p.m.frame.Context, spec)
	return id, false, err
}
