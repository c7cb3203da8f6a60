package model

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pitwall/agent/model/modeltest"
)

func TestRefusalsAreToldApart(t *testing.T) {
	openAI := func(code, kind, message string) string {
		return fmt.Sprintf(`{"error":{"message":%q,"type":%q,"code":%q}}`, message, kind, code)
	}
	cases := map[string]struct {
		status int
		body   string
		kind   ErrorKind
		words  []string
	}{
		"wrong key":                {401, openAI("invalid_api_key", "invalid_request_error", "Incorrect API key provided: sk-abcd****wxyz."), KindKey, []string{"API_KEY", "401", "set it to a valid key"}},
		"wrong key, anthropic":     {401, `{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}`, KindKey, []string{"API_KEY"}},
		"wrong key, gemini":        {400, `[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]`, KindKey, []string{"API_KEY"}},
		"forbidden":                {403, `{"error":{"message":"your country is not supported"}}`, KindKey, []string{"forbids", "your country"}},
		"no such model":            {404, openAI("model_not_found", "invalid_request_error", "The model `test-model` does not exist or you do not have access to it."), KindModel, []string{`"test-model"`}},
		"no such model, 400":       {400, `{"error":{"message":"Model Not Exist","type":"invalid_request_error"}}`, KindModel, nil},
		"no such model, claude":    {404, `{"type":"error","error":{"type":"not_found_error","message":"model: test-model not found"}}`, KindModel, nil},
		"no such model, ollama":    {404, `{"error":"model 'test-model' not found"}`, KindModel, nil},
		"no deployment":            {404, openAI("DeploymentNotFound", "", "The API deployment for this resource does not exist."), KindModel, nil},
		"no model for this key":    {403, openAI("model_not_found", "", "Project x does not have access to model gpt-5"), KindModel, nil},
		"too long":                 {400, openAI("context_length_exceeded", "", "This model's maximum context length is 8192 tokens."), KindTooLong, []string{"too long", "8192"}},
		"too long, claude":         {400, `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 200001 tokens > 200000 maximum"}}`, KindTooLong, nil},
		"too long with its answer": {400, `{"type":"error","error":{"type":"invalid_request_error","message":"input length and ` + "`max_tokens`" + ` exceed context limit: 188240 + 21333 > 200000, decrease input length or ` + "`max_tokens`" + ` and try again"},"request_id":"req_1"}`, KindTooLong, []string{"too long", "188240"}},
		"too long, 413":            {413, `{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}`, KindTooLong, nil},
		"too long for a minute":    {429, openAI("rate_limit_exceeded", "tokens", "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000."), KindTooLong, nil},
		"too long, llama.cpp":      {400, `{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}`, KindTooLong, nil},
		"quota":                    {429, openAI("insufficient_quota", "insufficient_quota", "You exceeded your current quota, please check your plan."), KindQuota, []string{"used up", "credit"}},
		"quota, 402":               {402, `{"error":{"message":"Insufficient Balance"}}`, KindQuota, nil},
		"quota, claude":            {400, `{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}`, KindQuota, nil},
		"rate":                     {429, openAI("rate_limit_exceeded", "requests", "Rate limit reached for gpt-5: try again in 1.5s."), KindRate, []string{"rate", "wait 1.5 s"}},
		"rate, gemini":             {429, `[{"error":{"code":429,"message":"You exceeded your current quota. Please retry in 34.5s.","status":"RESOURCE_EXHAUSTED"}}]`, KindRate, []string{"wait 34.5 s"}},
		"down":                     {503, "down", KindServer, []string{"503", "down"}},
		"down, a page":             {502, "<html><body>Bad gateway</body></html>", KindServer, []string{"502"}},
		"overloaded":               {529, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, KindServer, []string{"Overloaded"}},
		"timeout":                  {408, `{}`, KindServer, nil},
		"nothing there":            {404, "404 page not found", KindRequest, []string{"there is no model's endpoint at http://127.0.0.1", "BASE_URL"}},
		"moved":                    {307, "", KindRequest, []string{"elsewhere.test", "BASE_URL"}},
		"something else":           {400, `{"error":{"message":"messages: wrong role"}}`, KindRequest, []string{"messages: wrong role"}},
		"a list of faults":         {422, `{"detail":[{"loc":["body"],"msg":"field required"}]}`, KindRequest, []string{"field required"}},
		"tools":                    {400, openAI("", "invalid_request_error", "Function tools with reasoning are not supported in chat completions"), KindRequest, []string{"--edits blocks"}},
		"control characters too":   {400, `{"error":{"message":"bad\u001b[31m\n\nthing"}}`, KindRequest, []string{"bad[31m thing"}},
	}
	var step modeltest.Step
	eachWire(t, func(t *testing.T, c *Client, s *modeltest.Server) {
		for name, want := range cases {
			t.Run(name, func(t *testing.T) {
				step = modeltest.Step{Status: want.status, Body: want.body, Header: map[string]string{"Location": "https://elsewhere.test/v1"}}
				before := len(s.Requests())
				e, a := fails(t, c, want.kind)
				words := slices.Clone(want.words)
				for i, w := range words {
					if c.provider.Wire == wireAzure {
						words[i] = strings.Replace(w, "BASE_URL", "ENDPOINT", 1)
					}
				}
				mentions(t, e.Error(), words...)
				if a.Text != "" || a.Usage != (Usage{}) || e.Provider != c.provider.Name {
					t.Errorf("%+v with the answer %+v", e, a)
				}
				if n := len(s.Requests()) - before; n != 1 {
					t.Errorf("%d requests, want one try", n)
				}
				if e.Retry() != (want.kind == KindRate || want.kind == KindServer) {
					t.Errorf("retry %t", e.Retry())
				}
			})
		}
	}, modeltest.Step{Answer: func(modeltest.Request) modeltest.Step { return step }})
}

