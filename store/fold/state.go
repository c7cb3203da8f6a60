// Package fold turns a stream of events into what a screen shows. It is pure:
// no clock, no disk, no goroutine. The engine runs the same fold that a screen
// and a replay run, so that all of them tell one story.
//
// A State is a few small scalars and a handful of append-only columns. What it
// was at an earlier sequence number is therefore an earlier copy of the
// scalars, plus lengths into the columns: that is all a checkpoint keeps.
package fold

import (
	"slices"
	"strings"

	"pitwall/store/event"
)

// Version changes whenever the same events would fold into another State.
// Checkpoints of another version are thrown away and made anew.
const Version = 5

// State is an attempt (or a calibration) as it stood after event Seq.
type State struct {
	Scalars
	Columns
}

// Scalars are the small part of a State, kept whole in every checkpoint.
type Scalars struct {
	Seq    int64 `json:"seq"`    // of the last event folded in; 0: none
	Active int64 `json:"active"` // its active milliseconds
	Wall   int64 `json:"wall"`   // its Unix milliseconds

	Attempt     event.Attempt      `json:"attempt"`
	Machine     event.Machine      `json:"machine"`
	Status      event.Standing     `json:"status"` // as the engine last said; see event.Status…
	Why         string             `json:"why,omitempty"`
	Started     int64              `json:"started"` // Unix milliseconds of the first event
	Ended       int64              `json:"ended"`   // of the final status; 0 while it goes on
	Phase       event.Phase        `json:"phase"`
	PhaseSince  int64              `json:"phase_since"` // active milliseconds
	Notice      event.Notice       `json:"notice"`      // the last one
	Epoch       int64              `json:"epoch"`       // resumes so far
	Calibration *event.Calibration `json:"calibration,omitempty"`
	Confirmed   *event.Confirmed   `json:"confirmed,omitempty"`
	Waiting     *event.Waiting     `json:"waiting,omitempty"`
	Drafts      []Draft            `json:"drafts,omitempty"`   // edits that are being written, or wait to be applied; the latest begun last
	Speaking    []Call             `json:"speaking,omitempty"` // calls to a model that have not ended, the latest last
	Usage       event.Usage        `json:"usage"`              // of all calls that ended
	Cost        float64            `json:"cost"`               // US dollars, of those with a price
	Unpriced    int                `json:"unpriced"`           // calls whose cost is not known
	RunMS       int64              `json:"run_ms"`             // of the nodes' own runs
	Paused      bool               `json:"paused"`             // by a person; a run in flight goes on
	Notes       []Note             `json:"notes,omitempty"`    // of a person, to the agent
	Decisions   []event.Decided    `json:"decisions,omitempty"`
	Asked       []event.Asked      `json:"asked,omitempty"` // nodes that a person asked for and that have not begun
	Spent       *event.Spent       `json:"spent,omitempty"` // the budget that ended the search
	Nodes       []Node             `json:"nodes"`           // by id
	Runs        []Run              `json:"runs"`            // by id, from run 1 at index 0
	Lines       int64              `json:"lines"`           // log lines so far, over all runs
}

// Columns only ever grow.
type Columns struct {
	Sources []event.Source
	Ghosts  []event.Ghost
	Edits   []Edit
	Points  []Point
	Samples []Sample
	GPUs    []GPUs
	Marks   []Mark
	Calls   []Call // that ended, in the order in which they did
	Prompts []event.Templates
}

// Lens are the lengths of the columns.
type Lens struct {
	Sources int `json:"sources"`
	Ghosts  int `json:"ghosts"`
	Edits   int `json:"edits"`
	Points  int `json:"points"`
	Samples int `json:"samples"`
	GPUs    int `json:"gpus"`
	Marks   int `json:"marks"`
	Calls   int `json:"calls"`
	Prompts int `json:"prompts"`
}

// Draft is an edit while it is being written.
type Draft struct {
	Node   int        `json:"node"`
	Edit   int        `json:"edit"`
	Part   event.Part `json:"part"` // the part that grows now
	Path   string     `json:"path"`
	Reason string     `json:"reason"`
	Old    string     `json:"old"`
	New    string     `json:"new"`
	Waits  bool       `json:"waits"` // it is whole and waits for a person's word

	path, reason, old, new growing
}

