package model

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"pitwall/agent/model/modeltest"
)

func TestAnAnswerComesInPieces(t *testing.T) {
	const text, reasoning = "The quick brown fox jumps over the lazy dog. Ünïcödé 🚀 too.", "First I think about it."
	eachWire(t, func(t *testing.T, c *Client, s *modeltest.Server) {
		var h heard
		n := 0
		a, err := c.Stream(t.Context(), Request{Messages: []Message{{Role: "system", Text: "be brief"}, {Role: "user", Text: "go"}}}, func(p Piece) { n++; h.piece(p) })
		if err != nil {
			t.Fatal(err)
		}
		if a.Text != text || a.Reasoning != reasoning || h.text != text || h.reasoning != reasoning {
			t.Errorf("answer %+v, pieces %+v", a, h)
		}
		if n < 5 {
			t.Errorf("all came in %d pieces", n)
		}
		if want := (Usage{Input: 1000, Output: 50, Cached: 600, CacheWrite: 100, Reasoning: 10}); a.Usage != want || !a.UsageKnown {
			t.Errorf("usage %+v, known %t", a.Usage, a.UsageKnown)
		}
		if a.Stop != StopEnd || a.Served != "test-model" || len(a.Dropped) > 0 {
			t.Errorf("%+v", a)
		}
		r := s.Requests()[0]
		if r.Wire != c.provider.Wire || r.Model != "test-model" || r.Key != testKey {
			t.Errorf("wire %s, model %s, key %s", r.Wire, r.Model, r.Key)
		}
		if want := []modeltest.Message{{Role: "system", Text: "be brief"}, {Role: "user", Text: "go"}}; !slices.Equal(r.Messages, want) {
			t.Errorf("the server was told %v", r.Messages)
		}
	}, modeltest.Step{Text: text, Reasoning: reasoning, Chunk: 5, Usage: &modeltest.Usage{Input: 1000, Output: 50, Cached: 600, CacheWrite: 100, Reasoning: 10}})
}

func TestToolCallsAreStreamedAndAnswered(t *testing.T) {
	tools := []Tool{{Name: "edit", About: "edits", Schema: map[string]any{"type": "object", "properties": map[string]any{"path": map[string]any{"type": "string"}}}}, {Name: "view"}}
	eachWire(t, func(t *testing.T, c *Client, s *modeltest.Server) {
		var h heard
		req := Request{Messages: []Message{{Role: "user", Text: "go"}}, Tools: tools}
		a, err := c.Stream(t.Context(), req, h.piece)
		if err != nil {
			t.Fatal(err)
		}
		if a.Stop != StopTools || len(a.Calls) != 2 {
			t.Fatalf("%+v", a)
		}
		if want := []ToolCall{{"a1", "edit", `{"path":"train.py"}`}, {"b2", "view", `{"path": "x"}`}}; !slices.Equal(a.Calls, want) {
			t.Errorf("calls %v", a.Calls)
		}
		if !slices.Equal(h.names, []string{"edit", "view"}) || h.args[0] != a.Calls[0].Args || h.args[1] != a.Calls[1].Args || h.text != "On it." {
			t.Errorf("pieces %+v", h)
		}
		req.Messages = append(req.Messages, Message{Role: "assistant", Text: a.Text, Calls: a.Calls},
			Message{Role: "tool", Result: &ToolResult{ID: "a1", Text: "done"}}, Message{Role: "tool", Result: &ToolResult{ID: "b2", Text: "no file", Failed: true}},
			Message{Role: "user", Text: "go on"})
		if a, err = c.Stream(t.Context(), req, nil); err != nil || a.Text != "Done." {
			t.Fatalf("%+v, %v", a, err)
		}
		r := s.Requests()[1]
		if !slices.Equal(r.Tools, []string{"edit", "view"}) {
			t.Errorf("tools %v", r.Tools)
		}
		var results []string
		for _, m := range r.Messages {
			if m.Role == "tool" {
				results = append(results, m.Text)
			}
		}
		if len(results) != 2 || results[0] != "done" || !strings.Contains(results[1], "no file") {
			t.Errorf("the server was told %v", r.Messages)
		}
		if !strings.Contains(string(r.Raw), `"a1"`) || !strings.Contains(string(r.Raw), `"b2"`) {
			t.Errorf("the calls are not in %s", r.Raw)
		}
	}, modeltest.Step{Text: "On it.", Reasoning: "hm", Calls: []modeltest.Call{{ID: "a1", Name: "edit", Args: `{"path":"train.py"}`}, {ID: "b2", Name: "view", Args: `{"path": "x"}`}}},
		modeltest.Step{Text: "Done."})
}

