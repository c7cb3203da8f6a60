package model

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
)

// messageEvent is an event of a stream of the messages API, whichever its type.
type messageEvent struct {
	Type    string `json:"type"`
	Message struct {
		Model string       `json:"model"`
		Usage messageUsage `json:"usage"`
	} `json:"message"`
	Index int `json:"index"`
	Block struct {
		Type      string          `json:"type"`
		Text      string          `json:"text"`
		Thinking  string          `json:"thinking"`
		Signature string          `json:"signature"`
		Data      string          `json:"data"`
		ID        string          `json:"id"`
		Name      string          `json:"name"`
		Input     json.RawMessage `json:"input"`
	} `json:"content_block"`
	Delta struct {
		Type      string `json:"type"`
		Text      string `json:"text"`
		Thinking  string `json:"thinking"`
		Signature string `json:"signature"`
		Args      string `json:"partial_json"`
		Stop      string `json:"stop_reason"`
	} `json:"delta"`
	Usage messageUsage    `json:"usage"`
	Error json.RawMessage `json:"error"`
}

// messageUsage counts the tokens of an answer until now. What is read from the cache and
// written to it stands beside what else was sent.
type messageUsage struct {
	Input      figure `json:"input_tokens"`
	CacheRead  figure `json:"cache_read_input_tokens"`
	CacheWrite figure `json:"cache_creation_input_tokens"`
	Output     figure `json:"output_tokens"`
	Details    struct {
		Thinking figure `json:"thinking_tokens"`
	} `json:"output_tokens_details"`
}

// take takes the figures over that a later count has.
func (u *messageUsage) take(later messageUsage) {
	if later.Input.n > 0 { // some endpoints count it at the beginning only
		u.Input = later.Input
	}
	for _, f := range []struct{ have, later *figure }{
		{&u.CacheRead, &later.CacheRead},
		{&u.CacheWrite, &later.CacheWrite},
		{&u.Output, &later.Output},
		{&u.Details.Thinking, &later.Details.Thinking},
	} {
		if f.later.known {
			*f.have = *f.later
		}
	}
}

func (u *messageUsage) usage() Usage {
	return Usage{
		Input: u.Input.n + u.CacheRead.n + u.CacheWrite.n, Cached: u.CacheRead.n, CacheWrite: u.CacheWrite.n,
		Output: u.Output.n, Reasoning: u.Details.Thinking.n,
	}
}

// messageListener takes the events of a stream.
type messageListener struct {
	c      *Client
	h      *hearing
	blocks []*heardBlock
	begun  bool // what comes is a stream of this API
	usage  messageUsage
}

// heardBlock is a part of an answer as it comes.
type heardBlock struct {
	index     int
	kind      string
	text      strings.Builder // or thinking, or arguments
	signature strings.Builder
	data      string // of redacted thinking
	id, name  string
	call      int
}

// listen reads a stream to its end.
func (l *messageListener) listen(body io.Reader) error {
	err := events(body, func(e sentEvent) error {
		if string(e.data) == "[DONE]" {
			return io.EOF // of a gateway that also speaks OpenAI's
		}
		var m messageEvent
		err := json.Unmarshal(e.data, &m)
		switch {
		case e.failed(m.Error):
			return l.c.told(e)
		case err != nil:
			return errNoStream
		}
		return l.event(&m)
	})
	switch {
	case err != nil:
		return err
	case l.h.stop != "":
		return nil
	case !l.begun && l.h.x.came > 0:
		return errNoStream
	}
	return io.ErrUnexpectedEOF
}

// event takes an event; io.EOF says that it is the last.
func (l *messageListener) event(m *messageEvent) error {
	h := l.h
	switch m.Type {
	case "ping":
		l.begun = true
	case "message_start":
		l.begun, h.begun = true, true
		h.served = m.Message.Model
		l.usage = m.Message.Usage
		h.usage = l.usage.usage()
	case "content_block_start":
		l.begun = true
		return l.open(m)
	case "content_block_delta":
		return l.add(m)
	case "message_delta":
		l.delta(m)
	case "message_stop":
		if h.stop == "" {
			h.ended(StopEnd)
		}
		return io.EOF
	}
	return nil
}

func (l *messageListener) open(m *messageEvent) error {
	got := &m.Block
	b := &heardBlock{index: m.Index, kind: got.Type, data: got.Data, id: got.ID, name: got.Name}
	l.blocks = append(l.blocks, b)
	switch b.kind {
	case blockText:
		b.text.WriteString(got.Text)
		return l.h.say(got.Text)
	case blockThinking:
		b.text.WriteString(got.Thinking)
		b.signature.WriteString(got.Signature)
		return l.h.reason(got.Thinking)
	case blockCall:
		b.call = l.h.call(b.id, b.name)
		// Some endpoints give the arguments at once.
		var args bytes.Buffer
		if json.Compact(&args, got.Input) == nil && args.String() != "{}" && args.String() != "null" {
			b.text.Write(args.Bytes())
			return l.h.args(b.call, args.String())
		}
	}
	return nil
}

func (l *messageListener) add(m *messageEvent) error {
	var b *heardBlock
	for _, have := range l.blocks {
		if have.index == m.Index {
			b = have
		}
	}
	if b == nil {
		return nil
	}
	switch d := &m.Delta; d.Type {
	case "text_delta":
		b.text.WriteString(d.Text)
		return l.h.say(d.Text)
	case "thinking_delta":
		b.text.WriteString(d.Thinking)
		return l.h.reason(d.Thinking)
	case "signature_delta":
		b.signature.WriteString(d.Signature)
	case "input_json_delta":
		if b.kind == blockCall {
			b.text.WriteString(d.Args)
			return l.h.args(b.call, d.Args)
		}
	}
	return nil
}

// delta reads why the answer ends, and what it took.
func (l *messageListener) delta(m *messageEvent) {
	h := l.h
	l.usage.take(m.Usage)
	h.usage = l.usage.usage()
	h.counted = h.counted || m.Usage.Output.known
	switch m.Delta.Stop {
	case "":
	case "max_tokens", "model_context_window_exceeded":
		h.ended(StopLength)
	case "tool_use":
		h.ended(StopTools)
	case "refusal":
		h.ended(StopRefused)
	default: // end_turn, stop_sequence, pause_turn, and what is to come
		h.ended(StopEnd)
	}
}

// turn gives the answer as it goes back with the results of its calls: with its
// thoughts, signed and in their order.
func (l *messageListener) turn() (blocks []messageBlock) {
	for _, b := range l.blocks {
		text := b.text.String()
		switch b.kind {
		case blockText:
			if strings.TrimSpace(text) != "" {
				blocks = append(blocks, textBlock(text))
			}
		case blockThinking:
			blocks = append(blocks, messageBlock{Type: b.kind, Signature: new(b.signature.String()), Thinking: &text})
		case blockRedacted:
			blocks = append(blocks, messageBlock{Type: b.kind, Data: b.data})
		case blockCall:
			blocks = append(blocks, callBlock(b.id, b.name, text))
		}
	}
	return blocks
}
