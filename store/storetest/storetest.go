// Package storetest fills stores with plausible attempts, for the tests of
// whatever reads them. The figures are made up, and the same for the same options.
package storetest

import (
	"context"
	"testing"
	"time"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
)

// Options say what the attempt is like. The zero value is a finished attempt on
// micro/7 with three nodes (valid, missed, valid) of 200 steps each.
type Options struct {
	Task  string // "micro/7"
	Hint  string // "0"
	Agent string // "tuner"
	Nodes int    // 3
	Steps int    // of training in a run; 200
	Start time.Time
	// Model tells of a language model instead: agent llm with scaffold aide, five
	// nodes written two at a time, every edit approved by hand. Its calls fail and are
	// sent again, its edits are refused and mended, node 3 debugs node 2, a person
	// pauses, steers and asks for a branch, and the budget of money ends the search.
	Model bool
	// GPUs tells of an attempt at nanogpt/4 on that many of them instead: see onGPUs.
	GPUs int
	Open bool // with GPUs: at the open task nanogpt/89, judged by its speedup
}

func (o Options) defaults() Options {
	switch {
	case o.Task != "":
	case o.Open:
		o.Task = "nanogpt/89"
	case o.GPUs > 0:
		o.Task = "nanogpt/4"
	default:
		o.Task = "micro/7"
	}
	if o.Hint == "" {
		o.Hint = "0"
	}
	if o.Agent == "" && o.Model {
		o.Agent = "llm"
	}
	if o.Agent == "" {
		o.Agent = "tuner"
	}
	if o.Nodes == 0 && o.Model {
		o.Nodes = 5
	}
	if o.Nodes == 0 {
		o.Nodes = 3
	}
	if o.Steps == 0 {
		o.Steps = 200
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	}
	return o
}

// Spec is what was chosen for the attempt that o describes.
func (o Options) Spec() store.Spec {
	o = o.defaults()
	spec := store.Spec{Task: o.Task, Hint: o.Hint, Agent: o.Agent, Scaffold: "flat", Runner: "local", Nodes: o.Nodes, Seed: 1, Calibrate: 2, Confirm: 3}
	if o.GPUs > 0 {
		spec.Budget.GPUHours, spec.Scripts = 40, "llm-speedrunner"
	}
	if o.Model {
		spec.Scaffold, spec.Search, spec.Budget, spec.Parallel, spec.Gate = "aide", modelSearch, modelBudget, 2, true
		spec.Talk = store.Talk{Model: modelName, Reflections: 5, Ideas: true, Summaries: true, Judge: judgeName}
	}
	return spec
}

// Fill stores a finished attempt and gives its id.
func Fill(t testing.TB, s *store.Store, o Options) (id string) {
	t.Helper()
	f := Live(t, s, o)
	f.All()
	if err := f.Writer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	return f.ID
}

// Feed is an attempt in the making.
type Feed struct {
	ID     string
	Writer *store.Writer
	rest   []Moment
	t      testing.TB
}

// Live creates the attempt and leases it, without an event yet. The test's
// cleanup closes the Writer.
func Live(t testing.TB, s *store.Store, o Options) *Feed {
	t.Helper()
	id, err := s.Create(context.Background(), o.Spec())
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Lease(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close(context.Background()) })
	return &Feed{ID: id, Writer: w, rest: Story(id, o), t: t}
}

// Next emits the next n moments and commits them. It reports whether more follow.
func (f *Feed) Next(n int) bool {
	f.t.Helper()
	n = min(n, len(f.rest))
	for _, m := range f.rest[:n] {
		f.Writer.EmitAt(m.Times, m.Bodies...)
	}
	f.rest = f.rest[n:]
	if err := f.Writer.Flush(context.Background()); err != nil {
		f.t.Fatal(err)
	}
	return len(f.rest) > 0
}

// Until emits and commits moments up to, and with, the first whose last body
// makes stop true. It reports whether there was one.
func (f *Feed) Until(stop func(event.Body) bool) bool {
	f.t.Helper()
	for i, m := range f.rest {
		for _, b := range m.Bodies {
			if stop(b) {
				f.Next(i + 1)
				return true
			}
		}
	}
	f.All()
	return false
}

// All emits and commits what is left.
func (f *Feed) All() {
	f.t.Helper()
	f.Next(len(f.rest))
}

// State folds the whole attempt without a store.
func State(o Options) *fold.State {
	st := fold.New()
	for _, m := range Story("01jtestattempt000000000000", o) {
		for _, b := range m.Bodies {
			st.Apply(event.Event{Seq: st.Seq + 1, Active: m.Active, Wall: m.Wall, Body: event.Exact(b)})
		}
	}
	return st
}
