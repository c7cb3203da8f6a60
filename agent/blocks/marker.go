package blocks

import (
	"strings"
)

const (
	// maxHeld is how many bytes of a line are held back at most because it may
	// still turn out to be a marker, a fence or a file's name.
	maxHeld = 300
	// maxIndent is how many blanks may stand before a marker or a fence.
	maxIndent = 24
)

// mark is what a line means to a block.
type mark int

const (
	noMark     mark = iota
	searchMark      // <<<<<<< SEARCH
	divider         // =======
	endMark         // >>>>>>> REPLACE
	bareEnd         // >>>>>>>
)

// markOf tells which marker a line is, what it is indented by, and what stands
// after its word.
func markOf(line string) (m mark, indent, rest string) {
	if len(line) > maxHeld {
		return noMark, "", ""
	}
	indent = indentOf(line)
	body := strings.TrimRight(line[len(indent):], " \t\r\n")
	n := run(body)
	if len(indent) > maxIndent || n < 5 || n > 9 {
		return noMark, "", ""
	}
	rest = strings.TrimLeft(body[n:], " \t")
	ok := false
	switch body[0] {
	case '<':
		m = searchMark
		rest, ok = afterWord(rest, "SEARCH")
	case '=':
		m, ok = divider, rest == ""
	case '>':
		if m, ok = bareEnd, rest == ""; !ok {
			m = endMark
			rest, ok = afterWord(rest, "REPLACE")
		}
	}
	if !ok {
		return noMark, "", ""
	}
	return m, indent, rest
}

// mayBeMark is false once no line that begins with prefix is a marker.
func mayBeMark(prefix string) bool {
	indent := indentOf(prefix)
	body := prefix[len(indent):]
	if len(prefix) > maxHeld || len(indent) > maxIndent {
		return false
	}
	n := run(body)
	if n == 0 {
		return body == ""
	}
	rest := strings.Trim(body[n:], " \t\r")
	switch {
	case n == len(body) && n < 5:
		return strings.IndexByte("<=>", body[0]) >= 0
	case n < 5 || n > 9:
		return false
	case body[0] == '<':
		return mayBeWord(rest, "SEARCH")
	case body[0] == '>':
		return mayBeWord(rest, "REPLACE")
	}
	return body[0] == '=' && rest == ""
}

// afterWord gives what follows a marker's word. A sentence that goes on after it
// speaks of the marker and is none.
func afterWord(s, word string) (string, bool) {
	if len(s) < len(word) || !strings.EqualFold(s[:len(word)], word) {
		return "", false
	}
	rest := s[len(word):]
	if rest != "" && strings.IndexByte(" \t:`(*\"'[", rest[0]) < 0 {
		return "", false
	}
	return strings.TrimLeft(rest, " \t:*"), len(strings.Fields(rest)) <= 3
}

func mayBeWord(s, word string) bool {
	if len(s) < len(word) {
		return strings.EqualFold(s, word[:len(s)])
	}
	_, ok := afterWord(s, word)
	return ok
}

// fence is the line that opens a fenced block.
type fence struct {
	char   byte // '`' or '~'
	size   int
	indent string
	info   string
}

func fenceOf(line string) (f fence, ok bool) {
	if len(line) > maxHeld {
		return fence{}, false
	}
	indent := indentOf(line)
	body := strings.TrimRight(line[len(indent):], " \t\r\n")
	n := run(body)
	if len(indent) > maxIndent || n < 3 || body[0] != '`' && body[0] != '~' {
		return fence{}, false
	}
	info := strings.TrimSpace(body[n:])
	if body[0] == '`' && strings.Contains(info, "`") {
		return fence{}, false // code within a line
	}
	return fence{body[0], n, indent, info}, true
}

// mayBeFence is false once no line that begins with prefix is a fence.
func mayBeFence(prefix string) bool {
	indent := indentOf(prefix)
	body := prefix[len(indent):]
	if len(prefix) > maxHeld || len(indent) > maxIndent {
		return false
	}
	n := run(body)
	switch {
	case n == 0:
		return body == ""
	case body[0] == '~':
		return n == len(body) || n >= 3
	case body[0] == '`':
		return n == len(body) || n >= 3 && !strings.Contains(body[n:], "`")
	}
	return false
}

// closedBy tells whether a line closes the fence; it may be indented by slack
// blanks more.
func (f fence) closedBy(line string, slack int) bool {
	g, ok := fenceOf(line)
	return ok && g.char == f.char && g.size >= f.size && g.info == "" && len(g.indent) <= len(f.indent)+slack
}

// lang is the language that the fence names, in lower case.
func (f fence) lang() string {
	words := strings.FieldsFunc(f.info, func(r rune) bool { return strings.ContainsRune(" \t,:{}", r) })
	if len(words) == 0 {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(words[0], "."))
}

// closeSlack is how much further a closing fence may be indented than the
// opening one, as in Markdown.
const closeSlack = 3

func indentOf(line string) string {
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

func isBlank(s string) bool { return strings.Trim(s, " \t\r\n") == "" }

// run counts the bytes at the beginning of s that are the same.
func run(s string) int {
	n := 0
	for n < len(s) && s[n] == s[0] {
		n++
	}
	return n
}

func countLines(text string) int {
	n := strings.Count(text, "\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		n++
	}
	return n
}
