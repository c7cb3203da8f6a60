package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pitwall/agent"
	"pitwall/agent/model/modeltest"
	"pitwall/agent/scaffold"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
)

const testKey = "sk-test-4f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c"

// block is a search/replace block of the stand-in script.
func block(old, repl string) string {
	return "train.py\n<<<<<<< SEARCH\n" + old + "\n=======\n" + repl + "\n>>>>>>> REPLACE\n"
}

// fewer is an answer that lowers the steps.
func fewer(steps int) string {
	return fmt.Sprintf("Fewer steps reach the target as well.\n\n%s\nThat is all.", block(fmt.Sprintf("STEPS = %d", slowSteps), fmt.Sprintf("STEPS = %d", steps)))
}

// modelEngine gives an engine whose models answer at the server's address, by
// either wire.
func modelEngine(t *testing.T, server *modeltest.Server) *Engine {
	t.Helper()
	e := newTestEngine(openStore(t), scripted(nil))
	e.Getenv = func(name string) string {
		switch name {
		case "OPENAI_API_KEY", "ANTHROPIC_API_KEY":
			return testKey
		case "OPENAI_BASE_URL":
			return server.URL() + "/v1"
		case "ANTHROPIC_BASE_URL":
			return server.URL()
		}
		return os.Getenv(name)
	}
	e.Wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return e
}

func llmSpec(nodes int) store.Spec {
	s := testSpec(agent.LLM, nodes)
	s.Model, s.Reflections = "openai/test-model", agent.DefaultReflections
	s.Confirm = 0
	return s
}

// whole fails the test where an event of the attempt is missing.
func whole(t *testing.T, e *Engine, id string) *fold.State {
	t.Helper()
	st := state(t, e.Store, id)
	if len(st.Speaking) > 0 || len(st.Drafts) > 0 {
		t.Errorf("%d calls and %d drafts are open at the end", len(st.Speaking), len(st.Drafts))
	}
	sum, err := e.Store.Attempt(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Events != st.Seq {
		t.Errorf("%d events are stored, the last is %d", sum.Events, st.Seq)
	}
	return st
}

func TestAModelWritesATree(t *testing.T) {
	for _, name := range []string{"openai/test-model", "anthropic/test-model"} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int64
			server := modeltest.New(t, modeltest.Step{Answer: func(modeltest.Request) modeltest.Step {
				n := int(asked.Add(1))
				return modeltest.Step{
					Text: "Try fewer.\n\n" + block("PART = 0.012", fmt.Sprintf("PART = 0.0%d", 11-n)), Reasoning: "The work is the cost.",
					Usage: &modeltest.Usage{Input: 1000, Output: 100, Cached: 600},
				}
			}})
			e := modelEngine(t, server)
			spec := llmSpec(4)
			spec.Model, spec.Scaffold, spec.Hint, spec.Parallel = name, scaffold.Tree, "1", 2
			id := create(t, e.Store, spec)
			if err := e.Run(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			st := whole(t, e, id)
			var parents []int
			for _, n := range st.Nodes {
				parents = append(parents, n.Parent)
			}
			if st.Status != event.StatusDone || len(st.Nodes) != 5 || parents[1] != 0 {
				t.Fatalf("%s, parents %v", st.Status, parents)
			}
			if want := st.Nodes[1]; want.Valid() && !slices.Equal(parents[2:], []int{1, 1, 1}) {
				t.Errorf("parents %v, want three nodes from node 1", parents)
			}
			first := st.CallsOf(1)[0]
			if first.Text == "" || first.Reasoning != "The work is the cost." || first.Ended.Usage.Cached != 600 {
				t.Errorf("the first call is %+v", first)
			}
			if prompt := first.Messages[1].Text; !strings.Contains(prompt, "use fewer steps") || !strings.Contains(prompt, "STEPS = 40") {
				t.Errorf("the prompt lacks the hint or the script:\n%s", prompt)
			}
			if task, _ := standInTask(); strings.Contains(fmt.Sprint(first.Messages), task.To.Summary) {
				t.Error("the prompt gives the answer away")
			}
			if st.Usage.Input != 1000*len(server.Requests()) {
				t.Errorf("%d tokens after %d requests", st.Usage.Input, len(server.Requests()))
			}
			if n := st.Nodes[1]; n.Similar == nil {
				t.Error("node 1 was not compared with the human's change")
			}
			if len(st.Prompts) != 1 || st.Prompts[0].Hash == "" {
				t.Errorf("the templates are not kept: %+v", st.Prompts)
			}
		})
	}
}

