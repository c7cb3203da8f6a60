// Package event defines what can happen in an attempt, and the bytes it is
// kept as. It knows nothing of databases, agents or runners.
//
// Events are the single truth of pitwall: everything that a screen shows is a
// fold (package fold) over a stream of them.
package event

import (
	"encoding/json"
	"time"
)

// An Event is one thing that happened in a stream.
type Event struct {
	Seq    int64 // 1, 2, 3, … without gaps within a stream
	Active int64 // active milliseconds since the stream began; carried on by a resume
	Wall   int64 // Unix milliseconds
	Body   Body
}

// WallTime is the moment the event was emitted, by the engine's wall clock.
func (e Event) WallTime() time.Time { return time.UnixMilli(e.Wall) }

// A Body is the payload of an event. Its dynamic type is always a value (not a
// pointer) of one of the types in this package that have a Kind method, or
// Unknown for a kind that this version does not know.
type Body interface{ Kind() Kind }

// Kind numbers the bodies. Numbers are part of the file format: they are never
// reused, and stay below 64 so that a set of kinds fits a word.
type Kind uint8

// The kinds, grouped as they occur in an attempt.
const (
	KindAttempt     Kind = 1
	KindSource      Kind = 2
	KindMachine     Kind = 3
	KindStatus      Kind = 4
	KindResumed     Kind = 5
	KindPhase       Kind = 6
	KindNotice      Kind = 7
	KindOrder       Kind = 8
	KindCalibration Kind = 9
	KindGhost       Kind = 10
	KindNode        Kind = 11
	KindDraft       Kind = 12
	KindApplied     Kind = 13
	KindRejected    Kind = 14
	KindWaiting     Kind = 15
	KindRunStarted  Kind = 16
	KindLog         Kind = 17
	KindPoint       Kind = 18
	KindSample      Kind = 19
	KindRunEnded    Kind = 20
	KindJudged      Kind = 21
	KindConfirmed   Kind = 22
	KindChecked     Kind = 23
	KindCall        Kind = 24
	KindSpeech      Kind = 25
	KindCalled      Kind = 26
	KindTemplates   Kind = 27
	KindProposed    Kind = 28
	KindDecided     Kind = 29
	KindSteered     Kind = 30
	KindAsked       Kind = 31
	KindPaused      Kind = 32
	KindSpent       Kind = 33
	KindSimilarity  Kind = 34
	KindGPUs        Kind = 35
)

// Unknown is a body of a kind that a newer pitwall wrote. It is carried, not read.
type Unknown struct {
	Of  Kind
	Raw []byte
}

// Attempt opens an attempt's stream: what is tried, by whom, under which rules.
type Attempt struct {
	ID        string  `json:"id"`
	Task      string  `json:"task"` // "micro/7"
	Track     string  `json:"track"`
	Benchmark bool    `json:"benchmark"` // false on the practice track
	From      int     `json:"from"`      // record numbers
	To        int     `json:"to"`        // 0 of an open task
	FromTitle string  `json:"from_title"`
	ToTitle   string  `json:"to_title"`
	Hint      string  `json:"hint"`
	HintText  string  `json:"hint_text,omitempty"` // what the agent was told, as Markdown
	Hints     string  `json:"hints,omitempty"`     // where HintText comes from: "pitwall", "paper" or a file's name
	Scripts   string  `json:"scripts,omitempty"`   // where both records' scripts were imported from
	Agent     string  `json:"agent"`
	Scaffold  string  `json:"scaffold"`
	Runner    string  `json:"runner"`
	Nodes     int     `json:"nodes"` // budget, node 0 not counted
	Seed      int64   `json:"seed"`  // the agent's
	Target    float64 `json:"target"`
	Unit      string  `json:"unit"`      // of the target: "nats/char", "nats/token"
	Calibrate int     `json:"calibrate"` // runs of each record wanted before FSR is computed
	Confirm   int     `json:"confirm"`   // fresh runs of the best node and of record i
	Version   string  `json:"version"`   // of pitwall
	Model     string  `json:"model,omitempty"`
	Search    Search  `json:"search"`
	Budget    Budget  `json:"budget"`
	Parallel  int     `json:"parallel,omitempty"` // nodes written at a time
	Gate      bool    `json:"gate,omitempty"`     // each edit waits for a person's word
	Hopeless  float64 `json:"hopeless,omitempty"` // a run this many times as slow as record i is stopped; 0: none is
	GPUs      int     `json:"gpus,omitempty"`     // that each run uses; 0 on a track without
	Profile   string  `json:"profile,omitempty"`  // the environment profile of its runs
}

