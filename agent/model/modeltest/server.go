// Package modeltest is a server for tests that speaks the wire formats of language
// models, OpenAI's chat completions (Azure's paths too) and Anthropic's messages, and
// that misbehaves on order.
package modeltest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Step is what the server does with one request. The zero Step is a good answer without
// a word in it.
type Step struct {
	Text      string
	Reasoning string
	Calls     []Call
	Chunk     int // runes that are sent at a time; 12 if 0

	// Status other than 0 and 200, or a Body, is sent in place of an answer.
	Status int
	Body   string
	Header map[string]string // of any response; its Content-Type wins over the usual one

	StallBefore bool // not even headers come until the client leaves
	StallAfter  bool // all is said, but the end does not come until the client leaves
	DropAfter   int  // so many bytes of text and arguments are sent, then the connection is cut; 0 never
	Endless     bool // Text, or some words, again and again until the client leaves
	Garbage     bool // bytes that are no stream of events

	// Stop is why the answer ends: "end", "length", "tools", "refused", or the wire's
	// own word. "" is what fits the answer.
	Stop    string
	Usage   *Usage // nil for an estimate
	NoUsage bool   // no count of tokens is sent

	// Gate, where not nil, lets one chunk through for each value that is received from
	// it, and all once it is closed.
	Gate <-chan struct{}

	// Answer decides by what was asked. It wins over the rest.
	Answer func(Request) Step
}

// Call is the call of a tool.
type Call struct{ ID, Name, Args string } // without an ID it gets one

// Usage counts tokens. Cached and CacheWrite are parts of Input, Reasoning is of Output.
type Usage struct{ Input, Output, Cached, CacheWrite, Reasoning int }

// Request is what the server was asked.
type Request struct {
	Wire     string // "openai", "azure" or "anthropic"
	Model    string // of Azure, the deployment
	Key      string // as it came in whichever header
	Header   http.Header
	Messages []Message // a system message first
	Tools    []string  // names
	Raw      []byte    // the body
}

// Message is a turn of the conversation. A result of a tool has the role "tool".
type Message struct{ Role, Text string }

// Server is a Handler that listens on the loopback interface.
type Server struct {
	script *script
	http   *httptest.Server
}

// New starts a server that takes the steps in turn, one for each request, and repeats
// the last. It is closed with the test.
func New(t testing.TB, steps ...Step) *Server {
	t.Helper()
	s := &Server{script: newScript(steps)}
	s.http = httptest.NewServer(s.script)
	t.Cleanup(func() {
		close(s.script.closed)
		s.http.CloseClientConnections()
		s.http.Close()
	})
	return s
}

// URL is the server's address, without a path: OpenAI's wire is under /v1.
func (s *Server) URL() string { return s.http.URL }

// Requests gives what the server was asked for answers, in order.
func (s *Server) Requests() []Request {
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	return slices.Clone(s.script.asked)
}

// Push adds steps behind those that there are. The next of them is taken by the next
// request once the earlier ones have been.
func (s *Server) Push(steps ...Step) {
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	s.script.steps = append(s.script.steps, steps...)
}

// Serve sets the models that the server lists; "test-model" without it.
func (s *Server) Serve(models ...string) {
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	s.script.models = models
}

// Handler gives the same without a test and without a listener.
func Handler(steps ...Step) http.Handler { return newScript(steps) }

// script goes through steps.
type script struct {
	mu     sync.Mutex
	steps  []Step
	next   int
	asked  []Request
	models []string
	closed chan struct{}
}

func newScript(steps []Step) *script {
	return &script{steps: slices.Clone(steps), models: []string{"test-model"}, closed: make(chan struct{})}
}

func (s *script) take(r Request) Step {
	s.mu.Lock()
	s.asked = append(s.asked, r)
	var step Step
	if len(s.steps) > 0 {
		step = s.steps[min(s.next, len(s.steps)-1)]
		s.next = min(s.next+1, len(s.steps))
	}
	s.mu.Unlock()
	for step.Answer != nil {
		step = step.Answer(r)
	}
	return step
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/models") {
		s.list(w)
		return
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client left
	}
	var ask Request
	switch {
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/chat/completions"):
		ask = readChat(r, raw)
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/v1/messages"):
		ask = readMessages(r, raw)
	default:
		refuse(w, http.StatusNotFound, "there is nothing at "+r.URL.Path)
		return
	}
	if !json.Valid(raw) {
		refuse(w, http.StatusBadRequest, "the body is no JSON")
		return
	}
	step := s.take(ask)
	out := &stream{w: w, step: step, gone: r.Context().Done(), closed: s.closed, wire: newChat(ask, step)}
	if ask.Wire == "anthropic" {
		out.wire = newMessages(ask, step)
	}
	out.play()
}

func (s *script) list(w http.ResponseWriter) {
	type model struct {
		ID     string `json:"id"`
		Object string `json:"object"`
	}
	doc := struct {
		Object string  `json:"object"`
		Data   []model `json:"data"`
	}{Object: "list", Data: []model{}}
	s.mu.Lock()
	for _, id := range s.models {
		doc.Data = append(doc.Data, model{id, "model"})
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(encode(doc)) // the client may have left
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encode(map[string]any{"error": map[string]any{"message": message, "type": "invalid_request_error"}}))
}

// encode writes what is known to be JSON.
func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}
