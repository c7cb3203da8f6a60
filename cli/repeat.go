package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"pitwall/agent/engine"
	"pitwall/report"
	"pitwall/store"
)

func (a *app) repeatCmd() *cobra.Command {
	var n int
	var yes bool
	var scripts string
	cmd := &cobra.Command{
		Use:   "repeat ID [NODE] | repeat TASK",
		Short: "Train a node, or a record, several times, and say what noise could explain",
		Long: "Trains a node of an attempt in turn with its record, or the record alone that a task starts from, as often as is said beforehand. It gives mean and " +
			"spread of loss and time, a one-sided t-test of the mean loss against the target (the speedrun asks for p < 0.01), the power of that test at so many " +
			"runs, and an interval for the time saved. Nothing of it changes an attempt's result.",
		Example: "pitwall repeat 3 -n 10\npitwall repeat nanogpt/16 -n 5",
		Args:    args(1, 2),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			subject := engine.Subject{Node: -1}
			if strings.Contains(args[0], "/") && len(args) == 1 {
				if _, err := a.tasks().FindTask(args[0]); err != nil {
					return err
				}
				subject.Spec = store.Spec{Task: args[0], Scripts: scripts}
			} else {
				st, sum, node, err := pick(ctx, s, args)
				if err != nil {
					return err
				}
				subject = engine.Subject{Spec: sum.Spec, Node: node, Files: st.Files(node)}
				subject.Spec.Scripts = st.Attempt.Scripts
				if node == 0 {
					subject.Node = -1
				}
			}
			return a.repeat(ctx, s, subject, n, yes)
		}),
	}
	f := cmd.Flags()
	f.IntVarP(&n, "repeat", "n", 3, "runs of each")
	f.StringVar(&scripts, "scripts", "", "of a task: where its record's script comes from, as for attempt")
	f.BoolVar(&yes, "yes", false, "start without asking whether the GPU-hours are worth it")
	return cmd
}

func (a *app) repeat(ctx context.Context, s *store.Store, subject engine.Subject, n int, yes bool) error {
	cost := subject.Spec
	cost.Nodes, cost.Calibrate, cost.Confirm = n, 0, 0
	if subject.Node >= 0 {
		cost.Nodes = 2 * n
	}
	if err := a.asking(s, yes).Agreed(ctx, cost); err != nil {
		return err
	}
	var following func()
	out, err := a.engine(s).Repeat(ctx, subject, n, func(id string) { following = a.follow(ctx, s, id) })
	if following != nil {
		following()
	}
	if err != nil {
		return err
	}
	d := report.OfRepeats(subject.Spec.Task, subject.Node, out.Target, out.Record, out.Node)
	if a.json {
		return a.print(d)
	}
	if err := a.table(d.Table()); err != nil {
		return err
	}
	for _, line := range d.Lines() {
		fmt.Fprintln(a.out, line)
	}
	return nil
}
