package campaign

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"pitwall/store"
	"pitwall/store/event"
)

// errKilled is all that a killed sweep gets to see.
var errKilled = errors.New("killed")

// outcome is how an engine ends, after a time.
type outcome struct {
	status event.Standing // StatusRunning: it is killed
	after  time.Duration
	best   int
	fsr    float64
	cost   float64
	tokens int64
}

// bench is a store and its engines, in memory. It is meant for a synctest bubble:
// its engines end as time passes.
type bench struct {
	mu       sync.Mutex
	attempts map[string]*benched // by cell
	made     map[string]int      // attempts ever made for a cell
	launches map[string]int      // of each cell
	most     int                 // engines at once
	next     int64

	// engine says how the n-th engine of a cell does, n being 1, 2, …
	engine func(cell string, n int) outcome
	// stops says how long an engine takes to stop.
	stops time.Duration

	// calls until the sweep is killed, at the beginning or at the end of the call;
	// 0: it is not.
	calls int
	after bool
	dead  bool
}

type benched struct {
	store.CellAttempt
	cell string
	made time.Time
	says time.Time // when its engine's first events are kept
	ends time.Time // of its engine; zero: there is none
	then outcome
}

// latency is what an engine takes to its first event.
const latency = 700 * time.Millisecond

func newBench() *bench {
	return &bench{
		attempts: map[string]*benched{}, made: map[string]int{}, launches: map[string]int{},
		engine: func(string, int) outcome {
			return outcome{status: event.StatusDone, after: time.Minute, best: 1, fsr: 0.5}
		},
		stops: time.Second,
	}
}

// call counts a call of the sweep. It reports whether the call has an effect,
// and whether the sweep sees that.
func (b *bench) call() (acts, sees bool) {
	if b.dead {
		return false, false
	}
	if b.calls > 0 {
		if b.calls--; b.calls == 0 {
			b.dead = true
			return b.after, false
		}
	}
	return true, true
}

// settle brings the attempt to the present.
func (a *benched) settle() {
	if a.ends.IsZero() {
		return
	}
	if !time.Now().Before(a.says) && a.Status != event.StatusRunning {
		if a.Events == 0 {
			a.Cost = 0
		}
		a.Events++
		a.Status, a.Why = event.StatusRunning, ""
	}
	if time.Now().Before(a.ends) {
		return
	}
	a.ends = time.Time{}
	a.Status, a.Active = a.then.status, a.Active+a.then.after
	a.Tokens, a.Cost = a.Tokens+a.then.tokens, a.Cost+event.Float(a.then.cost)
	if a.Status == event.StatusDone {
		a.NodesDone = a.Nodes
		if a.then.best > 0 {
			a.BestNode, a.BestSeconds, a.FSR = a.then.best, 5, &a.then.fsr
		}
	}
	if a.Status == event.StatusFailed {
		a.Why = "it went wrong"
	}
}

// now gives what a store would give of the attempt.
func (a *benched) now() store.CellAttempt {
	a.settle()
	c := a.CellAttempt
	switch {
	case !a.ends.IsZero():
	case c.Status == event.StatusRunning, c.Status == event.StatusQueued && time.Since(a.made) >= 3*time.Second:
		c.Status = event.StatusInterrupted
	}
	return c
}

func (b *bench) CreateCell(_ context.Context, _, cell string, spec store.Spec) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	acts, sees := b.call()
	if acts && b.attempts[cell] == nil {
		b.next++
		b.made[cell]++
		b.attempts[cell] = &benched{cell: cell, made: time.Now(), CellAttempt: store.CellAttempt{Summary: store.Summary{
			ID: fmt.Sprintf("id%d", b.next), Number: b.next, Spec: spec, Status: event.StatusQueued, BestNode: -1, BestSeconds: event.NaN(), Cost: event.NaN(),
		}}}
	}
	if !sees {
		return "", errKilled
	}
	return b.attempts[cell].ID, nil
}

func (b *bench) Cells(context.Context, string) (map[string]store.CellAttempt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, sees := b.call(); !sees {
		return nil, errKilled
	}
	cells := map[string]store.CellAttempt{}
	for name, a := range b.attempts {
		cells[name] = a.now()
	}
	return cells, nil
}

func (b *bench) of(id string) *benched {
	for _, a := range b.attempts {
		if a.ID == id {
			a.settle()
			return a
		}
	}
	return &benched{}
}

func (b *bench) Alive(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.dead && !b.of(id).ends.IsZero()
}

// drop deletes the attempt of a cell, whatever it does.
func (b *bench) drop(cell string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.attempts, cell)
}

func (b *bench) Launch(_ context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	acts, sees := b.call()
	if acts {
		b.start(id)
	}
	if !sees {
		return errKilled
	}
	return nil
}

// start starts an engine on an attempt, unless it has one.
func (b *bench) start(id string) {
	a := b.of(id)
	if !a.ends.IsZero() {
		return
	}
	b.launches[a.cell]++
	a.then = b.engine(a.cell, b.launches[a.cell])
	a.ends = time.Now().Add(a.then.after)
	a.says = time.Now().Add(min(latency, a.then.after))
	running := 0
	for _, a := range b.attempts {
		if a.settle(); !a.ends.IsZero() {
			running++
		}
	}
	b.most = max(b.most, running)
}

func (b *bench) Stop(_ context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	acts, sees := b.call()
	if a := b.of(id); acts && !a.ends.IsZero() {
		if end := time.Now().Add(b.stops); end.Before(a.ends) {
			a.then = outcome{status: event.StatusStopped, after: a.then.after - a.ends.Sub(end)}
			a.ends = end
		}
	} else if acts && sees {
		return store.ErrNotLive
	}
	if !sees {
		return errKilled
	}
	return nil
}

// sweep runs a campaign on the bench.
func (b *bench) sweep(ctx context.Context, p store.Plan, jobs int) (Report, error) {
	s := Sweep{Attempts: b, Launch: b.Launch, Stop: b.Stop, Jobs: jobs}
	return s.Run(ctx, store.Campaign{ID: "c", Name: "a series", Plan: p})
}

// status gives the status of each cell, by name.
func (b *bench) status() map[string]event.Standing {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[string]event.Standing{}
	for cell, a := range b.attempts {
		all[cell] = a.now().Status
	}
	return all
}
