package stats

import (
	"math"
	"slices"
)

// Run is one run of a script.
type Run struct {
	Loss    float64 // final validation loss; NaN of a run that failed
	Seconds float64 // training time; NaN of a run that failed
}

// Repeats sums up repeated runs of one script.
type Repeats struct {
	Loss    Test // of the mean loss against the target
	Seconds Times
}

// Times sums up the training times of one script, in seconds.
type Times struct {
	N        int
	Mean     float64
	SD       float64
	Median   float64
	Interval Interval // of the mean, Student's; unknown with fewer than two runs, and where all times are equal
}

// NewRepeats sums up runs of one script, and tests their losses against a target. A run that failed
// leaves what it lacks unknown: see TTest.
func NewRepeats(runs []Run, target float64) Repeats {
	losses, seconds := make([]float64, len(runs)), make([]float64, len(runs))
	for i, r := range runs {
		losses[i], seconds[i] = r.Loss, r.Seconds
	}
	return Repeats{Loss: TTest(losses, target), Seconds: timesOf(seconds)}
}

func timesOf(seconds []float64) Times {
	m := momentsOf(seconds)
	t := Times{N: m.n, Mean: m.mean, SD: m.sd(), Median: math.NaN(), Interval: unknown()}
	if !math.IsNaN(m.mean) {
		t.Median = percentile(slices.Sorted(slices.Values(seconds)), 0.5)
	}
	if t.SD > 0 {
		t.Interval = around(t.Mean, critical(float64(t.N-1))*t.SD/math.Sqrt(float64(t.N)))
	}
	return t
}
