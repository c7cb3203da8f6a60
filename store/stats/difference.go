package stats

import (
	"fmt"
	"math"
)

// Pair is a run of each of two scripts, one right after the other, in seconds.
type Pair struct{ A, B float64 }

// Interleaved is the interval for how much longer A takes than B, of runs made in turn, each pair in
// the order opposite to the pair before (a₁ b₁ b₂ a₂ a₃ b₃ …). It is Student's over the differences
// within pairs: what changes slowly, such as a machine that warms up, moves both of a pair alike,
// and what is left of it has the opposite sign in the next pair. It is unknown with fewer than two
// pairs, with a time that is not finite, and where all differences are equal.
func Interleaved(pairs []Pair) Interval {
	differences := make([]float64, len(pairs))
	for i, p := range pairs {
		differences[i] = p.A - p.B
	}
	m := momentsOf(differences)
	if !(m.variance > 0) {
		return unknown()
	}
	return around(m.mean, critical(float64(m.n-1))*m.sd()/math.Sqrt(float64(m.n)))
}

// critical is how many standard errors an interval extends to either side.
func critical(dof float64) float64 { return TQuantile((1+Level)/2, dof) }

// Noise is the verdict on a difference in time.
type Noise struct {
	Explains bool   // whether the difference could be noise alone; true where it is not known
	Words    string // for people
}

// NoiseIn judges the seconds that a script saves, given as their interval: noise could explain them
// where it includes 0.
func NoiseIn(saved Interval) Noise {
	low, high := saved.Low, saved.High
	switch {
	case !saved.Known():
		return Noise{true, "noise cannot be ruled out: it takes at least two finished runs of each"}
	case saved.Contains(0):
		return Noise{true, fmt.Sprintf("noise could explain this: the %s of the time saved, %s, includes 0", saved.name(), span(low, high))}
	case low > 0:
		return Noise{false, fmt.Sprintf("faster than noise explains: the %s of the time saved is %s", saved.name(), span(low, high))}
	}
	return Noise{false, fmt.Sprintf("slower than noise explains: the %s of the time lost is %s", saved.name(), span(-high, -low))}
}

func (i Interval) name() string { return fmt.Sprintf("%.0f %% interval", 100*i.Level) }

// span words a range of seconds, with two digits of the end nearer to 0, so that it does not read as 0.
func span(low, high float64) string {
	digits := 2
	if near := min(math.Abs(low), math.Abs(high)); near > 0 {
		digits = min(max(digits, 1-int(math.Floor(math.Log10(near)))), 6)
	}
	return fmt.Sprintf("%.*f s to %.*f s", digits, low, digits, high)
}
