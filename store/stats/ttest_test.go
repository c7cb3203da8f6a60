package stats

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTTestOfAHandWorkedExample(t *testing.T) {
	// Losses 3.2770, 3.2790, 3.2760, 3.2780 against 3.28.
	// Mean: 3.2775. Deviations: −.0005, .0015, −.0015, .0005; squares sum to 5e−6, variance 5e−6/3,
	// SD .00129099, SE = SD/2 = .000645497, t = −.0025/.000645497 = −3.872983 = −√15.
	// Student's of 3 degrees in closed form: with a = atan(t/√3) = atan(−√5),
	// P = 1/2 + (a + sin a·cos a)/π = 1/2 + (−1.150262 − √5/6)/π = .015231.
	test := TTest([]float64{3.2770, 3.2790, 3.2760, 3.2780}, 3.28)
	a := math.Atan(-math.Sqrt(5))
	near(t, "mean", test.Mean, 3.2775, 1e-12)
	near(t, "SD", test.SD, math.Sqrt(5e-6/3), 1e-12)
	near(t, "SE", test.SE, math.Sqrt(5e-6/3)/2, 1e-12)
	near(t, "t", test.T, -math.Sqrt(15), 1e-9)
	near(t, "P", test.P, 0.5+(a-math.Sqrt(5)/6)/math.Pi, 1e-9)
	near(t, "P to four digits", test.P, 0.01523, 5e-6)
	if test.N != 4 || test.DF != 3 || test.Why != "" || test.P < BadgeP {
		t.Errorf("%+v, badge %v", test, test.P < BadgeP)
	}
	// A fifth run of 3.2775 moves no mean, and .00111803/√5 = .0005 makes t exactly −5.
	if test = TTest([]float64{3.2770, 3.2790, 3.2760, 3.2780, 3.2775}, 3.28); math.Abs(test.T+5) > 1e-9 || !(test.P < BadgeP) {
		t.Errorf("%+v, badge %v: want t = -5 and the badge", test, test.P < BadgeP)
	}
}

func TestALossThatTheTestCannotJudgeHasNoP(t *testing.T) {
	for _, c := range []struct {
		name   string
		losses []float64
		mean   float64 // NaN: unknown
		why    string
	}{
		{"none", nil, math.NaN(), "no run"},
		{"one", []float64{3.2}, 3.2, "repeat"},
		{"a run that diverged", []float64{3.2, math.NaN(), 3.21}, math.NaN(), "1 of 3"},
		{"an infinite loss", []float64{3.2, math.Inf(1), math.Inf(1)}, math.NaN(), "2 of 3"},
		{"equal losses", []float64{3.277, 3.277, 3.277}, 3.277, "other seeds"},
	} {
		test := TTest(c.losses, 3.28)
		if !math.IsNaN(test.P) || !math.IsNaN(test.T) || test.P < BadgeP || !strings.Contains(test.Why, c.why) || test.N != len(c.losses) {
			t.Errorf("%s: %+v", c.name, test)
		}
		if test.Mean != c.mean && !(math.IsNaN(test.Mean) && math.IsNaN(c.mean)) {
			t.Errorf("%s: mean %g, want %g", c.name, test.Mean, c.mean)
		}
	}
}

func TestEqualLossesHaveNoSpreadWhateverTheirDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loss := rapid.Float64Range(1, 12).Draw(t, "loss")
		test := TTest(slices.Repeat([]float64{loss}, rapid.IntRange(2, 30).Draw(t, "runs")), 3.28)
		if test.SD != 0 || test.Mean != loss || test.P < BadgeP || !math.IsNaN(test.P) {
			t.Errorf("%+v", test)
		}
	})
}

func TestLowerLossesAreBetterShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		losses := rapid.SliceOfNDistinct(rapid.Float64Range(3.27, 3.29), 2, 12, rapid.ID[float64]).Draw(t, "losses")
		shift := rapid.Float64Range(0.0001, 0.01).Draw(t, "shift")
		lower := make([]float64, len(losses))
		for i, v := range losses {
			lower[i] = v - shift
		}
		a, b := TTest(losses, 3.28), TTest(lower, 3.28)
		if a.Why != "" || b.Why != "" {
			t.Skip("losses that are equal but for rounding")
		}
		if !(b.P <= a.P) || a.P < 0 || a.P > 1 {
			t.Errorf("P %g became %g when every loss fell by %g", a.P, b.P, shift)
		}
		if (a.Mean < 3.28) != (a.P < 0.5) && math.Abs(a.Mean-3.28) > 1e-12 {
			t.Errorf("P is %g at a mean of %.6f", a.P, a.Mean)
		}
	})
}

func TestPowerIsThatOfTheTestAtNoEffect(t *testing.T) {
	for _, n := range []int{2, 3, 8, 40} {
		for _, alpha := range []float64{0.001, 0.01, 0.05, 0.5, 0.8} {
			near(t, fmt.Sprintf("power of %d runs at %g", n, alpha), Power(1, 0, n, alpha), alpha, 1e-9)
		}
	}
}

func TestPowerOfWhatCannotBeTested(t *testing.T) {
	if p := Power(1, 2, 1, 0.01); p != 0 {
		t.Errorf("one run has power %g, want 0", p)
	}
	for what, p := range map[string]float64{
		"no spread": Power(0, 1, 5, 0.01), "an unknown spread": Power(math.NaN(), 1, 5, 0.01),
		"alpha 0": Power(1, 1, 5, 0), "alpha 1": Power(1, 1, 5, 1), "an unknown effect": Power(1, math.NaN(), 5, 0.01),
	} {
		if !math.IsNaN(p) {
			t.Errorf("%s: power %g, want NaN", what, p)
		}
	}
}
