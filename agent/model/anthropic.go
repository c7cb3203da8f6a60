package model

import (
	"encoding/json"
	"slices"
	"strings"
)

const (
	// defaultMaxTokens bounds an answer where the API wants a bound and nobody knows
	// the model's: enough for a whole script of the tracks.
	defaultMaxTokens = 16_384
	// leastCached is how many bytes a message must have to be worth a place in the
	// provider's cache, which takes no prefix below 1,024 tokens.
	leastCached = 4_096
	// leastThinking is the smallest budget of thinking that the API takes.
	leastThinking = 1_024
)

type messageRequest struct {
	Model       string           `json:"model"`
	MaxTokens   int              `json:"max_tokens"`
	Stream      bool             `json:"stream"`
	System      []messageBlock   `json:"system,omitempty"`
	Messages    []messageTurn    `json:"messages"`
	Tools       []messageTool    `json:"tools,omitempty"`
	Temperature *float64         `json:"temperature,omitempty"`
	Thinking    *messageThinking `json:"thinking,omitempty"`
	Output      *messageOutput   `json:"output_config,omitempty"`
}

type messageTurn struct {
	Role    string         `json:"role"`
	Content []messageBlock `json:"content"`
}

// messageBlock is a part of a turn: a text, a thought, the call of a tool or its result.
type messageBlock struct {
	Type string `json:"type"`
	Text string `json:"text,omitempty"`

	// Of a thought, where both may be empty and are wanted all the same.
	Signature *string `json:"signature,omitempty"`
	Thinking  *string `json:"thinking,omitempty"`
	Data      string  `json:"data,omitempty"` // of one that only the provider can read

	ID    string          `json:"id,omitempty"`
	Name  string          `json:"name,omitempty"`
	Input json.RawMessage `json:"input,omitempty"`

	ToolUseID string         `json:"tool_use_id,omitempty"`
	IsError   bool           `json:"is_error,omitempty"`
	Content   []messageBlock `json:"content,omitempty"`

	CacheControl *messageCache `json:"cache_control,omitempty"`
}

// The types of blocks.
const (
	blockText     = "text"
	blockThinking = "thinking"
	blockRedacted = "redacted_thinking"
	blockCall     = "tool_use"
	blockResult   = "tool_result"
)

type messageTool struct {
	Name        string         `json:"name"`
	Description string         `json:"description,omitempty"`
	InputSchema map[string]any `json:"input_schema"`
}

type messageThinking struct {
	Type    string `json:"type"`
	Budget  int    `json:"budget_tokens,omitempty"`
	Display string `json:"display,omitempty"`
}

type messageOutput struct {
	Effort string `json:"effort"`
}

type messageCache struct {
	Type string `json:"type"`
}

