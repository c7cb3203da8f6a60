package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/internal/clean"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// setup is the page on which an attempt is put together before it starts: its
// choices, and what the agent will be told.
type setup struct {
	m     *Model
	task  taskdata.Task // with the chosen scripts and hints
	track *track
	spec  store.Spec
	docs  []store.Document // of the attempt that the choices are from
	shelf []store.Document // of the task: what can be given beside the hint
	cost  cost

	origin  string // where the choices come from, in words
	touched bool   // a person has chosen something
	known   bool   // the attempts had been read when the choices were loaded
	kept    map[string]draft
	wrong   map[string]wrongText // by row: what was typed that cannot be

	at    string // key of the chosen row
	top   int    // first row that shows
	page  int    // rows that show
	input *input
	fresh bool       // the next key writes over what stands in the input
	list  *modelList // nil unless it is open
	model models
	told  told

	asking   bool // whether the GPU-hours are worth it
	starting bool
	failed   string // why it was not started
}

// draft is what was chosen for an agent and not started.
type draft struct {
	spec   store.Spec
	origin string
	docs   []store.Document
	wrong  map[string]wrongText
}

// wrongText is a text that no value can be read from, and what would be right.
type wrongText struct{ text, why string }

// begunMsg says what became of an attempt that was started here.
type begunMsg struct {
	s         *setup
	agent, id string
	blocked   bool
	err       error
}

// Words of a spec.
const (
	scaffoldFlat = "flat"
	editsBlocks  = "blocks"
	editsTools   = "tools"
)

// launch starts an attempt. blocked says that this machine can run none.
func (m *Model) launch(spec store.Spec) (id string, blocked bool, err error) {
	if m.o.Preflight != nil {
		if err := m.o.Preflight(m.ctx); err != nil {
			return "", true, err
		}
	}
	id, err = m.o.Start(m.ctx, spec)
	return id, false, err
}

// defaults gives what a task's track and an agent set where nothing is chosen.
func (m *Model) defaults(t *taskdata.Task, tr *track, agent string) (store.Spec, error) {
	if m.o.Defaults != nil {
		return m.o.Defaults(t.ID(), agent)
	}
	return store.Spec{
		Task: t.ID(), Hint: string(taskdata.HintNone), Agent: agent, Scaffold: scaffoldFlat, Runner: "local", Nodes: usualNodes, Seed: 1,
		Calibrate: tr.CalibrationRuns, Confirm: tr.ConfirmationRuns,
	}, nil
}

// setUp opens the page for what is chosen at home.
func (r *records) setUp() tea.Cmd {
	t, m := r.ready(), r.m
	if t == nil || r.chosenAgent() == nil {
		return nil
	}
	if m.setup == nil {
		m.setup = &setup{m: m, kept: map[string]draft{}}
	}
	s := m.setup
	if s.task.ID() != t.ID() {
		s.told.prompt, s.told.top = nil, 0
	}
	if s.told.err != "" {
		s.told.key = "" // it may go better this time
	}
	s.task, s.track, s.shelf = *t, r.current(), nil
	s.input, s.list, s.told.focus, s.told.zoom, s.asking = nil, nil, false, false, false
	s.cost.key = "" // a profile may have been mended since
	m.now = s
	s.load()
	s.settle()
	return tea.Batch(s.askModels(), s.askDocuments())
}

// settle goes to the row to start from, or to the first that stands in its way.
func (s *setup) settle() {
	s.at, s.top = rowStart, 0
	if p := s.problems(); len(p) > 0 {
		s.at = p[0].key
	}
}

func (s *setup) title() string { return "set up" }

// agent is who edits.
func (s *setup) agent() Agent { return *s.m.home.chosenAgent() }

// scaffolds says whether another scaffold than flat can be chosen.
func (s *setup) scaffolds() bool {
	a := s.agent()
	return (a.Model || a.Scaffolds) && len(s.m.o.Scaffolds) > 0
}

// scaffold gives what is known of the chosen scaffold, nil if nothing is.
func (s *setup) scaffold() *Scaffold {
	all := s.m.o.Scaffolds
	if i := slices.IndexFunc(all, func(o Scaffold) bool { return o.Name == s.spec.Scaffold }); i >= 0 {
		return &all[i]
	}
	return nil
}