func TestAnAnswerThatCannotBeAppliedIsMended(t *testing.T) {
	server := modeltest.New(t,
		modeltest.Step{Text: block("STEPS = 41", "STEPS = 30")},
		modeltest.Step{Text: "I am sorry.\n" + block("BASE = 1.9", "BASE = 1.9  # cheat")},
		modeltest.Step{Text: block("BASE = 1.9  # cheat", "BASE = 1.9") + block("STEPS = 40  ", "STEPS = 30")},
	)
	e := modelEngine(t, server)
	st := runAttempt(t, e, llmSpec(1))
	requests := server.Requests()
	if len(requests) != 3 {
		t.Fatalf("%d requests, want 3", len(requests))
	}
	last := func(i int) string { m := requests[i].Messages; return m[len(m)-1].Text }
	if text := last(1); !strings.Contains(text, "STEPS = 40") {
		t.Errorf("the model is not told the nearest lines:\n%s", text)
	}
	if text := last(2); !strings.Contains(text, "it says cheat") {
		t.Errorf("the model is not told of the broken rule:\n%s", text)
	}
	if !strings.Contains(st.Files(1)["train.py"], "STEPS = 30") || strings.Contains(st.Files(1)["train.py"], "cheat") {
		t.Errorf("the script is\n%s", st.Files(1)["train.py"])
	}
	if n := st.Nodes[1]; !n.Valid() {
		t.Errorf("node 1 is %s: %s", n.State, n.Why)
	}
	if how := st.Edits[len(st.Edits)-1].How; how == "" {
		t.Error("nothing says that blanks were ignored")
	}
	var purposes []string
	for _, c := range st.Calls {
		purposes = append(purposes, c.Purpose)
	}
	if want := []string{event.CallEdit, event.CallReflect, event.CallReflect}; !slices.Equal(purposes, want) {
		t.Errorf("calls for %v, want %v", purposes, want)
	}
}

func TestReflectionsEnd(t *testing.T) {
	server := modeltest.New(t, modeltest.Step{Text: "I would rather not."})
	e := modelEngine(t, server)
	st := runAttempt(t, e, llmSpec(2))
	if got := len(server.Requests()); got != 2*(1+agent.DefaultReflections) {
		t.Errorf("%d requests for 2 nodes, want %d", got, 2*(1+agent.DefaultReflections))
	}
	for _, n := range st.Nodes[1:] {
		if n.State != event.VerdictEmpty {
			t.Errorf("node %d is %s: %s", n.ID, n.State, n.Why)
		}
	}
	if st.Status != event.StatusDone {
		t.Errorf("the attempt is %s: %s", st.Status, st.Why)
	}
}

func TestToolsEditAndView(t *testing.T) {
	server := modeltest.New(t,
		modeltest.Step{Calls: []modeltest.Call{{Name: "view", Args: `{"path":"train.py","from":3,"to":4}`}, {Name: "edit", Args: `{"path":"train.py","reason":"fewer","old":"STEPS = 99\n","new":"STEPS = 30\n"}`}}},
		modeltest.Step{Calls: []modeltest.Call{{Name: "edit", Args: `{"path":"train.py","reason":"fewer","old":"STEPS = 40\n","new":"STEPS = 30\n"}`}}},
		modeltest.Step{Text: "Done."},
	)
	e := modelEngine(t, server)
	spec := llmSpec(1)
	spec.Edits = agent.EditsTools
	st := runAttempt(t, e, spec)
	if n := st.Nodes[1]; !n.Valid() || !strings.Contains(st.Files(1)["train.py"], "STEPS = 30") {
		t.Fatalf("node 1 is %s: %s", n.State, n.Why)
	}
	raw := string(server.Requests()[1].Raw)
	if !strings.Contains(raw, "STEPS = 40") || !strings.Contains(raw, "tool") {
		t.Errorf("the second request has no results of tools:\n%s", raw)
	}
	if e := st.Edits; len(e) != 2 || e[0].Applied || !e[1].Applied || e[1].Reason != "fewer" {
		t.Errorf("edits %+v", e)
	}
}

