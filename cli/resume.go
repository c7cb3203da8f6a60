package cli

import (
	"context"
	"fmt"

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
			id, err := a.resumable(ctx, s, args[0])
			if err != nil {
				return err
			}
			return a.drive(ctx, s, id, detach, true)
		}),
	}
	cmd.Flags().BoolVar(&detach, "detach", false, "leave it running and return at once")
	return cmd
}

// resumable finds an attempt that an engine can go on with.
func (a *app) resumable(ctx context.Context, s *store.Store, prefix string) (string, error) {
	sum, err := s.Attempt(ctx, prefix)
	if err != nil {
		return "", err
	}
	switch sum.Status {
	case event.StatusDone:
		return "", fmt.Errorf("attempt %d is done; start another with: pitwall attempt %s", sum.Number, sum.Task)
	case event.StatusRunning, event.StatusQueued, event.StatusPaused:
		return "", fmt.Errorf("attempt %d is %s already; follow it with: pitwall watch %d", sum.Number, sum.Status, sum.Number)
	}
	return sum.ID, a.engine(s).Preflight(ctx, sum.Spec)
}
