package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pitwall/store"
	"pitwall/store/event"
)

func open(t testing.TB) *store.Store {
	t.Helper()
	return openAt(t, t.TempDir())
}

func openAt(t testing.TB, home string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func create(t testing.TB, s *store.Store) string {
	t.Helper()
	id, err := s.Create(t.Context(), store.Spec{Task: "micro/7", Hint: "0", Agent: "noop", Scaffold: "flat", Runner: "local", Nodes: 3})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func lease(t testing.TB, s *store.Store, id string) *store.Writer {
	t.Helper()
	w, err := s.Lease(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close(context.Background()) })
	return w
}

func closeWriter(t testing.TB, w *store.Writer) {
	t.Helper()
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func flush(t testing.TB, w *store.Writer) {
	t.Helper()
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// await waits until the player shows what is wanted.
func await(t testing.TB, p *store.Player, what string, ok func(*store.Snapshot) bool) *store.Snapshot {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		if s := p.Snapshot(); ok(s) {
			return s
		}
		select {
		case <-p.Changed():
		case <-deadline:
			t.Fatalf("no snapshot with %s: %+v", what, p.Snapshot())
		}
	}
}

func logLine(run, i int) event.Log {
	return event.Log{Run: run, End: '\n', Data: fmt.Appendf(nil, "step:%d/1000 train_loss:%.4f train_time:%dms step_avg:%.2fms", i, 10/float64(i+3), 83*i, 83.1+float64(i%7)/10)}
}

func TestAnAttemptIsWrittenFollowedAndListed(t *testing.T) {
	s := open(t)
	id := create(t, s)
	w := lease(t, s, id)
	p, err := s.Play(t.Context(), id, store.PlayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	w.Emit(event.Attempt{ID: id, Task: "micro/7", Nodes: 3}, event.Status{Status: event.StatusRunning}, event.RunStarted{Run: 1, Node: -1})
	for i := range 100 {
		w.Emit(logLine(1, i))
	}
	snap := await(t, p, "103 events", func(s *store.Snapshot) bool { return s.LastSeq == 103 })
	if snap.State.Lines != 100 || snap.Summary.Status != event.StatusRunning || !snap.Following {
		t.Errorf("state %+v, summary %+v", snap.State.Scalars, snap.Summary)
	}
	flush(t, w)
	list, err := s.Attempts(t.Context())
	if err != nil || len(list) != 1 || list[0].Events != 103 || list[0].Lines != 100 || list[0].Number != 1 || list[0].Task != "micro/7" {
		t.Fatalf("attempts: %+v, %v", list, err)
	}
	lines, err := s.Lines(t.Context(), id, 98, 200)
	if err != nil || len(lines) != 2 || lines[0].Index != 98 || string(lines[1].Data) != string(logLine(1, 99).Data) {
		t.Errorf("lines %v, %v", lines, err)
	}
	if _, err := s.Lease(t.Context(), id); !errors.Is(err, store.ErrLeased) {
		t.Errorf("second lease: %v", err)
	}
	closeWriter(t, w)
	if m, err := s.Attempt(t.Context(), "1"); err != nil || m.Status != event.StatusInterrupted {
		t.Errorf("after the engine's end: %+v, %v", m, err)
	}
}
