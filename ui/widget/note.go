package widget

import (
	tea "charm.land/bubbletea/v2"

	"pitwall/ui/cell"
)

// The text of a note, in cells; less where the screen is small.
const (
	noteWidth  = 64
	noteHeight = 6
)

// Note is a text of several lines that is typed in a box over a screen.
type Note struct {
	area  *Area
	title string
}

// NewNote opens a note that takes as many bytes as most, with a text to begin with.
func NewNote(title, text string, most int) *Note {
	n := &Note{area: NewArea(most), title: title}
	n.area.Set(text)
	return n
}

// Text gives what was typed: clean lines.
func (n *Note) Text() string { return n.area.Text() }

// Key takes a key, or pasted text as the text of one. closed is true once the note is
// done with; keep says that its text is to be taken.
func (n *Note) Key(k tea.KeyPressMsg) (closed, keep bool) {
	switch k.Keystroke() { // not String: pasted text may spell a key
	case "enter":
		return true, true
	case "esc", "ctrl+c":
		return true, false
	case "alt+enter", "shift+enter", "ctrl+j":
		n.area.Break()
	default:
		n.area.Key(k)
	}
	return false, false
}

// Keys gives the keys that end the note or a line of it; keep says what enter does.
func (n *Note) Keys(keep string) []Key {
	return []Key{{"enter", keep}, {"alt+enter", "new line"}}
}

// Over lays the note over a screen whose rows are w cells wide, with the cursor in it.
func (n *Note) Over(screen []string, w int, border, heading cell.Style) []string {
	inner, high := min(noteWidth, w-4), min(noteHeight, len(screen)-2)
	if inner < 1 || high < 1 {
		return screen
	}
	rows := n.area.Rows(inner, high, "")
	for i, row := range rows {
		rows[i] = cell.New(inner+2).Gap(1).Raw(row, inner).String()
	}
	box := Boxed(rows, inner+2, n.title, border, heading)
	return Over(screen, box, w, (w-inner-4)/2, (len(screen)-len(box))/2)
}
