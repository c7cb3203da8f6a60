package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"pitwall/agent"
	"pitwall/internal/clean"
	"pitwall/report"
	"pitwall/store"
)

func (a *app) scoreCmd() *cobra.Command {
	o := report.Selection{Talks: func(name string) bool { return agent.KindOf(name).Talks }}
	cmd := &cobra.Command{
		Use:   "score [TASK...]",
		Short: "Mean FSR over tasks, with its interval, and the paper's figure where it compares",
		Long: "Gives the mean FSR of the attempts that are done, by agent, hint and scaffold: over the tasks that are named, else over those of the benchmark. An " +
			"attempt without a confirmed result counts as 0, a task that is unresolved here is left out and named. The interval is by bootstrap of attempts and " +
			"calibration runs within the tasks. Beside it stands the reading of arXiv 2506.22419 with its shortcuts, and the figure published there for the same " +
			"model, hint and scaffold, with everything in which ours was made otherwise.",
		Example: "pitwall score\npitwall score micro/7 micro/8 --agent tuner",
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			o.Tasks = args
			for _, id := range args {
				if _, err := a.tasks().FindTask(id); err != nil {
					return &usageError{err}
				}
			}
			return a.score(ctx, s, o)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&o.Agent, "agent", "", "only this agent")
	f.StringVar(&o.Hint, "hint", "", "only this hint")
	f.StringVar(&o.Scaffold, "scaffold", "", "only this scaffold")
	return cmd
}

func (a *app) score(ctx context.Context, s *store.Store, o report.Selection) error {
	docs, err := report.Scores(ctx, s, a.tasks(), o)
	if err != nil {
		return err
	}
	if a.json {
		return a.print(docs)
	}
	if len(docs) == 0 {
		fmt.Fprintln(a.err, "nothing to score: no attempt at these tasks is done with confirmation; the practice track is scored where its tasks are named: pitwall score micro/7")
		return nil
	}
	if err := a.table(report.ScoreTable(docs)); err != nil {
		return err
	}
	for _, line := range report.ScoreLines(docs) {
		fmt.Fprintln(a.out, clean.Line(line))
	}
	return nil
}
