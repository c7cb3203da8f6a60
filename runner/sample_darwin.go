package runner

import (
	"math"
	"slices"
	"time"
)

// sampler counts a run's processes; processor time and memory of others are not
// told without cgo.
type sampler struct {
	shim, child int
	last        []proc
}

func newSampler(shim, child int) *sampler { return &sampler{shim: shim, child: child} }

func (s *sampler) sample(at time.Duration) Sample {
	out := Sample{At: at, CPU: math.NaN(), RSS: -1, Procs: -1, Load: loadAverage(), Foreign: math.NaN()}
	if list, err := listProcs(); err == nil {
		s.last = treeOf(list, s.shim, s.child)
		out.Procs = len(s.last)
	}
	return out
}

func (s *sampler) ended(time.Duration) {}

// sees tells whether a process was in the tree at the last sample.
func (s *sampler) sees(pid int) bool {
	return slices.ContainsFunc(s.last, func(p proc) bool { return p.pid == pid })
}

func (s *sampler) meanForeign() float64 { return math.NaN() }
