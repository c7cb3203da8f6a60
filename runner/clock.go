package runner

import (
	"fmt"
	"math"
	"time"
)

// Clock is the engine's own measure of training time beside the script's. It is
// fed every metric point of standard output in order. A span between two lines
// that ends in a validation line holds the validation and is left out; the
// script's train_time is compared over the spans that remain. Where only
// validation lines carry train_time, it is compared with the training steps
// between them. The zero value is ready.
type Clock struct {
	seen   bool
	lastAt time.Duration // of the last line

	timed    bool // a line with train_time came since the start
	base     float64
	training time.Duration // trained since base, by arrival
	between  int           // lines since base

	engine   time.Duration
	script   time.Duration
	spans    int
	restarts int
	from     int // step of base when engine and script were last zero
	unsure   time.Duration
}

// Add takes a point and when its line arrived (Line.At). Memory lines and points
// that arrive out of order are let go.
func (c *Clock) Add(at time.Duration, p Point) {
	if p.Kind == Memory || p.Kind == 0 || (c.seen && at < c.lastAt) {
		return
	}
	span := at - c.lastAt
	if !c.seen {
		span = 0
	}
	c.seen, c.lastAt = true, at
	if p.Kind != Validation {
		c.training += span
	}
	c.between++
	if math.IsNaN(p.TrainMS) {
		return
	}
	switch {
	case !c.timed:
		c.from = p.Step
	case p.TrainMS < c.base:
		// The script set its clock back; what it counted before is void.
		c.restarts++
		c.from = p.Step
		c.engine, c.script, c.unsure, c.spans = 0, 0, 0, 0
	case p.Kind == Validation && c.between == 1:
		// Training line, then validation: no training between them to measure.
		c.unsure += millisDuration(p.TrainMS - c.base)
	default:
		c.engine += c.training
		c.script += millisDuration(p.TrainMS - c.base)
		c.spans++
	}
	c.timed, c.base = true, p.TrainMS
	c.training, c.between = 0, 0
}

// Reading is what a Clock has measured since the script last set its clock back.
type Reading struct {
	Engine    time.Duration `json:"engine"`    // training time by arrival of lines
	Script    time.Duration `json:"script"`    // train_time over the same spans
	Unchecked time.Duration `json:"unchecked"` // train_time over spans that hold a validation and nothing to compare with
	Spans     int           `json:"spans"`     // spans compared
	Restarts  int           `json:"restarts"`  // how often train_time went back
	From      int           `json:"from"`      // step of the line that the measure begins at
}

// Read returns the measure so far.
func (c *Clock) Read() Reading {
	return Reading{
		Engine: c.engine, Script: c.script, Unchecked: c.unsure,
		Spans: c.spans, Restarts: c.restarts, From: c.from,
	}
}

// Check compares both clocks: they may differ by bound (0.02 is 2 %) of the
// larger one, or by slack where that is more. The error gives both figures. It is no error when
// there was nothing to compare; Read tells by Spans. A script that sets its
// clock back is reported by Read, too: some records do so once, after warm-up,
// and the track's rules say which.
func (c *Clock) Check(bound float64, slack time.Duration) error {
	diff := (c.engine - c.script).Abs()
	allowed := max(time.Duration(bound*float64(max(c.engine, c.script))), slack)
	if diff <= allowed {
		return nil
	}
	return fmt.Errorf("the script's clock says %.2f s of training where %.2f s passed between its log lines (%.2f s apart, %.2f s allowed): time only what trains, and log each step as it ends",
		c.script.Seconds(), c.engine.Seconds(), diff.Seconds(), allowed.Seconds())
}

func millisDuration(ms float64) time.Duration {
	return time.Duration(min(ms, 1e12) * float64(time.Millisecond))
}
