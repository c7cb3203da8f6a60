package engine

import (
	"strings"
	"testing"

	"pitwall/agent"
	"pitwall/agent/model/modeltest"
	"pitwall/agent/scaffold"
	"pitwall/store/event"
	"pitwall/store/fold"
)

// purposeOf tells what a request is for by its last message.
func purposeOf(r modeltest.Request) string {
	last := r.Messages[len(r.Messages)-1].Text
	switch {
	case strings.Contains(last, "\"reproduced\""):
		return event.CallJudge
	case strings.Contains(last, "JSON array"):
		return event.CallIdeate
	case strings.Contains(last, "120 words"):
		return event.CallSummarise
	}
	return event.CallEdit
}

func thinking(t *testing.T) *modeltest.Server {
	return modeltest.New(t, modeltest.Step{Answer: func(r modeltest.Request) modeltest.Step {
		switch purposeOf(r) {
		case event.CallIdeate:
			return modeltest.Step{Text: "```json\n[\"train for fewer steps\", \"do less in each\", \"both\"]\n```"}
		case event.CallSummarise:
			return modeltest.Step{Text: "It reached val_loss 0.0001 in 1 ms."}
		case event.CallJudge:
			return modeltest.Step{Text: `{"changes":[{"what":"half the steps","reproduced":0.5}],"score":0.5}`}
		}
		return modeltest.Step{Text: fewer(30)}
	}})
}

func TestIdeasGoToTheNodesChosenTogether(t *testing.T) {
	server := thinking(t)
	e := modelEngine(t, server)
	spec := llmSpec(3)
	spec.Scaffold, spec.Ideas, spec.Parallel = scaffold.Forest, true, 3
	st := runAttempt(t, e, spec)
	for i, want := range []string{"train for fewer steps", "do less in each", "both"} {
		n := st.Nodes[i+1]
		if n.Idea != want {
			t.Errorf("node %d is to try %q, want %q", n.ID, n.Idea, want)
		}
	}
	asked := 0
	for _, r := range server.Requests() {
		if purposeOf(r) == event.CallIdeate {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("ideas were asked for %d times", asked)
	}
	if text := st.CallsOf(2)[0].Messages[1].Text; !strings.Contains(text, "do less in each") {
		t.Errorf("the idea did not reach node 2:\n%s", text)
	}
}

func TestASummaryIsReadByLaterNodesAndMeasuresNothing(t *testing.T) {
	e := modelEngine(t, thinking(t))
	spec := llmSpec(2)
	spec.Scaffold, spec.Summaries = scaffold.Tree, true
	st := runAttempt(t, e, spec)
	n := st.Nodes[1]
	if float64(n.ValLoss) < 1 || float64(n.TrainSeconds) < 0.1 {
		t.Errorf("node 1 has loss %g after %g s: the model's words were taken for figures", n.ValLoss, n.TrainSeconds)
	}
	var text string
	for _, c := range st.CallsOf(2) {
		if c.Purpose == event.CallEdit {
			text = c.Messages[1].Text
		}
	}
	if !strings.Contains(text, "in 1 ms") {
		t.Errorf("node 2 is not told of the summary:\n%s", text)
	}
}

func TestSimilarityIsMeasuredAndJudged(t *testing.T) {
	server := thinking(t)
	e := modelEngine(t, server)
	spec := llmSpec(1)
	spec.Judge, spec.Confirm = "openai/judge-model", 0
	st := runAttempt(t, e, spec)
	s := st.Nodes[1].Similar
	if s == nil || s.Judge != "openai/judge-model" || float64(s.Score) != 0.5 || len(s.Changes) != 1 {
		t.Fatalf("similarity %+v", s)
	}
	// The human halves the steps in one line; the node sets another number there.
	if r := float64(s.Recall); r <= 0 || r >= 1 {
		t.Errorf("recall %g, want something between", r)
	}
	answer := 0
	for _, r := range server.Requests() {
		told := strings.Contains(string(r.Raw), "STEPS = 20")
		if purposeOf(r) == event.CallJudge {
			if !told || r.Model != "judge-model" {
				t.Error("the judge was not told the human's change")
			}
			answer++
		} else if told {
			t.Error("the agent was told the human's change")
		}
	}
	if answer != 1 {
		t.Errorf("%d judgements", answer)
	}
}

func TestAThoughtThatCannotBeReadHarmsNothing(t *testing.T) {
	e := modelEngine(t, modeltest.New(t, modeltest.Step{Answer: func(r modeltest.Request) modeltest.Step {
		if purposeOf(r) != event.CallEdit {
			return modeltest.Step{Status: 400, Body: `{"error":{"message":"no"}}`}
		}
		return modeltest.Step{Text: fewer(30)}
	}}))
	spec := llmSpec(1)
	spec.Ideas, spec.Summaries, spec.Judge = true, true, "openai/judge-model"
	st := runAttempt(t, e, spec)
	if st.Status != event.StatusDone || !st.Nodes[1].Valid() {
		t.Errorf("%s: %s, node 1 %s", st.Status, st.Why, st.Nodes[1].State)
	}
}

func TestAnAttemptStartsFromAnEarlierResult(t *testing.T) {
	e := newTestEngine(openStore(t), nil)
	first := create(t, e.Store, testSpec(agent.Oracle, 1))
	if err := e.Run(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	// The stand-in has one task: it is its own successor here.
	a := &attempt{Engine: e, spec: testSpec(agent.Noop, 2)}
	a.spec.Carry = first
	var err error
	if a.task, a.track, err = e.findTask(a.spec); err != nil {
		t.Fatal(err)
	}
	if err := a.carryOver(t.Context(), fold.New()); err == nil {
		t.Fatal("a result of the same task was carried over to it")
	}
	a.task.From.Number = a.task.To.Number
	if err := a.carryOver(t.Context(), fold.New()); err != nil {
		t.Fatal(err)
	}
	if a.from.script != a.task.Answer() || !strings.Contains(a.from.reason, "node 1 of attempt 1") {
		t.Errorf("carried over: %q, %s", a.from.reason, a.from.script)
	}
	n, ok := a.choose(&fold.State{Scalars: fold.Scalars{Nodes: []fold.Node{{ID: 0, Parent: -1}}}}, true)
	if !ok || n.Origin != event.OriginCarried || n.Parent != 0 {
		t.Errorf("the first node is %+v", n)
	}
	nodes := []fold.Node{{ID: 0, Parent: -1}, {ID: 1, Origin: event.OriginCarried, Batch: 1, State: event.VerdictProvisional, TrainSeconds: 5}}
	figures, err := scaffold.SearchOf(scaffold.Tree, event.Search{})
	if err != nil {
		t.Fatal(err)
	}
	if p := scaffold.Next(scaffold.Tree, figures, nodes, scaffold.Root(nodes), 5, 1); p.Parent != 1 {
		t.Errorf("the search starts from node %d, want what was carried over", p.Parent)
	}
}
