package runner

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"
)

const (
	firstRetry = time.Second      // after a line broke
	lastRetry  = 30 * time.Second // between two tries, at the most
	// stopPatience is how long a run may take to end that was told to. A machine of its
	// own accord sees to it much sooner.
	stopPatience = 5 * time.Minute
)

// errNotStopped is the end of a run that was told to stop and did not.
var errNotStopped = errors.New("the run was told to stop and may still go on: look at the machine, then resume")

// Run has a job run on a machine and follows it until nothing of it is left, over
// breaks of the line. Cancelling ctx stops it. The error is nil when the script ran,
// however it ended; the reason is in the result. It is not nil when nothing ran, or
// when the end of the script was not seen (Lost, Taken).
func Run(ctx context.Context, m Machine, job Job, sink Sink) (Result, error) {
	ref, err := start(ctx, m, job, sink)
	if err != nil {
		why := StartFailed
		if ctx.Err() != nil {
			why = Stopped
		}
		return Result{Reason: why, ExitCode: -1, Err: err.Error(), ForeignLoad: math.NaN()}, err
	}
	return Follow(ctx, m, ref, sink)
}

func start(ctx context.Context, m Machine, job Job, sink Sink) (ref Ref, err error) {
	if err := job.check(); err != nil {
		return "", err
	}
	err = overBreaks(ctx, sink, func() (err error) {
		ref, err = m.Start(ctx, job)
		return err
	})
	return ref, err
}

// Follow follows a run from its beginning, as Run does.
func Follow(ctx context.Context, m Machine, ref Ref, sink Sink) (Result, error) {
	// The end of ctx is an order to the run, whose end is followed all the same.
	following, leave := context.WithCancelCause(context.WithoutCancel(ctx))
	var stopper sync.WaitGroup
	stopper.Go(func() {
		select {
		case <-following.Done():
			return
		case <-ctx.Done():
		}
		patient, enough := context.WithTimeoutCause(following, stopPatience, errNotStopped)
		defer enough()
		_ = overBreaks(patient, Quiet{}, func() error { return m.Stop(patient, ref) }) // Follow tells what came of it
		<-patient.Done()
		leave(context.Cause(patient))
	})
	p := &place{Sink: sink}
	var res Result
	err := overBreaks(following, sink, func() (err error) {
		res, err = m.Follow(following, ref, p.next, p)
		return err
	})
	given := errors.Is(context.Cause(following), errNotStopped)
	leave(nil)
	stopper.Wait()
	if err != nil && given {
		return Result{Reason: Lost, ExitCode: -1, Err: errNotStopped.Error(), ForeignLoad: math.NaN()}, errNotStopped
	}
	return res, err
}

// place is a sink that knows how far it has heard a run.
type place struct {
	Sink
	started bool
	next    int64
}

func (p *place) Started(ref Ref) {
	if !p.started {
		p.started = true
		p.Sink.Started(ref)
	}
}

func (p *place) Lines(lines []Line) {
	p.Sink.Lines(lines)
	p.next = lines[len(lines)-1].Next
}

// overBreaks does something again for as long as only the line is at fault, until ctx
// ends. The sink is told of a line that broke, and of one that is back.
func overBreaks(ctx context.Context, sink Sink, do func() error) error {
	wait, down := firstRetry, false
	for {
		err := do()
		var broken *TransportError
		if !errors.As(err, &broken) {
			if down {
				sink.Connection(nil)
			}
			return err
		}
		if !down {
			down = true
			sink.Connection(broken)
		}
		pause := wait
		if broken.After > 0 {
			pause = broken.After
		}
		wait = min(2*wait, lastRetry)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%w (%w)", context.Cause(ctx), err)
		case <-timer.C:
		}
	}
}

// Quiet is a sink that hears nothing, to be embedded by those that hear little.
type Quiet struct{}

// Queued, Started, Lines, Sample and Connection make it a Sink.

// Queued hears nothing.
func (Quiet) Queued(Ref, string) {}

// Started hears nothing.
func (Quiet) Started(Ref) {}

// Lines hears nothing.
func (Quiet) Lines([]Line) {}

// Sample hears nothing.
func (Quiet) Sample(Sample) {}

// Connection hears nothing.
func (Quiet) Connection(error) {}
