package runner

import (
	"bytes"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// scanShare bounds what listing all processes may cost: on a machine with very
// many, known ones are read alone in between.
const scanShare = 100 // one part in so many of the time

// tickRate is USER_HZ, which Linux fixes at 100 for everything in /proc.
const tickRate = 100

// sampler measures a run's process tree and the rest of the machine.
type sampler struct {
	shim, child int
	last        []proc // the tree as of the last sample
	nextScan    time.Time
	buf         []byte
	cpus        float64

	at         time.Time
	treeTicks  uint64
	busyTicks  uint64
	firstAt    time.Time
	foreignSum float64 // ticks
	selfTicks  uint64
	total      uint64 // ticks of the whole run, once it has ended
}

// ended tells the sampler what the run used in all, as its processes can no
// longer be asked.
func (s *sampler) ended(cpu time.Duration) { s.total = uint64(cpu.Seconds() * tickRate) }

// sees tells whether a process was in the tree at the last sample.
func (s *sampler) sees(pid int) bool {
	return slices.ContainsFunc(s.last, func(p proc) bool { return p.pid == pid })
}

func newSampler(shim, child int) *sampler {
	s := &sampler{shim: shim, child: child, buf: make([]byte, 16<<10), cpus: float64(runtime.NumCPU())}
	s.sample(0)
	s.firstAt, s.foreignSum = s.at, 0
	return s
}

// sample measures since the last call.
func (s *sampler) sample(at time.Duration) Sample {
	now := time.Now()
	tree := s.tree(now)
	out := Sample{At: at, CPU: math.NaN(), Load: s.load(), Foreign: math.NaN(), Procs: len(tree)}
	var ticks uint64
	for _, p := range tree {
		out.RSS += p.rss
		ticks += p.cpu + p.childCPU
	}
	page := int64(os.Getpagesize())
	if p, ok := readProc(s.shim, s.buf, page); ok {
		ticks += p.cpu + p.childCPU
	} else {
		ticks = max(ticks, s.total)
	}
	var self uint64
	if p, ok := readProc(os.Getpid(), s.buf, page); ok {
		self = p.cpu
	}
	busy, cpus := s.busy()
	if elapsed := now.Sub(s.at).Seconds(); !s.at.IsZero() && elapsed > 0.05 {
		ours := delta(ticks, s.treeTicks)
		out.CPU = ours / tickRate / elapsed
		foreign := max(0, delta(busy, s.busyTicks)-ours-delta(self, s.selfTicks))
		s.foreignSum += foreign
		if cpus > 0 {
			s.cpus = cpus
			out.Foreign = min(1, foreign/tickRate/elapsed/cpus)
		}
	} else if !s.at.IsZero() {
		return out // too soon to tell; the next sample covers this time too
	}
	s.at, s.treeTicks, s.busyTicks, s.selfTicks = now, max(ticks, s.treeTicks), busy, self
	return out
}

func delta(now, before uint64) float64 {
	if now < before {
		return 0
	}
	return float64(now - before)
}

// tree reads the processes of the run, by a list of all when that is due.
func (s *sampler) tree(now time.Time) []proc {
	if now.Before(s.nextScan) {
		page := int64(os.Getpagesize())
		live := s.last[:0]
		for _, old := range s.last {
			if p, ok := readProc(old.pid, s.buf, page); ok && p.start == old.start && p.state != 'Z' {
				live = append(live, p)
			}
		}
		s.last = live
		return live
	}
	list, err := listProcs()
	if err == nil {
		s.last = below(list, s.shim)
	}
	if cost := time.Since(now); cost > sampleEvery/scanShare {
		s.nextScan = now.Add(cost * scanShare)
	}
	return s.last
}

// meanForeign is the mean share of all processors that others used since the
// start.
func (s *sampler) meanForeign() float64 {
	elapsed := s.at.Sub(s.firstAt).Seconds()
	if elapsed <= 0 {
		return math.NaN()
	}
	return min(1, s.foreignSum/tickRate/elapsed/s.cpus)
}

// busy reads the ticks that all processors worked, ours and others', and how
// many processors there are. Time stolen by a hypervisor counts as work of
// others.
func (s *sampler) busy() (ticks uint64, cpus float64) {
	b, ok := slurp("/proc/stat", s.buf)
	if !ok {
		return 0, 0
	}
	for len(b) > 0 {
		line := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		if !bytes.HasPrefix(line, []byte("cpu")) {
			break
		}
		if line[3] != ' ' {
			cpus++
			continue
		}
		// user nice system idle iowait irq softirq steal; guest is part of user
		for i, f := range bytes.Fields(line[4:]) {
			if i < 8 && i != 3 && i != 4 {
				ticks += uint64(number(f))
			}
		}
	}
	return ticks, cpus
}

func (s *sampler) load() float64 { return loadAverage(s.buf) }

func loadAverage(buf []byte) float64 {
	b, ok := slurp("/proc/loadavg", buf)
	if !ok {
		return math.NaN()
	}
	first, _, _ := bytes.Cut(b, []byte{' '})
	v, err := strconv.ParseFloat(string(first), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}
