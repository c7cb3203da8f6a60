package profile

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pitwall/runner"
)

func TestTorchIsAskedOfTheInterpreterOfTheRuns(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	torchrun := filepath.Join(bin, "torchrun")
	if _, err := (Profile{GPUs: 8}).FindTorch(t.Context(), &runner.Local{}, "train.py"); err == nil || err.Error() != "torchrun is not here" {
		t.Errorf("without torchrun: %v", err)
	}
	for _, c := range []struct {
		name, first string
		profile     Profile
		python      []string
		guess       bool
	}{
		{"its own first line", "#!/opt/venv/bin/python3.12", Profile{}, []string{"/opt/venv/bin/python3.12"}, false},
		{"by env", "#!/usr/bin/env python3", Profile{}, []string{"/usr/bin/env", "python3"}, false},
		{"a wrapper", "#!/bin/sh", Profile{}, []string{"python3"}, true},
		{"no script", "\x7fELF", Profile{}, []string{"python3"}, true},
		{"a wrapper at a path", "#!/bin/sh", Profile{Torchrun: torchrun}, []string{filepath.Join(bin, "python")}, true},
	} {
		if err := os.WriteFile(torchrun, []byte(c.first+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		c.profile.GPUs = 8
		got, err := c.profile.FindTorch(t.Context(), &runner.Local{}, "train.py")
		if want := slices.Concat(c.python, []string{"-c", printTorch}); err != nil || got.Program != torchrun || got.Guess != c.guess || !slices.Equal(got.Ask, want) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	python := filepath.Join(bin, "mine")
	if err := os.WriteFile(python, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := Profile{GPUs: 8, Python: python}.FindTorch(t.Context(), &runner.Local{}, "train.py")
	if err != nil || got.Program != python || got.Guess || got.Ask[0] != python {
		t.Errorf("an interpreter of the profile: %+v, %v", got, err)
	}
}
