package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	openai "github.com/sashabaranov/go-openai"
)

// The request is made of go-openai's types. Its client is not used: it refuses
// parameters by the model's name whatever the endpoint, loses a temperature of 0, the
// reasoning of several providers and errors behind keep-alive comments, and cannot tell
// a stream that ended from one that broke off.

type chatRequest struct {
	openai.ChatCompletionRequest
	Messages    []chatMessage `json:"messages"`
	MaxTokens   int           `json:"max_tokens,omitempty"`
	Temperature *float64      `json:"temperature,omitempty"`
	Seed        *int64        `json:"seed,omitempty"`
}

type chatMessage struct {
	Role             string     `json:"role"`
	Content          *string    `json:"content"`
	ReasoningContent string     `json:"reasoning_content,omitempty"`
	Reasoning        string     `json:"reasoning,omitempty"`
	ToolCalls        []chatCall `json:"tool_calls,omitempty"`
	ToolCallID       string     `json:"tool_call_id,omitempty"`
}

type chatCall struct {
	openai.ToolCall
	Extra json.RawMessage `json:"extra_content,omitempty"` // Gemini signs its thoughts here
}

// chatTurn is what a provider wants back of a turn that called tools: its reasoning,
// under the name it came by, and what it attached to the calls.
type chatTurn struct {
	reasoning, reasoningContent string
	extra                       []json.RawMessage
}

// chatBody writes a request. It gives the parameters that it leaves out.
func (c *Client) chatBody(r Request, a amends) (body []byte, dropped []string, err error) {
	req := chatRequest{ChatCompletionRequest: openai.ChatCompletionRequest{
		Model: c.Model.Name, Stream: true, ReasoningEffort: r.Effort,
	}}
	if !a.noUsage {
		req.StreamOptions = &openai.StreamOptions{IncludeUsage: true}
	}
	switch {
	case a.noMax:
	case c.newMaxName() != a.otherMax:
		req.MaxCompletionTokens = r.MaxTokens
	default:
		req.MaxTokens = r.MaxTokens
	}
	if r.Temperature != nil {
		if req.Temperature = r.Temperature; a.noTemperature {
			req.Temperature, dropped = nil, append(dropped, "temperature")
		}
	}
	if r.Seed != nil {
		if req.Seed = r.Seed; a.noSeed {
			req.Seed, dropped = nil, append(dropped, "seed")
		}
	}
	for _, t := range r.Tools {
		req.Tools = append(req.Tools, openai.Tool{
			Type:     openai.ToolTypeFunction,
			Function: &openai.FunctionDefinition{Name: t.Name, Description: t.About, Parameters: t.schema()},
		})
	}
	for _, m := range r.Messages {
		req.Messages = append(req.Messages, c.chatMessage(m))
	}
	body, err = json.Marshal(req)
	return body, dropped, err
}

func (c *Client) chatMessage(m Message) chatMessage {
	text := orNothing(m.Text)
	out := chatMessage{Role: m.Role, Content: &text}
	if m.Result != nil {
		out.ToolCallID = m.Result.ID
		if text = orNothing(m.Result.Text); m.Result.Failed {
			text = "error: " + text
		}
	}
	if len(m.Calls) == 0 {
		return out
	}
	if strings.TrimSpace(m.Text) == "" {
		out.Content = nil
	}
	turn, _ := c.kept.recall(m.Calls)
	out.Reasoning, out.ReasoningContent = turn.reasoning, turn.reasoningContent
	for i, call := range m.Calls {
		args := call.Args
		if !json.Valid([]byte(args)) {
			args = "{}" // many endpoints read them, and fail on what the model got wrong
		}
		cc := chatCall{ToolCall: openai.ToolCall{
			ID: call.ID, Type: openai.ToolTypeFunction,
			Function: openai.FunctionCall{Name: call.Name, Arguments: args},
		}}
		if i < len(turn.extra) {
			cc.Extra = turn.extra[i]
		}
		out.ToolCalls = append(out.ToolCalls, cc)
	}
	return out
}

// newMaxName reports whether the length of an answer is called max_completion_tokens.
// OpenAI's reasoning models take no other name, and most other endpoints only the old.
func (c *Client) newMaxName() bool {
	return c.provider.Wire == wireAzure || c.provider.Name == "openai" && !c.provider.moved
}

