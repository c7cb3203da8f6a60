package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"pitwall/store"
	"pitwall/taskdata"
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
			if a.json {
				docs := []attemptJSON{}
				for _, sum := range sums {
					docs = append(docs, summaryDoc(sum))
				}
				return a.print(docs)
			}
			if len(sums) == 0 {
				fmt.Fprintln(a.err, "no attempts yet; start one with: pitwall attempt micro/7")
				return nil
			}
			rows := [][]string{{"#", "ID", "TASK", "KIND", "HINT", "AGENT", "NODES", "STATUS", "BEST", "FSR", "STARTED"}}
			onGPUs := slices.ContainsFunc(sums, func(s store.Summary) bool { return s.GPUHours > 0 })
			if onGPUs {
				rows[0] = append(rows[0], "GPU H")
			}
			for _, s := range sums {
				started := "–"
				if !s.Started.IsZero() {
					started = s.Started.Local().Format("2006-01-02 15:04")
				}
				rows = append(rows, []string{
					strconv.FormatInt(s.Number, 10), s.ID, s.Task, taskdata.Aside(s.Task, s.Benchmark), s.Hint, s.Agent, fmt.Sprintf("%d/%d", s.NodesDone, s.Nodes),
					s.Status, seconds(s.BestSeconds), scoreWords(s), started,
				})
				if onGPUs && s.GPUHours > 0 {
					rows[len(rows)-1] = append(rows[len(rows)-1], fmt.Sprintf("%.2f", float64(s.GPUHours)))
				}
			}
			return a.table(rows)
		}),
	}
}
