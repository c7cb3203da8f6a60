package model

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pitwall/agent/model/modeltest"
)

const testKey = "sk-test-Q7w3E9r1T5y8U2i4O6p0"

// wires are the ways to speak, each with a model that is spoken to in that way.
var wires = map[string]string{wireOpenAI: "openai/test-model", wireAnthropic: "anthropic/test-model", wireAzure: "azure/test-model"}

// environment gives the variables that lead to a server, and more.
func environment(url string, more ...string) func(string) string {
	vars := map[string]string{
		"OPENAI_BASE_URL": url, "OPENAI_API_KEY": testKey,
		"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": testKey,
		"AZURE_OPENAI_ENDPOINT": url, "AZURE_OPENAI_API_KEY": testKey,
	}
	for _, m := range more {
		name, value, _ := strings.Cut(m, "=")
		vars[name] = value
	}
	return func(name string) string { return vars[name] }
}

func load(t *testing.T, getenv func(string) string) *Catalog {
	t.Helper()
	c, err := Load(t.TempDir()+"/models.toml", getenv)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.http.CloseIdleConnections)
	return c
}

func client(t *testing.T, c *Catalog, name string) *Client {
	t.Helper()
	m, err := c.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	cl, err := c.Client(m)
	if err != nil {
		t.Fatal(err)
	}
	return cl
}

// eachWire runs f with a client of each wire for a server of its own.
func eachWire(t *testing.T, f func(t *testing.T, c *Client, s *modeltest.Server), steps ...modeltest.Step) {
	t.Helper()
	for wire, name := range wires {
		t.Run(wire, func(t *testing.T) {
			s := modeltest.New(t, steps...)
			f(t, client(t, load(t, environment(s.URL())), name), s)
		})
	}
}

func ask(text string) Request { return Request{Messages: []Message{{Role: "user", Text: text}}} }

// heard puts pieces together, in the order of their first.
type heard struct {
	text, reasoning string
	names, args     []string
	order           []PieceKind
}

func (h *heard) piece(p Piece) {
	if n := len(h.order); n == 0 || h.order[n-1] != p.Kind {
		h.order = append(h.order, p.Kind)
	}
	switch p.Kind {
	case PieceText:
		h.text += p.Text
	case PieceReasoning:
		h.reasoning += p.Text
	case PieceToolName:
		if p.Call != len(h.names) {
			panic(fmt.Sprintf("call %d begins after %d others", p.Call, len(h.names)))
		}
		h.names, h.args = append(h.names, p.Text), append(h.args, "")
	case PieceToolArgs:
		h.args[p.Call] += p.Text
	}
}

// fails asks and gives the error, which must be of a kind.
func fails(t *testing.T, c *Client, kind ErrorKind) (*Error, Answer) {
	t.Helper()
	a, err := c.Stream(t.Context(), ask("hello"), nil)
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v with the answer %+v", err, a)
	}
	if e.Kind != kind {
		t.Errorf("kind %d, want %d: %v", e.Kind, kind, e)
	}
	return e, a
}

// mentions checks that a text has all parts.
func mentions(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q does not mention %q", text, p)
		}
	}
	if strings.Contains(text, "\n") {
		t.Errorf("%q has more than one line", text)
	}
}

// inMemory is a transport to a handler within the program, so that time may be faked.
type inMemory struct{ handler http.Handler }

func (m inMemory) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	r, w := io.Pipe()
	out := &memoryWriter{header: http.Header{}, pipe: w, began: make(chan int, 1)}
	in := req.Clone(ctx)
	in.RequestURI = req.URL.RequestURI()
	go func() {
		defer func() {
			if gone := recover(); gone != nil {
				w.CloseWithError(io.ErrUnexpectedEOF)
			}
			out.WriteHeader(http.StatusOK)
			w.Close()
		}()
		m.handler.ServeHTTP(out, in)
	}()
	stop := context.AfterFunc(ctx, func() { r.CloseWithError(context.Cause(ctx)) })
	body := &memoryBody{PipeReader: r, leave: func() { stop(); cancel() }}
	select {
	case status := <-out.began:
		return &http.Response{
			StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: out.header.Clone(), Body: body, ContentLength: -1, Request: req,
		}, nil
	case <-ctx.Done():
		body.Close()
		return nil, ctx.Err()
	}
}

type memoryWriter struct {
	header http.Header
	pipe   *io.PipeWriter
	began  chan int
	wrote  bool
}

func (w *memoryWriter) Header() http.Header { return w.header }
func (w *memoryWriter) Flush()              { w.WriteHeader(http.StatusOK) }

func (w *memoryWriter) WriteHeader(status int) {
	if !w.wrote {
		w.wrote = true
		w.began <- status
	}
}

func (w *memoryWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pipe.Write(p)
}

type memoryBody struct {
	*io.PipeReader
	leave func()
}

func (b *memoryBody) Close() error {
	b.leave()
	return b.PipeReader.Close()
}

// within gives a client whose requests go to a handler within the program.
func within(t *testing.T, h http.Handler, name string) *Client {
	t.Helper()
	c := client(t, load(t, environment("http://endpoint.test")), name)
	c.http = newHTTP(inMemory{h})
	return c
}

// script is a handler that sends parts of a body, waiting before each.
func parts(wait time.Duration, body ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		for _, p := range body {
			select {
			case <-time.After(wait):
			case <-r.Context().Done():
				return
			}
			if _, err := io.WriteString(w, p); err != nil {
				return
			}
		}
	})
}
