package storetest

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"pitwall/store/event"
)

// Figures of the story on GPUs.
const (
	gpuTarget = 3.28 // nats/token
	gpuFrom   = 134.0
	gpuTo     = 91.0
	compileMS = 32_000
	// compileMost is how long it may take.
	compileMost = 30 * 60_000
	gpuMemory   = 81_559 // MiB
	gpuPeak     = 34_816 // MiB
	restart     = 10     // step at which the script sets its clock back
	oomNode     = 2
	oomRank     = 5
	goneGPU     = 3 // does not answer any more at the end of oomNode's run
	slowedGPU   = 6
	flaggedWhy  = "the clock begins at step 8, as in the human's change"
)

// OOM is why node 2 of a story on GPUs failed, with the mend.
const OOM = "rank 5 ran out of GPU memory while it asked for 2.00 GiB of 79.11 GiB: halve device_batch_size and double the gradient accumulation, or give fewer activations to keep"

const gpuScript = `import os
import torch

num_iterations = 5100
warmdown_iters = 1450
learning_rate = 0.0036
sequence_length = 1024
device_batch_size = 64


def get_lr(it):
    if it < num_iterations - warmdown_iters:
        return 1.0
    return (num_iterations - it) / warmdown_iters


for step in range(num_iterations + 1):
    if step == 10:
        training_time_ms = 0
        t0 = time.time()
    train(step)
`

var gpuEdits = [...]struct{ reason, old, new string }{
	{"A longer warm-down lands lower, so that fewer steps will do.", "warmdown_iters = 1450", "warmdown_iters = 1800"},
	{"A larger batch on each device keeps the tensor cores busy.", "device_batch_size = 64", "device_batch_size = 128"},
	{"A higher rate reaches the target earlier.", "learning_rate = 0.0036", "learning_rate = 0.0045"},
}

// onGPUs tells of an attempt on GPUs: the published logs as ghosts, validation-only for
// the record to beat, calibration, three nodes of which the first is flagged and the
// second runs out of memory on one rank, and confirmation. Each run compiles before its
// first step, and sets its clock back at step 10.
func (s *teller) onGPUs(id string) []Moment {
	spec := s.o.Spec()
	track, number, _ := strings.Cut(s.o.Task, "/")
	number, _, variant := strings.Cut(number, "@")
	from, _ := strconv.Atoi(number)
	to := from + 1
	if s.o.Open {
		to = 0
	}
	s.cold = from <= 3
	cards := make([]string, s.o.GPUs)
	for i := range cards {
		cards[i] = "NVIDIA H100 80GB HBM3, 80 GiB, 700 W"
	}
	s.say(0, event.Attempt{
		ID: id, Task: s.o.Task, Track: track, Benchmark: !variant, From: from, To: to, FromTitle: "The Muon optimizer",
		ToTitle: "A newer architecture", Hint: s.o.Hint, Agent: s.o.Agent, Scaffold: spec.Scaffold, Runner: "local", Nodes: s.o.Nodes, Seed: 1,
		Target: gpuTarget, Unit: "nats/token", Calibrate: 2, Confirm: 3, Version: "test", Budget: spec.Budget, GPUs: s.o.GPUs,
		Profile: "nanogpt-1-11", Scripts: "llm-speedrunner", Hints: "pitwall",
	},
		event.Source{Path: "train.py", Text: gpuScript},
		event.Machine{Key: "g1", Label: "AMD EPYC, 192 cores, linux/amd64", Interpreter: "CPython 3.12.3", Cores: 192, MemoryBytes: 1 << 40, Load: 1, GPUs: cards, Driver: "560.35.03", Torch: "2.7.1+cu126"},
		event.Status{Status: event.StatusRunning},
		event.Node{ID: 0, Parent: -1},
		s.published(from, false, gpuFrom*1.02))
	if to > 0 {
		s.say(0, s.published(to, true, gpuTo*1.02))
	}
	s.say(10, event.Phase{Phase: event.PhaseCalibrating, Detail: "2 runs each"})
	c := event.Calibration{ID: id, Key: "g1", Resolved: true, SD: 0.3, SDSource: "measured here"}
	if s.o.Open {
		c.Resolved, c.Why = false, fmt.Sprintf("record %d is the newest: the result is judged by its speedup", from)
	}
	for i := range 2 {
		seconds := gpuFrom * (1 + 0.002*float64(i))
		s.gpuRun(0, event.PurposeCalibrateFrom, seconds, 0)
		c.From = append(c.From, seconds)
		if to > 0 {
			seconds = gpuTo * (1 - 0.002*float64(i))
			s.gpuRun(-1, event.PurposeCalibrateTo, seconds, 0)
			c.To = append(c.To, seconds)
		}
	}
	s.say(20, c)
	best, bestSeconds := -1, math.Inf(1)
	for node := 1; node <= s.o.Nodes; node++ {
		if seconds, ok := s.gpuNode(node, max(best, 0)); ok && seconds < bestSeconds {
			best, bestSeconds = node, seconds
		}
	}
	s.confirmOnGPUs(best, bestSeconds)
	s.say(50, event.Phase{Phase: event.PhaseFinished}, event.Status{Status: event.StatusDone})
	return s.moments
}