// Call is a request to a language model and what came of it.
type Call struct {
	event.Call
	Text      string
	Reasoning string
	Tool      string
	Active    int64         // active milliseconds when it was sent
	First     int64         // when the first of the answer came; 0 while nothing has
	Ended     *event.Called // nil while it goes on
	EndActive int64

	text, reasoning, tool growing
}

// Failed reports whether the call has ended without a whole answer.
func (c Call) Failed() bool { return c.Ended != nil && c.Ended.Why != "" }

// Note is a person's note to the agent.
type Note struct {
	Text   string `json:"text"`
	Seq    int64  `json:"seq"`
	Active int64  `json:"active"`
}

// Edit is a finished edit: it was applied, or refused with Why.
type Edit struct {
	Node    int    `json:"node"`
	Index   int    `json:"index"` // 1, 2, … within the node
	Path    string `json:"path"`
	Reason  string `json:"reason"`
	Old     string `json:"old"`
	New     string `json:"new"`
	Applied bool   `json:"applied"`
	Line    int    `json:"line"`          // first line of Old in the file as it was, from 1
	Why     string `json:"why,omitempty"` // of a refusal
	How     string `json:"how,omitempty"` // how Old was found where it was not written to the character
	Seq     int64  `json:"seq"`
	Active  int64  `json:"active"` // when it was closed
}

// Point is a metric point and the active millisecond it was seen at.
type Point struct {
	event.Point
	Active int64
}

// Sample is a host sample and the active millisecond it was taken at.
type Sample struct {
	event.Sample
	Active int64
}

// GPUs are the GPUs of a run and the active millisecond at which they were so.
type GPUs struct {
	event.GPUs
	Active int64
}

// Kinds of marks on a replay's time bar.
const (
	MarkNode       = "node"       // a node was begun
	MarkEdit       = "edit"       // an edit was applied or refused
	MarkRun        = "run"        // a run started
	MarkValidation = "validation" // a validation loss was logged
	MarkResult     = "result"     // a node was judged, or the attempt confirmed
	MarkHand       = "hand"       // a person took a hand in it
	MarkEnd        = "end"        // the attempt's final status
)

// Mark is a moment worth jumping to.
type Mark struct {
	Kind   string `json:"kind"`
	Node   int    `json:"node"`
	Seq    int64  `json:"seq"`
	Active int64  `json:"active"`
	Good   bool   `json:"good"` // an edit applied, a target reached, a node valid
}

// Node states, beside the verdicts of event.Judged.
const (
	NodeNew      = "new"
	NodeWriting  = "writing"
	NodeChecking = "checking"
	NodeQueued   = "queued" // written and checked, its run has not begun
	NodeTraining = "training"
	NodeRecord   = "record"  // node 0, measured
	NodeStopped  = "stopped" // the attempt ended before its verdict
)

// Node is a version of the script in the attempt's search tree.
type Node struct {
	ID           int               `json:"id"`
	Parent       int               `json:"parent"` // -1 for node 0
	State        string            `json:"state"`  // Node… above, or event.Verdict…
	Why          string            `json:"why,omitempty"`
	Edits        []int             `json:"edits"`   // indices into Columns.Edits, refused ones too
	Checked      bool              `json:"checked"` // the agent is done with it, and the rules were looked at
	Violations   []event.Violation `json:"violations,omitempty"`
	Runs         []int             `json:"runs"` // ids of its runs, confirmations too
	ValLoss      event.Float       `json:"val_loss"`
	TrainSeconds event.Float       `json:"train_seconds"`
	FSR          *float64          `json:"fsr"` // of its one run: provisional

	Batch   int               `json:"batch,omitempty"`
	Origin  string            `json:"origin,omitempty"` // see event.Origin…
	Idea    string            `json:"idea,omitempty"`
	Similar *event.Similarity `json:"similar,omitempty"` // to the human's change; nil where it was not compared
}

// Valid reports whether the node finished, kept the rules and reached the target.
func (n Node) Valid() bool { return n.State == event.VerdictProvisional }

// Judged reports whether the node has its verdict.
func (n Node) Judged() bool {
	switch n.State {
	case event.VerdictProvisional, event.VerdictMissed, event.VerdictInvalid, event.VerdictFailed, event.VerdictEmpty:
		return true
	}
	return false
}

