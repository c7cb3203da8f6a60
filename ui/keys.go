package ui

import (
	"pitwall/internal/clean"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
	"pitwall/ui/widget"
)

// keyBar gives the last line: as many actions as fit, and always the help.
func (m *Model) keyBar(actions []frame.Action, w int) string {
	var keys []widget.Key
	for _, a := range actions {
		if a.Bar != "" {
			keys = append(keys, widget.Key{Show: a.Show, Does: a.Bar})
		}
	}
	return m.help.Line(keys, widget.Key{Show: "?", Does: "help"}, w)
}

// helped lays every key of the room over the screen.
func (m *Model) helped(screen []string, w, h int) []string {
	var keys []widget.Key
	show, does := 0, 0
	for _, a := range append(m.now.Actions(), frame.Action{Show: "ctrl+c", Does: "leave pitwall; what runs goes on"}) {
		if a.Does != "" {
			keys = append(keys, widget.Key{Show: a.Show, Does: a.Does})
			show, does = max(show, clean.Width(a.Show)), max(does, clean.Width(a.Does))
		}
	}
	inner := show + 2 + does
	if w-inner < 16 { // too little would show beside the box
		inner = w - 4
	}
	list := m.help.List(keys, inner)
	m.keys.Set(list, inner, min(len(list), h-3))
	rows := m.keys.Rows()
	for i, row := range rows {
		rows[i] = cell.New(inner+2).Gap(1).Raw(row, inner).String()
	}
	box := widget.Boxed(rows, inner+2, "keys of "+m.now.Title(), m.frame.Theme.Faint, m.frame.Theme.Bold)
	last := cell.New(w).Gap(1).Put(m.frame.Theme.Accent, "esc").Put(m.frame.Theme.Dim, " back")
	if m.keys.Moves() {
		last.Put(m.frame.Theme.Faint, " · ").Put(m.frame.Theme.Accent, "↑ ↓").Put(m.frame.Theme.Dim, " more")
	}
	screen = widget.Over(screen, box, w, (w-inner-4)/2, max((h-1-len(box))/2, 0))
	screen[h-1] = last.String()
	return screen
}
