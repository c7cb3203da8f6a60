package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"pitwall/store"
	"pitwall/store/event"
)

func (a *app) branchCmd() *cobra.Command {
	var again bool
	cmd := &cobra.Command{
		Use:   "branch ID NODE",
		Short: "Have the next node start from NODE",
		Long:  "Asks for a node that starts from NODE, before the scaffold's next choice. With --repeat NODE's own script is trained once more.",
		Args:  args(2, 2),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			n, err := strconv.Atoi(args[1])
			if err != nil {
				return usagef("node %q is not a number", args[1])
			}
			q := event.Asked{Node: n, Origin: event.OriginBranch}
			if again {
				q.Origin = event.OriginRepeat
			}
			return a.order(ctx, s, args[0], event.OrderAsk, q)
		}),
	}
	cmd.Flags().BoolVar(&again, "repeat", false, "train NODE's script once more, unchanged")
	return cmd
}
