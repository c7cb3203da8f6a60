package event

// Search is how a scaffold chooses nodes. The figures are the paper's where
// nothing else was chosen.
type Search struct {
	Initial    int     `json:"initial"`     // nodes from node 0 at the start
	Branch     int     `json:"branch"`      // nodes from each node chosen after that
	Debug      float64 `json:"debug"`       // probability of mending a failed leaf rather than going on from the best
	DebugDepth int     `json:"debug_depth"` // nodes in a row that may be attempts at mending
	Released   bool    `json:"released"`    // choose as the released code does, where it differs from the paper's text
}

// Budget bounds an attempt's search; 0 bounds nothing. Confirmation comes on top.
type Budget struct {
	Tokens int64   `json:"tokens"`
	Cost   float64 `json:"cost"`    // US dollars
	WallMS int64   `json:"wall_ms"` // active time
	RunMS  int64   `json:"run_ms"`  // of the nodes' runs

	GPUHours float64 `json:"gpu_hours,omitempty"` // of all runs, the records' too: time times GPUs
}

// Bounded reports whether anything is bounded.
func (b Budget) Bounded() bool { return b != Budget{} }

// Origins of a node.
const (
	OriginScaffold = ""        // chosen by the scaffold
	OriginDebug    = "debug"   // by the scaffold, to mend its parent
	OriginBranch   = "branch"  // a person asked for it
	OriginRepeat   = "repeat"  // a person asked for its parent to be trained again
	OriginCarried  = "carried" // the result of an earlier attempt, to start from
)

// Proposed says that an edit is whole and waits for a person's word.
type Proposed struct {
	Node int `json:"node"`
	Edit int `json:"edit"`
}

// Words on a proposed edit.
const (
	AnswerYes = "yes"
	AnswerAll = "all" // yes to this one and all others of the node
	AnswerNo  = "no"
	AnswerOwn = "own" // the person's own script in its place
)

// Decided is a person's word on a proposed edit. Edit 0: the script that a
// person wrote as the node's agent.
type Decided struct {
	Node   int    `json:"node"`
	Edit   int    `json:"edit"`
	Answer string `json:"answer"`
	Reason string `json:"reason,omitempty"`
	Path   string `json:"path,omitempty"`
	Text   string `json:"text,omitempty"` // AnswerOwn: the whole file
	Hash   string `json:"hash,omitempty"` // of the edit that it is about
}

// Steered is a note of a person, which the agent reads with its next node.
type Steered struct {
	Text string `json:"text"`
}

// Asked is a node that a person asked for; it comes before the scaffold's choice.
type Asked struct {
	Node   int    `json:"node"`   // to start from
	Origin string `json:"origin"` // OriginBranch or OriginRepeat
}

// Paused says that a person paused the attempt, or let it go on. A run in flight
// goes on to its end.
type Paused struct {
	Paused bool `json:"paused"`
}

// Budgets.
const (
	BudgetTokens = "tokens"
	BudgetCost   = "cost"
	BudgetWall   = "wall time"
	BudgetRun    = "run time"
	BudgetGPU    = "GPU-hours"
)

// Spent says that a budget is used up: the search ends here.
type Spent struct {
	Budget string `json:"budget"`
	Why    string `json:"why"`
}

// Orders that a person gives a running engine, by name. What an order needs
// beside its name it has as JSON.
const (
	OrderStop    = "stop"     // the attempt
	OrderStopRun = "stop-run" // the run in flight; the attempt goes on. StopRun
	OrderPause   = "pause"    // before the next run and the next call of a model
	OrderGo      = "go"       // on, after a pause
	OrderDecide  = "decide"   // on an edit that waits, or writes the node that waits for a person. Decided
	OrderSteer   = "steer"    // Steered
	OrderAsk     = "ask"      // for a node. Asked
)

// StopRun names the run that OrderStopRun is about.
type StopRun struct {
	Run int `json:"run"`
}
