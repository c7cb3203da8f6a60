package campaign

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"pitwall/store"
	"pitwall/store/event"
)

func TestASweepMakesAnAttemptForEachCellAndEndsWithAllDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		p := plan(2, 2, 2, 2)
		began := time.Now()
		r, err := b.sweep(t.Context(), p, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Totals(); got.Done != 16 || got.Cells != 16 || got.Left != 0 {
			t.Errorf("%+v", got)
		}
		for _, c := range Cells(p) {
			if b.made[c.Name] != 1 || b.launches[c.Name] != 1 || !reflect.DeepEqual(b.attempts[c.Name].Spec, c.Spec()) {
				t.Errorf("%s: %d attempts, %d engines, %+v", c.Name, b.made[c.Name], b.launches[c.Name], b.attempts[c.Name])
			}
		}
		if b.most != 1 {
			t.Errorf("%d engines at once, want 1", b.most)
		}
		// Between two attempts passes no more than a look takes.
		if took := time.Since(began); took > 16*(time.Minute+2*lookEvery) {
			t.Errorf("16 minutes of work took %s", took)
		}
	})
}

func TestJobsAreInFlightTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		if _, err := b.sweep(t.Context(), plan(2, 2, 2, 1), 3); err != nil || b.most != 3 {
			t.Errorf("%d engines at once, want 3; %v", b.most, err)
		}
	})
}

// TestWhateverIsKilledWheneverEachCellEndsWithOneAttemptThatIsDone kills the sweep
// at random calls, before or after they had an effect, and engines at random, lets
// engines fail now and then, and sweeps again until a sweep comes to its end.
func TestWhateverIsKilledWheneverEachCellEndsWithOneAttemptThatIsDone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := plan(rapid.IntRange(1, 3).Draw(rt, "tasks"), rapid.IntRange(1, 2).Draw(rt, "hints"), 1, rapid.IntRange(1, 2).Draw(rt, "seeds"))
		p.Cumulative = rapid.Bool().Draw(rt, "cumulative")
		jobs := rapid.IntRange(1, 3).Draw(rt, "jobs")
		// What is killed when: calls of each sweep, and the rest by chance.
		calls := rapid.SliceOfN(rapid.IntRange(1, 40), 0, 12).Draw(rt, "calls")
		chance := rapid.Uint64().Draw(rt, "chance")
		wrong := ""
		synctest.Test(t, func(t *testing.T) { wrong = killed(t.Context(), p, jobs, calls, rand.New(rand.NewPCG(chance, 1))) })
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

// killed runs sweeps that are killed after so many calls each, and then others to
// the end, and says what is wrong with what came of it.
func killed(ctx context.Context, p store.Plan, jobs int, calls []int, chance *rand.Rand) (wrong string) {
	b := newBench()
	b.engine = func(_ string, n int) outcome {
		o := outcome{status: event.StatusDone, after: time.Duration(chance.IntN(4000)) * time.Millisecond, best: chance.IntN(4) - 1}
		if n <= 2 { // a third one comes through
			o.status = []event.Standing{event.StatusDone, event.StatusDone, event.StatusFailed, event.StatusRunning}[chance.IntN(4)]
		}
		return o
	}
	for done := false; !done; {
		b.dead, b.calls, b.after = false, 0, chance.IntN(2) == 0
		if len(calls) > 0 {
			b.calls, calls = calls[0], calls[1:]
		}
		r, err := b.sweep(ctx, p, jobs)
		switch t := r.Totals(); {
		case b.dead:
			time.Sleep(time.Duration(chance.IntN(5000)) * time.Millisecond)
		case err != nil:
			return err.Error()
		case t.Done < t.Cells:
			return fmt.Sprintf("a sweep that nothing happened to ended with %+v: %v", t, b.status())
		default:
			done = true
		}
	}
	for _, c := range Cells(p) {
		a := b.attempts[c.Name]
		if b.made[c.Name] != 1 || a == nil || a.now().Status != event.StatusDone {
			return fmt.Sprintf("%s: %d attempts, %+v", c.Name, b.made[c.Name], a)
		}
		want := c.Spec()
		if before := b.attempts[c.Before]; before != nil && before.BestNode > 0 {
			want.Carry = before.ID
		}
		if !reflect.DeepEqual(a.Spec, want) {
			return fmt.Sprintf("%s was made with %+v, want %+v", c.Name, a.Spec, want)
		}
	}
	switch {
	case len(b.attempts) != len(Cells(p)):
		return fmt.Sprintf("%d attempts for %d cells", len(b.attempts), len(Cells(p)))
	case b.most > jobs:
		return fmt.Sprintf("%d engines at once, want %d at most", b.most, jobs)
	}
	return ""
}

