package stats

import "math"

// NormalCDF is the probability that a standard normal variable is at most z.
func NormalCDF(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// normalUpper is the value exceeded with probability q ≤ 1/2.
func normalUpper(q float64) float64 {
	if q == 0 {
		return math.Inf(1)
	}
	z := math.Sqrt2 * math.Erfinv(1-2*q)
	if q < 1e-6 { // 1−2q has lost digits of q
		r := math.Sqrt(-2 * math.Log(q))
		z = r - (math.Log(2*math.Pi)+2*math.Log(r))/(2*r)
	}
	// Newton's method on the logarithm of the tail, which is nearly a parabola.
	for range 6 {
		above := NormalCDF(-z)
		if above == 0 {
			break
		}
		z += above * math.Log(above/q) / normalDensity(z)
	}
	return z
}

func normalDensity(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) }

// TCDF is the probability that Student's t of dof > 0 degrees of freedom, which need not be whole, is
// at most t. It is good to 1e-12, and NaN for other dof.
func TCDF(t, dof float64) float64 {
	if t > 0 {
		return 1 - tail(t, dof)
	}
	return tail(-t, dof)
}

// TQuantile is the value that Student's t of dof > 0 degrees of freedom stays below with probability
// p, and NaN for a p outside [0, 1] or another dof.
func TQuantile(p, dof float64) float64 {
	switch {
	case !(p >= 0 && p <= 1) || !(dof > 0):
		return math.NaN()
	case p > 0.5:
		return tUpper(1-p, dof)
	case p < 0.5:
		return -tUpper(p, dof)
	}
	return 0
}

// tUpper is the t exceeded with probability q ≤ 1/2: Newton's method, held between bounds.
func tUpper(q, dof float64) float64 {
	if q == 0 {
		return math.Inf(1)
	}
	low, high := 0.0, max(1, normalUpper(q)) // t has the heavier tails
	for tail(high, dof) > q {
		if low, high = high, 2*high; math.IsInf(high, 0) {
			return high
		}
	}
	t := (low + high) / 2
	for range 400 {
		above := tail(t, dof)
		if above > q {
			low = t
		} else {
			high = t
		}
		next := t + (above-q)/tDensity(t, dof)
		if !(low < next && next < high) {
			next = (low + high) / 2
		}
		if math.Abs(next-t) <= 1e-15*next {
			return next
		}
		t = next
	}
	return t
}

func tDensity(t, dof float64) float64 {
	return gammaRatio(dof/2) / math.Sqrt(math.Pi*dof) * math.Exp((dof+1)/2*logBeyond(t/math.Sqrt(dof)))
}

// nearNormal is the number of degrees of freedom from which an expansion around the normal
// distribution says more than the continued fraction, which loses digits where x is close to 1.
const nearNormal = 3e4

// tail is the probability that Student's t exceeds t ≥ 0: half of the regularised incomplete beta
// function I_x(dof/2, 1/2) at x = dof/(dof+t²).
func tail(t, dof float64) float64 {
	if !(dof > 0) || math.IsNaN(t) {
		return math.NaN()
	}
	if dof > nearNormal {
		return nearNormalTail(t, dof)
	}
	a, r := dof/2, t/math.Sqrt(dof)
	logX := logBeyond(r)
	x, y := math.Exp(logX), 1/(1+1/(r*r)) // y = 1−x, with all of its digits
	front := math.Exp(a*logX) * math.Sqrt(y) * gammaRatio(a) / math.Sqrt(math.Pi)
	if x < (a+1)/(a+2.5) {
		return front * betaFraction(a, 0.5, x) / a / 2
	}
	return 0.5 - front*betaFraction(0.5, a, y)
}

// nearNormalTail is tail by Fisher's expansion in 1/dof.
func nearNormalTail(t, dof float64) float64 {
	if t > 38 {
		return 0 // as the normal tail does in doubles
	}
	u := t * t
	first, second := t*(u+1)/4, t*(((3*u-7)*u-5)*u-3)/96
	return NormalCDF(-t) + normalDensity(t)*(first+second/dof)/dof
}

// logBeyond is the logarithm of 1/(1+r²) for r ≥ 0, for any r.
func logBeyond(r float64) float64 {
	if r < 1 {
		return -math.Log1p(r * r)
	}
	return -2 * math.Log(math.Hypot(1, r))
}

// gammaRatio is Γ(a+1/2)/Γ(a). A difference of logarithms would lose digits where a is large.
func gammaRatio(a float64) float64 {
	if a < 100 {
		return math.Gamma(a+0.5) / math.Gamma(a)
	}
	i := 1 / a
	return math.Sqrt(a) * (1 + i*(-1./8+i*(1./128+i*(5./1024+i*(-21./32768+i*(-399./262144))))))
}

// betaFraction is the continued fraction of the incomplete beta function, by Lentz's method.
// Abramowitz & Stegun 26.5.8.
func betaFraction(a, b, x float64) float64 {
	const tiny, terms = 1e-300, 20000
	kept := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/kept(1-(a+b)*x/(a+1))
	sum := d
	for k := 1; k < terms; k++ {
		m := float64(k)
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d, c = 1/kept(1+even*d), kept(1+even/c)
		sum *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d, c = 1/kept(1+odd*d), kept(1+odd/c)
		sum *= d * c
		if math.Abs(d*c-1) < 3e-16 {
			break
		}
	}
	return sum
}

// noncentralCDF is the probability that (Z+shift)/S is at most t > 0, where Z is standard normal and
// dof·S² is chi-squared with dof ≥ 1, whole, degrees of freedom: E[Φ(t·S − shift)], integrated over S
// by Gauss's rule.
func noncentralCDF(t, dof, shift float64) float64 {
	// The density of S up to a constant, which the same sum over it cancels.
	weight := func(s float64) float64 {
		if dof == 1 {
			return math.Exp(-s * s / 2)
		}
		return math.Exp((dof-1)*math.Log(s) - dof*(s*s-1)/2)
	}
	peak, sd := math.Sqrt((dof-1)/dof), 1/math.Sqrt(2*dof)
	low, high := max(0, peak-12*sd), peak+12*sd
	// Φ rises from 0 to 1 within a few 1/t of here: panels must end there to see it.
	bounds := []float64{low}
	for _, d := range []float64{-8, 0, 8} {
		if at := (shift + d) / t; at > bounds[len(bounds)-1] && at < high {
			bounds = append(bounds, at)
		}
	}
	bounds = append(bounds, high)
	part, whole := 0.0, 0.0
	for i, from := range bounds[:len(bounds)-1] {
		gauss(from, bounds[i+1], func(s, w float64) {
			w *= weight(s)
			whole += w
			part += w * NormalCDF(t*s-shift)
		})
	}
	return part / whole
}

// gauss gives add the points and weights of Gauss's five-point rule on 60 panels.
func gauss(from, to float64, add func(x, weight float64)) {
	const panels = 60
	nodes := [...]float64{0, -0.5384693101056831, 0.5384693101056831, -0.9061798459386640, 0.9061798459386640}
	weights := [...]float64{0.5688888888888889, 0.4786286704993665, 0.4786286704993665, 0.2369268850561891, 0.2369268850561891}
	half := (to - from) / panels / 2
	for p := range panels {
		middle := from + float64(2*p+1)*half
		for i, node := range nodes {
			add(middle+half*node, half*weights[i])
		}
	}
}