// misbehaviour is what a model and its endpoint can do wrong, one after the other.
func misbehaviour() []modeltest.Step {
	return []modeltest.Step{
		{Status: 500, Body: `{"error":{"message":"the server had an error"}}`},
		{Status: 429, Header: map[string]string{"Retry-After": "1"}, Body: `{"error":{"message":"slow down"}}`},
		{Text: fewer(30), DropAfter: 60},
		{Text: ""},
		{Text: "colourless green ideas sleep furiously"},
		{Garbage: true},
		{Text: fewer(30), StallAfter: true},
		{Text: block("STEPS = 40", "STEPS = 40")},
		{Text: "train.py\n<<<<<<< SEARCH\n=======\n>>>>>>> REPLACE\n"},
		{Text: "../../outside.py\n<<<<<<< SEARCH\n=======\nprint(1)\n>>>>>>> REPLACE\n"},
		{Text: "/etc/passwd\n<<<<<<< SEARCH\nroot\n=======\nme\n>>>>>>> REPLACE\n"},
		{Text: block("main()", "main(")},
		{Text: "train.py\n<<<<<<< SEARCH\nSTEPS = 40\n=======\nSTEPS = ", Stop: "length"},
		{Endless: true},
		{Text: fewer(35)},
		{Text: fewer(30), NoUsage: true},
	}
}

func TestScaffoldsComeThroughAMisbehavingServer(t *testing.T) {
	for _, s := range scaffold.Scaffolds() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			steps := misbehaviour()
			var asked atomic.Int64
			server := modeltest.New(t, modeltest.Step{Answer: func(modeltest.Request) modeltest.Step {
				return steps[int(asked.Add(1)-1)%len(steps)]
			}})
			e := modelEngine(t, server)
			if err := os.WriteFile(e.Store.Home()+"/"+ModelsFile, []byte("[providers.openai]\nfirst_byte = \"300ms\"\nbetween = \"300ms\"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			spec := llmSpec(7)
			spec.Scaffold, spec.Parallel, spec.Reflections = s.Name, 3, 2
			id := create(t, e.Store, spec)
			if err := e.Run(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			st := whole(t, e, id)
			if st.Status != event.StatusDone || len(st.Nodes) != 8 {
				t.Fatalf("%s with %d nodes: %s", st.Status, len(st.Nodes), st.Why)
			}
			for _, n := range st.Nodes[1:] {
				if !n.Judged() {
					t.Errorf("node %d is %s", n.ID, n.State)
				}
			}
			if _, err := os.Stat(e.Store.Home() + "/outside.py"); err == nil {
				t.Error("an edit left the node's directory")
			}
			partial := false
			for _, c := range st.Calls {
				partial = partial || c.Failed() && c.Text != ""
			}
			if !partial {
				t.Error("no answer that broke off was kept")
			}
		})
	}
}

// A gateway that is down, and then talks rubbish once, is no wrong address.
func TestRubbishIsCountedInARow(t *testing.T) {
	down, rubbish := modeltest.Step{Status: 503, Body: "down"}, modeltest.Step{Garbage: true}
	good := modeltest.Step{Text: fewer(30)}
	server := modeltest.New(t, down, down, rubbish, rubbish, down, rubbish, good)
	if st := runAttempt(t, modelEngine(t, server), llmSpec(1)); !st.Nodes[1].Valid() {
		t.Errorf("node 1 is %s: %s", st.Nodes[1].State, st.Nodes[1].Why)
	}

	server = modeltest.New(t, down, rubbish, rubbish, rubbish, good)
	e := modelEngine(t, server)
	if err := e.Run(t.Context(), create(t, e.Store, llmSpec(1))); err == nil || !strings.Contains(err.Error(), "OPENAI_BASE_URL") {
		t.Errorf("ended with %v, want the setting to look at", err)
	}
}

func TestAnEndpointMayBeDownForTenMinutes(t *testing.T) {
	var waited time.Duration
	server := modeltest.New(t, modeltest.Step{Status: 503, Body: "down"})
	e := modelEngine(t, server)
	e.Wait = func(_ context.Context, d time.Duration) error {
		if waited += d; waited > 10*time.Minute {
			server.Push(modeltest.Step{Text: fewer(30)})
		}
		return nil
	}
	st := runAttempt(t, e, llmSpec(1))
	if !st.Nodes[1].Valid() || waited < 10*time.Minute {
		t.Errorf("node 1 is %s after %s: %s", st.Nodes[1].State, waited, st.Nodes[1].Why)
	}
	if again := st.Calls[0]; !again.Ended.Again || again.Ended.WaitMS <= 0 {
		t.Errorf("nothing says that the request is sent again: %+v", again.Ended)
	}
}

