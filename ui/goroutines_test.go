package ui

import (
	"context"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"pitwall/store/event"
	"pitwall/store/storetest"
)

// leftOut are goroutines that are no room's: those of tests, and ticks of the clock,
// which hold nothing and end by themselves.
var leftOut = []string{"testing.(*T).Run", "testing.runTests", "ui.ours(", "bubbletea/v2.Tick"}

// ours gives the goroutines in which code of pitwall is under way: by what tells them
// apart, where they are.
func ours() map[string]string {
	buf := make([]byte, 4<<20)
	all := map[string]string{}
	for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		name, at, _ := strings.Cut(g, " [")
		if strings.Contains(at, "pitwall/") && !slices.ContainsFunc(leftOut, func(s string) bool { return strings.Contains(at, s) }) {
			all[name] = at
		}
	}
	return all
}

// since gives those that are under way and were not before.
func since(before map[string]string) map[string]string {
	now := ours()
	maps.DeleteFunc(now, func(name, _ string) bool { _, was := before[name]; return was })
	return now
}

// ended waits until all have ended that were not under way before.
func ended(t *testing.T, before map[string]string) {
	t.Helper()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		left := since(before)
		if len(left) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("%d goroutines are left:\n%s", len(left), strings.Join(slices.Collect(maps.Values(left)), "\n\n"))
		}
	}
}

// TestWhatARoomStartsEndsWithIt opens each room over a store whose attempts are done,
// live and given up, leaves it, and counts what is still under way.
func TestWhatARoomStartsEndsWithIt(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{})
	f := storetest.Live(t, s, storetest.Options{Nodes: 12})
	f.Until(func(b event.Body) bool { e, ok := b.(event.Draft); return ok && e.Node == 2 && e.Part == event.PartNew })
	if err := f.Writer.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	page, _ := setupOptions(s)
	imports, _ := importing(t, nil)
	imports.Store = s
	for _, c := range []struct {
		name        string
		o           Options
		until, keys string
		then        string // what the room shows
	}{
		{"home", Options{Store: s}, "w watch", "h", "micro/7"},
		{"script", Options{Store: s}, "w watch", "d", "train.py"},
		{"set up", page, "w watch", "a s", "set up"},
		{"history", Options{Store: s}, "w watch", "l", "history"},
		{"import", imports, "none on this task yet", "I", "import"},
		{"import, under way", imports, "none on this task yet", "I x enter", "import"},
		{"campaigns", Options{Store: s}, "w watch", "l C", "pitwall"},
		{"attempt, done", Options{Store: s, Open: "1"}, "of the way", "tab tab", "log"},
		{"attempt, live", Options{Store: s, Open: "2"}, "writing node 2", "tab tab / s enter", "log"},
		{"attempt, replay", Options{Store: s, Open: "1", Replay: true}, "pause", "5", "node"},
		{"attempt, left for home", Options{Store: s, Open: "2"}, "writing node 2", "esc", "micro/7"},
		{"attempt, one after another", Options{Store: s, Open: "2"}, "writing node 2", "l down enter", "attempt"},
		{"attempt, not there", Options{Store: s, Open: "77"}, "esc", "", "attempt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := ours()
			d := drive(t, c.o, 140, 45)
			d.until(c.until)
			d.press(strings.Fields(c.keys)...)
			d.until(c.then)
			d.m.Close()
			ended(t, before)
		})
	}
}

// leaving is a screen that is left once its attempt is open.
type leaving struct{ *Model }

func (l leaving) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, cmd := l.Model.Update(msg)
	if l.attempt != nil && l.attempt.player != nil {
		cmd = tea.Quit
	}
	return l, cmd
}

// TestTheScreenEndsAllThatItStarted runs the program as a terminal would.
func TestTheScreenEndsAllThatItStarted(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{})
	before := ours()
	m := New(Options{Store: s, Agents: testAgents, Open: "1", Replay: true})
	p := tea.NewProgram(leaving{m}, tea.WithInput(nil), tea.WithOutput(io.Discard), tea.WithWindowSize(120, 40))
	if _, err := p.Run(); err != nil {
		t.Fatal(err)
	}
	m.Close()
	ended(t, before)
}

// TestALeftAttemptEndsWhatItStarted leaves an attempt, and stays at home.
func TestALeftAttemptEndsWhatItStarted(t *testing.T) {
	s := openStore(t)
	f := storetest.Live(t, s, storetest.Options{})
	f.Until(func(b event.Body) bool { e, ok := b.(event.Draft); return ok && e.Node == 2 && e.Part == event.PartNew })
	if err := f.Writer.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	d := drive(t, Options{Store: s}, 140, 45)
	d.until("w watch")
	before := ours()
	for range 3 {
		d.press("w")
		d.until("writing node 2", "step")
		if len(since(before)) == 0 {
			t.Fatal("nothing is under way while it is followed")
		}
		d.press("esc")
		d.until("w watch")
		ended(t, before)
	}
}
