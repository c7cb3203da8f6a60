// Package diffview compares two versions of a script by lines, and draws the
// result as a unified diff with the unchanged parts folded away.
package diffview

import (
	"strings"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// Op says what became of a line.
type Op uint8

// The operations.
const (
	Same Op = iota
	Del
	Add
)

// Line is a line of either version.
type Line struct {
	Op       Op
	Old, New int    // numbers from 1; 0 where the line is not in that version
	Text     string // clean
	mate     int    // index of the line that replaces or was replaced by it, -1 if none
	marks    []span // what differs from its mate
	marked   bool
}

type span struct{ from, to int } // bytes

// Diff is the difference between two texts.
type Diff struct {
	Lines          []Line
	Added, Removed int
	rows           []row
}

// row is a row of the picture: a line, or a fold in place of n lines from line on.
type row struct{ line, fold int }

// Context is the number of unchanged lines shown around a change.
const Context = 3

// minFold is the fewest lines worth a fold's row.
const minFold = 3

// Make compares two texts. The result is never nil.
func Make(before, after string) *Diff { return (&Maker{}).Make(before, after) }

// compare diffs two lists of strings; each rune of the result's texts stands for one.
func compare(a, b []string) []diffmatchpatch.Diff {
	ids := make(map[string]rune, len(a))
	number := func(xs []string) []rune {
		rs := make([]rune, len(xs))
		for i, x := range xs {
			r, ok := ids[x]
			if !ok {
				if r = rune(len(ids) + 1); r >= 0xd800 {
					r += 0x800 // no surrogates
				}
				ids[x] = r
			}
			rs[i] = r
		}
		return rs
	}
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = 0
	return dmp.DiffMainRunes(number(a), number(b), false)
}

// pair finds, in each block of removed and added lines, those that replace each other.
func (d *Diff) pair() {
	for i := 0; i < len(d.Lines); {
		if d.Lines[i].Op == Same {
			i++
			continue
		}
		var dels, adds []int
		for ; i < len(d.Lines) && d.Lines[i].Op != Same; i++ {
			if d.Lines[i].Op == Del {
				dels = append(dels, i)
			} else {
				adds = append(adds, i)
			}
		}
		d.match(dels, adds)
	}
}

// match pairs removed lines with the added lines most like them, in order. Long
// blocks, where that would take long, are paired line by line.
func (d *Diff) match(dels, adds []int) {
	if len(dels)*len(adds) > 64 || len(dels) == len(adds) {
		for k := range min(len(dels), len(adds)) {
			d.Lines[dels[k]].mate, d.Lines[adds[k]].mate = adds[k], dels[k]
		}
		return
	}
	next := 0
	for _, i := range dels {
		best, most := -1, 0
		for k := next; k < len(adds); k++ {
			if n := alike(d.Lines[i].Text, d.Lines[adds[k]].Text); n > most {
				best, most = k, n
			}
		}
		if best >= 0 {
			d.Lines[i].mate, d.Lines[adds[best]].mate = adds[best], i
			next = best + 1
		}
	}
}

// alike gives the length of the beginning and the end that two lines share,
// indentation left out.
func alike(a, b string) int {
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	n, most := 0, min(len(a), len(b))
	for n < most && a[n] == b[n] {
		n++
	}
	k := 0
	for k < most-n && a[len(a)-1-k] == b[len(b)-1-k] {
		k++
	}
	return n + k
}

// fold lays out the rows. Where nothing changed, nothing is folded away either:
// the text is all there is to see.
func (d *Diff) fold() {
	near := make([]bool, len(d.Lines))
	if d.Added+d.Removed == 0 {
		for i := range near {
			near[i] = true
		}
	}
	for i, l := range d.Lines {
		if l.Op != Same {
			for k := max(i-Context, 0); k <= min(i+Context, len(near)-1); k++ {
				near[k] = true
			}
		}
	}
	for i := 0; i < len(d.Lines); {
		j := i
		for j < len(d.Lines) && !near[j] {
			j++
		}
		if j-i >= minFold {
			d.rows = append(d.rows, row{i, j - i})
			i = j
			continue
		}
		for j = max(j, i+1); i < j; i++ {
			d.rows = append(d.rows, row{line: i})
		}
	}
}

// Len returns the number of rows of the picture.
func (d *Diff) Len() int { return len(d.rows) }

// Find returns the row that shows line n of the new version, or the fold that hides it.
func (d *Diff) Find(n int) int {
	for i, r := range d.rows {
		last := r.line + max(r.fold, 1) - 1
		if d.Lines[last].New >= n {
			return i
		}
	}
	return max(len(d.rows)-1, 0)
}

// Changes returns the rows at which a block of changes begins.
func (d *Diff) Changes() []int {
	var at []int
	for i, r := range d.rows {
		changed := r.fold == 0 && d.Lines[r.line].Op != Same
		if changed && (i == 0 || d.rows[i-1].fold > 0 || d.Lines[d.rows[i-1].line].Op == Same) {
			at = append(at, i)
		}
	}
	return at
}

// words marks what differs between line i and its mate, once.
func (d *Diff) words(i int) {
	l := &d.Lines[i]
	if l.marked || l.mate < 0 {
		return
	}
	m := &d.Lines[l.mate]
	l.marked, m.marked = true, true
	if len(l.Text)+len(m.Text) > 1000 {
		return
	}
	before, after := l, m
	if l.Op == Add {
		before, after = m, l
	}
	a, b := tokens(before.Text), tokens(after.Text)
	i, j, same := 0, 0, 0
	var dels, adds []span
	for _, part := range compare(a, b) {
		n := utf8.RuneCountInString(part.Text)
		size := 0
		switch part.Type {
		case diffmatchpatch.DiffDelete:
			size = length(a[:n])
			dels = append(dels, span{i, i + size})
			i, a = i+size, a[n:]
		case diffmatchpatch.DiffInsert:
			size = length(b[:n])
			adds = append(adds, span{j, j + size})
			j, b = j+size, b[n:]
		default:
			size = length(a[:n])
			same += len(strings.TrimSpace(strings.Join(a[:n], "")))
			i, j, a, b = i+size, j+size, a[n:], b[n:]
		}
	}
	if 3*same < max(len(before.Text), len(after.Text)) {
		return // hardly the same line: marks would only be noise
	}
	before.marks, after.marks = dels, adds
}

func length(xs []string) int {
	n := 0
	for _, x := range xs {
		n += len(x)
	}
	return n
}

// tokens splits a line into words, runs of spaces and single other characters.
func tokens(s string) []string {
	kind := func(r rune) int {
		switch {
		case r == ' ':
			return 1
		case r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0x80:
			return 2
		}
		return 0
	}
	var out []string
	from, last := 0, 0
	for i, r := range s {
		k := kind(r)
		if i > 0 && (k != last || k == 0) {
			out = append(out, s[from:i])
			from = i
		}
		last = k
	}
	if from < len(s) {
		out = append(out, s[from:])
	}
	return out
}