func TestTheModelsWindowAndNearNamesAreTold(t *testing.T) {
	s := modeltest.New(t, modeltest.Step{Status: 400, Body: `{"error":{"code":"context_length_exceeded","message":"too long"}}`}, modeltest.Step{Status: 404, Body: `{"error":{"code":"model_not_found","message":"no"}}`})
	cat := load(t, environment(s.URL()))
	e, _ := fails(t, client(t, cat, "anthropic/claude-sonnet-4-6"), KindTooLong)
	mentions(t, e.Error(), "200,000 tokens")
	e, _ = fails(t, client(t, cat, "anthropic/claude-sonet-46"), KindModel)
	mentions(t, e.Error(), "did you mean anthropic/claude-sonnet-4-6")
}

func TestARetryAfterIsHeeded(t *testing.T) {
	for header, want := range map[string]time.Duration{"7": 7 * time.Second, "1.5": 1500 * time.Millisecond, "0": 0, "-3": 0, "soon": 0} {
		eachWire(t, func(t *testing.T, c *Client, _ *modeltest.Server) {
			e, _ := fails(t, c, KindRate)
			if e.After != want {
				t.Errorf("Retry-After %s is %s", header, e.After)
			}
		}, modeltest.Step{Status: 429, Body: `{"error":{"message":"slow down"}}`, Header: map[string]string{"Retry-After": header}})
	}
	for message, want := range map[string]time.Duration{
		"Please try again in 6m0s.": 6 * time.Minute, "try again in 20ms": 20 * time.Millisecond, `"retryDelay": "34s"`: 34 * time.Second, "retry in 1m 2s": 62 * time.Second, "try again in a while": 0,
	} {
		if got := retryAfter(http.Header{}, message, sayings()); got != want {
			t.Errorf("%s is %s", message, got)
		}
	}
}

func TestAnEndpointThatIsDownIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	for wire, name := range wires {
		t.Run(wire, func(t *testing.T) {
			e, _ := fails(t, client(t, load(t, environment("http://"+addr)), name), KindUnreachable)
			mentions(t, e.Error(), addr, "refused", "check the network")
			if !e.Retry() {
				t.Error("it may come back")
			}
		})
	}
	e, _ := fails(t, client(t, load(t, environment("", "OLLAMA_HOST="+addr)), "ollama/llama"), KindUnreachable)
	mentions(t, e.Error(), addr, "start it (ollama serve)")
	e, _ = fails(t, client(t, load(t, environment("http://no-such-host.invalid")), wires[wireOpenAI]), KindUnreachable)
	mentions(t, e.Error(), "no-such-host.invalid")
}

