package store_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/internal/eventgen"
	"pitwall/store/storetest"
)

var adopted = store.Spec{Task: "nanogpt/4", Hint: "1", Agent: "another", Nodes: 2}

// told gives events as an adoption takes them.
func told(events []event.Event) iter.Seq2[event.Times, event.Body] {
	return func(yield func(event.Times, event.Body) bool) {
		for _, e := range events {
			if !yield(event.Times{Active: e.Active, Wall: e.Wall}, e.Body) {
				return
			}
		}
	}
}

// untouched fails the test where an event is asked for.
func untouched(t *testing.T) iter.Seq2[event.Times, event.Body] {
	return func(func(event.Times, event.Body) bool) { t.Error("events were asked for") }
}

func story(t *testing.T) (id string, events []event.Event) {
	t.Helper()
	s := open(t)
	id = storetest.Fill(t, s, storetest.Options{})
	return id, all(t, s, id)
}

func listed(t *testing.T, s *store.Store) []store.Summary {
	t.Helper()
	list, err := s.Attempts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAnAdoptedAttemptIsOneLikeOthers(t *testing.T) {
	s, ctx := open(t), t.Context()
	id, events := story(t)
	created := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	create(t, s)
	added, err := s.Adopt(ctx, id, adopted, created, told(events))
	if err != nil || !added {
		t.Fatal(added, err)
	}
	if d := eventgen.Diff(events, all(t, s, id)); d != "" {
		t.Error(d)
	}
	m, err := s.Attempt(ctx, id[:20])
	if err != nil || m.Number != 2 || m.Agent != "another" || m.Status != event.StatusDone || !m.Created.Equal(created) || m.NodesDone != 3 {
		t.Errorf("%+v, %v", m, err)
	}
	if added, err := s.Adopt(ctx, id, adopted, created, untouched(t)); err != nil || added {
		t.Errorf("twice: %v, %v", added, err)
	}
	if err := s.Delete(ctx, id); err != nil {
		t.Fatal(err)
	}
	if list := listed(t, s); len(list) != 1 {
		t.Fatalf("%d attempts after deleting", len(list))
	}
	if added, err := s.Adopt(ctx, id, adopted, time.Time{}, told(events)); err != nil || !added {
		t.Errorf("after deleting: %v, %v", added, err)
	}
	if m, err := s.Attempt(ctx, "3"); err != nil || m.ID != id || m.Created.Before(created) {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestAnAttemptIsAdoptedWholeOrNotAtAll(t *testing.T) {
	s := open(t)
	id, events := story(t)
	stopped, stop := context.WithCancel(t.Context())
	for name, c := range map[string]struct {
		ctx    context.Context
		events iter.Seq2[event.Times, event.Body]
		words  string
	}{
		"no end":  {t.Context(), told(events[:len(events)/2]), "end before"},
		"nothing": {t.Context(), told(nil), "end before"},
		"stopped": {stopped, func(yield func(event.Times, event.Body) bool) {
			for t, b := range told(events) {
				if !yield(t, b) {
					return
				}
				stop()
			}
		}, context.Canceled.Error()},
	} {
		if added, err := s.Adopt(c.ctx, id, adopted, time.Time{}, c.events); err == nil || added || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v, %v", name, added, err)
		}
		if n, err := s.Query(`SELECT (SELECT count(*) FROM streams) + (SELECT count(*) FROM segments)`); err != nil || n != int64(0) {
			t.Errorf("%s: %v rows are left, %v", name, n, err)
		}
	}
	if _, err := s.Adopt(t.Context(), "../evil", adopted, time.Time{}, untouched(t)); err == nil {
		t.Error("an id that is a path was taken")
	}
	if added, err := s.Adopt(t.Context(), id, adopted, time.Time{}, told(events)); err != nil || !added {
		t.Errorf("after all that: %v, %v", added, err)
	}
	if m, err := s.Attempt(t.Context(), "1"); err != nil || m.ID != id {
		t.Errorf("the first number went to %+v, %v", m, err)
	}
}

func TestWhatAKilledProcessAdoptedByHalvesIsSeenByNobodyAndMadeAnew(t *testing.T) {
	s, ctx := open(t), t.Context()
	id, events := story(t)
	other := store.DerivedID(time.Time{}, []byte("the other one"))
	for _, left := range []string{id, other} {
		if added, err := s.Adopt(ctx, left, adopted, time.Time{}, told(events)); err != nil || !added {
			t.Fatal(added, err)
		}
	}
	if err := s.Exec(`UPDATE streams SET kind = 'adopting', number = NULL`); err != nil {
		t.Fatal(err)
	}
	if list := listed(t, s); len(list) != 0 {
		t.Errorf("%d attempts are listed", len(list))
	}
	if _, err := s.Attempt(ctx, id); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("found all the same: %v", err)
	}
	if added, err := s.Adopt(ctx, id, adopted, time.Time{}, told(events)); err != nil || !added {
		t.Fatal(added, err)
	}
	if d := eventgen.Diff(events, all(t, s, id)); d != "" {
		t.Error(d)
	}
	if n, err := s.Query(`SELECT count(*) FROM streams`); err != nil || n != int64(1) {
		t.Errorf("%v attempts are kept, %v", n, err)
	}
}

func TestTwoWhoAdoptOneAttemptDoNotMeet(t *testing.T) {
	home := t.TempDir()
	s, second := openAt(t, home), openAt(t, home)
	id, events := story(t)
	tried := false
	added, err := s.Adopt(t.Context(), id, adopted, time.Time{}, func(yield func(event.Times, event.Body) bool) {
		for at, b := range told(events) {
			if !yield(at, b) {
				return
			}
			if tried {
				continue
			}
			tried = true
			if added, err := second.Adopt(t.Context(), id, adopted, time.Time{}, untouched(t)); err == nil || added || !strings.Contains(err.Error(), "another pitwall") {
				t.Errorf("the second: %v, %v", added, err)
			}
		}
	})
	if err != nil || !added {
		t.Errorf("the first: %v, %v", added, err)
	}
	if d := eventgen.Diff(events, all(t, s, id)); d != "" {
		t.Error(d)
	}
}

func TestADerivedIDSortsByTimeAndIsTheSameForTheSame(t *testing.T) {
	early, late := time.UnixMilli(1_700_000_000_000), time.UnixMilli(1_700_000_000_001)
	a, b := store.DerivedID(early, []byte("zzzzzzzzzzzz")), store.DerivedID(late, []byte("aaaaaaaaaaaa"))
	if a >= b {
		t.Errorf("%s does not sort before %s", a, b)
	}
	if again := store.DerivedID(early, []byte("zzzzzzzzzzzz")); again != a {
		t.Errorf("%s, then %s", a, again)
	}
	if other := store.DerivedID(early, []byte("zzzzzzzzzyzz")); other == a {
		t.Error("another content has the same id")
	}
	if none := store.DerivedID(time.Time{}, []byte("zzzzzzzzzzzz")); len(none) != 26 || !strings.HasPrefix(none, "0000000000") {
		t.Errorf("without a time: %s", none)
	}
}