func TestThoughtsGoBackWithTheResultsOfTools(t *testing.T) {
	for wire, part := range map[string]string{wireOpenAI: `"reasoning_content":"I must edit"`, wireAnthropic: `"signature":"signed","thinking":"I must edit"`} {
		t.Run(wire, func(t *testing.T) {
			s := modeltest.New(t, modeltest.Step{Reasoning: "I must edit", Calls: []modeltest.Call{{Name: "edit", Args: `{}`}}}, modeltest.Step{Text: "ok"})
			c := client(t, load(t, environment(s.URL())), wires[wire])
			a, err := c.Stream(t.Context(), ask("go"), nil)
			if err != nil {
				t.Fatal(err)
			}
			back := func(a Answer) string {
				r := ask("go")
				r.Messages = append(r.Messages, Message{Role: "assistant", Calls: a.Calls}, Message{Role: "tool", Result: &ToolResult{ID: a.Calls[0].ID, Text: "done"}})
				if _, err := c.Stream(t.Context(), r, nil); err != nil {
					t.Fatal(err)
				}
				all := s.Requests()
				return string(all[len(all)-1].Raw)
			}
			if raw := back(a); !strings.Contains(raw, part) {
				t.Errorf("%s is not in %s", part, raw)
			}
			a.Calls[0].ID = "of another program"
			if raw := back(a); strings.Contains(raw, "I must edit") {
				t.Errorf("a turn that is not known has thoughts: %s", raw)
			}
		})
	}
}

func TestStopsAreTheSameOnAllWires(t *testing.T) {
	for sent, want := range map[string]Stop{"end": StopEnd, "length": StopLength, "tools": StopTools, "refused": StopRefused, "stop_sequence": StopEnd} {
		eachWire(t, func(t *testing.T, c *Client, _ *modeltest.Server) {
			if a, err := c.Stream(t.Context(), ask("go"), nil); err != nil || a.Stop != want {
				t.Errorf("%s is %q, %v", sent, a.Stop, err)
			}
		}, modeltest.Step{Text: "x", Stop: sent})
	}
	s := modeltest.New(t, modeltest.Step{Text: "x", Stop: "model_context_window_exceeded"})
	if a, err := client(t, load(t, environment(s.URL())), wires[wireAnthropic]).Stream(t.Context(), ask("go"), nil); err != nil || a.Stop != StopLength {
		t.Errorf("a full context is %q, %v", a.Stop, err)
	}
}

func TestAnAnswerWithoutAWordIsAnAnswer(t *testing.T) {
	eachWire(t, func(t *testing.T, c *Client, _ *modeltest.Server) {
		if a, err := c.Stream(t.Context(), ask("go"), nil); err != nil || a.Text != "" || a.Stop != StopEnd {
			t.Errorf("%+v, %v", a, err)
		}
	}, modeltest.Step{})
}

