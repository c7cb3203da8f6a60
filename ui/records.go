package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
	"pitwall/ui/clean"
	"pitwall/ui/plot"
)

// maxNodes bounds the budget that can be chosen here; the command line takes more.
const maxNodes = 99

// records is the home screen: a track's history, and what to start from it.
type records struct {
	prompt
	tracks []track
	track  int
	at     int // index into shown()
	filter string

	hint    int // index into the task's hints
	agent   int
	nodes   int
	hintTop int

	starting bool
	blocked  string // why no run can be started here
	checked  bool
}

// track is a track's data, read once.
type track struct {
	taskdata.Track
	records []taskdata.Record
	tasks   map[int]taskdata.Task // by the number of their first record
	curve   plot.Series           // seconds over number
	losses  map[int]*curve        // by number, once they were asked for; nil where there is none
}

type (
	preflightMsg struct{ err error }
	startedMsg   struct {
		id      string
		err     error
		blocked bool // the preflight refused
	}
)

func newRecords(m *Model) *records {
	r := &records{prompt: prompt{m: m}, nodes: 3}
	for _, t := range taskdata.Tracks() {
		tr := track{Track: t, records: taskdata.Records(t.ID), tasks: map[int]taskdata.Task{}, losses: map[int]*curve{}}
		for _, task := range taskdata.Tasks(t.ID) {
			tr.tasks[task.From.Number] = task
		}
		for _, rec := range tr.records {
			if rec.Seconds > 0 {
				tr.curve.Append(float64(rec.Number), rec.Seconds)
			}
		}
		r.tracks = append(r.tracks, tr)
		if t.ID == "micro" {
			r.track = len(r.tracks) - 1
		}
	}
	for i, rec := range r.shown() {
		if rec.Number == 7 {
			r.at = i
		}
	}
	r.agent = max(slices.IndexFunc(m.o.Agents, func(a Agent) bool { return a.Name == "tuner" }), 0)
	return r
}

func (r *records) title() string { return "records" }

func (r *records) current() *track {
	if len(r.tracks) == 0 {
		return &track{}
	}
	return &r.tracks[r.track]
}

// shown gives the records that pass the filter.
func (r *records) shown() []taskdata.Record {
	all := r.current().records
	if r.filter == "" {
		return all
	}
	var out []taskdata.Record
	for _, rec := range all {
		text := fmt.Sprintf("%d %s %s %s", rec.Number, rec.Title, rec.Summary, strings.Join(rec.People, " "))
		if strings.Contains(strings.ToLower(text), strings.ToLower(r.filter)) {
			out = append(out, rec)
		}
	}
	return out
}

func (r *records) record() *taskdata.Record {
	s := r.shown()
	if len(s) == 0 {
		return nil
	}
	r.at = max(min(r.at, len(s)-1), 0)
	return &s[r.at]
}

// task is the task that starts at the chosen record, nil for the newest record.
func (r *records) task() *taskdata.Task {
	rec := r.record()
	if rec == nil {
		return nil
	}
	t, ok := r.current().tasks[rec.Number]
	if !ok {
		return nil
	}
	return &t
}

func (r *records) hintName(t *taskdata.Task) taskdata.Hint {
	if len(t.Hints) == 0 {
		return taskdata.HintNone
	}
	return t.Hints[min(r.hint, len(t.Hints)-1)]
}

func (r *records) chosenAgent() *Agent {
	if len(r.m.o.Agents) == 0 {
		return nil
	}
	return &r.m.o.Agents[r.agent]
}

// live gives the newest attempt that an engine works on.
func (r *records) live() *store.Summary {
	for i := range r.m.attempts {
		switch r.m.attempts[i].Status {
		case event.StatusRunning, event.StatusQueued, event.StatusPaused:
			return &r.m.attempts[i]
		}
	}
	return nil
}

func (r *records) preflight() tea.Cmd {
	if r.m.o.Preflight == nil {
		r.checked = true
		return nil
	}
	return func() tea.Msg { return preflightMsg{r.m.o.Preflight(r.m.ctx)} }
}

func (r *records) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case preflightMsg:
		r.checked, r.blocked = true, ""
		if msg.err != nil {
			r.blocked = clean.Line(strings.ReplaceAll(msg.err.Error(), "\n", " · "))
		}
	case startedMsg:
		r.starting = false
		if msg.blocked {
			return r.update(preflightMsg{msg.err})
		}
		if msg.err != nil {
			return r.m.complain("start the attempt", msg.err)
		}
		if r.m.now == r.m.home {
			return r.m.open(openMsg{id: msg.id})
		}
		return r.m.say("the attempt has started; it stands first in the history", false)
	}
	return nil
}

// start starts an attempt on the chosen task, once however often it is asked.
func (r *records) start() tea.Cmd {
	t, a := r.task(), r.chosenAgent()
	if r.starting || t == nil || a == nil {
		return nil
	}
	spec := store.Spec{
		Task: t.ID(), Hint: string(r.hintName(t)), Agent: a.Name, Scaffold: "flat", Runner: "local",
		Nodes: r.nodes, Seed: 1,
		Calibrate: r.current().CalibrationRuns, Confirm: r.current().ConfirmationRuns,
	}
	r.starting = true
	o, ctx := r.m.o, r.m.ctx
	return func() tea.Msg {
		if o.Preflight != nil {
			if err := o.Preflight(ctx); err != nil {
				return startedMsg{err: err, blocked: true}
			}
		}
		id, err := o.Start(ctx, spec)
		return startedMsg{id: id, err: err}
	}
}

