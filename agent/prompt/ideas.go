package prompt

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

const (
	maxIdea = 500 // bytes of a hypothesis
	// maxTries bounds how many brackets of an answer are looked behind.
	maxTries = 500
)

// ParseIdeas finds the hypotheses in an answer, at most max of them: the strings
// of a JSON array, which may stand in prose or be cut off, or the entries of a
// list. Each is on one line, and none comes twice.
func ParseIdeas(answer string, max int) []string {
	items, whole := arrayIn(answer)
	if !whole {
		if entries := entriesOf(answer); len(entries) >= len(items) {
			items = entries
		}
	}
	var ideas []string
	for _, item := range items {
		item = clip(oneLine(item), maxIdea)
		same := func(s string) bool { return strings.EqualFold(s, item) }
		if item != "" && len(ideas) < max && !slices.ContainsFunc(ideas, same) {
			ideas = append(ideas, item)
		}
	}
	return ideas
}

// arrayIn finds the longest JSON array of texts, whole ones first.
func arrayIn(answer string) (items []string, whole bool) {
	for range maxTries {
		at := strings.IndexByte(answer, '[')
		if at < 0 {
			break
		}
		found, closed, size := readArray(answer[at:])
		if closed && !whole || closed == whole && len(found) > len(items) {
			items, whole = found, closed
		}
		answer = answer[at+size:]
	}
	return items, whole
}

// readArray reads the array that a text begins with, as far as it goes, and tells
// how many bytes need not be looked at again.
func readArray(text string) (items []string, closed bool, size int) {
	dec := json.NewDecoder(strings.NewReader(text))
	if _, err := dec.Token(); err != nil {
		return nil, false, 1
	}
	for dec.More() {
		var v any
		if dec.Decode(&v) != nil {
			break
		}
		switch v := v.(type) {
		case string:
			items = append(items, v)
		case map[string]any:
			items = append(items, longest(v))
		default:
			return nil, false, 1
		}
	}
	if len(items) == 0 {
		return nil, false, 1
	}
	_, err := dec.Token()
	return items, err == nil, int(dec.InputOffset())
}

// longest gives the longest text of an object: the hypothesis beside its title.
func longest(object map[string]any) string {
	text := ""
	for _, v := range object {
		if s, ok := v.(string); ok && (len(s) > len(text) || len(s) == len(text) && s < text) {
			text = s
		}
	}
	return text
}

var (
	entryForm = regexp.MustCompile(`^([ \t]*)(?:#+[ \t]+)?(?:\*\*)?(?:(?i:hypothesis|idea)[ \t]+)?(?:[-*+•–]|\d{1,2}[.):])(?:\*\*)?[ \t]+(.*)$`)
	wideTab   = strings.NewReplacer("\t", "    ")
)

// entriesOf finds the entries of a list, what is indented under them with them.
func entriesOf(answer string) []string {
	var entries []string
	indent, open := 0, false
	for line := range strings.Lines(answer) {
		line = strings.TrimRight(wideTab.Replace(line), " \r\n")
		m := entryForm.FindStringSubmatch(line)
		switch {
		case line == "":
		case m != nil && (!open || len(m[1]) <= indent):
			entries = append(entries, strings.ReplaceAll(m[2], "**", ""))
			indent, open = len(m[1]), true
		case open && strings.HasPrefix(line, strings.Repeat(" ", indent+1)):
			if m != nil {
				line = m[2]
			}
			entries[len(entries)-1] += " " + strings.ReplaceAll(strings.TrimSpace(line), "**", "")
		default:
			open = false
		}
	}
	return entries
}
