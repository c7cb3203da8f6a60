package runner

import (
	"context"

	"pitwall/runner/gpu"
)

// Patient gives a machine that is asked again for as long as the line to it is down.
// told (which may be nil) hears of a line that broke, once, and by nil of one that is
// back; calls may come from any goroutine. Follow is left as it is: Run and the
// function Follow go on over breaks by themselves.
func Patient(m Machine, told func(broken error)) Machine {
	if told == nil {
		told = func(error) {}
	}
	return &patient{Machine: m, sink: lineSink{told: told}}
}

type patient struct {
	Machine
	sink lineSink
}

// lineSink passes on what is told of the line.
type lineSink struct {
	Quiet
	told func(error)
}

func (s lineSink) Connection(broken error) { s.told(broken) }

func again[T any](ctx context.Context, p *patient, ask func() (T, error)) (v T, err error) {
	err = overBreaks(ctx, p.sink, func() (err error) {
		v, err = ask()
		return err
	})
	return v, err
}

func (p *patient) Describe(ctx context.Context) (HostInfo, error) {
	return again(ctx, p, func() (HostInfo, error) { return p.Machine.Describe(ctx) })
}

func (p *patient) Interpreter(ctx context.Context) (Python, error) {
	return again(ctx, p, func() (Python, error) { return p.Machine.Interpreter(ctx) })
}

func (p *patient) Put(ctx context.Context, path string, files map[string]string) error {
	return overBreaks(ctx, p.sink, func() error { return p.Machine.Put(ctx, path, files) })
}

func (p *patient) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	return again(ctx, p, func() ([]byte, error) { return p.Machine.Get(ctx, path, limit) })
}

func (p *patient) Remove(ctx context.Context, paths ...string) error {
	return overBreaks(ctx, p.sink, func() error { return p.Machine.Remove(ctx, paths...) })
}

func (p *patient) Program(ctx context.Context, name string) (Program, error) {
	return again(ctx, p, func() (Program, error) { return p.Machine.Program(ctx, name) })
}

func (p *patient) ListGPUs(ctx context.Context) ([]gpu.GPU, error) {
	return again(ctx, p, func() ([]gpu.GPU, error) { return p.Machine.ListGPUs(ctx) })
}

func (p *patient) ForeignOnGPUs(ctx context.Context) ([]gpu.Process, error) {
	return again(ctx, p, func() ([]gpu.Process, error) { return p.Machine.ForeignOnGPUs(ctx) })
}

func (p *patient) FollowGPUs(ctx context.Context, visible []string, sink func([]gpu.Device)) error {
	return overBreaks(ctx, p.sink, func() error { return p.Machine.FollowGPUs(ctx, visible, sink) })
}

func (p *patient) Ask(ctx context.Context, q Question) (Answer, error) {
	return again(ctx, p, func() (Answer, error) { return p.Machine.Ask(ctx, q) })
}

func (p *patient) Acquire(ctx context.Context, label string, onWait func(string)) (Hold, error) {
	return again(ctx, p, func() (Hold, error) { return p.Machine.Acquire(ctx, label, onWait) })
}

func (p *patient) TakeUp(ctx context.Context, ref Ref) (hold Hold, followable bool, err error) {
	err = overBreaks(ctx, p.sink, func() (err error) {
		hold, followable, err = p.Machine.TakeUp(ctx, ref)
		return err
	})
	return hold, followable, err
}
