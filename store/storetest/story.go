package storetest

import (
	"fmt"
	"math"
	"strings"

	"pitwall/store/event"
)

// Moment is some events of one time.
type Moment struct {
	event.Times
	Bodies []event.Body
}

const (
	target      = 2.1 // nats/char
	fromSeconds = 24.0
	toSeconds   = 18.0
)

// script is node 0's file.
const script = `"""Character model, trained from scratch."""
import math
import random
import sys
import time

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 1
STEPS = 200
BATCH = 16
CONTEXT = 32
HIDDEN = 64
LR = 0.010
WARMUP = 20
COOLDOWN = 0.3
BETA1 = 0.9
BETA2 = 0.99
EPS = 1e-8


def lr(step):
    if step < WARMUP:
        return LR * (step + 1) / WARMUP
    left = (STEPS - step) / (STEPS * COOLDOWN)
    return LR * min(1.0, left)


def update(params, grads, m, v, step):
    rate = lr(step)
    for i, g in enumerate(grads):
        m[i] = BETA1 * m[i] + (1 - BETA1) * g
        v[i] = BETA2 * v[i] + (1 - BETA2) * g * g
        params[i] -= rate * m[i] / (math.sqrt(v[i]) + EPS)


def main():
    random.seed(SEED)
    model = init(HIDDEN)
    start = time.perf_counter()
    for step in range(STEPS + 1):
        if step % 25 == 0 or step == STEPS:
            validate(model, step, start)
        if step == STEPS:
            break
        train(model, step)


main()
`

// edits are what each node changes, in turn.
var edits = [][]struct{ reason, old, new, why string }{
	{
		{"A higher peak rate reaches the target in fewer steps.", "LR = 0.010", "LR = 0.015", ""},
		{"A longer warm-up keeps the higher rate stable at the start.", "WARMUP = 20", "WARMUP = 30", ""},
	},
	{
		{"More momentum smooths the gradient of small batches.", "BETA1 = 0.9", "BETA1 = 0.97", ""},
		{"Drop the cooldown.", "COOLDOWN = 0.25", "COOLDOWN = 0.0", "the text to replace occurs nowhere in train.py"},
	},
	{
		{"Cool down over more of the run.", "COOLDOWN = 0.3", "COOLDOWN = 0.5", ""},
		{
			"Fold the bias corrections into the rate.\nOne multiplication less for each weight.",
			"        params[i] -= rate * m[i] / (math.sqrt(v[i]) + EPS)",
			"        denom = math.sqrt(v[i]) + EPS\n        params[i] -= rate * m[i] / denom", "",
		},
	},
}

// teller writes the story down, moment by moment.
type teller struct {
	o       Options
	active  int64
	run     int
	calls   int
	moments []Moment

	cold bool // the script's clock counts compilation
}

// Story is a whole attempt: calibration, node 0, the nodes with their edits and
// runs, their verdicts, and confirmation.
func Story(id string, o Options) []Moment {
	o = o.defaults()
	s := &teller{o: o}
	if o.GPUs > 0 {
		return s.onGPUs(id)
	}
	track, _, _ := strings.Cut(o.Task, "/")
	spec := o.Spec()
	s.say(0, event.Attempt{
		ID: id, Task: o.Task, Track: track, Benchmark: track != "micro", From: 7, To: 8, FromTitle: "Adam with warm-up",
		ToTitle: "Longer context", Hint: o.Hint, Agent: o.Agent, Scaffold: spec.Scaffold, Runner: "local", Nodes: o.Nodes, Seed: 1, Target: target,
		Unit: "nats/char", Calibrate: 2, Confirm: 3, Version: "test",
		Model: spec.Model, Search: spec.Search, Budget: spec.Budget, Parallel: spec.Parallel, Gate: spec.Gate,
	},
		event.Source{Path: "train.py", Text: script},
		event.Machine{Key: "k1", Label: "Intel Xeon, 2 cores, linux/amd64", Interpreter: "CPython 3.12.3", Cores: 2, MemoryBytes: 8 << 30, Load: 0.4},
		event.Status{Status: event.StatusRunning},
		event.Node{ID: 0, Parent: -1},
		event.Phase{Phase: event.PhaseCalibrating, Node: 0, Detail: "both records, 2 runs each"})
	for i := range 2 {
		s.train(0, event.PurposeCalibrateFrom, fromSeconds*(1+0.004*float64(i)), 0)
		s.train(-1, event.PurposeCalibrateTo, toSeconds*(1-0.005*float64(i)), 0)
	}
	s.say(20,
		event.Calibration{
			ID: id, Key: "k1", From: []float64{fromSeconds, fromSeconds * 1.004}, To: []float64{toSeconds, toSeconds * 0.995},
			Resolved: true, SD: 0.08, SDSource: "measured here",
		},
		s.ghost(7, false, fromSeconds), s.ghost(8, true, toSeconds))
	if o.Model {
		s.talk()
		s.say(50, event.Phase{Phase: event.PhaseFinished}, event.Status{Status: event.StatusDone})
		return s.moments
	}
	best, bestSeconds := -1, math.Inf(1)
	for node := 1; node <= o.Nodes; node++ {
		verdict, seconds := s.node(node, max(best, 0))
		if verdict == event.VerdictProvisional && seconds < bestSeconds {
			best, bestSeconds = node, seconds
		}
	}
	s.confirm(best, bestSeconds)
	s.say(50, event.Phase{Phase: event.PhaseFinished}, event.Status{Status: event.StatusDone})
	return s.moments
}

