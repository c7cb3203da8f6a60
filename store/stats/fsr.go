package stats

import (
	"fmt"
	"math"
)

// FSR is the fraction of speedup recovered of arXiv 2506.22419, (t_i − t') / (t_i − t_{i+1}), of means:
// base and node are fresh runs of record i and of the node, from and to are the calibration's runs of
// record i and of the next. It is NaN where one of them holds no run or a time that is not finite, and
// where the next record was not faster. Whether the gap can be told from noise is for Unresolved to say.
func FSR(base, node, from, to []float64) float64 {
	gap := momentsOf(from).mean - momentsOf(to).mean
	if !(gap > 0) {
		return math.NaN()
	}
	return (momentsOf(base).mean - momentsOf(node).mean) / gap
}

// Spread is the standard deviation of one run's time.
type Spread struct {
	SD float64 // seconds; NaN where nothing tells it
	DF int     // degrees of freedom that it rests on
}

// priorRuns is how many degrees of freedom a track's own measurement of the spread is worth. It
// decides where few runs were made here, and gives way to them where they disagree with it or are many.
const priorRuns = 10

// PooledSpread weighs a track's spread, a share of the time of a run of the first sample, with the
// spread within samples, each of which holds runs of one script. A share of 0 says nothing. It expects
// times that are finite, and a run in the first sample.
func PooledSpread(share float64, samples ...[]float64) Spread {
	s, sum := Spread{}, 0.0
	if share > 0 {
		prior := share * momentsOf(samples[0]).mean
		s.DF, sum = priorRuns, priorRuns*prior*prior
	}
	for _, sample := range samples {
		if m := momentsOf(sample); m.n > 1 {
			sum += squares(sample, m.mean)
			s.DF += m.n - 1
		}
	}
	s.SD = math.Sqrt(sum / float64(s.DF))
	return s
}

// Gap is the interval of the time between two records, of the calibration's runs of each.
func Gap(from, to []float64, s Spread) Interval {
	a, b := momentsOf(from), momentsOf(to)
	return around(a.mean-b.mean, critical(float64(s.DF))*s.SD*math.Sqrt(1/float64(a.n)+1/float64(b.n)))
}

// Unresolved says why the gap between two records cannot be told from noise, with the mend, and "" where
// it can: its interval must lie above 0.
func Unresolved(from, to []float64, s Spread) string {
	a, b, gap := momentsOf(from).mean, momentsOf(to).mean, Gap(from, to, s)
	switch {
	case math.IsNaN(a) || math.IsNaN(b):
		return uncalibrated
	case a <= b:
		return fmt.Sprintf("unresolved on this machine: the next record was not faster here (%.2f s against %.2f s)", b, a)
	case !gap.Known():
		return "unresolved on this machine: the spread of a run's time is not known; calibrate with more runs"
	case gap.Low <= 0:
		return fmt.Sprintf("unresolved on this machine: the gap of %.2f s is within its noise of ±%.2f s; calibrate with more runs", a-b, a-b-gap.Low)
	}
	return ""
}

const uncalibrated = "not calibrated: measure both records on this machine"
