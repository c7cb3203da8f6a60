package code

import "strings"

// Kind is what a stretch of a script is to its language.
type Kind uint8

// The kinds. What is none of the others, such as an operator, is Plain.
const (
	Plain Kind = iota
	Keyword
	Builtin // a name that the language or its runtime gives
	Name    // a name where it is made: of a function, a class, a key
	String
	Number
	Comment
)

// Token is a stretch of a text, Bytes long.
type Token struct {
	Kind  Kind
	Bytes int
}

// Tokens cuts a text into tokens, of which no two neighbours are of one kind.
// Together they are as long as the text, whatever it holds: half a script, other
// encodings, another language. A character of UTF-8 is never cut in two. The time
// that it takes grows with the length of the text alone.
func Tokens(l Language, text string) []Token {
	s := scan(l, text)
	return s.out
}

func scan(l Language, text string) *scanner {
	s := &scanner{text: text, first: true}
	var step func()
	switch l {
	case Python:
		step = (&python{scanner: s}).step
	case Shell:
		step = (&shell{scanner: s, start: true}).step
	case TOML:
		step = (&toml{scanner: s}).step
	case JSON:
		step = (&json{scanner: s}).step
	case C:
		step = (&clike{scanner: s}).step
	case None:
		step = func() {
			s.skip(len(text))
			s.emit(Plain)
		}
	}
	for s.more() {
		step()
	}
	return s
}

// scanner is the part that all languages share. A step of a language looks at the
// text from at on, moves at and emits what it went over. It looks back and
// ahead by a few bytes at most, except over what it then takes: so all languages
// are linear. work counts the looks, to hold them to it.
type scanner struct {
	text     string
	at, from int
	out      []Token
	work     int
	prev     byte // the last byte that was no space, within the line
	first    bool // nothing but spaces stands before at in its line
}

func (s *scanner) more() bool { return s.at < len(s.text) }

// look returns the byte k after the current one, 0 where there is none.
func (s *scanner) look(k int) byte {
	s.work++
	if i := s.at + k; i >= 0 && i < len(s.text) {
		return s.text[i]
	}
	return 0
}

// is reports whether p comes next.
func (s *scanner) is(p string) bool {
	s.work += len(p)
	return strings.HasPrefix(s.text[s.at:], p)
}

func (s *scanner) skip(n int) { s.at = min(s.at+n, len(s.text)) }

// escape goes over a backslash and the character after it.
func (s *scanner) escape() {
	s.skip(2)
	s.while(func(c byte) bool { return c >= 0x80 && c < 0xc0 })
}

// while goes over the bytes that f holds for.
func (s *scanner) while(f func(byte) bool) {
	for s.more() && f(s.look(0)) {
		s.at++
	}
}

// word goes over a word and returns it.
func (s *scanner) word() string {
	from := s.at
	s.while(inWord)
	return s.text[from:s.at]
}

// line goes to the end of the line; the break stays.
func (s *scanner) line() {
	s.while(func(c byte) bool { return c != '\n' })
}

// emit makes a token of what was gone over since the last.
func (s *scanner) emit(k Kind) {
	n := s.at - s.from
	if n == 0 {
		return
	}
	for i := s.at - 1; i >= s.from && i > s.at-8; i-- {
		if c := s.text[i]; !space(c) {
			s.prev, s.first = c, false
			break
		}
	}
	s.from = s.at
	if m := len(s.out); m > 0 && s.out[m-1].Kind == k {
		s.out[m-1].Bytes += n
		return
	}
	s.out = append(s.out, Token{k, n})
}

// gap goes over spaces, or over one line break, and reports whether there was one.
func (s *scanner) gap() bool {
	switch c := s.look(0); {
	case c == '\n':
		s.skip(1)
		s.emit(Plain)
		s.prev, s.first = 0, true
		return true
	case space(c):
		s.while(func(c byte) bool { return c != '\n' && space(c) })
		s.emit(Plain)
		return true
	}
	return false
}

// quoted goes over a string from its opening quote on, which is one or three
// bytes of c. A backslash takes the next byte with it where escapes is set. A
// string of one quote ends with its line at the latest.
func (s *scanner) quoted(c byte, n int, escapes bool) {
	s.skip(n)
	for s.more() {
		switch b := s.look(0); {
		case b == '\\' && escapes:
			s.escape()
		case b == '\n' && n == 1:
			return
		case b == c && (n == 1 || s.look(1) == c && s.look(2) == c):
			s.skip(n)
			return
		default:
			s.skip(1)
		}
	}
}

// quotes returns how many quotes open a string here: three or one.
func (s *scanner) quotes() int {
	if c := s.look(0); s.look(1) == c && s.look(2) == c {
		return 3
	}
	return 1
}

// number goes over a number, as Python, C and TOML write them; sep parts digits.
func (s *scanner) number(sep byte) {
	if c := s.look(1) | 0x20; s.look(0) == '0' && (c == 'x' || c == 'o' || c == 'b') {
		s.skip(2)
		s.while(func(c byte) bool { return hex(c) || c == sep })
	} else {
		digits := func(c byte) bool { return digit(c) || c == sep }
		s.while(digits)
		if s.look(0) == '.' {
			s.skip(1)
			s.while(digits)
		}
		if s.look(0)|0x20 == 'e' {
			n := 1
			if c := s.look(1); c == '+' || c == '-' {
				n = 2
			}
			if digit(s.look(n)) {
				s.skip(n)
				s.while(digits)
			}
		}
	}
	s.while(letter) // a suffix: 1j, 2.0f, 3ull
}

func space(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func digit(c byte) bool { return c >= '0' && c <= '9' }

func hex(c byte) bool { return digit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// wordStart holds for every byte of a character outside ASCII too.
func wordStart(c byte) bool { return letter(c) || c == '_' || c >= 0x80 }

func inWord(c byte) bool { return wordStart(c) || digit(c) }
