package cli

import (
	"context"
	"math"
	"os"

	"github.com/charmbracelet/x/term"

	"pitwall/agent"
	"pitwall/agent/engine"
	"pitwall/agent/rig"
	"pitwall/agent/scaffold"
	"pitwall/runner"
	"pitwall/store"
	"pitwall/taskdata"
	"pitwall/taskdata/importer"
	"pitwall/ui"
)

// opening says where the screen opens.
type opening struct {
	open   string // an attempt's prefix; "" for home
	replay bool
	speed  float64
}

func (a *app) screen(ctx context.Context, o opening) error {
	if !term.IsTerminal(os.Stdin.Fd()) || a.out.terminal == nil {
		return usagef("the screen needs a terminal; without one use the commands, see pitwall --help")
	}
	if !a.out.draws {
		return &usageError{errDumb}
	}
	return a.withStore(ctx, func(s *store.Store) error {
		if o.open != "" {
			sum, err := s.Attempt(ctx, o.open)
			if err != nil {
				return err
			}
			o.open = sum.ID
		}
		// Tidying may take a while: the screen does not wait for it, and hears of
		// its troubles when the terminal is free again.
		ctx, leave := context.WithCancel(ctx)
		tidied := make(chan error, 1)
		go func() { tidied <- tidy(ctx, s) }()
		defer func() {
			leave()
			a.warn(<-tidied)
		}()
		return ui.Run(ctx, a.screenOptions(s, o))
	})
}

// screenOptions wires the screen to what it shows and starts.
func (a *app) screenOptions(s *store.Store, o opening) ui.Options {
	// An engine knows the tasks that there were when it was made, and more may be
	// imported.
	now := func() *engine.Engine { return a.engine(s) }
	surveyor := a.surveyor()
	return ui.Options{
		Store: s, Version: a.version, Tasks: a.tasks(), Agents: agentChoices(now()), Scaffolds: scaffoldChoices(),
		Models:   func(ctx context.Context) ([]ui.ModelChoice, error) { return modelChoices(ctx, now()) },
		Prompt:   func(_ context.Context, spec store.Spec) (ui.PromptPreview, error) { return preview(now(), spec) },
		Defaults: func(task, by string) (store.Spec, error) { return a.defaults(now(), task, by) },
		Editor:   a.editor,
		Start:    func(ctx context.Context, spec store.Spec) (string, error) { return a.starter(s).Begin(ctx, spec) },
		Resume:   func(ctx context.Context, id string) error { return a.starter(s).Resume(ctx, id, false) },
		Preflight: func(ctx context.Context) error {
			return rig.Stop(rig.Basics(surveyor.Basics(ctx)))
		},
		Machine: func(ctx context.Context) string { return engine.MachineLabel(runner.Host(ctx)) },
		Track:   func(ctx context.Context) string { return homeTrack(ctx, a.machine()) },
		Environment: func(ctx context.Context, task string) ([]ui.EnvCheck, error) {
			return a.environment(ctx, surveyor, task)
		},
		Cost: func(spec store.Spec) (string, error) { return a.starter(s).Cost(spec) },
		Import: func(ctx context.Context, path string, progress func(importer.Progress)) (importer.Report, *taskdata.Catalog, error) {
			report, err := a.takeIn(ctx, s, path, "", progress)
			return report, a.tasks(), err
		},
		Open: o.open, Replay: o.replay, Speed: o.speed,
	}
}

// agentChoices lists the agents; one that is a language model is ready where a key
// or a local server is there.
func agentChoices(e *engine.Engine) []ui.Agent {
	var list []ui.Agent
	for _, k := range agent.Kinds() {
		c := ui.Agent{Name: k.Name, About: k.About, Ready: true, Model: k.Talks, Scaffolds: k.Scaffolded}
		if c.Model {
			if _, err := e.Model(""); err != nil {
				c.Ready, c.Why = false, err.Error()
			}
		}
		list = append(list, c)
	}
	return list
}

// defaults is newSpec with the model that is used where none is named.
func (a *app) defaults(e *engine.Engine, task, by string) (store.Spec, error) {
	spec, err := newSpec(a.tasks(), task, by)
	if err == nil && agent.KindOf(by).Talks {
		if m, err := e.Model(""); err == nil {
			spec.Model = m.ID()
		}
	}
	return spec, err
}

func scaffoldChoices() []ui.Scaffold {
	var list []ui.Scaffold
	for _, s := range scaffold.Scaffolds() {
		list = append(list, ui.Scaffold{Name: s.Name, About: s.About, Search: s.Search})
	}
	return list
}

// modelChoices lists the models of all providers that are ready, and what the
// others lack.
func modelChoices(ctx context.Context, e *engine.Engine) ([]ui.ModelChoice, error) {
	catalog, err := e.Catalog()
	if err != nil {
		return nil, err
	}
	var list []ui.ModelChoice
	for _, p := range catalog.Providers() {
		if !p.Ready {
			list = append(list, ui.ModelChoice{ID: p.Name + "/", Input: math.NaN(), Output: math.NaN(), Why: p.Why})
			continue
		}
		models, err := catalog.Models(ctx, p.Name)
		if err != nil {
			list = append(list, ui.ModelChoice{ID: p.Name + "/", Input: math.NaN(), Output: math.NaN(), Why: err.Error()})
			continue
		}
		for _, m := range models {
			c := ui.ModelChoice{ID: m.ID(), Context: m.Context, Input: math.NaN(), Output: math.NaN(), Ready: true}
			if m.Price != nil {
				c.Input, c.Output = m.Price.Input, m.Price.Output
			}
			list = append(list, c)
		}
	}
	return list, nil
}

func preview(e *engine.Engine, spec store.Spec) (ui.PromptPreview, error) {
	p, err := e.Preview(spec)
	return ui.PromptPreview{Messages: p.Messages, Tokens: p.Tokens, Hash: p.Hash, Left: p.Left}, err
}
