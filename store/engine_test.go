package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/storetest"
)

func TestALostEpochStopsTheWriter(t *testing.T) {
	s := open(t)
	id := create(t, s)
	w := lease(t, s, id)
	w.Emit(logLine(1, 1))
	flush(t, w)
	if err := s.Exec("UPDATE streams SET epoch = epoch + 1"); err != nil {
		t.Fatal(err)
	}
	w.Emit(logLine(1, 2))
	if err := w.Flush(t.Context()); !errors.Is(err, store.ErrEpoch) {
		t.Errorf("flush: %v", err)
	}
	<-w.Failed()
	if err := w.Close(t.Context()); !errors.Is(err, store.ErrEpoch) {
		t.Errorf("close: %v", err)
	}
	if st, err := s.StateAt(t.Context(), id, 0); err != nil || st.Seq != 1 {
		t.Errorf("event %d, %v", st.Seq, err)
	}
}

func TestAFullDiskStopsTheWriterAndLosesNothingCommitted(t *testing.T) {
	s := open(t)
	id := create(t, s)
	w := lease(t, s, id)
	w.Emit(event.Status{Status: event.StatusRunning}, logLine(1, 1))
	flush(t, w)
	pages, err := s.Query("PRAGMA page_count")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Query(fmt.Sprintf("PRAGMA max_page_count = %d", pages.(int64)+20)); err != nil {
		t.Fatal(err)
	}

	for i := 0; w.Err() == nil && i < 1000; i++ {
		w.Emit(event.Source{Path: "a", Text: noise(20_000, i)})
		err = w.Flush(t.Context())
	}
	<-w.Failed()
	if err == nil || !strings.Contains(err.Error(), "free some space on "+s.Home()+", then: pitwall resume "+id) {
		t.Errorf("%v", err)
	}
	if err := w.Close(t.Context()); err == nil {
		t.Error("closed without a word")
	}
	if m, err := s.Attempt(t.Context(), id); err != nil || m.Status != event.StatusInterrupted || m.Events < 2 {
		t.Errorf("%+v, %v", m, err)
	}
	if err := s.Exec("PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	w = lease(t, s, id)
	before := w.State().Seq
	w.Emit(event.Resumed{Epoch: 2})
	closeWriter(t, w)
	if st, err := s.StateAt(t.Context(), id, 0); err != nil || st.Seq != before+1 {
		t.Errorf("resumed at %d of %d, %v", st.Seq, before, err)
	}
}

func TestActiveTimeGoesOnWhereTheLastEngineEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		id := create(t, s)
		for range 2 {
			w, err := s.Lease(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
			w.Emit(event.Notice{Text: "here"})
			closeWriter(t, w)
			time.Sleep(time.Hour)
		}
		var active []int64
		for e, err := range s.Events(t.Context(), id, 1) {
			if err != nil {
				t.Fatal(err)
			}
			active = append(active, e.Active)
		}
		if len(active) != 2 || active[0] != 3000 || active[1] != 6000 {
			t.Errorf("%v", active)
		}
	})
}

func TestEventsAreCommittedWithinATenthOfASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		id := create(t, s)
		w, err := s.Lease(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		w.Emit(logLine(1, 1))
		time.Sleep(100 * time.Millisecond)
		m, err := s.Attempt(t.Context(), id)
		if err != nil || m.Events != 1 {
			t.Errorf("%d events, %v", m.Events, err)
		}
		time.Sleep(5 * time.Second)
		if m, err = s.Attempt(t.Context(), id); err != nil || time.Since(m.Heartbeat) > time.Second {
			t.Errorf("the last heartbeat was %v ago, %v", time.Since(m.Heartbeat), err)
		}
		closeWriter(t, w)
	})
}

func TestInterruptedIsDerivedAfterAGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		id := create(t, s)
		status := func(want event.Standing) {
			t.Helper()
			list, err := s.Attempts(t.Context())
			if err != nil || list[0].Status != want {
				t.Errorf("%s, not %s, %v", list[0].Status, want, err)
			}
		}
		status(event.StatusQueued)
		time.Sleep(4 * time.Second)
		status(event.StatusInterrupted)
		w, err := s.Lease(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		status(event.StatusQueued)
		w.Emit(event.Status{Status: event.StatusRunning})
		flush(t, w)
		status(event.StatusRunning)
		closeWriter(t, w)
		status(event.StatusInterrupted)
		if w, err = s.Lease(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		w.Emit(event.Status{Status: event.StatusStopped})
		closeWriter(t, w)
		status(event.StatusStopped)
	})
}

func TestOrdersReachTheEngineTheyWereGivenTo(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	id := create(t, s)
	if _, err := s.Order(ctx, id, "stop", ""); !errors.Is(err, store.ErrNotLive) {
		t.Errorf("an order to nobody: %v", err)
	}
	w := lease(t, s, id)
	first, err := s.Order(ctx, id, "stop", "now")
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.Orders(ctx)
	if err != nil || len(got) != 1 || got[0] != (store.Order{ID: first, Name: "stop", Args: "now"}) {
		t.Fatalf("%+v, %v", got, err)
	}
	if got, err := w.Orders(ctx); err != nil || len(got) != 0 {
		t.Errorf("given twice: %+v, %v", got, err)
	}
	if err := w.Finish(ctx, first, "stopped"); err != nil {
		t.Fatal(err)
	}
	if o, err := s.OrderState(ctx, first); err != nil || !o.Done || o.Result != "stopped" {
		t.Errorf("%+v, %v", o, err)
	}
	second, err := s.Order(ctx, id, "pause", "")
	if err != nil {
		t.Fatal(err)
	}
	closeWriter(t, w)
	if o, err := s.OrderState(ctx, second); err != nil || !o.Done || !strings.Contains(o.Result, "engine ended") {
		t.Errorf("%+v, %v", o, err)
	}
	w = lease(t, s, id)
	if got, err := w.Orders(ctx); err != nil || len(got) != 0 {
		t.Errorf("a new engine got %+v, %v", got, err)
	}
}

