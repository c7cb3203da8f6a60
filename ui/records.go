package ui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// Nodes of an attempt: where nothing is chosen, and the most that can be chosen.
const (
	usualNodes = 3
	maxNodes   = 1000
)

// records is the home screen: a track's history, and what to start from it.
type records struct {
	prompt
	tracks []*track
	track  int
	begun  bool // a person has pressed a key here; nothing else changes the track
	page   int  // rows of the list

	scripts string // where scripts come from, where there is a choice; "" for the first source
	hints   string // whose hints, where there is a choice; "" for pitwall's own
	hint    int    // index into the task's hints
	agent   int
	nodes   int
	counted bool // a person has chosen their number
	hintTop int

	plotting bool     // the history plot has the whole screen
	drawn    struct { // the plot as it was drawn last
		of   plotKey
		rows []string
	}

	here map[string]surroundings // by task: what of its needs is on this machine
	look string                  // the task whose needs are being looked for, "" for none

	starting bool
	blocked  string // why no run can be started here
	checked  bool
}

type (
	preflightMsg struct{ err error }
	trackMsg     string // the track that suits this machine, "" for none in particular
	startedMsg   struct {
		id      string
		err     error
		blocked bool // the preflight refused
	}
)

func newRecords(m *Model) *records {
	r := &records{prompt: prompt{m: m}, nodes: usualNodes, here: map[string]surroundings{}}
	r.tracks = readTracks(m.tasks)
	best := -1
	for i, tr := range r.tracks {
		if rank := tr.rank(); rank > best {
			best, r.track = rank, i
		}
	}
	r.agent = max(slices.IndexFunc(m.o.Agents, func(a Agent) bool { return a.Name == "tuner" }), 0)
	return r
}

func readTracks(c *taskdata.Catalog) (tracks []*track) {
	for _, t := range taskdata.Tracks() {
		tracks = append(tracks, newTrack(t, c.Records(t.ID), append(c.Tasks(t.ID), c.OpenTasks(t.ID)...)))
	}
	return tracks
}

// renew takes up the catalog of the root. What was chosen stays where it can.
func (r *records) renew() {
	before := r.tracks
	r.tracks = readTracks(r.m.tasks)
	for i, tr := range r.tracks {
		old := before[i]
		tr.filter, tr.number, tr.top = old.filter, old.number, old.top
		tr.narrow()
	}
	r.drawn.rows, r.drawn.of = nil, plotKey{}
	clear(r.here)
}

func (r *records) title() string { return "records" }

func (r *records) current() *track {
	if len(r.tracks) == 0 {
		return &track{}
	}
	return r.tracks[r.track]
}

// turn goes to a track, as a person chose to.
func (r *records) turn(to int) func() tea.Cmd {
	return func() tea.Cmd {
		r.track, r.hintTop = to, 0
		return nil
	}
}

// record gives the chosen record, nil where the filter leaves none.
func (r *records) record() *taskdata.Record { return r.current().record() }

// task is the task that starts at the chosen record, nil where there is none.
func (r *records) task() *taskdata.Task {
	rec := r.record()
	if rec == nil {
		return nil
	}
	return r.current().tasks[rec.Number]
}

// ready is the task of the chosen record where it can be attempted, with the
// scripts and hints that were chosen where it has them.
func (r *records) ready() *taskdata.Task {
	t := r.task()
	if t == nil || !t.Ready {
		return nil
	}
	chosen := sourced(*t, r.scripts, r.hints)
	return &chosen
}

// sourced gives a task with the scripts and the hints of some sources, where it has
// them.
func sourced(t taskdata.Task, scripts, hints string) taskdata.Task {
	if with, err := t.WithSource(scripts); err == nil {
		t = with
	}
	if with, err := t.WithHints(hints); err == nil {
		t = with
	}
	return t
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
	case trackMsg:
		i := slices.IndexFunc(r.tracks, func(t *track) bool { return t.ID == string(msg) })
		if i >= 0 && !r.begun {
			r.track = i
		}
	case preflightMsg:
		r.checked, r.blocked = true, ""
		if msg.err != nil {
			r.blocked = oneLine(msg.err)
		}
	case ghostMsg:
		msg.track.ghosts[msg.number] = msg.ghost
	case surroundingsMsg:
		r.look, r.here[msg.task] = "", msg.surroundings
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
	t, a := r.ready(), r.chosenAgent()
	if r.starting || t == nil || a == nil {
		return nil
	}
	m, task, tr, agent, hint, nodes := r.m, *t, r.current(), a.Name, string(r.hintName(t)), r.nodes
	r.starting = true
	return func() tea.Msg {
		spec, err := m.defaults(&task, tr, agent)
		if err != nil {
			return startedMsg{err: err}
		}
		spec.Hint, spec.Nodes = hint, nodes
		id, blocked, err := m.launch(spec)
		return startedMsg{id, err, blocked}
	}
}

