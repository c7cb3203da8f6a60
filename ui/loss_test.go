package ui

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/ui/frame"
)

// race folds a run of 60 steps whose loss falls as that of a ghost does, over
// more or less time, with noise on each step.
func race(t testing.TB, speed, noise float64) *attempt {
	t.Helper()
	m := New(Options{Store: openStore(t)})
	t.Cleanup(m.Close)
	a := newAttempt(m, openMsg{})
	fall := func(step int) float64 { return 2 + 1.7*math.Exp(-float64(step)/25) }
	var seq int64
	apply := func(b event.Body) {
		seq++
		a.st.Apply(event.Event{Seq: seq, Active: seq * 10, Body: b})
	}
	ghost := event.Ghost{Record: 8, To: true, Source: measuredHere}
	for step := 1; step <= 60; step++ {
		ghost.Points = append(ghost.Points, event.GhostPoint{Step: step, TrainMS: float64(step) * 100, TrainLoss: event.Float(fall(step)), ValLoss: event.NaN()})
	}
	apply(event.Attempt{Task: "micro/7", Target: 2, Nodes: 1})
	apply(event.Node{ID: 0, Parent: -1})
	apply(ghost)
	apply(event.RunStarted{Run: 1, Node: 0, Purpose: event.PurposeNode})
	rng := rand.New(rand.NewPCG(3, 4))
	for step := 1; step <= 40; step++ {
		apply(event.Point{
			Run: 1, Step: step, Total: 60, TrainMS: float64(step) * 100 / speed, TrainLoss: fall(step) + noise*rng.NormFloat64(),
			ValLoss: math.NaN(), LR: math.NaN(), GradNorm: math.NaN(), StepAvgMS: math.NaN(),
		})
	}
	a.feed()
	return a
}

func TestDeltaIsTheTimeBetweenEqualLosses(t *testing.T) {
	a := race(t, 0.8, 0) // 40 steps in 5 s, where the ghost takes 4 s
	d := a.delta(a.st.Run(1), true)
	if !d.ok || math.Abs(d.seconds-1) > 0.02 {
		t.Errorf("%+v, want a second behind", d)
	}
	if a = race(t, 1.25, 0); a.delta(a.st.Run(1), true).seconds > -0.7 {
		t.Errorf("%+v, want 0.8 s ahead", a.delta(a.st.Run(1), true))
	}
}

func TestDeltaWithinItsNoiseIsNotClaimed(t *testing.T) {
	a := race(t, 1, 0.3)
	if d := a.delta(a.st.Run(1), true); d.ok && d.clear() {
		t.Errorf("%+v of two equal runs is claimed", d)
	}
}

func TestADeltaThatShowsAsNothingHasNoColour(t *testing.T) {
	a := race(t, 1, 0)
	th := a.m.frame.Theme
	rapid.Check(t, func(t *rapid.T) {
		d := gap{seconds: rapid.Float64Range(-0.02, 0.02).Draw(t, "seconds"), ok: true}
		st, text := a.deltaStyle(d, th.Good), frame.Signed(d.seconds)
		if (text == "0.00 s") != (st == th.Dim) || strings.HasSuffix(text, "0.00 s") && text != "0.00 s" {
			t.Errorf("%v shows as %q in %q", d.seconds, text, st)
		}
	})
}

func TestCurveIsCutAtThePosition(t *testing.T) {
	a := race(t, 1, 0)
	c := a.curves[curveKey{1, false}]
	early := *a.st.Run(1)
	early.LastPoint = early.FirstPoint + 10
	if n := upTo(c.trainAt, early.LastPoint); n != 10 {
		t.Errorf("%d points of a run that has come to its 10th", n)
	}
}

func TestTreeIsLaidOut(t *testing.T) {
	nodes := []fold.Node{{ID: 0, Parent: -1}, {ID: 1, Parent: 0}, {ID: 2, Parent: 1}, {ID: 3, Parent: 0}}
	var got string
	for _, b := range branches(nodes) {
		got += b.prefix + string(rune('0'+b.node)) + "\n"
	}
	if want := "0\n├ 1\n│ └ 2\n└ 3\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
