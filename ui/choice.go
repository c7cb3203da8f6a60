package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
	"pitwall/taskdata"
)

// Nodes of an attempt: where nothing is chosen, and the most that can be chosen.
const (
	usualNodes = 3
	maxNodes   = 1000
)

// choice is what is to be attempted, as home and the setup page choose it together:
// the record and its task, what that is made of, who edits, and in how many nodes.
// The root owns it, and hands it to both.
type choice struct {
	agents []Agent
	tracks []*track
	track  int

	scripts string // where scripts come from, where there is a choice; "" for the first source
	hints   string // whose hints, where there is a choice; "" for pitwall's own
	hint    int    // index into the task's hints
	agent   int
	nodes   int
	counted bool // a person has chosen their number
}

// newChoice begins with the track of the catalog that suits best, and with an agent
// that needs no key.
func newChoice(agents []Agent, tasks *taskdata.Catalog) *choice {
	c := &choice{agents: agents, nodes: usualNodes, tracks: readTracks(tasks)}
	best := -1
	for i, tr := range c.tracks {
		if rank := tr.rank(); rank > best {
			best, c.track = rank, i
		}
	}
	c.agent = max(slices.IndexFunc(agents, func(a Agent) bool { return a.Name == "tuner" }), 0)
	return c
}

func readTracks(c *taskdata.Catalog) (tracks []*track) {
	for _, t := range taskdata.Tracks() {
		tracks = append(tracks, newTrack(t, c.Records(t.ID), append(c.Tasks(t.ID), c.OpenTasks(t.ID)...)))
	}
	return tracks
}

// renew takes up another catalog. What was chosen stays where it can.
func (c *choice) renew(tasks *taskdata.Catalog) {
	before := c.tracks
	c.tracks = readTracks(tasks)
	for i, tr := range c.tracks {
		old := before[i]
		tr.filter, tr.number, tr.top = old.filter, old.number, old.top
		tr.narrow()
	}
}

func (c *choice) current() *track {
	if len(c.tracks) == 0 {
		return &track{}
	}
	return c.tracks[c.track]
}

// turn goes to a track.
func (c *choice) turn(to int) func() tea.Cmd {
	return func() tea.Cmd { c.track = to; return nil }
}

// record gives the chosen record, nil where the filter leaves none.
func (c *choice) record() *taskdata.Record { return c.current().record() }

// task is the task that starts at the chosen record, nil where there is none.
func (c *choice) task() *taskdata.Task {
	rec := c.record()
	if rec == nil {
		return nil
	}
	return c.current().tasks[rec.Number]
}

// ready is the task of the chosen record where it can be attempted, with the
// scripts and hints that were chosen where it has them.
func (c *choice) ready() *taskdata.Task {
	t := c.task()
	if t == nil || !t.Ready {
		return nil
	}
	chosen := c.sourced(*t)
	return &chosen
}

// sourced gives a task with the scripts and the hints that were chosen, where it has
// them.
func (c *choice) sourced(t taskdata.Task) taskdata.Task {
	if with, err := t.WithSource(c.scripts); err == nil {
		t = with
	}
	if with, err := t.WithHints(c.hints); err == nil {
		t = with
	}
	return t
}

func (c *choice) hintName(t *taskdata.Task) taskdata.Hint {
	if len(t.Hints) == 0 {
		return taskdata.HintNone
	}
	return t.Hints[min(c.hint, len(t.Hints)-1)]
}

// turnHint goes to the next hint of the chosen task, or the one before.
func (c *choice) turnHint(n int) func() tea.Cmd {
	return func() tea.Cmd {
		if t := c.ready(); t != nil && len(t.Hints) > 0 {
			c.hint = (min(c.hint, len(t.Hints)-1) + n + len(t.Hints)) % len(t.Hints)
		}
		return nil
	}
}

// takeHint chooses a hint of a task by its name, where the task has it.
func (c *choice) takeHint(t *taskdata.Task, name string) {
	if i := slices.Index(t.Hints, taskdata.Hint(name)); i >= 0 {
		c.hint = i
	}
}

// chosenAgent is who edits, nil where there is nobody.
func (c *choice) chosenAgent() *Agent {
	if len(c.agents) == 0 {
		return nil
	}
	return &c.agents[c.agent]
}

// turnAgent goes to the next agent, or the one before.
func (c *choice) turnAgent(dir int) {
	c.agent = (c.agent + dir + len(c.agents)) % len(c.agents)
}

// count sets the number of nodes, as a person chose it, and gives what it is.
func (c *choice) count(n int) int {
	c.nodes, c.counted = max(min(n, maxNodes), 1), true
	return c.nodes
}

// recount sets the number of nodes to one that nobody chose.
func (c *choice) recount(n int) { c.nodes, c.counted = n, false }

// liveOf gives the newest attempt that an engine works on.
func liveOf(attempts []store.Summary) *store.Summary {
	for i := range attempts {
		if attempts[i].Status.Live() {
			return &attempts[i]
		}
	}
	return nil
}