// messages puts a request to an endpoint that speaks Anthropic's messages API.
func (c *Client) messages(x *exchange, r Request, a amends, h *hearing) error {
	req, dropped := c.messageRequest(r, a)
	body, err := json.Marshal(req)
	if err != nil {
		return c.unwritten(err)
	}
	h.dropped = dropped
	res, err := x.post(c.provider.url.JoinPath("v1", "messages"), body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	l := messageListener{c: c, h: h}
	h.remember = func(calls []ToolCall) { c.turns.keep(calls, l.turn()) }
	return l.listen(res.Body)
}

// messageRequest writes a request. It gives the parameters that it leaves out.
func (c *Client) messageRequest(r Request, a amends) (req *messageRequest, dropped []string) {
	req = &messageRequest{Model: c.Model.Name, MaxTokens: r.MaxTokens, Stream: true}
	if req.MaxTokens <= 0 {
		req.MaxTokens = defaultMaxTokens
		if c.Model.MaxOutput > 0 {
			req.MaxTokens = c.Model.MaxOutput
		}
	}
	for _, t := range r.Tools {
		req.Tools = append(req.Tools, messageTool{t.Name, t.About, t.schema()})
	}
	lost := c.turnsOf(req, r.Messages)
	if !a.noCache {
		req.markCached()
	}
	thinks := c.think(req, r.Effort, a, lost)
	if !thinks && r.Effort != "" && r.Effort != effortNone {
		dropped = append(dropped, "effort")
	}
	if r.Temperature != nil {
		// With thinking there is one temperature only.
		if thinks || a.noTemperature {
			dropped = append(dropped, "temperature")
		} else {
			req.Temperature = r.Temperature
		}
	}
	if r.Seed != nil {
		dropped = append(dropped, "seed")
	}
	return req, dropped
}

// turnsOf writes the messages. Neighbours of one role become one turn, so that results
// stand together behind their calls. It reports whether the thoughts of a turn that
// called tools are lost.
func (c *Client) turnsOf(req *messageRequest, messages []Message) (lost bool) {
	for _, m := range messages {
		var blocks []messageBlock
		role := "user"
		switch {
		case m.Role == "system":
			req.System = append(req.System, textBlock(m.Text))
			continue
		case m.Role == "assistant":
			role = m.Role
			turn, ok := c.turns.recall(m.Calls)
			lost = lost || len(m.Calls) > 0 && !ok
			if blocks = turn; !ok {
				blocks = assistantBlocks(m)
			}
		case m.Result != nil:
			blocks = append(blocks, messageBlock{
				Type: blockResult, ToolUseID: m.Result.ID, IsError: m.Result.Failed,
				Content: []messageBlock{textBlock(m.Result.Text)},
			})
		default:
			blocks = append(blocks, textBlock(m.Text))
		}
		if n := len(req.Messages); n > 0 && req.Messages[n-1].Role == role {
			req.Messages[n-1].Content = append(req.Messages[n-1].Content, blocks...)
			continue
		}
		req.Messages = append(req.Messages, messageTurn{role, slices.Clone(blocks)})
	}
	return lost
}

func textBlock(text string) messageBlock {
	return messageBlock{Type: blockText, Text: orNothing(text)}
}

func callBlock(id, name, args string) messageBlock {
	return messageBlock{Type: blockCall, ID: id, Name: name, Input: toolInput(args)}
}

func assistantBlocks(m Message) (blocks []messageBlock) {
	if strings.TrimSpace(m.Text) != "" || len(m.Calls) == 0 {
		blocks = append(blocks, textBlock(m.Text))
	}
	for _, call := range m.Calls {
		blocks = append(blocks, callBlock(call.ID, call.Name, call.Args))
	}
	return blocks
}

// toolInput gives arguments as the API wants them back: an object, even where the model
// gave none.
func toolInput(args string) json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(args), &object) != nil || object == nil {
		return json.RawMessage("{}")
	}
	return json.RawMessage(args)
}

// markCached asks the provider to keep what later requests of a conversation, or of the
// same task, begin with: the system's message, and all until the last big user message.
func (req *messageRequest) markCached() {
	cache := &messageCache{Type: "ephemeral"}
	if n := len(req.System); n > 0 {
		req.System[n-1].CacheControl = cache
	}
	for _, turn := range slices.Backward(req.Messages) {
		if turn.Role != "user" {
			continue
		}
		for j := len(turn.Content) - 1; j >= 0; j-- {
			b := &turn.Content[j]
			text := b.Text
			if b.Type == blockResult {
				text = b.Content[0].Text
			}
			if len(text) >= leastCached {
				b.CacheControl = cache
				return
			}
		}
	}
}

const effortNone = "none"

// think sets how much the model thinks, and reports whether it does on our word.
// Models that take an effort are told it; the others get a budget of tokens.
func (c *Client) think(req *messageRequest, effort string, a amends, lost bool) bool {
	switch {
	case effort == "":
		return false
	case effort == effortNone:
		req.Thinking = &messageThinking{Type: "disabled"}
		return false
	case c.adaptive && !a.budget:
		if effort == "minimal" {
			effort = "low" // the API has no less
		}
		req.Output = &messageOutput{Effort: effort}
		req.Thinking = &messageThinking{Type: "adaptive", Display: "summarized"}
		return true
	case lost:
		// With a budget the API wants the thoughts of the calls back, and they are gone.
		return false
	}
	budget := 8_192
	switch effort {
	case "minimal":
		budget = leastThinking
	case "low":
		budget = 4_096
	case "high":
		budget = 16_384
	case "xhigh", "max":
		budget = 32_768
	}
	if budget = min(budget, req.MaxTokens*3/4); budget < leastThinking {
		return false
	}
	req.Thinking = &messageThinking{Type: "enabled", Budget: budget}
	return true
}
