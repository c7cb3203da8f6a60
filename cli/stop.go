package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"pitwall/store"
	"pitwall/store/event"
)

func (a *app) stopCmd() *cobra.Command {
	var run bool
	cmd := &cobra.Command{
		Use:   "stop ID",
		Short: "Stop a running attempt",
		Long:  "Stops an attempt and waits until nothing of it is left. It can be resumed. With --run only the run in flight is stopped, which then never counts, and the attempt goes on.",
		Args:  args(1, 1),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			if run {
				return a.order(ctx, s, args[0], event.OrderStopRun, event.StopRun{})
			}
			return a.stop(ctx, s, args[0])
		}),
	}
	cmd.Flags().BoolVar(&run, "run", false, "stop the run in flight only")
	return cmd
}

func (a *app) stop(ctx context.Context, s *store.Store, prefix string) error {
	sum, err := s.Attempt(ctx, prefix)
	if err != nil {
		return err
	}
	if _, err := s.Give(ctx, sum.ID, event.OrderStop, nil); err != nil {
		if errors.Is(err, store.ErrNotLive) {
			return fmt.Errorf("attempt %d is %s: there is nothing to stop", sum.Number, sum.Status)
		}
		return err
	}
	if err := s.AwaitEnd(ctx, sum.ID); err != nil {
		return fmt.Errorf("attempt %d was told to stop and has not ended yet", sum.Number)
	}
	return a.report(ctx, s, sum.ID)
}
