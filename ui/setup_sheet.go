package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// sheet is what is chosen for an attempt that has not started. Task, hint, agent and
// nodes are home's too: they stand in the choice that both hold.
type sheet struct {
	m      *Model
	choice *choice
	models models

	task  taskdata.Task // with the chosen scripts and hints
	track *track
	spec  store.Spec
	docs  []store.Document // of the attempt that the choices are from
	shelf []store.Document // of the task: what can be given beside the hint

	origin  string // where the choices come from, in words
	touched bool   // a person has chosen something
	known   bool   // the attempts had been read when the choices were loaded
	kept    map[string]draft
	wrong   map[string]wrongText // by row: what was typed that cannot be
}

func newSheet(m *Model) *sheet {
	return &sheet{m: m, choice: m.choice, models: models{m: m}, kept: map[string]draft{}}
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

// agent is who edits.
func (s *sheet) agent() Agent { return *s.choice.chosenAgent() }

// scaffolds says whether another scaffold than flat can be chosen.
func (s *sheet) scaffolds() bool {
	a := s.agent()
	return (a.Model || a.Scaffolds) && len(s.m.o.Scaffolds) > 0
}

// scaffold gives what is known of the chosen scaffold, nil if nothing is.
func (s *sheet) scaffold() *Scaffold {
	all := s.m.o.Scaffolds
	if i := slices.IndexFunc(all, func(o Scaffold) bool { return o.Name == s.spec.Scaffold }); i >= 0 {
		return &all[i]
	}
	return nil
}

// load takes up the choices for the agent: those that were not started, else those
// of its newest attempt, else the defaults. Task and hint are home's.
func (s *sheet) load() (failed string) {
	a := s.agent()
	s.known, s.touched = s.m.loaded, false
	base, err := s.m.defaults(&s.task, s.track, a.Name)
	if err != nil {
		failed = "the defaults could not be read: " + oneLine(err)
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
	return failed
}

// take makes spec the choices for the task: what belongs to another task is left
// out, and what it leaves open is filled in.
func (s *sheet) take(spec, base store.Spec) {
	home := s.choice
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
func (s *sheet) sources() (scripts, hints string) {
	if all := s.task.Sources(); len(all) > 1 && s.task.From.Source() != all[0] {
		scripts = s.task.From.Source()
	}
	if s.task.HintSource() == taskdata.HintsPaper {
		hints = taskdata.HintsPaper
	}
	return scripts, hints
}

// ownFigures sets the search to the figures of the chosen scaffold.
func (s *sheet) ownFigures() {
	released := s.spec.Search.Released
	if own := s.scaffold(); own != nil {
		s.spec.Search = own.Search
	}
	s.spec.Search.Released = released
}

// reset goes back to the defaults.
func (s *sheet) reset() error {
	base, err := s.m.defaults(&s.task, s.track, s.agent().Name)
	if err != nil {
		return err
	}
	s.choice.recount(base.Nodes)
	s.wrong, s.docs = map[string]wrongText{}, nil
	s.take(base, base)
	s.touched, s.origin = true, "The defaults."
	return nil
}

// touch notes that a person has chosen something. Home follows with the hint and
// where it comes from.
func (s *sheet) touch() {
	s.touched, s.origin = true, "Your choices; 0 gives the defaults."
	s.choice.takeHint(&s.task, s.spec.Hint)
}

// count sets the number of nodes, here and at home.
func (s *sheet) count(n int) {
	s.spec.Nodes = s.choice.count(n)
}

// keep holds what was chosen and not started for when one comes back to it.
func (s *sheet) keep() {
	if s.touched {
		s.kept[s.agent().Name] = draft{s.spec, s.origin, s.docs, s.wrong}
	}
}

// final gives the choices as an attempt is started with them, without those that
// do not apply.
func (s *sheet) final() store.Spec {
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

// resource takes up where scripts and hints come from now.
func (s *sheet) resource() {
	s.task = s.choice.sourced(s.task)
	s.spec.Scripts, s.spec.Hints = s.sources()
	if all := hintsOf(&s.task); !slices.Contains(all, s.spec.Hint) {
		s.spec.Hint = all[0]
	}
}

// shelfMsg brings the documents that can be given beside the hint of a task.
type shelfMsg struct {
	task  string
	shelf []store.Document
}

// askDocuments reads which documents there are. What cannot be read is left out: an
// import brings it back.
func (s *sheet) askDocuments() tea.Cmd {
	catalog, task := s.m.tasks, s.task
	return func() tea.Msg {
		msg := shelfMsg{task: task.ID()}
		there, _ := catalog.Documents(task)
		for _, d := range there {
			msg.shelf = append(msg.shelf, store.Document{Title: d.Name, Text: d.Text})
		}
		return msg
	}
}

// documents gives what can be given beside the hint: the texts of the task, and those
// of the attempt that the choices are from.
func (s *sheet) documents() []store.Document {
	all := slices.Clone(s.shelf)
	for _, d := range s.docs {
		if !has(all, d.Title) {
			all = append(all, d)
		}
	}
	return all
}
