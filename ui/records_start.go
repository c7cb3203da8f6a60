package ui

import (
	tea "charm.land/bubbletea/v2"
)

// recordStart starts an attempt from home with what is chosen there, and knows why
// it cannot.
type recordStart struct {
	m        *Model
	choice   *choice
	starting bool
}

// start starts an attempt on the chosen task, once however often it is asked.
func (b *recordStart) start() tea.Cmd {
	t, a := b.choice.ready(), b.choice.chosenAgent()
	if b.starting || t == nil || a == nil {
		return nil
	}
	m, task, tr, agent, hint, nodes := b.m, *t, b.choice.current(), a.Name, string(b.choice.hintName(t)), b.choice.nodes
	b.starting = true
	return func() tea.Msg {
		spec, err := m.defaults(&task, tr, agent)
		if err != nil {
			return startedMsg{err: err}
		}
		spec.Hint, spec.Nodes = hint, nodes
		id, blocked, err := m.preflight.launch(spec)
		return startedMsg{id, err, blocked}
	}
}

// can says whether Enter starts something; if not, why.
func (b *recordStart) can() (bool, string) {
	t, a := b.choice.task(), b.choice.chosenAgent()
	switch {
	case b.choice.record() == nil:
		return false, ""
	case t == nil:
		return false, "no task starts at this record"
	case !t.Ready:
		return false, t.Why
	case b.m.o.Start == nil:
		return false, "this machine can only look at attempts"
	case a == nil:
		return false, "there is no agent"
	case !a.Ready && !a.Model: // of a model that is not, its page says why
		return false, a.Name + ": " + a.Why
	case b.starting:
		return false, "starting…"
	}
	return true, ""
}

// refuse says why Enter starts nothing.
func (b *recordStart) refuse(why string) func() tea.Cmd {
	if t := b.choice.task(); t != nil && !t.Ready {
		why = t.ID() + " cannot be attempted yet: " + why
	}
	return func() tea.Cmd { return b.m.frame.Say(why, false) }
}

// importable reports whether the chosen record's task waits for an import that the
// screen can do.
func (b *recordStart) importable() bool {
	t := b.choice.task()
	return b.m.o.Import != nil && t != nil && !t.Ready
}