func (s *teller) gpuNode(node, parent int) (seconds float64, ok bool) {
	e := gpuEdits[(node-1)%len(gpuEdits)]
	s.say(200, event.Node{ID: node, Parent: parent}, event.Phase{Phase: event.PhaseWriting, Node: node})
	s.say(25, event.Draft{Node: node, Edit: 1, Part: event.PartPath, Text: "train.py"})
	s.draft(node, 1, event.PartReason, e.reason)
	s.draft(node, 1, event.PartOld, e.old)
	s.draft(node, 1, event.PartNew, e.new)
	s.say(30, event.Applied{Node: node, Edit: 1, Line: 1 + strings.Count(gpuScript[:max(strings.Index(gpuScript, e.old), 0)], "\n")})
	var flags []event.Violation
	if node == 1 {
		flags = []event.Violation{{Rule: "clock", Line: 18, What: flaggedWhy, Flag: true}}
	}
	s.say(80, event.Checked{Node: node, Violations: flags}, event.Phase{Phase: event.PhaseTraining, Node: node})
	seconds = gpuFrom - 9.5*float64(node)
	j := event.Judged{Node: node, Verdict: event.VerdictProvisional, TrainSeconds: event.Float(seconds)}
	if node%3 == oomNode {
		s.gpuRun(node, event.PurposeNode, seconds, -1)
		j.Verdict, j.Why, j.ValLoss, j.TrainSeconds = event.VerdictFailed, OOM, event.NaN(), event.NaN()
	} else {
		j.ValLoss = event.Float(s.gpuRun(node, event.PurposeNode, seconds, 0))
		if !s.o.Open {
			fsr := (gpuFrom - seconds) / (gpuFrom - gpuTo)
			j.FSR = &fsr
		}
	}
	s.say(10, event.Phase{Phase: event.PhaseJudging, Node: node})
	s.say(10, j)
	return seconds, j.Verdict == event.VerdictProvisional
}

// gpuLoss is the validation loss after a share of a run on GPUs.
func gpuLoss(share float64) float64 { return gpuTarget - 0.004 + 7.5*math.Pow(1-share, 6) }

