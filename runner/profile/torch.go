package profile

import (
	"context"
	"path"
	"slices"
	"strings"

	"pitwall/runner"
)

const printTorch = "import torch; print(torch.__version__)"

// Torch is how the torch version that a script's runs have here can be asked for.
type Torch struct {
	Program string   // that starts the runs: its path, or its bare name where it is not here
	Ask     []string // prints the version in one line
	Guess   bool     // nothing tells the interpreter of the runs, and Ask asks what is likely to be it
}

// FindTorch finds the interpreter of a script's runs on a machine. Where the profile names none it is
// that of torchrun's own first line. The error is of a program that is not here. It must
// not be called on a profile with a Launch, whose programs are elsewhere.
func (p Profile) FindTorch(ctx context.Context, m runner.Machine, script string) (Torch, error) {
	t := Torch{Program: p.Command("", script, p.GPUs).Argv[0]}
	program, err := m.Program(ctx, t.Program)
	if err != nil {
		return t, err
	}
	t.Program, t.Ask = program.Path, p.Ask("", printTorch)
	if p.Python == "" && p.Conda == "" {
		python := interpreter(program.Head)
		if t.Guess = python == nil; !t.Guess {
			t.Ask = slices.Concat(python, []string{"-c", printTorch})
		}
	}
	return t, nil
}

// interpreter gives the words that run the Python of a script that names it in its
// first line, nil for any other file.
func interpreter(head string) []string {
	first, _, _ := strings.Cut(head, "\n")
	named, found := strings.CutPrefix(first, "#!")
	words := strings.Fields(named)
	if !found || len(words) == 0 || !strings.Contains(path.Base(words[len(words)-1]), "python") {
		return nil
	}
	return words
}
