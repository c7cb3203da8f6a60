package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"pitwall/store"
	"pitwall/store/event"
)

// campaign keeps a campaign of one task, and gives its cells' names.
func campaign(t testing.TB, s *store.Store, id string, seeds int) (cells []string) {
	t.Helper()
	p := store.Plan{
		Tasks: []store.PlanTask{{ID: "micro/7", Calibrate: 1}}, Hints: []string{"0"},
		Agents: []store.PlanAgent{{Label: "noop", Spec: store.Spec{Agent: "noop"}}},
	}
	for seed := range int64(seeds) {
		p.Seeds = append(p.Seeds, seed)
		cells = append(cells, store.CellName("micro/7", "0", "noop", seed))
	}
	if _, err := s.PutCampaign(t.Context(), store.Campaign{ID: id, Name: "a series", Plan: p}); err != nil {
		t.Fatal(err)
	}
	return cells
}

func cellSpec() store.Spec {
	return store.Spec{Task: "micro/7", Hint: "0", Agent: "noop", Scaffold: "flat", Runner: "local", Nodes: 1}
}

func TestACellHasOneAttemptHoweverManyCreateItAtOnce(t *testing.T) {
	s := open(t)
	other := openAt(t, s.Home())
	cells := campaign(t, s, "c1", 8)
	const each = 6
	got := make([]map[string]string, 2*each)
	var wg sync.WaitGroup
	for i := range got {
		from := []*store.Store{s, other}[i%2]
		got[i] = map[string]string{}
		wg.Go(func() {
			for _, cell := range cells {
				id, err := from.CreateCell(t.Context(), "c1", cell, cellSpec())
				if err != nil {
					t.Error(err)
				}
				got[i][cell] = id
			}
		})
	}
	wg.Wait()
	for _, g := range got[1:] {
		if !reflect.DeepEqual(g, got[0]) {
			t.Fatalf("two callers were given %v and %v", got[0], g)
		}
	}
	list, err := s.Attempts(t.Context())
	if err != nil || len(list) != len(cells) {
		t.Fatalf("%d attempts for %d cells, %v", len(list), len(cells), err)
	}
	numbers := map[int64]bool{}
	for _, m := range list {
		numbers[m.Number] = true
	}
	for n := range int64(len(cells)) {
		if !numbers[n+1] {
			t.Errorf("no attempt has the number %d: %v", n+1, numbers)
		}
	}
	found, err := other.Cells(t.Context(), "c1")
	if err != nil || len(found) != len(cells) {
		t.Fatalf("%d cells of %d, %v", len(found), len(cells), err)
	}
	for cell, a := range found {
		if a.ID != got[0][cell] || a.Task != "micro/7" || a.Status != event.StatusQueued {
			t.Errorf("%s has %+v", cell, a.Summary)
		}
	}
}

