package frame

import (
	tea "charm.land/bubbletea/v2"

	"pitwall/internal/clean"
	"pitwall/ui/cell"
	"pitwall/ui/widget"
)

// Input is a line of text being typed, and what comes of it.
type Input struct {
	Field  widget.Line   // what is typed
	Name   string        // stands before it
	Keep   string        // what enter does, in a word; "" for "keep"
	Drop   string        // what esc does; "" for "clear"
	Change func()        // after every key, may be nil
	Count  func() string // what it leaves, may be nil
	Done   func(keep bool) tea.Cmd
}

// UsualBytes is how much a line takes where nothing else is said.
const UsualBytes = 200

// NewInput opens a line that takes as many bytes as most.
func NewInput(name, text string, most int) *Input {
	in := &Input{Name: name, Field: widget.NewLine(most)}
	in.Field.Set(text)
	return in
}

// Text gives what was typed. It is clean.
func (in *Input) Text() string { return in.Field.Text() }

// Key takes a key; closed is true once the line is done with.
func (in *Input) Key(k tea.KeyPressMsg) (cmd tea.Cmd, closed bool) {
	switch k.Keystroke() { // not String: pasted text may spell a key
	case "enter":
		return in.Done(true), true
	case "esc", "ctrl+c":
		return in.Done(false), true
	}
	in.Field.Key(k)
	if in.Change != nil {
		in.Change()
	}
	return nil, false
}

// Row draws the line with its keys.
func (in *Input) Row(th *Theme, w int) string {
	hint := cell.New(w)
	if in.Count != nil {
		hint.Put("", in.Count()).Gap(3)
	}
	keep, drop := in.Keep, in.Drop
	if keep == "" {
		keep = "keep"
	}
	if drop == "" {
		drop = "clear"
	}
	hint.Put(th.Accent, "enter").Put(th.Dim, " "+keep+" · ").Put(th.Accent, "esc").Put(th.Dim, " "+drop).Gap(1)
	r := cell.New(w).Gap(1).Put(th.Accent, in.Name).Gap(1)
	in.Field.Draw(r, max(r.Left()-hint.Used()-1, r.Left()/2), "", th.Dim)
	return r.Rest(hint).String()
}

// Prompt is a room's line of input, while one is open. Rooms embed it.
type Prompt struct {
	frame *Frame
	Input *Input // nil: none is open
}

// NewPrompt makes a prompt of which no line is open.
func NewPrompt(f *Frame) Prompt { return Prompt{frame: f} }

// Typing gives what takes the keys while the line is open, else nil.
func (p *Prompt) Typing() func(tea.KeyPressMsg) tea.Cmd {
	if p.Input == nil {
		return nil
	}
	return func(k tea.KeyPressMsg) tea.Cmd {
		cmd, closed := p.Input.Key(k)
		if closed {
			p.Input = nil
		}
		return cmd
	}
}

// Line draws the line, "" while none is open.
func (p *Prompt) Line(w int) string {
	if p.Input == nil {
		return ""
	}
	return p.Input.Row(p.frame.Theme, w)
}

// OpenFilter opens a line that changes a filter as it is typed; esc clears it.
// Count says how much it leaves.
func (p *Prompt) OpenFilter(text *string, changed func(), count func() string) tea.Cmd {
	in := NewInput("filter", *text, UsualBytes)
	in.Count = count
	in.Change = func() { *text = in.Text(); changed() }
	in.Done = func(keep bool) tea.Cmd {
		if !keep {
			*text = ""
			changed()
		}
		return nil
	}
	p.Input = in
	return nil
}

// Ask is a question that a key answers.
type Ask struct {
	Text string
	Yes  string // what y does, in a word
	No   string
	Do   func() tea.Cmd
}

// Row draws the question with its keys.
func (q *Ask) Row(th *Theme, w int) string {
	keys := clean.Width("  y "+q.Yes+" · n "+q.No) + 1 // these show whatever the question
	r := cell.New(w).Gap(1).Put(th.Warn, cell.Cut(q.Text, max(w-1-keys, 0))).Gap(2)
	return r.Put(th.Accent, "y").Put(th.Dim, " "+q.Yes+" · ").Put(th.Accent, "n").Put(th.Dim, " "+q.No).String()
}
