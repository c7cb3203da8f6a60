package engine

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"pitwall/agent/rig"
	"pitwall/runner"
	"pitwall/runner/gpu"
	"pitwall/runner/profile"
	"pitwall/store/event"
)

// gpuRun is what is known of a run on GPUs beside its log and its clock.
type gpuRun struct {
	limits profile.Limits
	stop   func(why string) // the run, before its time
	warm   func()           // told once the first step has ended

	doctor  gpu.Doctor
	compile time.Duration // from the start to the first step; 0 before it
	first   float64       // milliseconds that the script's clock had counted then
	peak    float64       // MiB

	unwatch context.CancelFunc
	watch   sync.WaitGroup // over the GPUs

	mu    sync.Mutex
	timer *time.Timer
	ended bool
}

// onGPUs gives the context and the companion of a run on GPUs. The phase is that of
// compilation until its first step. The caller calls done at the end.
func (a *attempt) onGPUs(ctx context.Context, s *sinkTo) (run context.Context, g *gpuRun, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	limits := a.rig.Profile.Limits(a.rig.Ranks, false)
	before := a.w.State().Phase
	g = &gpuRun{limits: limits, stop: func(why string) { cancel(&earlyError{why}) }, warm: func() {
		a.w.Emit(before)
	}}
	a.w.Emit(event.Phase{Phase: event.PhaseCompiling, Node: max(s.order.node, 0), Detail: phaseDetail(s.order, a.task.To.Number), LimitMS: limits.Compile.Milliseconds()})
	g.timer = time.AfterFunc(limits.Compile, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if !g.ended {
			g.stop(fmt.Sprintf("no step had ended after the limit of %s for compiling, and it was stopped: raise compile_limit in %s", limits.Compile, rig.ProfilesFile))
		}
	})
	watch, unwatch := context.WithCancel(ctx)
	g.unwatch = unwatch
	if len(a.rig.Cards) > 0 {
		g.watch.Go(func() {
			a.watchGPUs(watch, func(devices []event.GPU) {
				for i, w := range s.writers {
					if run := s.number(i); run > 0 {
						w.Emit(event.GPUs{Run: run, Devices: devices})
					}
				}
			})
		})
	}
	return ctx, g, func() {
		g.close()
		if g.compile == 0 {
			a.w.Emit(before)
		}
		cancel(nil)
	}
}

// phaseDetail says which script compiles, where it is none of the search's.
func phaseDetail(o order, next int) string {
	switch {
	case o.node < 0:
		return fmt.Sprintf("record %d", next)
	case o.node == 0:
		return "the record"
	}
	return ""
}

// metric takes a point and when its line came. Compilation ends with the first step.
func (g *gpuRun) metric(at time.Duration, p runner.Point) {
	if p.Kind == runner.Memory {
		g.peak = max(g.peak, p.PeakMiB)
		return
	}
	if g.compile == 0 && p.Step > 0 {
		g.compile = max(at, 1)
		g.end()
		g.warm()
		switch {
		case !math.IsNaN(p.TrainMS):
			g.first = p.TrainMS
		case p.Step == 1 && !math.IsNaN(p.StepAvgMS):
			g.first = p.StepAvgMS
		}
	}
	if g.limits.Train > 0 && p.TrainMS > float64(g.limits.Train.Milliseconds()) {
		g.stop(fmt.Sprintf("still training after the limit of %s, and stopped", g.limits.Train))
	}
}

// close ends all watching; nothing more is said of the GPUs.
func (g *gpuRun) close() {
	g.end()
	g.unwatch()
	g.watch.Wait()
}

// end ends the watch over compilation.
func (g *gpuRun) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	g.timer.Stop()
}

// sumUp puts what was seen into the end of a run. What a clock had counted at the
// first step is told where it was not set back since.
func (g *gpuRun) sumUp(end *event.RunEnded, reading runner.Reading) {
	end.CompileMS, end.PeakMiB = g.compile.Milliseconds(), g.peak
	if reading.Restarts == 0 {
		end.FirstMS = g.first
	}
	if end.Survivors > 0 {
		end.Flags = append(end.Flags, fmt.Sprintf("%d processes outlived the script and were ended", end.Survivors))
	}
	if d, ok := g.doctor.Diagnosis(); ok && (end.Exit != 0 || end.Signal != "") && d.Rank >= 0 {
		end.Rank = &d.Rank
	}
}

// why says in words why a run failed, with the mend; "" where its log does not tell.
func (g *gpuRun) why() string {
	d, ok := g.doctor.Diagnosis()
	switch {
	case !ok:
		return ""
	case d.Mend == "":
		return d.Words
	}
	return d.Words + "; " + d.Mend
}
