package main

import (
	"context"
	"os"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"pitwall/agent"
	"pitwall/runner"
	"pitwall/store"
	"pitwall/ui"
)

// screenOptions say where the screen opens.
type screenOptions struct {
	open   string // an attempt's prefix; "" for home
	replay bool
	speed  float64
}

func (a *app) screen(ctx context.Context, o screenOptions) error {
	if !term.IsTerminal(os.Stdin.Fd()) || !term.IsTerminal(os.Stdout.Fd()) {
		return usagef("the screen needs a terminal; without one use the commands, see pitwall --help")
	}
	return a.withStore(ctx, func(s *store.Store) error {
		if o.open != "" {
			sum, err := s.Attempt(ctx, o.open)
			if err != nil {
				return err
			}
			o.open = sum.ID
		}
		var agents []ui.Agent
		for _, k := range agent.Kinds() {
			agents = append(agents, ui.Agent{Name: k.Name, About: k.About, Ready: true})
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
		return ui.Run(ctx, ui.Options{
			Store: s, Version: buildVersion(), Agents: agents,
			Start: func(ctx context.Context, spec store.Spec) (string, error) { return a.begin(ctx, s, spec) },
			Resume: func(ctx context.Context, id string) error {
				id, err := a.resumable(ctx, s, id)
				if err != nil {
					return err
				}
				return a.launch(ctx, s, id)
			},
			Preflight: func(ctx context.Context) error {
				if err := runner.Supported(); err != nil {
					return err
				}
				_, err := runner.FindPython(ctx, a.getenv)
				return err
			},
			Machine: func(ctx context.Context) string { return agent.MachineLabel(runner.Host(ctx)) },
			Track:   homeTrack,
			Open:    o.open, Replay: o.replay, Speed: o.speed,
		})
	})
}

// begin creates an attempt and starts a detached engine on it.
func (a *app) begin(ctx context.Context, s *store.Store, spec store.Spec) (string, error) {
	if err := a.engine(s).Preflight(ctx, spec); err != nil {
		return "", err
	}
	id, err := s.Create(ctx, spec)
	if err != nil {
		return "", err
	}
	return id, a.launch(ctx, s, id)
}

func (a *app) watchCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "watch ID",
		Short: "Open the screen on an attempt",
		Args:  args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.screen(cmd.Context(), screenOptions{open: args[0]})
		},
	}
}

func (a *app) replayCmd() *cobra.Command {
	var speed float64
	cmd := &cobra.Command{
		Use:   "replay ID",
		Short: "Replay an attempt from its start",
		Args:  args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if speed < 0.5 || speed > 100 {
				return usagef("speed %g: choose between 0.5 and 100", speed)
			}
			return a.screen(cmd.Context(), screenOptions{open: args[0], replay: true, speed: speed})
		},
	}
	cmd.Flags().Float64Var(&speed, "speed", 1, "how many times as fast as it was, 0.5 to 100")
	return cmd
}
