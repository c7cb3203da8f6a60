package campaign

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"pitwall/store"
	"pitwall/store/event"
)

// reported is a campaign in the middle: one cell done, one failed, one running,
// the others missing.
func reported() Report {
	p := plan(2, 1, 2, 1)
	p.Agents[1].Label = "gpt-5 tree"
	p.Agents[1].Spec.Model, p.Agents[1].Spec.Budget.Cost = "openai/gpt-5", 2.5
	fsr := 0.654
	attempt := func(n int64, s store.Summary) store.CellAttempt {
		s.ID, s.Number, s.Events, s.Nodes = fmt.Sprintf("id%d", n), n, 10, 1
		return store.CellAttempt{Summary: s, Active: 10 * time.Minute}
	}
	return NewReport(store.Campaign{ID: "0123456789abcdef", Name: "hints on the micro track", Plan: p}, map[string]store.CellAttempt{
		"micro/1 · 0 · agent a · 1": attempt(1, store.Summary{
			Status: event.StatusDone, NodesDone: 1, BestNode: 1, BestSeconds: 18.2, FSR: &fsr, Interval: &[2]float64{0.41, 0.88}, Confirmed: true, Cost: 0,
		}),
		"micro/1 · 0 · gpt-5 tree · 1": attempt(2, store.Summary{
			Status: event.StatusFailed, Why: "the endpoint is down\x1b[2J", BestNode: -1, BestSeconds: event.NaN(), Tokens: 12345, Cost: 0.42,
		}),
		"micro/2 · 0 · agent a · 1": attempt(3, store.Summary{
			Status: event.StatusRunning, BestNode: -1, BestSeconds: event.NaN(), Phase: event.Phase{Phase: event.PhaseTraining, Node: 1}, Cost: 0,
		}),
	})
}

func TestTotalsAddUpAndEstimate(t *testing.T) {
	r := reported()
	got := r.Totals()
	// One cell took 10 minutes; of the three that are left two have had 10 already.
	want := Totals{Cells: 4, Done: 1, Live: 1, Failed: 1, Missing: 1, Tokens: 12345, Cost: 0.42, Active: 30 * time.Minute, Left: 10 * time.Minute}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if line := r.Line(); line != "1 of 4 cells done · 1 in flight · 1 failed · about 10 min left · 12.3k tokens · $0.42" {
		t.Errorf("%q", line)
	}
	r.Campaign.Plan.Total = store.PlanTotal{Cost: 25, Tokens: 3_000_000, WallMS: 8 * 3600 * 1000}
	if line := r.Line(); !strings.Contains(line, "12.3k of 3.0M tokens · $0.42 of $25.00 · 30 min of 8 h") {
		t.Errorf("%q", line)
	}
	r.Jobs = 2
	if left := r.Totals().Left; left != 5*time.Minute {
		t.Errorf("two at once take %s", left)
	}
	if left := NewReport(r.Campaign, nil).Totals().Left; left >= 0 {
		t.Errorf("where none is done, %s are left", left)
	}
}

func TestCostsAreBoundedWhereEachCellIs(t *testing.T) {
	r := reported()
	if most := r.CostAtMost(); most != 5 {
		t.Errorf("two cells of $2.50 cost %g at most", most)
	}
	r.Campaign.Plan.Total.Cost = 4
	if most := r.CostAtMost(); most != 4 {
		t.Errorf("a total of $4 makes it %g", most)
	}
	r.Campaign.Plan.Agents[1].Spec.Budget.Cost = 0
	r = NewReport(r.Campaign, nil)
	if most := r.CostAtMost(); most != 4 {
		t.Errorf("where a cell is not bounded, %g", most)
	}
	r.Campaign.Plan.Total.Cost = 0
	if most := r.CostAtMost(); !math.IsNaN(most) {
		t.Errorf("where nothing is bounded, %g", most)
	}
}

func TestTheDocumentHasWhatScriptsNeed(t *testing.T) {
	doc, err := json.Marshal(reported().Document())
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Campaign, Name string
		Cells          []map[string]any
		Totals         map[string]any
	}
	if err := json.Unmarshal(doc, &got); err != nil {
		t.Fatal(err)
	}
	if got.Campaign != "0123456789abcdef" || got.Name != "hints on the micro track" || len(got.Cells) != 4 {
		t.Fatalf("%s", doc)
	}
	for i, want := range []map[string]any{
		{
			"cell": "micro/1 · 0 · agent a · 1", "task": "micro/1", "hint": "0", "agent": "noop", "seed": 1.0, "attempt": "id1", "status": "done", "benchmark": false, "confirmed": true,
			"fsr": 0.654, "fsr_interval": []any{0.41, 0.88}, "best": 1.0, "best_seconds": 18.2, "tokens": 0.0, "cost": 0.0, "why": "",
		},
		{"label": "gpt-5 tree", "status": "failed", "fsr": nil, "fsr_interval": nil, "best": nil, "best_seconds": nil, "tokens": 12345.0, "cost": 0.42, "cost_at_most": 2.5},
		{"status": "running", "attempt": "id3", "carry": nil},
		{"status": "missing", "attempt": nil, "cost": 0.0},
	} {
		for key, v := range want {
			if !reflect.DeepEqual(got.Cells[i][key], v) {
				t.Errorf("cell %d has %s %v, want %v", i, key, got.Cells[i][key], v)
			}
		}
	}
	for key, v := range map[string]any{"cells": 4.0, "done": 1.0, "live": 1.0, "failed": 1.0, "missing": 1.0, "cost": 0.42, "cost_left": nil, "seconds": 1800.0, "seconds_left": 600.0} {
		if got.Totals[key] != v {
			t.Errorf("totals have %s %v, want %v", key, got.Totals[key], v)
		}
	}
}

