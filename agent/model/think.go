package model

import "strings"

// thinkSplitter takes the reasoning out of a text that begins with <think>…</think>,
// as local models write it, wherever the text is split into pieces.
type thinkSplitter struct {
	state thinkState
	held  string // may be a part of a tag, or blanks before one
}

type thinkState int

const (
	beforeThought thinkState = iota
	inThought
	afterThought // and before the text proper
	inText
)

const (
	thinkOpen  = "<think>"
	thinkClose = "</think>"
	blanks     = " \t\r\n"
)

// write takes a piece and gives what of it is reasoning and what is text.
func (t *thinkSplitter) write(piece string) (reasoning, text string) {
	s := t.held + piece
	t.held = ""
	for s != "" {
		switch t.state {
		case beforeThought:
			rest := strings.TrimLeft(s, blanks)
			switch {
			case strings.HasPrefix(rest, thinkOpen):
				t.state = inThought
				s = rest[len(thinkOpen):]
			case strings.HasPrefix(thinkOpen, rest):
				t.held = s
				return reasoning, text
			default:
				t.state = inText
			}
		case inThought:
			before, rest, found := strings.Cut(s, thinkClose)
			if !found {
				n := len(s) - overlap(s, thinkClose)
				t.held = s[n:]
				return reasoning + s[:n], text
			}
			reasoning += before
			t.state = afterThought
			s = rest
		case afterThought:
			if s = strings.TrimLeft(s, blanks); s != "" {
				t.state = inText
			}
		case inText:
			return reasoning, text + s
		}
	}
	return reasoning, text
}

// end gives what was held back.
func (t *thinkSplitter) end() (reasoning, text string) {
	held := t.held
	t.held = ""
	if t.state == inThought {
		return held, ""
	}
	return "", held
}

// overlap gives the length of the longest end of s that tag begins with.
func overlap(s, tag string) int {
	for n := min(len(s), len(tag)-1); n > 0; n-- {
		if strings.HasPrefix(tag, s[len(s)-n:]) {
			return n
		}
	}
	return 0
}
