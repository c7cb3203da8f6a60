// Package agent holds those who edit a node's script: models, searches without a
// model, a person, and the two controls. Each is told of its node by a Brief and
// writes through an Editor into a Workspace; what it writes is kept as events by
// whoever made the Editor. Nobody here starts a goroutine that outlives a call, but
// for the timer that passes on what a stalled model has said so far, which ends with
// the request. The loop that drives an attempt is agent/engine's.
package agent

import (
	"context"
	"fmt"
	"strings"

	"pitwall/agent/prompt"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// An Agent writes the next version of a script.
type Agent interface {
	// Propose edits the node that b describes through ed and returns when it is
	// done with it. It must give the same edits for the same brief, and the same
	// answers of the model or person that it asks. Its error ends the attempt; a
	// refused edit is no error.
	Propose(ctx context.Context, b Brief, ed *Editor) error
	// RunsUnchanged reports whether a node without any edit is meant to train.
	RunsUnchanged() bool
	// Repeats reports whether all its nodes are the same. Then one that reaches
	// the target ends the search, and another is only tried after bad luck.
	Repeats() bool
	// Independent reports whether nodes that the scaffold chose together can be
	// written side by side: nothing of one is needed to write another.
	Independent() bool
	// Reads reports whether it reads prose: notes, logs, diffs of earlier nodes.
	Reads() bool
}

// Brief is what an agent is told of its next node. Nothing of the task's answer
// is in it but what the hint says.
type Brief struct {
	Script string // path of the training script among Files
	Steps  int    // that the record trains for; 0 if unknown
	Target float64
	Hint   string // Markdown; empty without a hint
	Node   int    // 1, 2, …
	Nodes  int    // budget
	Parent int
	Debug  bool              // the node is to mend its parent, which failed
	Idea   string            // the hypothesis to try; may be empty
	Seed   int64             // of the attempt
	Files  map[string]string // the parent's, by path
	Past   []Outcome         // judged nodes, oldest first
	Notes  []string          // of the researcher, oldest first
	// RecordSeconds and RecordLoss are the record's training time and its last
	// validation loss: measured here, or the track's reference while calibration
	// has not ended. The loss is NaN where unknown.
	RecordSeconds, RecordLoss float64
	// Data is all of this as prompts need it; empty for an agent that does not read.
	Data prompt.Data
	// Try checks files against the track's rules, as the engine will.
	Try func(ctx context.Context, files map[string]string) ([]taskdata.Violation, error)
	// Await waits for a person to write the node.
	Await func(ctx context.Context) (event.Decided, error)
}

// Outcome is what an agent is told of an earlier node.
type Outcome struct {
	Node, Parent int
	Edits        []AppliedEdit
	Verdict      string
	Why          string
	ValLoss      float64 // NaN where unknown
	TrainSeconds float64 // NaN where unknown
}

// AppliedEdit is an edit of an earlier node that was applied.
type AppliedEdit struct {
	Hunk
	Reason string
}

// Kind describes an agent that can be chosen: what it is to those who offer, start and
// drive it. How it goes about a node, the Agent itself tells.
type Kind struct {
	Name  string
	About string // half a line for people
	// Talks: it speaks to a language model, which must be chosen and has a budget.
	Talks bool
	// Scaffolded: the nodes that a scaffold chooses make a difference to it.
	Scaffolded bool
	// Searches: it searches by itself, and leaves no choice to a scaffold.
	Searches bool
	// Person: somebody must be there to write its nodes.
	Person bool
}

// ChoiceError says that a value of an attempt's spec is none of those that can be
// chosen.
type ChoiceError struct{ Err error }

func (e *ChoiceError) Error() string { return e.Err.Error() }

// Unwrap gives what is wrong with the value.
func (e *ChoiceError) Unwrap() error { return e.Err }

// Names of the agents.
const (
	Tuner  = "tuner"
	Oracle = "oracle"
	Noop   = "noop"
	LLM    = "llm"
	Human  = "human"
)

// Kinds lists the agents, the default first.
func Kinds() []Kind {
	return []Kind{
		{Name: Tuner, About: "searches the script's constants, no model", Searches: true},
		{Name: LLM, About: "a language model writes the edits", Talks: true, Scaffolded: true},
		{Name: Oracle, About: "writes the next record's own change"},
		{Name: Noop, About: "runs the record unchanged"},
		{Name: Human, About: "you write each node in your editor", Person: true, Scaffolded: true},
	}
}

// KindOf gives the kind of that name, one that can do nothing where there is none.
func KindOf(name string) Kind {
	for _, k := range Kinds() {
		if k.Name == name {
			return k
		}
	}
	return Kind{Name: name}
}

// New makes the agent of that name for a task, one that speaks to no model.
func New(name string, task taskdata.Task, py taskdata.Interpreter) (Agent, error) {
	switch name {
	case Tuner:
		return &tuner{python: py}, nil
	case Oracle:
		if task.Open() {
			return nil, fmt.Errorf("agent %s writes the next record's change, and record %d is the newest: choose another agent", Oracle, task.From.Number)
		}
		return &oracle{answer: task.AnswerFiles(), record: task.To.Number, about: task.To.Summary}, nil
	case Noop:
		return noop{}, nil
	case Human:
		return human{}, nil
	}
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Name)
	}
	return nil, fmt.Errorf("no agent %q; there is %s", name, strings.Join(names, ", "))
}

// noop runs the record unchanged: the negative control.
type noop struct{}

func (noop) Propose(context.Context, Brief, *Editor) error { return nil }

func (noop) RunsUnchanged() bool { return true }
func (noop) Repeats() bool       { return true }
func (noop) Independent() bool   { return false }
func (noop) Reads() bool         { return false }
