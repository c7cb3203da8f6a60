package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
	"pitwall/ui/widget"
)

// remarkBytes is how much a note on an attempt takes.
const remarkBytes = 2000

// historyNote is a note on an attempt while it is typed, over the list.
type historyNote struct {
	m        *Model
	id, name string
	field    *widget.Note
}

func newHistoryNote(m *Model, s store.Summary) *historyNote {
	name := attemptName(s)
	return &historyNote{m: m, id: s.ID, name: name, field: widget.NewNote("note on "+name, s.Note, remarkBytes)}
}

// key takes a key; closed is true once the note is done with.
func (n *historyNote) key(k tea.KeyPressMsg) (cmd tea.Cmd, closed bool) {
	closed, keep := n.field.Key(k)
	if !keep {
		return nil, closed
	}
	st, ctx, id, name := n.m.o.Store, n.m.frame.Context, n.id, n.name
	text := strings.TrimSpace(n.field.Text())
	return func() tea.Msg {
		return historyMsg{what: "keep the note on " + name, id: id, err: st.SetNote(ctx, id, text)}
	}, closed
}

// line gives the last line, with what the keys do.
func (n *historyNote) line(w int) string {
	return n.m.help.Line(n.field.Keys("keep"), widget.Key{Show: "esc", Does: "as it was"}, w)
}