// Run is one execution of a script, as far as it has come.
type Run struct {
	event.RunStarted
	Active     int64           `json:"active"` // when it started
	Ended      *event.RunEnded `json:"ended,omitempty"`
	EndActive  int64           `json:"end_active"` // when it ended, 0 while it trains
	Step       int             `json:"step"`
	Total      int             `json:"total"`
	TrainMS    event.Float     `json:"train_ms"`
	TrainLoss  event.Float     `json:"train_loss"` // last seen
	ValLoss    event.Float     `json:"val_loss"`   // last seen
	FirstLine  int64           `json:"first_line"` // its lines lie in [FirstLine, LastLine) of the stream's lines
	LastLine   int64           `json:"last_line"`
	Lines      int64           `json:"lines"`
	FirstPoint int             `json:"first_point"` // its points lie in [FirstPoint, LastPoint) of Columns.Points
	LastPoint  int             `json:"last_point"`
}

// Live reports whether the run has started and not ended.
func (r Run) Live() bool { return r.Ended == nil }

// New gives the State before the first event.
func New() *State { return &State{} }

// Lens gives the lengths of the columns.
func (s *State) Lens() Lens {
	return Lens{len(s.Sources), len(s.Ghosts), len(s.Edits), len(s.Points), len(s.Samples), len(s.GPUs), len(s.Marks), len(s.Calls), len(s.Prompts)}
}

// Snapshot gives a copy that later calls of Apply on s do not change. It costs
// as much as the scalars are big; the columns are shared, since they only grow.
func (s *State) Snapshot() *State {
	c := *s
	c.Nodes = slices.Clone(s.Nodes)
	for i := range c.Nodes {
		c.Nodes[i].Edits = slices.Clip(c.Nodes[i].Edits)
		c.Nodes[i].Runs = slices.Clip(c.Nodes[i].Runs)
	}
	c.Runs = slices.Clone(s.Runs)
	c.Drafts, c.Speaking = slices.Clone(s.Drafts), slices.Clone(s.Speaking)
	c.Notes, c.Decisions, c.Asked = slices.Clip(s.Notes), slices.Clip(s.Decisions), slices.Clip(s.Asked)
	c.Calls, c.Prompts = slices.Clip(s.Calls), slices.Clip(s.Prompts)
	c.Sources, c.Ghosts, c.Edits = slices.Clip(s.Sources), slices.Clip(s.Ghosts), slices.Clip(s.Edits)
	c.Points, c.Samples, c.Marks = slices.Clip(s.Points), slices.Clip(s.Samples), slices.Clip(s.Marks)
	c.GPUs = slices.Clip(s.GPUs)
	return &c
}

// At gives s as it was when its scalars were sc and its columns had the lengths
// l: what a checkpoint stands for. The columns of s must be at least that long.
func (s *State) At(sc Scalars, l Lens) *State {
	c := &State{Scalars: sc}
	c.Sources, c.Ghosts, c.Edits = s.Sources[:l.Sources:l.Sources], s.Ghosts[:l.Ghosts:l.Ghosts], s.Edits[:l.Edits:l.Edits]
	c.Points, c.Samples, c.Marks = s.Points[:l.Points:l.Points], s.Samples[:l.Samples:l.Samples], s.Marks[:l.Marks:l.Marks]
	c.GPUs = s.GPUs[:l.GPUs:l.GPUs]
	c.Calls, c.Prompts = s.Calls[:l.Calls:l.Calls], s.Prompts[:l.Prompts:l.Prompts]
	return c
}

// Run gives run id, or nil.
func (s *State) Run(id int) *Run {
	if id < 1 || id > len(s.Runs) {
		return nil
	}
	return &s.Runs[id-1]
}

// Node gives node id, or nil.
func (s *State) Node(id int) *Node {
	if id < 0 || id >= len(s.Nodes) {
		return nil
	}
	return &s.Nodes[id]
}

// DraftsOf gives the edits of a node that are not closed, in their order.
func (s *State) DraftsOf(node int) []Draft {
	var own []Draft
	for _, d := range s.Drafts {
		if d.Node == node {
			own = append(own, d)
		}
	}
	return own
}