// canStart says whether Enter starts something; if not, why.
func (r *records) canStart() (bool, string) {
	t, a := r.task(), r.chosenAgent()
	switch {
	case t == nil:
		return false, ""
	case !t.Ready:
		return false, t.Why
	case r.m.o.Start == nil:
		return false, "this machine can only look at attempts"
	case a == nil:
		return false, "there is no agent"
	case !a.Ready:
		return false, a.Name + ": " + a.Why
	case r.starting:
		return false, "starting…"
	}
	return true, ""
}

func (r *records) move(n int) func() tea.Cmd {
	return func() tea.Cmd {
		r.at = max(min(r.at+n, len(r.shown())-1), 0)
		r.hintTop = 0
		return nil
	}
}

func (r *records) turnHint(n int) func() tea.Cmd {
	return func() tea.Cmd {
		if t := r.task(); t != nil && len(t.Hints) > 0 {
			r.hint = (min(r.hint, len(t.Hints)-1) + n + len(t.Hints)) % len(t.Hints)
			r.hintTop = 0
		}
		return nil
	}
}

func (r *records) actions() []action {
	var as []action
	add := func(keys, show, bar, does string, do func() tea.Cmd) {
		as = append(as, action{keys, show, bar, does, do})
	}
	t := r.task()
	if ok, _ := r.canStart(); ok && r.blocked != "" {
		add("enter", "enter", "check again", "check again whether a run can be started here", r.preflight)
	} else if ok {
		add("enter", "enter", "start", "start an attempt on the chosen task and watch it", r.start)
	}
	if l := r.live(); l != nil {
		id := l.ID
		add("w", "w", "watch "+attemptName(*l), "watch the attempt that is under way", func() tea.Cmd { return r.m.open(openMsg{id: id}) })
	}
	if len(r.shown()) > 1 {
		add("j down", "↑ ↓", "record", "choose a record; also j and k", r.move(1))
		add("k up", "", "", "", r.move(-1))
	}
	if t != nil && len(t.Hints) > 1 {
		add("h right", "h", "hint", "next hint; also ← →", r.turnHint(1))
		add("left", "", "", "", r.turnHint(-1))
	}
	if len(r.m.o.Agents) > 1 {
		add("a", "a", "agent", "next agent", func() tea.Cmd { r.agent = (r.agent + 1) % len(r.m.o.Agents); return nil })
	}
	if t != nil {
		add("n +", "n N", "nodes", "one node more, one fewer; also + and -", func() tea.Cmd { r.nodes = min(r.nodes+1, maxNodes); return nil })
		add("N -", "", "", "", func() tea.Cmd { r.nodes = max(r.nodes-1, 1); return nil })
	}
	add("l", "l", "history", "all attempts", r.m.goHistory)
	if rec := r.record(); rec != nil && rec.Script() != "" {
		rec := *rec
		add("d", "d", "script", "read the record's script", func() tea.Cmd { return r.m.read(scriptReader(r.m, rec)) })
	}
	if t != nil && t.Answer() != "" {
		task := *t
		add("H", "H", "answer", "the human answer: the diff to the next record, which the agent never sees", func() tea.Cmd { return r.m.read(answerReader(r.m, task)) })
	}
	if t != nil && r.hintName(t) != taskdata.HintNone {
		add("J pgdown ctrl+d", "J K", "", "scroll the hint; also page up and page down", func() tea.Cmd { r.hintTop += 3; return nil })
		add("K pgup ctrl+u", "", "", "", func() tea.Cmd { r.hintTop = max(r.hintTop-3, 0); return nil })
		task := *t
		add("i", "i", "", "read the hint on the whole screen", func() tea.Cmd { return r.m.read(hintReader(r.m, task, r.hintName(t))) })
	}
	add("/", "/", "filter", "show only records with a word in them", func() tea.Cmd { return r.openFilter(&r.filter, func() { r.at = 0 }) })
	if len(r.tracks) > 1 {
		add("tab", "tab", "track", "next track", func() tea.Cmd { r.track, r.at = (r.track+1)%len(r.tracks), 0; return nil })
	}
	if r.filter != "" {
		add("esc", "esc", "all records", "show all records again", func() tea.Cmd { r.filter = ""; return nil })
	}
	add("q", "q", "quit", "leave pitwall; what runs goes on", func() tea.Cmd { return tea.Quit })
	return as
}

// prepare makes the chosen record's curves and asks for the hint as it is to be shown.
func (r *records) prepare(w, _ int) tea.Cmd {
	if rec := r.record(); rec != nil {
		r.current().feed(*rec)
	}
	t := r.task()
	if t == nil {
		return nil
	}
	r.current().feed(t.To)
	task, hint := *t, r.hintName(t)
	_, right := r.columns(w)
	return r.m.wantHint(task, hint, right-2)
}

// feed makes the loss curve of a record, once.
func (t *track) feed(rec taskdata.Record) {
	if _, ok := t.losses[rec.Number]; !ok {
		t.losses[rec.Number] = recordCurve(rec)
	}
}

func (m *Model) wantHint(t taskdata.Task, h taskdata.Hint, w int) tea.Cmd {
	if h == taskdata.HintNone {
		return nil
	}
	dark := m.th.dark
	return m.slow.want(hintKey(t, h, w), func() any {
		text, err := t.HintText(h)
		if err != nil {
			return []string{}
		}
		return markdown(text, w, dark)
	})
}

func hintKey(t taskdata.Task, h taskdata.Hint, w int) string {
	return fmt.Sprint("hint ", t.ID(), " ", h, " ", w)
}

func (m *Model) hintRows(t taskdata.Task, h taskdata.Hint, w int) []string {
	rows, _ := m.slow.got[hintKey(t, h, w)].([]string)
	return rows
}

func attemptName(s store.Summary) string { return fmt.Sprintf("attempt %d", s.Number) }
