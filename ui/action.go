package ui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/internal/clean"
	"pitwall/ui/cell"
	"pitwall/ui/widget"
)

// action is something that a key does now. The same list answers keys, fills
// the last line and the help, so that no key is shown that does nothing.
type action struct {
	keys string // names of keys as Bubble Tea gives them, space-separated
	show string // the keys as people read them
	bar  string // a word or two for the last line, "" to leave it out there
	does string // for the help; "" where another action's words stand for it
	do   func() tea.Cmd
}

// run does what the key means; handled is false where it means nothing here.
func run(actions []action, key string) (cmd tea.Cmd, handled bool) {
	for _, a := range actions {
		if slices.Contains(strings.Fields(a.keys), key) {
			return a.do(), true
		}
	}
	return nil, false
}

// keyBar gives the last line: as many actions as fit, and always the help.
func (m *Model) keyBar(actions []action, w int) string {
	var keys []widget.Key
	for _, a := range actions {
		if a.bar != "" {
			keys = append(keys, widget.Key{Show: a.show, Does: a.bar})
		}
	}
	return m.help.Line(keys, widget.Key{Show: "?", Does: "help"}, w)
}

// helped lays every key of the room over the screen.
func (m *Model) helped(screen []string, w, h int) []string {
	var keys []widget.Key
	show, does := 0, 0
	for _, a := range append(m.now.actions(), action{show: "ctrl+c", does: "leave pitwall; what runs goes on"}) {
		if a.does != "" {
			keys = append(keys, widget.Key{Show: a.show, Does: a.does})
			show, does = max(show, clean.Width(a.show)), max(does, clean.Width(a.does))
		}
	}
	inner := show + 2 + does
	if w-inner < 16 { // too little would show beside the box
		inner = w - 4
	}
	list := m.help.List(keys, inner)
	m.keys.Set(list, inner, min(len(list), h-3))
	rows := m.keys.Rows()
	for i, row := range rows {
		rows[i] = cell.New(inner+2).Gap(1).Raw(row, inner).String()
	}
	box := widget.Boxed(rows, inner+2, "keys of "+m.now.title(), m.th.faint, m.th.bold)
	last := cell.New(w).Gap(1).Put(m.th.accent, "esc").Put(m.th.dim, " back")
	if m.keys.Moves() {
		last.Put(m.th.faint, " · ").Put(m.th.accent, "↑ ↓").Put(m.th.dim, " more")
	}
	screen = widget.Over(screen, box, w, (w-inner-4)/2, max((h-1-len(box))/2, 0))
	screen[h-1] = last.String()
	return screen
}

// input is a line of text being typed, and what comes of it.
type input struct {
	field  widget.Line
	prompt string
	keep   string        // what enter does, in a word; "" for "keep"
	drop   string        // what esc does; "" for "clear"
	change func()        // after every key
	count  func() string // what it leaves, may be nil
	done   func(keep bool) tea.Cmd
}

// usualBytes is how much a line takes where nothing else is said.
const usualBytes = 200

// newInput opens a line that takes as many bytes as most.
func newInput(prompt, text string, most int) *input {
	in := &input{prompt: prompt, field: widget.NewLine(most)}
	in.field.Set(text)
	return in
}

// text gives what was typed. It is clean.
func (in *input) text() string { return in.field.Text() }

// key takes a key; closed is true once the line is done with.
func (in *input) key(k tea.KeyPressMsg) (cmd tea.Cmd, closed bool) {
	switch k.Keystroke() { // not String: pasted text may spell a key
	case "enter":
		return in.done(true), true
	case "esc", "ctrl+c":
		return in.done(false), true
	}
	in.field.Key(k)
	if in.change != nil {
		in.change()
	}
	return nil, false
}

// prompt is a room's line of input, while one is open.
type prompt struct {
	m     *Model
	input *input
}

// typing gives what takes the keys while the line is open, else nil.
func (p *prompt) typing() func(tea.KeyPressMsg) tea.Cmd {
	if p.input == nil {
		return nil
	}
	return func(k tea.KeyPressMsg) tea.Cmd {
		cmd, closed := p.input.key(k)
		if closed {
			p.input = nil
		}
		return cmd
	}
}

func (p *prompt) line(w int) string {
	if p.input == nil {
		return ""
	}
	return p.m.inputRow(p.input, w)
}

// openFilter opens a line that changes a filter as it is typed; esc clears it.
// Count says how much it leaves.
func (p *prompt) openFilter(text *string, changed func(), count func() string) tea.Cmd {
	in := newInput("filter", *text, usualBytes)
	in.count = count
	in.change = func() { *text = in.text(); changed() }
	in.done = func(keep bool) tea.Cmd {
		if !keep {
			*text = ""
			changed()
		}
		return nil
	}
	p.input = in
	return nil
}

func (m *Model) inputRow(in *input, w int) string {
	hint := cell.New(w)
	if in.count != nil {
		hint.Put("", in.count()).Gap(3)
	}
	keep, drop := in.keep, in.drop
	if keep == "" {
		keep = "keep"
	}
	if drop == "" {
		drop = "clear"
	}
	hint.Put(m.th.accent, "enter").Put(m.th.dim, " "+keep+" · ").Put(m.th.accent, "esc").Put(m.th.dim, " "+drop).Gap(1)
	r := cell.New(w).Gap(1).Put(m.th.accent, in.prompt).Gap(1)
	in.field.Draw(r, max(r.Left()-hint.Used()-1, r.Left()/2), "", m.th.dim)
	return r.Rest(hint).String()
}

// ask is a question that a key answers.
type ask struct {
	text string
	yes  string // what y does, in a word
	no   string
	do   func() tea.Cmd
}

func (m *Model) askRow(q *ask, w int) string {
	keys := clean.Width("  y "+q.yes+" · n "+q.no) + 1 // these show whatever the question
	r := cell.New(w).Gap(1).Put(m.th.warn, cell.Cut(q.text, max(w-1-keys, 0))).Gap(2)
	return r.Put(m.th.accent, "y").Put(m.th.dim, " "+q.yes+" · ").Put(m.th.accent, "n").Put(m.th.dim, " "+q.no).String()
}