// canStart says whether Enter starts something; if not, why.
func (r *records) canStart() (bool, string) {
	t, a := r.task(), r.chosenAgent()
	switch {
	case r.record() == nil:
		return false, ""
	case t == nil:
		return false, "no task starts at this record"
	case !t.Ready:
		return false, t.Why
	case r.m.o.Start == nil:
		return false, "this machine can only look at attempts"
	case a == nil:
		return false, "there is no agent"
	case !a.Ready && !a.Model: // of a model that is not, its page says why
		return false, a.Name + ": " + a.Why
	case r.starting:
		return false, "starting…"
	}
	return true, ""
}

// sayWhy says why Enter starts nothing.
func (r *records) sayWhy(why string) func() tea.Cmd {
	if t := r.task(); t != nil && !t.Ready {
		why = t.ID() + " cannot be attempted yet: " + why
	}
	return func() tea.Cmd { return r.m.say(why, false) }
}

func (r *records) move(n int) func() tea.Cmd {
	return func() tea.Cmd {
		r.current().move(n)
		r.hintTop = 0
		return nil
	}
}

// typing lets the arrows choose among what the filter leaves while it is typed.
func (r *records) typing() func(tea.KeyPressMsg) tea.Cmd {
	typed := r.prompt.typing()
	if typed == nil {
		return nil
	}
	return func(k tea.KeyPressMsg) tea.Cmd {
		n, ok := map[string]int{"up": -1, "down": 1, "pgup": -r.page, "pgdown": r.page}[k.Keystroke()]
		if ok {
			return r.move(n)()
		}
		if k.Keystroke() == "enter" {
			r.current().settle()
		}
		return typed(k)
	}
}

// count changes the number of nodes.
func (r *records) count(by int) func() tea.Cmd {
	return func() tea.Cmd {
		r.nodes, r.counted = max(min(r.nodes+by, maxNodes), 1), true
		return nil
	}
}

func (r *records) turnHint(n int) func() tea.Cmd {
	return func() tea.Cmd {
		if t := r.ready(); t != nil && len(t.Hints) > 0 {
			r.hint = (min(r.hint, len(t.Hints)-1) + n + len(t.Hints)) % len(t.Hints)
			r.hintTop = 0
		}
		return nil
	}
}

// hasScript reports whether there is a script, and reads none that was imported.
func hasScript(rec *taskdata.Record) bool { return rec.Source() != "" || rec.Script() != "" }

// prepare asks for the ghosts of the chosen record and the next, for the hint as it
// is to be shown, and for what the task needs here.
func (r *records) prepare(w, _ int) tea.Cmd {
	var cmds []tea.Cmd
	if rec := r.record(); rec != nil {
		cmds = append(cmds, r.current().feed(*rec))
	}
	if t := r.needs(); t != nil {
		cmds = append(cmds, r.survey(t.ID()))
	}
	if t := r.ready(); t != nil {
		_, right := r.columns(w)
		cmds = append(cmds, r.current().feed(t.To), r.m.wantHint(*t, r.hintName(t), right-2))
	}
	return tea.Batch(cmds...)
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
	return fmt.Sprint("hint ", t.ID(), " ", h, " ", t.HintSource(), " ", w)
}

func (m *Model) hintRows(t taskdata.Task, h taskdata.Hint, w int) []string {
	rows, _ := m.slow.got[hintKey(t, h, w)].([]string)
	return rows
}

func attemptName(s store.Summary) string { return fmt.Sprintf("attempt %d", s.Number) }
