package event

// Purposes of a call.
const (
	CallEdit      = "edit"      // writes a node
	CallReflect   = "reflect"   // mends what could not be applied of the answer before
	CallIdeate    = "ideate"    // proposes hypotheses for the nodes that come
	CallSummarise = "summarise" // says what happened in a node's run; never the source of a metric
	CallJudge     = "judge"     // compares a node with the human's change
)

// Message is a part of what a language model is sent.
type Message struct {
	Role string `json:"role"` // "system", "user", "assistant", "tool"
	Text string `json:"text"`
}

// Call opens a request to a language model. A request that failed and is sent
// again is a Call of its own, of the same round.
type Call struct {
	Call     int       `json:"call"` // 1, 2, … within the stream
	Node     int       `json:"node"` // that it is about; in ideation the first of those to come
	Purpose  string    `json:"purpose"`
	Round    int       `json:"round"` // 0, 1, … within the node and purpose
	Try      int       `json:"try"`   // 1, 2, … of the same request
	Model    string    `json:"model"` // "provider/name"
	Hash     string    `json:"hash"`  // of everything that was sent
	Tokens   int       `json:"tokens"`
	Context  int       `json:"context"`  // tokens that the model takes in, 0 if unknown
	Messages []Message `json:"messages"` // those that the node's call before this one did not have
	Left     []string  `json:"left,omitempty"`
}

// Voice says what a Speech is.
type Voice uint8

// Voices of a model.
const (
	VoiceText      Voice = 1
	VoiceReasoning Voice = 2
	VoiceTool      Voice = 3 // name and arguments of the tools it calls, as they come
)

// Speech is a piece of what a model says, as it comes.
type Speech struct {
	Call  int
	Voice Voice
	Text  string
}

// Usage counts tokens.
type Usage struct {
	Input      int `json:"input"`       // all that was sent
	Output     int `json:"output"`      // all that came
	Cached     int `json:"cached"`      // part of Input that was read from the provider's cache
	CacheWrite int `json:"cache_write"` // part of Input that was put there
	Reasoning  int `json:"reasoning"`   // part of Output
	Estimated  int `json:"estimated"`   // of Input and Output, tokens that the provider did not count
}

// Plus adds up.
func (u Usage) Plus(v Usage) Usage {
	return Usage{u.Input + v.Input, u.Output + v.Output, u.Cached + v.Cached, u.CacheWrite + v.CacheWrite, u.Reasoning + v.Reasoning, u.Estimated + v.Estimated}
}

// Total is what a budget of tokens counts.
func (u Usage) Total() int { return u.Input + u.Output }

// Called closes a call.
type Called struct {
	Call   int    `json:"call"`
	Stop   string `json:"stop,omitempty"`   // "end", "length", "tools", "refused"; "" where it failed
	Why    string `json:"why,omitempty"`    // of a failure; what came by then is kept
	Again  bool   `json:"again,omitempty"`  // the request is sent again
	WaitMS int64  `json:"wait_ms"`          // before that
	Served string `json:"served,omitempty"` // the model's name as the endpoint gives it
	// Uses are the tools that it calls, in order.
	Uses  []ToolUse `json:"uses,omitempty"`
	Usage Usage     `json:"usage"`
	Cost  Float     `json:"cost"` // US dollars; unknown without a price
}

// ToolUse is a model's call of a tool.
type ToolUse struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Args string `json:"args"` // JSON, as it came
}

// Templates are the prompts that an attempt is written with.
type Templates struct {
	Hash  string     `json:"hash"` // of all together
	Texts []Template `json:"texts"`
}

// Template is one of them.
type Template struct {
	Name   string `json:"name"`
	Source string `json:"source"` // "built in", or the file
	Hash   string `json:"hash"`
	Text   string `json:"text"`
}

// Similarity says how much of the human's change a node reproduces, 0 to 1.
type Similarity struct {
	Node      int     `json:"node"`
	Recall    Float   `json:"recall"` // by changed lines
	Precision Float   `json:"precision"`
	F1        Float   `json:"f1"`
	Judge     string  `json:"judge,omitempty"` // the model that judged, "" where none did
	Score     Float   `json:"score"`           // by that model
	Changes   []Trait `json:"changes,omitempty"`
}

// Trait is one of the human's changes and whether the node has it, 0 to 1.
type Trait struct {
	What       string  `json:"what"`
	Reproduced float64 `json:"reproduced"`
}
