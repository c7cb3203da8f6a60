package ui

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"pitwall/internal/clean"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/taskdata"
)

const (
	gpuStale  = 5000 // milliseconds after which a sample says nothing of a run under way
	gpuMost   = 1024 // indexes of GPUs beyond it are not followed
	gpuSearch = 3600 // samples in which the last sign of a vanished GPU is looked for
)

// gpuTrail notes in which sample each GPU was seen first. It is fed as samples come,
// and holds at any position of a replay.
type gpuTrail struct {
	first []int // by index of the GPU, the sample's number from 1; 0: never
	fed   int
}

func (t *gpuTrail) feed(samples []fold.GPUs) {
	for ; t.fed < len(samples); t.fed++ {
		for _, d := range samples[t.fed].Devices {
			if d.Index < 0 || d.Index >= gpuMost {
				continue
			}
			for d.Index >= len(t.first) {
				t.first = append(t.first, 0)
			}
			if t.first[d.Index] == 0 {
				t.first[d.Index] = t.fed + 1
			}
		}
	}
}

// device is a GPU as it is at the position.
type device struct {
	event.GPU
	gone bool  // it answered earlier, and does not now
	seen int64 // active milliseconds of its last sign; of one that is gone, 0 if that is long ago
}

// gpuState is the last sample and what is known beside it.
type gpuState struct {
	devices  []device // by index, those too that are gone
	answer   int
	expected int
	age      int64 // milliseconds since the sample
	between  bool  // no run goes on: the figures are of the last one
}

// stale reports whether a run goes on of which the sample says nothing any more.
func (g *gpuState) stale() bool { return !g.between && g.age > gpuStale }

// onGPUs reports whether the attempt's runs take GPUs.
func (a *attempt) onGPUs() bool {
	return a.st.Attempt.GPUs > 0 || len(a.st.GPUs) > 0 || a.st.Attempt.Task == "" && gpusOf(a.snap.Summary.Task) > 0
}

// gpusOf gives how many GPUs a run of a task takes by its name, 0 where it takes none.
func gpusOf(task string) int {
	name, variant, _ := strings.Cut(task, "@")
	track, _, _ := strings.Cut(name, "/")
	t, err := taskdata.FindTrack(track)
	if err != nil || t.GPUs == 0 {
		return 0
	}
	n := 0
	if _, err := fmt.Sscanf(variant, "%dgpu", &n); err == nil && n > 0 {
		return n
	}
	return t.GPUs
}

// moment gives the active milliseconds that the screen shows: now, or in replay the position.
func (a *attempt) moment() int64 {
	if a.live() {
		return a.activeNow()
	}
	return max(a.st.Active, a.snap.Position)
}

// gpuState gives how the GPUs are, nil where no sample was taken yet.
func (a *attempt) gpuState() *gpuState {
	all := a.st.GPUs
	if len(all) == 0 {
		return nil
	}
	last := &all[len(all)-1]
	run := a.st.LiveRun()
	g := &gpuState{answer: len(last.Devices), age: max(a.moment()-last.Active, 0), between: run == nil || !a.training(run) || run.Run > last.Run}
	for _, d := range last.Devices {
		g.devices = append(g.devices, device{GPU: d, seen: last.Active})
	}
	for index, first := range a.trail.first {
		if first == 0 || first > len(all) || deviceIn(last, index) != nil {
			continue
		}
		d := device{GPU: event.GPU{Index: index}, gone: true}
		for i := len(all) - 2; i >= max(len(all)-gpuSearch, 0); i-- {
			if deviceIn(&all[i], index) != nil {
				d.seen = all[i].Active
				break
			}
		}
		g.devices = append(g.devices, d)
	}
	sort.Slice(g.devices, func(i, j int) bool { return g.devices[i].Index < g.devices[j].Index })
	g.expected = max(a.st.Attempt.GPUs, len(g.devices))
	return g
}

// deviceIn finds a GPU in a sample, nil where it did not answer.
func deviceIn(s *fold.GPUs, index int) *event.GPU {
	if index < len(s.Devices) && s.Devices[index].Index == index {
		return &s.Devices[index]
	}
	for i := range s.Devices {
		if s.Devices[i].Index == index {
			return &s.Devices[i]
		}
	}
	return nil
}

// usage gives how busy a GPU was in the last n samples, NaN where it did not answer.
func (a *attempt) usage(index, n int) []float64 {
	all := a.st.GPUs[max(len(a.st.GPUs)-n, 0):]
	ys := make([]float64, len(all))
	for i := range all {
		ys[i] = math.NaN()
		if d := deviceIn(&all[i], index); d != nil {
			ys[i] = d.Util
		}
	}
	return ys
}

// mean gives the mean of what is known of a figure over the GPUs that answered, NaN for none.
func (g *gpuState) mean(of func(*event.GPU) float64) float64 {
	sum, n := 0.0, 0
	for i := range g.devices {
		if f := of(&g.devices[i].GPU); !g.devices[i].gone && known(f) {
			sum, n = sum+f, n+1
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

// most gives the GPU with the highest of a figure, nil where it is known of none.
func (g *gpuState) most(of func(*event.GPU) float64) *event.GPU {
	var top *event.GPU
	for i := range g.devices {
		d := &g.devices[i]
		if !d.gone && known(of(&d.GPU)) && (top == nil || of(&d.GPU) > of(top)) {
			top = &d.GPU
		}
	}
	return top
}

// slowed gives how many GPUs have their clocks held down.
func (g *gpuState) slowed() (n int) {
	for i := range g.devices {
		if g.devices[i].Slowed {
			n++
		}
	}
	return n
}

// gone names the GPUs that do not answer any more.
func (g *gpuState) gone() string {
	var names []string
	for i := range g.devices {
		if g.devices[i].gone {
			names = append(names, fmt.Sprint(g.devices[i].Index))
		}
	}
	if len(names) == 0 {
		return ""
	}
	if len(names) > 4 {
		names = append(names[:4], "…")
	}
	return "GPU " + strings.Join(names, ", ")
}

// Figures of a GPU, as short as they are.
func gpuMem(d *event.GPU) float64   { return d.MemUsed }
func gpuTemp(d *event.GPU) float64  { return d.Temp }
func gpuUtil(d *event.GPU) float64  { return d.Util }
func gpuPower(d *event.GPU) float64 { return d.Power }

// figure gives a number with its unit, "–" where it is not known.
func figure(format string, f float64) string {
	if !known(f) {
		return "–"
	}
	return fmt.Sprintf(format, f)
}

// ofMemory gives used and total memory in GiB: "34.1 of 79.6 GiB".
func ofMemory(d *event.GPU) string {
	if !known(d.MemTotal) || d.MemTotal <= 0 {
		return figure("%.1f GiB", d.MemUsed/1024)
	}
	return figure("%.1f", d.MemUsed/1024) + figure(" of %.1f GiB", d.MemTotal/1024)
}

// cardWords names the GPUs of the attempt: "8x NVIDIA H100 80GB HBM3".
func (a *attempt) cardWords() string {
	cards := a.st.Machine.GPUs
	if len(cards) == 0 {
		return clean.Line(a.st.Machine.Label)
	}
	name, _, _ := strings.Cut(cards[0], ",")
	return clean.Line(fmt.Sprintf("%dx %s", len(cards), name))
}
