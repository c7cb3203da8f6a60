package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"pitwall/agent"
	"pitwall/agent/scaffold"
	"pitwall/agent/start"
	"pitwall/campaign"
	"pitwall/internal/clean"
	"pitwall/report"
	"pitwall/store"
	"pitwall/store/event"
)

// sweepOptions are the flags of `sweep`.
type sweepOptions struct {
	jobs      int
	dry, list bool
	yes       bool
}

func (a *app) sweepCmd() *cobra.Command {
	var o sweepOptions
	cmd := &cobra.Command{
		Use:   "sweep FILE",
		Short: "Run attempts in a series",
		Long: "Runs a campaign: an attempt for each of the tasks, hints, agents and seeds that a file names. The same file goes " +
			"on where it was left: what is done is kept, what was interrupted, stopped or failed is gone on with. Each attempt " +
			"has an engine of its own. Ctrl-C stops those in flight; should the sweep be killed, they go on by themselves and " +
			"the next sweep takes them up.",
		Example: "pitwall sweep hints.toml --dry-run\npitwall sweep hints.toml --jobs 2\npitwall sweep --list",
		Args:    args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case o.list && (len(args) > 0 || o.dry):
				return usagef("--list takes no file: use it as: pitwall sweep --list")
			case !o.list && len(args) == 0:
				return usagef("name a campaign file: pitwall sweep FILE; pitwall sweep --list lists the campaigns there are")
			case o.jobs < 1 || o.jobs > 64:
				return usagef("%d jobs: choose between 1 and 64", o.jobs)
			case o.list:
				return a.withStore(cmd.Context(), func(s *store.Store) error { return a.listCampaigns(cmd.Context(), s) })
			}
			return a.withStore(cmd.Context(), func(s *store.Store) error { return a.sweep(cmd.Context(), s, args[0], o) })
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.jobs, "jobs", 1, "attempts in flight at once; timed runs are one at a time all the same")
	f.BoolVar(&o.dry, "dry-run", false, "print the cells and what they would cost at most, and start nothing")
	f.BoolVar(&o.yes, "yes", false, "start without asking whether the GPU-hours are worth it")
	f.BoolVar(&o.list, "list", false, "list the campaigns")
	return cmd
}

// world is what campaign files are read against.
func (a *app) world(st start.Starter) campaign.World {
	return campaign.World{
		Tasks:   a.tasks(),
		Base:    func(task, by string) (store.Spec, error) { return newSpec(a.tasks(), task, by) },
		Figures: func(name string) (event.Search, error) { return scaffold.SearchOf(name, event.Search{}) },
		Talks:   talks,
		Model:   st.Model,
		Check:   st.Preflight,
	}
}

// talks reports whether an agent is a language model, or why it can be in no campaign.
func talks(name string) (bool, error) {
	var names []string
	for _, k := range agent.Kinds() {
		switch {
		case k.Name == name && k.Person:
			return false, fmt.Errorf("a sweep runs without a person who could write: choose another agent than %s", name)
		case k.Name == name:
			return k.Talks, nil
		case !k.Person:
			names = append(names, k.Name)
		}
	}
	return false, fmt.Errorf("no agent %q; there is %s", name, strings.Join(names, ", "))
}

func (a *app) sweep(ctx context.Context, s *store.Store, file string, o sweepOptions) error {
	st := a.asking(s, o.yes)
	c, err := campaign.Read(ctx, file, a.world(st))
	var mistake *campaign.Mistake
	switch {
	case errors.As(err, &mistake):
		return &usageError{err}
	case err != nil:
		return err
	}
	if err := roomOnDisk(a.home()); err != nil {
		return err
	}
	var specs []store.Spec
	for _, cell := range campaign.Cells(c.Plan) {
		specs = append(specs, cell.Spec())
	}
	if o.dry {
		cost, err := st.Cost(specs...)
		if err != nil {
			return err
		}
		if cost != "" {
			fmt.Fprintln(a.err, cost)
		}
		return a.dryRun(ctx, s, c)
	}
	if err := st.Agreed(ctx, specs...); err != nil {
		return err
	}
	release, err := s.LockCampaign(ctx, c.ID)
	if err != nil {
		return err
	}
	err = a.runSweep(ctx, s, st, c, o)
	if errors.Is(err, campaign.ErrStopped) {
		err = fmt.Errorf("%w; go on with: pitwall sweep %s", err, file)
	}
	return errors.Join(err, release())
}

// leastForSweep is the free space below which no attempt is begun, in bytes.
const leastForSweep = 128 << 20

// roomOnDisk refuses a disk that is as good as full.
func roomOnDisk(home string) error {
	free, err := freeBytes(home)
	if err != nil {
		return err
	}
	if free < leastForSweep {
		return fmt.Errorf("only %d MiB are free for %s: free some space, or set PITWALL_HOME to a larger disk", free>>20, home)
	}
	return nil
}

// runSweep runs a campaign that nobody else runs.
func (a *app) runSweep(ctx context.Context, s *store.Store, st start.Starter, c store.Campaign, o sweepOptions) error {
	others, err := s.Campaigns(ctx)
	if err != nil {
		return err
	}
	created, err := s.PutCampaign(ctx, c)
	if err != nil {
		return err
	}
	if created {
		if err := a.tellOfOld(ctx, s, c, others); err != nil {
			return err
		}
	}
	board := &board{out: a.err}
	run := campaign.Sweep{
		Attempts: s, Jobs: o.jobs, Tell: board.tell,
		Launch: func(ctx context.Context, id string) error { return st.Launch(ctx, id, true) },
		Stop: func(ctx context.Context, id string) error {
			_, err := s.Give(ctx, id, event.OrderStop, nil)
			return err
		},
	}
	report, err := run.Run(ctx, c)
	board.tell(report)
	if report.Ended != "" && err == nil {
		fmt.Fprintln(a.err, clean.Line(report.Ended))
	}
	switch {
	case a.json:
		err = errors.Join(err, a.print(report.Document()))
	case !board.out.draws:
		err = errors.Join(err, a.table(report.Table()))
	}
	if t := report.Totals(); err == nil && report.Ended == "" && t.Done < t.Cells {
		return fmt.Errorf("%d of %d cells are not done; see why with: pitwall sweep --dry-run %s", t.Cells-t.Done, t.Cells, c.Plan.File)
	}
	return err
}