func TestACellWhoseAttemptWasDeletedGetsAnother(t *testing.T) {
	s := open(t)
	cells := campaign(t, s, "c1", 1)
	first, err := s.CreateCell(t.Context(), "c1", cells[0], cellSpec())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if found, err := s.Cells(t.Context(), "c1"); err != nil || len(found) != 0 {
		t.Errorf("a deleted attempt is in its cell still: %v, %v", found, err)
	}
	second, err := s.CreateCell(t.Context(), "c1", cells[0], cellSpec())
	if err != nil || second == first {
		t.Fatalf("%q after %q, %v", second, first, err)
	}
	if err := s.Undelete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if found, err := s.Cells(t.Context(), "c1"); err != nil || len(found) != 1 || found[cells[0]].ID != second {
		t.Errorf("%v, %v", found, err)
	}
	if err := s.Delete(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if err := s.PurgeBefore(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if third, err := s.CreateCell(t.Context(), "c1", cells[0], cellSpec()); err != nil || third == second {
		t.Errorf("%q after %q was purged, %v", third, second, err)
	}
}

func TestACellOfNoCampaignIsRefused(t *testing.T) {
	s := open(t)
	if _, err := s.CreateCell(t.Context(), "nowhere", "a cell", cellSpec()); !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "pitwall sweep --list") {
		t.Errorf("%v", err)
	}
	if list, err := s.Attempts(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestACampaignIsKeptOnceAndRenamed(t *testing.T) {
	s := open(t)
	campaign(t, s, "c1", 2)
	campaign(t, s, "c2", 3)
	c, err := s.Campaigns(t.Context())
	if err != nil || len(c) != 2 || c[0].ID != "c2" || c[1].ID != "c1" || len(c[1].Plan.Seeds) != 2 || c[1].Created.IsZero() {
		t.Fatalf("%+v, %v", c, err)
	}
	again := c[1]
	again.Name, again.Plan.Total.Cost = "another name", 25
	if created, err := s.PutCampaign(t.Context(), again); err != nil || created {
		t.Errorf("created %t, %v", created, err)
	}
	c, err = s.Campaigns(t.Context())
	if err != nil || len(c) != 2 || !reflect.DeepEqual(c[1], again) {
		t.Errorf("%+v, want %+v, %v", c[1], again, err)
	}
}

func TestTheTimeOfACellIsItsEnginesActiveTime(t *testing.T) {
	s := open(t)
	cells := campaign(t, s, "c1", 1)
	id, err := s.CreateCell(t.Context(), "c1", cells[0], cellSpec())
	if err != nil {
		t.Fatal(err)
	}
	w := lease(t, s, id)
	w.EmitAt(event.Times{Active: 4200, Wall: 1}, event.Status{Status: event.StatusRunning})
	flush(t, w)
	found, err := s.Cells(t.Context(), "c1")
	if a := found[cells[0]]; err != nil || a.Active.Milliseconds() != 4200 || a.Status != event.StatusRunning {
		t.Errorf("%s for %s, %v", a.Status, a.Active, err)
	}
	closeWriter(t, w)
	found, err = s.Cells(t.Context(), "c1")
	if a := found[cells[0]]; err != nil || a.Status != event.StatusInterrupted {
		t.Errorf("%s after the engine's end, %v", a.Status, err)
	}
}

func TestACampaignIsRunByOneAtATime(t *testing.T) {
	s := open(t)
	other := openAt(t, s.Home())
	if s.Sweeping("c1") {
		t.Error("it runs before anybody runs it")
	}
	release, err := s.LockCampaign(t.Context(), "c1")
	if err != nil {
		t.Fatal(err)
	}
	if !other.Sweeping("c1") {
		t.Error("nobody sees that it runs")
	}
	if _, err := other.LockCampaign(t.Context(), "c1"); !errors.Is(err, store.ErrLeased) || !strings.Contains(err.Error(), "another pitwall sweep") {
		t.Errorf("the second was told %v", err)
	}
	another, err := other.LockCampaign(t.Context(), "c2")
	if err != nil {
		t.Fatal("a second campaign: ", err)
	}
	if err := errors.Join(another(), release()); err != nil {
		t.Error(err)
	}
	if release, err = other.LockCampaign(t.Context(), "c1"); err != nil {
		t.Error("after its release: ", err)
	} else if err := release(); err != nil {
		t.Error(err)
	}
}

func TestCellNamesTellCellsApart(t *testing.T) {
	names := map[string]string{}
	for _, task := range []string{"micro/7", "micro/8"} {
		for _, hint := range []string{"1", "12"} {
			for _, label := range []string{"tuner", "gpt-5 tree", "1 · tuner"} {
				for _, seed := range []int64{1, 2, 12} {
					name := store.CellName(task, hint, label, seed)
					choice := fmt.Sprint(task, "|", hint, "|", label, "|", seed)
					if was, ok := names[name]; ok {
						t.Errorf("%q names %s and %s", name, was, choice)
					}
					names[name] = choice
				}
			}
		}
	}
	if got := store.CellName("micro/7", "1", "gpt-5 tree", 2); got != "micro/7 · 1 · gpt-5 tree · 2" {
		t.Errorf("%q", got)
	}
}