func TestAnEndpointThatSpeaksNoHTTPIsNotAskedAgain(t *testing.T) {
	s := modeltest.New(t, modeltest.Step{Text: "ok"})
	for wire, name := range wires {
		e, _ := fails(t, client(t, load(t, environment(strings.Replace(s.URL(), "http:", "https:", 1))), name), KindAnswer)
		mentions(t, e.Error(), "does not speak https")
		if e.Retry() {
			t.Errorf("%s would go on for ever", wire)
		}
	}
}

func TestAConnectionThatIsClosedAtOnceWasDropped(t *testing.T) {
	eachWire(t, func(t *testing.T, c *Client, _ *modeltest.Server) {
		e, a := fails(t, c, KindDropped)
		if !e.Retry() || a.Text != "" {
			t.Errorf("%+v %+v", e, a)
		}
	}, modeltest.Step{Answer: func(modeltest.Request) modeltest.Step { panic(http.ErrAbortHandler) }})
}

func TestADropInTheMiddleKeepsWhatCame(t *testing.T) {
	eachWire(t, func(t *testing.T, c *Client, _ *modeltest.Server) {
		e, a := fails(t, c, KindDropped)
		if a.Text != "The quick brown" || a.Reasoning != "thought" || a.Stop != "" || a.UsageKnown || a.Usage.Output < 4 || a.Usage.Input == 0 {
			t.Errorf("%+v", a)
		}
		mentions(t, e.Error(), "broke off")
	}, modeltest.Step{Text: "The quick brown fox", Reasoning: "thought", DropAfter: 15})
	eachWire(t, func(t *testing.T, c *Client, _ *modeltest.Server) {
		_, a := fails(t, c, KindDropped)
		if len(a.Calls) != 1 || a.Calls[0].Args != `{"path` {
			t.Errorf("%+v", a)
		}
	}, modeltest.Step{Calls: []modeltest.Call{{Name: "edit", Args: `{"path":"train.py"}`}}, DropAfter: 6})
}

func TestAStreamThatEndsWithoutItsEndWasDropped(t *testing.T) {
	sse := map[string]string{"Content-Type": "text/event-stream"}
	for wire, body := range map[string]string{
		wireOpenAI:    `data: {"choices":[{"index":0,"delta":{"content":"half an"}}]}` + "\n\n" + `data: {"choices":[{"ind`,
		wireAnthropic: "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"half an\"}}\n\nevent: content_bl",
	} {
		s := modeltest.New(t, modeltest.Step{Body: body, Header: sse})
		if _, a := fails(t, client(t, load(t, environment(s.URL())), wires[wire]), KindDropped); a.Text != "half an" {
			t.Errorf("%s keeps %q", wire, a.Text)
		}
	}
}

func TestAnErrorInTheStreamIsToldApartToo(t *testing.T) {
	sse := map[string]string{"Content-Type": "text/event-stream"}
	for _, c := range []struct {
		wire, event string
		kind        ErrorKind
	}{
		{wireOpenAI, `data: {"error":{"message":"upstream failed","code":502},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}`, KindServer},
		{wireOpenAI, `data: {"error":{"message":"Rate limit exceeded","code":429}}`, KindRate},
		{wireOpenAI, `data: {"error":"something broke"}`, KindServer},
		{wireOpenAI, `{"error":{"message":"maximum context length reached","type":"invalid_request_error"}}`, KindTooLong},
		{wireAnthropic, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}", KindServer},
		{wireAnthropic, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow\"}}", KindRate},
	} {
		s := modeltest.New(t, modeltest.Step{Body: ": keep-alive\n\n" + c.event + "\n\n", Header: sse})
		e, _ := fails(t, client(t, load(t, environment(s.URL())), wires[c.wire]), c.kind)
		if e.said == "" {
			t.Errorf("%s says nothing", c.event)
		}
	}
}

