package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// orders of the history, in the order in which s goes through them.
var orders = [...]struct {
	name string
	less func(a, b store.Summary) int
}{
	{"newest first", func(a, b store.Summary) int { return cmp.Compare(b.Number, a.Number) }},
	{"highest FSR first", func(a, b store.Summary) int { return cmp.Compare(orLow(b.FSR), orLow(a.FSR)) }},
	{"by task", func(a, b store.Summary) int { return cmp.Compare(a.Task, b.Task) }},
	{"by agent", func(a, b store.Summary) int { return cmp.Compare(a.Agent, b.Agent) }},
	{"by status", func(a, b store.Summary) int { return cmp.Compare(a.Status, b.Status) }},
}

func orLow(f *float64) float64 {
	if f == nil {
		return -1e300
	}
	return *f
}

// history lists all attempts.
type history struct {
	frame.Prompt
	m       *Model
	id      string // of the chosen attempt
	at, top int
	page    int
	order   int
	filter  string
	deleted []string // ids, newest last, for undo
	busy    map[string]bool
	note    *historyNote // nil unless one is typed
}

type historyMsg struct {
	what, done string
	id         string
	err        error
	deleted    bool
}

func newHistory(m *Model) *history {
	return &history{m: m, Prompt: frame.NewPrompt(m.frame), busy: map[string]bool{}}
}

func (l *history) Title() string            { return "history" }
func (l *history) Prepare(_, _ int) tea.Cmd { return nil }

// shown gives the attempts that pass the filter, in order.
func (l *history) shown() []store.Summary {
	var out []store.Summary
	words := strings.Fields(strings.ToLower(l.filter))
	for _, s := range l.m.attempts {
		text := strings.ToLower(fmt.Sprintf("%d %s %s %s %s %s %s", s.Number, s.Task, s.Hint, s.Agent, s.Scaffold, s.Status, s.Note))
		if s.Star {
			text += " * star"
		}
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			out = append(out, s)
		}
	}
	if l.order > 0 {
		slices.SortStableFunc(out, orders[l.order].less)
	}
	return out
}

// chosen gives the attempt the cursor is on, nil if there is none.
func (l *history) chosen() *store.Summary {
	list := l.shown()
	if len(list) == 0 {
		return nil
	}
	if i := slices.IndexFunc(list, func(s store.Summary) bool { return s.ID == l.id }); i >= 0 {
		l.at = i
	}
	l.at = max(min(l.at, len(list)-1), 0)
	l.id = list[l.at].ID
	return &list[l.at]
}

func (l *history) move(n int) func() tea.Cmd {
	return func() tea.Cmd {
		if list := l.shown(); len(list) > 0 {
			l.chosen()
			l.at = max(min(l.at+n, len(list)-1), 0)
			l.id = list[l.at].ID
		}
		return nil
	}
}

func (l *history) Update(msg tea.Msg) tea.Cmd {
	h, ok := msg.(historyMsg)
	if !ok {
		return nil
	}
	delete(l.busy, h.id)
	if h.err != nil {
		return l.m.frame.Complain(h.what, h.err)
	}
	if h.deleted {
		l.deleted = append(l.deleted, h.id)
	}
	if h.done == "" {
		return l.m.refresh()
	}
	return tea.Batch(l.m.refresh(), l.m.frame.Say(h.done, false))
}

func (l *history) Actions() []frame.Action {
	var as []frame.Action
	add := func(keys, show, bar, does string, do func() tea.Cmd) {
		as = append(as, frame.Act(keys, show, bar, does, do))
	}
	if s := l.chosen(); s != nil {
		s := *s
		does := "open the attempt at its result"
		bar := "open"
		if s.Status.Live() {
			does, bar = "watch the attempt live", "watch"
		}
		add("enter", "enter", bar, does, func() tea.Cmd { return l.m.open(openMsg{id: s.ID}) })
		add("p", "p", "replay", "replay the attempt from its start", func() tea.Cmd { return l.m.open(openMsg{id: s.ID, replay: true}) })
		if s.Status.Resumable() {
			if l.m.o.Resume != nil && !l.busy[s.ID] {
				add("r", "r", "resume", "go on with the attempt, from its last whole node", func() tea.Cmd { return l.resume(s) })
			}
		}
		if len(l.shown()) > 1 {
			add("j down", "↑ ↓", "choose", "choose an attempt; also j and k", l.move(1))
			add("k up", "", "", "", l.move(-1))
			add("pgdown ctrl+d", "page", "", "a page down or up; also ctrl+d and ctrl+u", l.move(max(l.page-1, 1)))
			add("pgup ctrl+u", "", "", "", l.move(-max(l.page-1, 1)))
			add("g home", "g G", "", "first, last", l.move(-1<<30))
			add("G end", "", "", "", l.move(1<<30))
			add("s", "s", "sort", "sort otherwise", func() tea.Cmd { l.order = (l.order + 1) % len(orders); return nil })
		}
		add("*", "*", "star", "star the attempt, or not", func() tea.Cmd { return l.star(s) })
		add("n", "n", "note", "write a note on the attempt", func() tea.Cmd { l.note = newHistoryNote(l.m, s); return nil })
		add("D delete", "D", "delete", "delete the attempt; u brings it back", func() tea.Cmd { return l.remove(s) })
	}
	if len(l.deleted) > 0 {
		add("u", "u", "undo", "bring back what was deleted last", l.undo)
	}
	if len(l.m.attempts) > 0 {
		add("/", "/", "filter", "show only attempts with these words", func() tea.Cmd {
			return l.OpenFilter(&l.filter, func() {}, func() string { return fmt.Sprintf("%d of %d", len(l.shown()), len(l.m.attempts)) })
		})
	}
	add("c", "c", "campaigns", "attempts in series, as tables", l.m.goCampaigns)
	add("esc l backspace", "esc", "records", "back to the records", func() tea.Cmd {
		if l.filter != "" {
			l.filter = ""
			return nil
		}
		return l.m.goHome()
	})
	add("q", "q", "quit", "leave pitwall; what runs goes on", func() tea.Cmd { return tea.Quit })
	return as
}

