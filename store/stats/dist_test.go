package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %.15g, want %.15g within %g", what, got, want, within)
	}
}

// simpson integrates f by the rule of three points on n panels.
func simpson(f func(float64) float64, from, to float64, n int) float64 {
	h, sum := (to-from)/float64(2*n), f(from)+f(to)
	for i := 1; i < 2*n; i++ {
		sum += f(from+float64(i)*h) * float64(2+2*(i%2))
	}
	return sum * h / 3
}

// slowTail is the tail of Student's t by another way: under t = √ν·tan θ its density is cos θ to the
// power ν−1, up to a constant.
func slowTail(t, dof float64) float64 {
	f := func(angle float64) float64 { return math.Pow(max(0, math.Cos(angle)), dof-1) }
	at := math.Atan(t / math.Sqrt(dof))
	end := min(math.Pi/2, 40/math.Sqrt(dof)) // 40 standard deviations where it is narrow
	return simpson(f, at, end, 4000) / (2 * simpson(f, 0, end, 4000))
}

func TestTAgreesWithPublishedTables(t *testing.T) {
	for _, c := range []struct{ p, dof, want float64 }{
		{0.975, 1, 12.706204736174698},
		{0.975, 2, 4.302652729749462},
		{0.975, 5, 2.570581835636314},
		{0.975, 10, 2.228138851986273},
		{0.975, 30, 2.042272456301238},
		{0.99, 5, 3.364929998907217},
		{0.995, 5, 4.032142983555227},
		{0.975, 1e12, 1.959963984540054},
	} {
		near(t, fmt.Sprintf("t at %g of %g degrees", c.p, c.dof), TQuantile(c.p, c.dof), c.want, 1e-9)
		near(t, fmt.Sprintf("the CDF at %g of %g degrees", c.want, c.dof), TCDF(c.want, c.dof), c.p, 1e-12)
	}
}

func TestTAgreesWithItsClosedForms(t *testing.T) {
	for _, x := range []float64{-1e8, -50, -3, -0.5, -1e-6, 0, 1e-9, 0.1, 1, 2.5, 20, 1e6} {
		near(t, fmt.Sprintf("1 degree at %g", x), TCDF(x, 1), 0.5+math.Atan(x)/math.Pi, 1e-13)
		near(t, fmt.Sprintf("2 degrees at %g", x), TCDF(x, 2), 0.5+x/(2*math.Sqrt(2+x*x)), 1e-13)
		u := x * x / 4
		near(t, fmt.Sprintf("4 degrees at %g", x), TCDF(x, 4), 0.5+3./8*x/math.Sqrt(1+u)*(1-u/(3*(1+u))), 1e-13)
	}
	// Far out the tail of one degree is 1/(πt): no digit of it may be lost.
	if got, want := TCDF(-1e9, 1), 1/(math.Pi*1e9); math.Abs(got/want-1) > 1e-12 {
		t.Errorf("tail of %g, want %g", got, want)
	}
}

func TestTAgreesWithNumericalIntegration(t *testing.T) {
	for _, dof := range []float64{2, 2.7, 3, 7.5, 19, 60, 333, 1500, 25000, 35000, 2e5} {
		for _, x := range []float64{0.01, 0.4, 1, 1.96, 3, 5, 9} {
			// Simpson's own error at 2.7 degrees, where the integrand has a kink at its end.
			near(t, fmt.Sprintf("tail at %g of %g degrees", x, dof), TCDF(-x, dof), slowTail(x, dof), 1e-9)
		}
	}
}

func TestTIsContinuousWhereItsMethodChanges(t *testing.T) {
	for _, x := range []float64{0.3, 1, 2, 4} {
		near(t, fmt.Sprintf("the tail at %g", x), TCDF(-x, nearNormal), TCDF(-x, nearNormal*(1+1e-9)), 1e-12)
		near(t, fmt.Sprintf("the gamma ratio, in the tail at %g", x), TCDF(-x, 200-1e-9), TCDF(-x, 200), 1e-12)
	}
}

// normalQuantile is the value that a standard normal variable stays below with probability p, and
// NaN for a p outside [0, 1].
func normalQuantile(p float64) float64 {
	switch {
	case !(p >= 0 && p <= 1):
		return math.NaN()
	case p > 0.5:
		return normalUpper(1 - p)
	}
	return -normalUpper(p)
}

func TestQuantilesTurnTheirCDFsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Float64Range(1e-12, 0.5).Draw(t, "p")
		dof := rapid.Float64Range(0.5, 1e8).Draw(t, "dof")
		if got := TCDF(TQuantile(p, dof), dof); math.Abs(got/p-1) > 1e-9 {
			t.Errorf("%g became %g at %g degrees", p, got, dof)
		}
		if got := NormalCDF(normalQuantile(p)); math.Abs(got/p-1) > 1e-12 {
			t.Errorf("%g became %g", p, got)
		}
		if a, b := TQuantile(p, dof), TQuantile(1-p, dof); math.Abs(a+b) > 1e-3*math.Abs(a) {
			t.Errorf("quantiles %g and %g of %g are not mirror images", a, b, p)
		}
	})
}

func TestNormalAgreesWithPublishedTables(t *testing.T) {
	for _, c := range []struct{ p, z float64 }{
		{0.5, 0},
		{0.975, 1.959963984540054},
		{0.99, 2.3263478740408408},
		{0.999, 3.090232306167813},
		{1e-10, -6.361340902404056},
		{1e-100, -21.273453560958},
	} {
		near(t, fmt.Sprintf("the quantile at %g", c.p), normalQuantile(c.p), c.z, 1e-11)
		if got := NormalCDF(c.z); math.Abs(got/c.p-1) > 1e-9 {
			t.Errorf("the CDF at %g is %g, want %g", c.z, got, c.p)
		}
	}
}

func TestDistributionsAtTheirEdges(t *testing.T) {
	for what, got := range map[string]float64{
		"no degrees of freedom": TCDF(1, 0), "negative degrees": TQuantile(0.9, -1), "an unknown t": TCDF(math.NaN(), 3),
		"a probability above 1": TQuantile(1.1, 3), "one below 0": normalQuantile(-0.1), "an unknown one": normalQuantile(math.NaN()),
	} {
		if !math.IsNaN(got) {
			t.Errorf("%s gives %g, want NaN", what, got)
		}
	}
	if TCDF(math.Inf(1), 3) != 1 || TCDF(math.Inf(-1), 3) != 0 || !math.IsInf(TQuantile(1, 3), 1) || !math.IsInf(normalQuantile(0), -1) {
		t.Error("the ends of a distribution are not where they belong")
	}
}

// slowNoncentral integrates over Z instead of S: the chi-squared tail has a closed form for an even
// number of degrees of freedom.
func slowNoncentral(t, dof, shift float64) float64 {
	above := func(s float64) float64 {
		if s <= 0 {
			return 1
		}
		half := dof * s * s / 2
		term := math.Exp(-half)
		sum := term
		for k := 1.0; k < dof/2; k++ {
			term *= half / k
			sum += term
		}
		return sum
	}
	f := func(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) * above((z+shift)/t) }
	// At z = −shift the tail leaves 1 with a kink.
	if -shift <= -12 || -shift >= 12 {
		return simpson(f, -12, 12, 20000)
	}
	return simpson(f, -12, -shift, 20000) + simpson(f, -shift, 12, 20000)
}

func TestNoncentralTAgreesWithIntegrationOverTheOtherVariable(t *testing.T) {
	for _, dof := range []float64{2, 4, 10, 40, 200} {
		for _, x := range []float64{0.05, 1, 2.5, 6, 40} {
			for _, shift := range []float64{-3, 0, 0.7, 2, 5, 30} {
				near(t, fmt.Sprintf("at %g of %g degrees shifted by %g", x, dof, shift), noncentralCDF(x, dof, shift), slowNoncentral(x, dof, shift), 1e-9)
			}
		}
	}
}

func TestNoncentralTWithoutShiftIsStudents(t *testing.T) {
	for _, dof := range []float64{1, 2, 3, 9, 50, 1e4, 1e6} {
		for _, x := range []float64{1e-3, 0.5, 1.7, 4, 30, 1e4} {
			near(t, fmt.Sprintf("at %g of %g degrees", x, dof), noncentralCDF(x, dof, 0), TCDF(x, dof), 1e-9)
		}
	}
}

func TestPowerAgreesWithSimulatedRuns(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		sd, effect float64
		n          int
		alpha      float64
	}{{0.0013, 0.001, 10, 0.01}, {1, 1, 3, 0.05}, {1, 0, 5, 0.05}, {1, -0.5, 4, 0.2}, {1, 0.3, 6, 0.7}} {
		const trials = 40000
		passed := 0
		losses := make([]float64, c.n)
		for range trials {
			for i := range losses {
				losses[i] = 3.28 - c.effect + c.sd*random.NormFloat64()
			}
			if TTest(losses, 3.28).P < c.alpha {
				passed++
			}
		}
		near(t, fmt.Sprintf("power of %+v", c), Power(c.sd, c.effect, c.n, c.alpha), float64(passed)/trials, 0.01)
	}
}