func TestWhatIsNoModelIsToldSo(t *testing.T) {
	html := modeltest.Step{Status: 200, Body: "<!doctype html><title>Welcome</title>", Header: map[string]string{"Content-Type": "text/html; charset=utf-8"}}
	other := modeltest.Step{Status: 200, Body: `{"hello":"world"}`}
	for name, step := range map[string]modeltest.Step{"a web page": html, "garbage": {Garbage: true}, "other JSON": other} {
		t.Run(name, func(t *testing.T) {
			eachWire(t, func(t *testing.T, c *Client, s *modeltest.Server) {
				e, _ := fails(t, c, KindAnswer)
				mentions(t, e.Error(), strings.TrimPrefix(s.URL(), "http://"), "check "+c.provider.where())
				if name == "a web page" {
					mentions(t, e.Error(), "a web page")
				}
				if e.Retry() {
					t.Error("it will not become a model")
				}
			}, step)
		})
	}
}

func TestAnEndlessAnswerIsCut(t *testing.T) {
	eachWire(t, func(t *testing.T, c *Client, _ *modeltest.Server) {
		n := 0
		a, err := c.Stream(t.Context(), ask("go"), func(p Piece) { n += len(p.Text) })
		e, ok := err.(*Error) //nolint:errorlint // Stream's own error is not wrapped
		if !ok || e.Kind != KindEndless {
			t.Fatal(err)
		}
		if len(a.Text) > longestAnswer || len(a.Text) < longestAnswer-10 || n != len(a.Text) {
			t.Errorf("%d bytes of text, %d in pieces", len(a.Text), n)
		}
	}, modeltest.Step{Endless: true, Text: "ünd "})
}

func TestKeysNeverComeBack(t *testing.T) {
	echo := "the key is " + testKey + ", yes " + testKey[:20]
	for name, step := range map[string]modeltest.Step{
		"text":       {Text: echo, Chunk: 3},
		"by letters": {Text: echo, Reasoning: echo, Chunk: 1, Calls: []modeltest.Call{{ID: testKey, Name: testKey, Args: `{"a":"` + testKey + `"}`}}},
		"broken off": {Text: echo, Chunk: 2, DropAfter: len("the key is ") + 15},
		"wrong key":  {Status: 401, Body: `{"error":{"message":"wrong key ` + testKey + `","code":"` + testKey + `","type":"` + testKey + `"}}`},
		"plain":      {Status: 500, Body: testKey},
		"split":      {Status: 400, Body: `{"error":{"message":"` + testKey[:9] + `\u200b` + testKey[9:] + `"}}`},
		"redirect":   {Status: 302, Header: map[string]string{"Location": "https://elsewhere.test/" + testKey}},
		"model":      {Body: `data: {"model":"` + testKey + `","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}`, Header: map[string]string{"Content-Type": "text/event-stream"}},
		"in stream":  {Body: "data: {\"error\":{\"message\":\"" + testKey + "\"}}\n\n", Header: map[string]string{"Content-Type": "text/event-stream"}},
	} {
		t.Run(name, func(t *testing.T) {
			eachWire(t, func(t *testing.T, c *Client, s *modeltest.Server) {
				var all strings.Builder
				a, err := c.Stream(t.Context(), ask("go"), func(p Piece) { all.WriteString(p.Text) })
				doc, jsonErr := json.Marshal(a)
				if jsonErr != nil {
					t.Fatal(jsonErr)
				}
				fmt.Fprintf(&all, "\n%s\n%v %+v %#v", doc, err, err, err)
				for ; err != nil; err = unwrap(err) {
					fmt.Fprintf(&all, "\n%v %#v", err, err)
				}
				for i := 0; i+leastKey <= len(testKey); i++ {
					if part := testKey[i : i+leastKey]; strings.Contains(all.String(), part) {
						t.Fatalf("%q of the key shows in %s", part, all.String())
					}
				}
				if len(s.Requests()) == 0 || s.Requests()[0].Key != testKey {
					t.Error("the key was not used")
				}
			}, step)
		})
	}
}

func unwrap(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return nil
}