// Awaited gives the first edit that waits for a person's word, or nil.
func (s *State) Awaited() *Draft {
	for i := range s.Drafts {
		if s.Drafts[i].Waits {
			return &s.Drafts[i]
		}
	}
	return nil
}

// Used gives what of the attempt's budgets is used so far.
func (s *State) Used() event.Budget {
	run, all := s.RunMS, int64(0)
	for _, r := range s.Runs {
		if !r.Live() {
			all += max(r.Ended.WallMS, 0)
			continue
		}
		all += s.Active - r.Active
		if r.Purpose == event.PurposeNode {
			run += s.Active - r.Active
		}
	}
	return event.Budget{
		Tokens: int64(s.Usage.Total()), Cost: s.Cost, WallMS: s.Active, RunMS: run,
		GPUHours: float64(all) * float64(s.Attempt.GPUs) / 3_600_000,
	}
}

// Growing gives the bytes of text that Scalars hold of edits and answers that are not
// whole yet: how much dearer a checkpoint is for them.
func (s *State) Growing() (bytes int64) {
	for i := range s.Drafts {
		d := &s.Drafts[i]
		bytes += int64(len(d.Path) + len(d.Reason) + len(d.Old) + len(d.New))
	}
	for i := range s.Speaking {
		c := &s.Speaking[i]
		bytes += int64(len(c.Text) + len(c.Reasoning) + len(c.Tool))
	}
	return bytes
}

// CallsOf gives the calls about a node, those that have ended first.
func (s *State) CallsOf(node int) []Call {
	var own []Call
	for _, list := range [][]Call{s.Calls, s.Speaking} {
		for _, c := range list {
			if c.Node == node {
				own = append(own, c)
			}
		}
	}
	return own
}

// LiveRun gives the run that trains now, the latest if there are several, or nil.
func (s *State) LiveRun() *Run {
	for i := len(s.Runs) - 1; i >= 0; i-- {
		if s.Runs[i].Live() {
			return &s.Runs[i]
		}
	}
	return nil
}

// Best gives the id of the confirmed node, else of the fastest valid one, else -1.
func (s *State) Best() int {
	if s.Confirmed != nil && s.Confirmed.Valid {
		return s.Confirmed.Node
	}
	best := -1
	for _, n := range s.Nodes {
		if n.ID == 0 || !n.Valid() || !n.TrainSeconds.Known() {
			continue
		}
		if best < 0 || n.TrainSeconds < s.Nodes[best].TrainSeconds {
			best = n.ID
		}
	}
	return best
}

// FSR gives the attempt's fraction of speedup recovered and its 95 % interval,
// nil while it is not confirmed or where the task is unresolved on this machine.
func (s *State) FSR() (fsr *float64, interval *[2]float64) {
	if s.Confirmed == nil {
		return nil, nil
	}
	return s.Confirmed.FSR, s.Confirmed.Interval
}

// Finished reports whether the attempt has a final status.
func (s *State) Finished() bool {
	return s.Status.Over()
}

// Ghost gives the latest ghost of record i+1 (to) or of record i, or nil.
func (s *State) Ghost(to bool) *event.Ghost {
	for i := len(s.Ghosts) - 1; i >= 0; i-- {
		if s.Ghosts[i].To == to {
			return &s.Ghosts[i]
		}
	}
	return nil
}

// Files gives the files of node id, by path: node 0's sources with every
// applied edit from node 0 down to the node. The draft is not in it.
func (s *State) Files(id int) map[string]string {
	n := s.Node(id)
	if n == nil {
		return nil
	}
	var files map[string]string
	if n.Parent >= 0 && n.Parent < id {
		files = s.Files(n.Parent)
	} else {
		files = make(map[string]string, len(s.Sources))
		for _, src := range s.Sources {
			files[src.Path] = src.Text
		}
	}
	for _, i := range n.Edits {
		if e := s.Edits[i]; e.Applied {
			files[e.Path] = Replace(files[e.Path], e.Old, e.New)
		}
	}
	return files
}

// Replace puts repl in the place of the first old in text: what applying an edit
// means. An empty old stands for the whole file.
func Replace(text, old, repl string) string {
	if old == "" {
		return repl
	}
	return strings.Replace(text, old, repl, 1)
}
