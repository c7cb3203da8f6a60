package modeltest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// readChat reads a request for chat completions. What is not as it should be is left
// out: a test looks at what it needs.
func readChat(r *http.Request, raw []byte) Request {
	ask := Request{Wire: "openai", Header: r.Header.Clone(), Raw: raw}
	ask.Key, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	var doc struct {
		Model    string `json:"model"`
		Messages []struct {
			Role    string          `json:"role"`
			Content json.RawMessage `json:"content"`
		} `json:"messages"`
		Tools []struct {
			Function struct {
				Name string `json:"name"`
			} `json:"function"`
		} `json:"tools"`
	}
	_ = json.Unmarshal(raw, &doc)
	ask.Model = doc.Model
	for _, m := range doc.Messages {
		ask.Messages = append(ask.Messages, Message{m.Role, contentText(m.Content)})
	}
	for _, t := range doc.Tools {
		ask.Tools = append(ask.Tools, t.Function.Name)
	}
	if key := r.Header.Get("Api-Key"); key != "" {
		ask.Wire, ask.Key = "azure", key
	}
	if _, rest, ok := strings.Cut(r.URL.Path, "/deployments/"); ok {
		ask.Wire = "azure"
		ask.Model, _, _ = strings.Cut(rest, "/")
	}
	return ask
}

// contentText reads a text, or the texts of a list of parts.
func contentText(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || json.Unmarshal(raw, &s) == nil {
		return s
	}
	var parts []struct {
		Text    string          `json:"text"`
		Content json.RawMessage `json:"content"`
	}
	_ = json.Unmarshal(raw, &parts)
	for _, p := range parts {
		s += p.Text + contentText(p.Content)
	}
	return s
}

// chat writes chunks of chat completions.
type chat struct {
	model  string
	counts bool // the client asked for a count
}

func newChat(ask Request, _ Step) wire {
	var doc struct {
		Options struct {
			Usage bool `json:"include_usage"`
		} `json:"stream_options"`
	}
	_ = json.Unmarshal(ask.Raw, &doc)
	return chat{model: ask.Model, counts: doc.Options.Usage}
}

type object = map[string]any

func (c chat) chunk(delta object, finish any, usage any) []byte {
	choices := []object{}
	if delta != nil {
		choices = append(choices, object{"index": 0, "delta": delta, "finish_reason": finish})
	}
	return event("", object{"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": c.model, "choices": choices, "usage": usage})
}

func (c chat) start() []byte {
	return c.chunk(object{"role": "assistant", "content": ""}, nil, nil)
}
func (c chat) text(s string) []byte      { return c.chunk(object{"content": s}, nil, nil) }
func (c chat) reasoning(s string) []byte { return c.chunk(object{"reasoning_content": s}, nil, nil) }

func (c chat) call(i int, call Call) []byte {
	return c.tool(object{"index": i, "id": callID(i, call), "type": "function", "function": object{"name": call.Name, "arguments": ""}})
}

func (c chat) args(i int, part string) []byte {
	return c.tool(object{"index": i, "function": object{"arguments": part}})
}

func (c chat) tool(call object) []byte {
	return c.chunk(object{"tool_calls": []object{call}}, nil, nil)
}

func (c chat) end(stop string, u *Usage) []byte {
	if own, ok := map[string]string{"end": "stop", "tools": "tool_calls", "refused": "content_filter"}[stop]; ok {
		stop = own
	}
	out := c.chunk(object{}, stop, nil)
	if u != nil && c.counts {
		out = append(out, c.chunk(nil, nil, object{
			"prompt_tokens": u.Input, "completion_tokens": u.Output, "total_tokens": u.Input + u.Output,
			"prompt_tokens_details":     object{"cached_tokens": u.Cached, "cache_write_tokens": u.CacheWrite},
			"completion_tokens_details": object{"reasoning_tokens": u.Reasoning},
		})...)
	}
	return append(out, "data: [DONE]\n\n"...)
}

func callID(i int, c Call) string {
	if c.ID != "" {
		return c.ID
	}
	return fmt.Sprintf("call_%d", i+1)
}
