package stats

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
)

// TaskRuns is what was measured on one task: attempts that stand under one calibration.
type TaskRuns struct {
	Task                           string // "nanogpt/4"
	Attempts                       []AttemptRuns
	CalibrationFrom, CalibrationTo []float64 // seconds, of the record that the task starts from and of the next

	// Spread is the standard deviation of one run's time as a share of it, as the track measured it; 0
	// where it did not. See PooledSpread.
	Spread float64
}

// AttemptRuns are the fresh runs that confirmed an attempt's best node.
type AttemptRuns struct {
	FromSeconds, NodeSeconds []float64 // of record i and of the node
	Confirmed                bool      // false counts as an FSR of 0, whatever was run
}

// Mean is a mean of FSR over a set of tasks, each of the same weight.
type Mean struct {
	Value    float64    // NaN where no task is left
	Interval Interval   // unknown in the paper's reading
	Tasks    []TaskMean // those in the mean, in the order given
	Left     []LeftOut  // those that are not
}

// TaskMean is the mean of FSR over the attempts on a task.
type TaskMean struct {
	Task      string
	Value     float64
	Interval  Interval // unknown in the paper's reading
	Attempts  int
	Confirmed int // of Attempts, those that do not count as 0 for want of a result
}

// LeftOut is a task that is not in a mean.
type LeftOut struct {
	Task string
	Why  string // with the mend
}

// Bootstrap says how an interval is drawn.
type Bootstrap struct {
	Seed      uint64 // the same seed gives the same interval
	Resamples int    // 4000 if not positive
}

// minRuns is the smallest sample of runs that is resampled. Fewer say too little about their spread.
const minRuns = 3

// MeanFSR is the mean over tasks of the mean FSR of their attempts, in the strict reading, with
// bootstrap intervals for the set of tasks as it is. Tasks that are not calibrated, not resolved or
// not attempted are left out, and said.
//
// Each resample draws, within each task, from the attempts, from the confirming runs of each attempt
// drawn, and from the calibration's runs of each record; an interval runs between percentiles, and is
// widened to its value where they miss it. Draws take one fewer than there are, with replacement: so
// many have the variance that a mean of the sample has, where as many as there are would have too
// little, by a third with three runs. With fewer than three runs the mean is moved by normal noise of
// the task's pooled spread instead. A single attempt cannot be resampled: its task's interval then holds
// the noise of its runs, and not what another attempt would have given. A resampled gap is not let
// below the gap's own interval, which lies above 0 in every task of the mean.
//
// What is drawn for a task depends on the seed and its name alone, so that its interval is the same in
// every set.
func MeanFSR(tasks []TaskRuns, b Bootstrap) Mean {
	if b.Resamples <= 0 {
		b.Resamples = 4000
	}
	mean := Mean{Value: math.NaN(), Interval: unknown()}
	sum, resampled, seen := 0.0, make([]float64, b.Resamples), map[string]bool{}
	for _, t := range tasks {
		why := t.unfit()
		if seen[t.Task] {
			why = "given twice: put its attempts together"
		}
		seen[t.Task] = true
		if why != "" {
			mean.Left = append(mean.Left, LeftOut{t.Task, why})
			continue
		}
		s := t.sampler()
		m := TaskMean{Task: t.Task, Value: s.value, Attempts: len(t.Attempts), Confirmed: s.confirmed}
		name := fnv.New64a()
		name.Write([]byte(t.Task))
		random := rand.New(rand.NewPCG(b.Seed, name.Sum64()))
		values := make([]float64, b.Resamples)
		for i := range values {
			values[i] = s.draw(random)
			resampled[i] += values[i]
		}
		m.Interval = percentiles(values, m.Value)
		mean.Tasks = append(mean.Tasks, m)
		sum += m.Value
	}
	if n := float64(len(mean.Tasks)); n > 0 {
		mean.Value = sum / n
		for i := range resampled {
			resampled[i] /= n
		}
		mean.Interval = percentiles(resampled, mean.Value)
	}
	return mean
}

