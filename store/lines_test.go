package store_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"pitwall/store"
	"pitwall/store/event"
)

// TestALogLineIsDecodedOnceOnItsWayToTheScreen damages what was committed once it has
// been folded in: whoever shows its lines does not read it again.
func TestALogLineIsDecodedOnceOnItsWayToTheScreen(t *testing.T) {
	s := open(t)
	id := create(t, s)
	w := lease(t, s, id)
	f, err := s.Follow(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i := range 30 { // a segment that grows
		w.Emit(logLine(1, i))
		flush(t, w)
		if st, err := f.Refresh(); err != nil || st.Lines != int64(i+1) {
			t.Fatal(st.Lines, err)
		}
	}
	if err := s.Exec("UPDATE segments SET body = x'00'"); err != nil {
		t.Fatal(err)
	}
	lines, err := f.Lines(t.Context(), 0, 30)
	if err != nil || len(lines) != 30 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for i, l := range lines {
		if l.Index != int64(i) || !bytes.Equal(l.Data, logLine(1, i).Data) {
			t.Errorf("line %d is %d: %s", i, l.Index, l.Data)
		}
	}
}

// TestLinesAreTheSameWhateverIsAtHand compares what followers show of a growing log,
// whose segments they have seen in part, with what is read of the store alone.
func TestLinesAreTheSameWhateverIsAtHand(t *testing.T) {
	s := open(t)
	rapid.Check(t, func(rt *rapid.T) {
		id := create(t, s)
		w, err := s.Lease(t.Context(), id)
		if err != nil {
			rt.Fatal(err)
		}
		defer w.Close(t.Context())
		var want []event.Log
		followers := []*store.Follower{nil, nil}
		defer func() {
			for _, f := range followers {
				if f != nil {
					f.Close()
				}
			}
		}()
		rt.Repeat(map[string]func(*rapid.T){
			"log": func(rt *rapid.T) {
				size := rapid.SampledFrom([]int{1, 3, 40}).Draw(rt, "lines")
				wide := rapid.SampledFrom([]int{0, 100, 9000}).Draw(rt, "bytes")
				for range size {
					l := event.Log{Run: 1, End: '\n', Data: fmt.Appendf(nil, "line %d %s", len(want), noise(wide, len(want)))}
					want = append(want, l)
					w.Emit(l, event.Notice{Text: "between"})
				}
				flush(t, w)
			},
			"follow": func(rt *rapid.T) {
				i := rapid.IntRange(0, 1).Draw(rt, "who")
				if followers[i] == nil {
					var err error
					if followers[i], err = s.Follow(t.Context(), id); err != nil {
						rt.Fatal(err)
					}
				}
				if st, err := followers[i].Refresh(); err != nil || st.Lines != int64(len(want)) {
					rt.Fatalf("%d lines of %d, %v", st.Lines, len(want), err)
				}
			},
			"show": func(rt *rapid.T) {
				from := rapid.IntRange(-1, len(want)).Draw(rt, "from")
				to := rapid.IntRange(from, len(want)+2).Draw(rt, "to")
				lines, err := s.Lines(t.Context(), id, int64(from), int64(to))
				if f := followers[0]; f != nil && err == nil {
					shown, err := f.Lines(t.Context(), int64(from), int64(to))
					if err != nil || !slices.EqualFunc(shown, lines, func(a, b store.Line) bool { return a.Index == b.Index && bytes.Equal(a.Data, b.Data) }) {
						rt.Fatalf("a follower shows %d lines of %d, %v", len(shown), len(lines), err)
					}
				}
				lo, hi := max(from, 0), min(to, len(want))
				if err != nil || len(lines) != max(hi-lo, 0) {
					rt.Fatalf("%d lines of [%d, %d), %v", len(lines), lo, hi, err)
				}
				for i, l := range lines {
					if l.Index != int64(lo+i) || !bytes.Equal(l.Data, want[lo+i].Data) {
						rt.Fatalf("line %d is %d: %.40s", lo+i, l.Index, l.Data)
					}
				}
			},
		})
	})
}
