package campaign

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pitwall/store"
	"pitwall/store/event"
)

const (
	// lookEvery is how often the store is asked how the attempts stand; where that
	// takes long, in a large campaign, the wait is lookShare times as long.
	lookEvery = 250 * time.Millisecond
	lookShare = 10
	// resumes is how often an attempt that failed is gone on with in one sweep.
	resumes = 2
	// orderAgain is when an engine that was told to stop is told once more: an
	// order given while it takes the lease reaches nobody.
	orderAgain = 2 * time.Second
	// stopPatience is what engines get to stop.
	stopPatience = time.Minute
)

// ErrStopped is the error of a sweep that a person stopped.
var ErrStopped = errors.New("the sweep was stopped")

// Attempts is what a sweep needs of a store.
type Attempts interface {
	CreateCell(ctx context.Context, campaign, cell string, spec store.Spec) (id string, err error)
	Cells(ctx context.Context, campaign string) (map[string]store.CellAttempt, error)
	Alive(id string) bool
}

// Sweep runs a campaign. Its fields are set before Run.
type Sweep struct {
	Attempts Attempts
	// Launch starts an engine of its own on an attempt, new or to be gone on with,
	// and returns once the engine holds it. The engine outlives the sweep.
	Launch func(ctx context.Context, id string) error
	// Stop tells the engine of an attempt to stop, and does not wait for it.
	// store.ErrNotLive says that there is none.
	Stop func(ctx context.Context, id string) error
	Jobs int          // attempts in flight at once; 0: one
	Tell func(Report) // is told how the campaign stands after each look; may be nil
}

// Run drives the campaign c, of which the store knows, until each of its cells
// has an attempt that is done, or can get none in this sweep: what is done is
// kept, what an engine works on is waited for, and what was interrupted, stopped
// or failed is gone on with. An attempt that fails is resumed twice more, after
// the others had their turn; one that a person stops meanwhile is left alone.
//
// The end of ctx stops the attempts in flight and makes the error ErrStopped; a
// used up total stops them and makes Report.Ended. Whenever the sweep is killed,
// what is in flight goes on by itself, and a later Run takes it up.
func (s *Sweep) Run(ctx context.Context, c store.Campaign) (Report, error) {
	r := &sweep{Sweep: s, campaign: c, byName: map[string]*work{}}
	for _, cell := range Cells(c.Plan) {
		w := &work{cell: cell, resumes: resumes}
		r.works = append(r.works, w)
		r.byName[cell.Name] = w
	}
	r.queue = slices.Clone(r.works)
	for {
		if err := r.look(context.WithoutCancel(ctx)); err != nil {
			return r.report, fmt.Errorf("%w; attempts in flight go on by themselves", err)
		}
		switch why := r.report.Spent(); {
		case r.over():
			return r.report, nil
		case ctx.Err() != nil:
			return r.halt(ctx, "stopped", ErrStopped)
		case why != "":
			return r.halt(ctx, why, nil)
		}
		for r.flying() < max(s.Jobs, 1) && ctx.Err() == nil {
			w := r.next()
			if w == nil {
				break
			}
			if err := r.start(ctx, w); err != nil && ctx.Err() == nil {
				return r.report, fmt.Errorf("%w; attempts in flight go on by themselves", err)
			}
		}
		r.wait(ctx)
	}
}

// sweep is a campaign while it runs.
type sweep struct {
	*Sweep
	campaign store.Campaign
	works    []*work // of all cells, in order
	byName   map[string]*work
	queue    []*work // those that wait for their turn
	looked   bool
	took     time.Duration // the last look
	report   Report
}

// work is a cell while its campaign runs.
type work struct {
	cell    Cell
	attempt *store.CellAttempt // as it was last seen; nil: there is none
	flying  bool               // an engine is at it, or was when last seen
	settled bool               // nothing more is done about it in this sweep
	resumes int                // that are left to it should it fail
	why     string             // what a person should know beside the attempt's own words
	told    time.Time          // when its engine was told to stop
}

