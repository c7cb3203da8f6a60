package rig

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"pitwall/internal/clean"
	"pitwall/runner"
	"pitwall/runner/gpu"
	"pitwall/runner/profile"
	"pitwall/taskdata"
)

// Facts are what was found of a machine for a task: all that Needs goes by.
type Facts struct {
	Home        string // PITWALL_HOME, for the names of files that a person mends
	Unsupported error  // why no run can be started there
	Python      runner.Python
	NoPython    error

	// The rest is of a track that trains on GPUs.
	Profile       profile.Profile
	NoProfile     error
	GPUs          []gpu.GPU // all of them
	NoGPUs        error
	Visible       string // CUDA_VISIBLE_DEVICES there
	Torch         Torch
	Data          profile.Check
	NoData        error // why the data could not be looked at
	DataElsewhere bool  // the environment there tells scripts where their data lies
}

// Torch is which torch the scripts of a profile run with.
type Torch struct {
	Version string // "" where it was not asked, or did not answer
	Program string // that starts the runs, or the launcher that brings it
	Guess   bool   // nothing tells the interpreter of the runs, and a likely one was asked
	Missing error  // the program that starts the runs is not there
	Silent  error  // the interpreter has no torch, or does not answer
}

// How long a machine may take to answer, and an answer stays believed.
const (
	gpuWait = 10 * time.Second // eight GPUs that are asleep take as long to wake
	// TorchWait is for importing torch from a slow disk while a person looks on.
	TorchWait = 20 * time.Second
	gpuAge    = 5 * time.Second
	torchAge  = 2 * time.Minute
)

// Surveyor finds out what runs need of a machine. What it found stays true for a
// while, so that looking at one task after another asks the machine once. It may be
// used from several goroutines; it starts none.
type Surveyor struct {
	machine   runner.Machine
	home      string
	torchWait time.Duration

	mu     sync.Mutex
	gpus   answer[[]gpu.GPU]
	torchs map[string]answer[string] // by the words of the command that asks
}

// answer is what was found, and when.
type answer[T any] struct {
	value T
	err   error
	at    time.Time
}

// NewSurveyor makes the surveyor of a machine; home is PITWALL_HOME, torchWait how
// long an interpreter may take to say which torch it has.
func NewSurveyor(m runner.Machine, home string, torchWait time.Duration) *Surveyor {
	return &Surveyor{machine: m, home: home, torchWait: torchWait, torchs: map[string]answer[string]{}}
}

// Basics finds out what every run needs.
func (s *Surveyor) Basics(ctx context.Context) Facts {
	f := Facts{Home: s.home, Unsupported: s.machine.Supported()}
	if f.Unsupported == nil {
		f.Python, f.NoPython = s.machine.Interpreter(ctx)
	}
	return f
}

// Look finds out what the runs of a task need.
func (s *Surveyor) Look(ctx context.Context, task taskdata.Task, track taskdata.Track) Facts {
	f := s.Basics(ctx)
	if track.GPUs == 0 {
		return f
	}
	f.Profile, f.NoProfile = ProfileOf(s.home, task, track)
	cards := s.CardFacts(ctx)
	f.GPUs, f.NoGPUs, f.Visible = cards.GPUs, cards.NoGPUs, cards.Visible
	if f.NoProfile != nil {
		return f
	}
	f.Torch = s.TorchOf(ctx, f.Profile)
	f.DataElsewhere = profile.DataElsewhere(s.machine.Getenv)
	if dir := f.Profile.ShardDir(); dir != "" && len(f.Profile.Launch) == 0 {
		need, err := Shards(task)
		if err == nil {
			f.Data, err = s.Shards(ctx, dir, need)
		}
		f.NoData = err
	}
	return f
}

// Shards looks at the shards in a directory of the machine.
func (s *Surveyor) Shards(ctx context.Context, dir string, need profile.Need) (profile.Check, error) {
	return profile.CheckData(s.machine.Tree(ctx), dir, need)
}

// CardFacts finds out which GPUs the machine has, and nothing else.
func (s *Surveyor) CardFacts(ctx context.Context) Facts {
	all, err := s.cards(ctx)
	return Facts{Home: s.home, GPUs: all, NoGPUs: err, Visible: s.machine.Getenv("CUDA_VISIBLE_DEVICES")}
}

func (s *Surveyor) cards(ctx context.Context) ([]gpu.GPU, error) {
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

// TorchOf finds out which torch a profile's scripts would run with. It asks no launcher.
func (s *Surveyor) TorchOf(ctx context.Context, p profile.Profile) Torch {
	if len(p.Launch) > 0 {
		return Torch{Program: p.Launch[0]}
	}
	found, err := p.FindTorch(ctx, s.machine, taskdata.ScriptName)
	t := Torch{Program: found.Program, Guess: found.Guess, Missing: err}
	if err != nil {
		return t
	}
	key := strings.Join(found.Ask, "\x00")
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.torchs[key]
	if a.at.IsZero() || time.Since(a.at) > torchAge || a.err != nil && time.Since(a.at) > gpuAge {
		a.value, a.err = s.line(ctx, found.Ask)
		a.at = time.Now()
		s.torchs[key] = a
	}
	t.Version, t.Silent = a.value, a.err
	return t
}

// line asks a program for a line. Its error is the last thing that the program said.
func (s *Surveyor) line(ctx context.Context, argv []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.torchWait)
	defer cancel()
	said, err := s.machine.Ask(ctx, runner.Question{Argv: argv})
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("%s did not answer within %s", argv[0], s.torchWait)
	case err != nil:
		return "", err
	}
	if err := taskdata.Answer(said).Err(); err != nil {
		if last := clean.Line(said.Words[strings.LastIndexByte(said.Words, '\n')+1:]); last != "" {
			err = errors.New(last)
		}
		return "", err
	}
	return clean.Line(strings.TrimSpace(string(said.Out))), nil
}
