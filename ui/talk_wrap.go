package ui

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"pitwall/internal/clean"
)

// Tuning of wrapping.
const (
	// maxToken is how much of a text without a space is made clean at a time. It is
	// far longer than any colour sequence, so hardly one is cut in two.
	maxToken = 256
	// markEvery is the distance, in bytes, of the places to which a shortened text
	// goes back.
	markEvery = 4096
)

// wrapped is a text that grows, as clean rows of a width. Only what is new is
// looked at: what stands in rows stays there.
type wrapped struct {
	w     int
	rows  []string
	at    int    // bytes of the text that stand in rows and in line
	seen  int    // its length when it was last looked at
	line  rowing // the row that is being filled
	marks []wrapMark
}

// wrapMark is the end of a line of the text, where a row ends whatever follows.
type wrapMark struct{ at, rows int }

// feed takes up at most so many bytes of what is new. It reports whether more is
// left. A text that is shorter than it was, as when a replay goes back, is what
// it was when it was that long.
func (x *wrapped) feed(text string, most int) (behind bool) {
	if len(text) < x.seen {
		x.back(len(text))
	}
	x.seen = len(text)
	emit := func(row string) { x.rows = append(x.rows, row) }
	for most > 0 {
		n, sep := token(text[x.at:])
		if n < 0 {
			return false
		}
		word := text[x.at : x.at+n]
		x.at += n
		most -= n + 1
		if sep != 0 {
			x.at++
		}
		if sep == '\n' {
			word = strings.TrimSuffix(word, "\r")
		}
		x.line.put(clean.Line(word), x.w, emit)
		switch sep {
		case ' ':
			x.line.space(x.w, 1, emit)
		case '\t':
			x.line.space(x.w, clean.TabWidth-x.line.used%clean.TabWidth, emit)
		case '\n':
			x.line.end(emit)
			if n := len(x.marks); n == 0 || x.at-x.marks[n-1].at >= markEvery {
				x.marks = append(x.marks, wrapMark{x.at, len(x.rows)})
			}
		}
	}
	n, _ := token(text[x.at:])
	return n >= 0
}

// back goes to the last mark that a text of n bytes has.
func (x *wrapped) back(n int) {
	for len(x.marks) > 0 && x.marks[len(x.marks)-1].at > n {
		x.marks = x.marks[:len(x.marks)-1]
	}
	var m wrapMark
	if len(x.marks) > 0 {
		m = x.marks[len(x.marks)-1]
	}
	x.at, x.rows, x.line = m.at, x.rows[:m.rows], rowing{}
}

// tail gives the rows of what may still change: the row that is being filled and
// the last word, which is hardly longer than maxToken.
func (x *wrapped) tail(text string) []string {
	rest := text[min(x.at, len(text)):]
	if n, _ := token(rest); n >= 0 {
		rest = "" // it is behind: what follows comes with the next round
	}
	var rows []string
	emit := func(row string) { rows = append(rows, row) }
	line := x.line
	line.text = slices.Clone(line.text)
	line.put(clean.Line(whole(rest)), x.w, emit)
	if len(line.text) > 0 {
		line.end(emit)
	}
	return rows
}

// whole leaves out a character at the end that has not come whole yet.
func whole(s string) string {
	for n := 1; n < utf8.UTFMax && n <= len(s); n++ {
		if end := s[len(s)-n:]; utf8.RuneStart(end[0]) {
			if !utf8.FullRuneInString(end) {
				return s[:len(s)-n]
			}
			break
		}
	}
	return s
}

// token gives the length of the first piece of a text that nothing that follows
// can change, and the separator behind it, 0 where a long word was cut. -1: there
// is none yet. Where a text is cut depends on nothing but the text.
func token(s string) (n int, sep byte) {
	head := s[:min(len(s), maxToken+utf8.UTFMax)]
	if i := strings.IndexAny(head, " \t\n"); i >= 0 {
		return i, s[i]
	}
	if len(head) < maxToken+utf8.UTFMax {
		return -1, 0
	}
	n = maxToken
	for k := 1; k < utf8.UTFMax && !utf8.RuneStart(s[n]); k++ {
		n--
	}
	return n, 0
}

// rowing is a row that is being filled with clean text.
type rowing struct {
	text []byte
	used int  // cells
	ink  bool // there is more than blanks
	cut  int  // bytes up to and with the last space that the row can be broken at; 0: none
	gone int  // cells up to there
}

// put adds text, and emits the rows that it fills.
func (l *rowing) put(s string, w int, emit func(string)) {
	for len(s) > 0 {
		if n := plain(s, w-l.used); n > 0 {
			l.add(s[:n], n)
			s = s[n:]
			continue
		}
		piece, n := s[:1], 1
		if s[0] >= utf8.RuneSelf {
			_, size := utf8.DecodeRuneInString(s)
			piece = s[:size]
			n = ansi.StringWidth(piece)
		}
		s = s[len(piece):]
		if n > w {
			piece, n = "·", 1
		}
		if l.used+n > w {
			l.wrap(emit)
		}
		l.add(piece, n)
	}
}

func (l *rowing) add(s string, cells int) {
	l.text = append(l.text, s...)
	l.used += cells
	l.ink = true
}

// plain gives how many of the first bytes of s, at most so many, are ASCII.
func plain(s string, most int) int {
	n := min(len(s), max(most, 0))
	for i := range n {
		if s[i] >= utf8.RuneSelf {
			return i
		}
	}
	return n
}

// space adds n blanks. At the end of a row they are the break.
func (l *rowing) space(w, n int, emit func(string)) {
	if l.used+n > w {
		l.end(emit)
		return
	}
	for range n {
		l.text = append(l.text, ' ')
	}
	l.used += n
	if l.ink { // a row that is broken behind its indentation would be empty
		l.cut, l.gone = len(l.text), l.used
	}
}

// wrap ends the row at its last space, else where it is.
func (l *rowing) wrap(emit func(string)) {
	if l.cut == 0 {
		l.end(emit)
		return
	}
	emit(strings.TrimRight(string(l.text[:l.cut]), " "))
	l.text = l.text[:copy(l.text, l.text[l.cut:])]
	l.used -= l.gone
	l.cut, l.gone = 0, 0
}

func (l *rowing) end(emit func(string)) {
	emit(string(l.text))
	*l = rowing{text: l.text[:0]}
}
