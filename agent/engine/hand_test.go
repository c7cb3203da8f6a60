package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pitwall/agent"
	"pitwall/agent/model/modeltest"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
)

// command gives an order and waits until the engine has taken it. It returns why it
// could not be carried out.
func command(t *testing.T, s *store.Store, id, name string, args any) string {
	t.Helper()
	doc, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	n, err := s.Order(t.Context(), id, name, string(doc))
	if err != nil {
		t.Fatal(err)
	}
	var o store.Order
	eventually(t, "order "+name+" is taken", 20*time.Second, func() bool {
		o, err = s.OrderState(t.Context(), n)
		return err != nil || o.Done
	})
	if err != nil {
		t.Fatal(err)
	}
	return o.Result
}

// start runs an attempt and gives what waits for its end.
func start(t *testing.T, e *Engine, id string) (stop func(), end func() *fold.State) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx, id) }()
	stop = func() {
		t.Helper()
		cancel(ErrStopped)
		if err := <-ended; !errors.Is(err, ErrStopped) {
			t.Fatalf("stopped with %v", err)
		}
	}
	return stop, func() *fold.State {
		t.Helper()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		return whole(t, e, id)
	}
}

func until(t *testing.T, e *Engine, id, what string, ok func(*fold.State) bool) {
	t.Helper()
	eventually(t, what, 30*time.Second, func() bool { return ok(state(t, e.Store, id)) })
}

func awaited(node, edit int) func(*fold.State) bool {
	return func(st *fold.State) bool { w := st.Awaited(); return w != nil && w.Node == node && w.Edit == edit }
}

func TestTheGateTakesYesNoAndOnesOwn(t *testing.T) {
	server := modeltest.New(t,
		modeltest.Step{Text: block("STEPS = 40", "STEPS = 30") + block("BASE = 1.9", "BASE = 1.95")},
		modeltest.Step{Text: block("PART = 0.012", "PART = 0.009")},
	)
	e := modelEngine(t, server)
	spec := llmSpec(1)
	spec.Gate = true
	id := create(t, e.Store, spec)
	_, end := start(t, e, id)
	until(t, e, id, "edit 1 waits", awaited(1, 1))
	if why := command(t, e.Store, id, event.OrderDecide, event.Decided{Node: 1, Edit: 2, Answer: event.AnswerYes}); why == "" {
		t.Error("an edit that does not wait was decided on")
	}
	if why := command(t, e.Store, id, event.OrderDecide, event.Decided{Node: 1, Edit: 1, Answer: "perhaps"}); why == "" {
		t.Error("an answer that is none was taken")
	}
	command(t, e.Store, id, event.OrderDecide, event.Decided{Node: 1, Edit: 1, Answer: event.AnswerYes})
	until(t, e, id, "edit 2 waits", awaited(1, 2))
	command(t, e.Store, id, event.OrderDecide, event.Decided{Node: 1, Edit: 2, Answer: event.AnswerNo, Reason: "the target moves"})
	until(t, e, id, "edit 3 waits", awaited(1, 3))
	requests := server.Requests()
	if m := requests[1].Messages; !strings.Contains(m[len(m)-1].Text, "the target moves") {
		t.Errorf("the model is not told why: %q", m[len(m)-1].Text)
	}
	own := strings.Replace(state(t, e.Store, id).Files(1)["train.py"], "PART = 0.012", "PART = 0.010", 1)
	command(t, e.Store, id, event.OrderDecide, event.Decided{Node: 1, Edit: 3, Answer: event.AnswerOwn, Path: "train.py", Text: own})
	st := end()
	script := st.Files(1)["train.py"]
	for _, want := range []string{"STEPS = 30", "BASE = 1.9\n", "PART = 0.010"} {
		if !strings.Contains(script, want) {
			t.Errorf("the script lacks %q:\n%s", want, script)
		}
	}
	if len(st.Decisions) != 3 {
		t.Errorf("%d decisions are kept", len(st.Decisions))
	}
}

