// Package stats computes pitwall's statistics, so that every screen and the command line give the
// same figures: t-tests of a loss against the target, intervals for differences in time, means of
// FSR with their intervals, the published protocol's reading beside them, and what the paper
// published. It is pure: no clock and no chance beyond a seed that the caller gives. What is not
// known is NaN. Times are in seconds.
package stats

import (
	"math"
	"slices"
)

// Level is the level of every interval.
const Level = 0.95

// Interval is a range that holds the true value at a level. Both ends are NaN where it is not known.
type Interval struct {
	Low, High float64
	Level     float64 // 0.95
}

// Known reports whether there is an interval.
func (i Interval) Known() bool { return !math.IsNaN(i.Low) && !math.IsNaN(i.High) }

// Contains reports whether v lies in the interval, ends included. An unknown one holds nothing.
func (i Interval) Contains(v float64) bool { return i.Low <= v && v <= i.High }

func around(middle, half float64) Interval { return Interval{middle - half, middle + half, Level} }

func unknown() Interval { return Interval{math.NaN(), math.NaN(), Level} }

// moments are the mean and the spread of a sample.
type moments struct {
	n        int
	mean     float64 // NaN of no values
	variance float64 // NaN of fewer than two
}

// momentsOf measures a sample. One value that is NaN or infinite makes all but n unknown.
func momentsOf(values []float64) moments {
	m := moments{n: len(values), mean: math.NaN(), variance: math.NaN()}
	if m.n == 0 || !finite(values) {
		return m
	}
	// A mean of equal values can differ from them in its last digit, and would give
	// them a spread.
	if slices.Min(values) == slices.Max(values) {
		m.mean = values[0]
		if m.n > 1 {
			m.variance = 0
		}
		return m
	}
	m.mean = 0
	for _, v := range values {
		m.mean += v / float64(m.n)
	}
	m.variance = squares(values, m.mean) / float64(m.n-1)
	return m
}

func (m moments) sd() float64 { return math.Sqrt(m.variance) }

// squares is the sum of squared deviations from a mean.
func squares(values []float64, mean float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += (v - mean) * (v - mean)
	}
	return sum
}

func finite(values []float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
}

// percentile interpolates between the order statistics of at least one value, which it
// expects in ascending order.
func percentile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	low := int(at)
	if low+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}