func TestUsageIsEstimatedWhereItIsNotCounted(t *testing.T) {
	eachWire(t, func(t *testing.T, c *Client, _ *modeltest.Server) {
		a, err := c.Stream(t.Context(), ask(strings.Repeat("q", 400)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := (Usage{Input: 100, Output: 12}); a.Usage != want || a.UsageKnown {
			t.Errorf("usage %+v, known %t", a.Usage, a.UsageKnown)
		}
	}, modeltest.Step{Text: strings.Repeat("a", 40), Reasoning: "thoughts", NoUsage: true})
}

func TestMessagesAreWrittenAsAnthropicWantsThem(t *testing.T) {
	s := modeltest.New(t, modeltest.Step{Text: "ok"})
	c := client(t, load(t, environment(s.URL())), "anthropic/claude-sonnet-4-5-20250929")
	big := strings.Repeat("script ", 1000)
	warm := 0.5
	r := Request{Temperature: &warm, Messages: []Message{
		{Role: "system", Text: "rules"}, {Role: "user", Text: "first"}, {Role: "user", Text: big}, {Role: "assistant", Text: ""}, {Role: "user", Text: "small"},
	}}
	if _, err := c.Stream(t.Context(), r, nil); err != nil {
		t.Fatal(err)
	}
	var got struct {
		MaxTokens   int `json:"max_tokens"`
		Temperature float64
		Stream      bool
		System      []struct {
			CacheControl *struct{ Type string } `json:"cache_control"`
		}
		Messages []struct {
			Role    string
			Content []struct {
				Text         string
				CacheControl *struct{ Type string } `json:"cache_control"`
			}
		}
	}
	if err := json.Unmarshal(s.Requests()[0].Raw, &got); err != nil {
		t.Fatal(err)
	}
	if got.MaxTokens != 64000 || got.Temperature != 0.5 || !got.Stream {
		t.Errorf("%+v", got)
	}
	if len(got.System) != 1 || got.System[0].CacheControl == nil || got.System[0].CacheControl.Type != "ephemeral" {
		t.Errorf("the system message is not cached: %+v", got.System)
	}
	if len(got.Messages) != 3 || len(got.Messages[0].Content) != 2 || got.Messages[1].Role != "assistant" {
		t.Fatalf("turns %+v", got.Messages)
	}
	first := got.Messages[0].Content
	if first[0].CacheControl != nil || first[1].Text != big || first[1].CacheControl == nil || got.Messages[2].Content[0].CacheControl != nil {
		t.Error("not exactly the last big user message is cached")
	}
	if got.Messages[1].Content[0].Text == "" {
		t.Error("an empty text is sent, which the API refuses")
	}
}

func TestEffortIsSaidInTheWireOwnWay(t *testing.T) {
	cold := 0.0
	for name, c := range map[string]struct {
		model   string
		request Request
		want    []string
		dropped []string
	}{
		"openai": {"openai/gpt-5", Request{Effort: "high"}, []string{`"reasoning_effort":"high"`}, nil},
		"effort": {"anthropic/claude-opus-4-6", Request{Effort: "minimal"}, []string{`"effort":"low"`, `"type":"adaptive"`}, nil},
		"budget": {"anthropic/claude-sonnet-4-5-20250929", Request{Effort: "medium"}, []string{`"budget_tokens":8192`, `"type":"enabled"`}, nil},
		"small":  {"anthropic/claude-sonnet-4-5-20250929", Request{Effort: "high", MaxTokens: 4000}, []string{`"budget_tokens":3000`}, nil},
		"tiny":   {"anthropic/claude-sonnet-4-5-20250929", Request{Effort: "high", MaxTokens: 1000}, []string{`"max_tokens":1000`}, []string{"effort"}},
		"newer":  {"anthropic/claude-opus-9", Request{Effort: "high"}, []string{`"type":"adaptive"`}, nil},
		"none":   {"anthropic/claude-sonnet-5", Request{Effort: "none"}, []string{`"type":"disabled"`}, nil},
		"warm":   {"anthropic/claude-opus-5", Request{Effort: "high", Temperature: &cold}, []string{`"effort":"high"`}, []string{"temperature"}},
		"cold":   {"openai/test", Request{Temperature: &cold}, []string{`"temperature":0`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := modeltest.New(t, modeltest.Step{Text: "ok"})
			c.request.Messages = ask("go").Messages
			a, err := client(t, load(t, environment(s.URL())), c.model).Stream(t.Context(), c.request, nil)
			if err != nil {
				t.Fatal(err)
			}
			raw := string(s.Requests()[0].Raw)
			mentions(t, raw, c.want...)
			if !slices.Equal(a.Dropped, c.dropped) {
				t.Errorf("dropped %v", a.Dropped)
			}
			if len(c.dropped) > 0 && strings.Contains(raw, `"`+c.dropped[0]+`"`) && c.dropped[0] != "effort" {
				t.Errorf("%v is sent all the same: %s", c.dropped, raw)
			}
		})
	}
}

func TestWhatAnEndpointRefusesIsLeftOut(t *testing.T) {
	warm, seed := 0.7, int64(5)
	full := Request{Messages: ask("go").Messages, MaxTokens: 500, Temperature: &warm, Seed: &seed}
	// picky refuses the first of some words that it finds in a request.
	picky := func(words map[string]string) modeltest.Step {
		return modeltest.Step{Answer: func(r modeltest.Request) modeltest.Step {
			for word, message := range words {
				if strings.Contains(string(r.Raw), `"`+word+`"`) {
					return modeltest.Step{Status: 400, Body: `{"error":{"message":"` + message + `","type":"invalid_request_error"}}`}
				}
			}
			return modeltest.Step{Text: "fine"}
		}}
	}
	for name, c := range map[string]struct {
		words   map[string]string
		dropped []string
	}{
		"usage":       {map[string]string{"stream_options": "Unrecognized request argument supplied: stream_options"}, nil},
		"max_tokens":  {map[string]string{"max_tokens": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."}, nil},
		"no max":      {map[string]string{"max_tokens": "extra fields not permitted: max_tokens", "max_completion_tokens": "extra fields not permitted: max_completion_tokens"}, nil},
		"temperature": {map[string]string{"temperature": "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported."}, []string{"temperature"}},
		"all": {map[string]string{
			"stream_options": "unknown field stream_options", "temperature": "temperature is deprecated for this model", "seed": "seed: Extra inputs are not permitted",
		}, []string{"temperature", "seed"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := modeltest.New(t, picky(c.words))
			cl := client(t, load(t, environment(s.URL())), wires[wireOpenAI])
			a, err := cl.Stream(t.Context(), full, nil)
			if err != nil || a.Text != "fine" || !slices.Equal(a.Dropped, c.dropped) {
				t.Fatalf("%+v, %v", a, err)
			}
			n := len(s.Requests())
			if _, err := cl.Stream(t.Context(), full, nil); err != nil || len(s.Requests()) != n+1 {
				t.Errorf("the next request has to learn it again: %d requests, %v", len(s.Requests())-n, err)
			}
		})
	}
	t.Run("not what is merely wrong", func(t *testing.T) {
		s := modeltest.New(t, modeltest.Step{Status: 400, Body: `{"error":{"message":"max_tokens must be at most 300"}}`})
		e, _ := fails(t, client(t, load(t, environment(s.URL())), wires[wireOpenAI]), KindRequest)
		mentions(t, e.Error(), "must be at most 300", "max_output")
		if len(s.Requests()) != 1 {
			t.Errorf("%d requests", len(s.Requests()))
		}
	})
	t.Run("adaptive thinking", func(t *testing.T) {
		s := modeltest.New(t, picky(map[string]string{"adaptive": "adaptive thinking is not supported on this model"}))
		a, err := client(t, load(t, environment(s.URL())), "anthropic/claude-opus-4-5-20251101").Stream(t.Context(), Request{Messages: ask("go").Messages, Effort: "low"}, nil)
		if err != nil || a.Text != "fine" {
			t.Fatalf("%+v, %v", a, err)
		}
		mentions(t, string(s.Requests()[1].Raw), `"budget_tokens":4096`)
	})
}

func TestOpenAIsOwnEndpointIsToldTheNewNameOfMaxTokens(t *testing.T) {
	c := client(t, load(t, environment("", "OPENAI_BASE_URL=")), "openai/gpt-5")
	body, _, err := c.chatBody(Request{MaxTokens: 7}, amends{})
	if err != nil {
		t.Fatal(err)
	}
	if s := string(body); !strings.Contains(s, `"max_completion_tokens":7`) || strings.Contains(s, `"max_tokens"`) {
		t.Error(s)
	}
}

// A body of OpenAI's wire, as providers differ.
func TestDialectsOfChatCompletions(t *testing.T) {
	const done = "data: [DONE]\n\n"
	chunk := func(delta, finish string) string {
		return `data: {"choices":[{"index":0,"delta":` + delta + `,"finish_reason":` + finish + "}]}\n\n"
	}
	sse := map[string]string{"Content-Type": "text/event-stream"}
	for name, c := range map[string]struct {
		body   string
		header map[string]string
		want   Answer
	}{
		"reasoning of OpenRouter, with comments": {
			": OPENROUTER PROCESSING\n\n" + chunk(`{"reasoning":"hm"}`, "null") + ": OPENROUTER PROCESSING\n\n" + chunk(`{"content":"hi"}`, `"stop"`) + done, sse,
			Answer{Text: "hi", Reasoning: "hm", Stop: StopEnd},
		},
		"both names for reasoning": {chunk(`{"reasoning":"hm","reasoning_content":"hm"}`, "null") + chunk(`{"content":"hi"}`, `"stop"`) + done, sse, Answer{Text: "hi", Reasoning: "hm", Stop: StopEnd}},
		"thoughts in the text":     {chunk(`{"content":"<thi"}`, "null") + chunk(`{"content":"nk>hm</think>\n\nhi"}`, `"stop"`) + done, sse, Answer{Text: "hi", Reasoning: "hm", Stop: StopEnd}},
		"parts of Mistral": {
			chunk(`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"hi"}]}`, `"stop"`) + done, sse,
			Answer{Text: "hi", Reasoning: "hm", Stop: StopEnd},
		},
		"refusal":                    {chunk(`{"refusal":"I will not."}`, `"stop"`) + done, sse, Answer{Text: "I will not.", Stop: StopRefused}},
		"no blank lines, no DONE":    {strings.ReplaceAll(chunk(`{"content":"h"}`, "null")+chunk(`{"content":"i"}`, `"stop"`), "\n\n", "\n"), sse, Answer{Text: "hi", Stop: StopEnd}},
		"carriage returns":           {strings.ReplaceAll(chunk(`{"content":"hi"}`, `"stop"`)+done, "\n", "\r\n"), sse, Answer{Text: "hi", Stop: StopEnd}},
		"DONE without a reason":      {chunk(`{"content":"hi"}`, "null") + done, sse, Answer{Text: "hi", Stop: StopEnd}},
		"other choices":              {`data: {"choices":[{"index":1,"delta":{"content":"no"}},{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}` + "\n\n" + done, sse, Answer{Text: "hi", Stop: StopEnd}},
		"calls that end with stop":   {chunk(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}`, `"stop"`) + done, sse, Answer{Calls: []ToolCall{{"a", "f", "{}"}}, Stop: StopTools}},
		"arguments that are no text": {chunk(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":{"x":1}}}]}`, `"stop"`) + done, sse, Answer{Calls: []ToolCall{{"a", "f", `{"x":1}`}}, Stop: StopTools}},
		"calls without index and id": {
			chunk(`{"tool_calls":[{"function":{"name":"f","arguments":"{\"x\":1}"}}]}`, "null") + chunk(`{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}`, `"tool_calls"`) + done, sse,
			Answer{Calls: []ToolCall{{"call_1_0", "f", `{"x":1}`}, {"call_1_1", "f", "{}"}}, Stop: StopTools},
		},
		"calls under one index": {
			chunk(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}`, "null") + chunk(`{"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"[]"}}]}`, `"tool_calls"`) + done, sse,
			Answer{Calls: []ToolCall{{"a", "f", "{}"}, {"b", "g", "[]"}}, Stop: StopTools},
		},
		"no stream": {
			"{\n \"model\": \"m\",\n \"choices\": [{\"index\": 0, \"message\": {\"content\": \"hi\", \"reasoning\": \"hm\"}, \"finish_reason\": \"length\"}],\n \"usage\": {\"prompt_tokens\": 4, \"completion_tokens\": 2}\n}", nil,
			Answer{Text: "hi", Reasoning: "hm", Stop: StopLength, Usage: Usage{Input: 4, Output: 2}, UsageKnown: true, Served: "m"},
		},
		"cache of DeepSeek": {
			chunk(`{"content":"hi"}`, `"stop"`) + `data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_cache_hit_tokens":8}}` + "\n\n" + done, sse,
			Answer{Text: "hi", Stop: StopEnd, Usage: Usage{Input: 10, Output: 5, Cached: 8}, UsageKnown: true},
		},
		"reasoning in the total only": {
			chunk(`{"content":"hi"}`, `"stop"`) + `data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":45}}` + "\n\n" + done, sse,
			Answer{Text: "hi", Stop: StopEnd, Usage: Usage{Input: 10, Output: 35, Reasoning: 30}, UsageKnown: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := modeltest.New(t, modeltest.Step{Body: c.body, Header: c.header})
			a, err := client(t, load(t, environment(s.URL())), wires[wireOpenAI]).Stream(t.Context(), ask("go"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if a.Text != c.want.Text || a.Reasoning != c.want.Reasoning || a.Stop != c.want.Stop || !slices.Equal(a.Calls, c.want.Calls) || a.Served != c.want.Served {
				t.Errorf("got  %+v\nwant %+v", a, c.want)
			}
			if c.want.UsageKnown && (a.Usage != c.want.Usage || !a.UsageKnown) {
				t.Errorf("usage %+v, want %+v", a.Usage, c.want.Usage)
			}
		})
	}
}

func TestTheBaseURLMayBeWrittenInManyWays(t *testing.T) {
	s := modeltest.New(t, modeltest.Step{Text: "ok"})
	bare := strings.TrimPrefix(s.URL(), "http://")
	for _, url := range []string{s.URL(), s.URL() + "/", s.URL() + "/v1", s.URL() + "/v1/", s.URL() + "/v1/chat/completions", " " + s.URL() + " ", bare, bare + "/v1"} {
		for _, wire := range []string{wireOpenAI, wireAnthropic} {
			if wire == wireAnthropic && strings.HasSuffix(url, "completions") {
				continue
			}
			if _, err := client(t, load(t, environment(url)), wires[wire]).Stream(t.Context(), ask("go"), nil); err != nil {
				t.Errorf("%s with %q: %v", wire, url, err)
			}
		}
	}
}

func TestAzureIsAskedAtItsDeployments(t *testing.T) {
	c := client(t, load(t, environment("https://lab.openai.azure.com/", "AZURE_OPENAI_API_VERSION=2024-10-21")), "azure/my-gpt")
	if got := c.chatURL().String(); got != "https://lab.openai.azure.com/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21" {
		t.Error(got)
	}
	c = client(t, load(t, environment("https://lab.openai.azure.com/openai/v1/")), "azure/gpt")
	if got := c.chatURL().String(); got != "https://lab.openai.azure.com/openai/v1/chat/completions" {
		t.Error(got)
	}
}

func TestTheCostOfAnAnswerIsThatOfTheList(t *testing.T) {
	s := modeltest.New(t, modeltest.Step{Text: "x", Usage: &modeltest.Usage{Input: 10_000, Output: 1000, Cached: 4000, CacheWrite: 2000}})
	c := client(t, load(t, environment(s.URL())), "anthropic/claude-sonnet-4-6")
	a, err := c.Stream(t.Context(), ask("go"), nil)
	if err != nil {
		t.Fatal(err)
	}
	// 4000 plain at 3, 4000 read at 0.3, 2000 written at 3.75, 1000 out at 15.
	if got, want := c.Model.Price.Cost(a.Usage), 0.012+0.0012+0.0075+0.015; math.Abs(got-want) > 1e-9 {
		t.Errorf("$%f, want $%f", got, want)
	}
}
