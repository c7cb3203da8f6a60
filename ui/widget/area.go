package widget

import (
	"strings"

	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"pitwall/internal/clean"
	"pitwall/ui/cell"
)

// Area is a text of several lines that is typed, wrapped at its width. The keys are
// those of bubbles' textarea, without its clipboard and its selection: terminals
// select and paste by themselves. Enter is not one of them: the room decides what
// it means, and calls Break for a new line.
type Area struct {
	in   textarea.Model
	most int
}

// areaLines bounds the lines of an area.
const areaLines = 200

// NewArea returns an empty area that takes as many bytes as most.
func NewArea(most int) *Area {
	in := textarea.New()
	in.Prompt, in.EndOfBufferCharacter, in.ShowLineNumbers = "", ' ', false
	in.CharLimit, in.MaxHeight = 0, areaLines
	in.SetStyles(textarea.Styles{})
	in.SetVirtualCursor(false)
	for _, b := range []interface{ SetEnabled(bool) }{
		&in.KeyMap.Paste, &in.KeyMap.CopySelection, &in.KeyMap.InsertNewline, // the first two run xclip and the like
		&in.KeyMap.SelectAll, &in.KeyMap.SelectCharacterBackward, &in.KeyMap.SelectCharacterForward,
		&in.KeyMap.SelectLineDown, &in.KeyMap.SelectLineUp, &in.KeyMap.SelectWordBackward, &in.KeyMap.SelectWordForward,
	} {
		b.SetEnabled(false)
	}
	in.Focus()
	return &Area{in: in, most: most}
}

// Text gives what was typed: clean lines.
func (a *Area) Text() string { return a.in.Value() }

// Set replaces the text; the cursor stands behind it.
func (a *Area) Set(text string) {
	a.in.Reset()
	a.Insert(text)
}

// Key takes a key that types or edits; others mean nothing to it.
func (a *Area) Key(k tea.KeyPressMsg) {
	if k.Text != "" {
		a.Insert(k.Text)
		return
	}
	a.in, _ = a.in.Update(k)
	a.settle()
}

// Break begins a new line at the cursor.
func (a *Area) Break() { a.Insert("\n") }

// Insert puts text where the cursor is: what was typed, or pasted. What is more than
// the area takes is left out.
func (a *Area) Insert(text string) {
	text = head(Several(text), a.most-len(a.Text()))
	if room := areaLines - a.in.LineCount(); strings.Count(text, "\n") > room {
		lines := strings.Split(text, "\n")
		text = strings.Join(lines[:max(room, 0)+1], "\n")
	}
	if text != "" {
		a.in, _ = a.in.Update(tea.PasteMsg{Content: text})
		a.settle()
	}
}

// settle makes the value clean again: pieces that are clean each may not be so together.
func (a *Area) settle() {
	now := a.in.Value()
	tidy := head(Several(now), a.most)
	if tidy == now {
		return
	}
	row, before := a.in.Line(), a.in.Column()
	if lines := strings.Split(now, "\n"); row < len(lines) {
		before = len([]rune(clean.Line(string([]rune(lines[row])[:min(before, len([]rune(lines[row])))]))))
	}
	a.in.SetValue(tidy)
	a.in.MoveToBegin()
	for a.in.Line() < row {
		at := a.in.Line()
		a.in.CursorEnd()
		if a.in.CursorDown(); a.in.Line() == at {
			break
		}
	}
	a.in.SetCursorColumn(before)
}

// Rows gives the area in exactly h rows of w cells, with the cursor in one of them.
func (a *Area) Rows(w, h int, st cell.Style) []string {
	w, h = max(w, 1), max(h, 1)
	a.in.SetWidth(w)
	a.in.SetHeight(h)
	a.in, _ = a.in.Update(nil) // scrolls to the cursor at this size
	drawn := strings.Split(ansi.Strip(a.in.View()), "\n")
	info, y := a.in.LineInfo(), 0
	if c := a.in.Cursor(); c != nil {
		y = min(max(c.Y, 0), h-1)
	}
	rows := make([]string, h)
	for i := range rows {
		row, text := cell.New(w), ""
		if i < len(drawn) {
			text = drawn[i]
		}
		if i != y {
			rows[i] = row.Put(st, cell.Cut(text, w)).String()
			continue
		}
		rs := []rune(text)
		x := min(clean.Width(string(rs[:min(info.ColumnOffset, len(rs))])), w-1)
		at := cutAt(text, x)
		rows[i] = row.Put(st, text[:at]).Cursor().Put(st, cell.Cut(text[at:], row.Left())).String()
	}
	return rows
}
