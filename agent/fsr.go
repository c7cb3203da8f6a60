package agent

import (
	"fmt"
	"math"

	"pitwall/taskdata"
)

// FSR is the fraction of speedup recovered, (t_i − t') / (t_i − t_{i+1}), of
// arXiv 2506.22419, with its 95 % interval.
type FSR struct {
	Value    float64
	Interval [2]float64
}

// sample is a set of training times of one script, in seconds.
type sample []float64

func (s sample) mean() float64 {
	t := 0.0
	for _, v := range s {
		t += v
	}
	return t / float64(len(s))
}

// noise is the spread of one run's time.
type noise struct {
	sd     float64 // seconds
	dof    int     // degrees of freedom it was estimated with; 0: taken as known
	source string  // for people
}

// pooledNoise estimates the spread within samples, or takes the track's share of
// the first sample's mean where there are too few runs to tell.
func pooledNoise(share float64, samples ...sample) noise {
	var squares float64
	dof := 0
	for _, s := range samples {
		if len(s) == 0 {
			continue
		}
		m := s.mean()
		for _, v := range s {
			squares += (v - m) * (v - m)
		}
		dof += len(s) - 1
	}
	if dof < 2 {
		return noise{sd: share * samples[0].mean(), source: fmt.Sprintf("the track's %.1f %% of a run", 100*share)}
	}
	return noise{sd: math.Sqrt(squares / float64(dof)), dof: dof, source: fmt.Sprintf("measured here over %d runs", runs(samples))}
}

func runs(samples []sample) int {
	n := 0
	for _, s := range samples {
		n += len(s)
	}
	return n
}

// quantile975 holds Student's t at 97.5 % for 1, 2, … degrees of freedom.
var quantile975 = [...]float64{
	12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
	2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
}

func (n noise) quantile() float64 {
	switch {
	case n.dof == 0 || n.dof > len(quantile975):
		return 1.96
	default:
		return quantile975[n.dof-1]
	}
}

// unresolved says why the gap between two records cannot be told from noise, ""
// where it can: its 95 % interval must lie above 0.
func unresolved(from, to sample, n noise) string {
	gap := from.mean() - to.mean()
	half := n.quantile() * n.sd * math.Sqrt(1/float64(len(from))+1/float64(len(to)))
	switch {
	case gap <= 0:
		return fmt.Sprintf("unresolved on this machine: the next record was not faster here (%.2f s against %.2f s)", to.mean(), from.mean())
	case gap <= half:
		return fmt.Sprintf("unresolved on this machine: the gap of %.2f s is within its noise of ±%.2f s; calibrate with more runs", gap, half)
	}
	return ""
}

// recovered computes FSR: what node saved over base, as a share of the gap
// between the calibrated records. The interval is Fieller's for a ratio of two
// independent differences. It must not be called where the gap is unresolved.
func recovered(base, node, from, to sample, n noise) FSR {
	saved, gap := base.mean()-node.mean(), from.mean()-to.mean()
	value := saved / gap
	q2 := n.quantile() * n.quantile() * n.sd * n.sd
	varSaved := q2 * (1/float64(len(base)) + 1/float64(len(node)))
	varGap := q2 * (1/float64(len(from)) + 1/float64(len(to)))
	a := gap*gap - varGap
	b := saved * gap
	c := saved*saved - varSaved
	root := math.Sqrt(max(0, b*b-a*c))
	return FSR{value, [2]float64{(b - root) / a, (b + root) / a}}
}

// leastSpread is the spread of one run's time that is assumed at the least.
const leastSpread = 0.01

// spread is the spread of one run's time as a share of it, as the track measured it.
func spread(r taskdata.Record) float64 {
	if r.Seconds <= 0 {
		return leastSpread
	}
	return max(leastSpread, r.SecondsSD/r.Seconds)
}