func (l *history) resume(s store.Summary) tea.Cmd {
	l.busy[s.ID] = true
	resume, ctx := l.m.o.Resume, l.m.frame.Context
	return func() tea.Msg {
		return historyMsg{what: "resume " + attemptName(s), done: attemptName(s) + " goes on; enter watches it", id: s.ID, err: resume(ctx, s.ID)}
	}
}

func (l *history) star(s store.Summary) tea.Cmd {
	st, ctx := l.m.o.Store, l.m.frame.Context
	return func() tea.Msg {
		return historyMsg{what: "star " + attemptName(s), id: s.ID, err: st.SetStar(ctx, s.ID, !s.Star)}
	}
}

func (l *history) remove(s store.Summary) tea.Cmd {
	st, ctx := l.m.o.Store, l.m.frame.Context
	if l.busy[s.ID] {
		return nil
	}
	l.busy[s.ID] = true
	return func() tea.Msg {
		err := st.Delete(ctx, s.ID)
		return historyMsg{what: "delete " + attemptName(s), done: attemptName(s) + " is deleted; u brings it back", id: s.ID, err: err, deleted: err == nil}
	}
}

func (l *history) undo() tea.Cmd {
	id := l.deleted[len(l.deleted)-1]
	l.deleted = l.deleted[:len(l.deleted)-1]
	l.id = id
	st, ctx := l.m.o.Store, l.m.frame.Context
	return func() tea.Msg {
		return historyMsg{what: "bring the attempt back", done: "the attempt is back", id: id, err: st.Undelete(ctx, id)}
	}
}

// typing takes the keys of the note or the filter, while one of them is typed.
func (l *history) Typing() func(tea.KeyPressMsg) tea.Cmd {
	if l.note == nil {
		return l.Prompt.Typing()
	}
	return func(k tea.KeyPressMsg) tea.Cmd {
		cmd, closed := l.note.key(k)
		if closed {
			l.note = nil
		}
		return cmd
	}
}

func (l *history) Line(w int) string {
	if l.note == nil {
		return l.Prompt.Line(w)
	}
	return l.note.line(w)
}

func (l *history) Rows(w, h int) []string {
	rows := l.listRows(w, h)
	if l.note != nil {
		rows = l.note.field.Over(rows, w, l.m.frame.Theme.Accent, l.m.frame.Theme.Bold)
	}
	return rows
}

// listRows draws the list, and what is told of the chosen attempt below it.
func (l *history) listRows(w, h int) []string {
	th := l.m.frame.Theme
	list := l.shown()
	info, practice := cell.New(w), ""
	if w < kindFrom {
		practice = asides(list)
	}
	if l.filter != "" {
		info.Put(th.Dim, "filter “").Put("", l.filter).Put(th.Dim, "”  ")
	}
	if practice != "" {
		info.Put(th.Warn, practice).Gap(2)
	}
	info.Put(th.Dim, fmt.Sprintf("%s · %s", frame.Plural(len(list), "attempt"), orders[l.order].name)).Gap(1)
	if info.Used()+20 > w { // as header has it
		info = cell.New(w).Put(th.Warn, practice).Gap(1)
	}
	rows := []string{l.m.frame.Header(w, "history", info), l.m.frame.Rule(w)}
	if len(list) == 0 {
		text := []string{"No attempt yet.", "esc goes to the records; there, enter starts one."}
		if !l.m.loaded {
			text = []string{"reading the attempts …"}
		} else if len(l.m.attempts) > 0 {
			text = []string{"No attempt has “" + l.filter + "” in it.", "esc shows all."}
		}
		for _, t := range text {
			rows = append(rows, cell.New(w).Gap(3).Put(th.Dim, t).String())
		}
		return cell.Fit(rows, w, h)
	}
	cols := historyColumns(w, list)
	foot := l.footRows(l.chosen(), cols, w, h)
	head := cell.New(w).Gap(3)
	for _, c := range cols {
		head.Put(th.Dim, frame.Pad(c.name, c.width, c.right)).Gap(2)
	}
	rows = append(rows, head.String())
	body := h - len(foot)
	l.page = max(body-len(rows), 1)
	l.top = max(min(l.top, l.at), l.at-l.page+1, 0)
	l.top = min(l.top, max(len(list)-l.page, 0))
	for i := l.top; i < len(list) && len(rows) < body; i++ {
		rows = append(rows, l.row(list[i], cols, w, i == l.at))
	}
	return append(cell.Fit(rows, w, body), foot...)
}

// asides says which of the attempts are none of the benchmark's where no column tells; ""
// for none.
func asides(list []store.Summary) string {
	return taskdata.Asides(func(yield func(string, bool) bool) {
		for _, s := range list {
			if !yield(s.Task, s.Benchmark) {
				return
			}
		}
	})
}

// freshMsg is a list of attempts that was read beside the regular reading.
type freshMsg []store.Summary
