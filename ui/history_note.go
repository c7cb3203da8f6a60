package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
	"pitwall/ui/cell"
	"pitwall/ui/widget"
)

// The note on an attempt: as many bytes as it takes, and its box.
const (
	remarkBytes = 2000
	noteWidth   = 64
	noteHeight  = 6
)

// noteField is a note on an attempt while it is typed, over the list.
type noteField struct {
	m        *Model
	id, name string
	area     *widget.Area
}

func newNoteField(m *Model, s store.Summary) *noteField {
	f := &noteField{m: m, id: s.ID, name: attemptName(s), area: widget.NewArea(remarkBytes)}
	f.area.Set(s.Note)
	return f
}

// key takes a key; closed is true once the note is done with.
func (f *noteField) key(k tea.KeyPressMsg) (cmd tea.Cmd, closed bool) {
	switch k.Keystroke() { // not String: pasted text may spell a key
	case "enter":
		st, ctx, id, name := f.m.o.Store, f.m.ctx, f.id, f.name
		text := strings.TrimSpace(f.area.Text())
		return func() tea.Msg {
			return historyMsg{what: "keep the note on " + name, id: id, err: st.SetNote(ctx, id, text)}
		}, true
	case "alt+enter", "shift+enter", "ctrl+j":
		f.area.Break()
	case "esc", "ctrl+c":
		return nil, true
	default:
		f.area.Key(k)
	}
	return nil, false
}

// over lays the field over a screen of exactly the rows given.
func (f *noteField) over(screen []string, w int) []string {
	inner := min(noteWidth, w-4)
	high := min(noteHeight, len(screen)-2)
	if inner < 1 || high < 1 {
		return screen
	}
	rows := f.area.Rows(inner, high, "")
	for i, row := range rows {
		rows[i] = cell.New(inner+2).Gap(1).Raw(row, inner).String()
	}
	box := widget.Boxed(rows, inner+2, "note on "+f.name, f.m.th.accent, f.m.th.bold)
	return widget.Over(screen, box, w, (w-inner-4)/2, (len(screen)-len(box))/2)
}

// line gives the last line, with what the keys do.
func (f *noteField) line(w int) string {
	keys := []widget.Key{{Show: "enter", Does: "keep"}, {Show: "alt+enter", Does: "new line"}}
	return f.m.help.Line(keys, widget.Key{Show: "esc", Does: "as it was"}, w)
}
