package stats

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// welchInterval is Welch's interval for how much longer a run of a takes than one of b: mean(a) −
// mean(b), for runs in no particular order and spreads that may differ. It is unknown with fewer than
// two runs of either, with a time that is not finite, and where no time differs from another of its
// script.
func welchInterval(a, b []float64) Interval {
	ma, mb := momentsOf(a), momentsOf(b)
	va, vb := ma.variance/float64(ma.n), mb.variance/float64(mb.n)
	if !(va+vb > 0) {
		return unknown()
	}
	dof := (va + vb) * (va + vb) / (va*va/float64(ma.n-1) + vb*vb/float64(mb.n-1))
	return around(ma.mean-mb.mean, critical(dof)*math.Sqrt(va+vb))
}

func TestWelchOfAHandWorkedExample(t *testing.T) {
	// a: 11, 12, 13: mean 12, variance 1, over 3 = 1/3. b: 8, 10: mean 9, variance 2, over 2 = 1.
	// SE² = 4/3; degrees (16/9) / ((1/9)/2 + 1/1) = (16/9)/(19/18) = 32/19 = 1.684210.
	i := welchInterval([]float64{11, 12, 13}, []float64{8, 10})
	half := TQuantile(0.975, 32./19) * math.Sqrt(4./3)
	near(t, "low", i.Low, 3-half, 1e-9)
	near(t, "high", i.High, 3+half, 1e-9)
	// Of equal spreads and sizes Welch's degrees are 2(n−1): 4, of which t is 2.776445.
	// a: 1, 2, 3; b: 4, 5, 6: SE = √(2/3) = .816497, so −3 ± 2.266958.
	i = welchInterval([]float64{1, 2, 3}, []float64{4, 5, 6})
	near(t, "low", i.Low, -5.266958, 1e-6)
	near(t, "high", i.High, -0.733042, 1e-6)
	if i.Level != 0.95 {
		t.Errorf("level %g", i.Level)
	}
}

func TestInterleavedOfAHandWorkedExample(t *testing.T) {
	// Differences 1, 2, 3: mean 2, SD 1, SE 1/√3, t of 2 degrees 4.302653: 2 ± 2.484138.
	i := Interleaved([]Pair{{10, 9}, {21, 19}, {33, 30}})
	near(t, "low", i.Low, 2-2.484138, 1e-6)
	near(t, "high", i.High, 2+2.484138, 1e-6)
}

func TestADifferenceThatCannotBeKnownIsUnknown(t *testing.T) {
	nan := math.NaN()
	for what, i := range map[string]Interval{
		"no runs":             welchInterval(nil, nil),
		"one run of one":      welchInterval([]float64{1}, []float64{2, 3}),
		"a failed run":        welchInterval([]float64{1, nan}, []float64{2, 3}),
		"times without noise": welchInterval([]float64{1, 1}, []float64{2, 2}),
		"no pairs":            Interleaved(nil),
		"one pair":            Interleaved([]Pair{{1, 2}}),
		"a pair half failed":  Interleaved([]Pair{{1, 2}, {nan, 2}}),
		"equal differences":   Interleaved([]Pair{{1, 2}, {2, 3}}),
	} {
		if i.Known() || i.Contains(0) || !NoiseIn(i).Explains {
			t.Errorf("%s: %+v", what, i)
		}
	}
}

func TestIntervalsHoldTheTruthAsOftenAsTheySay(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	const trials = 8000
	welch, paired := 0, 0
	for range trials {
		var a, b []float64
		var pairs []Pair
		for k := range 6 {
			a = append(a, 180.5+0.3*random.NormFloat64())
			if k < 4 {
				b = append(b, 180+0.9*random.NormFloat64())
			}
			pairs = append(pairs, Pair{180.5 + 0.3*random.NormFloat64(), 180 + 0.3*random.NormFloat64()})
		}
		if welchInterval(a, b).Contains(0.5) {
			welch++
		}
		if Interleaved(pairs).Contains(0.5) {
			paired++
		}
	}
	near(t, "Welch's coverage", float64(welch)/trials, 0.95, 0.015)
	near(t, "the paired coverage", float64(paired)/trials, 0.95, 0.01)
}

func TestTurnsCancelWhatChangesSlowly(t *testing.T) {
	// The machine slows by .5 s a run, over a difference of .2 s between the scripts.
	random := rand.New(rand.NewPCG(7, 8))
	var pairs []Pair
	var a, b []float64
	pace := 180.0
	run := func(extra float64) float64 {
		pace += 0.5
		return pace + extra + 0.02*random.NormFloat64()
	}
	for k := range 20 {
		var p Pair
		if k%2 == 0 {
			p.A, p.B = run(0.2), run(0)
		} else {
			p.B, p.A = run(0), run(0.2)
		}
		pairs, a, b = append(pairs, p), append(a, p.A), append(b, p.B)
	}
	turns, mixed := Interleaved(pairs), welchInterval(a, b)
	near(t, "the middle", (turns.Low+turns.High)/2, 0.2, 0.02)
	if turns.High-turns.Low > (mixed.High-mixed.Low)/5 || !turns.Contains(0.2) {
		t.Errorf("in turns %+v, without them %+v", turns, mixed)
	}
}

