package ui

import (
	"strings"
	"testing"

	"pitwall/store/event"
	"pitwall/store/storetest"
)

func TestAResultOnGPUsHasAllThatItIsWorth(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{GPUs: 8, Steps: 60})
	d := drive(t, Options{Store: s, Open: "1"}, 140, 42)
	d.until("FSR  0.66  [0.63, 0.69] 95 %  strict", "FSR 0.66 [0.63, 0.69] 95 % strict", "✓ p < .01 (p .004), power .93 with 3 runs",
		"published  22.3 min → 15.2 min on 8xH100, not mixed in", "calibrated 134.00 134.27 s → 91.00 90.82 s",
		"GPU-hours · compiled in 32 s · peak 34.0 GiB a GPU")
	d.lacks("practice")
	d.press("d", "{")
	d.until("failed: rank 5 ran out of GPU memory", "give fewer activations to keep", "peak 34.0 GiB a GPU")
	d.press("{")
	d.until("flagged by rule clock: line 18: the clock begins at step 8")
	d.press("{")
	d.until("flagged: 2 processes outlived the script")
}

func TestTheMendOfAFailureStandsInFullOnASmallScreen(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{GPUs: 8, Steps: 60, Nodes: 2})
	d := drive(t, Options{Store: s, Open: "1"}, 80, 24)
	d.until("✓ done")
	d.press("d", "}")
	d.until("▎edit  train.py  node 2")
	if text := strings.Join(strings.Fields(d.text()), " "); !strings.Contains(text, "failed: "+storetest.OOM) {
		t.Errorf("the screen is\n%s", d.text())
	}
}

func TestARankThatFailedFirstIsNamedWhereTheWordsDoNot(t *testing.T) {
	rank := 5
	e := &event.RunEnded{Rank: &rank}
	if got := runFacts(e, "rank 5 ran out"); len(got) != 0 {
		t.Errorf("%q", got)
	}
	if got := runFacts(e, "a collective timed out"); len(got) != 1 || got[0] != "rank 5 failed first" {
		t.Errorf("%q", got)
	}
}

func TestAnOpenTaskIsJudgedByItsSpeedup(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{GPUs: 8, Steps: 60, Open: true})
	f := storetest.Live(t, s, storetest.Options{GPUs: 8, Steps: 60, Open: true})
	f.Until(atStep(4, 20)) // node 2
	d := drive(t, Options{Store: s, Open: "1"}, 140, 42)
	d.until("speedup 1.270× [1.258, 1.283] 95 % p < .001 of no gain", "27.0 % faster than record 89, the newest.", "published  1.23 min on 8xH100", "1.077×")
	for _, word := range []string{"FSR", "unresolved", "→"} {
		d.lacks(word)
	}
	d = drive(t, Options{Store: s, Open: f.ID}, 140, 42)
	d.until("best node 1 124 s  1.077× provisional, one run")
	d.lacks("FSR")
	d = drive(t, Options{Store: s}, 140, 42)
	d.until("l history")
	d.press("l")
	d.until("1.27×  [1.26, 1.28]")
}

func TestANoiseThatCouldExplainASpeedupIsSaid(t *testing.T) {
	faster := 1.01
	c := &event.Confirmed{Speedup: &faster, SpeedupInterval: &[2]float64{0.99, 1.03}}
	if got := speedupWords(c, 89); got != "1.0 % faster than record 89, which noise could explain." {
		t.Error(got)
	}
}

func TestFSRWithoutCompilationStandsBesideFSR(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{GPUs: 8, Steps: 60, Task: "nanogpt/2"})
	d := drive(t, Options{Store: s, Open: "1"}, 140, 42)
	d.until("0.60  without the compilation that the clock counts", "0.60 without compiling", "strict")
	d.press("d")
	d.until("32.0 s of its time before the second step")
}

func TestAnotherNumberOfGPUsIsNotTheBenchmarks(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{GPUs: 4, Steps: 60, Task: "nanogpt/7@4gpu"})
	d := drive(t, Options{Store: s, Open: "1"}, 140, 42)
	d.until("4 GPUs, not the benchmark's 8", "nanogpt/7@4gpu → 8")
	d.lacks("practice")
	d = drive(t, Options{Store: s, Open: "1"}, 80, 24)
	d.until("4 GPUs, no benchmark")
	d = drive(t, Options{Store: s}, 140, 42)
	d.until("l history")
	d.press("l")
	d.until("nanogpt/7@4gpu", "4 GPUs", "GPU h")
	d.lacks("practice")
}

func TestTheHistoryCountsGPUHours(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{Steps: 20})
	d := drive(t, Options{Store: s}, 140, 42)
	d.until("l history")
	d.press("l")
	d.until("micro/7")
	d.lacks("GPU h") // nothing took any
	storetest.Fill(t, s, storetest.Options{GPUs: 8, Steps: 60, Task: "nanogpt-medium/17"})
	hours := gpuHours(storetest.State(storetest.Options{GPUs: 8, Steps: 60, Task: "nanogpt-medium/17"}).Used().GPUHours)
	d.until("nanogpt-medium/17", "GPU h", hours+" ")
}

func TestAPValueIsAsShortAsItIs(t *testing.T) {
	for p, want := range map[float64]string{0.0001: "p < .001", 0.0042: "p .004", 0.05: "p .050", 0.123: "p .12", 0.999: "p 1"} {
		if got := chance(p); got != want {
			t.Errorf("%g: %q", p, got)
		}
	}
}
