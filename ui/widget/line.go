package widget

import (
	"slices"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"pitwall/internal/clean"
	"pitwall/ui/cell"
)

// Line is one line of text that is typed. The keys are those of bubbles'
// textinput: cursor, word, home and end, deleting to either side. The rows are its
// own, for textinput counts runes where a terminal counts cells: its view is three
// cells wider than it is told, and its cursor is off behind a wide character.
//
// The zero Line takes nothing: make one by NewLine.
type Line struct {
	// Placeholder stands where nothing was typed; it is no value.
	Placeholder string

	in   textinput.Model
	most int
	left int // cells that are scrolled off
}

// NewLine returns an empty line that takes as many bytes as most.
func NewLine(most int) Line {
	in := textinput.New()
	in.Prompt = ""
	in.SetVirtualCursor(false)
	in.KeyMap.Paste.SetEnabled(false) // it runs xclip and the like; terminals paste by themselves
	in.KeyMap.AcceptSuggestion.SetEnabled(false)
	in.KeyMap.NextSuggestion.SetEnabled(false)
	in.KeyMap.PrevSuggestion.SetEnabled(false)
	in.Focus()
	return Line{in: in, most: most}
}

// Text gives what was typed. It is clean.
func (l *Line) Text() string { return l.in.Value() }

// Cells gives how many cells show all of the text, and the cursor behind it.
func (l *Line) Cells() int { return clean.Width(l.Text()) + 1 }

// Set replaces the text; the cursor stands behind it.
func (l *Line) Set(text string) {
	l.in.SetValue(head(OneLine(text), l.most))
	l.in.CursorEnd()
	l.settle()
}

// Key takes a key that types or edits; others mean nothing to it. Pasted text is
// given to Insert: it may spell a key.
func (l *Line) Key(k tea.KeyPressMsg) {
	if k.Text != "" {
		l.Insert(k.Text)
		return
	}
	// textinput looks behind the end of a line whose last word is deleted forwards.
	if key.Matches(k, l.in.KeyMap.DeleteWordForward) && l.in.Position() >= len([]rune(l.Text()))-1 {
		k = tea.KeyPressMsg{Code: tea.KeyDelete}
	}
	l.in, _ = l.in.Update(k)
	l.settle()
}

// Insert puts text where the cursor is: what was typed, or pasted. What is more than
// the line takes is left out.
func (l *Line) Insert(text string) {
	text = head(OneLine(text), l.most-len(l.Text()))
	if text != "" {
		l.in, _ = l.in.Update(tea.PasteMsg{Content: text})
		l.settle()
	}
}

// settle makes the value clean again: pieces that are clean each may not be so
// together, as when marks lose the letter that they stand on.
func (l *Line) settle() {
	now := l.in.Value()
	tidy := head(OneLine(now), l.most)
	if tidy == now {
		return
	}
	before := string([]rune(now)[:l.in.Position()])
	l.in.SetValue(tidy)
	l.in.SetCursor(len([]rune(OneLine(before))))
}

// Draw adds the line to a row in exactly w cells, with the cursor in one of them.
// What does not fit is scrolled, so that the cursor shows.
func (l *Line) Draw(row *cell.Row, w int, text, placeholder cell.Style) {
	w = min(w, row.Left())
	if w <= 0 {
		return
	}
	if l.Text() == "" {
		end := row.Used() + w
		row.Cursor().Put(placeholder, cell.Cut(clean.Line(l.Placeholder), w)).To(end)
		return
	}
	shown, at := l.window(w)
	cut := cutAt(shown, at)
	row.Put(text, shown[:cut]).Cursor().Put(text, shown[cut:])
}

// narrow is the width below which no … says that there is more: it would hide what
// is typed.
const narrow = 4

// window gives what shows in w cells, which it takes all, and the cursor's cell.
func (l *Line) window(w int) (shown string, at int) {
	value := l.Text()
	at = clean.Width(string([]rune(value)[:l.in.Position()]))
	total := clean.Width(value)
	l.scroll(w, at, total)
	from, to := l.left, l.left+w
	var b []byte
	if from > 0 && w >= narrow {
		from++
		b = append(b, "…"...)
	}
	cut := total > to && w >= narrow
	if cut {
		to--
	}
	used := from
	for x := 0; value != "" && x < to; {
		g, n := ansi.FirstGraphemeCluster(value, ansi.GraphemeWidth)
		value = value[len(g):]
		if x >= from && x+n <= to {
			b = append(b, slices.Repeat([]byte(" "), x-used)...)
			b = append(b, g...)
			used = x + n
		}
		x += n
	}
	b = append(b, slices.Repeat([]byte(" "), max(to-used, 0))...)
	if cut {
		b = append(b, "…"...)
	}
	return string(b), min(max(at-l.left, 0), w-1)
}

// scroll moves the window of w cells as little as shows the cursor at a cell, and
// never under the … of an end that is cut.
func (l *Line) scroll(w, at, total int) {
	if total < w {
		l.left = 0
		return
	}
	l.left = min(l.left, total+1-w) // a cell for the cursor behind the text
	right := at
	if at < total {
		right += 2 // wide characters take two cells
	}
	l.left = max(l.left, min(right, total)-w+1)
	if w < narrow {
		l.left = min(l.left, at)
	} else if at <= l.left+1 {
		l.left = max(at-2, 0)
	}
}

// cutAt gives the byte at which the character in a cell of clean text begins.
func cutAt(s string, cells int) int {
	n := 0
	for x := 0; n < len(s); {
		g, w := ansi.FirstGraphemeCluster(s[n:], ansi.GraphemeWidth)
		if x += w; x > cells {
			break
		}
		n += len(g)
	}
	return n
}
