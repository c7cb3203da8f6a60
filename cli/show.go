package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"pitwall/internal/clean"
	"pitwall/report"
	"pitwall/store"
)

func (a *app) showCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show an attempt with its nodes",
		Args:  args(1, 1),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			d, err := report.Read(ctx, s, args[0])
			if err != nil {
				return err
			}
			if a.json {
				return a.print(d)
			}
			for _, line := range d.Lines() {
				fmt.Fprintln(a.out, clean.Line(line))
			}
			fmt.Fprintln(a.out)
			return a.table(d.NodeTable())
		}),
	}
}
