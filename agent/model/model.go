// Package model speaks to language models through their providers' APIs: every
// endpoint that is compatible with OpenAI's chat completions, and Anthropic's
// messages. It knows which providers and models there are and what they cost, and
// it lets no key out.
package model

// A Model is a language model at a provider.
type Model struct {
	Provider  string // as in Provider.Name
	Name      string // as the provider spells it
	Context   int    // tokens that it takes in and gives; 0 if unknown
	MaxOutput int    // tokens; 0 if unknown
	Reasons   bool   // it can think before it answers
	Price     *Price // nil if unknown
	PriceFrom string // "built-in list", the name of the user's file, or "" without a price
}

// ID names the model among all providers', as Find takes it.
func (m Model) ID() string { return m.Provider + "/" + m.Name }

// Price is what a million tokens cost, in US dollars.
type Price struct {
	Input      float64 // sent
	Output     float64 // answered, reasoning included
	Cached     float64 // sent, and read from the provider's cache
	CacheWrite float64 // sent, and written to the provider's cache
}

// Cost gives the price of u in US dollars.
func (p Price) Cost(u Usage) float64 {
	plain := max(u.Input-u.Cached-u.CacheWrite, 0)
	return (float64(plain)*p.Input + float64(u.Cached)*p.Cached +
		float64(u.CacheWrite)*p.CacheWrite + float64(u.Output)*p.Output) / 1e6
}

// Usage counts tokens.
type Usage struct {
	Input      int // all that was sent
	Output     int // all that was answered
	Cached     int // the part of Input that was read from a cache
	CacheWrite int // the part of Input that was written to a cache
	Reasoning  int // the part of Output that is reasoning
}

// sane gives u without what no endpoint can mean: counts below nothing, and parts
// that are larger than their whole.
func (u Usage) sane() Usage {
	u.Input, u.Output = max(u.Input, 0), max(u.Output, 0)
	u.Cached = min(max(u.Cached, 0), u.Input)
	u.CacheWrite = min(max(u.CacheWrite, 0), u.Input-u.Cached)
	u.Reasoning = min(max(u.Reasoning, 0), u.Output)
	return u
}

// Message is one turn of a conversation.
type Message struct {
	Role   string      // "system", "user", "assistant" or "tool"
	Text   string      // of a "tool" message: empty, see Result
	Calls  []ToolCall  // of an "assistant" message
	Result *ToolResult // of a "tool" message
}

// Tool is a function that the model may call.
type Tool struct {
	Name   string
	About  string
	Schema map[string]any // JSON schema of its arguments, an object; nil for none
}

// schema gives the schema of a tool's arguments, also of one that has none.
func (t Tool) schema() map[string]any {
	if t.Schema == nil {
		return map[string]any{"type": "object", "properties": map[string]any{}}
	}
	return t.Schema
}

// ToolCall is a model's call of a tool.
type ToolCall struct {
	ID   string
	Name string
	Args string // JSON as it came; it may be broken
}

// ToolResult answers a ToolCall.
type ToolResult struct {
	ID     string // of the call
	Text   string
	Failed bool
}

// Request is what a model is asked.
type Request struct {
	Messages    []Message
	Tools       []Tool
	MaxTokens   int      // of the answer, reasoning included; 0 for as many as there may be
	Temperature *float64 // nil for the endpoint's own
	Effort      string   // of reasoning: "none", "minimal", "low", "medium", "high", …; "" for the model's own
	Seed        *int64   // nil for none; not all endpoints have one
}

// bytes counts the text of a request, for an estimate of its tokens.
func (r Request) bytes() int {
	n := 0
	for _, m := range r.Messages {
		n += len(m.Text)
		for _, c := range m.Calls {
			n += len(c.Name) + len(c.Args)
		}
		if m.Result != nil {
			n += len(m.Result.Text)
		}
	}
	return n
}

// PieceKind says what a piece is part of.
type PieceKind int

// A call's name comes in one piece, before its arguments.
const (
	PieceText PieceKind = iota
	PieceReasoning
	PieceToolName
	PieceToolArgs
)

// Piece is a part of an answer as it comes.
type Piece struct {
	Kind PieceKind
	Call int // index of the tool call among the answer's Calls
	Text string
}

// Stop says why an answer ended.
type Stop string

// The reasons why answers end.
const (
	StopEnd     Stop = "end"     // the model was done
	StopLength  Stop = "length"  // the answer or the context was full
	StopTools   Stop = "tools"   // the model waits for results of its calls
	StopRefused Stop = "refused" // the model or the provider would not answer
)

// Answer is what a model said. The concatenation of its pieces gives its texts.
type Answer struct {
	Text      string
	Reasoning string
	Calls     []ToolCall
	Stop      Stop
	// Usage is the endpoint's own count if UsageKnown. Otherwise it is estimated
	// at 4 bytes a token, or zero where nothing of an answer came.
	Usage      Usage
	UsageKnown bool
	Served     string // the model's name as the endpoint reports it; may be empty
	// Dropped lists parameters of the request that the endpoint does not take, and
	// that were therefore left out: "temperature", "seed".
	Dropped []string
}
