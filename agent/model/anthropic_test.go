package model

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pitwall/agent/model/modeltest"
)

// recorded gives a stream of the messages API as it was sent.
func recorded(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "messages", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// streamed is a step that sends a body as a stream.
func streamed(body string) modeltest.Step {
	return modeltest.Step{Body: body, Header: map[string]string{"Content-Type": "text/event-stream; charset=utf-8"}}
}

// hears asks a server of the messages API that sends a body.
func hears(t *testing.T, body string) (Answer, heard, error) {
	t.Helper()
	s := modeltest.New(t, streamed(body))
	var h heard
	a, err := client(t, load(t, environment(s.URL())), wires[wireAnthropic]).Stream(t.Context(), ask("go"), h.piece)
	return a, h, err
}

func TestThoughtsCallsAndCountsOfARecordedAnswer(t *testing.T) {
	a, h, err := hears(t, recorded(t, "tools.sse"))
	if err != nil {
		t.Fatal(err)
	}
	if a.Reasoning != "The warm-up is long: halve it < 300 steps." || a.Text != "I shorten the wärm-up and look at the file." {
		t.Errorf("%+v", a)
	}
	if want := []ToolCall{{"toolu_01PbR5kWxVd8mEuSgNqC7yTf", "edit", `{"old": "warmup = 600", "new": "warmup = 300"}`}, {"toolu_01Zc9LmAaYk4hDvJtBnW2xQe", "view", ""}}; !slices.Equal(a.Calls, want) {
		t.Errorf("calls %q", a.Calls)
	}
	if want := (Usage{Input: 412 + 2051 + 18230, Cached: 18230, CacheWrite: 2051, Output: 189, Reasoning: 64}); a.Usage != want || !a.UsageKnown {
		t.Errorf("usage %+v, known %t", a.Usage, a.UsageKnown)
	}
	if a.Stop != StopTools || a.Served != "claude-sonnet-4-6" {
		t.Errorf("stop %q of %q", a.Stop, a.Served)
	}
	if want := []PieceKind{PieceReasoning, PieceText, PieceToolName, PieceToolArgs, PieceToolName}; !slices.Equal(h.order, want) {
		t.Errorf("pieces come as %v", h.order)
	}
}

func TestThoughtsGoBackSignedAndInTheirOrder(t *testing.T) {
	for name, want := range map[string]string{
		"tools.sse": `[
			{"type":"thinking","thinking":"The warm-up is long: halve it < 300 steps.","signature":"EqQBCkYIAxgCKkBx7vQ2mZ+/4Wc=="},
			{"type":"redacted_thinking","data":"EvQBCoYBGAIiQNf7s+w1lw=="},
			{"type":"text","text":"I shorten the wärm-up and look at the file."},
			{"type":"tool_use","id":"toolu_01PbR5kWxVd8mEuSgNqC7yTf","name":"edit","input":{"old":"warmup = 600","new":"warmup = 300"}},
			{"type":"tool_use","id":"toolu_01Zc9LmAaYk4hDvJtBnW2xQe","name":"view","input":{}}]`,
		"omitted.sse": `[
			{"type":"thinking","thinking":"","signature":"EosnCkYICxIMMb3LzNrMu"},
			{"type":"tool_use","id":"toolu_01Dq","name":"view","input":{}}]`,
	} {
		t.Run(name, func(t *testing.T) {
			s := modeltest.New(t, streamed(recorded(t, name)), modeltest.Step{Text: "ok"})
			c := client(t, load(t, environment(s.URL())), wires[wireAnthropic])
			a, err := c.Stream(t.Context(), ask("go"), nil)
			if err != nil {
				t.Fatal(err)
			}
			r := ask("go")
			r.Messages = append(r.Messages, Message{Role: "assistant", Text: a.Text, Calls: a.Calls})
			for i, call := range a.Calls {
				r.Messages = append(r.Messages, Message{Role: "tool", Result: &ToolResult{ID: call.ID, Text: "done", Failed: i > 0}})
			}
			if _, err := c.Stream(t.Context(), r, nil); err != nil {
				t.Fatal(err)
			}
			var sent struct {
				Messages []struct {
					Role    string
					Content json.RawMessage
				}
			}
			if err := json.Unmarshal(s.Requests()[1].Raw, &sent); err != nil {
				t.Fatal(err)
			}
			if len(sent.Messages) != 3 || sent.Messages[1].Role != "assistant" || !sameJSON(t, sent.Messages[1].Content, want) {
				t.Fatalf("went back: %s", s.Requests()[1].Raw)
			}
			var results []struct {
				Type      string
				ToolUseID string `json:"tool_use_id"`
				IsError   bool   `json:"is_error"`
				Content   []struct{ Type, Text string }
			}
			if err := json.Unmarshal(sent.Messages[2].Content, &results); err != nil {
				t.Fatal(err)
			}
			for i, r := range results {
				if r.Type != "tool_result" || r.ToolUseID != a.Calls[i].ID || r.IsError != (i > 0) || r.Content[0].Text != "done" {
					t.Errorf("result %d went back as %+v", i, r)
				}
			}
		})
	}
}

func sameJSON(t *testing.T, got json.RawMessage, want string) bool {
	t.Helper()
	canon := func(raw []byte) string {
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		out, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	return canon(got) == canon([]byte(want))
}

func TestARefusalKeepsWhatWasSaid(t *testing.T) {
	a, _, err := hears(t, recorded(t, "refusal.sse"))
	if err != nil || a.Stop != StopRefused || a.Text != "That I" || a.Usage.Output != 22 {
		t.Errorf("%+v, %v", a, err)
	}
}

// message is a stream of an answer with a text, an end of its own, and what is wrong.
func message(usage, stop, counted string) string {
	return `event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":` + usage + `}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"hi"}}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"` + stop + `","stop_sequence":null},"usage":` + counted + `}

event: message_stop
data: {"type":"message_stop"}

`
}

func TestEveryReasonToStopIsKnown(t *testing.T) {
	for reason, want := range map[string]Stop{
		"end_turn": StopEnd, "stop_sequence": StopEnd, "pause_turn": StopEnd, "max_tokens": StopLength, "model_context_window_exceeded": StopLength,
		"tool_use": StopTools, "refusal": StopRefused, "a_reason_of_tomorrow": StopEnd,
	} {
		a, _, err := hears(t, message(`{"input_tokens":3,"output_tokens":1}`, reason, `{"output_tokens":5}`))
		if err != nil || a.Stop != want || a.Text != "hi" {
			t.Errorf("%s is %q with %q, %v", reason, a.Stop, a.Text, err)
		}
	}
}

func TestCountsAreThoseThatCameLast(t *testing.T) {
	for name, c := range map[string]struct {
		start, end string
		want       Usage
		known      bool
	}{
		"cache at the beginning": {`{"input_tokens":10,"cache_creation_input_tokens":20,"cache_read_input_tokens":30,"output_tokens":1}`, `{"output_tokens":5}`, Usage{Input: 60, CacheWrite: 20, Cached: 30, Output: 5}, true},
		"cache at the end":       {`{"input_tokens":10,"output_tokens":1}`, `{"input_tokens":12,"cache_creation_input_tokens":20,"cache_read_input_tokens":30,"output_tokens":5}`, Usage{Input: 62, CacheWrite: 20, Cached: 30, Output: 5}, true},
		"cache that was not":     {`{"input_tokens":10,"cache_read_input_tokens":30,"output_tokens":1}`, `{"cache_read_input_tokens":0,"output_tokens":5}`, Usage{Input: 10, Output: 5}, true},
		"nulls":                  {`{"input_tokens":10,"cache_creation_input_tokens":null,"cache_read_input_tokens":null,"output_tokens":1}`, `{"input_tokens":null,"output_tokens":5,"server_tool_use":null}`, Usage{Input: 10, Output: 5}, true},
		"input counted late":     {`{"input_tokens":0,"output_tokens":0}`, `{"input_tokens":10,"output_tokens":5}`, Usage{Input: 10, Output: 5}, true},
		"input forgotten":        {`{"input_tokens":10,"output_tokens":0}`, `{"input_tokens":0,"output_tokens":5}`, Usage{Input: 10, Output: 5}, true},
		"thoughts":               {`{"input_tokens":10,"output_tokens":1}`, `{"output_tokens":50,"output_tokens_details":{"thinking_tokens":40}}`, Usage{Input: 10, Output: 50, Reasoning: 40}, true},
		"other ways of writing":  {`{"input_tokens":10.0,"cache_read_input_tokens":"30"}`, `{"output_tokens":5e0}`, Usage{Input: 40, Cached: 30, Output: 5}, true},
		"no end":                 {`{"input_tokens":10,"output_tokens":1}`, `{}`, Usage{Input: 10, Output: 1}, false},
		"nothing at all":         {`{}`, `null`, Usage{Input: 1, Output: 1}, false},
	} {
		a, _, err := hears(t, message(c.start, "end_turn", c.end))
		if err != nil || a.Usage != c.want || a.UsageKnown != c.known {
			t.Errorf("%s: %+v, known %t, %v; want %+v", name, a.Usage, a.UsageKnown, err, c.want)
		}
	}
}

func TestErrorsInTheMiddleOfAStreamKeepWhatCame(t *testing.T) {
	const before = `event: message_start
data: {"type":"message_start","message":{"model":"m","content":[],"usage":{"input_tokens":9,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Half of an"}}

event: error
data: `
	for name, c := range map[string]struct {
		body string
		kind ErrorKind
		says string
	}{
		"overloaded":       {recorded(t, "overloaded.sse"), KindServer, "Overloaded"},
		"failed":           {before + `{"type":"error","error":{"type":"api_error","message":"Internal server error"}}` + "\n\n", KindServer, "Internal server error"},
		"slow":             {before + `{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your rate limit"}}` + "\n\n", KindRate, "rate limit"},
		"timed out":        {before + `{"type":"error","error":{"type":"timeout_error","message":"Request timed out"}}` + "\n\n", KindServer, "timed out"},
		"too long":         {before + `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 204130 tokens > 200000 maximum"}}` + "\n\n", KindTooLong, "204130"},
		"words of a proxy": {before + "upstream is temporarily gone\n\n", KindServer, "upstream is temporarily gone"},
		"without a name":   {strings.Replace(before, "event: error\n", "", 1) + `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}` + "\n\n", KindServer, "Overloaded"},
	} {
		t.Run(name, func(t *testing.T) {
			a, _, err := hears(t, c.body)
			var e *Error
			if !errors.As(err, &e) || e.Kind != c.kind {
				t.Fatalf("%v", err)
			}
			mentions(t, e.Error(), c.says)
			if a.Text != "Half of an" || a.Stop != "" || a.UsageKnown || a.Usage.Output < 3 {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestAStreamThatIsLostBehindPingsIsTriedAgain(t *testing.T) {
	_, _, err := hears(t, strings.Repeat("event: ping\ndata: {\"type\": \"ping\"}\n\n", 3))
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindDropped || !e.Retry() {
		t.Errorf("%v", err)
	}
}

func TestAnOverloadedEndpointIsTriedLater(t *testing.T) {
	step := modeltest.Step{
		Status: 529, Body: `{"type":"error","error":{"details":null,"type":"overloaded_error","message":"Overloaded"},"request_id":"req_011CUB2XUHWkFnQzxcKBbjpF"}`,
		Header: map[string]string{"Content-Type": "application/json", "Retry-After": "12", "X-Should-Retry": "true"},
	}
	s := modeltest.New(t, step)
	e, _ := fails(t, client(t, load(t, environment(s.URL())), wires[wireAnthropic]), KindServer)
	mentions(t, e.Error(), "529", "Overloaded")
	if !e.Retry() || e.After.Seconds() != 12 {
		t.Errorf("%+v", e)
	}
}

func TestRequestsOfMessagesSayTheirVersion(t *testing.T) {
	s := modeltest.New(t, modeltest.Step{Text: "ok"})
	if _, err := client(t, load(t, environment(s.URL())), wires[wireAnthropic]).Stream(t.Context(), ask("go"), nil); err != nil {
		t.Fatal(err)
	}
	h := s.Requests()[0].Header
	if h.Get("Anthropic-Version") != "2023-06-01" || h.Get("Content-Type") != "application/json" || h.Get("User-Agent") != "pitwall" {
		t.Errorf("%v", h)
	}
}

func TestDialectsOfMessages(t *testing.T) {
	whole := message(`{"input_tokens":3,"output_tokens":1}`, "end_turn", `{"output_tokens":5}`)
	for name, body := range map[string]string{
		"carriage returns":   strings.ReplaceAll(whole, "\n", "\r\n"),
		"no blank lines":     strings.ReplaceAll(whole, "\n\n", "\n"),
		"no names of events": strings.NewReplacer("event: message_start\n", "", "event: content_block_start\n", "", "event: message_delta\n", "", "event: message_stop\n", "").Replace(whole),
		"no space":           strings.NewReplacer("data: ", "data:", "event: ", "event:").Replace(whole),
		"lines of data":      strings.ReplaceAll(whole, `,"index"`, ",\ndata: \"index\""),
		"events of tomorrow": "event: news\ndata: {\"type\":\"news\",\"usage\":{\"output_tokens\":99}}\n\n" + strings.Replace(whole, "event: message_delta", "event: news\ndata: {\"type\":\"news\"}\n\nevent: message_delta", 1),
		"comments":           ": hello\n\n" + strings.ReplaceAll(whole, "event:", ": still here\nevent:"),
		"DONE for an end":    strings.Replace(whole, "event: message_stop\ndata: {\"type\":\"message_stop\"}", "data: [DONE]", 1),
		"more behind it":     whole + "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\" no\"}}\n\n",
	} {
		if a, _, err := hears(t, body); err != nil || a.Text != "hi" || a.Stop != StopEnd || a.Usage != (Usage{Input: 3, Output: 5}) {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

// Wherever a stream breaks off, what came is kept, and it is never taken for something
// that will not become better.
func TestAStreamMayBreakOffAnywhere(t *testing.T) {
	c := client(t, load(t, environment("http://endpoint.test")), wires[wireAnthropic])
	for _, name := range []string{"tools.sse", "omitted.sse", "refusal.sse"} {
		body := recorded(t, name)
		send := func(body string) (Answer, error) {
			c.http = newHTTP(inMemory{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				w.WriteHeader(http.StatusOK)
				_, _ = io.WriteString(w, body) // the client may have left
			})})
			return c.Stream(t.Context(), ask("go"), nil)
		}
		full, err := send(body)
		if err != nil {
			t.Fatal(err)
		}
		over := strings.Index(body, "\n\nevent: message_stop")
		rapid.Check(t, func(t *rapid.T) {
			n := rapid.IntRange(0, len(body)).Draw(t, "bytes")
			a, err := send(body[:n])
			if !strings.HasPrefix(full.Text, a.Text) || !strings.HasPrefix(full.Reasoning, a.Reasoning) || len(a.Calls) > len(full.Calls) {
				t.Fatalf("%s, %d bytes: %+v", name, n, a)
			}
			var e *Error
			switch {
			case n > over && (err != nil || a.Stop != full.Stop || a.Usage != full.Usage):
				t.Fatalf("%s, %d bytes: the answer was whole: %+v, %v", name, n, a, err)
			case n < over-1 && (!errors.As(err, &e) || e.Kind != KindDropped || !e.Retry()):
				t.Fatalf("%s, %d bytes: %v", name, n, err)
			}
		})
	}
}
