package ui

import (
	"context"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/storetest"
)

// keepCampaign keeps a campaign of two tasks, two hints, two agents and two seeds.
func keepCampaign(t testing.TB, s *store.Store, id, name string) store.Plan {
	t.Helper()
	p := store.Plan{
		Tasks: []store.PlanTask{{ID: "micro/7"}, {ID: "micro/8"}}, Hints: []string{"0", "123"}, Seeds: []int64{1, 2},
		Agents: []store.PlanAgent{{Label: "tuner", Spec: store.Spec{Agent: "tuner"}}, {Label: "gpt-5 tree", Spec: store.Spec{Agent: "llm"}}},
		Order:  []string{"tasks", "hints", "agents", "seeds"},
	}
	if _, err := s.PutCampaign(context.Background(), store.Campaign{ID: id, Name: name, Plan: p}); err != nil {
		t.Fatal(err)
	}
	return p
}

// cellWriter makes the attempt of a cell and leases it.
func cellWriter(t testing.TB, s *store.Store, campaign, task, hint, label string, seed int64) (id string, w *store.Writer) {
	t.Helper()
	spec := storetest.Options{Task: task, Hint: hint}.Spec()
	spec.Seed = seed
	id, err := s.CreateCell(context.Background(), campaign, store.CellName(task, hint, label, seed), spec)
	if err != nil {
		t.Fatal(err)
	}
	if w, err = s.Lease(context.Background(), id); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close(context.Background()) })
	return id, w
}

