package store_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/store/internal/eventgen"
)

// TestTheStateIsTheSameHoweverOneGetsThere writes random streams, in random
// batches and leases, and compares the fold at random places: followed live,
// replayed from the start, sought back and forth, and opened at a checkpoint.
func TestTheStateIsTheSameHoweverOneGetsThere(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.SetCheckpointEvery(8)
	fresh := openAt(t, s.Home())
	began := time.Now()
	rapid.Check(t, func(rt *rapid.T) {
		if time.Since(began) > 20*time.Second {
			return // a machine that is busy with others tries fewer
		}
		id := create(t, s)
		w, err := s.Lease(t.Context(), id)
		if err != nil {
			rt.Fatal(err)
		}
		live, err := s.Play(t.Context(), id, store.PlayOptions{})
		if err != nil {
			rt.Fatal(err)
		}
		defer live.Close()

		// want[i] is the fold after event i.
		want := []*fold.State{fold.New()}
		var events []event.Event
		reference := fold.New()
		var nodes, runs int
		var at event.Times
		for i := range rapid.IntRange(0, 60).Draw(rt, "events") {
			switch rapid.IntRange(0, 12).Draw(rt, "between") {
			case 0:
				flush(t, w)
			case 1:
				closeWriter(t, w)
				if w, err = s.Lease(t.Context(), id); err != nil {
					rt.Fatal(err)
				}
			}
			at.Active += rapid.Int64Range(0, 3).Draw(rt, "active") * 15
			at.Wall += rapid.Int64Range(-10, 5000).Draw(rt, "wall")
			body := eventgen.Body(rt, &nodes, &runs)
			w.EmitAt(at, body)
			e := event.Event{Seq: int64(i + 1), Active: at.Active, Wall: at.Wall, Body: event.Exact(body)}
			events = append(events, e)
			reference.Apply(e)
			want = append(want, reference.Snapshot())
		}
		compare := func(what string, got *fold.State) {
			if d := eventgen.Diff(want[got.Seq], got); d != "" {
				rt.Fatalf("%s, after event %d of %d: %s", what, got.Seq, len(events), d)
			}
		}
		last := int64(len(events))
		compare("of the writer", w.State())
		flush(t, w)
		compare("followed live", await(t, live, "the last event", func(s *store.Snapshot) bool { return s.LastSeq == last }).State)
		closeWriter(t, w)

		var read []event.Event
		for e, err := range fresh.Events(t.Context(), id, 1) {
			if err != nil {
				rt.Fatal(err)
			}
			read = append(read, e)
		}
		if d := eventgen.Diff(events, read); d != "" {
			rt.Fatal("events: ", d)
		}
		checkLines(t, rt, fresh, id, events)
		replayed, err := fresh.Play(t.Context(), id, store.PlayOptions{Replay: true})
		if err != nil {
			rt.Fatal(err)
		}
		defer replayed.Close()
		replayed.Pause()
		live.Pause()
		for range 6 {
			seq := rapid.Int64Range(0, last).Draw(rt, "seq")
			st, err := fresh.StateAt(t.Context(), id, seq)
			if err != nil {
				rt.Fatal(err)
			}
			compare("opened", st)
			for what, p := range map[string]*store.Player{"sought in replay": replayed, "sought from live": live} {
				p.SeekSeq(seq)
				p.Step(0)
				compare(what, await(t, p, "the place", func(s *store.Snapshot) bool { return s.State.Seq == seq && !s.Following }).State)
			}
			on := min(last, seq+rapid.Int64Range(0, 20).Draw(rt, "step"))
			replayed.Step(int(on - seq))
			compare("stepped to", await(t, replayed, "the step", func(s *store.Snapshot) bool { return s.State.Seq == on }).State)
		}
		replayed.SetSpeed(100)
		replayed.SeekSeq(0)
		replayed.Play()
		compare("played to the end", await(t, replayed, "the end", func(s *store.Snapshot) bool { return s.State.Seq == last && s.LastSeq == last }).State)
	})
}

func checkLines(t *testing.T, rt *rapid.T, s *store.Store, id string, events []event.Event) {
	var want []store.Line
	for _, e := range events {
		if b, ok := e.Body.(event.Log); ok {
			want = append(want, store.Line{Index: int64(len(want)), Run: b.Run, Stderr: b.Stderr, End: b.End, Gap: b.Gap, Active: e.Active, Data: b.Data})
		}
	}
	from := rapid.IntRange(0, len(want)).Draw(rt, "from")
	to := rapid.IntRange(from, len(want)).Draw(rt, "to")
	got, err := s.Lines(t.Context(), id, int64(from), int64(to))
	if err != nil {
		rt.Fatal(err)
	}
	if d := eventgen.Diff(want[from:to], got); d != "" {
		rt.Fatal("lines: ", d)
	}
}
