package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"pitwall/store"
	"pitwall/store/event"
)

func (a *app) steerCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "steer ID NOTE",
		Short:   "Give the agent a note, which it reads with its next node",
		Example: `pitwall steer 3 "leave the learning rate alone; look at the inner loop"`,
		Args:    args(2, 1000),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			return a.order(ctx, s, args[0], event.OrderSteer, event.Steered{Text: strings.TrimSpace(strings.Join(args[1:], " "))})
		}),
	}
}
