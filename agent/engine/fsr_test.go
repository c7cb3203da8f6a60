package engine

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestIntervalHoldsTheTruthNineteenTimesInTwenty(t *testing.T) {
	const tFrom, tTo, sd, runs = 8.8, 7.2, 0.12, 4000
	for _, truth := range []float64{0, 0.4, 1} {
		rng := rand.New(rand.NewPCG(1, uint64(10*truth)))
		draw := func(mean float64, n int) sample {
			s := make(sample, n)
			for i := range s {
				s[i] = mean + sd*rng.NormFloat64()
			}
			return s
		}
		held, resolved := 0, 0
		n := noise{sd: sd, dof: 100000}
		for range runs {
			from, to := draw(tFrom, 1), draw(tTo, 1)
			if unresolved(from, to, n) != "" {
				continue
			}
			resolved++
			f := recovered(draw(tFrom, 1), draw(tFrom-truth*(tFrom-tTo), 1), from, to, n)
			if f.Interval[0] <= truth && truth <= f.Interval[1] {
				held++
			}
		}
		if share := float64(held) / float64(resolved); math.Abs(share-0.95) > 0.015 {
			t.Errorf("at FSR %.1f the interval held it in %.1f %% of cases", truth, 100*share)
		}
		if resolved < runs*9/10 {
			t.Errorf("only %d of %d calibrations resolved a gap of 13 SDs", resolved, runs)
		}
	}
}

func TestGapWithinItsNoiseIsUnresolved(t *testing.T) {
	known := noise{sd: 0.1, dof: 1000}
	for _, c := range []struct {
		from, to sample
		resolved bool
	}{
		{sample{8}, sample{7}, true},
		{sample{8}, sample{7.9}, false},
		{sample{8, 8, 8, 8, 8, 8, 8, 8, 8}, sample{7.9, 7.9, 7.9, 7.9, 7.9, 7.9, 7.9, 7.9, 7.9}, true},
		{sample{7}, sample{8}, false},
		{sample{8}, sample{8}, false},
	} {
		if why := unresolved(c.from, c.to, known); (why == "") != c.resolved {
			t.Errorf("from %v to %v: %q, want resolved %v", c.from, c.to, why, c.resolved)
		}
	}
}

func TestNoiseGivesWayToWhatIsSeenHere(t *testing.T) {
	n := pooledNoise(0.02, sample{10}, sample{5})
	if n.sd != 0.2 || n.dof != priorRuns {
		t.Errorf("%+v, want the track's 2 %%", n)
	}
	if q := n.quantile(); math.Abs(q-2.228) > 0.01 {
		t.Errorf("t at 10 degrees of freedom is %.3f, want 2.228", q)
	}
	quiet, loaded := pooledNoise(0.02, sample{10, 10.1}), pooledNoise(0.02, sample{10, 16})
	if quiet.sd > 0.2 || loaded.sd < 1 {
		t.Errorf("quiet %+v, loaded %+v: a run that took 60 %% longer must show", quiet, loaded)
	}
	many := make(sample, 200)
	for i := range many {
		many[i] = 10 + 0.5*float64(1-2*(i%2))
	}
	if n := pooledNoise(0.02, many); math.Abs(n.sd-0.5) > 0.03 || math.Abs(n.quantile()-1.96) > 0.02 {
		t.Errorf("%+v quantile %.3f, want what 200 runs say", n, n.quantile())
	}
}
