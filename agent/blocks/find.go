package blocks

import (
	"fmt"
	"slices"
	"strings"
)

// Match is where a passage stands in a text.
type Match struct {
	// Old is what to replace: it stands in the text to the byte, once.
	Old string
	// New is what to put there, indented and with line ends as the text has them.
	New string
	// Line is the first line of the passage, from 1.
	Line int
	// How says how the passage differs from what was looked for, "" if in nothing.
	How string
}

// NoMatch says why a passage was not found. Its words are for the model.
type NoMatch struct {
	Why   string
	Near  string // the lines that come nearest, with their numbers; "" if none do
	Lines []int  // where it stands, if it stands in several places
}

func (n *NoMatch) Error() string { return n.Why }

// Find finds old in text, where new is to take its place. It must stand there
// once: to the byte, or else as whole lines with these differences, which are
// allowed in this order: blanks at line ends; line ends; tabs for spaces in
// indentation; all of it indented by more or less; blank lines at its ends. An
// end that a text's last line lacks is no difference. A passage that several
// places answer to is never one of them.
//
// The error is a *NoMatch.
func Find(text, old, new string) (Match, error) {
	if old == "" {
		return Match{}, &NoMatch{Why: "the passage to replace is empty: quote the lines that are to change"}
	}
	at := places(text, old)
	if n := len(text) - len(old) + 1; !isBlank(old) && n >= 0 && startsLine(text, n) && text[n:]+"\n" == old {
		if len(at) == 0 {
			return loosely(text, old, new) // it is the last line, which has no end
		}
		if len(at) > 1 || !startsLine(text, at[0]) {
			at = append(at, n)
		}
	}
	if len(at) == 1 {
		return exactly(text, old, new, at[0]), nil
	}
	if len(at) > 1 {
		// Other lines may end as a passage of whole lines begins.
		whole := slices.DeleteFunc(slices.Clone(at), func(at int) bool { return !startsLine(text, at) })
		if len(whole) != 1 || len(at) >= maxPlaces || !strings.HasSuffix(old, "\n") {
			return Match{}, several(linesAt(text, at), "")
		}
		put := withEnds(new, purely(text))
		end := whole[0] + len(old)
		if end > len(text) {
			end, put = len(text), strings.TrimSuffix(strings.TrimSuffix(put, "\n"), "\r")
		}
		m := replacing(text, whole[0], end, put)
		m.How = "as whole lines"
		return m, nil
	}
	if isBlank(old) {
		return Match{}, &NoMatch{Why: "the passage to replace is blank: quote lines with text in them"}
	}
	return loosely(text, old, new)
}

func startsLine(text string, at int) bool { return at == 0 || text[at-1] == '\n' }

// maxPlaces is how many places are looked for; where there are as many, there may
// be more.
const maxPlaces = 1000

// places finds where old stands in text.
func places(text, old string) []int {
	var at []int
	for from := 0; len(at) < maxPlaces; {
		i := strings.Index(text[from:], old)
		if i < 0 {
			break
		}
		at = append(at, from+i)
		from += i + 1
	}
	return at
}

// linesAt gives the lines of ascending places, each once.
func linesAt(text string, at []int) []int {
	var lines []int
	line, from := 1, 0
	for _, i := range at {
		line += strings.Count(text[from:i], "\n")
		from = i
		if len(lines) == 0 || lines[len(lines)-1] != line {
			lines = append(lines, line)
		}
	}
	return lines
}

