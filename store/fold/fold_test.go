package fold_test

import (
	"testing"

	"pgregory.net/rapid"

	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/store/internal/eventgen"
)

// TestCheckpointsStandForTheirState cuts a random stream in two, keeps the
// first part as a checkpoint, and goes on from there.
func TestCheckpointsStandForTheirState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var nodes, runs int
		n := rapid.IntRange(1, 60).Draw(t, "events")
		cut := rapid.IntRange(0, n).Draw(t, "cut")
		whole, early := fold.New(), fold.New()
		var events []event.Event
		for i := range n {
			e := event.Event{Seq: int64(i + 1), Active: int64(i) * 10, Wall: int64(i) * 11, Body: event.Exact(eventgen.Body(t, &nodes, &runs))}
			events = append(events, e)
			whole.Apply(e)
			if i < cut {
				early.Apply(e)
			}
		}
		lens := early.Lens()
		scalars, err := fold.EncodeScalars(&early.Scalars)
		if err != nil {
			t.Fatal(err)
		}
		half := fold.Lens{Points: lens.Points / 2, Marks: lens.Marks / 2, Samples: lens.Samples / 2}
		first, err := fold.EncodeColumns(early.At(early.Scalars, half).Columns)
		if err != nil {
			t.Fatal(err)
		}
		rest, err := fold.EncodeColumns(early.Since(half))
		if err != nil {
			t.Fatal(err)
		}
		var back fold.State
		if back.Scalars, err = fold.DecodeScalars(scalars); err != nil {
			t.Fatal(err)
		}
		for _, chunk := range [][]byte{first, rest} {
			if err := back.AppendColumns(chunk); err != nil {
				t.Fatal(err)
			}
		}
		if d := eventgen.Diff(early, &back); d != "" {
			t.Fatal("at the checkpoint", d)
		}
		for _, e := range events[cut:] {
			back.Apply(e)
		}
		if d := eventgen.Diff(whole, &back); d != "" {
			t.Fatal("at the end", d)
		}
	})
}

func TestSnapshotsDoNotChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var nodes, runs int
		st := fold.New()
		type kept struct {
			snapshot *fold.State
			scalars  []byte
			columns  []byte
		}
		keep := func() kept {
			s := st.Snapshot()
			scalars, err := fold.EncodeScalars(&s.Scalars)
			if err != nil {
				t.Fatal(err)
			}
			columns, err := fold.EncodeColumns(s.Columns)
			if err != nil {
				t.Fatal(err)
			}
			return kept{s, scalars, columns}
		}
		var all []kept
		for i := range rapid.IntRange(1, 40).Draw(t, "events") {
			all = append(all, keep())
			st.Apply(event.Event{Seq: int64(i + 1), Active: int64(i), Wall: int64(i), Body: event.Exact(eventgen.Body(t, &nodes, &runs))})
		}
		for _, k := range all {
			scalars, _ := fold.EncodeScalars(&k.snapshot.Scalars)
			columns, _ := fold.EncodeColumns(k.snapshot.Columns)
			if string(scalars) != string(k.scalars) || string(columns) != string(k.columns) {
				t.Fatalf("the snapshot after event %d changed", k.snapshot.Seq)
			}
		}
	})
}

func FuzzDecodeCheckpoint(f *testing.F) {
	st := fold.New()
	st.Apply(event.Event{Seq: 1, Body: event.Node{ID: 0, Parent: -1}})
	st.Apply(event.Event{Seq: 2, Body: event.Point{Run: 1, Step: 3}})
	st.Apply(event.Event{Seq: 3, Body: event.Sample{Run: 1, CPU: 3.5}})
	columns, _ := fold.EncodeColumns(st.Columns)
	scalars, _ := fold.EncodeScalars(&st.Scalars)
	f.Add(scalars, columns)
	f.Fuzz(func(t *testing.T, scalars, columns []byte) {
		// Whatever comes: an error, or a value, and no panic.
		_, _ = fold.DecodeScalars(scalars)
		var c fold.Columns
		_ = c.AppendColumns(columns)
	})
}
