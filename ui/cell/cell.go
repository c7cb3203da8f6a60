// Package cell builds rows of styled text that take an exact number of cells.
package cell

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"pitwall/internal/clean"
)

// Style is the sequence that switches a style on; styles add up by concatenation.
// "" is the terminal's own.
type Style string

const reset = "\x1b[m"

// Row is one row of a screen under construction. All that is put into it passes
// package clean; what does not fit is cut.
type Row struct {
	b     strings.Builder
	used  int
	width int
	base  Style
}

// New returns an empty row of width cells.
func New(width int) *Row { return On(width, "") }

// On returns an empty row of width cells on a style, such as a background, that
// every piece and the padding carry.
func On(width int, base Style) *Row { return &Row{width: max(width, 0), base: base} }

// Left returns the cells that are still free.
func (r *Row) Left() int { return r.width - r.used }

// Put adds s in a style, cut with … where it does not fit.
func (r *Row) Put(st Style, s string) *Row {
	if s == "" || r.Left() <= 0 {
		return r
	}
	s = clean.Head(s, r.Left())
	w := clean.Width(s)
	if w > r.Left() {
		s = Cut(s, r.Left())
		w = clean.Width(s)
	}
	st = r.base + st
	if st == "" {
		r.b.WriteString(s)
	} else {
		r.b.WriteString(string(st))
		r.b.WriteString(s)
		r.b.WriteString(reset)
	}
	r.used += w
	return r
}

// Raw adds s, which is w cells wide and carries its own styles. It is left out
// where it does not fit.
func (r *Row) Raw(s string, w int) *Row {
	if w <= r.Left() {
		r.b.WriteString(s)
		r.used += w
	}
	return r
}

// To fills with spaces up to column x.
func (r *Row) To(x int) *Row {
	if n := min(x, r.width) - r.used; n > 0 {
		r.space(n)
	}
	return r
}

// Gap adds n spaces.
func (r *Row) Gap(n int) *Row { return r.To(r.used + n) }

// Rest adds other at the right end; where the two do not fit with a space
// between, other is left out.
func (r *Row) Rest(other *Row) *Row {
	if other.used == 0 || other.used+1 > r.Left() {
		return r
	}
	r.To(r.width - other.used)
	r.b.WriteString(other.b.String())
	r.used += other.used
	return r
}

// Used returns the cells that are filled.
func (r *Row) Used() int { return r.used }

// String returns the row, padded to its width.
func (r *Row) String() string {
	if n := r.Left(); n > 0 {
		r.space(n)
	}
	return r.b.String()
}

const blanks = "                                                                                                                                "

func (r *Row) space(n int) {
	r.used += n
	if r.base != "" {
		r.b.WriteString(string(r.base))
	}
	for n > 0 {
		k := min(n, len(blanks))
		r.b.WriteString(blanks[:k])
		n -= k
	}
	if r.base != "" {
		r.b.WriteString(reset)
	}
}

// Cut shortens s to at most w cells, the last being … where something was cut.
func Cut(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if n := clean.Width(s); n <= w {
		return s
	} else if n == len(s) {
		return s[:w-1] + "…"
	}
	return ansi.Truncate(s, w, "…")
}

// Blank returns h empty rows of width w.
func Blank(w, h int) []string {
	rows := make([]string, max(h, 0))
	e := New(w).String()
	for i := range rows {
		rows[i] = e
	}
	return rows
}

// Fit cuts rows to h, or adds empty ones of width w.
func Fit(rows []string, w, h int) []string {
	h = max(h, 0)
	if len(rows) >= h {
		return rows[:h]
	}
	return append(rows, Blank(w, h-len(rows))...)
}

// Beside puts blocks of rows side by side with a thin line between them. All
// blocks must have the same number of rows.
func Beside(line Style, blocks ...[]string) []string {
	if len(blocks) == 0 {
		return nil
	}
	bar := string(line) + "│" + reset
	rows := make([]string, len(blocks[0]))
	for i := range rows {
		var b strings.Builder
		for j, block := range blocks {
			if j > 0 {
				b.WriteString(bar)
			}
			b.WriteString(block[i])
		}
		rows[i] = b.String()
	}
	return rows
}

// Wrap breaks clean text at spaces into lines of at most w cells.
func Wrap(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	return strings.Split(ansi.Wrap(s, w, ""), "\n")
}

// cursor marks the cell where the terminal's cursor goes: a sequence that takes no
// cell. Text cannot hold it, since all of it is clean.
const cursor = "\x1b_pitwall\x1b\\"

// Cursor puts the terminal's cursor on the cell that comes next, or on the last one
// where the row is full.
func (r *Row) Cursor() *Row {
	r.b.WriteString(cursor)
	return r
}

// TakeCursor removes the mark that Cursor left in rows, and gives its cell. ok is
// false where there is none. Of several the last one counts.
func TakeCursor(rows []string) (x, y int, ok bool) {
	for i, row := range rows {
		for {
			before, after, found := strings.Cut(row, cursor)
			if !found {
				break
			}
			row = before + after
			rows[i] = row
			x, y, ok = ansi.StringWidth(before), i, true
			if after == "" && x > 0 {
				x--
			}
		}
	}
	return x, y, ok
}

// AtCursor puts the terminal's cursor on a cell of a finished row.
func AtCursor(row string, x int) string {
	return ansi.Truncate(row, x, "") + cursor + ansi.TruncateLeft(row, x, "")
}
