package engine

import (
	"context"
	"errors"

	"pitwall/runner"
	"pitwall/store/event"
)

// waiting shows that a run waits for the machine.
func (a *attempt) waiting(o order, h runner.Holder) { a.held(o, h.String()) }

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

// acquire takes the machine for several runs in a row.
func (a *attempt) acquire(ctx context.Context, o order) (*runner.MachineLock, error) {
	lock, err := runner.Acquire(ctx, a.Lock, a.label, func(h runner.Holder) { a.waiting(o, h) })
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
