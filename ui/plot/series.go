// Package plot draws curves on a braille canvas. However many points fall into
// a column, its lowest and its highest are kept, so that no spike is lost.
package plot

import (
	"math"
	"sort"
)

// fan is how many blocks of one level make a block of the next: 16 keeps the
// pyramid at a fifteenth of the points, and a query at a few dozen comparisons.
const fan = 16

// Series is a curve that grows. Its zero value is empty.
type Series struct {
	xs, ys []float64
	levels []level
}

type level struct{ lo, hi []float64 }

// Append adds a point. One without a finite x and y is left out. An x below the
// last one counts as the last one, so that x never falls.
func (s *Series) Append(x, y float64) {
	if math.IsNaN(x) || math.IsInf(x, 0) || math.IsNaN(y) || math.IsInf(y, 0) {
		return
	}
	if n := len(s.xs); n > 0 {
		x = max(x, s.xs[n-1])
	}
	s.xs, s.ys = append(s.xs, x), append(s.ys, y)
	at := len(s.ys) - 1
	for k := 0; ; k++ {
		at /= fan
		if k == len(s.levels) {
			if at == 0 && len(s.ys)-1 < fan && k > 0 {
				return
			}
			s.levels = append(s.levels, level{})
			s.fill(k)
		}
		l := &s.levels[k]
		if at == len(l.lo) {
			l.lo, l.hi = append(l.lo, y), append(l.hi, y)
		} else {
			l.lo[at], l.hi[at] = min(l.lo[at], y), max(l.hi[at], y)
		}
		if at == 0 {
			return
		}
	}
}

// fill makes level k, which is new, from the one below; the last point is not in yet.
func (s *Series) fill(k int) {
	if k == 0 {
		return
	}
	below, l := s.levels[k-1], &s.levels[k]
	for i := range below.lo {
		if i/fan == len(l.lo) {
			l.lo, l.hi = append(l.lo, below.lo[i]), append(l.hi, below.hi[i])
			continue
		}
		l.lo[i/fan], l.hi[i/fan] = min(l.lo[i/fan], below.lo[i]), max(l.hi[i/fan], below.hi[i])
	}
}

// Len returns the number of points.
func (s *Series) Len() int { return len(s.xs) }

// At returns point i.
func (s *Series) At(i int) (x, y float64) { return s.xs[i], s.ys[i] }

// Find returns the index of the first of the first n points whose x is at least x.
func (s *Series) Find(x float64, n int) int { return sort.SearchFloat64s(s.xs[:n], x) }

// Range returns the lowest and highest y of points i to j-1, +Inf and -Inf if there are none.
func (s *Series) Range(i, j int) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	i, j = max(i, 0), min(j, len(s.ys))
	los, his := s.ys, s.ys
	for k := 0; i < j; k++ {
		if k == len(s.levels) || j-i <= 2*fan {
			for ; i < j; i++ {
				lo, hi = min(lo, los[i]), max(hi, his[i])
			}
			return lo, hi
		}
		for ; i%fan != 0; i++ {
			lo, hi = min(lo, los[i]), max(hi, his[i])
		}
		for ; j%fan != 0; j-- {
			lo, hi = min(lo, los[j-1]), max(hi, his[j-1])
		}
		i, j = i/fan, j/fan
		los, his = s.levels[k].lo, s.levels[k].hi
	}
	return lo, hi
}
