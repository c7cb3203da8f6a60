package profile

import "strings"

// lines gives the line on which each key of a TOML document stands, by its path
// joined with NUL. Keys of an inline table have no line of their own.
type lines map[string]int

// of gives the line of a path, else of the nearest thing around it, else the first.
func (l lines) of(path ...string) int {
	for ; len(path) > 0; path = path[:len(path)-1] {
		if n, ok := l[strings.Join(path, "\x00")]; ok {
			return n
		}
	}
	return 1
}

// linesOf goes through a document that is known to be sound.
func linesOf(text string) lines {
	found := lines{}
	var table []string
	for line := 1; text != ""; {
		first, rest := statement(text)
		head := strings.TrimLeft(first, " \t\r")
		var path []string
		switch {
		case head == "" || head[0] == '#':
		case head[0] == '[':
			table = keyPath(strings.TrimLeft(head, "[ \t"))
			path = table
		default:
			path = append(append(path, table...), keyPath(head)...)
		}
		for n := range path {
			key := strings.Join(path[:n+1], "\x00")
			if _, ok := found[key]; !ok {
				found[key] = line
			}
		}
		line += strings.Count(first, "\n") + 1
		text = rest
	}
	return found
}

// statement cuts a document after its first statement, at the end of a line that is
// in no string and no bracket.
func statement(text string) (first, rest string) {
	depth := 0
	for i := 0; i < len(text); {
		switch text[i] {
		case '\n':
			if depth == 0 {
				return text[:i], text[i+1:]
			}
			i++
		case '#':
			if n := strings.IndexByte(text[i:], '\n'); n >= 0 {
				i += n
			} else {
				i = len(text)
			}
		case '"', '\'':
			i += quoted(text[i:])
		case '[', '{':
			depth++
			i++
		case ']', '}':
			depth--
			i++
		default:
			i++
		}
	}
	return text, ""
}

// quoted gives the length of the string that a text starts with, its quotes included.
func quoted(text string) int {
	mark := text[:1]
	if long := strings.Repeat(mark, 3); strings.HasPrefix(text, long) {
		mark = long
	}
	i := len(mark)
	for i < len(text) && !strings.HasPrefix(text[i:], mark) {
		if text[i] == '\\' && mark[0] == '"' {
			i++
		}
		i++
	}
	i += len(mark)
	for len(mark) == 3 && i < len(text) && text[i] == mark[0] { // quotes may stand before the closing ones
		i++
	}
	return min(i, len(text))
}

// keyPath reads the dotted key that a statement starts with.
func keyPath(text string) []string {
	var path []string
	for {
		text = strings.TrimLeft(text, " \t")
		n := strings.IndexAny(text, " \t.=]")
		if text != "" && (text[0] == '"' || text[0] == '\'') {
			n = quoted(text)
		}
		if n < 0 {
			n = len(text)
		}
		path = append(path, strings.Trim(text[:n], `"'`))
		text = strings.TrimLeft(text[n:], " \t")
		if !strings.HasPrefix(text, ".") {
			return path
		}
		text = text[1:]
	}
}
