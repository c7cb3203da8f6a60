package model

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"pitwall/internal/tokencount"
)

// longestAnswer is how many bytes of text, reasoning and arguments an answer may have.
const longestAnswer = 2_000_000

// Client speaks to one model. It may be used by several goroutines at a time.
type Client struct {
	Model     Model
	FirstByte time.Duration // longest wait for the first byte of an answer
	Between   time.Duration // longest wait between bytes; what keeps a connection alive counts

	provider *provider
	key      secret
	mask     *Mask
	http     *http.Client
	efforts  []string // of reasoning that the model is known to take
	adaptive bool     // Anthropic's wire: the model is told an effort first, not a budget
	near     []string // models of similar names

	mu      sync.Mutex
	amended amends

	// What providers want back with the results of tools.
	turns memory[[]messageBlock]
	kept  memory[chatTurn]
}

// Stream puts a request once. on gets each piece of the answer as it comes, from the
// goroutine that called Stream and before it returns; it may be nil. On an error the
// Answer holds what came until then. The error is an *Error, or the cause of ctx's end.
//
// All that it gives is free of keys. A parameter that the endpoint refuses, and that
// is not needed, is left out and the request put again; see Answer.Dropped.
func (c *Client) Stream(ctx context.Context, r Request, on func(Piece)) (Answer, error) {
	if ctx.Err() != nil {
		return Answer{}, context.Cause(ctx)
	}
	speak := c.chat
	if c.provider.Wire == wireAnthropic {
		speak = c.messages
	}
	for {
		a := c.amends()
		x := c.begin(ctx)
		h := newHearing(c.mask, x, on)
		var fault *Error
		if err := speak(x, r, a, h); err != nil {
			fault = x.broken(err)
		}
		x.end()
		if fault != nil && !h.any() && ctx.Err() == nil {
			if b, ok := a.meet(fault, r); ok {
				c.amend(b)
				continue
			}
		}
		answer := h.answer(r)
		switch {
		case fault == nil, h.stop != "" && fault.Kind != KindEndless:
			// A stream that breaks off behind the end of the answer has lost nothing.
			if h.remember != nil {
				h.remember(answer.Calls)
			}
			return answer, nil
		case ctx.Err() != nil:
			return answer, context.Cause(ctx)
		}
		return answer, fault
	}
}

func (c *Client) amends() amends {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.amended
}

func (c *Client) amend(a amends) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.amended = a
}

// hearing takes down an answer, masked, while it comes.
type hearing struct {
	mask      *Mask
	x         *exchange
	on        func(Piece)
	text      voice
	reasoning voice
	calls     []*heardCall
	size      int // bytes of the answer
	begun     bool
	stop      Stop // "" until the endpoint has said why
	usage     Usage
	counted   bool // usage is whole
	served    string
	dropped   []string
	// remember keeps what the provider wants back with the results of the calls.
	remember func([]ToolCall)
}

type voice struct {
	mask  *MaskStream
	shown strings.Builder
}

type heardCall struct {
	id, name string
	args     voice
}

func newHearing(m *Mask, x *exchange, on func(Piece)) *hearing {
	if on == nil {
		on = func(Piece) {}
	}
	h := &hearing{mask: m, x: x, on: on}
	h.text.mask, h.reasoning.mask = m.Stream(), m.Stream()
	return h
}

// any reports whether something of an answer came.
func (h *hearing) any() bool { return h.size > 0 || len(h.calls) > 0 }

func (h *hearing) say(text string) error    { return h.hear(&h.text, PieceText, 0, text) }
func (h *hearing) reason(text string) error { return h.hear(&h.reasoning, PieceReasoning, 0, text) }

// call opens the next call of a tool and gives its index.
func (h *hearing) call(id, name string) int {
	i := len(h.calls)
	c := &heardCall{id: h.mask.Text(id), name: h.mask.Text(name)}
	c.args.mask = h.mask.Stream()
	h.calls = append(h.calls, c)
	h.size += len(id) + len(name)
	h.begun = true
	h.x.word()
	h.on(Piece{Kind: PieceToolName, Call: i, Text: c.name})
	return i
}

func (h *hearing) args(i int, text string) error {
	return h.hear(&h.calls[i].args, PieceToolArgs, i, text)
}

func (h *hearing) hear(v *voice, kind PieceKind, call int, text string) error {
	if text == "" {
		return nil
	}
	h.begun = true
	h.x.word()
	room := longestAnswer - h.size
	over := len(text) > room
	if over {
		n := max(room, 0)
		for n > 0 && !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n]
	}
	h.size += len(text)
	h.show(v, kind, call, v.mask.Write(text))
	if over {
		return errEndless
	}
	return nil
}

func (h *hearing) show(v *voice, kind PieceKind, call int, text string) {
	if text != "" {
		v.shown.WriteString(text)
		h.on(Piece{Kind: kind, Call: call, Text: text})
	}
}

// ended notes why the answer ended. What may follow is a count of its tokens.
func (h *hearing) ended(s Stop) {
	h.begun = true
	h.stop = s
	h.x.closing()
}

// answer gives out what was held back, and the whole.
func (h *hearing) answer(r Request) Answer {
	h.show(&h.reasoning, PieceReasoning, 0, h.reasoning.mask.End())
	h.show(&h.text, PieceText, 0, h.text.mask.End())
	a := Answer{
		Text: h.text.shown.String(), Reasoning: h.reasoning.shown.String(), Stop: h.stop,
		Usage: h.usage.sane(), UsageKnown: h.counted, Served: cut(h.mask.Text(h.served), 200), Dropped: h.dropped,
	}
	for i, c := range h.calls {
		h.show(&c.args, PieceToolArgs, i, c.args.mask.End())
		a.Calls = append(a.Calls, ToolCall{ID: c.id, Name: c.name, Args: c.args.shown.String()})
	}
	if a.Stop == StopEnd && len(a.Calls) > 0 {
		a.Stop = StopTools // some endpoints do not tell
	}
	if !h.counted && h.begun {
		a.Usage.Output = max(a.Usage.Output, tokencount.Estimate(h.size))
		if a.Usage.Input == 0 {
			a.Usage.Input = tokencount.Estimate(r.bytes())
		}
	}
	return a
}

// memory keeps, for the last turns that called tools, what a provider wants back with
// the results.
type memory[T any] struct {
	mu    sync.Mutex
	turns map[string]T
	order []string
}

// longestMemory is more than the tool calls that are under way at any time.
const longestMemory = 64

func turnKey(calls []ToolCall) string {
	var b strings.Builder
	for _, c := range calls {
		b.WriteString(c.ID + "\x00" + c.Name + "\x00" + c.Args + "\x00")
	}
	return b.String()
}

func (m *memory[T]) keep(calls []ToolCall, turn T) {
	if len(calls) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.turns == nil {
		m.turns = map[string]T{}
	}
	k := turnKey(calls)
	if _, known := m.turns[k]; !known {
		m.order = append(m.order, k)
	}
	m.turns[k] = turn
	if len(m.order) > longestMemory {
		delete(m.turns, m.order[0])
		m.order = m.order[1:]
	}
}

func (m *memory[T]) recall(calls []ToolCall) (T, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	turn, ok := m.turns[turnKey(calls)]
	return turn, ok
}

// errNoStream says that what came is no stream of an answer.
var errNoStream = errors.New("no stream of an answer")

// nothing stands for a text that is empty, which not all endpoints take.
const nothing = "(nothing)"

func orNothing(s string) string {
	if strings.TrimSpace(s) == "" {
		return nothing
	}
	return s
}
