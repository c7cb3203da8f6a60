// Package widget wraps the parts of bubbles and lipgloss that the screen uses, so
// that what they hold is clean and what they draw takes the cells it is given. As
// they come, they take more cells than they are told, print names and values as
// they are, and reach for the clipboard through other programs.
//
// A widget is a plain struct that a room holds: keys go in, rows come out. It
// starts no goroutine and runs no program. Only this package and ui/frame import
// the parts; rooms see the widgets.
package widget

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"pitwall/internal/clean"
)

// OneLine gives typed or pasted text as a field of one line holds it: clean, with
// a space for each line break and tab. Control characters and overrides of
// direction are left out: in a value nobody wants to read what stands for them.
func OneLine(s string) string { return clean.Line(harmless(s, ' ')) }

// Several is OneLine for a field of several lines: line breaks stay, as line feeds.
func Several(s string) string {
	lines := strings.Split(harmless(s, '\n'), "\n")
	for i, l := range lines {
		lines[i] = clean.Line(l)
	}
	return strings.Join(lines, "\n")
}

// harmless drops what a terminal would obey, and gives line breaks of every kind
// as one rune.
func harmless(s string, newline rune) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r == 0x1b || r >= 0x80 && r < 0xa0 }) {
		s = ansi.Strip(s)
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\v', r == '\f', r == 0x2028, r == 0x2029:
			return newline
		case r == '\t':
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
}

// head gives as much of s as fits into n bytes, in whole runes.
func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n = max(n, 0)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
