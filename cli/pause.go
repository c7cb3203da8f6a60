package cli

import (
	"context"

	"github.com/spf13/cobra"

	"pitwall/store"
	"pitwall/store/event"
)

func (a *app) pauseCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "pause ID",
		Short: "Pause an attempt",
		Long:  "Pauses an attempt before its next run and the next call of its model. A run in flight goes on to its end, since a timed run cannot be paused. It goes on with: pitwall resume ID",
		Args:  args(1, 1),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			return a.order(ctx, s, args[0], event.OrderPause, nil)
		}),
	}
}
