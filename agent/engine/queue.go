package engine

import (
	"context"
	"errors"

	"pitwall/runner"
	"pitwall/store/event"
)

// held shows that a run waits, and for whom.
func (a *attempt) held(o order, who string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if who != a.holder {
		a.holder = who
		a.w.Emit(event.Waiting{Node: o.node, Purpose: o.purpose, Holder: who},
			event.Status{Status: event.StatusQueued, Why: "waits for the machine: " + who})
	}
}

// acquire takes the machine for several runs in a row. A run that goes on holds it
// already, for whatever is next.
func (a *attempt) acquire(ctx context.Context, o order) (runner.Hold, error) {
	if h := a.inherited.hold; h != nil {
		a.inherited.hold = nil
		return h, nil
	}
	lock, err := a.Machine.Acquire(ctx, a.label, func(why string) { a.held(o, why) })
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, err
	}
	a.placed()
	if err := a.clear(ctx, o); err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	return lock, nil
}

// placed ends waiting.
func (a *attempt) placed() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.holder != "" {
		a.holder = ""
		a.w.Emit(event.Status{Status: event.StatusRunning})
	}
}

// connection shows that the line to the machine broke, or that it is back.
func (a *attempt) connection(broken error) {
	if broken == nil {
		a.w.Emit(event.Notice{Level: "info", Text: "the line to " + a.Machine.Name() + " is back"})
		return
	}
	a.w.Emit(event.Notice{Level: "warn", Text: a.mask(broken.Error()) + "; what runs there goes on"})
}

// patient gives an engine whose machine is asked again while the line to it is down.
func (e *Engine) patient(told func(error)) *Engine {
	own := *e
	own.Machine = runner.Patient(e.Machine, told)
	return &own
}