// say adds a moment that comes after ms.
func (s *teller) say(ms int64, bodies ...event.Body) {
	s.active += ms
	s.moments = append(s.moments, Moment{event.Times{Active: s.active, Wall: s.o.Start.UnixMilli() + s.active}, bodies})
}

func (s *teller) node(node, parent int) (verdict string, seconds float64) {
	s.say(200, event.Node{ID: node, Parent: parent}, event.Phase{Phase: event.PhaseWriting, Node: node})
	for i, e := range edits[(node-1)%len(edits)] {
		s.say(25, event.Draft{Node: node, Edit: i + 1, Part: event.PartPath, Text: "train.py"})
		s.draft(node, i+1, event.PartReason, e.reason)
		s.draft(node, i+1, event.PartOld, e.old)
		s.draft(node, i+1, event.PartNew, e.new)
		if e.why != "" {
			s.say(30, event.Rejected{Node: node, Edit: i + 1, Why: e.why})
			continue
		}
		line := 1 + strings.Count(script[:max(strings.Index(script, e.old), 0)], "\n")
		s.say(30, event.Applied{Node: node, Edit: i + 1, Line: line})
	}
	s.say(100, event.Phase{Phase: event.PhaseChecking, Node: node})
	s.say(80, event.Checked{Node: node}, event.Phase{Phase: event.PhaseTraining, Node: node, Detail: fmt.Sprintf("node %d of %d", node, s.o.Nodes)})
	seconds = fromSeconds - 1.3*float64(node)
	miss := 0.0
	if node%3 == 2 {
		miss = 0.03
	}
	loss := s.train(node, event.PurposeNode, seconds, miss)
	s.say(10, event.Phase{Phase: event.PhaseJudging, Node: node})
	j := event.Judged{
		Node: node, Verdict: event.VerdictMissed, Why: fmt.Sprintf("it ended at %.4f, above the target of %.4f", loss, target),
		ValLoss: event.Float(loss), TrainSeconds: event.Float(seconds),
	}
	if miss == 0 {
		fsr := (fromSeconds - seconds) / (fromSeconds - toSeconds)
		j.Verdict, j.Why, j.FSR = event.VerdictProvisional, "", &fsr
	}
	s.say(10, j)
	return j.Verdict, seconds
}

// draft writes a part as a model does: a few characters at a time.
func (s *teller) draft(node, edit int, part event.Part, text string) {
	for len(text) > 0 {
		n := min(6, len(text))
		s.say(25, event.Draft{Node: node, Edit: edit, Part: part, Text: text[:n]})
		text = text[n:]
	}
}

// loss is the validation loss after a share of the run.
func loss(share, miss float64) float64 { return target - 0.01 + miss + 2.1*math.Exp(-5*share) }