// load takes up the choices for the agent: those that were not started, else those
// of its newest attempt, else the defaults. Task and hint are home's.
func (s *setup) load() {
	a := s.agent()
	s.known, s.touched, s.failed = s.m.loaded, false, ""
	base, err := s.m.defaults(&s.task, s.track, a.Name)
	if err != nil {
		s.failed = "the defaults could not be read: " + oneLine(err)
	}
	d := draft{spec: base, origin: "The defaults."}
	if i := slices.IndexFunc(s.m.attempts, func(sum store.Summary) bool { return sum.Agent == a.Name }); i >= 0 {
		sum := s.m.attempts[i]
		d = draft{spec: sum.Spec, origin: fmt.Sprintf("As in %s; 0 gives the defaults.", attemptName(sum)), docs: sum.Documents}
	}
	if k, ok := s.kept[a.Name]; ok {
		d, s.touched = k, true
	}
	if d.wrong == nil {
		d.wrong = map[string]wrongText{}
	}
	s.origin, s.docs, s.wrong = d.origin, d.docs, d.wrong
	s.take(d.spec, base)
}

// take makes spec the choices for the task: what belongs to another task is left
// out, and what it leaves open is filled in.
func (s *setup) take(spec, base store.Spec) {
	home := s.m.home
	if track, _, _ := strings.Cut(spec.Task, "/"); track != s.track.ID {
		spec.Calibrate, spec.Confirm = base.Calibrate, base.Confirm
	}
	spec.Task, spec.Agent, spec.Runner, spec.Carry = s.task.ID(), s.agent().Name, base.Runner, ""
	spec.Hint = string(home.hintName(&s.task))
	spec.Scripts, spec.Hints = s.sources()
	spec.OwnHint = nil // the command line names one, for one attempt
	if s.track.GPUs == 0 {
		spec.Budget.GPUHours = 0
	}
	if home.counted {
		spec.Nodes = home.nodes
	}
	spec.Parallel = max(spec.Parallel, 1)
	if spec.Edits == "" {
		spec.Edits = editsBlocks
	}
	if spec.Model == "" {
		spec.Model = base.Model
	}
	s.spec = spec
	if spec.Search == (event.Search{Released: spec.Search.Released}) {
		s.ownFigures()
	}
}

// sources gives where scripts and hints come from as a spec has it: "" where that is
// the first source.
func (s *setup) sources() (scripts, hints string) {
	if all := s.task.Sources(); len(all) > 1 && s.task.From.Source() != all[0] {
		scripts = s.task.From.Source()
	}
	if s.task.HintSource() == taskdata.HintsPaper {
		hints = taskdata.HintsPaper
	}
	return scripts, hints
}

// ownFigures sets the search to the figures of the chosen scaffold.
func (s *setup) ownFigures() {
	released := s.spec.Search.Released
	if own := s.scaffold(); own != nil {
		s.spec.Search = own.Search
	}
	s.spec.Search.Released = released
}

// reset goes back to the defaults.
func (s *setup) reset() tea.Cmd {
	base, err := s.m.defaults(&s.task, s.track, s.agent().Name)
	if err != nil {
		return s.m.complain("read the defaults", err)
	}
	home := s.m.home
	home.nodes, home.counted = base.Nodes, false
	s.wrong, s.docs = map[string]wrongText{}, nil
	s.take(base, base)
	s.touched, s.failed, s.origin = true, "", "The defaults."
	return nil
}

// touch notes that a person has chosen something. Home follows with the hint and
// where it comes from.
func (s *setup) touch() {
	s.touched, s.failed, s.origin = true, "", "Your choices; 0 gives the defaults."
	if i := slices.Index(s.task.Hints, taskdata.Hint(s.spec.Hint)); i >= 0 {
		s.m.home.hint = i
	}
}

// count sets the number of nodes, here and at home.
func (s *setup) count(n int) {
	s.spec.Nodes = max(min(n, maxNodes), 1)
	s.m.home.nodes, s.m.home.counted = s.spec.Nodes, true
}

