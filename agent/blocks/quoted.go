package blocks

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// quoted decodes a JSON string that comes in pieces.
type quoted struct {
	escape bool   // after a backslash
	hex    string // the digits of a \u that is being read
	inHex  bool
	high   rune // the first half of a surrogate pair, 0 if none waits
}

// decode passes on what s holds of the string and returns what follows it. It is
// done after the closing quote. Escapes that JSON does not have stand for
// themselves, and halves of pairs for U+FFFD.
func (q *quoted) decode(s string, emit func(string)) (rest string, done bool) {
	for s != "" {
		switch c := s[0]; {
		case q.inHex:
			s = q.digit(s, emit)
		case q.escape:
			q.escape = false
			if c == 'u' {
				q.inHex, q.hex = true, ""
				s = s[1:]
				continue
			}
			q.flush(emit)
			if c >= utf8.RuneSelf {
				emit(`\`) // and its rune whole, by the next turn
				continue
			}
			emit(unescape(c))
			s = s[1:]
		case c == '"':
			q.flush(emit)
			return s[1:], true
		case c == '\\':
			s = s[1:]
			q.escape = true
		default:
			q.flush(emit)
			n := strings.IndexAny(s, `"\`)
			if n < 0 {
				n = len(s)
			}
			emit(s[:n])
			s = s[n:]
		}
	}
	return "", false
}

// digit takes a digit of a \u escape, or whatever else stands there.
func (q *quoted) digit(s string, emit func(string)) string {
	if strings.IndexByte("0123456789abcdefABCDEF", s[0]) < 0 {
		q.inHex = false
		q.flush(emit)
		emit(`\u` + q.hex)
		return s
	}
	q.hex += s[:1]
	if len(q.hex) < 4 {
		return s[1:]
	}
	q.inHex = false
	r := rune(0)
	for _, c := range []byte(strings.ToLower(q.hex)) {
		r = r<<4 | rune(strings.IndexByte("0123456789abcdef", c))
	}
	switch both := utf16.DecodeRune(q.high, r); {
	case q.high != 0 && both != utf8.RuneError:
		q.high = 0
		emit(string(both))
	case 0xd800 <= r && r < 0xdc00:
		q.flush(emit)
		q.high = r
	default:
		q.flush(emit)
		emit(string(r)) // a second half alone becomes U+FFFD
	}
	return s[1:]
}

// flush gives up the first half of a pair whose second did not come.
func (q *quoted) flush(emit func(string)) {
	if q.high != 0 {
		q.high = 0
		emit(string(utf8.RuneError))
	}
}

func unescape(c byte) string {
	switch c {
	case '"', '\\', '/':
		return string(rune(c))
	case 'b':
		return "\b"
	case 'f':
		return "\f"
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case 't':
		return "\t"
	}
	return `\` + string([]byte{c})
}
