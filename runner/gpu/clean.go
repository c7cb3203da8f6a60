package gpu

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean gives at most limit characters of s as one line without anything that a
// terminal would obey: control sequences and invisible characters are dropped,
// white space becomes one space, and bytes that are not UTF-8 become U+FFFD.
func clean(s string, limit int) string {
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
		if n >= limit {
			b.WriteRune('…')
			break
		}
		if space {
			b.WriteByte(' ')
			n++
		}
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