// keep holds what was chosen and not started for when one comes back to it.
func (s *setup) keep() {
	if s.touched {
		s.kept[s.agent().Name] = draft{s.spec, s.origin, s.docs, s.wrong}
	}
}

// turnAgent goes to the next agent, or the one before.
func (s *setup) turnAgent(dir int) tea.Cmd {
	s.keep()
	n := len(s.m.o.Agents)
	s.m.home.agent = (s.m.home.agent + dir + n) % n
	s.load()
	if all := s.rowsNow(); s.index(all) == len(all) {
		s.at = rowStart // this agent has no such row
	}
	return s.askModels()
}

// leave goes home; what was chosen stays.
func (s *setup) leave() tea.Cmd {
	s.keep()
	return s.m.goHome()
}

// final gives the choices as an attempt is started with them, without those that
// do not apply.
func (s *setup) final() store.Spec {
	spec := s.spec
	if !s.agent().Model {
		spec.Talk = store.Talk{Judge: spec.Judge}
		spec.Budget.Tokens, spec.Budget.Cost = 0, 0
		spec.Parallel = 0
	}
	if !s.scaffolds() {
		spec.Scaffold = scaffoldFlat
	}
	if spec.Scaffold == scaffoldFlat {
		spec.Search = event.Search{}
	}
	return spec
}

// refusal says why nothing can be started, and in which row.
func (s *setup) refusal() (row, why string) {
	if p := s.problems(); len(p) > 0 {
		return p[0].key, strings.TrimSpace(p[0].name) + ": " + p[0].wrong
	}
	if s.m.o.Start == nil {
		return rowStart, "this machine can only look at attempts"
	}
	return "", ""
}

// start starts the attempt, once however often it is asked.
func (s *setup) start() tea.Cmd {
	if s.starting {
		return nil
	}
	if row, why := s.refusal(); why != "" {
		s.at, s.failed = row, "not started: "+why
		s.told.focus, s.told.zoom = false, false
		return nil
	}
	if s.track.GPUs > 0 && !s.asking {
		s.asking, s.failed = true, ""
		s.told.focus, s.told.zoom = false, false
		s.at = rowStart
		return nil
	}
	s.asking, s.starting, s.failed = false, true, ""
	spec := s.final()
	return func() tea.Msg {
		id, blocked, err := s.m.launch(spec)
		return begunMsg{s, spec.Agent, id, blocked, err}
	}
}

// begun takes up what became of a start. What was chosen stays where it failed.
func (s *setup) begun(msg begunMsg) tea.Cmd {
	s.starting = false
	s.m.home.blocked = ""
	if msg.err != nil {
		s.failed = oneLine(msg.err)
		if msg.blocked {
			s.m.home.blocked = s.failed
		}
		if s.m.now != s {
			return s.m.complain("start the attempt", msg.err)
		}
		return nil
	}
	delete(s.kept, msg.agent)
	if s.m.now != s {
		return s.m.say("the attempt has started; it stands first in the history", false)
	}
	return s.m.open(openMsg{id: msg.id})
}

func (s *setup) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case begunMsg:
		return s.begun(msg)
	case modelsMsg:
		s.takeModels(msg)
	case promptMsg:
		s.takePrompt(msg)
	case costMsg:
		s.takeCost(msg)
	case shelfMsg:
		if msg.task == s.task.ID() {
			s.shelf = msg.shelf
		}
	}
	return nil
}

// prepare takes up the attempts once they are read, and asks for the prompt that
// belongs to the choices.
func (s *setup) prepare(w, _ int) tea.Cmd {
	if !s.known && s.m.loaded {
		if s.known = true; !s.touched && !s.starting {
			s.load()
			s.settle()
		}
	}
	cmds := []tea.Cmd{s.askPrompt(), s.askCost(), s.wantTold(w)}
	if s.track.GPUs > 0 && s.m.o.Environment != nil {
		cmds = append(cmds, s.m.home.survey(s.task.ID()))
	}
	return tea.Batch(cmds...)
}

// oneLine gives an error as one clean line.
func oneLine(err error) string {
	return clean.Line(strings.ReplaceAll(err.Error(), "\n", " · "))
}
