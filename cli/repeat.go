package cli

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"pitwall/agent/engine"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/stats"
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

// repeatsJSON sums up repeated runs of one script.
type repeatsJSON struct {
	Seconds     []event.Float `json:"seconds"` // null of a run that failed
	Losses      []event.Float `json:"losses"`
	MeanSeconds event.Float   `json:"mean_seconds"`
	SDSeconds   event.Float   `json:"sd_seconds"`
	MeanLoss    event.Float   `json:"mean_loss"`
	SDLoss      event.Float   `json:"sd_loss"`
	P           event.Float   `json:"p"`     // of the mean loss being at or above the target
	Power       event.Float   `json:"power"` // of that test at 0.01, for a mean as far below the target
	Why         string        `json:"why"`   // why p is not known
}

func repeatsDoc(runs []stats.Run, target float64) repeatsJSON {
	r := stats.NewRepeats(runs, target)
	d := repeatsJSON{
		Seconds: []event.Float{}, Losses: []event.Float{}, MeanSeconds: event.Float(r.Seconds.Mean), SDSeconds: event.Float(r.Seconds.SD),
		MeanLoss: event.Float(r.Loss.Mean), SDLoss: event.Float(r.Loss.SD), P: event.Float(r.Loss.P), Why: r.Loss.Why,
		Power: event.Float(stats.Power(r.Loss.SD, target-r.Loss.Mean, r.Loss.N, stats.BadgeP)),
	}
	for _, run := range runs {
		d.Seconds, d.Losses = append(d.Seconds, event.Float(run.Seconds)), append(d.Losses, event.Float(run.Loss))
	}
	return d
}

func (a *app) repeat(ctx context.Context, s *store.Store, subject engine.Subject, n int, yes bool) error {
	cost := subject.Spec
	cost.Nodes, cost.Calibrate, cost.Confirm = n, 0, 0
	if subject.Node >= 0 {
		cost.Nodes = 2 * n
	}
	if err := a.agree(ctx, s, yes, cost); err != nil {
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
	record := repeatsDoc(out.Record, out.Target)
	var node *repeatsJSON
	saved := stats.Interval{Low: math.NaN(), High: math.NaN(), Level: stats.Level}
	if subject.Node >= 0 {
		d := repeatsDoc(out.Node, out.Target)
		node = &d
		var pairs []stats.Pair
		for i := range out.Node {
			pairs = append(pairs, stats.Pair{A: out.Record[i].Seconds, B: out.Node[i].Seconds})
		}
		saved = stats.Interleaved(pairs)
	}
	noise := stats.NoiseIn(saved)
	if a.json {
		return a.print(struct {
			Task   string         `json:"task"`
			Node   int            `json:"node"` // -1 where the record alone was trained
			Target float64        `json:"target"`
			Record repeatsJSON    `json:"record"`
			Runs   *repeatsJSON   `json:"node_runs"`      // null where the record alone was trained
			Saved  [2]event.Float `json:"saved_interval"` // seconds, 95 %
			Noise  bool           `json:"noise"`          // noise could explain the time saved
		}{subject.Spec.Task, subject.Node, out.Target, record, node, [2]event.Float{event.Float(saved.Low), event.Float(saved.High)}, noise.Explains})
	}
	rows := [][]string{{"", "RUNS", "TIME", "SPREAD", "LOSS", "SPREAD", "P", "POWER"}}
	add := func(name string, r repeatsJSON) {
		rows = append(rows, []string{
			name, fmt.Sprint(len(r.Seconds)), figureOr("%.2f s", r.MeanSeconds), figureOr("%.2f s", r.SDSeconds),
			figureOr("%.4f", r.MeanLoss), figureOr("%.4f", r.SDLoss), pWords(r.P), figureOr("%.2f", r.Power),
		})
	}
	add("record", record)
	if node != nil {
		add(fmt.Sprintf("node %d", subject.Node), *node)
	}
	if err := a.table(rows); err != nil {
		return err
	}
	for _, r := range []*repeatsJSON{&record, node} {
		if r != nil && r.Why != "" {
			fmt.Fprintln(a.out, r.Why)
		}
	}
	if node != nil {
		fmt.Fprintln(a.out, noise.Words)
	}
	return nil
}

// figureOr writes a figure, or a dash for an unknown one.
func figureOr(format string, v event.Float) string {
	if !v.Known() {
		return "–"
	}
	return fmt.Sprintf(format, float64(v))
}

// pWords writes a p-value, with the speedrun's badge.
func pWords(p event.Float) string {
	switch {
	case !p.Known():
		return "–"
	case float64(p) < 0.0001:
		return "< .0001 ✓"
	case float64(p) < stats.BadgeP:
		return fmt.Sprintf("%.4f ✓", float64(p))
	}
	return fmt.Sprintf("%.3f", float64(p))
}
