package start

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pitwall/agent"
	"pitwall/runner/profile"
	"pitwall/store"
	"pitwall/store/event"
)

// world writes down what a Starter does, and fails at one step of it.
type world struct {
	did    []string
	fails  string
	status event.Standing
	made   store.Spec
}

var errStep = errors.New("this step fails")

func (w *world) step(name string) error {
	w.did = append(w.did, name)
	if w.fails == name {
		return errStep
	}
	return nil
}

func (w *world) Create(_ context.Context, spec store.Spec) (string, error) {
	w.made = spec
	return "id", w.step("create")
}

func (w *world) Attempt(context.Context, string) (store.Summary, error) {
	return store.Summary{ID: "id", Number: 3, Status: w.status, Spec: store.Spec{Task: "micro/7"}}, w.step("find")
}

func (w *world) starter(gpus int) Starter {
	return Starter{
		Store:     w,
		Model:     func(string) (string, error) { return "lab/model", w.step("model") },
		Preflight: func(context.Context, store.Spec) error { return w.step("preflight") },
		Plan: func(store.Spec) (profile.Plan, error) {
			return profile.Plan{GPUs: gpus, From: 600, To: 500, Nodes: 2}, w.step("plan")
		},
		Agree: func(_ context.Context, cost string) error {
			if !strings.Contains(cost, "GPU-hours") {
				return fmt.Errorf("asked about %q", cost)
			}
			return w.step("agree")
		},
		Launch: func(context.Context, string, bool) error { return w.step("launch") },
	}
}

func TestAnAttemptIsBegunStepByStepAndNoFurtherThanTheFirstThatFails(t *testing.T) {
	steps := []string{"model", "preflight", "plan", "agree", "create", "launch"}
	for i, fails := range append(steps, "") {
		w := &world{fails: fails}
		id, err := w.starter(8).Begin(t.Context(), store.Spec{Task: "nanogpt/4", Agent: agent.LLM, Talk: store.Talk{Model: "model"}})
		want := steps[:min(i+1, len(steps))]
		if !slices.Equal(w.did, want) {
			t.Errorf("where %q fails it does %q, want %q", fails, w.did, want)
		}
		if (fails == "") != (err == nil) || err != nil && !errors.Is(err, errStep) {
			t.Errorf("where %q fails the error is %v", fails, err)
		}
		if there := slices.Contains([]string{"launch", ""}, fails); (id == "id") != there {
			t.Errorf("where %q fails the id is %q", fails, id)
		}
		if id != "" && w.made.Model != "lab/model" {
			t.Errorf("the attempt keeps the model %q", w.made.Model)
		}
	}
}

func TestNobodyIsAskedAboutWhatCostsNothing(t *testing.T) {
	w := &world{}
	if _, err := w.starter(0).New(t.Context(), store.Spec{Task: "micro/7", Agent: agent.Noop}); err != nil || !slices.Equal(w.did, []string{"preflight", "plan", "create"}) {
		t.Errorf("it does %q, %v", w.did, err)
	}
	w = &world{}
	st := w.starter(8)
	st.Agree = nil // a screen has asked already
	if _, err := st.New(t.Context(), store.Spec{Task: "nanogpt/4", Agent: agent.Noop}); err != nil || !slices.Equal(w.did, []string{"preflight", "plan", "create"}) {
		t.Errorf("it does %q, %v", w.did, err)
	}
}

func TestOnlyWhatStandsStillIsGoneOnWith(t *testing.T) {
	for status, says := range map[event.Standing]string{
		event.StatusDone: "pitwall attempt micro/7", event.StatusRunning: "pitwall watch 3", event.StatusQueued: "pitwall watch 3", event.StatusPaused: "pitwall watch 3",
		event.StatusStopped: "", event.StatusFailed: "", event.StatusInterrupted: "",
	} {
		w := &world{status: status}
		err := w.starter(0).Resume(t.Context(), "i", true)
		if says == "" && (err != nil || !slices.Equal(w.did, []string{"find", "preflight", "launch"})) {
			t.Errorf("one that is %s: it does %q, %v", status, w.did, err)
		}
		if says != "" && (err == nil || !strings.Contains(err.Error(), says) || slices.Contains(w.did, "launch")) {
			t.Errorf("one that is %s: it does %q, %v", status, w.did, err)
		}
	}
}

func TestACampaignIsMeasuredOnceATask(t *testing.T) {
	calibrated := map[string]int{}
	st := Starter{Plan: func(spec store.Spec) (profile.Plan, error) {
		calibrated[spec.Task] += spec.Calibrate
		return profile.Plan{GPUs: 8, From: 600, To: 500, Nodes: 1, Calibrate: spec.Calibrate}, nil
	}}
	spec := store.Spec{Task: "nanogpt/4", Calibrate: 3}
	other := store.Spec{Task: "nanogpt/5", Calibrate: 2}
	text, err := st.Cost(spec, spec, other, spec)
	if err != nil || calibrated["nanogpt/4"] != 3 || calibrated["nanogpt/5"] != 2 {
		t.Errorf("calibrated %v, %v", calibrated, err)
	}
	if !strings.Contains(text, "8 GPUs") || !strings.Contains(text, "price") {
		t.Errorf("it says %q", text)
	}
}
