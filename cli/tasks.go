package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pitwall/store/event"
	"pitwall/taskdata"
)

type taskJSON struct {
	ID          string      `json:"id"`
	Track       string      `json:"track"`
	Benchmark   bool        `json:"benchmark"`
	Paper       bool        `json:"paper"` // one of the paper's 19
	From        int         `json:"from"`
	To          int         `json:"to"`
	Title       string      `json:"title"`
	FromSeconds event.Float `json:"from_seconds"`
	ToSeconds   event.Float `json:"to_seconds"`
	Hints       []string    `json:"hints"`
	Ready       bool        `json:"ready"`
	Why         string      `json:"why"`
	Open        bool        `json:"open"`         // after the newest record: judged by its speedup
	Upgrade     bool        `json:"upgrade"`      // the next record is only a newer library
	Scripts     []string    `json:"scripts"`      // where both scripts can be taken from; empty where they are embedded or missing
	HintSources []string    `json:"hint_sources"` // "pitwall", "paper"
}

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
			docs := []taskJSON{}
			var missing []string // why tasks are not ready
			rows := [][]string{{"TASK", "KIND", "TITLE", "FROM", "TO", "SPEEDUP", "HINTS", "READY"}}
			list := a.tasks().Tasks(track)
			if open {
				list = a.tasks().OpenTasks(track)
			}
			for _, t := range list {
				tr, err := taskdata.FindTrack(t.From.Track)
				if err != nil {
					return err
				}
				d := taskJSON{
					ID: t.ID(), Track: t.From.Track, Benchmark: !tr.Practice, Paper: t.Benchmark(), From: t.From.Number, To: t.To.Number, Title: t.To.Title,
					FromSeconds: known(t.From.LatestSeconds()), ToSeconds: known(t.To.Seconds), Hints: []string{}, Ready: t.Ready, Why: t.Why,
					Open: t.Open(), Upgrade: t.To.Upgrade(), Scripts: t.Sources(), HintSources: t.HintSources(),
				}
				for _, h := range t.Hints {
					d.Hints = append(d.Hints, string(h))
				}
				docs = append(docs, d)
				ready := "yes"
				if !t.Ready {
					ready = "no"
					if !slices.Contains(missing, t.Why) {
						missing = append(missing, t.Why)
					}
				}
				rows = append(rows, []string{
					d.ID, taskdata.Aside(d.ID, !tr.Practice), d.Title, t.From.LatestTime(), t.To.Time(),
					speedup(t), strings.Join(d.Hints, " "), ready,
				})
			}
			if a.json {
				return a.print(docs)
			}
			if err := a.table(rows); err != nil {
				return err
			}
			for _, why := range missing {
				fmt.Fprintln(a.err, "not ready: "+why)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&track, "track", "", "only this track")
	cmd.Flags().BoolVar(&open, "open", false, "the tasks after the newest records, which are judged by their speedup, in place of those with a next record")
	return cmd
}

// speedup gives a task's, from the latest time of its first record; finely where it is small.
func speedup(t taskdata.Task) string {
	from, to := t.From.LatestSeconds(), t.To.Seconds
	switch s := from / to; {
	case from <= 0 || to <= 0:
		return "–"
	case s < 1.05:
		return fmt.Sprintf("%.3fx", s)
	default:
		return fmt.Sprintf("%.2fx", s)
	}
}
