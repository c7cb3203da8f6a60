package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"pitwall/store"
	"pitwall/store/patch"
)

func (a *app) diffCmd() *cobra.Command {
	var parent bool
	cmd := &cobra.Command{
		Use:     "diff ID [NODE]",
		Short:   "Print a node's change, as git apply takes it",
		Long:    "Prints the change of a node against node 0, or with --parent against its parent. NODE is the best valid one if not named, else the last.",
		Example: "pitwall script 1 0 > train.py && pitwall diff 1 | git apply",
		Args:    args(1, 2),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			st, sum, n, err := pick(ctx, s, args)
			if err != nil {
				return err
			}
			base := 0
			if parent {
				base = max(0, st.Nodes[n].Parent)
			}
			text := patch.Files(st.Files(base), st.Files(n))
			if a.json {
				return a.print(struct {
					ID      string `json:"id"`
					Node    int    `json:"node"`
					Against int    `json:"against"`
					Diff    string `json:"diff"`
				}{sum.ID, n, base, text})
			}
			_, err = fmt.Fprint(a.out, text)
			return err
		}),
	}
	cmd.Flags().BoolVar(&parent, "parent", false, "against the node's parent")
	return a.rawFlag(cmd)
}
