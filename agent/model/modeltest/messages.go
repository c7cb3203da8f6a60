package modeltest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// readMessages reads a request of the messages API.
func readMessages(r *http.Request, raw []byte) Request {
	ask := Request{Wire: "anthropic", Header: r.Header.Clone(), Raw: raw, Key: r.Header.Get("X-Api-Key")}
	if ask.Key == "" {
		ask.Key, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	var doc struct {
		Model    string          `json:"model"`
		System   json.RawMessage `json:"system"`
		Messages []struct {
			Role    string          `json:"role"`
			Content json.RawMessage `json:"content"`
		} `json:"messages"`
		Tools []struct {
			Name string `json:"name"`
		} `json:"tools"`
	}
	_ = json.Unmarshal(raw, &doc)
	ask.Model = doc.Model
	if system := contentText(doc.System); system != "" {
		ask.Messages = append(ask.Messages, Message{"system", system})
	}
	for _, m := range doc.Messages {
		ask.Messages = append(ask.Messages, splitTurn(m.Role, m.Content)...)
	}
	for _, t := range doc.Tools {
		ask.Tools = append(ask.Tools, t.Name)
	}
	return ask
}

// splitTurn makes messages of their own of the results of tools in a turn.
func splitTurn(role string, content json.RawMessage) []Message {
	var parts []struct {
		Type string `json:"type"`
	}
	var raw []json.RawMessage
	if json.Unmarshal(content, &parts) != nil || json.Unmarshal(content, &raw) != nil {
		return []Message{{role, contentText(content)}}
	}
	var out []Message
	var rest []json.RawMessage
	for i, p := range parts {
		if p.Type == "tool_result" {
			out = append(out, Message{"tool", contentText(encode(raw[i : i+1]))})
			continue
		}
		rest = append(rest, raw[i])
	}
	if len(rest) > 0 {
		out = append(out, Message{role, contentText(encode(rest))})
	}
	return out
}

// messages writes the events of the messages API. Its blocks are opened as they come.
type messages struct {
	model string
	step  Step
	index int    // of the open block
	open  string // its kind; "" while none is
}

func newMessages(ask Request, step Step) wire {
	return &messages{model: ask.Model, step: step, index: -1}
}

func (m *messages) start() []byte {
	u := Usage{Input: 100}
	if m.step.Usage != nil {
		u = *m.step.Usage
	}
	usage := object{
		"input_tokens": u.Input - u.Cached - u.CacheWrite, "cache_read_input_tokens": u.Cached,
		"cache_creation_input_tokens": u.CacheWrite, "output_tokens": 1,
	}
	if m.step.NoUsage {
		usage = object{}
	}
	return append(event("message_start", object{"type": "message_start", "message": object{
		"id": "msg_1", "type": "message", "role": "assistant", "model": m.model, "content": []object{}, "usage": usage,
	}}), event("ping", object{"type": "ping"})...)
}

// block opens a block of a kind, unless one is open, and closes the one before.
func (m *messages) block(kind string, content object) []byte {
	if m.open == kind && kind != "tool_use" {
		return nil
	}
	out := m.shut()
	m.index++
	m.open = kind
	content["type"] = kind
	return append(out, event("content_block_start", object{"type": "content_block_start", "index": m.index, "content_block": content})...)
}

func (m *messages) shut() []byte {
	if m.open == "" {
		return nil
	}
	var out []byte
	if m.open == "thinking" {
		out = m.delta(object{"type": "signature_delta", "signature": "signed"})
	}
	m.open = ""
	return append(out, event("content_block_stop", object{"type": "content_block_stop", "index": m.index})...)
}

func (m *messages) delta(d object) []byte {
	return event("content_block_delta", object{"type": "content_block_delta", "index": m.index, "delta": d})
}

func (m *messages) text(s string) []byte {
	return append(m.block("text", object{"text": ""}), m.delta(object{"type": "text_delta", "text": s})...)
}

func (m *messages) reasoning(s string) []byte {
	return append(m.block("thinking", object{"thinking": "", "signature": ""}), m.delta(object{"type": "thinking_delta", "thinking": s})...)
}

func (m *messages) call(i int, c Call) []byte {
	return m.block("tool_use", object{"id": callID(i, c), "name": c.Name, "input": object{}})
}

func (m *messages) args(_ int, part string) []byte {
	return m.delta(object{"type": "input_json_delta", "partial_json": part})
}

func (m *messages) end(stop string, u *Usage) []byte {
	if own, ok := map[string]string{"end": "end_turn", "length": "max_tokens", "tools": "tool_use", "refused": "refusal"}[stop]; ok {
		stop = own
	}
	usage := object{}
	if u != nil {
		usage = object{"output_tokens": u.Output, "output_tokens_details": object{"thinking_tokens": u.Reasoning}}
	}
	out := append(m.shut(), event("message_delta", object{"type": "message_delta", "delta": object{"stop_reason": stop, "stop_sequence": nil}, "usage": usage})...)
	return append(out, event("message_stop", object{"type": "message_stop"})...)
}
