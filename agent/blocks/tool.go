package blocks

import (
	"fmt"
	"strings"
)

// ToolParser parses the arguments of an "edit" tool call, a JSON object with the
// strings path, old, new and reason, as they come. What comes before the path is
// kept until it is known. A call gives one edit, whole or aborted: path may be
// left out, for the script, and so may reason.
type ToolParser struct {
	script string
	sink   Sink

	state  toolState
	whole  runes
	text   quoted
	key    []byte
	depth  int // of a value that is passed over
	quote  bool
	seen   map[string]bool
	early  map[string]*strings.Builder // values that came before the path
	bad    string                      // why the call cannot be used
	opened bool
}

type toolState int

const (
	toolStart  toolState = iota
	toolKey              // before a key
	toolInKey            // in a key
	toolColon            // before a colon
	toolValue            // before a value
	toolString           // in a string value
	toolOther            // in any other value
	toolNext             // before a comma or the closing brace
	toolDone             // the edit is closed
)

// NewToolParser gives a parser that tells sink what it finds. Script is the file
// that is meant where a call names none.
func NewToolParser(script string, sink Sink) *ToolParser {
	return &ToolParser{script: script, sink: sink, seen: map[string]bool{}, early: map[string]*strings.Builder{}}
}

// Write takes the next piece of the arguments.
func (p *ToolParser) Write(piece string) { p.feed(p.whole.next(piece)) }

// Close ends the call; cut tells that its author had not finished.
func (p *ToolParser) Close(cut bool) {
	p.feed(p.whole.rest())
	switch {
	case p.state == toolDone:
	case cut:
		p.fail(unfinished(true, ""))
	case p.state == toolStart:
		p.fail(`the call has no arguments: give "path", "old" and "new"`)
	default:
		p.fail("the call's arguments ended before their closing brace: make the call again")
	}
}

func (p *ToolParser) feed(s string) {
	for s != "" && p.state != toolDone {
		s = p.step(s)
	}
}

// step takes some of s and returns the rest.
func (p *ToolParser) step(s string) string {
	switch p.state {
	case toolInKey:
		rest, done := p.text.decode(s, func(piece string) {
			if len(p.key) < maxHeld { // no key that is known is as long
				p.key = append(p.key, piece...)
			}
		})
		if done {
			p.state = toolColon
		}
		return rest
	case toolString:
		rest, done := p.text.decode(s, p.value)
		if done {
			p.endString()
		}
		return rest
	case toolOther:
		return p.skip(s)
	}
	c, rest := s[0], s[1:]
	if strings.IndexByte(" \t\r\n", c) >= 0 {
		return rest
	}
	switch {
	case p.state == toolStart && strings.HasPrefix(s, "\ufeff"):
		return s[len("\ufeff"):]
	case p.state == toolStart && c == '{':
		p.state = toolKey
	case p.state == toolKey && c == '"':
		p.state = toolInKey
		p.key, p.text = p.key[:0], quoted{}
	case (p.state == toolKey || p.state == toolNext) && c == '}':
		p.finish()
	case p.state == toolNext && c == ',':
		p.state = toolKey
	case p.state == toolColon && c == ':':
		p.state = toolValue
	case p.state == toolValue:
		return p.beginValue(s)
	default:
		p.fail(fmt.Sprintf("the call's arguments are not a JSON object (there is %q where it does not belong): make the call again", clip(s, 20)))
	}
	return rest
}

func (p *ToolParser) beginValue(s string) string {
	key := string(p.key)
	if isArgument(key) && p.seen[key] {
		p.fail(fmt.Sprintf("the call gives %q twice: make the call again", key))
		return ""
	}
	p.seen[key] = true
	if s[0] == '"' {
		p.state = toolString
		p.text = quoted{}
		return s[1:]
	}
	if null := s[0] == 'n' && key != "new"; isArgument(key) && !null && p.bad == "" {
		p.bad = fmt.Sprintf("%q is not a string: make the call again with text", key)
	}
	p.state = toolOther
	p.depth, p.quote = 0, false
	return s
}

func isArgument(key string) bool {
	switch key {
	case "path", "old", "new", "reason":
		return true
	}
	return false
}

// skip passes over a value that is no string.
func (p *ToolParser) skip(s string) string {
	if p.quote {
		rest, done := p.text.decode(s, func(string) {})
		p.quote = !done
		return rest
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"':
			p.quote, p.text = true, quoted{}
			return s[i+1:]
		case c == '{' || c == '[':
			p.depth++
		case p.depth == 0 && (c == ',' || c == '}'):
			p.state = toolNext
			return s[i:]
		case c == '}' || c == ']':
			p.depth--
		}
	}
	return ""
}

// value takes a piece of a string.
func (p *ToolParser) value(piece string) {
	key := string(p.key)
	switch {
	case !isArgument(key):
	case p.opened:
		p.pass(key, piece)
	default:
		if p.early[key] == nil {
			p.early[key] = &strings.Builder{}
		}
		p.early[key].WriteString(piece)
	}
}

func (p *ToolParser) pass(key, piece string) {
	switch key {
	case "reason":
		p.sink.Reason(piece)
	case "old":
		p.sink.Old(piece)
	case "new":
		p.sink.New(piece)
	}
}

func (p *ToolParser) endString() {
	p.state = toolNext
	if string(p.key) == "path" {
		p.open()
	}
}

// open begins the edit with what is known of it, if it is not begun.
func (p *ToolParser) open() {
	if p.opened {
		return
	}
	p.opened = true
	path := p.script
	if named := p.early["path"]; named != nil {
		path = named.String()
	}
	p.sink.Begin(path)
	for _, key := range []string{"reason", "old", "new"} {
		if text := p.early[key]; text != nil {
			p.pass(key, text.String())
		}
	}
	p.early = nil
}

func (p *ToolParser) finish() {
	switch {
	case p.bad != "":
		p.fail(p.bad)
		return
	case !p.seen["new"]:
		p.fail(`the call has no "new": give the text that takes the passage's place, "" to remove it`)
		return
	case !p.seen["old"]:
		p.fail(`the call has no "old": give the passage to replace, "" for a new file or a whole one`)
		return
	}
	p.open()
	p.state = toolDone
	p.sink.End()
}

func (p *ToolParser) fail(why string) {
	p.open()
	p.state = toolDone
	p.sink.Abort(why)
}
