package ui

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/storetest"
)

// modelStory tells the story of a model up to the first event that is wanted.
func modelStory(t testing.TB, s *store.Store, wanted func(event.Body) bool) *storetest.Feed {
	t.Helper()
	f := storetest.Live(t, s, storetest.Options{Model: true, Steps: 40, Start: now})
	if !f.Until(wanted) {
		t.Fatal("the story has no such event")
	}
	return f
}

func proposed(node, edit int) func(event.Body) bool {
	return func(b event.Body) bool {
		p, ok := b.(event.Proposed)
		return ok && p.Node == node && p.Edit == edit
	}
}

// trains is a step of the run with which node 1 of a model's story trains.
func trains(b event.Body) bool {
	p, ok := b.(event.Point)
	return ok && p.Run == 5 && p.Step == 20
}

func emit(t testing.TB, f *storetest.Feed, bodies ...event.Body) {
	t.Helper()
	f.Writer.Emit(bodies...)
	if err := f.Writer.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// ordered waits for the next order that the screen gives the engine.
func (d *driver) ordered(f *storetest.Feed) (o store.Order) {
	d.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for {
		list, err := f.Writer.Orders(context.Background())
		if err != nil {
			d.t.Fatal(err)
		}
		if len(list) > 1 {
			d.t.Fatalf("orders %v, want one", list)
		}
		if len(list) == 1 {
			return list[0]
		}
		select {
		case msg := <-d.msgs:
			d.send(msg)
		case <-tick.C:
		case <-limit.C:
			d.t.Fatalf("no order came; the screen is\n%s", d.text())
		}
	}
}

// taken has the engine take an order.
func taken(t testing.TB, f *storetest.Feed, o store.Order, result string) {
	t.Helper()
	if err := f.Writer.Finish(context.Background(), o.ID, result); err != nil {
		t.Fatal(err)
	}
}

// typed presses the keys of a text.
func (d *driver) typed(text string) {
	for _, r := range text {
		if r == ' ' {
			d.press("space")
		} else {
			d.press(string(r))
		}
	}
}

func args[T any](t *testing.T, o store.Order) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(o.Args), &v); err != nil {
		t.Fatalf("arguments of %s: %v: %q", o.Name, err, o.Args)
	}
	return v
}

func TestSpacePausesAfterTheRunAndLetsGoOn(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, trains)
	d := drive(t, Options{Store: s, Open: f.ID}, 160, 42)
	d.until("training node 1 of 5", "space pause")
	d.press("space", "space")
	o := d.ordered(f)
	if o.Name != event.OrderPause {
		t.Errorf("order %v", o)
	}
	taken(t, f, o, "")
	d.until("pauses after this run")
	emit(t, f, event.Paused{Paused: true})
	d.until("training node 1 of 5 · paused after this run", "space go on")
	emit(t, f, event.Status{Status: event.StatusPaused})
	d.until("‖ paused")
	d.press("space")
	if o = d.ordered(f); o.Name != event.OrderGo {
		t.Errorf("order %v", o)
	}
	taken(t, f, o, "the attempt is not paused")
	d.until("go on: the attempt is not paused")
}

func TestStopRunAsksFirstAndNamesTheRun(t *testing.T) {
	s := openStore(t)
	f := storetest.Live(t, s, storetest.Options{Steps: 40})
	f.Until(func(b event.Body) bool { p, ok := b.(event.Point); return ok && p.Run == 1 && p.Step == 20 })
	d := drive(t, Options{Store: s, Open: f.ID}, 140, 42)
	d.until("measuring record 7", "X stop")
	d.lacks("stop run") // that of a record cannot be stopped alone
	f.Until(trains)
	d.until("training node 1 of 3", "x stop run")
	d.press("x")
	d.until("Stop the run of node 1? A run that is stopped never counts.", "y stop it", "n let it train")
	d.press("esc", "x", "y")
	o := d.ordered(f)
	if o.Name != event.OrderStopRun || args[event.StopRun](t, o).Run != 5 {
		t.Errorf("order %+v", o)
	}
	taken(t, f, o, "")
	d.until("the run of node 1 was stopped; the attempt goes on")
}

func TestSteerGivesANoteAndShowsWhichNodeReadsIt(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, trains)
	d := drive(t, Options{Store: s, Open: f.ID}, 160, 42)
	d.until("training node 1 of 5", "s steer")
	d.press("s")
	d.until("note to the agent", "enter give", "esc back")
	d.typed("no steps")
	d.press("esc", "s")
	d.lacks("no steps")
	d.typed("look at the cooldown")
	d.press("enter")
	o := d.ordered(f)
	if o.Name != event.OrderSteer || args[event.Steered](t, o).Text != "look at the cooldown" {
		t.Errorf("order %+v", o)
	}
	taken(t, f, o, "")
	d.until("the agent reads it with node 3")
	emit(t, f, event.Steered{Text: "look at the cooldown"})
	d.until("note for node 3: look at")
	emit(t, f, event.Node{ID: 3, Parent: 0}) // it is to come still
	d.until("· 3", "note for node 3: look at")
	emit(t, f, event.Call{Call: 9, Node: 3, Purpose: event.CallEdit})
	d.until("✎ 3", "your note", "look at the cooldown")
	d.lacks("note for node 3")
	// The tuner reads no notes, so none can be given to it.
	tuner := storetest.Live(t, s, storetest.Options{Steps: 40})
	tuner.Until(trains)
	d = drive(t, Options{Store: s, Open: tuner.ID}, 160, 42)
	d.until("training node 1 of 3", "space pause")
	d.lacks("steer")
}

