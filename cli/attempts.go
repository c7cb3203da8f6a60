package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"pitwall/report"
	"pitwall/store"
)

func (a *app) attemptsCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "attempts",
		Short: "List the attempts, newest first",
		Args:  args(0, 0),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, _ []string) error {
			sums, err := s.Attempts(ctx)
			if err != nil {
				return err
			}
			docs := report.OfSummaries(sums)
			if a.json {
				return a.print(docs)
			}
			if len(docs) == 0 {
				fmt.Fprintln(a.err, "no attempts yet; start one with: pitwall attempt micro/7")
				return nil
			}
			return a.table(report.AttemptTable(docs))
		}),
	}
}