// tellOfOld says which campaign the file was before, where it was another.
func (a *app) tellOfOld(ctx context.Context, s *store.Store, c store.Campaign, others []store.Campaign) error {
	i := slices.IndexFunc(others, func(o store.Campaign) bool {
		return o.ID != c.ID && (o.Plan.File == c.Plan.File || o.Name == c.Name)
	})
	if i < 0 {
		return nil
	}
	old := others[i]
	cells, err := s.Cells(ctx, old.ID)
	if err != nil {
		return err
	}
	t := campaign.NewReport(old, cells).Totals()
	fmt.Fprintln(a.err, clean.Line(fmt.Sprintf("this is another campaign than %q (%s, %d of %d cells done), which stays as it is: %s",
		old.Name, old.ID, t.Done, t.Cells, strings.Join(campaign.Differences(old.Plan, c.Plan), "; "))))
	return nil
}

func (a *app) dryRun(ctx context.Context, s *store.Store, c store.Campaign) error {
	cells, err := s.Cells(ctx, c.ID)
	if err != nil {
		return err
	}
	report := campaign.NewReport(c, cells)
	if a.json {
		return a.print(report.Document())
	}
	if err := a.table(report.Bounds()); err != nil {
		return err
	}
	cost := "not bounded; bound it with [budget] cost or [total] cost"
	if most := report.CostAtMost(); most >= 0 {
		cost = fmt.Sprintf("$%.2f at most", most)
	}
	fmt.Fprintf(a.out, "\ncampaign %s · %s · cost %s\n", c.ID, report.Line(), cost)
	for _, row := range report.Rows {
		if row.Why != "" {
			fmt.Fprintln(a.out, clean.Line(row.Name+": "+row.Why))
		}
	}
	return nil
}

type campaignJSON struct {
	Campaign  string      `json:"campaign"`
	Name      string      `json:"name"`
	File      string      `json:"file"`
	Created   *time.Time  `json:"created"`
	Sweeping  bool        `json:"sweeping"` // a sweep of it runs now
	Benchmark bool        `json:"benchmark"`
	Cells     int         `json:"cells"`
	Done      int         `json:"done"`
	Failed    int         `json:"failed"`
	Tokens    int64       `json:"tokens"`
	Cost      event.Float `json:"cost"`
}

func (a *app) listCampaigns(ctx context.Context, s *store.Store) error {
	list, err := s.Campaigns(ctx)
	if err != nil {
		return err
	}
	docs := []campaignJSON{}
	rows := [][]string{{"CAMPAIGN", "NAME", "KIND", "CREATED", "CELLS", ""}}
	for _, c := range list {
		cells, err := s.Cells(ctx, c.ID)
		if err != nil {
			return err
		}
		of := campaign.NewReport(c, cells)
		t := of.Totals()
		d := campaignJSON{
			Campaign: c.ID, Name: c.Name, File: c.Plan.File, Created: report.Moment(c.Created), Sweeping: s.Sweeping(c.ID), Benchmark: campaign.Aside(c.Plan) == "",
			Cells: t.Cells, Done: t.Done, Failed: t.Failed, Tokens: t.Tokens, Cost: event.Float(t.Cost),
		}
		if t.Unpriced > 0 {
			d.Cost = event.NaN()
		}
		docs = append(docs, d)
		how := of.Line()
		if d.Sweeping {
			how += " · sweeping now"
		}
		rows = append(rows, []string{c.ID, c.Name, campaign.Aside(c.Plan), c.Created.Local().Format("2006-01-02 15:04"), fmt.Sprintf("%d/%d", t.Done, t.Cells), how})
	}
	if a.json {
		return a.print(docs)
	}
	if len(docs) == 0 {
		fmt.Fprintln(a.err, "no campaigns yet; start one with: pitwall sweep FILE")
		return nil
	}
	return a.table(rows)
}

// board shows a sweep on standard error: a table that renews itself on a
// terminal, else a line a change.
type board struct {
	out   *door
	last  campaign.Report
	shown []string // what stands on the terminal
}

func (b *board) tell(r campaign.Report) {
	if !b.out.draws {
		for _, line := range campaign.Changes(b.last, r) {
			fmt.Fprintln(b.out, clean.Line(line))
		}
		b.last = r
		return
	}
	w, h := b.out.size(80, 24)
	if w < 10 || h < 4 {
		w, h = 80, 24
	}
	lines := r.Board(w, h, clean.Line)
	if slices.Equal(lines, b.shown) {
		return
	}
	var text strings.Builder
	up := 0
	for _, line := range b.shown {
		up += 1 + max(ansi.StringWidth(line)-1, 0)/w // a terminal that was made narrower has broken it
	}
	if up > 0 {
		fmt.Fprintf(&text, "\x1b[%dF", up)
	}
	for _, line := range lines {
		text.WriteString(line + "\x1b[K\n")
	}
	text.WriteString("\x1b[J")
	b.out.draw(text.String())
	b.shown = lines
}