func TestANoteStaysWithTheNodeThatReadIt(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, func(b event.Body) bool { c, ok := b.(event.Call); return ok && c.Node == 4 })
	d := drive(t, Options{Store: s, Open: f.ID}, 160, 48)
	d.until("your note", "Leave the momentum alone.")
	d.lacks("note for node")
	d.press("{", "{")
	d.until("idea of node 2")
	d.lacks("your note")
}

func TestBranchAndRepeatAskForANode(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, trains)
	d := drive(t, Options{Store: s, Open: f.ID}, 200, 42)
	d.until("training node 1 of 5")
	d.press("shift+tab") // the tree
	d.lacks("B branch")  // node 1 has no verdict yet
	d.press("{")
	d.until("B branch", "R train again")
	for key, want := range map[string]string{"B": event.OriginBranch, "R": event.OriginRepeat} {
		d.press(key)
		o := d.ordered(f)
		if got := args[event.Asked](t, o); o.Name != event.OrderAsk || got != (event.Asked{Node: 0, Origin: want}) {
			t.Errorf("%s: order %+v", key, o)
		}
		taken(t, f, o, "")
	}
	emit(t, f, event.Asked{Node: 0, Origin: event.OriginBranch}, event.Asked{Node: 0, Origin: event.OriginRepeat})
	d.until("next: branch from", "next: node 0 once more")
	emit(t, f, event.Asked{Node: 0, Origin: event.OriginBranch}) // now all nodes are spoken for
	d.when("no more branches", func() bool { return !strings.Contains(d.text(), "B branch") })
}

func TestNoOrderIsOfferedInReplay(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, trains)
	d := drive(t, Options{Store: s, Open: f.ID, Replay: true}, 200, 42)
	d.until("space pause", "L live")
	d.press("space", "5")
	d.until("space play")
	for _, a := range d.m.attempt.Actions() {
		for _, k := range strings.Fields(a.Keys) {
			if slices.Contains([]string{"s", "x", "X", "B", "R", "y", "a", "A", "e"}, k) {
				t.Errorf("key %s is offered in a replay", k)
			}
		}
	}
}

func TestAnOrderThatNobodyTakesIsSaidInWords(t *testing.T) {
	s := openStore(t)
	f := modelStory(t, s, trains)
	d := drive(t, Options{Store: s, Open: f.ID}, 160, 42)
	d.until("space pause")
	a := d.m.attempt
	if err := f.Writer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	d.cmd(a.pause())
	d.until("pause: no engine works on this attempt any more")
}

func TestNoKeyMeansTwoThings(t *testing.T) {
	s := openStore(t)
	waiting := modelStory(t, s, proposed(1, 1))
	training := modelStory(t, s, trains)
	human := storetest.Live(t, s, storetest.Options{Agent: "human"})
	human.Until(func(b event.Body) bool { n, ok := b.(event.Node); return ok && n.ID == 1 })
	emit(t, human, event.Phase{Phase: event.PhaseAwaiting, Node: 1})
	done := storetest.Fill(t, s, storetest.Options{Model: true, Steps: 20})
	o := Options{Store: s, Editor: noEditor, Resume: func(context.Context, string) error { return nil }}
	for id, sees := range map[string]string{waiting.ID: "waits for you", training.ID: "training node 1", human.ID: "yours to write", done: "of the way"} {
		for _, replay := range []bool{false, true} {
			o.Open, o.Replay = id, replay
			d := drive(t, o, 140, 42)
			if replay {
				d.until("space pause")
				d.press("space", "5", "space")
			} else {
				d.until(sees)
			}
			for range 6 { // each pane; in the log with a search, in the edits with several changes
				for _, size := range []int{140, 80} {
					d.send(tea80(size))
					seen := map[string]string{}
					for _, a := range d.m.attempt.Actions() {
						for _, k := range strings.Fields(a.Keys) {
							if was, ok := seen[k]; ok {
								t.Errorf("%s, replay %v, %s: key %s is %q and %q", sees, replay, d.m.attempt.focus, k, was, a.Does)
							}
							seen[k] = a.Does
						}
					}
				}
				if d.m.attempt.focus == paneLog {
					d.m.attempt.log.term = "step"
				}
				d.press("tab")
			}
		}
	}
}
