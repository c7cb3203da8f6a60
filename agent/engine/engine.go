// Package engine drives an attempt: calibrate, choose, have the node written, check,
// train, judge, confirm. What is still missing it reads off the attempt's own events,
// so that it needs no state on disk beside them and a resume goes on from the last
// whole node.
//
// Run owns one goroutine that looks for orders and for a failing store (watch), and
// while an attempt lasts: one that calibrates while the first node is written, one for
// each node that is being written beside the one that trains, and one that follows the
// GPUs of a run. All of them end before Run returns. They tell each other nothing:
// what one of them finds out becomes an event, and the others read the fold
// (store.Writer.State). A person's orders reach them through hand, which wakes
// whoever waits for a word.
package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"pitwall/agent"
	"pitwall/agent/rig"
	"pitwall/agent/scaffold"
	"pitwall/runner"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// Engine drives attempts. Its fields are set before the first call and not
// changed afterwards.
type Engine struct {
	Store   *store.Store
	Machine runner.Machine      // where scripts train
	Getenv  func(string) string // for the keys of models
	Version string              // of pitwall, kept with each attempt
	Pace    time.Duration       // between the pieces in which a ready edit is shown; 0 at once
	// Go lets an attempt that was paused go on when its engine is started anew.
	Go bool
	// Patience is how long a model's endpoint may fail in a row; 0 for the default.
	Patience time.Duration
	// Wait waits before a failed request is sent again; nil for a timer.
	Wait func(context.Context, time.Duration) error

	// Tasks are the records and tasks with what was imported; nil for what is embedded.
	Tasks *taskdata.Catalog

	// Where tasks and agents come from and who checks the rules; nil for
	// Tasks, package taskdata's and this package's own.
	FindTask func(id string) (taskdata.Task, taskdata.Track, error)
	NewAgent func(name string, task taskdata.Task, py taskdata.Interpreter) (agent.Agent, error)
	Check    func(ctx context.Context, python taskdata.Interpreter, task taskdata.Task, dir string) ([]taskdata.Violation, error)
}

// findTask gives the task of a spec, with the scripts and hints that it names.
func (e *Engine) findTask(spec store.Spec) (taskdata.Task, taskdata.Track, error) {
	if e.FindTask != nil {
		return e.FindTask(spec.Task)
	}
	tasks := e.Tasks
	if tasks == nil {
		tasks = taskdata.Embedded()
	}
	task, err := tasks.FindTask(spec.Task)
	if err != nil {
		return task, taskdata.Track{}, err
	}
	track, err := taskdata.FindTrack(task.From.Track)
	if err != nil {
		return task, track, err
	}
	if task, err = task.WithSource(spec.Scripts); err != nil {
		return task, track, &agent.ChoiceError{Err: err}
	}
	if task, err = task.WithHints(spec.Hints); err != nil {
		return task, track, &agent.ChoiceError{Err: err}
	}
	if spec.OwnHint != nil {
		task = task.WithHintText(spec.OwnHint.Title, spec.OwnHint.Text)
	}
	return task, track, task.Load()
}

func (e *Engine) newAgent(spec store.Spec, task taskdata.Task, py taskdata.Interpreter) (agent.Agent, error) {
	switch {
	case agent.KindOf(spec.Agent).Talks:
		return agent.NewLLM(spec.Reflections), nil // what it speaks with comes with open
	case e.NewAgent != nil:
		return e.NewAgent(spec.Agent, task, py)
	}
	return agent.New(spec.Agent, task, py)
}

func (e *Engine) rules(ctx context.Context, python taskdata.Interpreter, task taskdata.Task, dir string) ([]taskdata.Violation, error) {
	if e.Check != nil {
		return e.Check(ctx, python, task, dir)
	}
	return taskdata.Check(ctx, python, task, dir)
}

// torchPatience bounds how long an interpreter may take to say which torch it has.
const torchPatience = 2 * time.Minute

// orderEvery is how often orders are looked for: an order is taken up within 200 ms.
const orderEvery = 100 * time.Millisecond

// Causes for which an attempt ends before its time.
var (
	// ErrStopped is the cause of a context that a person cancelled.
	ErrStopped = errors.New("stopped by order")
	// errStore: the store takes no more events; the attempt stays resumable.
	errStore = errors.New("the store cannot be written")
)

