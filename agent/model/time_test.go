package model

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pitwall/agent/model/modeltest"
)

// faked runs f for each wire in a bubble of fake time, which also finds out when
// something runs on after f.
func faked(t *testing.T, h func() http.Handler, f func(t *testing.T, c *Client)) {
	t.Helper()
	for wire, name := range wires {
		t.Run(wire, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, within(t, h(), name)) })
		})
	}
}

func script(steps ...modeltest.Step) func() http.Handler {
	return func() http.Handler { return modeltest.Handler(steps...) }
}

func TestAnEndpointThatNeverAnswersIsGivenUp(t *testing.T) {
	faked(t, script(modeltest.Step{StallBefore: true}), func(t *testing.T, c *Client) {
		began := time.Now()
		e, a := fails(t, c, KindStalled)
		if took := time.Since(began); took != DefaultFirstByte {
			t.Errorf("after %s", took)
		}
		mentions(t, e.Error(), "endpoint.test:80", "sent nothing for 5 min", "first_byte")
		if !e.Retry() || a.Text != "" {
			t.Errorf("%+v %+v", e, a)
		}
	})
}

func TestHeadersAloneAreNoAnswer(t *testing.T) {
	faked(t, func() http.Handler { return parts(time.Hour, "late") }, func(t *testing.T, c *Client) {
		began := time.Now()
		if _, a := fails(t, c, KindStalled); a.Usage != (Usage{}) {
			t.Errorf("%+v", a)
		}
		if took := time.Since(began); took != DefaultFirstByte {
			t.Errorf("after %s", took)
		}
	})
}

func TestAStallInTheMiddleKeepsWhatCame(t *testing.T) {
	faked(t, script(modeltest.Step{Text: "half an answer", StallAfter: true}), func(t *testing.T, c *Client) {
		c.Between = 7 * time.Second
		began := time.Now()
		e, a := fails(t, c, KindStalled)
		if took := time.Since(began); took != 7*time.Second {
			t.Errorf("after %s", took)
		}
		mentions(t, e.Error(), "sent nothing for 7 s", "between")
		if a.Text != "half an answer" || a.UsageKnown {
			t.Errorf("%+v", a)
		}
	})
}

func TestKeepAliveIsASignOfLife(t *testing.T) {
	for wire, c := range map[string]struct{ ping, answer string }{
		wireOpenAI: {": keep-alive\n\n", `data: {"choices":[{"index":0,"delta":{"content":"at last"},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"},
		wireAnthropic: {
			"event: ping\ndata: {\"type\":\"ping\"}\n\n",
			"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"at last\"}}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			body := slices.Concat(slices.Repeat([]string{c.ping}, 20), []string{c.answer})
			cl := within(t, parts(100*time.Second, body...), wires[wire])
			began := time.Now()
			if a, err := cl.Stream(t.Context(), ask("go"), nil); err != nil || a.Text != "at last" || a.Stop != StopEnd {
				t.Errorf("%s: %+v, %v", wire, a, err)
			}
			if took := time.Since(began); took != 2100*time.Second {
				t.Errorf("%s took %s", wire, took)
			}
		})
	}
}

func TestPingsWithoutEndAreCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ping := ":" + strings.Repeat(" ", 1<<20) + "\n\n"
		c := within(t, parts(time.Second, ping, ping, ping, ping, ping, ping, ping, ping, ping, ping), wires[wireOpenAI])
		if e, _ := fails(t, c, KindEndless); e.Retry() {
			t.Error("it would be the same again")
		}
	})
}

func TestAnAnswerIsWholeWithoutItsCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := within(t, parts(time.Second, `data: {"choices":[{"index":0,"delta":{"content":"done"},"finish_reason":"stop"}]}`+"\n\n", "", ": waiting", "", ""), wires[wireOpenAI])
		c.FirstByte = time.Minute
		if a, err := c.Stream(t.Context(), ask("go"), nil); err != nil || a.Text != "done" || a.Stop != StopEnd || a.UsageKnown {
			t.Errorf("%+v, %v", a, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		open := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := w.Write([]byte(`data: {"choices":[{"index":0,"delta":{"content":"done"},"finish_reason":"stop"}]}` + "\n\n")); err == nil {
				<-r.Context().Done() // the connection stays open
			}
		})
		c := within(t, open, wires[wireOpenAI])
		began := time.Now()
		if a, err := c.Stream(t.Context(), ask("go"), nil); err != nil || a.Text != "done" {
			t.Errorf("%+v, %v", a, err)
		}
		if took := time.Since(began); took != longestClosing {
			t.Errorf("took %s", took)
		}
	})
}

func TestTheCauseOfAnEndIsGivenAtOnce(t *testing.T) {
	stopped := errors.New("stopped by hand")
	for name, step := range map[string]func() modeltest.Step{
		"before":        func() modeltest.Step { return modeltest.Step{StallBefore: true} },
		"in the middle": func() modeltest.Step { return modeltest.Step{Text: "half", StallAfter: true} },
		"at a gate":     func() modeltest.Step { return modeltest.Step{Text: "half", Gate: make(chan struct{})} },
	} {
		t.Run(name, func(t *testing.T) {
			faked(t, func() http.Handler { return modeltest.Handler(step()) }, func(t *testing.T, c *Client) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(3*time.Second, func() { cancel(stopped) })
				began := time.Now()
				a, err := c.Stream(ctx, ask("go"), nil)
				if !errors.Is(err, stopped) || time.Since(began) != 3*time.Second {
					t.Errorf("%v after %s", err, time.Since(began))
				}
				if name == "in the middle" && a.Text != "half" {
					t.Errorf("%+v", a)
				}
				if _, err := c.Stream(ctx, ask("go"), nil); !errors.Is(err, stopped) {
					t.Errorf("a request after the end: %v", err)
				}
			})
		})
	}
}

func TestARetryAfterMayBeADate(t *testing.T) {
	faked(t, func() http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", time.Now().Add(90*time.Second).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusServiceUnavailable)
		})
	}, func(t *testing.T, c *Client) {
		if e, _ := fails(t, c, KindServer); e.After != 90*time.Second {
			t.Errorf("wait %s", e.After)
		}
	})
}