// gpuRun tells a run and gives its last loss. With a miss below 0 a rank runs out of
// memory half way.
func (s *teller) gpuRun(node int, purpose string, seconds, miss float64) float64 {
	s.run++
	run, steps := s.run, s.o.Steps
	before := event.Phase{Phase: event.PhaseTraining, Node: max(node, 0)}
	switch purpose {
	case event.PurposeCalibrateFrom, event.PurposeCalibrateTo:
		before.Phase = event.PhaseCalibrating
	case event.PurposeConfirmFrom, event.PurposeConfirmNode:
		before.Phase = event.PhaseConfirming
	}
	s.say(20, event.Phase{Phase: event.PhaseCompiling, Node: max(node, 0), LimitMS: compileMost})
	s.say(20, event.RunStarted{
		Run: run, Node: node, Purpose: purpose, Job: fmt.Sprintf("local-%d", run), Seed: int64(run), Ref: fmt.Sprint(4000 + run), LimitMS: 7_200_000,
		Argv: []string{"torchrun", "--standalone", fmt.Sprintf("--nproc_per_node=%d", s.o.GPUs), "train.py"},
	})
	began, nan := s.active, math.NaN()
	sampled := began
	log := func(ms int64, stderr bool, format string, args ...any) {
		for ; s.active+ms >= sampled+1000; sampled += 1000 {
			step := sampled + 1000 - s.active
			s.say(step, s.gpuSample(run, s.active+step-began, miss < 0 && s.active-began > compileMS+20_000))
			ms -= step
		}
		s.say(ms, event.Log{Run: run, Stderr: stderr, End: '\n', Data: fmt.Appendf(nil, format, args...)})
	}
	log(300, true, "W0314 09:26:53.482000 4242 torch/distributed/run.py:793] *****************************************")
	log(5, true, "W0314 09:26:53.483000 4242 torch/distributed/run.py:793] OMP_NUM_THREADS is set to 1 for each process")
	for rank := range s.o.GPUs {
		log(40, true, "[rank%d]:W0314 09:26:5%d.112000 43%02d torch/_inductor/utils.py:1250] not enough SMs for one of the modes", rank, rank%10, rank)
	}
	log(5, false, "Running pytorch 2.7.1+cu126 compiled for CUDA 12.6")
	point := event.Point{Run: run, Total: steps, TrainLoss: nan, ValLoss: gpuLoss(0), LR: nan, GradNorm: nan, StepAvgMS: nan}
	log(400, false, "step:0/%d val_loss:%.4f train_time:0ms step_avg:nanms", steps, point.ValLoss)
	s.say(0, point)
	end := event.RunEnded{Run: run, CompileMS: compileMS, PeakMiB: gpuPeak, ValLoss: event.NaN(), TrainMS: event.NaN(), EngineMS: event.NaN()}
	perStep := seconds * 1000 / float64(steps-restart)
	if s.cold {
		perStep = (seconds*1000 - compileMS) / float64(steps)
		end.FirstMS = compileMS
	}
	for step := 1; step <= steps; step++ {
		ms, wait := float64(step-restart)*perStep, int64(perStep)
		if step < restart || s.cold {
			ms = compileMS + float64(step)*perStep
		}
		if step == 1 {
			wait = compileMS
		}
		if miss < 0 && step == steps/2 {
			return s.outOfMemory(log, end, began)
		}
		share := float64(step) / float64(steps)
		train := gpuLoss(share) + 0.02*math.Sin(float64(step)*1.7+float64(run))
		log(wait, false, "step:%d/%d train_loss:%.4f train_time:%.0fms step_avg:%.2fms", step, steps, train, ms, perStep)
		s.say(0, event.Point{Run: run, Step: step, Total: steps, TrainMS: ms, TrainLoss: train, ValLoss: nan, LR: nan, GradNorm: nan, StepAvgMS: perStep})
		if step == 1 {
			s.say(0, before)
		}
		if step%25 == 0 || step == steps {
			end.ValLoss, end.TrainMS = event.Float(gpuLoss(share)), event.Float(ms)
			log(200, false, "step:%d/%d val_loss:%.4f train_time:%.0fms step_avg:%.2fms", step, steps, gpuLoss(share), ms, perStep)
			s.say(0, event.Point{Run: run, Step: step, Total: steps, TrainMS: ms, TrainLoss: nan, ValLoss: gpuLoss(share), LR: nan, GradNorm: nan, StepAvgMS: nan})
		}
	}
	log(40, false, "peak memory consumption: %d MiB", gpuPeak)
	end.Reason, end.WallMS, end.EngineMS, end.Finished = "exited", s.active-began, end.TrainMS, true
	if run == 1 {
		end.Flags = []string{"2 processes outlived the script and were ended"}
	}
	s.say(40, end)
	return float64(end.ValLoss)
}

func (s *teller) outOfMemory(log func(int64, bool, string, ...any), end event.RunEnded, began int64) float64 {
	rank := min(oomRank, s.o.GPUs-1)
	log(20, true, "[rank%d]: Traceback (most recent call last):", rank)
	log(0, true, "[rank%d]:   File \"train.py\", line 21, in <module>", rank)
	log(0, true, "[rank%d]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU %d has a total capacity of 79.11 GiB of which 1.12 GiB is free.", rank, rank)
	log(8_000, true, "[rank%d]:[E314 09:30:01.000000000 ProcessGroupNCCL.cpp:1784] [PG ID 0 PG GUID 0(default_pg) Rank %d] a peer has left", 0, 0)
	log(20, true, "train.py FAILED")
	log(0, true, "------------------------------------------------------------")
	end.Exit, end.Reason, end.Why, end.Rank, end.WallMS = 1, "exited", OOM, &rank, s.active-began
	s.say(40, end)
	return math.NaN()
}

