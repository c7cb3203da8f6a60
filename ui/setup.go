package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/internal/clean"
	"pitwall/store"
	"pitwall/taskdata"
)

// setup is the page on which an attempt is put together before it starts: its
// choices, and what the agent will be told.
type setup struct {
	m       *Model
	sheet   *sheet
	choices *choices
	told    told
	cost    cost
	outlook *outlook

	list     *modelList // nil unless it is open
	asking   bool       // whether the GPU-hours are worth it
	starting bool
	failed   string // why it was not started
}

func newSetup(m *Model) *setup {
	s := &setup{m: m, sheet: newSheet(m)}
	s.choices = &choices{m: m, sheet: s.sheet, form: &form{m: m, sheet: s.sheet, turnAgent: s.turnAgent}, touched: s.touch}
	s.told, s.cost = told{m: m, sheet: s.sheet}, cost{m: m, sheet: s.sheet}
	s.outlook = &outlook{m: m, sheet: s.sheet, told: &s.told, cost: &s.cost}
	return s
}

// begunMsg says what became of an attempt that was started here.
type begunMsg struct {
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

// openSetup opens the page for what is chosen at home.
func (m *Model) openSetup() tea.Cmd {
	t := m.choice.ready()
	if t == nil || m.choice.chosenAgent() == nil {
		return nil
	}
	if m.setup == nil {
		m.setup = newSetup(m)
	}
	m.now = m.setup
	return m.setup.open(*t)
}

// open takes up a task.
func (s *setup) open(t taskdata.Task) tea.Cmd {
	if s.sheet.task.ID() != t.ID() {
		s.told.prompt, s.told.top = nil, 0
	}
	if s.told.err != "" {
		s.told.key = "" // it may go better this time
	}
	s.sheet.task, s.sheet.track, s.sheet.shelf = t, s.sheet.choice.current(), nil
	s.choices.input, s.list, s.told.focus, s.told.zoom, s.asking = nil, nil, false, false, false
	s.cost.key = "" // a profile may have been mended since
	s.load()
	s.choices.settle()
	return tea.Batch(s.askModels(), s.sheet.askDocuments())
}

// load takes up the choices for the agent.
func (s *setup) load() { s.failed = s.sheet.load() }

// touch notes that a person has chosen something.
func (s *setup) touch() {
	s.failed = ""
	s.sheet.touch()
}

// reset goes back to the defaults.
func (s *setup) reset() tea.Cmd {
	if err := s.sheet.reset(); err != nil {
		return s.m.frame.Complain("read the defaults", err)
	}
	s.failed = ""
	return nil
}

func (s *setup) Title() string { return "set up" }

func (s *setup) spins() bool {
	return s.starting || s.told.busy || s.list != nil && s.sheet.models.asking
}

// turnAgent goes to the next agent, or the one before.
func (s *setup) turnAgent(dir int) tea.Cmd {
	s.sheet.keep()
	s.sheet.choice.turnAgent(dir)
	s.load()
	if all := s.choices.all(); s.choices.index(all) == len(all) {
		s.choices.at = rowStart // this agent has no such row
	}
	return s.askModels()
}

// leave goes home; what was chosen stays.
func (s *setup) leave() tea.Cmd {
	s.sheet.keep()
	return s.m.goHome()
}

// refusal says why nothing can be started, and in which row.
func (s *setup) refusal() (row, why string) {
	if p := s.choices.problems(); len(p) > 0 {
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
		s.choices.at, s.failed = row, "not started: "+why
		s.told.focus, s.told.zoom = false, false
		return nil
	}
	if s.sheet.track.GPUs > 0 && !s.asking {
		s.asking, s.failed = true, ""
		s.told.focus, s.told.zoom = false, false
		s.choices.at = rowStart
		return nil
	}
	s.asking, s.starting, s.failed = false, true, ""
	spec := s.sheet.final()
	return func() tea.Msg {
		id, blocked, err := s.m.preflight.launch(spec)
		return begunMsg{spec.Agent, id, blocked, err}
	}
}

// begun takes up what became of a start. What was chosen stays where it failed.
func (s *setup) begun(msg begunMsg) tea.Cmd {
	s.starting = false
	s.m.preflight.blocked = ""
	if msg.err != nil {
		s.failed = oneLine(msg.err)
		if msg.blocked {
			s.m.preflight.blocked = s.failed
		}
		if s.m.now != s {
			return s.m.frame.Complain("start the attempt", msg.err)
		}
		return nil
	}
	delete(s.sheet.kept, msg.agent)
	if s.m.now != s {
		return s.m.frame.Say("the attempt has started; it stands first in the history", false)
	}
	return s.m.open(openMsg{id: msg.id})
}

func (s *setup) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case begunMsg:
		return s.begun(msg)
	case modelsMsg:
		s.takeModels(msg)
	case promptMsg:
		s.told.take(msg)
	case costMsg:
		s.cost.take(msg)
	case shelfMsg:
		if msg.task == s.sheet.task.ID() {
			s.sheet.shelf = msg.shelf
		}
	}
	return nil
}

// prepare takes up the attempts once they are read, and asks for the prompt that
// belongs to the choices.
func (s *setup) Prepare(w, _ int) tea.Cmd {
	if !s.sheet.known && s.m.loaded {
		if s.sheet.known = true; !s.sheet.touched && !s.starting {
			s.load()
			s.choices.settle()
		}
	}
	_, right := s.columns(w)
	cmds := []tea.Cmd{s.told.ask(), s.cost.ask(), s.told.want(right)}
	if s.sheet.track.GPUs > 0 && s.m.o.Environment != nil {
		cmds = append(cmds, s.m.needs.survey(s.sheet.task.ID()))
	}
	return tea.Batch(cmds...)
}

// oneLine gives an error as one clean line.
func oneLine(err error) string {
	return clean.Line(strings.ReplaceAll(err.Error(), "\n", " · "))
}
