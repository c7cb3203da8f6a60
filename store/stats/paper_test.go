package stats

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestThePaperReadingOfAHandWorkedExample(t *testing.T) {
	nan := math.NaN()
	m := Paper([]PaperTask{
		{
			// Gap 200 − 180 = 20. Fastest run that passes, by attempt:
			// 190, since 170 ends at 3.29: .5; 184: .8; node 0 alone, 199: .05; none: 0; 120: 4, too good, 0.
			// The best three: (.5 + .8 + .05)/3 = .45.
			Task: "nanogpt/4", From: 200, To: 180,
			Attempts: [][]Run{
				{{3.281, 201}, {3.289, 190}, {3.29, 170}},
				{{3.279, 200}, {3.285, 184}, {nan, nan}},
				{{3.279, 199}, {3.5, 150}},
				{{3.30, 199}, {nan, 100}},
				{{3.279, 200}, {3.28, 120}},
			},
		},
		{
			// Two attempts: (0 + −.1)/2 = −.05: node 0 was slower than the calibration in the second.
			Task: "nanogpt/5", From: 100, To: 90,
			Attempts: [][]Run{{{3.3, 100}}, {{3.2, 101}}},
		},
		{Task: "nanogpt/20", From: 100, To: 90, Attempts: [][]Run{{{3.2, 90}}}},
		{Task: "nanogpt/7", From: 100, To: 90},
		{Task: "nanogpt/8", From: 100, To: nan, Attempts: [][]Run{{{3.2, 90}}}},
		{Task: "nanogpt/9", From: 100, To: 101, Attempts: [][]Run{{{3.2, 90}}}},
	})
	if len(m.Tasks) != 2 {
		t.Fatalf("%+v", m)
	}
	near(t, "task 4", m.Tasks[0].Value, 0.45, 1e-12)
	near(t, "task 5", m.Tasks[1].Value, -0.05, 1e-12)
	near(t, "the mean", m.Value, 0.2, 1e-12)
	if m.Tasks[0].Attempts != 5 || m.Tasks[0].Confirmed != 3 || m.Interval.Known() || m.Tasks[0].Interval.Known() {
		t.Errorf("%+v", m)
	}
	var left []string
	for _, l := range m.Left {
		left = append(left, l.Task+": "+l.Why)
	}
	for i, want := range []string{"nanogpt/20: the published", "nanogpt/7: no attempt", "nanogpt/8: not calibrated", "nanogpt/9: unresolved"} {
		if i >= len(left) || !strings.HasPrefix(left[i], want) {
			t.Errorf("left out %q, want %q", left, want)
		}
	}
	if none := Paper(nil); !math.IsNaN(none.Value) || none.Interval.Known() {
		t.Errorf("%+v of nothing", none)
	}
}

func TestThePaperReadingIsMildOnNoise(t *testing.T) {
	// The same runs, none of which improves on the record: each attempt's luckiest run counts in the one
	// reading, and nothing in the other, for no fresh run confirmed it.
	runs := []Run{{3.279, 200}, {3.285, 199}, {3.281, 198}}
	published := Paper([]PaperTask{{Task: "nanogpt/9", From: 200, To: 196, Attempts: [][]Run{runs, runs, runs}}})
	strict := MeanFSR([]TaskRuns{{
		Task: "nanogpt/9", Spread: 0.002, Attempts: make([]AttemptRuns, 3),
		CalibrationFrom: []float64{200, 200.1, 199.9}, CalibrationTo: []float64{196, 196.1, 195.9},
	}}, Bootstrap{Seed: 1})
	near(t, "the paper's reading", published.Value, 0.5, 1e-12)
	near(t, "the strict reading", strict.Value, 0, 0)
}

func TestThePublishedTableIsWhole(t *testing.T) {
	for _, c := range []struct {
		cell Cell
		want float64
	}{
		{Cell{"o3-mini", "0", "flat"}, 0.14},
		{Cell{"o3-mini", "123", "multi-aide"}, 0.46},
		{Cell{"deepseek-r1", "12", "forest"}, 0.25},
		{Cell{"claude-3.7-sonnet", "3", "aide"}, 0.34},
		{Cell{"gemini-2.5-pro", "1", "tree"}, 0.16},
	} {
		if got, ok := PaperFSR(c.cell.Model, c.cell.Hint, c.cell.Scaffold); !ok || got != c.want {
			t.Errorf("%+v: %g, %v, want %g", c.cell, got, ok, c.want)
		}
	}
	if _, ok := PaperFSR("claude-3.7-sonnet", "0", "flat"); ok {
		t.Error("a figure that the paper does not give")
	}
	figures := 0
	models, hints, scaffolds := paperWords()
	for _, model := range models {
		for _, hint := range hints {
			for _, scaffold := range scaffolds {
				if v, ok := PaperFSR(model, hint, scaffold); ok {
					figures++
					if !(v > 0 && v < 1) {
						t.Errorf("%s with hint %s and %s: %g", model, hint, scaffold, v)
					}
				}
			}
		}
	}
	if figures != 115 {
		t.Errorf("%d figures, want 23 rows of 5", figures)
	}
	if got := strings.Join(hints, " "); got != "0 1 12 123 2 3" {
		t.Errorf("hints %q", got)
	}
	if got := strings.Join(scaffolds, " "); got != "aide flat forest multi-aide tree" {
		t.Errorf("scaffolds %q", got)
	}
}

// paperWords gives the words of the paper's table, sorted.
func paperWords() (models, hints, scaffolds []string) {
	m, h, s := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for c := range published() {
		m[c.Model], h[c.Hint], s[c.Scaffold] = true, true, true
	}
	return slices.Sorted(maps.Keys(m)), slices.Sorted(maps.Keys(h)), slices.Sorted(maps.Keys(s))
}

func TestATableThatIsNotOneIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"a short row": "model\thints\tflat\nm\t0\n", "no number": "model\thints\tflat\nm\t0\tx\n", "no heading": "m\n",
	} {
		if _, err := parseTable(text); err == nil || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// asPublished is a setup that matches the paper's.
func asPublished() Setup {
	tasks := paperTasks()
	slices.Reverse(tasks)
	return Setup{
		Cell: Cell{"o3-mini", "1", "tree"}, Reading: ReadingPaper, Hints: "paper", Scripts: "llm-speedrunner", Prompts: "paper",
		Nodes: 20, Attempts: 3, GPUs: 8, GPU: "NVIDIA H100 80GB HBM3, 81559 MiB, 700 W", Tasks: tasks,
	}
}

func TestOnlyTheSameSetupStandsBesideThePaper(t *testing.T) {
	same := asPublished()
	if found := Compare(same, same.Cell); len(found) != 0 {
		t.Errorf("the paper's own setup differs: %q", found)
	}
	if n := len(paperTasks()); n != 18 {
		t.Errorf("the paper's mean is of %d tasks, want 18", n)
	}
	for _, c := range []struct {
		want   string
		change func(*Setup)
	}{
		{"model: o4 here, o3-mini in the paper", func(s *Setup) { s.Model = "o4" }},
		{"hint: 2 here", func(s *Setup) { s.Hint = "2" }},
		{"scaffold: unknown here", func(s *Setup) { s.Scaffold = "" }},
		{"reading: strict here", func(s *Setup) { s.Reading = ReadingStrict }},
		{"hints: those of pitwall here", func(s *Setup) { s.Hints = "pitwall" }},
		{"documents: ", func(s *Setup) { s.Documents = true }},
		{"scripts: those of modded-nanogpt here", func(s *Setup) { s.Scripts = "modded-nanogpt" }},
		{"prompts: those of pitwall here", func(s *Setup) { s.Prompts = "pitwall" }},
		{"nodes: 10 an attempt here", func(s *Setup) { s.Nodes = 10 }},
		{"attempts: 2 a task here", func(s *Setup) { s.Attempts = 2 }},
		{"hardware: 4xNVIDIA H100", func(s *Setup) { s.GPUs = 4 }},
		{"hardware: 8xNVIDIA A100", func(s *Setup) { s.GPU = "NVIDIA A100-SXM4-80GB" }},
		{"hardware: no GPU", func(s *Setup) { s.GPUs = 0 }},
		{"tasks: the paper's mean has nanogpt/1 too", func(s *Setup) { s.Tasks = s.Tasks[:17] }},
		{"tasks: the paper's mean is without nanogpt/20", func(s *Setup) { s.Tasks = append(s.Tasks, "nanogpt/20") }},
		{"tasks: the paper's mean is without nanogpt/4@4gpu", func(s *Setup) { s.Tasks = append(s.Tasks, "nanogpt/4@4gpu") }},
	} {
		ours := asPublished()
		c.change(&ours)
		if found := Compare(ours, same.Cell); len(found) != 1 || !strings.HasPrefix(found[0], c.want) {
			t.Errorf("%q, want %q alone", found, c.want)
		}
	}
	more := asPublished()
	more.Attempts = 5
	if found := Compare(more, more.Cell); len(found) != 0 {
		t.Errorf("more attempts than the paper: %q", found)
	}
	bare := asPublished()
	bare.Hint, bare.Hints = "0", ""
	if found := Compare(bare, Cell{"o3-mini", "0", "tree"}); len(found) != 0 {
		t.Errorf("no hint has no source: %q", found)
	}
	flash := asPublished()
	flash.Model = "gemini-2.5-pro"
	if found := Compare(flash, flash.Cell); len(found) != 1 || !strings.Contains(found[0], "flash") {
		t.Errorf("%q, want what wrote the edits", found)
	}
	missing := asPublished()
	missing.Model, missing.Hint = "claude-3.7-sonnet", "0"
	if found := Compare(missing, missing.Cell); len(found) != 1 || !strings.Contains(found[0], "no figure") {
		t.Errorf("%q, want that there is none", found)
	}
}

func TestModelsTrainedAfterARecordAreKnown(t *testing.T) {
	for _, c := range []struct {
		cutoff, date string
		after, known bool
	}{
		{"2023-10", "2024-10-14", false, true},
		{"2025-01", "2024-10-14", true, true},
		{"2024-10", "2024-10-14", true, true}, // a month's text may be of its last day
		{"2024-10-13", "2024-10-14", false, true},
		{"2024-10-14", "2024-10-14", true, true},
		{"2024-10-31", "2024-10", true, true},
		{"", "2024-10-14", false, false},
		{"2024-10", "", false, false},
		{"2024-13", "2024-10-14", false, false},
		{"autumn", "2024-10-14", false, false},
	} {
		if after, known := TrainedAfter(c.cutoff, c.date); after != c.after || known != c.known {
			t.Errorf("%q and %q: %v, %v, want %v, %v", c.cutoff, c.date, after, known, c.after, c.known)
		}
	}
	unknown := 0
	models, _, _ := paperWords()
	for _, model := range models {
		month, ok := TrainingCutoff(model)
		if _, known := TrainedAfter(month, "2024-10-14"); known != ok {
			t.Errorf("%s: %q, %v", model, month, ok)
		}
		if !ok {
			unknown++
		}
	}
	if unknown != 1 {
		t.Errorf("%d models without a documented cutoff, want deepseek-r1 alone", unknown)
	}
}
