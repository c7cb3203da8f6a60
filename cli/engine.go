package cli

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"pitwall/agent/engine"
	"pitwall/store"
)

// engineCmd is what a detached engine runs.
func (a *app) engineCmd() *cobra.Command {
	var goOn bool
	cmd := &cobra.Command{
		Use:    "_engine ID",
		Hidden: true,
		Args:   args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			signal.Ignore(syscall.SIGHUP)
			err := a.withStore(cmd.Context(), func(s *store.Store) error {
				e := a.engine(s)
				e.Go = goOn
				err := e.Run(cmd.Context(), args[0])
				a.warn(tidy(context.WithoutCancel(cmd.Context()), s))
				return err
			})
			if errors.Is(err, engine.ErrStopped) {
				return nil
			}
			if err != nil {
				fmt.Fprintln(a.err, time.Now().Format(time.RFC3339))
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&goOn, "go", false, "end a pause")
	return cmd
}