// wait lets some time pass until the next look.
func (r *sweep) wait(ctx context.Context) {
	t := time.NewTimer(max(lookEvery, lookShare*r.took))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// look finds out how the attempts stand.
func (r *sweep) look(ctx context.Context) error {
	began := time.Now()
	defer func() { r.took = time.Since(began) }()
	// First who is alive: what is read after the end of an engine is its last word.
	dead := map[*work]bool{}
	for _, w := range r.works {
		if w.flying && !r.Attempts.Alive(w.attempt.ID) {
			dead[w] = true
		}
	}
	attempts, err := r.Attempts.Cells(ctx, r.campaign.ID)
	if err != nil {
		return err
	}
	for _, w := range r.works {
		a, ok := attempts[w.cell.Name]
		switch {
		case ok:
			w.attempt = &a
		case w.flying && !dead[w]:
			// Its engine has ended, and it was deleted, since: the next look tells.
		default:
			w.attempt = nil
		}
		switch {
		case dead[w]:
			r.landed(w)
		case !w.flying && !w.settled && w.attempt != nil:
			r.takeUp(w)
		}
	}
	r.looked = true
	r.giveUp()
	r.report = NewReport(r.campaign, attempts)
	r.report.Jobs = max(r.Jobs, 1)
	for i, w := range r.works {
		r.report.Rows[i].say(w.why)
	}
	if r.Tell != nil {
		r.Tell(r.report)
	}
	return nil
}

// say adds to why a row stands as it does.
func (r *Row) say(why string) {
	switch {
	case why == "":
	case r.Why == "":
		r.Why = why
	default:
		r.Why += " · " + why
	}
}

// takeUp takes over what others did of a cell in the queue: an earlier sweep, or
// a person meanwhile.
func (r *sweep) takeUp(w *work) {
	switch {
	case r.Attempts.Alive(w.attempt.ID), alive(*w.attempt):
		w.flying = true
	case w.attempt.Status == event.StatusDone:
		w.settled = true
	case w.attempt.Status == event.StatusFailed && !r.looked:
		w.resumes-- // its turn is the first of them
	}
	if w.settled || w.flying {
		w.why = ""
		r.leave(w)
	}
}

// alive reports whether an engine was at the attempt when it was read.
func alive(a store.CellAttempt) bool {
	switch a.Status {
	case event.StatusRunning, event.StatusPaused:
		return true
	case event.StatusQueued: // for the machine; before its first event it has just been made
		return a.Events > 0
	}
	return false
}

// leave takes a cell out of the queue.
func (r *sweep) leave(w *work) {
	r.queue = slices.DeleteFunc(r.queue, func(q *work) bool { return q == w })
}

// landed decides what becomes of a cell whose engine has ended.
func (r *sweep) landed(w *work) {
	if w.attempt == nil {
		w.flying, w.settled, w.why = false, true, "its attempt was deleted; the next sweep makes another"
		return
	}
	switch w.attempt.Status {
	case event.StatusDone:
		w.flying, w.settled, w.why = false, true, ""
	case event.StatusStopped:
		w.flying, w.settled = false, true
	case event.StatusFailed, event.StatusInterrupted:
		r.failed(w, "")
	}
	// Else it is queued still, or another engine has just taken it over.
}

// failed puts a cell behind the others, to be gone on with, or gives it up.
func (r *sweep) failed(w *work, why string) {
	w.flying, w.why = false, why
	if w.resumes == 0 {
		w.settled = true
		return
	}
	w.resumes--
	r.queue = append(r.queue, w)
}

// over reports whether nothing is left to do in this sweep.
func (r *sweep) over() bool { return r.flying() == 0 && len(r.queue) == 0 }

func (r *sweep) flying() int {
	n := 0
	for _, w := range r.works {
		if w.flying {
			n++
		}
	}
	return n
}

// giveUp gives up the cells that wait for one that was given up.
func (r *sweep) giveUp() {
	for i := 0; i < len(r.queue); i++ {
		w := r.queue[i]
		if before := r.byName[w.cell.Before]; w.attempt == nil && before != nil && before.settled && !before.done() {
			w.settled, w.why = true, "it would start from the result of "+before.cell.Name+", which is not done"
			r.leave(w)
			i = -1 // another may have waited for this one
		}
	}
}

// next takes the first cell out of the queue that can be begun, nil where none can.
func (r *sweep) next() *work {
	for _, w := range r.queue {
		if before := r.byName[w.cell.Before]; w.attempt != nil || before == nil || before.done() {
			r.leave(w)
			return w
		}
	}
	return nil
}

// done reports whether the cell has all that it can get.
func (w *work) done() bool {
	return w.settled && w.attempt != nil && w.attempt.Status == event.StatusDone
}

// start makes the attempt of a cell, if there is none, and starts an engine on it.
func (r *sweep) start(ctx context.Context, w *work) error {
	if w.attempt == nil {
		spec := w.cell.Spec()
		if before := r.byName[w.cell.Before]; before != nil && before.attempt.BestNode > 0 {
			spec.Carry = before.attempt.ID
		}
		id, err := r.Attempts.CreateCell(ctx, r.campaign.ID, w.cell.Name, spec)
		if err != nil {
			return err
		}
		w.attempt = &store.CellAttempt{Summary: store.Summary{ID: id, Spec: spec, Status: event.StatusQueued, BestNode: -1}}
	}
	w.flying, w.why = true, ""
	// An engine that is being started is seen to its start: else it could not be told to stop.
	if err := r.Launch(context.WithoutCancel(ctx), w.attempt.ID); err != nil && !r.Attempts.Alive(w.attempt.ID) {
		r.failed(w, err.Error())
	}
	return nil
}

// halt stops the attempts in flight, waits for their end, and ends the sweep.
func (r *sweep) halt(ctx context.Context, why string, with error) (Report, error) {
	ctx = context.WithoutCancel(ctx)
	for began := time.Now(); ; {
		var last *work
		for _, w := range r.works {
			if !w.flying {
				continue
			}
			last = w
			if time.Since(w.told) < orderAgain {
				continue
			}
			w.told = time.Now()
			if err := r.Stop(ctx, w.attempt.ID); err != nil && !errors.Is(err, store.ErrNotLive) {
				return r.report, errors.Join(with, err)
			}
		}
		if last == nil {
			r.report.Ended = why
			return r.report, with
		}
		if time.Since(began) > stopPatience {
			return r.report, errors.Join(with, fmt.Errorf("attempt %d was told to stop and has not ended yet; see to it with: pitwall watch %[1]d", last.attempt.Number))
		}
		r.wait(ctx)
		if err := r.look(ctx); err != nil {
			return r.report, errors.Join(with, err)
		}
	}
}