// train tells a run of the given training time, which ends miss above the
// target, and gives its last loss.
func (s *teller) train(node int, purpose string, seconds, miss float64) float64 {
	s.run++
	run, steps := s.run, s.o.Steps
	s.say(40, event.RunStarted{
		Run: run, Node: node, Purpose: purpose, Job: fmt.Sprintf("local-%d", run), Seed: int64(run),
		Argv: []string{"python3", "train.py", fmt.Sprint(run)}, Ref: fmt.Sprint(4000 + run), LimitMS: 120_000,
	})
	began := s.active
	perStep := seconds * 1000 / float64(steps)
	nan, last := math.NaN(), 0.0
	text := func(ms int64, stderr bool, format string, args ...any) {
		s.say(ms, event.Log{Run: run, Stderr: stderr, End: '\n', Data: fmt.Appendf(nil, format, args...)})
	}
	text(60, false, "python %s, seed %d, %d steps", "3.12.3", run, steps)
	text(5, true, "train.py:12: UserWarning: falling back to pure Python")
	for step := 0; step <= steps; step++ {
		share := float64(step) / float64(steps)
		ms := perStep * float64(step)
		if step%25 == 0 || step == steps {
			last = loss(share, miss)
			text(int64(perStep/2), false, "step:%d/%d val_loss:%.4f train_time:%.0fms", step, steps, last, ms)
			s.say(0, event.Point{Run: run, Step: step, Total: steps, TrainMS: ms, TrainLoss: nan, ValLoss: last, LR: nan, GradNorm: nan, StepAvgMS: nan})
		}
		if step == steps {
			break
		}
		train := loss(share, miss) + 0.05*math.Sin(float64(step)*1.7+float64(run))
		text(int64(perStep), false, "step:%d/%d train_loss:%.4f train_time:%.0fms step_avg:%.2fms", step+1, steps, train, ms+perStep, perStep)
		s.say(0, event.Point{
			Run: run, Step: step + 1, Total: steps, TrainMS: math.Round(ms + perStep), TrainLoss: math.Round(train*1e4) / 1e4,
			ValLoss: nan, LR: nan, GradNorm: nan, StepAvgMS: math.Round(perStep*100) / 100,
		})
		if step%10 == 5 {
			s.say(0, event.Sample{Run: run, CPU: 98 + math.Sin(float64(step)), RSS: 42<<20 + int64(step)<<12, Procs: 1, Load: 1.1, Foreign: 2.5, MemAvail: 5 << 30})
		}
	}
	s.say(40, event.RunEnded{
		Run: run, Reason: "exited", WallMS: s.active - began, CPUMS: s.active - began - 50, EngineMS: event.Float(seconds*1000 + 12),
		MaxRSS: 44 << 20, Foreign: 2.5, Finished: true, ValLoss: event.Float(last), TrainMS: event.Float(seconds * 1000),
	})
	return last
}

func (s *teller) ghost(record int, to bool, seconds float64) event.Ghost {
	g := event.Ghost{Record: record, To: to, Title: fmt.Sprintf("record %d", record), Source: "measured here", Seconds: seconds}
	for step := 0; step <= s.o.Steps; step += 5 {
		share := float64(step) / float64(s.o.Steps)
		p := event.GhostPoint{Step: step, TrainMS: seconds * 1000 * share, TrainLoss: event.Float(loss(share, 0)), ValLoss: event.NaN()}
		if step%25 == 0 || step == s.o.Steps {
			p.ValLoss = event.Float(loss(share, 0))
		}
		g.Points = append(g.Points, p)
	}
	return g
}

func (s *teller) confirm(best int, seconds float64) {
	if best < 0 {
		zero := 0.0
		s.say(10, event.Confirmed{Node: -1, Why: "no node is valid", MeanLoss: event.NaN(), FSR: &zero})
		return
	}
	s.say(100, event.Phase{Phase: event.PhaseConfirming, Node: best, Detail: "3 fresh runs of each"})
	c := event.Confirmed{Node: best, Valid: true, MeanLoss: target - 0.01}
	for i := range 3 {
		from, node := fromSeconds*(1+0.003*float64(i-1)), seconds*(1+0.004*float64(i-1))
		s.train(0, event.PurposeConfirmFrom, from, 0)
		c.FromSeconds = append(c.FromSeconds, from)
		c.NodeLosses = append(c.NodeLosses, s.train(best, event.PurposeConfirmNode, node, 0))
		c.NodeSeconds = append(c.NodeSeconds, node)
	}
	fsr := (fromSeconds - seconds) / (fromSeconds - toSeconds)
	c.FSR, c.Interval = &fsr, &[2]float64{fsr - 0.04, fsr + 0.04}
	s.say(20, c)
}
