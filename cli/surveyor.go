package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"pitwall/internal/clean"
	"pitwall/runner"
	"pitwall/runner/gpu"
	"pitwall/runner/profile"
	"pitwall/taskdata"
	"pitwall/ui"
)

// How long the machine may take to answer.
const (
	homeWait  = 2 * time.Second  // before home stays on the track that it has opened on
	gpuWait   = 10 * time.Second // eight GPUs that are asleep take as long to wake
	torchWait = 20 * time.Second // importing torch from a slow disk
)

// How long an answer stays believed.
const (
	gpuAge   = 5 * time.Second
	torchAge = 2 * time.Minute
)

// surveyor finds out what GPU runs need of this machine. What it found stays true
// for a while, so that looking at one task after another asks the machine once.
type surveyor struct {
	machine runner.Machine

	mu     sync.Mutex
	gpus   answer[[]gpu.GPU]
	torchs map[string]*answer[string] // by the words of the command that asks
}

// answer is what was found, and when.
type answer[T any] struct {
	value T
	err   error
	at    time.Time
}

func newSurveyor(m runner.Machine) *surveyor {
	return &surveyor{machine: m, torchs: map[string]*answer[string]{}}
}

// homeTrack gives the track that the screen opens on: the benchmark's where there
// are GPUs to run it on, else none in particular.
func (s *surveyor) homeTrack(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, homeWait)
	defer cancel()
	if gpus, _ := s.machine.ListGPUs(ctx); len(gpus) > 0 {
		return taskdata.NanoGPT
	}
	return ""
}

// cards lists the GPUs of this machine that a run may use.
func (s *surveyor) cards(ctx context.Context) ([]gpu.GPU, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := &s.gpus; a.at.IsZero() || time.Since(a.at) > gpuAge {
		ctx, cancel := context.WithTimeout(ctx, gpuWait)
		defer cancel()
		a.value, a.err = s.machine.ListGPUs(ctx)
		a.at = time.Now()
	}
	return s.gpus.value, s.gpus.err
}

// checkCards says whether a profile's GPUs are there.
func (s *surveyor) checkCards(ctx context.Context, p profile.Profile) ui.EnvCheck {
	c := ui.EnvCheck{Name: "GPUs"}
	all, err := s.cards(ctx)
	if trouble := new(gpu.Error); errors.As(err, &trouble) {
		c.Found, c.Mend = trouble.Found, trouble.Mend
	} else if err != nil {
		c.Found = err.Error()
	}
	switch {
	case err != nil && len(p.Launch) > 0:
		return ui.EnvCheck{Name: "GPUs", OK: true, Found: fmt.Sprintf("%d, where %s takes them", p.GPUs, p.Launch[0])}
	case err != nil:
		return c
	}
	c.Found = cardWords(all)
	for _, g := range all {
		if g.MIG {
			c.Mend = "switch off its instances (MIG), over which a script cannot train: nvidia-smi -mig 0"
			return c
		}
	}
	if seen := gpu.Visible(all, s.machine.Getenv("CUDA_VISIBLE_DEVICES")); len(seen) < len(all) {
		c.Found += fmt.Sprintf(", of which CUDA_VISIBLE_DEVICES leaves %d", len(seen))
		all = seen
	}
	if c.OK = len(all) >= p.GPUs || len(p.Launch) > 0; !c.OK {
		c.Found += fmt.Sprintf("; a run takes %d", p.GPUs)
		c.Mend = fmt.Sprintf("run it on a machine with %d, or attempt it on fewer as a task of its own, by name: pitwall attempt TASK%s", p.GPUs, profile.Suffix(len(all)))
	}
	return c
}

// cardWords names GPUs for people: "8x NVIDIA H100 80GB HBM3, driver 550.54".
func cardWords(all []gpu.GPU) string {
	var names []string
	count := map[string]int{}
	for _, g := range all {
		if count[g.Name]++; count[g.Name] == 1 {
			names = append(names, g.Name)
		}
	}
	for i, name := range names {
		names[i] = fmt.Sprintf("%dx %s", count[name], name)
	}
	text := strings.Join(names, " and ")
	if g := all[0]; !math.IsNaN(g.PowerLimit) {
		text += fmt.Sprintf(", %.0f W", g.PowerLimit)
	}
	if d := all[0].Driver; d != "" {
		text += ", driver " + d
	}
	return text
}

// torch gives the version that a profile's scripts would run with, "" where the
// launcher's machine has it.
func (s *surveyor) torch(ctx context.Context, p profile.Profile) (version, by string, err error) {
	if len(p.Launch) > 0 {
		return "", p.Launch[0], nil
	}
	t, err := p.FindTorch(ctx, s.machine, taskdata.ScriptName)
	if err != nil {
		return "", t.Program, err
	}
	key := strings.Join(t.Ask, "\x00")
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.torchs[key]
	if a == nil || time.Since(a.at) > torchAge || a.err != nil && time.Since(a.at) > gpuAge {
		a = &answer[string]{}
		a.value, a.err = s.askLine(ctx, t.Ask)
		a.at = time.Now()
		s.torchs[key] = a
	}
	return a.value, t.Program, a.err
}

// askLine asks a program for a line. Its error is the last thing that the program said.
func (s *surveyor) askLine(ctx context.Context, argv []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, torchWait)
	defer cancel()
	answer, err := s.machine.Ask(ctx, runner.Question{Argv: argv})
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("%s did not answer within %s", argv[0], torchWait)
	case err != nil:
		return "", err
	}
	if err := taskdata.Answer(answer).Err(); err != nil {
		if words := clean.Line(answer.Words[strings.LastIndexByte(answer.Words, '\n')+1:]); words != "" {
			err = errors.New(words)
		}
		return "", err
	}
	return clean.Line(strings.TrimSpace(string(answer.Out))), nil
}
