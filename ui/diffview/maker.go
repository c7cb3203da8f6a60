package diffview

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"

	"pitwall/internal/clean"
)

// Maker makes diffs of texts that differ little from those it was given before,
// such as a script into which an edit is being written: it cleans and compares
// only the lines between the first and the last that are new. Its zero value is
// ready. It keeps the two texts.
type Maker struct{ before, after lines }

// Make compares two texts, as the function Make does.
func (m *Maker) Make(before, after string) *Diff {
	m.before.set(before)
	m.after.set(after)
	return between(&m.before, &m.after)
}

// lines is a text cut into lines. They are known by where they end, so that one
// that stays from text to text does not keep the older text in memory.
type lines struct {
	text string
	line []lineEnd
	seen int // lines that were cleaned, in all; for tests
}

type lineEnd struct {
	end   int    // with its break
	clean string // where it is not the line itself
	other bool   // it is not the line itself
}

func (l *lines) len() int { return len(l.line) }

func (l *lines) start(i int) int {
	if i == 0 {
		return 0
	}
	return l.line[i-1].end
}

// raw returns line i without its break.
func (l *lines) raw(i int) string {
	s := strings.TrimSuffix(l.text[l.start(i):l.line[i].end], "\n")
	return strings.TrimSuffix(s, "\r")
}

func (l *lines) clean(i int) string {
	if e := l.line[i]; e.other {
		return e.clean
	}
	return l.raw(i)
}

// set takes up a text, and keeps the lines at both ends that it has already.
func (l *lines) set(text string) {
	if text == l.text {
		return
	}
	old, was := l.text, l.line
	p := samePrefix(old, text)
	q := sameSuffix(old[p:], text[p:])
	// A line stays if it and the break before it do.
	head, _ := slices.BinarySearchFunc(was, p+1, func(e lineEnd, at int) int { return e.end - at })
	for head > 0 && old[was[head-1].end-1] != '\n' {
		head--
	}
	tail := head
	for tail < len(was) && l.start(tail)-1 < len(old)-q {
		tail++
	}
	from, to := l.start(head), len(text)
	if tail < len(was) {
		to = l.start(tail) + len(text) - len(old)
	}
	next := make([]lineEnd, head, len(was)+8)
	copy(next, was)
	l.text = text
	for at := from; at < to; {
		end := to
		if i := strings.IndexByte(text[at:to], '\n'); i >= 0 {
			end = at + i + 1
		}
		next = append(next, lineEnd{end: end})
		at = end
	}
	l.line = next
	for i := head; i < len(next); i++ {
		raw := l.raw(i)
		if c := clean.Line(raw); c != raw {
			l.line[i].clean, l.line[i].other = c, true
		}
	}
	l.seen += len(next) - head
	for _, e := range was[tail:] {
		e.end += len(text) - len(old)
		l.line = append(l.line, e)
	}
}

// samePrefix returns how many bytes two texts have in common at their beginning.
func samePrefix(a, b string) int {
	const step = 256
	n, most := 0, min(len(a), len(b))
	for n+step <= most && a[n:n+step] == b[n:n+step] {
		n += step
	}
	for n < most && a[n] == b[n] {
		n++
	}
	return n
}

// sameSuffix returns how many bytes two texts have in common at their end.
func sameSuffix(a, b string) int {
	const step = 256
	n, most := 0, min(len(a), len(b))
	for n+step <= most && a[len(a)-n-step:len(a)-n] == b[len(b)-n-step:len(b)-n] {
		n += step
	}
	for n < most && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

// between compares two texts by their lines.
func between(a, b *lines) *Diff {
	d := &Diff{Lines: make([]Line, 0, max(a.len(), b.len())+32)}
	i, j := 0, 0
	same := func(n int) {
		for range n {
			d.Lines = append(d.Lines, Line{Op: Same, Old: i + 1, New: j + 1, Text: b.clean(j), mate: -1})
			i, j = i+1, j+1
		}
	}
	most := min(a.len(), b.len())
	head := 0
	for head < most && a.raw(head) == b.raw(head) {
		head++
	}
	tail := 0
	for tail < most-head && a.raw(a.len()-1-tail) == b.raw(b.len()-1-tail) {
		tail++
	}
	same(head)
	upTo := func(x, y int) {
		for ; i < x; i++ {
			d.Lines = append(d.Lines, Line{Op: Del, Old: i + 1, Text: a.clean(i), mate: -1})
			d.Removed++
		}
		for ; j < y; j++ {
			d.Lines = append(d.Lines, Line{Op: Add, New: j + 1, Text: b.clean(j), mate: -1})
			d.Added++
		}
	}
	for _, p := range pairs(middle(a, head, tail), middle(b, head, tail)) {
		upTo(head+p.a, head+p.b)
		same(1)
	}
	upTo(a.len()-tail, b.len()-tail)
	same(tail)
	d.pair()
	d.fold()
	return d
}

// pair is a line of each text that stays.
type pair struct{ a, b int }

// pairs finds the lines that two lists have in common, in order. What is in one of
// them only is left out before they are compared: that takes time with the square
// of the differences, and a script that is written anew differs in most lines.
func pairs(a, b []string) []pair {
	inA, inB := make(map[string]bool, len(a)), make(map[string]bool, len(b))
	for _, s := range a {
		inA[s] = true
	}
	for _, s := range b {
		inB[s] = true
	}
	keep := func(xs []string, in map[string]bool) (kept []string, at []int) {
		for i, s := range xs {
			if in[s] {
				kept, at = append(kept, s), append(at, i)
			}
		}
		return kept, at
	}
	keptA, atA := keep(a, inB)
	keptB, atB := keep(b, inA)
	var out []pair
	i, j := 0, 0
	for _, part := range compare(keptA, keptB) {
		n := utf8.RuneCountInString(part.Text)
		switch part.Type {
		case diffmatchpatch.DiffEqual:
			for k := range n {
				out = append(out, pair{atA[i+k], atB[j+k]})
			}
			i, j = i+n, j+n
		case diffmatchpatch.DiffDelete:
			i += n
		case diffmatchpatch.DiffInsert:
			j += n
		}
	}
	return out
}

func middle(l *lines, head, tail int) []string {
	out := make([]string, 0, l.len()-tail-head)
	for i := head; i < l.len()-tail; i++ {
		out = append(out, l.raw(i))
	}
	return out
}
