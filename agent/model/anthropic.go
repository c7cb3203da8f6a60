package model

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	anthropic "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
	"github.com/anthropics/anthropic-sdk-go/packages/param"
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

// anthropicTurn is an assistant's turn with its thoughts, signed and in their order, as
// the API wants it back with the results of its calls.
type anthropicTurn []anthropic.ContentBlockParamUnion

// messages puts a request to an endpoint that speaks Anthropic's messages API.
func (c *Client) messages(x *exchange, r Request, a amends, h *hearing) error {
	params, dropped := c.messageParams(r, a)
	h.dropped = dropped
	// The service alone, unlike the SDK's client, takes nothing from the environment.
	service := anthropic.NewMessageService(
		option.WithoutOpenTelemetry(), option.WithMaxRetries(0),
		option.WithBaseURL(c.provider.url.String()), option.WithHTTPClient(x),
	)
	stream := service.NewStreaming(x.ctx, params)
	defer stream.Close()
	l := messageListener{h: h}
	h.remember = func(calls []ToolCall) { c.turns.keep(calls, l.turn()) }
	for !l.over && stream.Next() {
		if err := l.event(stream.Current()); err != nil {
			return err
		}
	}
	err := stream.Err()
	var api *anthropic.Error
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &api):
		body := []byte(api.RawJSON())
		return c.refused(readFault(http.StatusOK, body), http.Header{}, body)
	case errors.As(err, &syntax), errors.As(err, &kind):
		return errNoStream
	case err != nil:
		return err
	case h.stop != "":
		return nil
	case !l.begun && x.came > 0:
		return errNoStream
	}
	return io.ErrUnexpectedEOF
}

// messageParams writes a request. It gives the parameters that it leaves out.
func (c *Client) messageParams(r Request, a amends) (p anthropic.MessageNewParams, dropped []string) {
	p = anthropic.MessageNewParams{Model: c.Model.Name, MaxTokens: int64(r.MaxTokens)}
	if p.MaxTokens <= 0 {
		p.MaxTokens = defaultMaxTokens
		if c.Model.MaxOutput > 0 {
			p.MaxTokens = int64(c.Model.MaxOutput)
		}
	}
	for _, t := range r.Tools {
		schema := t.Schema
		if schema == nil {
			schema = map[string]any{"type": "object", "properties": map[string]any{}}
		}
		tool := anthropic.ToolParam{Name: t.Name, InputSchema: param.Override[anthropic.ToolInputSchemaParam](schema)}
		if t.About != "" {
			tool.Description = anthropic.String(t.About)
		}
		p.Tools = append(p.Tools, anthropic.ToolUnionParam{OfTool: &tool})
	}
	lost := c.turnsOf(&p, r.Messages)
	if !a.noCache {
		markCached(&p)
	}
	thinks := c.think(&p, r.Effort, a, lost)
	if !thinks && r.Effort != "" && r.Effort != effortNone {
		dropped = append(dropped, "effort")
	}
	if r.Temperature != nil {
		// With thinking there is one temperature only.
		if thinks || a.noTemperature {
			dropped = append(dropped, "temperature")
		} else {
			p.Temperature = anthropic.Float(*r.Temperature)
		}
	}
	if r.Seed != nil {
		dropped = append(dropped, "seed")
	}
	return p, dropped
}

// turnsOf writes the messages. Neighbours of one role become one turn, so that results
// stand together behind their calls. It reports whether the thoughts of a turn that
// called tools are lost.
func (c *Client) turnsOf(p *anthropic.MessageNewParams, messages []Message) (lost bool) {
	for _, m := range messages {
		var blocks []anthropic.ContentBlockParamUnion
		role := anthropic.MessageParamRoleUser
		switch {
		case m.Role == "system":
			p.System = append(p.System, anthropic.TextBlockParam{Text: orNothing(m.Text)})
			continue
		case m.Role == "assistant":
			role = anthropic.MessageParamRoleAssistant
			turn, ok := c.turns.recall(m.Calls)
			lost = lost || len(m.Calls) > 0 && !ok
			if blocks = turn; !ok {
				blocks = assistantBlocks(m)
			}
		case m.Result != nil:
			b := anthropic.ToolResultBlockParam{ToolUseID: m.Result.ID}
			if m.Result.Failed {
				b.IsError = anthropic.Bool(true)
			}
			b.Content = []anthropic.ToolResultBlockParamContentUnion{{OfText: &anthropic.TextBlockParam{Text: orNothing(m.Result.Text)}}}
			blocks = append(blocks, anthropic.ContentBlockParamUnion{OfToolResult: &b})
		default:
			blocks = append(blocks, anthropic.NewTextBlock(orNothing(m.Text)))
		}
		if n := len(p.Messages); n > 0 && p.Messages[n-1].Role == role {
			p.Messages[n-1].Content = append(p.Messages[n-1].Content, blocks...)
			continue
		}
		p.Messages = append(p.Messages, anthropic.MessageParam{Role: role, Content: append([]anthropic.ContentBlockParamUnion(nil), blocks...)})
	}
	return lost
}