// permutationP is the share of all ways to deal the times out to two scripts that separate their means
// at least as far as they were.
func permutationP(a, b []float64) float64 {
	all := append(append([]float64{}, a...), b...)
	apart := func(mask uint) float64 {
		var x, y []float64
		for i, v := range all {
			if mask>>i&1 == 1 {
				x = append(x, v)
			} else {
				y = append(y, v)
			}
		}
		return math.Abs(momentsOf(x).mean - momentsOf(y).mean)
	}
	seen, ways, as := apart(1<<len(a)-1), 0, 0
	for mask := range uint(1) << len(all) {
		if bits.OnesCount(mask) != len(a) {
			continue
		}
		ways++
		if apart(mask) >= seen-1e-12 {
			as++
		}
	}
	return float64(as) / float64(ways)
}

func TestTheVerdictAgreesWithAPermutationTest(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	clear := 0
	for trial := range 60 {
		var a, b []float64
		for range 7 {
			a = append(a, 180+0.05*float64(trial)+random.NormFloat64())
			b = append(b, 180+random.NormFloat64())
		}
		p, explains := permutationP(a, b), NoiseIn(welchInterval(a, b)).Explains
		if p > 0.03 && p < 0.08 {
			continue // too close for two different tests to agree
		}
		clear++
		if explains != (p > 0.05) {
			t.Errorf("noise explains: %v, at a permutation's P of %.3f", explains, p)
		}
	}
	if clear < 40 {
		t.Errorf("only %d of 60 trials were clear", clear)
	}
}

func TestNoiseIsSaidInWords(t *testing.T) {
	for _, c := range []struct {
		saved    Interval
		explains bool
		words    string
	}{
		{Interval{-0.31, 0.52, Level}, true, "noise could explain this: the 95 % interval of the time saved, -0.31 s to 0.52 s, includes 0"},
		{Interval{0, 0.5, Level}, true, "noise could explain this: the 95 % interval of the time saved, 0.00 s to 0.50 s, includes 0"},
		{Interval{0.0034, 0.5, Level}, false, "faster than noise explains: the 95 % interval of the time saved is 0.0034 s to 0.5000 s"},
		{Interval{-2, -1, Level}, false, "slower than noise explains: the 95 % interval of the time lost is 1.00 s to 2.00 s"},
	} {
		if got := NoiseIn(c.saved); got.Explains != c.explains || got.Words != c.words {
			t.Errorf("%+v: %+v, want %v, %q", c.saved, got, c.explains, c.words)
		}
	}
	if got := NoiseIn(unknown()); !strings.Contains(got.Words, "at least two") {
		t.Errorf("unknown: %q", got.Words)
	}
}

func TestAnIntervalHoldsItsEstimateAndTurnsWithItsSides(t *testing.T) {
	times := rapid.SliceOfN(rapid.Float64Range(100, 3000), 2, 10)
	rapid.Check(t, func(t *rapid.T) {
		a, b := times.Draw(t, "a"), times.Draw(t, "b")
		i, back := welchInterval(a, b), welchInterval(b, a)
		if !i.Known() {
			t.Skip("no spread")
		}
		if !i.Contains(momentsOf(a).mean - momentsOf(b).mean) {
			t.Errorf("%+v misses its estimate", i)
		}
		if math.Abs(i.Low+back.High) > 1e-6 || math.Abs(i.High+back.Low) > 1e-6 {
			t.Errorf("%+v, but %+v the other way round", i, back)
		}
	})
}

func TestRepeatsOfAHandWorkedExample(t *testing.T) {
	// Seconds 10, 14, 11, 13: mean 12, squares 4+4+1+1 = 10, SD √(10/3) = 1.825742, median 12,
	// SE .912871, t of 3 degrees 3.182446: 12 ± 2.905163.
	r := NewRepeats([]Run{{3.277, 10}, {3.279, 14}, {3.276, 11}, {3.278, 13}}, 3.28)
	near(t, "mean", r.Seconds.Mean, 12, 1e-12)
	near(t, "SD", r.Seconds.SD, math.Sqrt(10./3), 1e-12)
	near(t, "median", r.Seconds.Median, 12, 1e-12)
	near(t, "low", r.Seconds.Interval.Low, 12-2.905163, 1e-5)
	near(t, "high", r.Seconds.Interval.High, 12+2.905163, 1e-5)
	near(t, "P", r.Loss.P, 0.01523, 5e-6)
	if r = NewRepeats([]Run{{3.277, 30}, {3.279, 10}, {3.276, 20}}, 3.28); r.Seconds.Median != 20 || r.Seconds.N != 3 {
		t.Errorf("%+v, want the middle one of three", r.Seconds)
	}
}

func TestRepeatsWithAFailedRunAreUnknown(t *testing.T) {
	nan := math.NaN()
	r := NewRepeats([]Run{{3.277, 10}, {nan, nan}}, 3.28)
	if !math.IsNaN(r.Seconds.Mean) || !math.IsNaN(r.Seconds.Median) || r.Seconds.Interval.Known() || r.Loss.Why == "" {
		t.Errorf("%+v", r)
	}
	one := NewRepeats([]Run{{3.277, 10}}, 3.28)
	if one.Seconds.Median != 10 || one.Seconds.Mean != 10 || !math.IsNaN(one.Seconds.SD) || one.Seconds.Interval.Known() {
		t.Errorf("%+v", one)
	}
	if none := NewRepeats(nil, 3.28); none.Seconds.N != 0 || !math.IsNaN(none.Seconds.Median) {
		t.Errorf("%+v", none)
	}
}