// Open reports whether the attempt starts at the newest record: it is judged by its
// speedup, for there is nothing to recover.
func (a Attempt) Open() bool { return a.From > 0 && a.To == 0 }

// Source is one file of node 0, as the attempt found it.
type Source struct {
	Path string `json:"path"` // slash-separated, inside the node's directory
	Text string `json:"text"`
}

// Machine says where the attempt's runs take place.
type Machine struct {
	Key         string `json:"key"`   // of everything that moves a time
	Label       string `json:"label"` // "Intel Xeon, 2 cores, linux/amd64"
	Interpreter string `json:"interpreter"`
	Cores       int    `json:"cores"`
	MemoryBytes int64  `json:"memory_bytes"`
	Load        Float  `json:"load"` // one-minute load average at the start

	GPUs   []string `json:"gpus,omitempty"`   // that runs use: name, memory, power limit
	Driver string   `json:"driver,omitempty"` // of the GPUs
	Torch  string   `json:"torch,omitempty"`  // version
}

// Standing is where an attempt stands. A store derives interrupted on reading; it is
// never an event.
type Standing string

// The standings.
const (
	StatusQueued      Standing = "queued"
	StatusRunning     Standing = "running"
	StatusPaused      Standing = "paused"
	StatusInterrupted Standing = "interrupted"
	StatusStopped     Standing = "stopped"
	StatusDone        Standing = "done"
	StatusFailed      Standing = "failed"
)

// Live reports whether an engine has it, or is to have it soon: it can be given orders,
// and cannot be resumed or deleted.
func (s Standing) Live() bool { return s == StatusQueued || s == StatusRunning || s == StatusPaused }

// Over reports whether its engine has come to an end with it, of whatever kind.
func (s Standing) Over() bool { return s == StatusDone || s == StatusStopped || s == StatusFailed }

// Resumable reports whether an engine can go on with it.
func (s Standing) Resumable() bool {
	return s == StatusInterrupted || s == StatusStopped || s == StatusFailed
}

// Status is a change of the attempt's status. Why is for people.
type Status struct {
	Status Standing `json:"status"`
	Why    string   `json:"why,omitempty"`
}

// Resumed marks that a new engine took the stream over. The run that was in
// flight (0: none) and the node that was being written (-1: none) are void.
type Resumed struct {
	Epoch int64 `json:"epoch"`
	Run   int   `json:"run,omitempty"`
	Node  int   `json:"node"`
	// GoesOn is the run in flight where its machine lets the new engine follow it on; 0
	// where every run has ended with its engine.
	GoesOn int `json:"goes_on,omitempty"`
}

// Phases of an attempt.
const (
	PhaseCalibrating = "calibrating"
	PhaseWriting     = "writing"   // the agent edits
	PhaseChecking    = "checking"  // the track's rules, on the script
	PhaseCompiling   = "compiling" // the script has started, and its first step has not ended
	PhaseTraining    = "training"
	PhaseJudging     = "judging"
	PhaseConfirming  = "confirming"
	PhaseEvaluating  = "evaluating" // a run's weights, outside its script
	PhaseApproving   = "approving"  // an edit waits for a person's word
	PhaseAwaiting    = "awaiting"   // a node waits for a person to write it
	PhaseThinking    = "thinking"   // a model works on what is no node's edit: ideas, a summary, a comparison
	PhaseFinished    = "finished"
)

// Phase says what the engine does now. Several things can go on at once (an
// agent writes while a calibration trains); Phase is the one that is waited for.
type Phase struct {
	Phase  string `json:"phase"`
	Node   int    `json:"node"` // the node it is about; 0 in calibration
	Detail string `json:"detail,omitempty"`
	// LimitMS is how long compiling may take: the run is stopped then. 0 in other
	// phases, and where nothing bounds it.
	LimitMS int64 `json:"limit_ms,omitempty"`
}

