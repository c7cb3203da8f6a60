package storetest_test

import (
	"testing"

	"pitwall/store"
	"pitwall/store/event"
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
	if st := f.Writer.State(); len(st.Edits) != 1 || st.Draft() != nil {
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
