// Package ui is pitwall's screen: a fold over the events in the store. It asks
// no agent and no runner anything; what it starts, it starts through the
// functions it is given.
package ui

import (
	"context"
	"errors"
	"os/exec"
	"time"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
	"pitwall/taskdata/importer"
)

// Agent is an agent that can be chosen on the home screen.
type Agent struct {
	Name  string
	About string // one line
	Ready bool
	Why   string // why it is not ready, and the mend
	Model bool   // it is a language model, which Spec.Model names
	// Scaffolds says that a scaffold other than flat may choose its nodes. It holds
	// for every language model.
	Scaffolds bool
}

// Scaffold is a way in which nodes are chosen, with its own figures.
type Scaffold struct {
	Name   string
	About  string // half a line
	Search event.Search
}

// ModelChoice is a language model that can be chosen.
type ModelChoice struct {
	ID            string  // "provider/name"
	Context       int     // tokens that it takes in, 0 if unknown
	Input, Output float64 // US dollars a million tokens; NaN where unknown
	Ready         bool
	Why           string // why it is not ready, and the mend
}

// PromptPreview is the first prompt of an attempt.
type PromptPreview struct {
	Messages []event.Message
	Tokens   int      // estimated
	Hash     string   // of the templates that it is made of
	Left     []string // what was left out because it does not fit, in words
}

// EnvCheck is one thing that the runs of a task need on this machine.
type EnvCheck struct {
	Name  string // a word: "torch"
	Found string // what is there, or what is wrong
	OK    bool
	Mend  string // what to do; may be advice where OK is true, "" where there is nothing to do
}

// Options is what the screen is given.
type Options struct {
	Store   *store.Store
	Version string
	Agents  []Agent
	// Tasks are the records and tasks; nil for those that are embedded.
	Tasks *taskdata.Catalog

	// Start creates an attempt and starts a detached engine for it; Resume
	// starts one on an attempt that was interrupted or stopped, or failed.
	// Nil where this machine can only look.
	Start  func(context.Context, store.Spec) (id string, err error)
	Resume func(context.Context, string) error
	// Preflight says whether a run may be started here. Its error says what is
	// missing and the mend. May be nil.
	Preflight func(context.Context) error
	// Defaults gives what a task's track and an agent set where a person chooses
	// nothing. It must not be slow. Nil for the track's runs and one flat search.
	Defaults func(task, agent string) (store.Spec, error)
	// Scaffolds lists the scaffolds that can be chosen, the default first.
	Scaffolds []Scaffold
	// Models lists the language models that can be chosen. It may be slow, and may
	// give a part of them with the error that tells why others are missing. May be nil.
	Models func(context.Context) ([]ModelChoice, error)
	// Prompt gives the first prompt of an attempt exactly as it would be sent. It may
	// be slow, and is called off by its context when the choices change. May be nil.
	Prompt func(context.Context, store.Spec) (PromptPreview, error)
	// Machine gives a label of this machine. It may be slow, and may be nil.
	Machine func(context.Context) string
	// Environment says what the runs of a task on GPUs need here, and what of it is
	// there. It may be slow. May be nil.
	Environment func(ctx context.Context, task string) ([]EnvCheck, error)
	// Cost says in a line what the runs of an attempt take on GPUs, "" where they take
	// none. It may be slow. May be nil.
	Cost func(store.Spec) (string, error)
	// Import takes in what the directory at a path holds, a clone for one, and gives the
	// records and tasks as they are then, even where it fails half way. It may be slow.
	// May be nil.
	Import func(ctx context.Context, path string, progress func(importer.Progress)) (importer.Report, *taskdata.Catalog, error)
	// Editor opens a file in the person's editor, on the terminal. Nil where there is
	// none: then nothing can be written by hand.
	Editor func(path string) *exec.Cmd
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
