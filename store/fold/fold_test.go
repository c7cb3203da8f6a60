package fold_test

import (
	"fmt"
	"slices"
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

// TestCopiesOfAStateGoOnEachForItself lets copies of a state, which share the texts that
// are being written, hear different ends of them, and compares each with a state that
// heard the whole by itself.
func TestCopiesOfAStateGoOnEachForItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		begun := []event.Body{
			event.Node{ID: 0, Parent: -1},
			event.Draft{Node: 0, Edit: 1, Part: event.PartPath, Text: "train.py"},
			event.Call{Call: 1},
		}
		type story struct {
			st   *fold.State
			told []event.Body
		}
		all := []*story{{st: fold.New()}}
		tell := func(s *story, b event.Body) {
			s.told = append(s.told, b)
			s.st.Apply(event.Event{Seq: int64(len(s.told)), Body: b})
		}
		for _, b := range begun {
			tell(all[0], b)
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			s := all[rapid.IntRange(0, len(all)-1).Draw(t, "who")]
			text := rapid.StringN(0, 3, 9).Draw(t, "text")
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				all = append(all, &story{s.st.Snapshot(), slices.Clone(s.told)})
			case 1:
				tell(s, event.Speech{Call: 1, Voice: event.Voice(rapid.IntRange(1, 3).Draw(t, "voice")), Text: text})
			default:
				tell(s, event.Draft{Node: 0, Edit: 1, Part: event.Part(rapid.IntRange(2, 4).Draw(t, "part")), Text: text})
			}
		}
		for i, s := range all {
			var draft, call [5]string
			for _, b := range s.told {
				switch b := b.(type) {
				case event.Draft:
					draft[b.Part] += b.Text
				case event.Speech:
					call[b.Voice] += b.Text
				}
			}
			d, c := s.st.Drafts[0], s.st.Speaking[0]
			if got := [5]string{"", d.Path, d.Reason, d.Old, d.New}; got != draft {
				t.Fatalf("copy %d writes %q, was told %q", i, got, draft)
			}
			if got := [5]string{"", c.Text, c.Reasoning, c.Tool}; got != call {
				t.Fatalf("copy %d hears %q, was told %q", i, got, call)
			}
		}
	})
}

// BenchmarkStreamedAnswer folds an answer that comes in pieces of some letters, as a
// screen does: a snapshot every few pieces. The time of a byte must not grow with the
// answer.
func BenchmarkStreamedAnswer(b *testing.B) {
	for _, size := range []int{100 << 10, 1 << 20, 10 << 20} {
		b.Run(fmt.Sprintf("%d kB", size>>10), func(b *testing.B) {
			const piece = "    lr = base * (1 - step / total)  \n"
			b.SetBytes(int64(size))
			for b.Loop() {
				st, seq := fold.New(), int64(0)
				apply := func(body event.Body) {
					seq++
					st.Apply(event.Event{Seq: seq, Active: seq, Body: body})
				}
				apply(event.Node{ID: 0, Parent: -1})
				apply(event.Call{Call: 1})
				apply(event.Draft{Node: 0, Edit: 1, Part: event.PartPath, Text: "train.py"})
				for n := 0; n < size; n += len(piece) {
					apply(event.Speech{Call: 1, Voice: event.VoiceText, Text: piece})
					apply(event.Draft{Node: 0, Edit: 1, Part: event.PartNew, Text: piece})
					if seq%8 == 0 {
						st.Snapshot()
					}
				}
				if len(st.Drafts[0].New) < size || len(st.Speaking[0].Text) < size {
					b.Fatal(len(st.Drafts[0].New))
				}
			}
		})
	}
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
