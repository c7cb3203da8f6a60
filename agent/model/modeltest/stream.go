package modeltest

import (
	"net/http"
	"strings"
)

// wire writes the events of a format.
type wire interface {
	start() []byte
	text(string) []byte
	reasoning(string) []byte
	call(i int, c Call) []byte
	args(i int, part string) []byte
	end(stop string, u *Usage) []byte
}

// stream plays a step to a client.
type stream struct {
	w      http.ResponseWriter
	step   Step
	wire   wire
	gone   <-chan struct{} // the client
	closed <-chan struct{} // the server
	sent   int             // bytes of text and arguments
	over   bool            // nobody listens any more
}

const (
	defaultChunk = 12
	endlessChunk = 4096
	endlessText  = "and so on "
	garbage      = "\x00\x01 these bytes are no stream of events \xff\xfe\n"
)

func (s *stream) play() {
	step := s.step
	for name, value := range step.Header {
		s.w.Header().Set(name, value)
	}
	if step.StallBefore {
		s.stall()
		return
	}
	if step.Status != 0 && step.Status != http.StatusOK || step.Body != "" {
		s.refuse()
		return
	}
	if s.w.Header().Get("Content-Type") == "" {
		s.w.Header().Set("Content-Type", "text/event-stream")
	}
	if step.Garbage {
		s.send([]byte(garbage))
		return
	}
	s.send(s.wire.start())
	s.parts(step.Reasoning, step.Chunk, false, s.wire.reasoning)
	if step.Endless {
		s.endless()
		return
	}
	s.parts(step.Text, step.Chunk, true, s.wire.text)
	for i, c := range step.Calls {
		if s.over {
			return
		}
		s.send(s.wire.call(i, c))
		s.parts(c.Args, step.Chunk, true, func(part string) []byte { return s.wire.args(i, part) })
	}
	switch {
	case s.over:
	case step.DropAfter > 0:
		s.cut()
	case step.StallAfter:
		s.stall()
	default:
		s.send(s.wire.end(s.stop(), s.usage()))
	}
}

func (s *stream) refuse() {
	body := s.step.Body
	status := s.step.Status
	if status == 0 {
		status = http.StatusOK
	}
	if body == "" {
		body = string(encode(map[string]any{"type": "error", "error": map[string]any{"type": "scripted", "message": "scripted " + http.StatusText(status)}}))
	}
	if s.w.Header().Get("Content-Type") == "" && strings.HasPrefix(strings.TrimSpace(body), "{") {
		s.w.Header().Set("Content-Type", "application/json")
	}
	s.w.WriteHeader(status)
	s.send([]byte(body))
}

// parts sends a text in chunks. What counts is cut where the step says so.
func (s *stream) parts(text string, chunk int, counts bool, write func(string) []byte) {
	if chunk <= 0 {
		chunk = defaultChunk
	}
	runes := []rune(text)
	for len(runes) > 0 && !s.over {
		n := min(chunk, len(runes))
		part := string(runes[:n])
		runes = runes[n:]
		if !s.pass() {
			return
		}
		if left := s.step.DropAfter - s.sent; counts && s.step.DropAfter > 0 && len(part) >= left {
			if part = strings.ToValidUTF8(part[:left], ""); part != "" {
				s.send(write(part))
			}
			s.cut()
		}
		s.send(write(part))
		if counts {
			s.sent += len(part)
		}
	}
}

// endless repeats the text until nobody listens.
func (s *stream) endless() {
	text, chunk := s.step.Text, s.step.Chunk
	if text == "" {
		text = endlessText
	}
	if chunk <= 0 {
		chunk = endlessChunk
		text = strings.Repeat(text, endlessChunk/len(text)+1)
	}
	for !s.over {
		s.parts(text, chunk, true, s.wire.text)
	}
}

// pass waits at the gate.
func (s *stream) pass() bool {
	if s.step.Gate != nil {
		select {
		case <-s.step.Gate:
		case <-s.gone:
			s.over = true
		case <-s.closed:
			s.over = true
		}
	}
	return !s.over
}

// stall waits until the client leaves.
func (s *stream) stall() {
	select {
	case <-s.gone:
	case <-s.closed:
	}
	s.over = true
}

// cut breaks the connection off.
func (s *stream) cut() { panic(http.ErrAbortHandler) }

func (s *stream) send(b []byte) {
	if s.over || len(b) == 0 {
		return
	}
	select {
	case <-s.gone:
		s.over = true
		return
	default:
	}
	if _, err := s.w.Write(b); err != nil {
		s.over = true
		return
	}
	if f, ok := s.w.(http.Flusher); ok {
		f.Flush()
	}
}

func (s *stream) stop() string {
	switch {
	case s.step.Stop != "":
		return s.step.Stop
	case len(s.step.Calls) > 0:
		return "tools"
	}
	return "end"
}

// usage counts what the step does not, at 4 bytes a token.
func (s *stream) usage() *Usage {
	if s.step.NoUsage {
		return nil
	}
	if s.step.Usage != nil {
		return s.step.Usage
	}
	return &Usage{Input: 100, Output: (s.sent + len(s.step.Reasoning) + 3) / 4, Reasoning: (len(s.step.Reasoning) + 3) / 4}
}

func event(name string, v any) []byte {
	var b []byte
	if name != "" {
		b = append(b, "event: "+name+"\n"...)
	}
	b = append(b, "data: "...)
	b = append(b, encode(v)...)
	return append(b, "\n\n"...)
}