func TestDeletedAttemptsComeBackUntilTheyArePurged(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	kept := storetest.Fill(t, s, storetest.Options{})
	id := create(t, s)
	w := lease(t, s, id)
	for i := range 30_000 {
		w.Emit(event.Notice{Text: noise(200, i)})
	}
	if err := s.Delete(ctx, id); !errors.Is(err, store.ErrLive) {
		t.Errorf("deleted while it runs: %v", err)
	}
	closeWriter(t, w)
	if err := s.SaveCalibration(ctx, store.CalibrationRow{ID: id, Task: "micro/7", Key: "k", From: []float64{1}, To: []float64{2}}); err != nil {
		t.Fatal(err)
	}
	p, err := s.Play(ctx, id, store.PlayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()

	if err := s.Delete(ctx, id); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Attempts(ctx); err != nil || len(list) != 1 || list[0].ID != kept {
		t.Errorf("%d attempts, %v", len(list), err)
	}
	if _, err := s.Lease(ctx, id); !errors.Is(err, store.ErrDeleted) {
		t.Errorf("leased: %v", err)
	}
	await(t, p, "an error", func(s *store.Snapshot) bool { return errors.Is(s.Err, store.ErrDeleted) })
	if err := s.Undelete(ctx, id); err != nil {
		t.Fatal(err)
	}
	await(t, p, "no error", func(s *store.Snapshot) bool { return s.Err == nil })
	if m, err := s.Attempt(ctx, id); err != nil || m.Events != 30_000 {
		t.Errorf("%+v, %v", m, err)
	}

	if err := s.Delete(ctx, id); err != nil {
		t.Fatal(err)
	}
	before, _ := s.Query("PRAGMA page_count")
	if err := s.PurgeBefore(ctx, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.PurgeBefore(ctx, time.Now()); err != nil {
		t.Fatal(err)
	}
	after, _ := s.Query("PRAGMA page_count")
	if before.(int64)-after.(int64) < 500 {
		t.Errorf("%v pages before, %v after", before, after)
	}
	if err := s.Undelete(ctx, id); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("undeleted after the purge: %v", err)
	}
	for _, table := range []string{"segments", "checkpoints", "streams"} {
		if n, err := s.Query("SELECT count(*) FROM " + table + " WHERE rowid IN (SELECT rowid FROM " + table + ")"); err != nil || table == "streams" && n != int64(1) {
			t.Errorf("%v rows of %s, %v", n, table, err)
		}
	}
	if c, ok, err := s.Calibration(ctx, "micro/7", "k"); err != nil || !ok || c.To[0] != 2 {
		t.Errorf("calibration %+v, %v, %v", c, ok, err)
	}
	if st, err := s.StateAt(ctx, kept, 0); err != nil || !st.Finished() {
		t.Errorf("the other attempt: %v", err)
	}
	if next, err := s.Attempt(ctx, create(t, s)); err != nil || next.Number != 3 {
		t.Errorf("a number was used again: %d, %v", next.Number, err)
	}
}

func TestAttemptsAreFoundByPrefixAndNumber(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	a, b := create(t, s), create(t, s)
	cal, err := s.CreateCalibration(ctx, "micro/7", "k")
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{a: a, strings.ToUpper(b): b, "1": a, "#2": b, a[:25]: a} {
		if m, err := s.Attempt(ctx, given); err != nil || m.ID != want {
			if given == a[:25] && a[:25] == b[:25] {
				continue
			}
			t.Errorf("%q gave %q, %v", given, m.ID, err)
		}
	}
	for _, given := range []string{"", "3", "#9", "zzz", "%", "0", cal} {
		if _, err := s.Attempt(ctx, given); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: %v", given, err)
		}
	}
	_, err = s.Attempt(ctx, a[:3])
	if a[:3] == "01m" && (err == nil || !strings.Contains(err.Error(), a) || !strings.Contains(err.Error(), b)) {
		t.Errorf("ambiguous: %v", err)
	}
	if err := s.SetStar(ctx, a, true); err != nil {
		t.Error(err)
	}
	if err := s.SetNote(ctx, a, "look again"); err != nil {
		t.Error(err)
	}
	if m, err := s.Attempt(ctx, a); err != nil || !m.Star || m.Note != "look again" {
		t.Errorf("%+v, %v", m, err)
	}
	if err := s.SetNote(ctx, "nobody", ""); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

func TestAnAnswerThatIsLongMakesCheckpointsRarer(t *testing.T) {
	s := open(t)
	s.SetCheckpointEvery(50)
	id := create(t, s)
	w := lease(t, s, id)
	w.Emit(event.Node{ID: 0, Parent: -1}, event.Draft{Node: 0, Edit: 1, Part: event.PartPath, Text: "train.py"})
	want := ""
	for i := range 8000 {
		piece := noise(64, i)
		want += piece
		w.Emit(event.Draft{Node: 0, Edit: 1, Part: event.PartNew, Text: piece})
	}
	closeWriter(t, w)
	// Each holds the whole answer so far: together they must not outgrow it by much.
	v, err := s.Query("SELECT sum(length(scalars)) FROM checkpoints")
	if n, ok := v.(int64); err != nil || !ok || n > 3*int64(len(want)) {
		t.Errorf("checkpoints of %v bytes for an answer of %d, %v", v, len(want), err)
	}
	if st, err := s.StateAt(t.Context(), id, 0); err != nil || st.Drafts[0].New != want {
		t.Errorf("%d bytes of %d, %v", len(st.Drafts[0].New), len(want), err)
	}
}