// chatURL gives the address of chat completions.
func (c *Client) chatURL() *url.URL {
	p := c.provider
	if p.apiVersion == "" {
		return p.url.JoinPath("chat", "completions")
	}
	u := p.url.JoinPath("openai", "deployments", url.PathEscape(c.Model.Name), "chat", "completions")
	u.RawQuery = url.Values{"api-version": {p.apiVersion}}.Encode()
	return u
}

// chat puts a request to an endpoint that is compatible with OpenAI's.
func (c *Client) chat(x *exchange, r Request, a amends, h *hearing) error {
	body, dropped, err := c.chatBody(r, a)
	if err != nil {
		return c.unwritten(err)
	}
	h.dropped = dropped
	res, err := x.post(c.chatURL(), body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	l := chatListener{c: c, h: h, turns: len(r.Messages)}
	h.remember = func(calls []ToolCall) {
		c.kept.keep(calls, chatTurn{l.reasoning.String(), l.reasoningContent.String(), l.extra})
	}
	if strings.Contains(res.Header.Get("Content-Type"), "application/json") {
		return l.listenWhole(res.Body)
	}
	return l.listen(res.Body)
}

// chatListener reads the events of a stream.
type chatListener struct {
	c       *Client
	h       *hearing
	think   thinkSplitter
	calls   []chatSlot
	turns   int // messages of the request
	refused bool

	reasoning, reasoningContent strings.Builder
	extra                       []json.RawMessage // of each call
}

// chatSlot is a call as the endpoint counts it.
type chatSlot struct {
	index int
	id    string
}

type chatChunk struct {
	Model   string `json:"model"`
	Choices []struct {
		Index   int        `json:"index"`
		Delta   *chatDelta `json:"delta"`
		Message *chatDelta `json:"message"` // of an endpoint that does not stream
		Finish  string     `json:"finish_reason"`
	} `json:"choices"`
	Usage *chatUsage      `json:"usage"`
	Error json.RawMessage `json:"error"`
}

type chatDelta struct {
	Content          chatText `json:"content"`
	ReasoningContent chatText `json:"reasoning_content"`
	Reasoning        chatText `json:"reasoning"`
	Refusal          chatText `json:"refusal"`
	ToolCalls        []struct {
		Index    *int   `json:"index"`
		ID       string `json:"id"`
		Function struct {
			Name      string          `json:"name"`
			Arguments json.RawMessage `json:"arguments"`
		} `json:"function"`
		Extra json.RawMessage `json:"extra_content"`
	} `json:"tool_calls"`
}

type chatUsage struct {
	Prompt        figure `json:"prompt_tokens"`
	Completion    figure `json:"completion_tokens"`
	Total         figure `json:"total_tokens"`
	PromptDetails struct {
		Cached     figure `json:"cached_tokens"`
		CacheWrite figure `json:"cache_write_tokens"`
	} `json:"prompt_tokens_details"`
	CompletionDetails struct {
		Reasoning figure `json:"reasoning_tokens"`
	} `json:"completion_tokens_details"`
	CacheHit figure `json:"prompt_cache_hit_tokens"` // DeepSeek
	Cached   figure `json:"cached_tokens"`           // Moonshot
}

func (u chatUsage) usage() Usage {
	out := Usage{
		Input: u.Prompt.n, Output: u.Completion.n, Reasoning: u.CompletionDetails.Reasoning.n,
		Cached: max(u.CacheHit.n, u.Cached.n, u.PromptDetails.Cached.n), CacheWrite: u.PromptDetails.CacheWrite.n,
	}
	// Some count reasoning in the total only.
	if more := u.Total.n - u.Prompt.n - u.Completion.n; more > 0 {
		out.Output += more
		out.Reasoning = max(out.Reasoning, more)
	}
	return out
}

// chatText is a text, or a list of parts of which some are reasoning, as Mistral's.
type chatText struct{ text, reasoning string }

func (t *chatText) UnmarshalJSON(raw []byte) error {
	if json.Unmarshal(raw, &t.text) == nil {
		return nil
	}
	var parts []struct {
		Text     string          `json:"text"`
		Thinking json.RawMessage `json:"thinking"`
	}
	_ = json.Unmarshal(raw, &parts) // a shape that nobody documents holds nothing to show
	for _, p := range parts {
		t.text += p.Text
		var inner chatText
		if len(p.Thinking) > 0 && inner.UnmarshalJSON(p.Thinking) == nil {
			t.reasoning += inner.text
		}
	}
	return nil
}

// listenWhole reads the answer of an endpoint that does not stream.
func (l *chatListener) listenWhole(body io.Reader) error {
	raw, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	var line bytes.Buffer
	if json.Compact(&line, raw) != nil {
		return errNoStream
	}
	return l.listen(&line)
}

// listen reads a stream to its end.
func (l *chatListener) listen(body io.Reader) error {
	understood, ended := false, false
	err := events(body, func(e sentEvent) error {
		if string(e.data) == "[DONE]" {
			ended = true
			return io.EOF
		}
		var chunk chatChunk
		err := json.Unmarshal(e.data, &chunk)
		switch {
		case e.failed(chunk.Error):
			return l.c.told(e)
		case err != nil:
			return errNoStream
		}
		understood = understood || chunk.Choices != nil || chunk.Usage != nil
		return l.chunk(&chunk)
	})
	if !errors.Is(err, errEndless) {
		reasoning, text := l.think.end()
		err = errors.Join(err, l.h.reason(reasoning), l.h.say(text))
	}
	switch {
	case err != nil:
		return err
	case l.h.stop != "":
	case ended && understood:
		l.h.ended(StopEnd)
	case !understood && l.h.x.came > 0:
		return errNoStream
	default:
		return io.ErrUnexpectedEOF
	}
	return nil
}

func (l *chatListener) chunk(chunk *chatChunk) error {
	h := l.h
	if chunk.Model != "" {
		h.served = chunk.Model
	}
	if chunk.Usage != nil {
		h.usage, h.counted = chunk.Usage.usage(), true
	}
	for _, choice := range chunk.Choices {
		if choice.Index != 0 {
			continue
		}
		for _, d := range []*chatDelta{choice.Delta, choice.Message} {
			if d == nil {
				continue
			}
			if err := l.delta(d); err != nil {
				return err
			}
		}
		if stop := l.stop(choice.Finish); stop != "" {
			h.ended(stop)
		}
	}
	return nil
}

// stop reads why an answer ended; "" if it has not, or not as it should.
func (l *chatListener) stop(finish string) Stop {
	switch finish {
	case "", "null", "error":
		return ""
	case "length", "max_tokens":
		return StopLength
	case "tool_calls", "function_call":
		return StopTools
	case "content_filter":
		return StopRefused
	}
	if l.refused {
		return StopRefused
	}
	return StopEnd
}

func (l *chatListener) delta(d *chatDelta) error {
	h := l.h
	reasoning := d.Content.reasoning
	l.reasoningContent.WriteString(d.ReasoningContent.text)
	if d.ReasoningContent.text == "" {
		// Endpoints that know both names send the same under both.
		l.reasoning.WriteString(d.Reasoning.text)
		reasoning += d.Reasoning.text
	}
	if err := h.reason(d.ReasoningContent.text + reasoning); err != nil {
		return err
	}
	thought, text := l.think.write(d.Content.text)
	if err := h.reason(thought); err != nil {
		return err
	}
	if err := h.say(text); err != nil {
		return err
	}
	if d.Refusal.text != "" {
		l.refused = true
		if err := h.say(d.Refusal.text); err != nil {
			return err
		}
	}
	for _, t := range d.ToolCalls {
		i := l.slot(t.Index, t.ID, t.Function.Name)
		if i < 0 {
			continue
		}
		if len(t.Extra) > 0 {
			l.extra[i] = bytes.Clone(t.Extra)
		}
		if err := h.args(i, argsText(t.Function.Arguments)); err != nil {
			return err
		}
	}
	return nil
}

// slot finds the call that a delta belongs to, or opens one. Some endpoints give no
// index, or the same for all calls, of which each then has its own id.
func (l *chatListener) slot(index *int, id, name string) int {
	fresh := name != "" && index == nil && id == ""
	for i := len(l.calls) - 1; i >= 0 && !fresh; i-- {
		s := l.calls[i]
		if index != nil && s.index != *index {
			continue
		}
		if name == "" || id == "" || s.id == "" || s.id == id {
			return i
		}
	}
	if name == "" {
		return -1
	}
	n := len(l.calls)
	s := chatSlot{index: n, id: id}
	if index != nil {
		s.index = *index
	}
	if id == "" {
		// The results need something to refer to.
		id = fmt.Sprintf("call_%d_%d", l.turns, n)
	}
	l.calls = append(l.calls, s)
	l.extra = append(l.extra, nil)
	return l.h.call(id, name)
}

// argsText reads arguments, which are a text that holds JSON, or that JSON itself.
func argsText(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}