func assistantBlocks(m Message) (blocks []anthropic.ContentBlockParamUnion) {
	if strings.TrimSpace(m.Text) != "" || len(m.Calls) == 0 {
		blocks = append(blocks, anthropic.NewTextBlock(orNothing(m.Text)))
	}
	for _, call := range m.Calls {
		blocks = append(blocks, anthropic.NewToolUseBlock(call.ID, toolInput(call.Args), call.Name))
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
func markCached(p *anthropic.MessageNewParams) {
	if n := len(p.System); n > 0 {
		p.System[n-1].CacheControl = anthropic.NewCacheControlEphemeralParam()
	}
	for i := len(p.Messages) - 1; i >= 0; i-- {
		if p.Messages[i].Role != anthropic.MessageParamRoleUser {
			continue
		}
		for j := len(p.Messages[i].Content) - 1; j >= 0; j-- {
			switch b := p.Messages[i].Content[j]; {
			case b.OfText != nil && len(b.OfText.Text) >= leastCached:
				b.OfText.CacheControl = anthropic.NewCacheControlEphemeralParam()
				return
			case b.OfToolResult != nil && len(b.OfToolResult.Content[0].OfText.Text) >= leastCached:
				b.OfToolResult.CacheControl = anthropic.NewCacheControlEphemeralParam()
				return
			}
		}
	}
}

const effortNone = "none"

// think sets how much the model thinks, and reports whether it does on our word.
// Models that take an effort are told it; the others get a budget of tokens.
func (c *Client) think(p *anthropic.MessageNewParams, effort string, a amends, lost bool) bool {
	switch {
	case effort == "":
		return false
	case effort == effortNone:
		p.Thinking.OfDisabled = &anthropic.ThinkingConfigDisabledParam{}
		return false
	case c.adaptive && !a.budget:
		if effort == "minimal" {
			effort = "low" // the API has no less
		}
		p.OutputConfig.Effort = anthropic.OutputConfigEffort(effort)
		p.Thinking.OfAdaptive = &anthropic.ThinkingConfigAdaptiveParam{Display: anthropic.ThinkingConfigAdaptiveDisplaySummarized}
		return true
	case lost:
		// With a budget the API wants the thoughts of the calls back, and they are gone.
		return false
	}
	tokens := int64(8_192)
	switch effort {
	case "minimal":
		tokens = leastThinking
	case "low":
		tokens = 4_096
	case "high":
		tokens = 16_384
	case "xhigh", "max":
		tokens = 32_768
	}
	if tokens = min(tokens, p.MaxTokens*3/4); tokens < leastThinking {
		return false
	}
	// As JSON, since the SDK's type writes to standard error for some models.
	p.Thinking = param.Override[anthropic.ThinkingConfigParamUnion](map[string]any{"type": "enabled", "budget_tokens": tokens})
	return true
}

// messageListener takes the events of a stream.
type messageListener struct {
	h      *hearing
	blocks []*messageBlock
	begun  bool
	over   bool
	usage  anthropic.Usage
}

// messageBlock is a part of an answer, as it goes back to the API.
type messageBlock struct {
	index     int64
	kind      string
	text      strings.Builder // or thinking, or arguments
	signature strings.Builder
	data      string // of redacted thinking
	id, name  string
	call      int
}

func (l *messageListener) event(e anthropic.MessageStreamEventUnion) error {
	l.begun = true
	h := l.h
	switch e.Type {
	case "message_start":
		h.begun = true
		h.served = e.Message.Model
		l.usage = e.Message.Usage
		l.count()
	case "content_block_start":
		return l.open(e)
	case "content_block_delta":
		return l.add(e)
	case "message_delta":
		l.delta(e)
	case "message_stop":
		l.over = true
		if h.stop == "" {
			h.ended(StopEnd)
		}
	}
	return nil
}

func (l *messageListener) open(e anthropic.MessageStreamEventUnion) error {
	cb := e.ContentBlock
	b := &messageBlock{index: e.Index, kind: cb.Type, data: cb.Data, id: cb.ID, name: cb.Name}
	l.blocks = append(l.blocks, b)
	switch b.kind {
	case "text":
		b.text.WriteString(cb.Text)
		return l.h.say(cb.Text)
	case "thinking":
		b.text.WriteString(cb.Thinking)
		b.signature.WriteString(cb.Signature)
		return l.h.reason(cb.Thinking)
	case "tool_use":
		b.call = l.h.call(b.id, b.name)
		// Some endpoints give the arguments at once.
		if whole, err := json.Marshal(cb.Input); err == nil && cb.Input != nil && string(whole) != "{}" {
			b.text.Write(whole)
			return l.h.args(b.call, string(whole))
		}
	}
	return nil
}

func (l *messageListener) add(e anthropic.MessageStreamEventUnion) error {
	var b *messageBlock
	for _, have := range l.blocks {
		if have.index == e.Index {
			b = have
		}
	}
	if b == nil {
		return nil
	}
	switch e.Delta.Type {
	case "text_delta":
		b.text.WriteString(e.Delta.Text)
		return l.h.say(e.Delta.Text)
	case "thinking_delta":
		b.text.WriteString(e.Delta.Thinking)
		return l.h.reason(e.Delta.Thinking)
	case "signature_delta":
		b.signature.WriteString(e.Delta.Signature)
	case "input_json_delta":
		if b.kind == "tool_use" {
			b.text.WriteString(e.Delta.PartialJSON)
			return l.h.args(b.call, e.Delta.PartialJSON)
		}
	}
	return nil
}

// delta reads why the answer ends, and what it took.
func (l *messageListener) delta(e anthropic.MessageStreamEventUnion) {
	u := e.Usage
	l.usage.OutputTokens = u.OutputTokens
	if u.JSON.InputTokens.Valid() && u.InputTokens > 0 {
		l.usage.InputTokens = u.InputTokens
	}
	if u.JSON.CacheReadInputTokens.Valid() {
		l.usage.CacheReadInputTokens = u.CacheReadInputTokens
	}
	if u.JSON.CacheCreationInputTokens.Valid() {
		l.usage.CacheCreationInputTokens = u.CacheCreationInputTokens
	}
	if u.JSON.OutputTokensDetails.Valid() {
		l.usage.OutputTokensDetails = u.OutputTokensDetails
	}
	l.count()
	l.h.counted = u.JSON.OutputTokens.Valid()
	switch e.Delta.StopReason {
	case "":
	case anthropic.StopReasonMaxTokens, anthropic.StopReasonModelContextWindowExceeded:
		l.h.ended(StopLength)
	case anthropic.StopReasonToolUse:
		l.h.ended(StopTools)
	case anthropic.StopReasonRefusal:
		l.h.ended(StopRefused)
	default:
		l.h.ended(StopEnd)
	}
}

func (l *messageListener) count() {
	read, write := int(l.usage.CacheReadInputTokens), int(l.usage.CacheCreationInputTokens)
	l.h.usage = Usage{
		Input: int(l.usage.InputTokens) + read + write, Cached: read, CacheWrite: write,
		Output: int(l.usage.OutputTokens), Reasoning: int(l.usage.OutputTokensDetails.ThinkingTokens),
	}
}

// turn gives the answer as it goes back.
func (l *messageListener) turn() (blocks anthropicTurn) {
	for _, b := range l.blocks {
		switch b.kind {
		case "text":
			if text := b.text.String(); strings.TrimSpace(text) != "" {
				blocks = append(blocks, anthropic.NewTextBlock(text))
			}
		case "thinking":
			blocks = append(blocks, anthropic.NewThinkingBlock(b.signature.String(), b.text.String()))
		case "redacted_thinking":
			blocks = append(blocks, anthropic.NewRedactedThinkingBlock(b.data))
		case "tool_use":
			blocks = append(blocks, anthropic.NewToolUseBlock(b.id, toolInput(b.text.String()), b.name))
		}
	}
	return blocks
}
