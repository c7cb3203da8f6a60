package ui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"pitwall/internal/clean"
	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/code"
	"pitwall/ui/diffview"
	"pitwall/ui/frame"
)

// reader shows one text on the whole screen: a script, the answer, or a hint.
type reader struct {
	m       *Model
	name    string
	label   string // under the title; the warning where there is one
	warn    bool
	top, h  int
	text    []string       // of a script
	diff    *diffview.Diff // of an answer
	paint   string         // key of the colours in slow
	source  string         // to be coloured
	task    taskdata.Task  // of a hint
	hint    taskdata.Hint
	made    func(w int) []string // of anything else
	onWidth int
}

func (m *Model) read(r *reader) tea.Cmd {
	m.reader, m.now = r, r
	return nil
}

func scriptReader(m *Model, rec taskdata.Record) *reader {
	text := rec.Script()
	return &reader{
		m: m, name: fmt.Sprintf("script of record %s/%d", rec.Track, rec.Number), label: practised(rec.Track, clean.Line(rec.Title)+" · "+clean.Line(rec.Time())+fromSource(rec.Source())),
		text: clean.Lines(text), source: text, paint: fmt.Sprint("script ", rec.Track, rec.Number, rec.Source()),
	}
}

func answerReader(m *Model, t taskdata.Task) *reader {
	return &reader{
		m: m, name: fmt.Sprintf("the answer to %s", t.ID()), warn: true,
		label: practised(t.To.Track, "This is the answer: the human change that set record "+fmt.Sprint(t.To.Number)+". The agent never sees it."+fromSource(t.From.Source())),
		diff:  diffview.Make(t.From.Script(), t.Answer()), source: t.From.Script() + "\n" + t.Answer(), paint: "answer " + t.ID() + t.From.Source(),
	}
}

func hintReader(m *Model, t taskdata.Task, h taskdata.Hint) *reader {
	return &reader{m: m, name: fmt.Sprintf("hint %s of %s", frame.HintWords(string(h)), t.ID()), label: practised(t.From.Track, "what the agent is told"+hintsBy(&t)), task: t, hint: h}
}

// fromSource says where a script was imported from, "" where it was not.
func fromSource(source string) string {
	if source == "" {
		return ""
	}
	return " · from " + source
}

// practised says before a text with figures of a track that they are practice, where they are.
func practised(track, text string) string {
	if isPractice(track) {
		return "practice · " + text
	}
	return text
}

func isPractice(track string) bool {
	t, err := taskdata.FindTrack(track)
	return err == nil && t.Practice
}

func (r *reader) Title() string                         { return r.name }
func (r *reader) Update(tea.Msg) tea.Cmd                { return nil }
func (r *reader) Line(int) string                       { return "" }
func (r *reader) Typing() func(tea.KeyPressMsg) tea.Cmd { return nil }

func (r *reader) Prepare(w, _ int) tea.Cmd {
	if r.hint != "" {
		r.onWidth = min(w-2, 100)
		return r.m.wantHint(r.task, r.hint, r.onWidth)
	}
	if r.made != nil {
		r.onWidth = w
		return nil
	}
	source, th := r.source, r.m.frame.Theme.Code
	return r.m.frame.Slow.Want(r.paint, func() any { return code.Highlight(taskdata.ScriptName, source, th) })
}

func (r *reader) total() int {
	switch {
	case r.diff != nil:
		return r.diff.Len()
	case r.hint != "":
		return len(r.m.hintRows(r.task, r.hint, r.onWidth))
	case r.made != nil:
		return len(r.made(r.onWidth))
	}
	return len(r.text)
}

func (r *reader) scroll(n int) func() tea.Cmd {
	return func() tea.Cmd {
		r.top = max(min(r.top+n, r.total()-r.h), 0)
		return nil
	}
}

func (r *reader) Actions() []frame.Action {
	var as []frame.Action
	add := func(keys, show, bar, does string, do func() tea.Cmd) {
		as = append(as, frame.Act(keys, show, bar, does, do))
	}
	add("esc q backspace", "esc", "back", "back to the records", r.m.goHome)
	if r.total() > r.h {
		add("j down", "↑ ↓", "line", "scroll by a line; also j and k", r.scroll(1))
		add("k up", "", "", "", r.scroll(-1))
		add("pgdown ctrl+d space f", "space", "page", "scroll by a page; also page up and page down", r.scroll(max(r.h-2, 1)))
		add("pgup ctrl+u b", "", "", "", r.scroll(-max(r.h-2, 1)))
		add("g home", "g G", "ends", "first line, last line", r.scroll(-1<<30))
		add("G end", "", "", "", r.scroll(1<<30))
	}
	if r.diff != nil && len(r.diff.Changes()) > 1 {
		add("n ]", "n N", "change", "next change, the one before; also ] and [", r.change(1))
		add("N [", "", "", "", r.change(-1))
	}
	return as
}

func (r *reader) change(dir int) func() tea.Cmd {
	return func() tea.Cmd {
		r.top = nextChange(r.diff, r.top, dir)
		return r.scroll(0)()
	}
}

// nextChange gives the row to scroll to for the change after (dir 1) or before top.
func nextChange(d *diffview.Diff, top, dir int) int {
	at := d.Changes()
	if dir > 0 {
		for _, i := range at {
			if i-diffview.Context > top {
				return i - diffview.Context
			}
		}
		return top
	}
	for k := len(at) - 1; k >= 0; k-- {
		if i := max(at[k]-diffview.Context, 0); i < top {
			return i
		}
	}
	return top
}

func (r *reader) Rows(w, h int) []string {
	th := r.m.frame.Theme
	if r.made != nil {
		r.onWidth = w
	}
	st := th.Dim
	if r.warn {
		st = th.Warn
	}
	info := cell.New(w)
	if r.diff != nil {
		info.Put(th.Good, fmt.Sprintf("+%d", r.diff.Added)).Gap(1).Put(th.Bad, fmt.Sprintf("−%d", r.diff.Removed)).Gap(1)
	} else if r.made == nil {
		info.Put(th.Dim, frame.Plural(r.total(), "line")).Gap(1)
	}
	rows := []string{r.m.frame.Header(w, r.name, info), cell.New(w).Gap(1).Put(st, r.label).String(), r.m.frame.Rule(w)}
	r.h = h - len(rows)
	r.top = max(min(r.top, r.total()-r.h), 0)
	paint, _ := r.m.frame.Slow.Got(r.paint).(code.Paint)
	switch {
	case r.diff != nil:
		rows = append(rows, r.diff.Rows(diffview.View{Theme: th.Diff, Paint: paint}, r.top, w, r.h)...)
	case r.hint != "":
		text := r.m.hintRows(r.task, r.hint, r.onWidth)
		for i := r.top; i < len(text) && len(rows) < h; i++ {
			rows = append(rows, cell.New(w).Gap(1).Raw(text[i], r.onWidth).String())
		}
	case r.made != nil:
		text := r.made(w)
		rows = append(rows, text[r.top:]...)
	default:
		for i := r.top; i < len(r.text) && len(rows) < h; i++ {
			row := cell.New(w).Put(th.Diff.Number, fmt.Sprintf("%5d", i+1)).Gap(2)
			paint.Put(row, r.text[i])
			rows = append(rows, row.String())
		}
	}
	return cell.Fit(rows, w, h)
}
