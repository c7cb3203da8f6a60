package ui

import (
	"fmt"
	"strings"

	"pitwall/store/event"
	"pitwall/ui/frame"
)

// Bounds of what is kept of a model's tool calls for the screen.
const (
	usesKept = 40
	argsKept = 12
	argBytes = 400
)

// toolWords reads a model's tool calls as they come, name and JSON arguments after
// one another, and says in words what is called with what. Whatever is not as it
// should be is shown as far as it can be read.
type toolWords struct {
	at   int // bytes read
	uses []toolUse

	name    strings.Builder
	depth   int // of braces and brackets
	quoted  bool
	escaped bool
	skip    int  // of the digits of a \u escape
	value   bool // a value comes, not a key
	key     string
	open    *toolArg // the argument whose value is read, nil for none
	word    strings.Builder
}

type toolUse struct {
	name string
	args []toolArg
	done bool
}

// toolArg is an argument: its beginning, and how long it is.
type toolArg struct {
	key   string
	text  string
	lines int // line breaks in it
	whole bool
}

// feed takes up what is new of a text. One that is shorter than it was is read anew.
func (t *toolWords) feed(text string) {
	if len(text) < t.at {
		*t = toolWords{}
	}
	for ; t.at < len(text); t.at++ {
		t.byte(text[t.at])
	}
}

func (t *toolWords) byte(c byte) {
	switch {
	case t.depth == 0:
		t.outside(c)
	case t.quoted:
		t.inside(c)
	case c == '"':
		t.quoted = true
		t.word.Reset()
		if t.depth == 1 && t.value {
			t.begin()
		}
	case c == '{' || c == '[':
		t.depth++
	case c == '}' || c == ']':
		if t.depth--; t.depth == 0 {
			t.end()
			t.use().done = true
		}
	case t.depth > 1 || c == ' ' || c == '\n' || c == '\t' || c == '\r':
	case c == ':':
		t.value = true
	case c == ',':
		t.end()
		t.value = false
	case t.value: // a number, true, null
		if t.open == nil {
			t.begin()
		}
		t.keep(c)
	}
}

func (t *toolWords) outside(c byte) {
	if c != '{' {
		if t.name.Len() < argBytes {
			t.name.WriteByte(c)
		}
		return
	}
	t.uses = append(t.uses, toolUse{name: strings.TrimSpace(t.name.String())})
	if len(t.uses) > usesKept {
		t.uses = t.uses[1:]
	}
	t.name.Reset()
	t.depth, t.value, t.open = 1, false, nil
}

// inside reads a quoted text: a key, or a value.
func (t *toolWords) inside(c byte) {
	switch {
	case t.skip > 0:
		t.skip--
		return
	case t.escaped:
		t.escaped = false
		switch c {
		case 'n':
			c = '\n'
		case 't':
			c = '\t'
		case 'r':
			return
		case 'u':
			t.skip, c = 4, '?'
		}
	case c == '\\':
		t.escaped = true
		return
	case c == '"':
		t.quoted = false
		if t.depth == 1 && !t.value {
			t.key = t.word.String()
		}
		if t.open != nil {
			t.open.whole = true
		}
		return
	}
	if t.open != nil {
		t.keep(c)
	} else if t.word.Len() < argBytes {
		t.word.WriteByte(c)
	}
}

func (t *toolWords) use() *toolUse { return &t.uses[len(t.uses)-1] }

func (t *toolWords) begin() {
	u := t.use()
	if len(u.args) >= argsKept {
		return
	}
	u.args = append(u.args, toolArg{key: t.key})
	t.open = &u.args[len(u.args)-1]
}

func (t *toolWords) end() {
	if t.open != nil {
		t.open.whole, t.open = true, nil
	}
}

func (t *toolWords) keep(c byte) {
	a := t.open
	if a == nil {
		return
	}
	if c == '\n' {
		a.lines++
	}
	if len(a.text) < argBytes {
		a.text += string([]byte{c})
	}
}

// said gives the calls in words, each of its rows a line.
func (t *toolWords) said() string {
	var b strings.Builder
	for _, u := range t.uses {
		var below []string
		name := u.name
		for _, a := range u.args {
			switch words := a.words(); {
			case a.key == "path":
				name += " " + words
			case words != "":
				below = append(below, a.key+": "+words)
			}
		}
		fmt.Fprintln(&b, strings.TrimSpace(name))
		for _, l := range below {
			fmt.Fprintln(&b, "  "+l)
		}
	}
	if name := strings.TrimSpace(t.name.String()); name != "" {
		fmt.Fprintln(&b, name)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// words gives a short text as it is, a long one by its lines.
func (a toolArg) words() string {
	text := strings.TrimSpace(a.text)
	if !strings.Contains(text, "\n") && len(a.text) < argBytes {
		if text == "" && a.whole {
			return "nothing"
		}
		return text
	}
	n := a.lines
	if !strings.HasSuffix(a.text, "\n") || len(a.text) >= argBytes {
		n++
	}
	if !a.whole {
		return frame.Plural(n, "line") + " so far"
	}
	return frame.Plural(n, "line")
}

// usesText gives finished tool calls as a model says them.
func usesText(uses []event.ToolUse) string {
	var b strings.Builder
	for _, u := range uses {
		fmt.Fprintf(&b, "\n%s %s", u.Name, u.Args)
	}
	return b.String()
}