func TestTheBoardFitsEveryTerminal(t *testing.T) {
	r := reported()
	big := NewReport(store.Campaign{ID: "0123456789abcdef", Name: strings.Repeat("a long name 損失 ", 20), Plan: plan(8, 2, 3, 5)}, nil)
	clean := func(s string) string { return strings.ReplaceAll(s, "\x1b", "?") }
	for w := 10; w <= 220; w += 7 {
		for h := 4; h <= 60; h += 5 {
			for _, r := range []Report{r, big} {
				lines := r.Board(w, h, clean)
				if len(lines) > h-1 || len(lines) < min(h-1, 3) {
					t.Fatalf("%d lines at %dx%d", len(lines), w, h)
				}
				for _, l := range lines {
					if n := ansi.StringWidth(l); n >= w || strings.ContainsAny(l, "\x1b\n") {
						t.Fatalf("%d cells at %dx%d: %q", n, w, h, l)
					}
				}
			}
		}
	}
	board := strings.Join(r.Board(120, 24, clean), "\n")
	for _, want := range []string{"practice", "micro/2", "gpt-5 tree", "training node 1", "18.20 s", "0.65", "12.3k", "$0.42", "the endpoint is down", "1 of 4 cells done"} {
		if !strings.Contains(board, want) {
			t.Errorf("the board lacks %q:\n%s", want, board)
		}
	}
}

func TestTheBoardShowsWhatIsInFlight(t *testing.T) {
	p := plan(8, 2, 1, 4)
	last := Cells(p)[50].Name
	r := NewReport(store.Campaign{Name: "n", Plan: p}, map[string]store.CellAttempt{last: {Summary: store.Summary{
		Status: event.StatusRunning, BestNode: -1, Number: 7, Phase: event.Phase{Phase: event.PhaseJudging},
	}}})
	board := strings.Join(r.Board(100, 20, func(s string) string { return s }), "\n")
	if !strings.Contains(board, event.PhaseJudging) || !strings.Contains(board, "0 of 64 cells done") {
		t.Errorf("\n%s", board)
	}
}

func TestAFigureOfOneRunIsCalledProvisional(t *testing.T) {
	fsr := 1.2
	r := NewReport(store.Campaign{Name: "n", Plan: plan(1, 1, 1, 1)}, map[string]store.CellAttempt{"micro/1 · 0 · agent a · 1": {Summary: store.Summary{
		Status: event.StatusDone, BestNode: 1, FSR: &fsr,
	}}})
	board := strings.Join(r.Board(100, 20, func(s string) string { return s }), "\n")
	for what, text := range map[string]string{"the board": board, "the table": fmt.Sprint(r.Table()), "a change": fmt.Sprint(Changes(NewReport(r.Campaign, nil), r))} {
		if !strings.Contains(text, "1.20 provisional") {
			t.Errorf("%s does not: %s", what, text)
		}
	}
}

func TestChangesAreToldOnceAndMissingCellsAreNot(t *testing.T) {
	r := reported()
	got := Changes(NewReport(r.Campaign, nil), r)
	want := []string{
		"micro/1 · 0 · agent a · 1: done · attempt 1 · nodes 1/1 · best 18.20 s practice · FSR 0.65 practice",
		"micro/1 · 0 · gpt-5 tree · 1: failed · attempt 2 · the endpoint is down\x1b[2J",
		"micro/2 · 0 · agent a · 1: running · attempt 3",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	if again := Changes(r, reported()); len(again) > 0 {
		t.Errorf("told again: %q", again)
	}
	if first := Changes(Report{}, r); !reflect.DeepEqual(first, want[1:]) {
		t.Errorf("at the start told %q", first)
	}
}

func TestTablesHaveARowACell(t *testing.T) {
	r := reported()
	for name, table := range map[string][][]string{"table": r.Table(), "bounds": r.Bounds()} {
		if len(table) != 5 {
			t.Errorf("%s has %d rows", name, len(table))
		}
		for _, row := range table {
			if len(row) != len(table[0]) {
				t.Errorf("%s has a row of %d in place of %d: %q", name, len(row), len(table[0]), row)
			}
		}
	}
	if row := r.Bounds()[2]; row[7] != "$2.50" || row[8] != "not bounded" || row[9] != "not bounded" {
		t.Errorf("%q", row)
	}
	if row := r.Bounds()[1]; row[7] != "$0.00" || row[8] != "0" {
		t.Errorf("%q", row)
	}
}
