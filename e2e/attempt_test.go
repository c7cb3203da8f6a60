//go:build e2e

package e2e

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// trained is how a line of a training log looks that says how far it is.
var trained = regexp.MustCompile(`step:[1-9]\d*/\d+ .*train_time:\d+ms`)

// trains waits until the log on the screen has a step in it, and then another.
func (d *terminal) trains() *terminal {
	d.t.Helper()
	first := ""
	return d.Until("a training log that grows", func(s string) bool {
		lines := trained.FindAllString(s, -1)
		if len(lines) == 0 {
			return false
		}
		if first == "" {
			first = lines[len(lines)-1]
		}
		return lines[len(lines)-1] != first
	})
}

// bar is a replay's time bar.
type bar struct {
	playing bool
	speed   float64
	at      int // seconds
}

var barRE = regexp.MustCompile(`([▶‖])\s*([\d.]+)×\s+(\d+):(\d\d)`)

func timeBar(screen string) (b bar, ok bool) {
	g := barRE.FindStringSubmatch(screen)
	if g == nil {
		return b, false
	}
	speed, err := strconv.ParseFloat(g[2], 64)
	minutes, err2 := strconv.Atoi(g[3])
	seconds, err3 := strconv.Atoi(g[4])
	return bar{g[1] == "▶", speed, 60*minutes + seconds}, err == nil && err2 == nil && err3 == nil
}

// replays waits for a time bar that is as it should be.
func (d *terminal) replays(what string, ok func(bar) bool) (b bar) {
	d.t.Helper()
	d.Until("a time bar "+what, func(s string) bool {
		var there bool
		b, there = timeBar(s)
		return there && ok(b)
	})
	return b
}

func TestAttemptIsStartedWatchedLeftFoundAgainAndReplayed(t *testing.T) {
	p := newCalibratedPlace(t)
	d := p.open(132, 42)
	d.Sees("micro/7 → 8", "[tuner]", "nodes  3", "start tuner on micro/7")
	d.Key("N").Sees("nodes  2").Key("n").Sees("nodes  3") // the oracle tries again where luck had it miss the target
	d.Key("a").Sees("[llm]").Key("a").Sees("[oracle]")

	// The second Enter comes before the first has had any effect.
	d.Key("enter", "enter")
	d.Sees("attempt 1").trains()
	list := p.attempts()
	if len(list) != 1 {
		t.Fatalf("two presses of Enter made %d attempts", len(list))
	}
	id := list[0].ID
	if a := p.show(id); a.Agent != "oracle" || a.Budget != 3 {
		t.Errorf("the attempt is of %s with %d nodes, not what was chosen", a.Agent, a.Budget)
	}

	// Leaving it leaves it running.
	d.Key("\x1b").Sees("record time", "attempt 1", "w watch") // as most terminals send it
	d.Key("q").Leaves()
	a := p.show(id)
	if a.Status != "running" || a.Engine == nil || !alive(a.Engine.PID) {
		t.Fatalf("after the screen was left, the attempt is %s and its engine %+v", a.Status, a.Engine)
	}
	engine := a.Engine.PID

	d = p.open(132, 42)
	d.Sees("record time", "attempt 1", "w watch")
	d.Key("w").Sees("micro/7 → 8", "oracle", "leave it running").trains()
	if a := p.show(id); a.Engine == nil || a.Engine.PID != engine {
		t.Errorf("another engine runs the attempt: %+v, it was %d", a.Engine, engine)
	}

	a = p.ended(id)
	d.Sees("✓ done", "result", "FSR", "practice")
	if len(a.Nodes) < 2 {
		t.Fatalf("the attempt has nodes %+v, want the record and at least one more", a.Nodes)
	}
	for _, n := range a.Nodes[1 : len(a.Nodes)-1] {
		if n.Status != "missed" {
			t.Errorf("after node %d, which is %s, another was tried", n.ID, n.Status)
		}
	}
	if a.FSR != nil {
		d.Sees(fmt.Sprintf("FSR  %.2f", *a.FSR))
	}
	eventually(t, patience, "the engine ends", func() bool { return !alive(engine) })

	// From the history to its result, and from the history to its replay.
	d.Key("l").Sees("pitwall   history", "1 attempt ", "oracle", "done")
	d.Key("enter").Sees("✓ done", "result", "FSR")
	d.Key("esc").Sees("record time").Misses("w watch")
	d.Key("l").Sees("pitwall   history", "oracle").Key("p")
	d.replays("that plays from the start", func(b bar) bool { return b.playing && b.speed == 1 && b.at < 10 })
	d.Misses("✓ done")
	from := d.replays("that shows", func(bar) bool { return true })
	d.replays("that moves", func(b bar) bool { return b.at > from.at })

	// Speeds.
	d.Key("+").replays("at 2×", func(b bar) bool { return b.speed == 2 })
	d.Key("+").replays("at 4×", func(b bar) bool { return b.speed == 4 })
	d.Key("-").replays("at 2×", func(b bar) bool { return b.speed == 2 })
	d.Key("space").replays("that stands", func(b bar) bool { return !b.playing })

	// Seeking: near the end the node has its verdict, at the start there is none.
	d.Key("9").Sees("confirming")
	late := d.replays("near the end", func(b bar) bool { return b.at > 10 })
	d.Key("left").replays("5 s earlier", func(b bar) bool { return b.at < late.at && b.at >= late.at-6 })
	d.Key("0").replays("at the start", func(b bar) bool { return b.at == 0 })
	d.Misses("step:", "confirming")
	d.Key("space").Sees("training node 1 of 3", "step:").Misses("confirming")
	d.Key("space").replays("that stands earlier", func(b bar) bool { return !b.playing && b.at < late.at-5 })
	d.Key("0").replays("at the start again", func(b bar) bool { return b.at == 0 })
	d.Key("]").Until("the first edit, later than the start", func(s string) bool {
		return strings.Contains(s, "+") && strings.Contains(s, "train.py")
	})
	d.Key("L").Sees("✓ done", "FSR")
	d.Key("q").Leaves()
	if n := len(p.attempts()); n != 1 {
		t.Errorf("there are %d attempts in the end", n)
	}
}

