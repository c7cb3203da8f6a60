package stats

import (
	"cmp"
	"math"
	"slices"
)

// The published protocol's figures.
const (
	paperLoss     = 3.29         // a run counts below this; the track's target is 3.28
	paperMostFSR  = 3            // above it an attempt counts as 0
	paperAttempts = 3            // the best so many of a task are averaged
	paperDropped  = "nanogpt/20" // is in no mean
)

// PaperTask is what the published protocol looks at on a task of the track nanogpt.
type PaperTask struct {
	Task     string  // "nanogpt/4"
	From, To float64 // seconds: means of the calibration's runs of both records
	Attempts [][]Run // by node, the first being node 0, which is the record itself: one run of each
}

// Paper is the mean of FSR by the published protocol with its shortcuts, to stand beside the strict
// reading for comparison only: it takes single runs at their word, node 0's too, lets a loss below 3.29
// pass, counts an FSR above 3 as 0, averages the best three attempts on a task, and drops the task that
// starts at record 20. An attempt without a run that passes counts as 0. It gives no intervals.
func Paper(tasks []PaperTask) Mean {
	mean := Mean{Value: math.NaN(), Interval: unknown()}
	sum := 0.0
	for _, t := range tasks {
		if why := t.unfit(); why != "" {
			mean.Left = append(mean.Left, LeftOut{t.Task, why})
			continue
		}
		m := t.best()
		mean.Tasks = append(mean.Tasks, m)
		sum += m.Value
	}
	if n := len(mean.Tasks); n > 0 {
		mean.Value = sum / float64(n)
	}
	return mean
}

// unfit says why a task cannot be in a mean, "" where it can.
func (t PaperTask) unfit() string {
	switch gap := t.From - t.To; {
	case t.Task == paperDropped:
		return "the published mean leaves it out"
	case len(t.Attempts) == 0:
		return "no attempt yet"
	case math.IsNaN(gap) || math.IsInf(gap, 0):
		return uncalibrated
	case gap <= 0:
		return "unresolved on this machine: the next record was not faster here; calibrate with more runs"
	}
	return ""
}

// best averages the best attempts on a task.
func (t PaperTask) best() TaskMean {
	m := TaskMean{Task: t.Task, Interval: unknown(), Attempts: len(t.Attempts)}
	var found []float64
	for _, nodes := range t.Attempts {
		fsr, ok := t.attempt(nodes)
		if ok {
			m.Confirmed++
		}
		found = append(found, fsr)
	}
	slices.SortFunc(found, func(a, b float64) int { return cmp.Compare(b, a) })
	found = found[:min(len(found), paperAttempts)]
	m.Value = momentsOf(found).mean
	return m
}

// attempt is the FSR of an attempt's fastest run that passes, and reports whether it counts.
func (t PaperTask) attempt(nodes []Run) (float64, bool) {
	fastest := math.Inf(1)
	for _, r := range nodes {
		if r.Loss < paperLoss && r.Seconds < fastest { // never of NaN
			fastest = r.Seconds
		}
	}
	fsr := (t.From - fastest) / (t.From - t.To)
	if math.IsInf(fsr, 0) || fsr > paperMostFSR {
		return 0, false
	}
	return fsr, true
}