func TestAnEndpointThatStaysDownLeavesTheAttemptResumable(t *testing.T) {
	server := modeltest.New(t, modeltest.Step{Status: 503, Body: "down"})
	e := modelEngine(t, server)
	e.Patience = time.Nanosecond
	id := create(t, e.Store, llmSpec(1))
	if err := e.Run(t.Context(), id); err == nil || !strings.Contains(err.Error(), "pitwall resume") {
		t.Fatalf("ended with %v, want the mend", err)
	}
	if st := state(t, e.Store, id); st.Status != event.StatusFailed {
		t.Fatalf("status %s", st.Status)
	}
	server.Push(modeltest.Step{Text: fewer(30)})
	e.Patience = 0
	if err := e.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if st := whole(t, e, id); st.Status != event.StatusDone || !st.Nodes[1].Valid() {
		t.Errorf("%s, node 1 %+v", st.Status, st.Nodes[1])
	}
}

func TestAWrongKeyEndsTheAttemptInWords(t *testing.T) {
	server := modeltest.New(t, modeltest.Step{Status: 401, Body: `{"error":{"message":"Incorrect API key provided: ` + testKey + `","code":"invalid_api_key"}}`})
	e := modelEngine(t, server)
	id := create(t, e.Store, llmSpec(1))
	err := e.Run(t.Context(), id)
	if err == nil || !strings.Contains(err.Error(), "OPENAI_API_KEY") || strings.Contains(err.Error(), testKey) {
		t.Errorf("ended with %v", err)
	}
	if n := len(server.Requests()); n != 1 {
		t.Errorf("%d requests with a key that is wrong", n)
	}
}

func TestBudgetsEndTheSearchCleanly(t *testing.T) {
	for _, c := range []struct {
		budget event.Budget
		want   string
	}{
		{event.Budget{Tokens: 2500}, event.BudgetTokens},
		{event.Budget{Cost: 0.0025}, event.BudgetCost},
		{event.Budget{RunMS: 500}, event.BudgetRun},
		{event.Budget{WallMS: 2500}, event.BudgetWall},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			server := modeltest.New(t, modeltest.Step{Text: fewer(38), Usage: &modeltest.Usage{Input: 900, Output: 100}})
			e := paced(modelEngine(t, server))
			price := "[models.\"openai/test-model\"]\ncontext = 100000\ninput = 1.0\noutput = 1.0\n"
			if err := os.WriteFile(e.Store.Home()+"/"+ModelsFile, []byte(price), 0o600); err != nil {
				t.Fatal(err)
			}
			spec := llmSpec(500)
			spec.Budget, spec.Confirm = c.budget, 1
			id := create(t, e.Store, spec)
			if err := e.Run(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			st := whole(t, e, id)
			if st.Status != event.StatusDone || st.Spent == nil || st.Spent.Budget != c.want {
				t.Fatalf("%s, spent %+v: %s", st.Status, st.Spent, st.Why)
			}
			if len(st.Nodes) > 60 {
				t.Errorf("%d nodes were begun", len(st.Nodes))
			}
			for _, n := range st.Nodes[1:] {
				if !n.Judged() {
					t.Errorf("node %d is %s", n.ID, n.State)
				}
			}
			if st.Confirmed == nil {
				t.Error("the search's best node was not confirmed")
			}
		})
	}
}

func TestACallThatWasAnsweredIsNotMadeAgain(t *testing.T) {
	gate := make(chan struct{})
	server := modeltest.New(t, modeltest.Step{Text: fewer(30)}, modeltest.Step{Text: block("STEPS = 40", "STEPS = 20"), Gate: gate})
	e := modelEngine(t, server)
	spec := llmSpec(2)
	spec.Gate = true
	id := create(t, e.Store, spec)
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx, id) }()
	eventually(t, "an edit waits", 20*time.Second, func() bool { return state(t, e.Store, id).Awaited() != nil })
	cancel(ErrStopped)
	if err := <-ended; !errors.Is(err, ErrStopped) {
		t.Fatalf("stopped with %v", err)
	}
	if n := len(server.Requests()); n != 1 {
		t.Fatalf("%d requests before the restart", n)
	}
	close(gate)
	go func() { ended <- e.Run(t.Context(), id) }()
	eventually(t, "the edit waits again", 20*time.Second, func() bool { return state(t, e.Store, id).Awaited() != nil })
	if n := len(server.Requests()); n != 1 {
		t.Errorf("%d requests, want the answer to be taken from the store", n)
	}
	command(t, e.Store, id, event.OrderDecide, event.Decided{Node: 1, Edit: 1, Answer: event.AnswerYes})
	eventually(t, "the next edit waits", 20*time.Second, func() bool { w := state(t, e.Store, id).Awaited(); return w != nil && w.Node == 2 })
	command(t, e.Store, id, event.OrderDecide, event.Decided{Node: 2, Edit: 1, Answer: event.AnswerAll})
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if st := whole(t, e, id); !st.Nodes[1].Valid() || len(server.Requests()) != 2 {
		t.Errorf("node 1 %+v after %d requests", st.Nodes[1], len(server.Requests()))
	}
}