// attempt is an attempt in flight.
type attempt struct {
	*Engine
	id    string
	epoch int64
	label string // for those who wait for the machine
	dir   string // node directories, gone at the end
	w     *store.Writer
	spec  store.Spec
	means
	host      runner.HostInfo
	cal       measured
	hand      *hand
	from      carried
	inherited inherited

	opened chan struct{} // closed once all of the above is set

	calls     atomic.Int64 // to models, so far
	questions sync.Mutex   // held while a person is asked

	mu     sync.Mutex
	holder string      // who was waited for last, "" when nobody is
	main   event.Phase // what is waited for; another may show for a while
}

// means is what an attempt is run with.
type means struct {
	task   taskdata.Task
	track  taskdata.Track
	python runner.Python
	reader taskdata.Interpreter // the same, for programs of ours over the text of scripts
	agent  agent.Agent

	searchFigures event.Search
	voices
	rig *rig.Rig // nil on a track without GPUs
}

// Preflight reports what is missing to run an attempt of spec here, with the mend.
func (e *Engine) Preflight(ctx context.Context, spec store.Spec) error {
	_, err := e.prepare(ctx, spec)
	return err
}

// prepare finds all that an attempt of spec needs here. Wrong choices are told
// before what the machine lacks.
func (e *Engine) prepare(ctx context.Context, spec store.Spec) (means, error) {
	var m means
	var err error
	if m.task, m.track, err = e.findTask(spec); err != nil {
		return m, err
	}
	if !m.task.Ready {
		return m, fmt.Errorf("task %s cannot be run yet: %s", m.task.ID(), m.task.Why)
	}
	if err := e.choices(spec, m.task); err != nil {
		return m, &agent.ChoiceError{Err: err}
	}
	facts := rig.NewSurveyor(e.Machine, e.Store.Home(), torchPatience).Look(ctx, m.task, m.track)
	if err := rig.Stop(rig.Needs(m.task, m.track, facts)); err != nil {
		return m, err
	}
	m.python, m.rig = facts.Python, facts.Rig()
	m.reader = rig.Interpreter(e.Machine, m.python)
	if m.searchFigures, err = scaffold.SearchOf(spec.Scaffold, spec.Search); err != nil {
		return m, err
	}
	if m.voices, err = e.listen(spec); err != nil {
		return m, err
	}
	m.agent, err = e.newAgent(spec, m.task, m.reader)
	return m, err
}

// choices says which value of a spec is none of those that can be chosen.
func (e *Engine) choices(spec store.Spec, task taskdata.Task) error {
	if _, err := task.HintText(taskdata.Hint(spec.Hint)); err != nil {
		return err
	}
	if _, err := scaffold.SearchOf(spec.Scaffold, spec.Search); err != nil {
		return err
	}
	if _, err := e.newAgent(spec, task, taskdata.Interpreter{}); err != nil {
		return err
	}
	if err := checkTalk(spec); err != nil {
		return err
	}
	switch {
	case spec.Nodes < 1 || spec.Nodes > 1000:
		return fmt.Errorf("%d nodes: choose between 1 and 1000", spec.Nodes)
	case spec.Calibrate < 1 || spec.Confirm < 0:
		return fmt.Errorf("calibrate %d, confirm %d: at least 1 and 0 runs are needed", spec.Calibrate, spec.Confirm)
	case e.Machine != nil && spec.Runner != e.Machine.Name():
		return fmt.Errorf("no runner %q; there is %s", spec.Runner, e.Machine.Name())
	case agent.KindOf(spec.Agent).Searches && spec.Scaffold != scaffold.Flat:
		return fmt.Errorf("the %s searches by itself: leave the scaffold at %s", spec.Agent, scaffold.Flat)
	case spec.Parallel < 0 || spec.Parallel > 16:
		return fmt.Errorf("%d nodes at a time: choose between 1 and 16", spec.Parallel)
	case spec.Hopeless != 0 && !(spec.Hopeless >= 1.05 && spec.Hopeless <= 100):
		return fmt.Errorf("runs are hopeless at %g times the record's time: choose 1.05 or more, 0 to stop none", spec.Hopeless)
	}
	return nil
}