// fillCell makes the attempt of a cell and brings it to its end.
func fillCell(t testing.TB, s *store.Store, campaign, task, hint, label string, seed int64) {
	t.Helper()
	id, w := cellWriter(t, s, campaign, task, hint, label, seed)
	for _, m := range storetest.Story(id, storetest.Options{Task: task, Hint: hint}) {
		w.EmitAt(m.Times, m.Bodies...)
	}
	if err := w.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// endCell makes the attempt of a cell and ends it with a status, and what comes
// before it.
func endCell(t testing.TB, s *store.Store, campaign, task, hint, label string, seed int64, status event.Standing, why string, before ...event.Body) {
	t.Helper()
	_, w := cellWriter(t, s, campaign, task, hint, label, seed)
	w.Emit(append(append([]event.Body{event.Status{Status: event.StatusRunning}}, before...), event.Status{Status: status, Why: why})...)
	if err := w.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestACampaignIsShownAsATableAndOpensItsAttempts(t *testing.T) {
	s := openStore(t)
	keepCampaign(t, s, "c1", "hints on the micro track")
	fillCell(t, s, "c1", "micro/7", "0", "tuner", 1)
	fillCell(t, s, "c1", "micro/7", "0", "tuner", 2)
	fillCell(t, s, "c1", "micro/7", "123", "tuner", 1)
	zero, one := 0.0, 1.25
	endCell(t, s, "c1", "micro/7", "123", "tuner", 2, event.StatusDone, "", event.Confirmed{Node: -1, MeanLoss: event.NaN(), FSR: &zero}) // it counts
	endCell(t, s, "c1", "micro/8", "123", "tuner", 1, event.StatusDone, "", event.Confirmed{Node: -1, MeanLoss: event.NaN()})             // unresolved: it does not
	endCell(t, s, "c1", "micro/8", "123", "tuner", 2, event.StatusDone, "", event.Confirmed{Node: 1, MeanLoss: event.NaN(), FSR: &one})
	endCell(t, s, "c1", "micro/8", "0", "tuner", 1, event.StatusFailed, "the disk is full; free some and resume")
	d := drive(t, Options{Store: s}, 140, 42)
	d.press("l", "c")
	d.until("campaign hints on the micro track", "practice", "6 of 16 cells done · 1 failed or stopped", "micro/7", "micro/8",
		"tuner", "gpt-5 tree", "hint none", "hint 1+2+3", "0.65 2/2", "– 0/2 !", "· 0/2", "~1.25 2/2")
	if screen := d.text(); !strings.Contains(screen, "0.33 2/2") && !strings.Contains(screen, "0.32 2/2") {
		t.Errorf("the mean with an attempt without a valid node is not halved:\n%s", screen)
	}
	d.until("micro/7 · hint none · tuner", "seed 1", "seed 2", "best", "FSR 0.65", "enter open attempt 2")
	d.press("j")
	d.until("micro/8 · hint none · tuner", "failed", "the disk is full; free some and resume", "not begun")
	d.press("l", "l", "l")
	d.until("micro/8 · hint 1+2+3 · gpt-5 tree")
	d.lacks("enter open")
	d.press("k", "h", "h", "enter")
	d.until("attempt 4")
}

func TestACampaignIsFollowedWhileItRuns(t *testing.T) {
	s := openStore(t)
	keepCampaign(t, s, "c1", "a series")
	release, err := s.LockCampaign(t.Context(), "c1")
	if err != nil {
		t.Fatal(err)
	}
	d := drive(t, Options{Store: s}, 80, 24)
	d.press("l", "c")
	d.until("● sweeping", "0 of 16 cells done")
	_, w := cellWriter(t, s, "c1", "micro/7", "0", "tuner", 1)
	w.Emit(event.Status{Status: event.StatusRunning}, event.Phase{Phase: event.PhaseTraining, Node: 2})
	if err := w.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	d.until("1 in flight", "0/2 ●", "node 2 of 3")
	w.Emit(event.Status{Status: event.StatusDone})
	if err := w.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	d.until("1/16 done", "1 of 16 cells done")
	d.lacks("● sweeping")
	d.press("esc")
	d.until("history", "1 attempt ")
}

func TestSeveralCampaignsAreListed(t *testing.T) {
	s := openStore(t)
	d := drive(t, Options{Store: s}, 100, 30)
	d.press("l", "c")
	d.until("No campaign yet.", "pitwall sweep FILE")
	d.press("esc")
	d.until("No attempt yet.")
	keepCampaign(t, s, "c1", "the first")
	keepCampaign(t, s, "c2", "the second")
	fillCell(t, s, "c1", "micro/7", "0", "tuner", 1)
	d.press("c")
	d.until("2 campaigns", "the first", "the second", "1 of 16 cells done", "practice")
	d.press("j", "enter")
	d.until("campaign the first", "1 of 16 cells done")
	d.press("esc")
	d.until("2 campaigns")
	d.press("esc")
	d.until("history", "1 attempt ")
}

func TestCampaignsFitEverySize(t *testing.T) {
	s := openStore(t)
	p := keepCampaign(t, s, "c1", "a long name 損失 "+strings.Repeat("長", 60))
	p.Tasks = nil
	for i := range 20 {
		p.Tasks = append(p.Tasks, store.PlanTask{ID: fmt.Sprintf("nanogpt-medium/%d", i), Benchmark: true})
	}
	p.Agents = append(p.Agents, store.PlanAgent{Label: "損失損失損失損失損失損失損失損失損失損失"})
	p.Seeds = []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	if _, err := s.PutCampaign(t.Context(), store.Campaign{ID: "c2", Name: "wide", Plan: p}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutCampaign(t.Context(), store.Campaign{ID: "c3", Name: "without cells"}); err != nil {
		t.Fatal(err)
	}
	fillCell(t, s, "c1", "micro/7", "0", "tuner", 1)
	endCell(t, s, "c1", "micro/7", "0", "tuner", 2, event.StatusFailed, "evil\x1b[2J\u202e 損失 "+strings.Repeat("why ", 60))
	for i, c := range []struct{ name, keys, until string }{
		{"list", "", "3 campaigns"},
		{"table", "j j enter", "seed 2"},
		{"wide table", "j enter G l l l l l", "nanogpt-medium/19"},
		{"no cells", "enter", "This campaign has no cells"},
		{"help", "j j enter ?", "keys of campaign"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := drive(t, Options{Store: s}, 140, 45)
			d.press("l", "c")
			d.until("3 campaigns")
			d.press(strings.Fields(c.keys)...)
			d.until(c.until)
			sizes(i, func(w, h int) {
				if (w+h)%9 == 0 {
					d.send(tea.WindowSizeMsg{Width: w, Height: h})
				}
				checkSize(t, d, w, h)
			})
			for _, size := range [][2]int{{80, 24}, {140, 42}, {220, 60}} {
				d.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
				checkSize(t, d, size[0], size[1])
				if c.name == "table" {
					d.until("practice", "0.65 1/2 !", "micro/7")
				}
			}
		})
	}
}