func TestAResumeGoesOnFromAnyState(t *testing.T) {
	partial := "train.py\n<<<<<<< SEARCH\nSTEPS = 40\n=======\nSTEPS"
	for name, c := range map[string]struct {
		step  modeltest.Step
		state func(*fold.State) bool
	}{
		"nothing has come": {modeltest.Step{StallBefore: true}, func(st *fold.State) bool { return len(st.Speaking) == 1 }},
		"in the middle of a hunk": {modeltest.Step{Text: partial, StallAfter: true}, func(st *fold.State) bool {
			n := len(st.Drafts)
			return n > 0 && st.Drafts[n-1].New != ""
		}},
		"between two tries": {modeltest.Step{Status: 503}, func(st *fold.State) bool { return len(st.Calls) > 2 }},
		"endless text":      {modeltest.Step{Text: strings.Repeat("on and on ", 50), StallAfter: true}, func(st *fold.State) bool { return len(st.Speaking) == 1 && st.Speaking[0].Text != "" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := modeltest.New(t, c.step)
			e := modelEngine(t, server)
			id := create(t, e.Store, llmSpec(1))
			stop, _ := start(t, e, id)
			until(t, e, id, name, c.state)
			stop()
			server.Push(modeltest.Step{Text: fewer(30)})
			_, end := start(t, e, id)
			st := end()
			if n := st.Nodes[1]; !n.Valid() || !strings.Contains(st.Files(1)["train.py"], "STEPS = 30") {
				t.Errorf("node 1 is %s: %s", n.State, n.Why)
			}
			if first := st.Calls[0]; !first.Failed() {
				t.Errorf("the call that was cut off is kept as %+v", first.Ended)
			}
		})
	}
}

func TestTwoEnginesShareARateLimit(t *testing.T) {
	var asked atomic.Int64
	server := modeltest.New(t, modeltest.Step{Answer: func(modeltest.Request) modeltest.Step {
		if asked.Add(1)%3 != 0 {
			return modeltest.Step{Status: 429, Header: map[string]string{"Retry-After": "2"}, Body: `{"error":{"message":"slow down"}}`}
		}
		return modeltest.Step{Text: fewer(35)}
	}})
	var ends []func() *fold.State
	for range 2 {
		e := modelEngine(t, server)
		e.Wait = func(_ context.Context, d time.Duration) error {
			if d < 2*time.Second {
				t.Errorf("sent again after %s, where the endpoint asked for 2 s", d)
			}
			return nil
		}
		_, end := start(t, e, create(t, e.Store, llmSpec(2)))
		ends = append(ends, end)
	}
	for _, end := range ends {
		if st := end(); st.Status != event.StatusDone || !st.Nodes[2].Valid() {
			t.Errorf("%s: %s", st.Status, st.Why)
		}
	}
}

func TestAWrongPriceTableIsToldBeforeTheStart(t *testing.T) {
	e := modelEngine(t, modeltest.New(t, modeltest.Step{Text: fewer(30)}))
	if err := os.WriteFile(e.Store.Home()+"/"+ModelsFile, []byte("[models.\"openai/test-model\"]\n\ninput = -3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := e.Preflight(t.Context(), llmSpec(1))
	if err == nil || !strings.Contains(err.Error(), ModelsFile+":3") {
		t.Errorf("told %v, want the line", err)
	}
	spec := testSpec(agent.Noop, 1)
	if err := e.Preflight(t.Context(), spec); err != nil {
		t.Errorf("an attempt without a model is refused: %v", err)
	}
}

func TestABudgetOfMoneyNeedsAPrice(t *testing.T) {
	e := modelEngine(t, modeltest.New(t, modeltest.Step{Text: fewer(30)}))
	spec := llmSpec(1)
	spec.Budget.Cost = 1
	if err := e.Preflight(t.Context(), spec); err == nil || !strings.Contains(err.Error(), "price") {
		t.Errorf("told %v", err)
	}
}
