package rig

import (
	"fmt"

	"pitwall/runner"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// PointOf is a metric line of a run as an event.
func PointOf(run int, p runner.Point) event.Point {
	return event.Point{
		Run: run, Step: p.Step, Total: p.Total, TrainMS: p.TrainMS,
		TrainLoss: p.TrainLoss, ValLoss: p.ValLoss, LR: p.LR, GradNorm: p.GradNorm, StepAvgMS: p.StepAvgMS,
	}
}

// ReferenceGhost is the loss curve of a record as it was published or measured elsewhere.
func ReferenceGhost(r taskdata.Record, to bool) event.Ghost {
	g := event.Ghost{Record: r.Number, To: to, Title: r.Title, Source: r.MeasuredOn, Seconds: r.Seconds}
	for _, p := range r.Curve() {
		g.Points = append(g.Points, event.GhostPoint{Step: p.Step, TrainMS: p.TrainMS, TrainLoss: event.Float(p.TrainLoss), ValLoss: event.Float(p.ValLoss)})
	}
	return g
}

// Broken says in one line which rules were broken.
func Broken(vs []event.Violation) string {
	first := vs[0]
	text := fmt.Sprintf("breaks the rule %q: %s", first.Rule, first.What)
	if first.Line > 0 {
		text = fmt.Sprintf("breaks the rule %q in line %d: %s", first.Rule, first.Line, first.What)
	}
	if len(vs) > 1 {
		text += fmt.Sprintf(" (and %d more)", len(vs)-1)
	}
	return text
}
