// Package clean makes text that came from a log, a script or an agent safe to
// put on a terminal: nothing that it returns can move the cursor, change a
// colour, reorder what stands beside it or take more cells than it is measured at.
package clean

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// TabWidth is the distance of tab stops, in cells.
const TabWidth = 4

// maxMarks is how many combining marks one character may carry; more of them
// run over the lines above and below.
const maxMarks = 2

// Line returns s as one line without anything that a terminal would obey.
// Colour sequences are dropped; other control characters, bidirectional
// overrides and bytes that are not UTF-8 are made visible; tabs become spaces;
// invisible characters are dropped. Line breaks become ␊ and ␍.
func Line(s string) string { return Head(s, -1) }

// Head is Line that stops once it has more than cells cells; it reads no more
// of s than it needs. Negative cells mean all of s.
func Head(s string, cells int) string {
	if plain(s, cells) {
		if cells >= 0 && len(s) > cells+1 {
			return s[:cells+1]
		}
		return s
	}
	var b strings.Builder
	col, marks := 0, 0
	for len(s) > 0 && (cells < 0 || col <= cells) {
		r, size := utf8.DecodeRuneInString(s)
		if r == 0x1b {
			if n := colour(s); n > 0 {
				s = s[n:]
				continue
			}
		}
		s = s[size:]
		if unicode.In(r, unicode.Mn, unicode.Me) {
			if marks++; marks > maxMarks || col == 0 {
				continue
			}
			b.WriteRune(r)
			continue
		}
		marks = 0
		switch {
		case r == '\t':
			n := TabWidth - col%TabWidth
			b.WriteString("    "[:n])
			col += n
		case r == utf8.RuneError && size == 1:
			b.WriteRune('�')
			col++
		default:
			t := visible(r)
			b.WriteString(t)
			col += Width(t)
		}
	}
	return b.String()
}

// Lines splits s at line feeds and returns each line as Line gives it; a
// carriage return before a line feed belongs to the break.
func Lines(s string) []string {
	if s == "" {
		return nil
	}
	parts := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	for i, p := range parts {
		parts[i] = Line(strings.TrimSuffix(p, "\r"))
	}
	return parts
}

// Text is Line for text of several lines: line feeds stay, all else is made safe.
func Text(s string) string { return strings.Join(Lines(s), "\n") }

// Width returns the cells that s, already clean, takes on a terminal.
func Width(s string) int {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return ansi.StringWidth(s)
		}
	}
	return len(s)
}

// plain reports whether the part of s that will show is printable ASCII.
func plain(s string, cells int) bool {
	n := len(s)
	if cells >= 0 {
		n = min(n, cells+1)
	}
	for i := range n {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return n == len(s) || s[n] >= 0x20 && s[n] < 0x7f
}

// maxColour bounds a colour sequence, in bytes.
const maxColour = 64

// colour returns the length of the colour sequence (SGR) that s begins with, else 0.
func colour(s string) int {
	if len(s) < 3 || s[1] != '[' {
		return 0
	}
	for i := 2; i < len(s) && i < maxColour; i++ {
		switch c := s[i]; {
		case c == 'm':
			return i + 1
		case (c < '0' || c > '9') && c != ';' && c != ':':
			return 0
		}
	}
	return 0
}

// visible returns what stands for r: itself where it is harmless.
func visible(r rune) string {
	switch {
	case r < 0x20:
		return string(0x2400 + r)
	case r == 0x7f:
		return "␡"
	case r >= 0x80 && r < 0xa0:
		return "�"
	case bidi(r):
		return fmt.Sprintf("⟨U+%04X⟩", r)
	case r == 0x2028 || r == 0x2029:
		return "␤"
	case invisible(r):
		return ""
	case unicode.Is(unicode.Zs, r):
		return " "
	}
	return string(r)
}

func bidi(r rune) bool {
	return r == 0x061c || r == 0x200e || r == 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// invisible holds for what joins or varies the characters around it, whose
// width terminals disagree on, and for what shows nothing at all.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Mc, unicode.Variation_Selector) ||
		r >= 0x1f3fb && r <= 0x1f3ff || // skin tones
		r >= 0x1f1e6 && r <= 0x1f1ff || // halves of flags
		r >= 0x1160 && r <= 0x11ff || // vowels and finals that join the Hangul letter before them
		r >= 0xd7b0 && r <= 0xd7ff ||
		r == 0x115f || r == 0x3164 || r == 0xffa0 || r == 0x034f || r >= 0xe0000 && r <= 0xe0fff
}
