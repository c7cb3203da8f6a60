package stats

import (
	"fmt"
	"math"
)

// BadgeP is the p-value below which the speedrun's rules take a loss for shown. It is a badge: no
// result depends on it.
const BadgeP = 0.01

// Test is a one-sided t-test of whether the mean of a script's loss lies below a target.
type Test struct {
	N        int
	Mean, SD float64
	SE       float64 // standard error of Mean
	T        float64 // (Mean − target) / SE
	DF       float64
	P        float64 // of a mean so far below the target if the true one were at it; NaN where not known
	Why      string  // why P is not known, and the mend; empty where it is
}

// TTest tests the final losses of a script's runs against a target; that their mean is below it is
// the alternative. The number of runs must have been fixed before the first was seen: runs added
// until P is small prove nothing. A loss that is NaN or infinite leaves everything but N unknown, for
// a run that diverged cannot be left out of its script's mean. Equal losses leave P unknown: runs
// that repeat each other to the last digit are one run.
func TTest(losses []float64, target float64) Test {
	m := momentsOf(losses)
	t := Test{N: m.n, Mean: m.mean, SD: m.sd(), DF: float64(m.n - 1), T: math.NaN(), P: math.NaN()}
	t.SE = t.SD / math.Sqrt(float64(m.n))
	switch {
	case m.n == 0:
		t.Why = "there is no run yet"
	case math.IsNaN(m.mean):
		t.Why = fmt.Sprintf("%d of %d runs ended without a loss; look at their logs", unfinished(losses), m.n)
	case m.n == 1:
		t.Why = "one run has no spread; repeat it"
	case t.SD == 0:
		t.Why = fmt.Sprintf("all %d runs ended at the same loss; repeat them with other seeds", m.n)
	default:
		t.T = (t.Mean - target) / t.SE
		t.P = TCDF(t.T, t.DF)
	}
	if m.n < 2 {
		t.DF = math.NaN()
	}
	return t
}

func unfinished(losses []float64) int {
	n := 0
	for i := range losses {
		if !finite(losses[i : i+1]) {
			n++
		}
	}
	return n
}

// Power is the probability that TTest over n runs gives a P below alpha, where one run's loss has the
// standard deviation sd and the true mean lies effect below the target. It is exact for normal
// losses (noncentral t). It is 0 for fewer than two runs, which have no P, and NaN for an sd that is
// not positive or an alpha outside (0, 1).
func Power(sd, effect float64, n int, alpha float64) float64 {
	switch {
	case !(sd > 0) || math.IsInf(sd, 0) || !(alpha > 0 && alpha < 1) || math.IsNaN(effect) || math.IsInf(effect, 0):
		return math.NaN()
	case n < 2:
		return 0
	}
	dof, shift := float64(n-1), effect/sd*math.Sqrt(float64(n))
	critical := TQuantile(1-alpha, dof)
	switch {
	case critical > 0:
		return 1 - noncentralCDF(critical, dof, shift)
	case critical < 0: // P(T > c) of a shift is P(T < −c) of its mirror image
		return noncentralCDF(-critical, dof, -shift)
	}
	return NormalCDF(shift)
}
