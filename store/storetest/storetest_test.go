package storetest_test

import (
	"testing"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/store/storetest"
)

func TestFillStoresAFinishedConfirmedAttempt(t *testing.T) {
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	id := storetest.Fill(t, s, storetest.Options{})
	m, err := s.Attempt(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if m.Status != event.StatusDone || !m.Confirmed || m.FSR == nil || m.NodesDone != 3 || m.BestNode != 3 {
		t.Errorf("summary %+v", m)
	}
	st := storetest.State(storetest.Options{})
	if len(st.Edits) != 6 || !st.Edits[0].Applied || st.Files(3)["train.py"] == st.Files(0)["train.py"] || m.Events != st.Seq {
		t.Errorf("%d edits of %d events, %d in the store", len(st.Edits), st.Seq, m.Events)
	}
}

func TestLiveStopsWhereItIsTold(t *testing.T) {
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	f := storetest.Live(t, s, storetest.Options{Nodes: 1})
	if !f.Until(func(b event.Body) bool { return b.Kind() == event.KindApplied }) {
		t.Fatal("no edit was applied")
	}
	if st := f.Writer.State(); len(st.Edits) != 1 || len(st.Drafts) != 0 {
		t.Errorf("%d edits", len(st.Edits))
	}
	f.All()
	if !f.Writer.State().Finished() {
		t.Error("not finished")
	}
	if err := f.Writer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestTheModelsStoryHasItAll(t *testing.T) {
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o := storetest.Options{Model: true, Steps: 20}
	m, err := s.Attempt(t.Context(), storetest.Fill(t, s, o))
	if err != nil {
		t.Fatal(err)
	}
	if m.Status != event.StatusDone || !m.Confirmed || m.BestNode != 1 || m.NodesDone != 5 || m.Tokens == 0 || !m.Cost.Known() {
		t.Errorf("summary %+v", m)
	}
	st := storetest.State(o)
	if len(st.Calls) < 9 || len(st.Speaking) > 0 || len(st.Drafts) > 0 || len(st.Decisions) != 6 || st.Spent == nil || len(st.Asked) > 0 || st.Paused {
		t.Errorf("%d calls, %d open, %d drafts, %d decisions, spent %v, asked %v, paused %v",
			len(st.Calls), len(st.Speaking), len(st.Drafts), len(st.Decisions), st.Spent, st.Asked, st.Paused)
	}
	origins := ""
	for _, n := range st.Nodes {
		origins += n.Origin + "/"
	}
	if origins != "///debug/branch/repeat/" {
		t.Errorf("origins %s", origins)
	}
	if st.Files(5)["train.py"] != st.Files(1)["train.py"] || st.Files(1)["train.py"] == st.Files(0)["train.py"] {
		t.Error("node 5 does not repeat node 1")
	}
}

func TestTheStoryOnGPUsHasItAll(t *testing.T) {
	st := storetest.State(storetest.Options{GPUs: 8})
	c := st.Confirmed
	if c == nil || !c.Valid || c.FSR == nil || c.P == nil || st.Best() != 3 || st.Status != event.StatusDone || !st.Attempt.Benchmark {
		t.Fatalf("confirmed %+v, best %d, %s", c, st.Best(), st.Status)
	}
	if n := st.Node(1); len(n.Violations) != 1 || len(event.Breaches(n.Violations)) != 0 {
		t.Errorf("node 1 is not flagged: %+v", n.Violations)
	}
	failed := st.Run(st.Node(2).Runs[0]).Ended
	if st.Node(2).State != event.VerdictFailed || failed.Rank == nil || *failed.Rank != 5 {
		t.Errorf("node 2 is %s, its run %+v", st.Node(2).State, failed)
	}
	last, restarts := 0.0, 0
	for _, p := range pointsOf(st, 1) {
		if p.TrainMS < last {
			restarts++
		}
		last = p.TrainMS
	}
	fewest := 8
	for _, g := range st.GPUs {
		fewest = min(fewest, len(g.Devices))
	}
	if restarts != 1 || fewest != 7 || st.Used().GPUHours < 1 {
		t.Errorf("%d restarts, %d GPUs at the fewest, %.2f GPU-hours", restarts, fewest, st.Used().GPUHours)
	}
	cold := storetest.State(storetest.Options{GPUs: 8, Task: "nanogpt/2", Nodes: 1})
	if cold.Confirmed.FSRWarm == nil || cold.Run(1).Ended.FirstMS == 0 {
		t.Errorf("the clock of nanogpt/2 counts no compilation: %+v", cold.Confirmed)
	}
	open := storetest.State(storetest.Options{GPUs: 8, Open: true, Nodes: 1})
	if !open.Attempt.Open() || open.Confirmed.Speedup == nil || open.Confirmed.FSR != nil {
		t.Errorf("the open task: %+v", open.Confirmed)
	}
}

// pointsOf gives the points of a run.
func pointsOf(st *fold.State, run int) (points []fold.Point) {
	for _, p := range st.Points {
		if p.Run == run {
			points = append(points, p)
		}
	}
	return points
}
