package cli

import (
	"context"

	"github.com/spf13/cobra"

	"pitwall/store"
	"pitwall/store/event"
)

func (a *app) resumeCmd() *cobra.Command {
	var detach bool
	cmd := &cobra.Command{
		Use:   "resume ID",
		Short: "Go on with a paused, interrupted, stopped or failed attempt",
		Args:  args(1, 1),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			if sum, err := s.Attempt(ctx, args[0]); err == nil && sum.Status == event.StatusPaused {
				return a.order(ctx, s, sum.ID, event.OrderGo, nil)
			}
			st := a.starter(s)
			id, err := st.Resumable(ctx, args[0])
			if err != nil {
				return err
			}
			if !detach {
				return a.drive(ctx, s, id, true)
			}
			if err := st.Launch(ctx, id, true); err != nil {
				return err
			}
			return a.report(ctx, s, id)
		}),
	}
	cmd.Flags().BoolVar(&detach, "detach", false, "leave it running and return at once")
	return cmd
}
