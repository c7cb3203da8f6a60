package engine

import (
	"context"
	"fmt"

	"pitwall/store/event"
)

// A run is looked at for hopelessness only after this share of its record's time,
// and by a mean over so many points: early losses say little, single ones nothing.
const (
	hopelessFrom = 0.25
	hopelessOver = 8
)

// doomed gives what looks at the points of a node's run as they come, and stops it
// once it is hopeless against the ghost of record i: it has taken Hopeless times as
// long as the record needed for the same loss, or than the record needed in all.
func (a *attempt) doomed(stop context.CancelCauseFunc) func(event.GhostPoint) {
	ghost := a.w.State().Ghost(false)
	if ghost == nil {
		return nil
	}
	curve := smooth(ghost.Points)
	total := a.cal.from.mean() * 1000
	var own average
	done := false
	return func(p event.GhostPoint) {
		if p.TrainLoss.Known() {
			own.add(float64(p.TrainLoss))
		}
		if done || p.TrainMS < hopelessFrom*total {
			return
		}
		factor := a.spec.Hopeless
		if p.TrainMS > factor*total {
			done = true
			stop(&earlyError{fmt.Sprintf("hopeless: after %.1f s it trains longer than %g times the record's whole time", p.TrainMS/1000, factor)})
			return
		}
		loss, ok := own.mean()
		if !ok {
			return
		}
		if needed, ok := timeAt(curve, loss); ok && p.TrainMS > factor*needed {
			done = true
			stop(&earlyError{fmt.Sprintf("hopeless: it reached a training loss of %.3f after %.1f s, where the record needed %.1f s", loss, p.TrainMS/1000, needed/1000)})
		}
	}
}

// average is a mean over the last few values.
type average struct {
	last [hopelessOver]float64
	n    int
}

func (a *average) add(v float64) {
	a.last[a.n%hopelessOver] = v
	a.n++
}

// mean gives it, once there are enough values.
func (a *average) mean() (float64, bool) {
	sum := 0.0
	for _, v := range a.last {
		sum += v
	}
	return sum / hopelessOver, a.n >= hopelessOver
}

// smooth gives the mean training loss over the last points at each point, where
// there are enough of them.
func smooth(points []event.GhostPoint) []event.GhostPoint {
	var out []event.GhostPoint
	var window average
	for _, p := range points {
		if !p.TrainLoss.Known() {
			continue
		}
		window.add(float64(p.TrainLoss))
		if m, ok := window.mean(); ok {
			p.TrainLoss = event.Float(m)
			out = append(out, p)
		}
	}
	return out
}

// timeAt gives the milliseconds after which a smoothed curve was at or below loss
// for the first time; ok is false where it never was.
func timeAt(curve []event.GhostPoint, loss float64) (ms float64, ok bool) {
	for _, p := range curve {
		if float64(p.TrainLoss) <= loss {
			return p.TrainMS, true
		}
	}
	return 0, false
}