func TestAPauseOutlivesTheEngine(t *testing.T) {
	e := paced(modelEngine(t, modeltest.New(t, modeltest.Step{Text: fewer(30)})))
	spec := testSpec("scripted", 3)
	id := create(t, e.Store, spec)
	stop, _ := start(t, e, id)
	until(t, e, id, "node 1 trains", func(st *fold.State) bool { return len(st.Nodes) > 1 && st.Nodes[1].State == fold.NodeTraining })
	if why := command(t, e.Store, id, event.OrderPause, nil); why != "" {
		t.Fatal(why)
	}
	until(t, e, id, "it rests", func(st *fold.State) bool { return st.Status == event.StatusPaused })
	st := state(t, e.Store, id)
	if n := st.Nodes[1]; !n.Judged() || st.Runs[len(st.Runs)-1].Ended.Reason != "exited" {
		t.Errorf("the pause broke into the run of node 1: %+v", n)
	}
	stop()
	_, end := start(t, e, id)
	until(t, e, id, "it rests again", func(st *fold.State) bool { return st.Epoch > 0 && st.Status == event.StatusPaused })
	if st := state(t, e.Store, id); len(st.Nodes) > 2 && st.Nodes[2].State == fold.NodeTraining {
		t.Error("a node trains while the attempt is paused")
	}
	if why := command(t, e.Store, id, event.OrderGo, nil); why != "" {
		t.Fatal(why)
	}
	if st := end(); st.Status != event.StatusDone || len(st.Nodes) != 4 {
		t.Errorf("%s with %d nodes", st.Status, len(st.Nodes))
	}
}

func TestANoteBranchAndRepeatReachTheNextNodes(t *testing.T) {
	gate := make(chan struct{})
	server := modeltest.New(t, modeltest.Step{Text: fewer(30)}, modeltest.Step{Text: fewer(28), Gate: gate}, modeltest.Step{Text: block("PART = 0.012", "PART = 0.010")})
	e := modelEngine(t, server)
	id := create(t, e.Store, llmSpec(4))
	stop, _ := start(t, e, id)
	until(t, e, id, "node 2 is asked for", func(*fold.State) bool { return len(server.Requests()) == 2 })
	if why := command(t, e.Store, id, event.OrderSteer, event.Steered{Text: "look at PART"}); why != "" {
		t.Error(why)
	}
	if why := command(t, e.Store, id, event.OrderAsk, event.Asked{Node: 1, Origin: event.OriginBranch}); why != "" {
		t.Error(why)
	}
	if why := command(t, e.Store, id, event.OrderAsk, event.Asked{Node: 1, Origin: event.OriginRepeat}); why != "" {
		t.Error(why)
	}
	if why := command(t, e.Store, id, event.OrderAsk, event.Asked{Node: 9, Origin: event.OriginBranch}); !strings.Contains(why, "no node 9") {
		t.Errorf("a branch from nowhere: %q", why)
	}
	if why := command(t, e.Store, id, event.OrderAsk, event.Asked{Node: 0, Origin: event.OriginBranch}); !strings.Contains(why, "budget") {
		t.Errorf("a node beyond the budget: %q", why)
	}
	stop() // the orders outlive the engine
	close(gate)
	_, end := start(t, e, id)
	st := end()
	if n := st.Nodes[3]; n.Parent != 1 || n.Origin != event.OriginBranch || !strings.Contains(st.Files(3)["train.py"], "STEPS = 30") {
		t.Errorf("node 3 is %+v", n)
	}
	if n := st.Nodes[4]; n.Parent != 1 || n.Origin != event.OriginRepeat || st.Files(4)["train.py"] != st.Files(1)["train.py"] || n.State == event.VerdictEmpty {
		t.Errorf("node 4 is %+v", n)
	}
	if text := st.CallsOf(3)[0].Messages[1].Text; !strings.Contains(text, "look at PART") {
		t.Errorf("the note did not reach node 3:\n%s", text)
	}
	if len(st.Asked) != 0 {
		t.Errorf("still asked for: %v", st.Asked)
	}
}