func TestAnAttemptThatFailsIsResumedTwiceAfterTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		p := plan(1, 1, 1, 3)
		bad := Cells(p)[0].Name
		var order []string
		b.engine = func(cell string, n int) outcome {
			order = append(order, cell[len(cell)-1:])
			if cell == bad {
				return outcome{status: event.StatusFailed, after: time.Second}
			}
			return outcome{status: event.StatusDone, after: time.Second}
		}
		r, err := b.sweep(t.Context(), p, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(order, ""); got != "12311" {
			t.Errorf("engines were started for the cells %s, want 12311", got)
		}
		if got := r.Totals(); got.Done != 2 || got.Failed != 1 || r.Rows[0].Why != "it went wrong" {
			t.Errorf("%+v, because %q", got, r.Rows[0].Why)
		}
		// The next sweep resumes it twice again.
		order = nil
		if r, err = b.sweep(t.Context(), p, 1); err != nil || r.Totals().Failed != 1 || strings.Join(order, "") != "11" {
			t.Errorf("the second sweep started %v and left %+v, %v", order, r.Totals(), err)
		}
	})
}

func TestAnEngineThatCannotBeStartedIsToldAndTheSweepGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		p := plan(1, 1, 1, 2)
		tried := 0
		s := Sweep{Attempts: b, Stop: b.Stop, Launch: func(ctx context.Context, id string) error {
			if id == "id1" {
				tried++
				return errors.New("the engine ended at once: no python3")
			}
			return b.Launch(ctx, id)
		}}
		r, err := s.Run(t.Context(), store.Campaign{ID: "c", Plan: p})
		if err != nil || tried != 1+resumes {
			t.Errorf("tried %d times, %v", tried, err)
		}
		if r.Rows[0].Why != "the engine ended at once: no python3" || r.Rows[1].Status() != event.StatusDone {
			t.Errorf("%q, %s", r.Rows[0].Why, r.Rows[1].Status())
		}
	})
}

func TestCtrlCStopsWhatIsInFlightAndTheNextSweepGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		p := plan(2, 1, 1, 2)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(90*time.Second, cancel) // in the middle of the third and fourth
		r, err := b.sweep(ctx, p, 2)
		if !errors.Is(err, ErrStopped) {
			t.Fatalf("%v", err)
		}
		if got := r.Totals(); got.Done != 2 || got.Stopped != 2 || got.Missing != 0 {
			t.Errorf("%+v: %v", got, b.status())
		}
		if r, err = b.sweep(t.Context(), p, 2); err != nil || r.Totals().Done != 4 {
			t.Errorf("%+v, %v", r.Totals(), err)
		}
		for cell, n := range b.made {
			if n != 1 {
				t.Errorf("%s has %d attempts", cell, n)
			}
		}
	})
}

func TestAnEngineThatDoesNotStopIsToldAgainAndThenNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.engine = func(string, int) outcome { return outcome{status: event.StatusDone, after: time.Hour} }
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		told := 0
		s := Sweep{Attempts: b, Launch: b.Launch, Stop: func(context.Context, string) error { told++; return nil }}
		_, err := s.Run(ctx, store.Campaign{ID: "c", Plan: plan(1, 1, 1, 2)})
		if !errors.Is(err, ErrStopped) || !strings.Contains(err.Error(), "attempt 1 was told to stop and has not ended yet") || told < 10 {
			t.Errorf("told %d times: %v", told, err)
		}
	})
}

func TestWhatAKilledSweepLeftInFlightIsTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		p := plan(2, 1, 1, 1)
		b.calls, b.after = 3, true // Cells, CreateCell, Launch
		if _, err := b.sweep(t.Context(), p, 1); !b.dead {
			t.Fatalf("it was not killed: %v", err)
		}
		time.Sleep(30 * time.Second)
		b.dead = false
		r, err := b.sweep(t.Context(), p, 1)
		if err != nil || r.Totals().Done != 2 {
			t.Fatalf("%+v, %v", r.Totals(), err)
		}
		for cell, n := range b.launches {
			if n != 1 {
				t.Errorf("%s had %d engines", cell, n)
			}
		}
	})
}

func TestWhatAPersonStopsMeanwhileIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		p := plan(1, 1, 1, 2)
		time.AfterFunc(10*time.Second, func() { _ = b.Stop(context.Background(), "id1") })
		r, err := b.sweep(t.Context(), p, 1)
		if err != nil || r.Rows[0].Status() != event.StatusStopped || r.Rows[1].Status() != event.StatusDone {
			t.Fatalf("%v, %v", b.status(), err)
		}
		if r, err = b.sweep(t.Context(), p, 1); err != nil || r.Totals().Done != 2 {
			t.Errorf("the next sweep: %v, %v", b.status(), err)
		}
	})
}

func TestAnAttemptThatIsDeletedMeanwhileIsMadeByTheNextSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		p := plan(1, 1, 1, 2)
		first := Cells(p)[0].Name
		time.AfterFunc(10*time.Second, func() { b.drop(first) })
		r, err := b.sweep(t.Context(), p, 1)
		if err != nil || r.Rows[0].Status() != StatusMissing || !strings.Contains(r.Rows[0].Why, "deleted") {
			t.Fatalf("%s, %q, %v", r.Rows[0].Status(), r.Rows[0].Why, err)
		}
		if r, err = b.sweep(t.Context(), p, 1); err != nil || r.Totals().Done != 2 {
			t.Errorf("the next sweep: %v, %v", b.status(), err)
		}
	})
}

func TestAChainStartsEachTaskFromTheResultBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		p := plan(3, 1, 1, 1)
		p.Cumulative = true
		b.engine = func(cell string, _ int) outcome {
			o := outcome{status: event.StatusDone, after: time.Second, best: 2}
			if strings.HasPrefix(cell, "micro/2") {
				o.best = -1
			}
			return o
		}
		r, err := b.sweep(t.Context(), p, 3)
		if err != nil || b.most != 1 {
			t.Fatalf("%d at once, %v", b.most, err)
		}
		var carry, why []string
		for _, row := range r.Rows {
			carry, why = append(carry, row.Attempt.Carry), append(why, row.Why)
		}
		if want := []string{"", "id1", ""}; !reflect.DeepEqual(carry, want) {
			t.Errorf("carried %q, want %q", carry, want)
		}
		if want := []string{"", "from attempt 1", "from the record: attempt 2 has no valid node"}; !reflect.DeepEqual(why, want) {
			t.Errorf("the table says %q, want %q", why, want)
		}
	})
}

func TestAChainWaitsForWhatIsNotDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		p := plan(3, 1, 1, 2)
		p.Cumulative = true
		mended := false
		b.engine = func(cell string, _ int) outcome {
			o := outcome{status: event.StatusDone, after: time.Second, best: 1}
			if strings.HasPrefix(cell, "micro/1") && strings.HasSuffix(cell, " 1") && !mended {
				o.status = event.StatusFailed
			}
			return o
		}
		r, err := b.sweep(t.Context(), p, 1)
		if got := r.Totals(); err != nil || got.Done != 3 || got.Failed != 1 || got.Missing != 2 {
			t.Fatalf("%+v, %v", got, err)
		}
		for _, row := range r.Rows {
			if row.Attempt == nil && !strings.Contains(row.Why, "it would start from the result of micro/") {
				t.Errorf("%s waits because %q", row.Name, row.Why)
			}
		}
		mended = true
		if r, err = b.sweep(t.Context(), p, 1); err != nil || r.Totals().Done != 6 {
			t.Errorf("the next sweep: %v, %v", b.status(), err)
		}
	})
}