// exactly makes a match of the one place where old stands.
func exactly(text, old, new string, at int) Match {
	m := Match{Old: old, New: new, Line: 1 + strings.Count(text[:at], "\n")}
	var how []string
	pad := text[strings.LastIndexByte(text[:at], '\n')+1 : at]
	switch {
	case pad == "" || !isBlank(pad):
	case new == "" && strings.HasSuffix(old, "\n"):
		// A line that goes leaves no indentation behind.
		m.Old = pad + old
		how = append(how, "with its indentation")
	case strings.IndexByte(strings.TrimSuffix(old, "\n"), '\n') < 0:
		// A line quoted without its indentation: what follows the first line of
		// the new text is written to go with it.
		if m.New = underneath(new, pad, pad+indentOf(old)); m.New != new {
			how = append(how, "indented as the line it replaces")
		}
	}
	if ended := withEnds(m.New, purely(text)); ended != m.New {
		m.New = ended
		how = append(how, "line ends as in the file")
	}
	m.How = strings.Join(how, ", ")
	return m
}

// underneath indents all lines of s but the first by pad, unless they are
// indented by full already, as they stand in the file. The lines below one that
// opens a block tell by standing further in than it.
func underneath(s, pad, full string) string {
	lines := strings.SplitAfter(s, "\n")
	first := trimEnd(strings.TrimSuffix(lines[0], "\n"))
	opens := first != "" && strings.IndexByte(":([{,\\", first[len(first)-1]) >= 0
	already := true
	for _, line := range lines[1:] {
		if isBlank(line) {
			continue
		}
		indent := indentOf(line)
		already = already && strings.HasPrefix(indent, full) && (!opens || indent != full)
		opens = false
	}
	if already {
		return s
	}
	for i, line := range lines[1:] {
		if !isBlank(line) {
			lines[1+i] = pad + line
		}
	}
	return strings.Join(lines, "")
}

// purely gives the line end of a text that has one kind of them, else "".
func purely(text string) string {
	switch crlf, lf := strings.Count(text, "\r\n"), strings.Count(text, "\n"); {
	case lf > 0 && crlf == 0:
		return "\n"
	case lf > 0 && crlf == lf:
		return "\r\n"
	}
	return ""
}

// withEnds gives the lines of s the line end, "" for those they have.
func withEnds(s, end string) string {
	if end == "" {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if end == "\r\n" {
		s = strings.ReplaceAll(s, "\n", end)
	}
	return s
}

// replacing makes a match of text[start:end], and of as much around it as makes
// it stand once.
func replacing(text string, start, end int, new string) Match {
	s, e := widen(text, start, end)
	return Match{
		Old:  text[s:e],
		New:  text[s:start] + new + text[end:e],
		Line: 1 + strings.Count(text[:start], "\n"),
	}
}

// widen grows a range of whole lines until what stands in it stands in text once.
func widen(text string, start, end int) (int, int) {
	once := func(s, e int) bool { return strings.Index(text, text[s:e]) == strings.LastIndex(text, text[s:e]) }
	if start < end && once(start, end) {
		return start, end
	}
	if start > 0 && once(start-1, end) {
		return start - 1, end // with the line end before it
	}
	for n := 1; ; n *= 2 {
		for range n {
			start = strings.LastIndexByte(text[:max(start-1, 0)], '\n') + 1
			if i := strings.IndexByte(text[end:], '\n'); i >= 0 {
				end += i + 1
			} else {
				end = len(text)
			}
		}
		if start == 0 && end == len(text) || once(start, end) {
			return start, end
		}
	}
}

// several says that a passage stands in several places.
func several(lines []int, how string) *NoMatch {
	const shown = 8
	where := fmt.Sprintf("several times in line %d", lines[0])
	if len(lines) > 1 {
		words := make([]string, 0, shown)
		for _, n := range lines[:min(len(lines), shown)] {
			words = append(words, fmt.Sprint(n))
		}
		if more := len(lines) - shown; more > 0 {
			words = append(words, fmt.Sprintf("%d more", more))
		}
		last := len(words) - 1
		where = fmt.Sprintf("in %d places (lines %s and %s)", len(lines), strings.Join(words[:last], ", "), words[last])
	}
	return &NoMatch{
		Why:   fmt.Sprintf("the passage to replace stands %s%s: quote more of the lines around the place that is meant", where, how),
		Lines: lines,
	}
}
