package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"pitwall/report"
	"pitwall/taskdata"
)

func (a *app) tasksCmd() *cobra.Command {
	var track string
	var open bool
	cmd := &cobra.Command{
		Use:   "tasks",
		Short: "List the tasks",
		Args:  args(0, 0),
		RunE: func(_ *cobra.Command, _ []string) error {
			if track != "" {
				if _, err := taskdata.FindTrack(track); err != nil {
					return &usageError{err}
				}
			}
			list := a.tasks().Tasks(track)
			if open {
				list = a.tasks().OpenTasks(track)
			}
			docs, err := report.OfTasks(list)
			if err != nil {
				return err
			}
			if a.json {
				return a.print(docs)
			}
			if err := a.table(report.TaskTable(docs)); err != nil {
				return err
			}
			var told []string
			for _, t := range docs {
				if !t.Ready && !slices.Contains(told, t.Why) {
					told = append(told, t.Why)
					fmt.Fprintln(a.err, "not ready: "+t.Why)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&track, "track", "", "only this track")
	cmd.Flags().BoolVar(&open, "open", false, "the tasks after the newest records, which are judged by their speedup, in place of those with a next record")
	return cmd
}