func TestATotalEndsTheSweepCleanlyAndALargerOneGoesOn(t *testing.T) {
	each := outcome{status: event.StatusDone, after: time.Minute, best: 1, cost: 1, tokens: 1000}
	for name, c := range map[string]struct {
		total, more store.PlanTotal
		says        string
	}{
		"cost":   {store.PlanTotal{Cost: 2}, store.PlanTotal{Cost: 100}, "total of $2 is used up ($2.00): raise [total] cost"},
		"tokens": {store.PlanTotal{Tokens: 1500}, store.PlanTotal{}, "total of 1500 tokens is used up (2000): raise [total] tokens"},
		"wall":   {store.PlanTotal{WallMS: 100_000}, store.PlanTotal{WallMS: 1e9}, "total of 1 min 40 s is used up: raise [total] wall"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench()
				b.engine = func(_ string, n int) outcome { return each }
				p := plan(1, 1, 1, 6)
				p.Total = c.total
				r, err := b.sweep(t.Context(), p, 1)
				if err != nil || !strings.Contains(r.Ended, c.says) {
					t.Fatalf("it ended with %q, %v", r.Ended, err)
				}
				for cell, status := range b.status() {
					if status != event.StatusDone && status != event.StatusStopped {
						t.Errorf("%s was left %s", cell, status)
					}
				}
				if got := r.Totals(); got.Done < 2 || got.Missing == 0 || got.Live > 0 {
					t.Errorf("%+v", got)
				}
				p.Total = c.more
				if r, err = b.sweep(t.Context(), p, 1); err != nil || r.Ended != "" || r.Totals().Done != 6 {
					t.Errorf("with more: %+v, %q, %v", r.Totals(), r.Ended, err)
				}
			})
		})
	}
}

func TestATotalOfMoneyEndsWithACostThatIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.engine = func(string, int) outcome {
			return outcome{status: event.StatusDone, after: time.Minute, cost: math.NaN(), tokens: 5}
		}
		p := plan(1, 1, 1, 3)
		p.Total.Cost = 5
		r, err := b.sweep(t.Context(), p, 1)
		if err != nil || !strings.Contains(r.Ended, "what attempt 1 costs is not known") {
			t.Errorf("%q, %v", r.Ended, err)
		}
		p.Total.Cost = 0
		if r, err = b.sweep(t.Context(), p, 1); err != nil || r.Totals().Done != 3 || r.Totals().Unpriced != 3 {
			t.Errorf("%+v, %v", r.Totals(), err)
		}
	})
}

func TestAStoreThatFailsEndsTheSweepAndLeavesWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		full := errors.New("the disk is full; free some space and try again")
		s := Sweep{Attempts: failing{b, full}, Launch: b.Launch, Stop: func(context.Context, string) error { t.Error("stopped"); return nil }, Jobs: 2}
		_, err := s.Run(t.Context(), store.Campaign{ID: "c", Plan: plan(1, 1, 1, 3)})
		if !errors.Is(err, full) || !strings.Contains(err.Error(), "attempts in flight go on by themselves") {
			t.Errorf("%v", err)
		}
		if s := b.status(); len(s) != 1 {
			t.Errorf("%v", s)
		}
	})
}

// failing is a bench whose store takes one attempt.
type failing struct {
	*bench
	err error
}

func (f failing) CreateCell(ctx context.Context, campaign, cell string, spec store.Spec) (string, error) {
	if len(f.attempts) > 0 {
		return "", f.err
	}
	return f.bench.CreateCell(ctx, campaign, cell, spec)
}

// TestASweepOverAStore runs a campaign over a real store, with engines that do
// nothing but say that they are done.
func TestASweepOverAStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		p := plan(2, 2, 1, 2)
		p.Cumulative = true
		c := store.Campaign{ID: ID(p), Name: "a series", Plan: p}
		if _, err := s.PutCampaign(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		launches := map[string]int{}
		sweep := Sweep{Attempts: s, Jobs: 2, Stop: func(context.Context, string) error { return store.ErrNotLive }, Launch: func(ctx context.Context, id string) error {
			launches[id]++
			w, err := s.Lease(ctx, id)
			if err != nil {
				return err
			}
			w.Emit(event.Status{Status: event.StatusRunning})
			if launches[id] > 1 || len(launches)%3 > 0 { // each third is killed the first time
				w.Emit(event.Status{Status: event.StatusDone})
			}
			return w.Close(ctx)
		}}
		r, err := sweep.Run(t.Context(), c)
		if err != nil || r.Totals().Done != 8 {
			t.Fatalf("%+v, %v", r.Totals(), err)
		}
		list, err := s.Attempts(t.Context())
		if err != nil || len(list) != 8 {
			t.Errorf("%d attempts of 8 cells, %v", len(list), err)
		}
		before := fmt.Sprint(launches)
		if r, err = sweep.Run(t.Context(), c); err != nil || r.Totals().Done != 8 || fmt.Sprint(launches) != before {
			t.Errorf("a second sweep started engines: %v after %s, %v", launches, before, err)
		}
	})
}
