package ui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/internal/clean"
	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// told is the right half of the page: what the agent will be told.
type told struct {
	m     *Model
	sheet *sheet

	focus bool // it has the keys
	zoom  bool // it has the screen, or leaves it to the choices
	top   int
	h     int // rows that show
	total int

	key    string // of the choices whose prompt was asked for last
	number int    // of that request
	end    context.CancelFunc
	busy   bool
	prompt *PromptPreview // nil before one came, and where there is none
	of     int            // number of the request that it came from
	err    string
}

type promptMsg struct {
	number int
	prompt PromptPreview
	err    error
}

// ask asks for the prompt once more when the choices that change it have
// changed. The newest request wins: the one before is called off.
func (t *told) ask() tea.Cmd {
	ask := t.m.o.Prompt
	if !t.sheet.agent().Model || ask == nil {
		return nil
	}
	spec := t.sheet.final()
	key := fmt.Sprint(spec.Task, " ", spec.Agent, " ", spec.Hint, " ", spec.Nodes, " ", spec.Model, " ", spec.Edits, " ", spec.Reflections, " ",
		spec.Ideas, spec.Summaries, " ", titles(spec.Documents), " ", spec.Scaffold, " ", spec.Search, " ", spec.Scripts, " ", spec.Hints)
	if key == t.key {
		return nil
	}
	if t.end != nil {
		t.end()
	}
	ctx, end := context.WithCancel(t.m.frame.Context)
	t.key, t.end, t.busy = key, end, true
	t.number++
	number := t.number
	return func() tea.Msg {
		p, err := ask(ctx, spec)
		return promptMsg{number, p, err}
	}
}

func (t *told) take(msg promptMsg) {
	if msg.number != t.number {
		return
	}
	t.end()
	t.busy, t.err, t.of = false, "", msg.number
	t.prompt = &msg.prompt
	if msg.err != nil {
		t.prompt, t.err = nil, oneLine(msg.err)
	}
}

// toldRow is a row of the prompt as it is shown.
type toldRow struct {
	head bool
	text string
}

// want asks for what the right half shows as rows of its width, in cells.
func (t *told) want(right int) tea.Cmd {
	if !t.sheet.agent().Model {
		return t.m.wantHint(t.sheet.task, taskdata.Hint(t.sheet.spec.Hint), max(right-3, 1))
	}
	if t.prompt == nil {
		return nil
	}
	messages, room := t.prompt.Messages, max(right-3, 1)
	return t.m.frame.Slow.Want(t.rowsKey(right), func() any {
		rows := []toldRow{}
		for i, msg := range messages {
			if i > 0 {
				rows = append(rows, toldRow{})
			}
			rows = append(rows, toldRow{true, clean.Line(msg.Role)})
			for _, l := range clean.Lines(msg.Text) {
				for _, part := range cell.Wrap(l, room) {
					rows = append(rows, toldRow{text: part})
				}
			}
		}
		return rows
	})
}

func (t *told) rowsKey(w int) string { return fmt.Sprint("prompt ", t.of, " ", w) }

// scroll moves what is told by n rows.
func (t *told) scroll(n int) func() tea.Cmd {
	return func() tea.Cmd {
		t.top = max(min(t.top+n, t.total-t.h), 0)
		return nil
	}
}

// rows draws the right half.
func (t *told) rows(w, h int) []string {
	rows, total, row := t.prompted(w)
	if !t.sheet.agent().Model {
		rows, total, row = t.hinted(w)
	}
	t.h, t.total = max(h-len(rows), 0), total
	t.top = max(min(t.top, t.total-t.h), 0)
	end := min(t.top+t.h, t.total)
	for i := t.top; i < end; i++ {
		edge := " "
		switch {
		case i == t.top && t.top > 0:
			edge = "↑"
		case i == end-1 && end < t.total:
			edge = "↓"
		}
		rows = append(rows, cell.New(2).Put(t.m.frame.Theme.Dim, edge).String()+row(i))
	}
	return cell.Fit(rows, w, h)
}