// gpuSample is the state of the GPUs so many milliseconds after a run began.
func (s *teller) gpuSample(run int, at int64, gone bool) event.GPUs {
	g := event.GPUs{Run: run}
	for i := range s.o.GPUs {
		if gone && i == goneGPU {
			continue
		}
		d := event.GPU{Index: i, MemTotal: gpuMemory, MemUsed: 1200 + 40*float64(i), Power: 120 + float64(i), Temp: 38 + float64(i), Clock: 1980, Util: float64((at/1000 + int64(i)*3) % 9)}
		if at > compileMS {
			d.Util, d.MemUsed = 91+float64((at/1000*7+int64(i)*3)%9), gpuPeak+1500+60*float64(i)
			d.Power, d.Temp, d.Clock = 655+float64((at/1000*5+int64(i)*11)%30), 58+float64(i), 1755
			d.Slowed = i == slowedGPU
		}
		if i == 1 && s.o.GPUs > 4 {
			d.Power = math.NaN() // as where nvidia-smi says [N/A]
		}
		g.Devices = append(g.Devices, d)
	}
	return g
}

// published is a record's published log: a ghost whose clock was set back as well, and
// which holds validations alone where the record is the one to beat.
func (s *teller) published(record int, to bool, seconds float64) event.Ghost {
	g := event.Ghost{Record: record, To: to, Title: fmt.Sprintf("record %d", record), Source: "8xH100, as published", Seconds: seconds}
	for step := 0; step <= s.o.Steps; step++ {
		share := float64(step) / float64(s.o.Steps)
		p := event.GhostPoint{Step: step, TrainMS: seconds * 1000 * float64(step-restart) / float64(s.o.Steps-restart), TrainLoss: event.Float(gpuLoss(share)), ValLoss: event.NaN()}
		if step < restart {
			p.TrainMS = math.Min(float64(step), 1)*75_000 + 140*float64(step)
		}
		if validated := step%25 == 0 || step == s.o.Steps; validated {
			p.ValLoss = event.Float(gpuLoss(share))
		} else if to {
			continue
		}
		if to {
			p.TrainLoss = event.NaN()
		}
		g.Points = append(g.Points, p)
	}
	return g
}

func (s *teller) confirmOnGPUs(best int, seconds float64) {
	if best < 0 {
		s.say(10, event.Confirmed{Node: -1, Why: "no node reached the target within the rules", MeanLoss: event.NaN()})
		return
	}
	s.say(100, event.Phase{Phase: event.PhaseConfirming, Node: best, Detail: "3 fresh runs of each"})
	p, power := 0.004, 0.93
	c := event.Confirmed{Node: best, Valid: true, P: &p, Power: &power}
	for i := range 3 {
		from, node := gpuFrom*(1+0.001*float64(i-1)), seconds*(1+0.002*float64(i-1))
		s.gpuRun(0, event.PurposeConfirmFrom, from, 0)
		c.FromSeconds = append(c.FromSeconds, from)
		c.NodeLosses = append(c.NodeLosses, s.gpuRun(best, event.PurposeConfirmNode, node, 0)+0.0006*float64(i-1))
		c.NodeSeconds = append(c.NodeSeconds, node)
	}
	c.MeanLoss = event.Float((c.NodeLosses[0] + c.NodeLosses[1] + c.NodeLosses[2]) / 3)
	if s.o.Open {
		faster, none := gpuFrom/seconds, 0.0004
		c.Speedup, c.SpeedupInterval, c.SpeedupP = &faster, &[2]float64{faster - 0.012, faster + 0.013}, &none
	} else {
		fsr := (gpuFrom - seconds) / (gpuFrom - gpuTo)
		c.FSR, c.Interval = &fsr, &[2]float64{fsr - 0.03, fsr + 0.03}
		if s.cold {
			warm := fsr * 0.9
			c.FSRWarm = &warm
		}
	}
	s.say(20, c)
}
