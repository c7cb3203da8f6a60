package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"pitwall/report"
	"pitwall/store"
	"pitwall/taskdata"
)

func (a *app) calibrateCmd() *cobra.Command {
	var n int
	var yes bool
	cmd := &cobra.Command{
		Use:   "calibrate TASK",
		Short: "Measure both records of a task on this machine",
		Long: "Trains record i and record i+1 of a task in turn, and keeps the times for the attempts that follow. FSR is " +
			"computed from calibrated times only.",
		Args: args(1, 1),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			return a.calibrate(ctx, s, args[0], n, yes)
		}),
	}
	cmd.Flags().IntVarP(&n, "runs", "n", 3, "runs of each record")
	cmd.Flags().BoolVar(&yes, "yes", false, "start without asking whether the GPU-hours are worth it")
	return cmd
}

func (a *app) calibrate(ctx context.Context, s *store.Store, task string, n int, yes bool) error {
	if err := a.asking(s, yes).Agreed(ctx, store.Spec{Task: task, Calibrate: n}); err != nil {
		return err
	}
	var following func()
	c, err := a.engine(s).Calibrate(ctx, task, n, func(id string) { following = a.follow(ctx, s, id) })
	if following != nil {
		following()
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.print(report.OfCalibration(c))
	}
	kind := ""
	if id, _, ok := strings.Cut(task, "/"); ok {
		track, err := taskdata.FindTrack(id)
		kind = report.Aside(task, err != nil || !track.Practice)
	}
	from, to := report.OfSeconds(c.From), report.OfSeconds(c.To)
	fmt.Fprintf(a.out, "record i    %.2f s ± %.2f s over %d runs%s\nrecord i+1  %.2f s ± %.2f s over %d runs%s\n",
		from.Mean, float64(from.SD), len(c.From), kind, to.Mean, float64(to.SD), len(c.To), kind)
	if !c.Resolved {
		fmt.Fprintln(a.out, c.Why)
	}
	return nil
}
