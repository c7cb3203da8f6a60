package markdown

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"pitwall/internal/clean"
	"pitwall/ui/cell"
)

// wrap adds text as rows that it breaks at spaces, and within words that are
// wider than a row.
func (d *document) wrap(text []fragment) {
	for _, row := range wrapped(text, d.room()) {
		d.put(row)
	}
}

// wrapExact is wrap for text in which each space counts. Rows after a break are
// hang cells further in, where there is room for that.
func (d *document) wrapExact(text []fragment, hang int) {
	room := d.room()
	l := &layout{w: room, hang: min(hang, room/4), exact: true}
	for _, row := range l.of(text) {
		d.put(row)
	}
}

// wrapped lays text out in rows of at most w cells; never in none.
func wrapped(text []fragment, w int) [][]fragment {
	return (&layout{w: max(w, 1)}).of(text)
}

func (l *layout) of(text []fragment) [][]fragment {
	l.rows = [][]fragment{nil}
	for _, f := range text {
		l.add(f)
	}
	l.place()
	return l.rows
}

// layout is rows under construction. A word may have several styles, so it is
// gathered until its end is seen.
type layout struct {
	w, hang int
	exact   bool
	rows    [][]fragment
	used    int // cells of the last row
	gap     fragment
	word    []fragment
	cells   int // of the word
}

func (l *layout) add(f fragment) {
	for s := f.text; s != ""; {
		switch {
		case f.text == newline:
			l.place()
			l.rows, l.used, l.gap = append(l.rows, nil), 0, fragment{}
			return
		case spaced(s[0]):
			l.place()
			n := len(s) - len(strings.TrimLeft(s, " \n"))
			l.gap = fragment{f.style, " "}
			if l.exact {
				l.gap.text = s[:n]
			}
			s = s[n:]
		default:
			n := strings.IndexAny(s, " \n")
			if n < 0 {
				n = len(s)
			}
			l.word = append(l.word, fragment{f.style, s[:n]})
			l.cells += clean.Width(s[:n])
			s = s[n:]
		}
	}
}

// place puts the word, and the gap before it, into the last row or a new one.
func (l *layout) place() {
	if len(l.word) == 0 {
		return
	}
	gap := len(l.gap.text)
	switch {
	case l.used == 0 && !l.exact:
	case l.used+gap+l.cells <= l.w:
		l.put(l.gap, gap)
	case l.used == 0 && gap < l.w/2: // the indentation of a line that is too long
		l.put(l.gap, gap)
	case l.used > 0:
		l.next()
	}
	for _, f := range l.word {
		l.hard(f)
	}
	l.word, l.cells, l.gap = l.word[:0], 0, fragment{}
}

func (l *layout) put(f fragment, cells int) {
	if f.text == "" {
		return
	}
	last := &l.rows[len(l.rows)-1]
	if n := len(*last); n > 0 && (*last)[n-1].style == f.style {
		(*last)[n-1].text += f.text
	} else {
		*last = append(*last, f)
	}
	l.used += cells
}

func (l *layout) next() {
	l.rows, l.used = append(l.rows, nil), 0
	l.put(fragment{"", strings.Repeat(" ", l.hang)}, l.hang)
}

// hard puts a piece of a word, broken wherever a row ends.
func (l *layout) hard(f fragment) {
	n := clean.Width(f.text)
	if l.used+n <= l.w {
		l.put(f, n)
		return
	}
	for part := range strings.SplitSeq(ansi.Hardwrap(f.text, max(l.w-l.hang, 1), true), "\n") {
		n := clean.Width(part)
		if l.used > 0 && l.used+n > l.w {
			l.next()
		}
		l.put(fragment{f.style, part}, n)
	}
}

// wide returns the cells that text takes in one row.
func wide(text []fragment) int {
	n := 0
	for _, f := range text {
		if f.text == newline {
			n++
			continue
		}
		n += clean.Width(f.text)
	}
	return n
}

// longest returns the cells of the longest word.
func longest(text []fragment) int {
	most, n := 0, 0
	for _, f := range text {
		for i, w := range strings.FieldsFunc(f.text, func(r rune) bool { return r == ' ' || r == '\n' || r == '\r' }) {
			if i > 0 || spaced(f.text[0]) {
				n = 0
			}
			n += clean.Width(w)
			most = max(most, n)
		}
		if s := f.text; s == newline || spaced(s[len(s)-1]) {
			n = 0
		}
	}
	return most
}

// restyled lays a style under text.
func restyled(text []fragment, st cell.Style) []fragment {
	out := make([]fragment, len(text))
	for i, f := range text {
		out[i] = fragment{st + f.style, f.text}
	}
	return out
}