// title begins the right half; it stands out while it has the keys.
func (t *told) title(w int, name string) *cell.Row {
	th := t.m.frame.Theme
	if t.focus {
		return cell.New(w).Put(th.Accent, "▎").Put(th.Accent+th.Bold, name).Gap(2)
	}
	return cell.New(w).Gap(1).Put(th.Dim, name).Gap(2)
}

// prompted gives the head, and the rows of the prompt, each two cells narrower
// than w.
func (t *told) prompted(w int) (head []string, total int, row func(i int) string) {
	th := t.m.frame.Theme
	title := t.title(w, "prompt")
	note := func(st cell.Style, most int, text string) {
		for i, l := range cell.Wrap(text, max(w-3, 1)) {
			if i < most {
				head = append(head, cell.New(w).Gap(2).Put(st, l).String())
			}
		}
	}
	p := t.prompt
	switch {
	case t.m.o.Prompt == nil:
		title.Put(th.Dim, "it is not shown here")
	case t.busy:
		title.Put(th.Run, t.m.spin.Sign()+" preparing…")
	case t.err != "":
		title.Put(th.Warn, "none yet")
		note(th.Warn, 6, t.err)
	case p != nil:
		size := "~" + frame.Tokens(int64(p.Tokens)) + " tokens"
		if c := t.sheet.models.find(t.sheet.spec.Model); c != nil && c.Context > 0 {
			of := fmt.Sprintf("%s, %s of ", size, share(p.Tokens, c.Context))
			size = frame.FirstFit(title.Left()-26, of+"the model's "+contextWords(c.Context), of+contextWords(c.Context))
		}
		title.Put("", size)
		if text := "templates " + cell.Cut(clean.Line(p.Hash), 12); title.Left() > clean.Width(text)+1 {
			title.Rest(cell.New(w).Put(th.Dim, text).Gap(1))
		} else {
			note(th.Dim, 1, text)
		}
		if len(p.Left) > 0 {
			note(th.Warn, 3, "left out, since it does not fit: "+clean.Line(strings.Join(p.Left, ", ")))
		}
	}
	head = append([]string{title.String()}, head...)
	if p == nil {
		return head, 0, nil
	}
	rows, _ := t.m.frame.Slow.Got(t.rowsKey(w)).([]toldRow)
	return head, len(rows), func(i int) string {
		st := cell.Style("")
		switch {
		case rows[i].head:
			st = th.Accent + th.Bold
		case t.busy:
			st = th.Dim
		}
		return cell.New(w-2).Put(st, rows[i].text).String()
	}
}

// share gives how much of a whole a part is: "3 %", "less than 1 %".
func share(part, whole int) string {
	switch p := 100 * float64(part) / float64(whole); {
	case part > 0 && p < 1:
		return "less than 1 %"
	default:
		return fmt.Sprintf("%.0f %%", p)
	}
}

// hinted gives the same of an agent that is no model: what it does, and the hint.
func (t *told) hinted(w int) (head []string, total int, row func(i int) string) {
	th, a := t.m.frame.Theme, t.sheet.agent()
	var body []string
	line := func(st cell.Style, text string) {
		for _, l := range cell.Wrap(text, max(w-3, 1)) {
			body = append(body, cell.New(w-2).Put(st, l).String())
		}
	}
	head = []string{t.title(w, "hint").Put("", frame.HintWords(t.sheet.spec.Hint)).String()}
	line("", clean.Line(a.Name)+": "+clean.Line(a.About)+".")
	if t.sheet.track.GPUs > 0 {
		line(th.Dim, "No language model is asked: what the runs take on GPUs is all that it costs.")
	} else {
		line(th.Dim, "No language model is asked, and nothing is paid for.")
	}
	body = append(body, cell.New(w-2).String())
	if h := taskdata.Hint(t.sheet.spec.Hint); h == taskdata.HintNone || h == "" {
		line(th.Dim, "It is told nothing of the next record.")
	} else {
		for _, l := range t.m.hintRows(t.sheet.task, h, max(w-3, 1)) {
			body = append(body, l+cell.New(w-2-max(w-3, 1)).String())
		}
	}
	return head, len(body), func(i int) string { return body[i] }
}
