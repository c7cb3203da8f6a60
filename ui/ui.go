// Package ui is pitwall's screen: a fold over the events in the store. It asks
// no agent and no runner anything; what it starts, it starts through the
// functions it is given.
package ui

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
)

// Agent is an agent that can be chosen on the home screen.
type Agent struct {
	Name  string
	About string // one line
	Ready bool
	Why   string // why it is not ready, and the mend
}

// Options is what the screen is given.
type Options struct {
	Store   *store.Store
	Version string
	Agents  []Agent

	// Start creates an attempt and starts a detached engine for it; Resume
	// starts one on an attempt that was interrupted or stopped, or failed.
	// Nil where this machine can only look.
	Start  func(context.Context, store.Spec) (id string, err error)
	Resume func(context.Context, string) error
	// Preflight says whether a run may be started here. Its error says what is
	// missing and the mend. May be nil.
	Preflight func(context.Context) error
	// Machine gives a label of this machine. It may be slow, and may be nil.
	Machine func(context.Context) string
	// Track gives the track that home opens on, "" for none in particular. It may
	// be slow: home waits for nothing, and stays where a person has gone since.
	// May be nil.
	Track func(context.Context) string

	Open   string  // an attempt to open at once, "" for home
	Replay bool    // open it in replay, from its start
	Speed  float64 // of that replay, 0 for 1

	Now func() time.Time // nil for time.Now
}

// Run shows the screen until the person leaves it or ctx ends.
func Run(ctx context.Context, o Options) error {
	m := New(o)
	defer m.Close()
	p := tea.NewProgram(m, tea.WithContext(ctx), tea.WithFPS(120))
	_, err := p.Run()
	if errors.Is(err, tea.ErrInterrupted) || ctx.Err() != nil {
		return nil
	}
	return err
}
