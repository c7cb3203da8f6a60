package similarity

import (
	"strings"

	"pitwall/store/patch"
)

// line is a line of a script that counts.
type line struct {
	key    string // the line without comment and blanks: equal for lines that are the same
	text   string // as it stands
	number int    // in its script, from 1
}

// read gives the lines of a Python script that count.
func read(script string) []line {
	var lines []line
	open := ""
	for i, raw := range patch.Split(script) {
		var key string
		key, open = code(strings.TrimRight(raw, "\r\n"), open)
		if strings.ContainsFunc(key, func(r rune) bool { return r >= 0x80 || isWord(byte(r)) }) {
			lines = append(lines, line{key, strings.TrimRight(raw, "\r\n"), i + 1})
		}
	}
	return lines
}

// text puts lines together again, as they are compared.
func text(lines []line) string {
	var out strings.Builder
	for _, l := range lines {
		out.WriteString(l.key)
		out.WriteByte('\n')
	}
	return out.String()
}

// code strips a line of its comment, and of blanks but where two words would run
// together. Strings stay as they are. open is the triple quote that a string begun
// in a line before ends with, "" outside of one; stillOpen is that for the next line.
func code(s, open string) (key, stillOpen string) {
	var out []byte
	blank := false
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case open != "":
			end := len(s)
			if at := strings.Index(s[i:], open); at >= 0 {
				end, open = i+at+len(open), ""
			}
			out = append(out, s[i:end]...)
			i = end
			continue
		case c == '#':
			return strings.TrimSpace(string(out)), ""
		case c == ' ' || c == '\t' || c == '\f':
			blank = true
			i++
			continue
		}
		if blank && len(out) > 0 && isWord(out[len(out)-1]) && isWord(c) {
			out = append(out, ' ')
		}
		blank = false
		end := i + 1
		if c == '"' || c == '\'' {
			end, open = stringEnd(s, i)
		}
		out = append(out, s[i:end]...)
		i = end
	}
	return strings.TrimSpace(string(out)), open
}

// stringEnd is where the string that begins at from ends, the line's end at most;
// of a triple quote, which it gives as open, where that ends.
func stringEnd(s string, from int) (end int, open string) {
	for _, triple := range [...]string{`"""`, "'''"} {
		if strings.HasPrefix(s[from:], triple) {
			return from + 3, triple
		}
	}
	for i := from + 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[from]:
			return i + 1, ""
		}
	}
	return len(s), ""
}

// formOf puts a mark for each number of a line, and reports whether there is one.
// Digits of names are none.
func formOf(key string) (form string, numbers bool) {
	var out []byte
	for i := 0; i < len(key); {
		c := key[i]
		if !isDigit(c) || i > 0 && isWord(key[i-1]) {
			out = append(out, c)
			i++
			continue
		}
		i = numberEnd(key, i)
		out = append(out, '#')
		numbers = true
	}
	return string(out), numbers
}

// numberEnd is where the number that begins at from ends: 10_000, 0x1F, 1.5e-4.
func numberEnd(s string, from int) int {
	hex := strings.HasPrefix(s[from:], "0x") || strings.HasPrefix(s[from:], "0X")
	i := from + 1
	for i < len(s) {
		c := s[i]
		exponent := (c == '+' || c == '-') && (s[i-1] == 'e' || s[i-1] == 'E') && !hex
		if !isWord(c) && c != '.' && !exponent {
			break
		}
		i++
	}
	return i
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isWord tells whether a byte can be part of a name; all beyond ASCII can.
func isWord(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}
