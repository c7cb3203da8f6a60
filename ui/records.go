package ui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
	"pitwall/taskdata"
	"pitwall/ui/frame"
	"pitwall/ui/markdown"
)

// records is the home screen: a track's history, and what to start from it.
type records struct {
	frame.Prompt
	m      *Model
	choice *choice
	begun  bool // a person has pressed a key here; nothing else changes the track

	list   recordList
	detail recordDetail
	plot   recordPlot
	begin  *recordStart

	plotting bool // the history plot has the whole screen
}

type (
	trackMsg   string // the track that suits this machine, "" for none in particular
	startedMsg struct {
		id      string
		err     error
		blocked bool // the preflight refused
	}
)

func newRecords(m *Model) *records {
	begin := &recordStart{m: m, choice: m.choice}
	return &records{
		m: m, Prompt: frame.NewPrompt(m.frame), choice: m.choice, begin: begin,
		list: recordList{m: m, choice: m.choice}, detail: recordDetail{m: m, choice: m.choice, begin: begin}, plot: recordPlot{m: m, choice: m.choice},
	}
}

func (r *records) Title() string { return "records" }
func (r *records) spins() bool   { return r.begin.starting }

func (r *records) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case trackMsg:
		i := slices.IndexFunc(r.choice.tracks, func(t *track) bool { return t.ID == string(msg) })
		if i >= 0 && !r.begun {
			r.choice.track = i
		}
	case ghostMsg:
		msg.track.ghosts[msg.number] = msg.ghost
	case startedMsg:
		r.begin.starting = false
		if msg.blocked {
			r.m.preflight.take(msg.err)
			return nil
		}
		if msg.err != nil {
			return r.m.frame.Complain("start the attempt", msg.err)
		}
		if r.m.now == frame.Room(r) {
			return r.m.open(openMsg{id: msg.id})
		}
		return r.m.frame.Say("the attempt has started; it stands first in the history", false)
	}
	return nil
}

func (r *records) move(n int) func() tea.Cmd {
	return func() tea.Cmd {
		r.choice.current().move(n)
		return nil
	}
}

// count changes the number of nodes.
func (r *records) count(by int) func() tea.Cmd {
	return func() tea.Cmd { r.choice.count(r.choice.nodes + by); return nil }
}

// typing lets the arrows choose among what the filter leaves while it is typed.
func (r *records) Typing() func(tea.KeyPressMsg) tea.Cmd {
	typed := r.Prompt.Typing()
	if typed == nil {
		return nil
	}
	return func(k tea.KeyPressMsg) tea.Cmd {
		n, ok := map[string]int{"up": -1, "down": 1, "pgup": -r.list.page, "pgdown": r.list.page}[k.Keystroke()]
		if ok {
			return r.move(n)()
		}
		if k.Keystroke() == "enter" {
			r.choice.current().settle()
		}
		return typed(k)
	}
}

// hasScript reports whether there is a script, and reads none that was imported.
func hasScript(rec *taskdata.Record) bool { return rec.Source() != "" || rec.Script() != "" }

// prepare asks for the ghosts of the chosen record and the next, for the hint as it
// is to be shown, and for what the task needs here.
func (r *records) Prepare(w, _ int) tea.Cmd {
	var cmds []tea.Cmd
	if rec := r.choice.record(); rec != nil {
		cmds = append(cmds, r.choice.current().feed(*rec))
	}
	if t := r.m.needs.task(); t != nil {
		cmds = append(cmds, r.m.needs.survey(t.ID()))
	}
	if t := r.choice.ready(); t != nil {
		_, right := r.columns(w)
		cmds = append(cmds, r.choice.current().feed(t.To), r.m.wantHint(*t, r.choice.hintName(t), max(right-hintFrame, 1)))
	}
	return tea.Batch(cmds...)
}

func (m *Model) wantHint(t taskdata.Task, h taskdata.Hint, w int) tea.Cmd {
	if h == taskdata.HintNone {
		return nil
	}
	th := m.frame.Theme.Prose
	return m.frame.Slow.Want(hintKey(t, h, w), func() any {
		text, err := t.HintText(h)
		if err != nil {
			return []string{}
		}
		return markdown.Rows(text, w, th)
	})
}

func hintKey(t taskdata.Task, h taskdata.Hint, w int) string {
	return fmt.Sprint("hint ", t.ID(), " ", h, " ", t.HintSource(), " ", w)
}

func (m *Model) hintRows(t taskdata.Task, h taskdata.Hint, w int) []string {
	rows, _ := m.frame.Slow.Got(hintKey(t, h, w)).([]string)
	return rows
}

func attemptName(s store.Summary) string { return fmt.Sprintf("attempt %d", s.Number) }
