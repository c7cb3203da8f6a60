package engine

import (
	"fmt"
	"math"
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
	dof    int     // degrees of freedom that it rests on
	source string  // for people
}

// priorRuns is how many degrees of freedom the track's own measurement of the
// spread is worth. It decides where few runs were made here, and gives way to
// them where they disagree with it or are many.
const priorRuns = 10

// pooledNoise weighs the track's spread, a share of a run's time, with the spread
// within samples, each of which holds runs of one script.
func pooledNoise(share float64, samples ...sample) noise {
	prior := share * samples[0].mean()
	squares := priorRuns * prior * prior
	n := noise{dof: priorRuns, source: fmt.Sprintf("the track's %.1f %% of a run", 100*share)}
	for _, s := range samples {
		if len(s) < 2 {
			continue
		}
		m := s.mean()
		for _, v := range s {
			squares += (v - m) * (v - m)
		}
		n.dof += len(s) - 1
	}
	n.sd = math.Sqrt(squares / float64(n.dof))
	if more := n.dof - priorRuns; more > 0 {
		n.source += fmt.Sprintf(", weighed with %d repeated runs here", more)
	}
	return n
}

// quantile is Student's t at 97.5 %, to within 0.3 % from ten degrees of freedom on.
func (n noise) quantile() float64 {
	const z = 1.959964
	d := float64(n.dof)
	return z + (z*z*z+z)/(4*d) + (5*math.Pow(z, 5)+16*z*z*z+3*z)/(96*d*d)
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

// fraction is what node saved over base, runs of record i, as a share of the gap
// between the calibrated records. It must not be called where the gap is unresolved.
func fraction(base, node, from, to sample) float64 {
	return (base.mean() - node.mean()) / (from.mean() - to.mean())
}

// recovered is fraction with its interval, for a base of fresh runs. The interval
// is Fieller's for a ratio of two independent differences.
func recovered(base, node, from, to sample, n noise) FSR {
	interval, _ := n.ratio(base.mean()-node.mean(), 1/float64(len(base))+1/float64(len(node)), from.mean()-to.mean(), 1/float64(len(from))+1/float64(len(to)))
	return FSR{fraction(base, node, from, to), interval}
}

// ratio is Fieller's 95 % interval of x/y, of independent estimates whose variances are
// shares of that of one run. There is none, and ok is false, where y could be 0.
func (n noise) ratio(x, shareX, y, shareY float64) (interval [2]float64, ok bool) {
	q2 := n.quantile() * n.quantile() * n.sd * n.sd
	a, b, c := y*y-q2*shareY, x*y, x*x-q2*shareX
	root := math.Sqrt(max(0, b*b-a*c))
	return [2]float64{(b - root) / a, (b + root) / a}, a > 0
}
