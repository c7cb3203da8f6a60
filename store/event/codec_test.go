package event_test

import (
	"bytes"
	"math"
	"testing"

	"pgregory.net/rapid"

	"pitwall/store/event"
	"pitwall/store/internal/eventgen"
)

// encode makes a segment's body of events.
func encode(t interface{ Fatal(...any) }, base event.Times, events []event.Event) []byte {
	raw := event.AppendHeader(nil, base)
	for _, e := range events {
		var err error
		if raw, err = event.AppendEvent(raw, base, e); err != nil {
			t.Fatal(err)
		}
		base = event.Times{Active: e.Active, Wall: e.Wall}
	}
	return raw
}

func draw(t *rapid.T) []event.Event {
	var nodes, runs int
	var events []event.Event
	var active int64
	for seq := range int64(rapid.IntRange(0, 40).Draw(t, "events")) {
		active += rapid.Int64Range(0, 5000).Draw(t, "active")
		wall := rapid.Int64Range(0, 4e12).Draw(t, "wall")
		events = append(events, event.Event{Seq: seq + 7, Active: active, Wall: wall, Body: event.Exact(eventgen.Body(t, &nodes, &runs))})
	}
	return events
}

func TestEventsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := draw(t)
		raw := encode(t, event.Times{Active: 3, Wall: 1 << 40}, want)
		var got []event.Event
		if err := event.Decode(7, raw, func(e event.Event) bool { got = append(got, e); return true }); err != nil {
			t.Fatal(err)
		}
		if d := eventgen.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	})
}

func TestATruncatedBodyGivesItsWholeEventsAndAnError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := draw(t)
		raw := encode(t, event.Times{}, want)
		cut := rapid.IntRange(0, len(raw)).Draw(t, "cut")
		n := 0
		err := event.Decode(7, raw[:cut], func(e event.Event) bool {
			if d := eventgen.Diff(want[n], e); d != "" {
				t.Fatal(d)
			}
			n++
			return true
		})
		if err == nil && cut < len(raw) && len(encode(t, event.Times{}, want[:n])) != cut {
			t.Fatal("no error")
		}
	})
}

func TestBodiesOfALaterVersionAreCarried(t *testing.T) {
	want := event.Event{Seq: 1, Active: 1, Wall: 1, Body: event.Unknown{Of: 60, Raw: []byte{0, 1, 2}}}
	raw := encode(t, event.Times{}, []event.Event{want})
	err := event.Decode(1, raw, func(e event.Event) bool {
		if d := eventgen.Diff(want, e); d != "" {
			t.Error(d)
		}
		return true
	})
	if err != nil {
		t.Error(err)
	}
	raw[0]++
	if err := event.Decode(1, raw, func(event.Event) bool { return true }); err == nil {
		t.Error("a body of another format was read")
	}
}

func TestExactLeavesTheOriginalAlone(t *testing.T) {
	from := []float64{1, math.NaN()}
	nan := math.NaN()
	c := event.Calibration{Why: "a\xffb", From: from, SD: math.Inf(1)}
	got := event.Exact(c).(event.Calibration)
	if got.Why != "a\uFFFDb" || got.From[1] != 0 || got.SD != 0 {
		t.Errorf("%+v", got)
	}
	if c.Why != "a\xffb" || !math.IsNaN(from[1]) {
		t.Errorf("changed to %+v", c)
	}
	if j := event.Exact(&event.Judged{FSR: &nan}).(event.Judged); j.FSR != nil {
		t.Errorf("an unknown FSR became %v", *j.FSR)
	}
}

// TestAPointWithoutFurtherMetricsTakesNoMoreRoom holds that records of those that had no
// further metrics are what they are today, and are read as such.
func TestAPointWithoutFurtherMetricsTakesNoMoreRoom(t *testing.T) {
	p := event.Point{Run: 1, Step: 2, Total: 3, TrainLoss: 3.28, ValLoss: math.NaN()}
	fixed := event.AppendPoint(nil, p)
	raw := encode(t, event.Times{}, []event.Event{{Seq: 1, Body: p}})
	if !bytes.HasSuffix(raw, fixed) {
		t.Errorf("%x does not end in %x", raw, fixed)
	}
	p.More = []event.Metric{{Name: "tokens", Value: 1}}
	if more := encode(t, event.Times{}, []event.Event{{Seq: 1, Body: p}}); len(more) != len(raw)+len("tokens")+4 {
		t.Errorf("a metric takes %d bytes", len(more)-len(raw))
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, event.Times{}, []event.Event{
		{Seq: 1, Active: 1, Wall: 1, Body: event.Log{Run: 1, End: '\n', Data: []byte("step:1/2 train_loss:3.2")}},
		{Seq: 2, Active: 9, Wall: 5, Body: event.Point{Run: 1, Step: 1, TrainLoss: 3.2, ValLoss: math.NaN()}},
		{Seq: 2, Active: 9, Wall: 5, Body: event.Point{Run: 1, Step: 2, More: []event.Metric{{Name: "tokens", Value: 524288}, {Name: "muon_lr", Value: math.NaN()}}}},
		{Seq: 3, Active: 9, Wall: 6, Body: event.Sample{Run: 1, CPU: 99.5}},
		{Seq: 4, Active: 9, Wall: 6, Body: event.Draft{Node: 1, Edit: 1, Part: event.PartNew, Text: "lr"}},
		{Seq: 5, Active: 9, Wall: 6, Body: event.Status{Status: event.StatusDone}},
	}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var events []event.Event
		err := event.Decode(1, raw, func(e event.Event) bool {
			events = append(events, e)
			return true
		})
		if err != nil {
			return
		}
		// What could be read can be written, and reads the same.
		for i := range events {
			events[i].Body = event.Exact(events[i].Body)
		}
		again := encode(t, event.Times{}, events)
		var second []event.Event
		if err := event.Decode(1, again, func(e event.Event) bool { second = append(second, e); return true }); err != nil {
			t.Fatal(err)
		}
		if d := eventgen.Diff(events, second); d != "" {
			t.Fatal(d)
		}
		if !bytes.Equal(again, encode(t, event.Times{}, second)) {
			t.Fatal("the second encoding differs")
		}
	})
}
