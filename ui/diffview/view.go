package diffview

import (
	"fmt"
	"strconv"

	"pitwall/ui/cell"
	"pitwall/ui/code"
)

// Theme is the styles of a diff. Rows of added and removed lines lie on Add and
// Del; what changed within a line on AddWord and DelWord.
type Theme struct {
	Add, Del, AddWord, DelWord cell.Style
	AddSign, DelSign           cell.Style
	Number, Fold, Caret, Focus cell.Style
}

// View says how to draw a diff.
type View struct {
	Theme    Theme
	Paint    code.Paint
	Caret    int // line of the new version that is being written; 0 for none
	From, To int // lines of the new version, To left out, that belong to the edit looked at
}

// Rows draws rows top to top+h-1 of the picture, each of w cells.
func (d *Diff) Rows(v View, top, w, h int) []string {
	digits := 1
	if n := len(d.Lines); n > 0 {
		digits = max(len(strconv.Itoa(max(d.Lines[n-1].Old, d.Lines[n-1].New, 1))), 3)
	}
	rows := make([]string, 0, max(h, 0))
	for i := max(top, 0); i < len(d.rows) && len(rows) < h; i++ {
		if r := d.rows[i]; r.fold > 0 {
			unit := "lines"
			if r.fold == 1 {
				unit = "line"
			}
			rows = append(rows, cell.New(w).Put(v.Theme.Fold, fmt.Sprintf(" ⋯ %d unchanged %s ⋯", r.fold, unit)).String())
			continue
		}
		rows = append(rows, d.row(v, d.rows[i].line, w, digits))
	}
	return cell.Fit(rows, w, h)
}

func (d *Diff) row(v View, i, w, digits int) string {
	l := &d.Lines[i]
	th := v.Theme
	base, word, number, sign := cell.Style(""), cell.Style(""), th.Number, " "
	switch l.Op {
	case Add:
		base, word, number, sign = th.Add, th.AddWord, th.AddSign, "+"
	case Del:
		base, word, number, sign = th.Del, th.DelWord, th.DelSign, "-"
	}
	r := cell.On(w, base)
	if v.To > v.From && l.New >= v.From && l.New < v.To {
		r.Put(th.Focus, "▎")
	} else {
		r.Gap(1)
	}
	if w >= 56 {
		r.Put(number, lineNumber(l.Old, digits)).Gap(1).Put(number, lineNumber(l.New, digits))
	} else if l.Op == Del {
		r.Put(number, lineNumber(l.Old, digits))
	} else {
		r.Put(number, lineNumber(l.New, digits))
	}
	r.Gap(1).Put(number, sign).Gap(1)
	if l.Op != Same {
		d.words(i)
	}
	text(r, l.Text, v.Paint[l.Text], l.marks, word)
	if v.Caret > 0 && l.New == v.Caret {
		r.Put(th.Caret, "▌")
	}
	return r.String()
}

func lineNumber(n, digits int) string {
	if n == 0 {
		return fmt.Sprintf("%*s", digits, "")
	}
	return fmt.Sprintf("%*d", digits, n)
}

// text puts a line in its colours, with marks on a background of their own.
func text(r *cell.Row, s string, spans []code.Span, marks []span, word cell.Style) {
	at, si, left := 0, 0, 0
	if len(spans) > 0 {
		left = spans[0].Bytes
	}
	for at < len(s) && r.Left() > 0 {
		end, st := len(s), cell.Style("")
		if si < len(spans) {
			end, st = min(end, at+left), spans[si].Style
		}
		for len(marks) > 0 && marks[0].to <= at {
			marks = marks[1:]
		}
		if len(marks) > 0 {
			if at < marks[0].from {
				end = min(end, marks[0].from)
			} else {
				end = min(end, marks[0].to)
				st = word + st
			}
		}
		r.Put(st, s[at:end])
		left -= end - at
		at = end
		for si < len(spans) && left <= 0 {
			if si++; si < len(spans) {
				left = spans[si].Bytes
			}
		}
	}
}
