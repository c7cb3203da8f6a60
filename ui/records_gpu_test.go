package ui

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pitwall/store"
	"pitwall/taskdata"
)

// around8 is what a machine with GPUs says of a task's needs.
func around8(torch bool) func(context.Context, string) ([]EnvCheck, error) {
	return func(_ context.Context, task string) ([]EnvCheck, error) {
		checks := []EnvCheck{
			{Name: "profile", OK: true, Found: "nanogpt-1-11: 8 GPUs, for " + task},
			{Name: "GPUs", OK: true, Found: "8x H100"},
			{Name: "torch", OK: torch, Found: "2.7.1"},
			{Name: "data", OK: true, Found: "27 shards needed; 30 there", Mend: "advice"},
		}
		if !torch {
			checks[2].Found, checks[2].Mend = "none; 2.7.1 is wanted", "pip install torch==2.7.1"
		}
		return checks, nil
	}
}

func TestWhatATaskNeedsHereStandsByItsMend(t *testing.T) {
	o := Options{Store: openStore(t), Tasks: imported(t, 4, 5), Environment: around8(false)}
	d := driveHome(t, o, 140, 42)
	d.until("[2 nanogpt]", "nanogpt/4 → 5") // where something was imported
	d.until("✓ profile ✓ GPUs ✗ torch ! data", "none; 2.7.1 is wanted → pip install torch==2.7.1")
	d.press("e")
	d.until("what nanogpt/4 needs here", "✓ profile", "nanogpt-1-11: 8 GPUs, for nanogpt/4", "✗ torch", "→ pip install torch==2.7.1", "! data", "→ advice")
	d.press("esc")
	d = driveHome(t, o, 200, 60)
	d.until("✗ torch", "→ pip install torch==2.7.1", "8x H100")
	d = driveHome(t, o, 80, 24)
	d.until("✓ profile ✓ GPUs ✗ torch ! data")
	o.Environment = func(context.Context, string) ([]EnvCheck, error) { return nil, fmt.Errorf("the profile\nis broken") }
	d = driveHome(t, o, 140, 42)
	d.until("the profile · is broken")
}

func TestTheMachineIsAskedSeldom(t *testing.T) {
	asked := map[string]int{}
	at := now
	ask := around8(true)
	o := Options{Store: openStore(t), Tasks: imported(t, 4, 5, 6), Environment: func(ctx context.Context, task string) ([]EnvCheck, error) {
		asked[task]++
		return ask(ctx, task)
	}}
	m := New(o)
	t.Cleanup(m.Close)
	h := m.needs
	m.frame.Now = func() time.Time { return at }
	first := h.survey("nanogpt/4")
	if h.survey("nanogpt/5") != nil {
		t.Error("two tasks are looked at together")
	}
	m.Update(first())
	if h.survey("nanogpt/4") != nil {
		t.Error("it is asked again at once")
	}
	at = at.Add(surveyEvery)
	again := h.survey("nanogpt/4")
	if again == nil {
		t.Fatal("it is never asked again")
	}
	m.Update(again())
	if asked["nanogpt/4"] != 2 || len(asked) != 1 {
		t.Errorf("asked %v", asked)
	}
}

func TestFactsOfTheRecordsOwnLogStandByIt(t *testing.T) {
	o := Options{Store: openStore(t), Tasks: imported(t, 4, 5)}
	d := driveHome(t, o, 140, 42)
	d.until("record 4", "log 6.667 min, published 22.3 min", "2 runs 400.0 ± 1.4 s, loss 3.2790 ± 0.0014", "the paper's authors 7 min",
		"8x H100", "torch 2.5.1+cu124", "peak 34.0 GiB a GPU")
	d.until("┄┄ record 4", "━━ record 5", "log of 8x H100, median of 2 runs")
	g := d.m.choice.current().ghosts[4]
	if g.low.Len() != 12 || g.high.Len() != 12 || g.curve.val.Len() != 12 {
		t.Fatalf("the band has %d and %d points, the median %d", g.low.Len(), g.high.Len(), g.curve.val.Len())
	}
	lo, _ := g.low.At(5)
	if _, y := g.low.At(5); y >= 3.2+4.0/6 || lo != 165 {
		t.Errorf("the band begins at %v, %v", lo, y)
	}
	d.press("j") // 5 → 6 has no script here
	d.until("nanogpt/5 ", "Cannot be attempted yet", "log 6.667 min, published 15.2 min")
}

func TestScriptsAndHintsAreChosenWhereThereIsAChoice(t *testing.T) {
	d := driveHome(t, Options{Store: openStore(t), Tasks: imported(t, 4, 5)}, 140, 42)
	d.until("[template] record's own", "by [pitwall] the paper")
	d.press("t", "b", "h")
	d.until("[record's own]", "by  pitwall [the paper]", "what the paper tells")
	d.press("d")
	d.until("own = 4", "from modded-nanogpt")
	d.press("esc", "t", "d")
	d.until("template = 4", "from llm-speedrunner")
	d.press("esc", "H")
	d.until("template = 5", "from llm-speedrunner")
	d.press("esc", "1")
	d.lacks("by [pitwall]") // the practice track has no choice
	d.lacks("t scripts")
}

func TestTheOpenTaskStartsAtTheNewestRecord(t *testing.T) {
	d := driveHome(t, Options{Store: openStore(t), Tasks: imported(t, 88, 89), Start: func(context.Context, store.Spec) (string, error) { return "", nil }}, 140, 42)
	d.press("2", "G")
	d.until("nanogpt/89 open", "improve on it; judged by speedup with its p-value", "enter set up", "○ ", "your attempts   none on this task yet")
	d.lacks("→ 90")
	d.lacks("H answer")
	d.lacks("hint   [")
	d.lacks("h hint")
	d.press("enter")
	d.until("set up", "nanogpt/89 open")
	d.lacks("→ 0")
}

func TestTheListMarksWhatKindARecordIs(t *testing.T) {
	d := driveHome(t, Options{Store: openStore(t), Tasks: imported(t, 4, 5)}, 140, 42)
	row := func(n int) string {
		for _, l := range strings.Split(d.text(), "\n") {
			if strings.Contains(l, fmt.Sprintf("%3d  ", n)) {
				return l
			}
		}
		t.Fatalf("record %d does not show:\n%s", n, d.text())
		return ""
	}
	d.press("g")
	for n, mark := range map[int]string{4: "4  ▪  Muon", 6: "6     Muon", 7: "7  ▪⇡ PyTorch", 21: "21   ↻ "} {
		if l := row(n); !strings.Contains(l, mark) {
			t.Errorf("record %d is not marked as %q: %s", n, mark, l)
		}
	}
	d.until("▪ benchmark ○ open ⇡ library ↻ retimed")
	d.press("1")
	d.lacks("▪")
	if tr := newTrack(taskdata.Track{ID: "a"}, nil, nil); tr.readyWords(false) != " · no task ready" {
		t.Error(tr.readyWords(false))
	}
}
