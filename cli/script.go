package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"pitwall/store"
)

func (a *app) scriptCmd() *cobra.Command {
	return a.rawFlag(&cobra.Command{
		Use:   "script ID [NODE]",
		Short: "Print a node's whole script",
		Args:  args(1, 2),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			st, sum, n, err := pick(ctx, s, args)
			if err != nil {
				return err
			}
			if len(st.Sources) == 0 {
				return fmt.Errorf("attempt %d holds no script", sum.Number)
			}
			text := st.Files(n)[st.Sources[0].Path]
			if a.json {
				return a.print(struct {
					ID     string `json:"id"`
					Node   int    `json:"node"`
					Path   string `json:"path"`
					Script string `json:"script"`
				}{sum.ID, n, st.Sources[0].Path, text})
			}
			_, err = fmt.Fprint(a.out, text)
			return err
		}),
	})
}