// percentiles sorts values, and gives the interval between their percentiles that holds v.
func percentiles(values []float64, v float64) Interval {
	slices.Sort(values)
	return Interval{
		Low:   min(v, percentile(values, (1-Level)/2)),
		High:  max(v, percentile(values, (1+Level)/2)),
		Level: Level,
	}
}

// unfit says why a task cannot be in a mean, "" where it can.
func (t TaskRuns) unfit() string {
	if len(t.Attempts) == 0 {
		return "no attempt yet"
	}
	if len(t.CalibrationFrom) == 0 || len(t.CalibrationTo) == 0 || !finite(t.CalibrationFrom) || !finite(t.CalibrationTo) {
		return uncalibrated
	}
	for i, a := range t.Attempts {
		if a.Confirmed && (len(a.FromSeconds) == 0 || len(a.NodeSeconds) == 0 || !finite(a.FromSeconds) || !finite(a.NodeSeconds)) {
			return fmt.Sprintf("the times that confirmed attempt %d of %d are missing: confirm it again", i+1, len(t.Attempts))
		}
	}
	return Unresolved(t.CalibrationFrom, t.CalibrationTo, t.spread())
}

// spread pools all that the task's runs tell. Record i ran in calibration and in each confirmation: what
// moved between them is noise.
func (t TaskRuns) spread() Spread {
	again := slices.Clone(t.CalibrationFrom)
	samples := [][]float64{nil, t.CalibrationTo}
	for _, a := range t.Attempts {
		if a.Confirmed {
			again = append(again, a.FromSeconds...)
			samples = append(samples, a.NodeSeconds)
		}
	}
	samples[0] = again
	return PooledSpread(t.Spread, samples...)
}

// sampler draws means of a task's FSR.
type sampler struct {
	from, to  timed
	attempts  [][2]timed // base and node; no runs where nothing was confirmed
	confirmed int
	least     float64 // of a gap
	value     float64
}

// timed is a sample of times that can be resampled.
type timed struct {
	seconds []float64
	mean    float64
	se      float64 // of the mean, by the pooled spread
}

// sampler expects a task that is fit for a mean.
func (t TaskRuns) sampler() sampler {
	spread := t.spread()
	of := func(seconds []float64) timed {
		return timed{seconds, momentsOf(seconds).mean, spread.SD / math.Sqrt(float64(len(seconds)))}
	}
	s := sampler{from: of(t.CalibrationFrom), to: of(t.CalibrationTo), least: Gap(t.CalibrationFrom, t.CalibrationTo, spread).Low}
	for _, a := range t.Attempts {
		var pair [2]timed
		if a.Confirmed {
			pair = [2]timed{of(a.FromSeconds), of(a.NodeSeconds)}
			s.confirmed++
			s.value += FSR(a.FromSeconds, a.NodeSeconds, t.CalibrationFrom, t.CalibrationTo)
		}
		s.attempts = append(s.attempts, pair)
	}
	s.value /= float64(len(s.attempts))
	return s
}

// draw is the mean FSR of a resample.
func (s sampler) draw(random *rand.Rand) float64 {
	gap := max(s.least, s.from.draw(random)-s.to.draw(random))
	n := max(1, len(s.attempts)-1)
	saved := 0.0
	for range n {
		a := s.attempts[random.IntN(len(s.attempts))]
		if a[0].seconds != nil {
			saved += a[0].draw(random) - a[1].draw(random)
		}
	}
	return saved / float64(n) / gap
}

// draw is the mean of a resample of runs.
func (t timed) draw(random *rand.Rand) float64 {
	n := len(t.seconds)
	if n < minRuns {
		return t.mean + t.se*random.NormFloat64()
	}
	sum := 0.0
	for range n - 1 {
		sum += t.seconds[random.IntN(n)]
	}
	return sum / float64(n-1)
}
