package campaign

import (
	"fmt"
	"strings"
)

// lines gives the line of each key of a TOML document by its path: "nodes",
// "budget.cost", "agents[1].model". A table has the line of its heading; a key
// inside an inline table has none of its own.
type lines map[string]int

// of gives the line of what is at path, else of what it lies in, else the first.
func (l lines) of(path string) int {
	for path != "" {
		if line, ok := l[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 1
}

// linesOf looks through a document that is known to be sound: it checks nothing.
func linesOf(text string) lines {
	found := lines{}
	s := scanner{text: text, line: 1}
	table := ""
	tables := map[string]int{} // of each array, so far
	for s.skip() {
		line := s.line
		if s.now() != '[' {
			path := table
			for _, part := range s.key() {
				path = under(path, part)
				if _, ok := found[path]; !ok {
					found[path] = line
				}
			}
			s.rest()
			continue
		}
		s.at++
		array := s.now() == '['
		if array {
			s.at++
		}
		table = ""
		parts := s.key()
		for i, part := range parts {
			table = under(table, part)
			switch n := tables[table]; {
			case array && i == len(parts)-1:
				tables[table]++
				table = fmt.Sprintf("%s[%d]", table, n)
			case n > 0:
				table = fmt.Sprintf("%s[%d]", table, n-1)
			}
		}
		found[table] = line
		s.rest()
	}
	return found
}

func under(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// scanner goes through a document.
type scanner struct {
	text string
	at   int
	line int
}

// now gives the byte at hand, 0 at the end.
func (s *scanner) now() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// skip goes to the next key or heading and reports whether there is one.
func (s *scanner) skip() bool {
	for ; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case ' ', '\t', '\r':
		case '\n':
			s.line++
		case '#':
			s.comment()
			s.at--
		default:
			return true
		}
	}
	return false
}

// comment goes to the end of the line.
func (s *scanner) comment() {
	if n := strings.IndexByte(s.text[s.at:], '\n'); n >= 0 {
		s.at += n
	} else {
		s.at = len(s.text)
	}
}

// key reads a dotted key.
func (s *scanner) key() (parts []string) {
	for {
		s.blanks()
		from := s.at
		if c := s.now(); c == '"' || c == '\'' {
			s.quoted()
			parts = append(parts, strings.Trim(s.text[from:s.at], string(c)))
		} else {
			for s.at < len(s.text) && !strings.ContainsRune(" \t\r\n.=]#\"'", rune(s.text[s.at])) {
				s.at++
			}
			parts = append(parts, s.text[from:s.at])
		}
		s.blanks()
		if s.now() != '.' {
			return parts
		}
		s.at++
	}
}

func (s *scanner) blanks() {
	for s.now() == ' ' || s.now() == '\t' {
		s.at++
	}
}

// rest goes to the end of the line on which a value, or a heading, ends.
func (s *scanner) rest() {
	depth := 0
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case '\n':
			if depth <= 0 {
				return
			}
			s.line++
			s.at++
		case '#':
			s.comment()
		case '"', '\'':
			s.quoted()
		case '[', '{':
			depth++
			s.at++
		case ']', '}':
			depth--
			s.at++
		default:
			s.at++
		}
	}
}

// quoted goes past a string.
func (s *scanner) quoted() {
	quote := s.text[s.at : s.at+1]
	end := quote
	if strings.HasPrefix(s.text[s.at:], strings.Repeat(quote, 3)) {
		end = strings.Repeat(quote, 3)
	}
	s.at += len(end)
	for s.at < len(s.text) && !strings.HasPrefix(s.text[s.at:], end) {
		if s.text[s.at] == '\\' && quote == `"` {
			s.at++
		}
		if s.now() == '\n' {
			s.line++
		}
		s.at++
	}
	s.at = min(s.at+len(end), len(s.text))
	for len(end) == 3 && strings.HasPrefix(s.text[s.at:], quote) { // its last characters are quotes
		s.at++
	}
}
