package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pitwall/store"
)

// gpuOptions gives a page for tasks on GPUs, whose cost is told when it is asked.
func gpuOptions(t testing.TB) (Options, chan store.Spec) {
	o, started := setupOptions(openStore(t))
	o.Tasks, o.Environment = imported(t, 4, 5), around8(true)
	o.Cost = func(spec store.Spec) (string, error) {
		return fmt.Sprintf("up to %d runs on 8 GPUs: about 3 h, 25 GPU-hours (12 to 90), 60 EUR", spec.Nodes+8), nil
	}
	return o, started
}

func TestAnAttemptOnGPUsStartsAfterAYes(t *testing.T) {
	o, started := gpuOptions(t)
	d := driveHome(t, o, 140, 42)
	d.until("nanogpt/4 → 5", "enter set up", "set up tuner on nanogpt/4, with its cost")
	d.press("enter")
	d.until("set up", "up to 11 runs on 8 GPUs: about 3 h, 25 GPU-hours (12 to 90), 60 EUR", "✓ nanogpt-1-11: 8 GPUs")
	d.press("enter")
	d.until("start?  y yes  n no", "Start nanogpt/4 on 8 GPUs? Up to 11 runs", "y start · n not now")
	d.press("x", "enter", "n")
	d.until("enter starts tuner")
	d.press("S", "esc", "S", "y", "y") // nothing has changed that the cost depends on
	d.until("attempt 1", "queued")
	got := <-started
	if got.Task != "nanogpt/4" || got.Scripts != "" || got.Hints != "" || got.Budget.GPUHours != 0 {
		t.Errorf("started %+v", got)
	}
	if len(started) > 0 {
		t.Error("two attempts were started")
	}
}

func TestNothingStartsBeforeItsCostShows(t *testing.T) {
	o, started := gpuOptions(t)
	tell := make(chan struct{})
	o.Cost = func(store.Spec) (string, error) { <-tell; return "", errors.New("profiles.toml:3: no such GPU") }
	d := driveHome(t, o, 140, 42)
	d.until("nanogpt/4 → 5")
	d.press("enter", "enter", "y")
	d.until("what it takes is being worked out", "start?")
	if len(started) > 0 {
		t.Fatal("it was started")
	}
	close(tell)
	d.until("what it takes is not known: profiles.toml:3: no such GPU")
	d.press("n")
	o.Start = func(context.Context, store.Spec) (string, error) {
		return "", errors.New("nanogpt/4 trains on 8 GPUs: nvidia-smi is not installed (install the NVIDIA driver)")
	}
	d = driveHome(t, o, 140, 42)
	d.until("nanogpt/4 → 5")
	d.press("enter")
	d.until("not known: profiles")
	d.press("enter", "y")
	d.until("nvidia-smi is not installed (install", "the NVIDIA driver)")
}

func TestPracticeStartsAtOnce(t *testing.T) {
	o, started := gpuOptions(t)
	d := driveHome(t, o, 140, 42)
	d.press("1")
	d.until("enter  start tuner on micro/7")
	d.press("s")
	d.until("set up")
	d.lacks("GPU")
	d.press("enter")
	d.until("attempt 1")
	if got := <-started; got.Task != "micro/7" {
		t.Errorf("started %+v", got)
	}
}

func TestChoicesForGPUsReachTheSpec(t *testing.T) {
	o, started := gpuOptions(t)
	d := driveHome(t, o, 140, 48)
	d.until("nanogpt/4 → 5")
	d.press("a", "enter")
	d.until("set up", "hints by", "scripts")
	d.when("the documents", func() bool { return len(d.m.setup.sheet.shelf) > 1 })
	d.set("hints", "right")
	d.set("scripts", "right")
	d.set(rowHint, "right")
	d.set("document muon", "right")
	d.set("document paper:muon", "right")
	d.set("document fp8", "right")
	d.set("document fp8", "right")
	d.set("gpuhours", append(append([]string{"enter"}, typed("2.5h")...), "enter")...)
	d.until("record's own", "the paper", "all runs at most 2.5 GPU-hours")
	d.set("gpuhours", "right")
	d.until("all runs at most 5 GPU-hours")
	d.set("gpuhours", append(append([]string{"enter"}, typed("-3")...), "enter")...)
	d.until("write hours as 40 or 2.5, or none")
	d.set("gpuhours", "enter", "4", "0", "enter")
	d.press("S")
	d.until("Up to 11 runs")
	d.press("y")
	d.until("attempt 1")
	got := <-started
	if got.Scripts != "modded-nanogpt" || got.Hints != "paper" || got.Hint != "1" || got.Budget.GPUHours != 40 {
		t.Errorf("started %+v", got)
	}
	if names := titles(got.Documents); strings.Join(names, " ") != "muon paper:muon" || got.Documents[1].Text != "a text about Muon" {
		t.Errorf("documents %v", names)
	}
	d.press("esc")
	d.until("[record's own]", "[the paper]", "what the paper tells") // home has followed
}