func TestAStoppedRunNeverCountsAndTheAttemptGoesOn(t *testing.T) {
	e := paced(newTestEngine(openStore(t), scripted(edits{1: {change("PART = 0.012\n", "PART = 0.3\n")}, 2: {change("STEPS = 40\n", "STEPS = 30\n")}})))
	id := create(t, e.Store, testSpec("scripted", 2))
	_, end := start(t, e, id)
	until(t, e, id, "node 1 trains", func(st *fold.State) bool { r := st.LiveRun(); return r != nil && r.Node == 1 && r.Step > 0 })
	if why := command(t, e.Store, id, event.OrderStopRun, event.StopRun{}); why != "" {
		t.Fatal(why)
	}
	st := end()
	if n := st.Nodes[1]; n.State != event.VerdictFailed || !strings.Contains(n.Why, "stopped by order") {
		t.Errorf("node 1 is %s: %s", n.State, n.Why)
	}
	if n := st.Nodes[2]; !n.Valid() {
		t.Errorf("node 2 is %s: %s", n.State, n.Why)
	}
}

func TestAHopelessRunIsStoppedOnlyWhereAskedFor(t *testing.T) {
	t.Parallel()
	slow := edits{1: {change("PART = 0.012\n", "PART = 0.06\n")}}
	for _, factor := range []float64{0, 1.5} {
		e := paced(newTestEngine(openStore(t), scripted(slow)))
		spec := testSpec("scripted", 1)
		spec.Hopeless = factor
		st := runAttempt(t, e, spec)
		n := st.Nodes[1]
		if hopeless := strings.Contains(n.Why, "hopeless"); hopeless != (factor > 0) || hopeless && n.State != event.VerdictFailed {
			t.Errorf("with factor %g node 1 is %s: %s", factor, n.State, n.Why)
		}
	}
}

func TestAHumanWritesTheNodes(t *testing.T) {
	e := newTestEngine(openStore(t), nil)
	id := create(t, e.Store, testSpec(agent.Human, 1))
	stop, _ := start(t, e, id)
	waits := func(st *fold.State) bool { return st.Phase.Phase == event.PhaseAwaiting && st.Phase.Node == 1 }
	until(t, e, id, "the node waits for a person", waits)
	stop()
	_, end := start(t, e, id)
	until(t, e, id, "it waits again", func(st *fold.State) bool { return st.Epoch > 0 && waits(st) })
	task, _ := standInTask()
	own := strings.Replace(task.From.Script(), "STEPS = 40", "STEPS = 25", 1)
	if why := command(t, e.Store, id, event.OrderDecide, event.Decided{Node: 1, Answer: event.AnswerOwn, Text: own, Reason: "fewer"}); why != "" {
		t.Fatal(why)
	}
	st := end()
	if n := st.Nodes[1]; !n.Valid() || st.Files(1)["train.py"] != own || st.Edits[0].Reason != "fewer" {
		t.Errorf("node 1 is %+v", n)
	}
}

func TestWhatCameOfAnOrderIsKeptBeforeAnybodyIsTold(t *testing.T) {
	e := paced(newTestEngine(openStore(t), nil))
	id := create(t, e.Store, testSpec(agent.Human, 1))
	stop, _ := start(t, e, id)
	until(t, e, id, "node 1 waits for its writer", func(st *fold.State) bool { return st.Phase.Phase == event.PhaseAwaiting })
	for n := range 5 {
		order, err := e.Store.Give(t.Context(), id, event.OrderSteer, event.Steered{Text: fmt.Sprint("note ", n)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Store.Await(t.Context(), order); err != nil {
			t.Fatal(err)
		}
		// As a screen, or the next engine, would find it at this moment.
		if notes := state(t, e.Store, id).Notes; len(notes) != n+1 {
			t.Fatalf("order %d is told to be done, and %d notes are kept", n+1, len(notes))
		}
	}
	stop()
}