func TestAttemptOutlivesTheKillingOfItsScreen(t *testing.T) {
	p := newCalibratedPlace(t)
	id := p.begin("oracle", 1).ID
	d := p.open(120, 40, "watch", id)
	d.trains()
	a := p.show(id)
	if a.Engine == nil {
		t.Fatalf("while it trains, the attempt is %+v", a)
	}
	engine := a.Engine.PID
	runs := runsOf(id)
	d.Kill9()
	if a := p.show(id); a.Status != "running" || a.Engine == nil || a.Engine.PID != engine || !alive(engine) {
		t.Fatalf("after the screen was killed, the attempt is %s and its engine %+v, was %d", a.Status, a.Engine, engine)
	}
	if len(runs) == 0 {
		t.Error("no process carried the run's mark while it trained")
	}
	a = p.ended(id)
	if len(a.Nodes) != 2 || a.Nodes[1].TrainSeconds == nil {
		t.Errorf("the attempt ended with nodes %+v, want the record and one that trained", a.Nodes)
	}
	p.open(120, 40, "watch", id).Sees("✓ done", "result", "FSR").Key("q").Leaves()
}

func TestKilledEngineIsShownLeavesNoProcessAndIsResumedFromTheScreen(t *testing.T) {
	p := newCalibratedPlace(t)
	a := p.begin("tuner", 2)
	id := a.ID
	d := p.open(132, 42, "watch", id)
	d.Sees("training node 2 of 2").trains()
	before := p.show(id)
	if before.Engine == nil || len(before.Nodes) != 3 || before.Nodes[1].TrainSeconds == nil {
		t.Fatalf("while node 2 trains, the attempt is %+v", before)
	}
	if len(runsOf(id)) == 0 {
		t.Fatal("no process carries the run's mark while it trains")
	}

	// No more than this may pass until it shows.
	const bound = 20 * time.Second
	killed := time.Now()
	if err := syscall.Kill(before.Engine.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	d.Sees("interrupted", "r resume")
	shown := time.Since(killed)
	t.Logf("interrupted after %s", shown.Round(time.Millisecond))
	if shown > bound {
		t.Errorf("the screen showed after %s that the engine is gone, more than %s", shown, bound)
	}
	eventually(t, bound, "no process of the run is left", func() bool { return len(runsOf(id)) == 0 })
	if a := p.show(id); a.Status != "interrupted" || a.Engine != nil {
		t.Errorf("the killed attempt is %s with engine %+v", a.Status, a.Engine)
	}

	d.Key("r").Misses("interrupted")
	d.Sees("training node 2 of 2").trains()
	if a := p.show(id); a.Engine == nil || a.Engine.PID == before.Engine.PID {
		t.Errorf("the resumed attempt has engine %+v", a.Engine)
	}
	after := p.ended(id)
	d.Sees("✓ done", "result")
	if len(after.Nodes) != 3 {
		t.Fatalf("after the resume there are nodes %+v, want 0 to 2", after.Nodes)
	}
	if one, was := after.Nodes[1], before.Nodes[1]; one.Status != was.Status || *one.TrainSeconds != *was.TrainSeconds {
		t.Errorf("node 1 was %+v before the kill and is %+v after it", was, one)
	}
	if two := after.Nodes[2]; two.TrainSeconds == nil {
		t.Errorf("node 2 was not trained again: %+v", two)
	}
	d.Key("q").Leaves()
}

func TestScreensAndCommandsShareAStoreAndAttemptsQueueForTheMachine(t *testing.T) {
	p := newPlace(t) // where the first attempt calibrates, and so keeps the machine for long
	first := p.begin("oracle", 1)
	wide := p.open(132, 42, "watch", "1")
	small := p.open(80, 24)
	wide.trains()
	small.Sees("attempt 1", "w watch").Key("w").Sees("micro/7 → 8", "record 7")

	second := p.begin("noop", 1)
	queued := p.until(second.ID, "is queued", func(a attempt) bool { return a.Status == "queued" && a.Why != "" })
	const holder = "attempt 1 on micro/7"
	if !strings.Contains(queued.Why, holder) {
		t.Errorf("the second attempt waits and says %q, which does not name %s", queued.Why, holder)
	}
	other := p.open(132, 42)
	other.Sees("attempt 2").Key("l").Sees("pitwall   history", "2 attempts", "noop", "queued", "oracle")
	other.Key("enter").Sees("noop", "queued: waits for", holder)

	// The command line at the same time, and both screens go on.
	if out := p.do("attempts"); !strings.Contains(out, "oracle") || !strings.Contains(out, "queued") {
		t.Errorf("the list of attempts does not have both:\n%s", out)
	}
	if a := p.show(first.ID); a.Status != "running" {
		t.Errorf("the first attempt is %s while the second waits: %s", a.Status, a.Why)
	}
	wide.trains()

	// Stopping the first from the command line shows on both of its screens, and
	// lets the second one in.
	p.do("stop", first.ID)
	wide.Sees("stopped")
	small.Sees("stopped")
	other.Misses("queued").trains()
	if a := p.show(second.ID); a.Status != "running" {
		t.Errorf("the second attempt trains and is %s", a.Status)
	}

	// Stopping the second from its screen asks first.
	other.Key("X").Sees("Stop this attempt?").Key("n").Misses("Stop this attempt?")
	other.Key("X").Sees("Stop this attempt?").Key("y").Sees("■ stopped", "resume")
	if a := p.show(second.ID); a.Status != "stopped" || a.Engine != nil {
		t.Errorf("the second attempt was stopped from the screen and is %s", a.Status)
	}
	for _, d := range []*terminal{wide, small, other} {
		d.Key("q").Leaves()
	}
}