// Notice is a line for people that is about no run and no edit.
type Notice struct {
	Level string `json:"level"` // "info", "warn", "error"
	Text  string `json:"text"`
}

// Order is an order that the engine took up.
type Order struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`             // "stop", …
	Result string `json:"result,omitempty"` // why it could not be done
}

// Calibration gives the measured times of both records on this machine.
type Calibration struct {
	ID   string    `json:"id"` // its own stream
	Key  string    `json:"key"`
	From []float64 `json:"from"` // seconds of training of record i, a figure a run
	To   []float64 `json:"to"`   // of record i+1
	// Of each, what the script's clock counted up to its first step, where it times
	// compilation; else empty.
	FromFirst []float64 `json:"from_first,omitempty"`
	ToFirst   []float64 `json:"to_first,omitempty"`

	Reused   bool    `json:"reused"`
	Resolved bool    `json:"resolved"`      // the gap's 95 % interval lies above 0
	Why      string  `json:"why,omitempty"` // where it does not
	SD       float64 `json:"sd"`            // seconds, of one run
	SDSource string  `json:"sd_source"`     // "measured here", or the track's figure
}

// GhostPoint is one point of a ghost. Losses are NaN (null in JSON) where absent.
type GhostPoint struct {
	Step      int     `json:"step"`
	TrainMS   float64 `json:"train_ms"`
	TrainLoss Float   `json:"train_loss"`
	ValLoss   Float   `json:"val_loss"`
}

// Ghost is a record's own loss curve, to be drawn beside the runs. A later
// ghost of the same record replaces an earlier one.
type Ghost struct {
	Record  int          `json:"record"`
	To      bool         `json:"to"` // the record to beat (i+1), else the one to leave behind (i)
	Title   string       `json:"title"`
	Source  string       `json:"source"` // "measured here", or the machine it was measured on
	Seconds float64      `json:"seconds"`
	Points  []GhostPoint `json:"points"`
}

// Node is a new node of the search tree.
type Node struct {
	ID     int    `json:"id"`
	Parent int    `json:"parent"`           // -1 for node 0
	Batch  int    `json:"batch,omitempty"`  // first of the nodes that were chosen together
	Origin string `json:"origin,omitempty"` // see Origin…
	Idea   string `json:"idea,omitempty"`   // the hypothesis it is to try
}

// Part says what a Draft's text adds to.
type Part uint8

// Parts of an edit, in the order in which they are written. PartPath opens a new edit.
const (
	PartPath   Part = 1 // Text is the whole path; opens edit Edit of node Node
	PartReason Part = 2 // why, for people
	PartOld    Part = 3 // the text to be replaced
	PartNew    Part = 4 // what replaces it
)

// Draft is a piece of an edit while it is being written.
type Draft struct {
	Node int    // the node being written
	Edit int    // 1, 2, … within the node
	Part Part   //
	Text string // appended to that part
}

// Applied closes the draft: the edit stands in the node's file now.
type Applied struct {
	Node int    `json:"node"`
	Edit int    `json:"edit"`
	Line int    `json:"line"`          // first line of the replaced text, from 1
	How  string `json:"how,omitempty"` // how the passage was found where it did not match to the character
	// Old and New are what was replaced and by what where How is not empty.
	Old string `json:"old,omitempty"`
	New string `json:"new,omitempty"`
}

// Rejected closes the draft: the edit was refused and changed nothing.
type Rejected struct {
	Node int    `json:"node"`
	Edit int    `json:"edit"`
	Why  string `json:"why"`
}

// Violation is one breach of a track's rules.
type Violation struct {
	Rule string `json:"rule"`
	Line int    `json:"line"` // 0: the whole file
	What string `json:"what"`
	Flag bool   `json:"flag,omitempty"` // it is no breach, but a reader of the result should know of it
}

// Breaches gives those of vs that break a rule.
func Breaches(vs []Violation) []Violation {
	var hard []Violation
	for _, v := range vs {
		if !v.Flag {
			hard = append(hard, v)
		}
	}
	return hard
}

// Checked is the outcome of the track's rules on a node's script.
type Checked struct {
	Node       int         `json:"node"`
	Violations []Violation `json:"violations"` // where all are flags: the rules are kept
}

// Purposes of a run.
const (
	PurposeCalibrateFrom = "calibrate-from" // record i; the first is node 0's run
	PurposeCalibrateTo   = "calibrate-to"   // record i+1
	PurposeNode          = "node"
	PurposeConfirmFrom   = "confirm-from" // record i again, in turn with the node
	PurposeConfirmNode   = "confirm-node"
)

// Waiting says that a run waits for the machine, which trains for somebody else.
// It ends with the next RunStarted or Status.
type Waiting struct {
	Node    int    `json:"node"`
	Purpose string `json:"purpose"`
	Holder  string `json:"holder"` // who holds the machine, for people
}

// RunStarted opens a run: one execution of a script.
type RunStarted struct {
	Run     int      `json:"run"`  // 1, 2, … within the stream
	Node    int      `json:"node"` // -1: record i+1's script
	Purpose string   `json:"purpose"`
	Job     string   `json:"job"` // the runner's id
	Seed    int64    `json:"seed"`
	Argv    []string `json:"argv"`
	Ref     string   `json:"ref"` // what its machine finds it again by; only the machine reads it
	LimitMS int64    `json:"limit_ms"`
}

// ofOlder gives a run of an older version its reference: such an event, of which raw is
// the JSON, names the processes of this machine by which the run can be found again.
func (r RunStarted) ofOlder(raw []byte) (RunStarted, error) {
	if r.Ref != "" {
		return r, nil
	}
	var old struct {
		Boot      string `json:"boot"`
		PID       int    `json:"pid"`
		Start     int64  `json:"start"`
		ShimPID   int    `json:"shim_pid"`
		ShimStart int64  `json:"shim_start"`
	}
	if err := json.Unmarshal(raw, &old); err != nil || old.PID == 0 {
		return r, err
	}
	ref, err := json.Marshal(map[string]any{
		"job": r.Job, "boot": old.Boot, "pid": old.PID, "ticks": uint64(old.Start), "shim_pid": old.ShimPID, "shim_ticks": uint64(old.ShimStart),
	})
	r.Ref = string(ref)
	return r, err
}

// Log is one line of a run's output, to the byte.
type Log struct {
	Run    int
	Stderr bool
	End    byte   // the terminator: '\n', '\r', or 0 where the line was cut or ended with the run
	Gap    int64  // bytes left out before Data because the run's log quota was used up
	Data   []byte // without the terminator; any bytes at all
}

// Point is the metrics of one log line. Absent values are NaN.
type Point struct {
	Run       int
	Step      int
	Total     int // planned steps
	TrainMS   float64
	TrainLoss float64
	ValLoss   float64
	LR        float64
	GradNorm  float64
	StepAvgMS float64

	More []Metric // what else the line gave, by name
}

// Metric is a figure that a Point has no field for.
type Metric struct {
	Name  string
	Value float64
}

// Sample is the state of the host and of the run's process tree. Absent values are NaN.
type Sample struct {
	Run      int
	CPU      float64 // percent of one core, the whole tree
	RSS      int64   // bytes, the whole tree
	Procs    int
	Load     float64 // one-minute load average of the machine
	Foreign  float64 // percent of all cores, used by others
	MemAvail int64   // bytes
}

// GPUs is the state of a run's GPUs at one moment. A device that does not answer is
// left out.
type GPUs struct {
	Run     int
	Devices []GPU
}

// GPU is the state of one GPU. Absent values are NaN.
type GPU struct {
	Index    int     // as nvidia-smi counts
	Util     float64 // percent of the last second in which a kernel ran
	MemUsed  float64 // MiB
	MemTotal float64 // MiB
	Power    float64 // W
	Temp     float64 // °C
	Clock    float64 // MHz, of the multiprocessors
	Slowed   bool    // its clocks are held down by heat or power
}

// RunEnded closes a run.
type RunEnded struct {
	Run       int    `json:"run"`
	Exit      int    `json:"exit"`
	Signal    string `json:"signal,omitempty"`
	Reason    string `json:"reason"`        // "exited", "stopped", "limit", "lost", …
	Why       string `json:"why,omitempty"` // what went wrong, for people; empty for a clean end
	WallMS    int64  `json:"wall_ms"`
	CPUMS     int64  `json:"cpu_ms"`
	EngineMS  Float  `json:"engine_ms"` // training time by the engine's own clock, validations left out
	MaxRSS    int64  `json:"max_rss"`
	Survivors int    `json:"survivors"` // processes that the script left behind and that were ended
	Foreign   Float  `json:"foreign"`   // mean percent of all cores used by others
	Finished  bool   `json:"finished"`  // exit 0, and the last step's validation was logged
	ValLoss   Float  `json:"val_loss"`  // the last validation
	TrainMS   Float  `json:"train_ms"`  // the script's own clock at that line

	CompileMS int64    `json:"compile_ms,omitempty"` // from the start to the first step, by the engine's clock; 0 where the track has no such phase
	FirstMS   float64  `json:"first_ms,omitempty"`   // of TrainMS, what the script's clock counted up to its first step: compilation, where it is timed; else 0
	PeakMiB   float64  `json:"peak_mib,omitempty"`   // of a GPU's memory, as the script said; 0 where it did not
	Flags     []string `json:"flags,omitempty"`      // what a reader of the result should know: it counts all the same
	Rank      *int     `json:"rank,omitempty"`       // of torchrun, that failed first

	Evaluation *Evaluation `json:"evaluation,omitempty"` // of its weights outside the script, where there was one
}

// Evaluation is what an evaluator outside the script found of a run's weights.
// Losses are in the track's unit.
type Evaluation struct {
	Loss       Float `json:"loss"`       // over the characters that the script is evaluated on
	OtherLoss  Float `json:"other_loss"` // over as many others
	Characters int   `json:"characters"`
	FullLoss   Float `json:"full_loss"`  // over a few names
	ShortLoss  Float `json:"short_loss"` // over the same, where all but the last three characters are another name's
	BlankLoss  Float `json:"blank_loss"` // over a few names, with weights that were not trained
	EarlyLoss  Float `json:"early_loss"` // over the same, after the first step of training
	WallMS     int64 `json:"wall_ms"`
}

// Node verdicts.
const (
	VerdictProvisional = "provisional" // finished, kept the rules, reached the target
	VerdictMissed      = "missed"      // finished, but above the target
	VerdictInvalid     = "invalid"     // broke a rule, or its clocks disagree
	VerdictFailed      = "failed"      // crashed, hung, printed nothing to go by
	VerdictEmpty       = "empty"       // the agent produced no edit that could be applied
)

// Judged is the verdict on a node after its run (or without one).
type Judged struct {
	Node         int      `json:"node"`
	Verdict      string   `json:"verdict"`
	Why          string   `json:"why,omitempty"`
	ValLoss      Float    `json:"val_loss"`
	TrainSeconds Float    `json:"train_seconds"`
	FSR          *float64 `json:"fsr"` // provisional: of this one run; null where unresolved or not valid
}

// Confirmed is the end of confirmation: the attempt's FSR comes from here.
type Confirmed struct {
	Node        int         `json:"node"`
	Valid       bool        `json:"valid"`
	Why         string      `json:"why,omitempty"`
	FromSeconds []float64   `json:"from_seconds"` // record i, fresh runs
	NodeSeconds []float64   `json:"node_seconds"` // the node, fresh runs
	NodeLosses  []float64   `json:"node_losses"`
	MeanLoss    Float       `json:"mean_loss"`
	OtherLosses []float64   `json:"other_losses,omitempty"` // of the same runs, over other validation characters
	FSR         *float64    `json:"fsr"`
	Interval    *[2]float64 `json:"interval"` // 95 %

	// Of the mean loss being at most the target, by a one-sided t-test over NodeLosses:
	// the speedrun's own bar is 0.01. Null where it cannot be computed.
	P     *float64 `json:"p,omitempty"`
	Power *float64 `json:"power,omitempty"` // of that test at 0.01 with as many runs, for a mean as far below the target as found

	// Of an open task: how many times as fast as the record the node is, with its 95 %
	// interval, and the p-value of it being no faster, by a one-sided t-test.
	Speedup         *float64    `json:"speedup,omitempty"`
	SpeedupInterval *[2]float64 `json:"speedup_interval,omitempty"`
	SpeedupP        *float64    `json:"speedup_p,omitempty"`

	// Where the script's clock counts compilation: FSR without what it counted before
	// the second step.
	FSRWarm *float64 `json:"fsr_warm,omitempty"`
}