// Run drives the attempt id, from its beginning or from where an earlier engine
// left it, until it has a final status. Cancelling ctx stops it. It returns nil
// when the attempt is done, ErrStopped when it was stopped, and otherwise what
// went wrong; the attempt's status tells the same, except where the store itself
// failed: then it reads interrupted and can be resumed.
func (e *Engine) Run(ctx context.Context, id string) (err error) {
	w, err := e.Store.Lease(ctx, id)
	if err != nil {
		return err
	}
	defer func() {
		// The caller's context may be over; what happened is kept all the same.
		err = errors.Join(err, w.Close(context.WithoutCancel(ctx)))
	}()
	a := &attempt{id: id, w: w, dir: filepath.Join(e.Store.Home(), "work", id), hand: newHand(), opened: make(chan struct{})}
	a.Engine = e.patient(a.connection)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer a.sweep(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { a.watch(ctx, cancel) })
	err = a.drive(ctx)
	if errors.Is(context.Cause(ctx), errStore) {
		err = w.Err()
	} else {
		err = a.finish(ctx, err)
	}
	cancel(nil)
	watch.Wait()
	return err
}

// watch takes up orders and notices when the store fails.
func (a *attempt) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(orderEvery)
	defer tick.Stop()
	var waiting []store.Order // until the attempt is open; all but the order to stop
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.w.Failed():
			cancel(errStore)
			return
		case <-tick.C:
		}
		orders, err := a.w.Orders(ctx)
		if err != nil {
			continue // a store that is gone shows in Failed
		}
		waiting = append(waiting, orders...)
		orders, waiting = waiting, nil
		for _, o := range orders {
			if o.Name != event.OrderStop && !a.isOpen() {
				waiting = append(waiting, o)
				continue
			}
			result := a.take(o, cancel)
			a.w.Emit(event.Order{ID: o.ID, Name: o.Name, Result: result})
			// The order may just have ended ctx; that it was taken is kept all the same. What
			// came of it is kept before anybody is told, so that no kill takes it back.
			kept := context.WithoutCancel(ctx)
			if a.w.Flush(kept) != nil || a.w.Finish(kept, o.ID, result) != nil {
				break
			}
		}
	}
}

// isOpen reports whether all that orders are about is there.
func (a *attempt) isOpen() bool {
	select {
	case <-a.opened:
		return true
	default:
		return false
	}
}

// finish gives the attempt its final status.
func (a *attempt) finish(ctx context.Context, err error) error {
	if err != nil && context.Cause(ctx) != nil {
		err = ErrStopped
	}
	switch {
	case err == nil:
		a.w.Emit(event.Phase{Phase: event.PhaseFinished}, event.Status{Status: event.StatusDone})
	case errors.Is(err, ErrStopped):
		a.w.Emit(event.Status{Status: event.StatusStopped, Why: "stopped by order"})
	default:
		a.w.Emit(event.Status{Status: event.StatusFailed, Why: err.Error()})
	}
	if ferr := a.w.Flush(context.WithoutCancel(ctx)); ferr != nil {
		return errors.Join(err, ferr)
	}
	return err
}

// drive is the loop of an attempt.
func (a *attempt) drive(ctx context.Context) error {
	if err := a.open(ctx); err != nil {
		return err
	}
	close(a.opened)
	calibrated := func() error { return nil }
	if found, err := a.recall(ctx); err != nil {
		return err
	} else if !found {
		// The first nodes need nothing that calibration finds out, so the agent
		// writes them while the records train.
		var cal sync.WaitGroup
		defer cal.Wait()
		calCtx, end := context.WithCancel(ctx)
		defer end()
		done := make(chan error, 1)
		cal.Go(func() {
			err := a.calibrate(calCtx)
			if err == nil {
				a.announceFirst() // that is what is waited for now
			}
			done <- err
		})
		calibrated = sync.OnceValue(func() error { return <-done })
	}
	if err := a.search(ctx, calibrated); err != nil {
		return err
	}
	if err := a.confirm(ctx); err != nil {
		return err
	}
	return a.judgeBest(ctx)
}

// announceFirst says that the first node is still waited for.
func (a *attempt) announceFirst() {
	n := a.w.State().Node(1)
	switch {
	case n == nil || n.Checked:
	case a.hand.awaited() == 1:
		a.phase(event.Phase{Phase: event.PhaseAwaiting, Node: 1, Detail: yours})
	default:
		a.phase(event.Phase{Phase: event.PhaseWriting, Node: 1})
	}
}
