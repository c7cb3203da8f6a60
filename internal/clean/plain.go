package clean

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain returns at most limit characters of s, all of it where limit is negative, as one
// line of a sentence to be kept or sent on: control sequences, what cannot be seen and
// marks that combine are dropped, white space becomes one space, and bytes that are not
// UTF-8 become U+FFFD. A cut shows as …
func Plain(s string, limit int) string {
	var b strings.Builder
	n, space := 0, false
	for s != "" {
		if s[0] == 0x1b {
			s = s[escape(s):]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case unicode.IsSpace(r):
			space = n > 0
			s = s[size:]
			continue
		case !unicode.IsPrint(r), unicode.In(r, unicode.Mn, unicode.Me):
			s = s[size:]
			continue
		}
		between := ""
		if space {
			between = " "
		}
		if limit >= 0 && n+len(between) >= limit {
			b.WriteRune('…')
			break
		}
		b.WriteString(between)
		n += len(between)
		space = false
		b.WriteRune(r)
		n++
		s = s[size:]
	}
	return b.String()
}

// escape gives the length of the control sequence that s begins with.
func escape(s string) int {
	if len(s) < 2 {
		return len(s)
	}
	switch s[1] {
	case '[':
		for i := 2; i < len(s) && i < 64; i++ {
			if s[i] >= 0x40 && s[i] <= 0x7e {
				return i + 1
			}
		}
	case ']', 'P', '_', '^', 'X':
		for i := 2; i < len(s); i++ {
			if s[i] == 0x07 {
				return i + 1
			}
			if s[i] == 0x1b {
				return i
			}
		}
		return len(s)
	}
	return 1
}

// Seen returns s, which may have several lines, without what cannot be seen: a model that
// is given a log finds in it what a person does. A progress bar begins its line anew.
func Seen(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r >= ' ' && r <= '~' || r == '\n' || r == '\t':
			return r
		case r == '\r':
			return '\n'
		case unicode.IsControl(r), !unicode.IsPrint(r) && !unicode.IsSpace(r):
			return -1
		}
		return r
	}, s)
}
