package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"pitwall/agent"
	"pitwall/agent/engine"
	"pitwall/agent/scaffold"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// defaultNodes is the budget where none is named.
const defaultNodes = 3

// defaultParallel is how many nodes a language model has under way at a time: one
// trains while the next is written.
const defaultParallel = 2

// newSpec fills in what a track sets for a task, and what an agent is given.
func newSpec(tasks *taskdata.Catalog, taskID, by string) (store.Spec, error) {
	task, err := tasks.FindTask(taskID)
	if err != nil {
		return store.Spec{}, err
	}
	track, err := taskdata.FindTrack(task.From.Track)
	if err != nil {
		return store.Spec{}, err
	}
	spec := store.Spec{
		Task: task.ID(), Hint: string(taskdata.HintNone), Agent: by, Scaffold: scaffold.Flat, Runner: engine.RunnerLocal,
		Nodes: defaultNodes, Seed: 1, Calibrate: track.CalibrationRuns, Confirm: track.ConfirmationRuns,
	}
	if by == agent.LLM {
		spec.Parallel, spec.Edits, spec.Reflections = defaultParallel, agent.EditsBlocks, agent.DefaultReflections
	}
	return spec, nil
}

func (a *app) attemptCmd() *cobra.Command {
	var c choices
	var detach, yes bool
	cmd := &cobra.Command{
		Use:   "attempt TASK",
		Short: "Run an attempt at a task",
		Long: "Runs an attempt in the foreground with a progress line, and prints its id. Ctrl-C stops it. The exit status " +
			"is 0 when the attempt is done, also where no node was valid. With --detach it goes on by itself.",
		Example: "pitwall attempt micro/7 --agent oracle --nodes 1 --json\n" +
			"pitwall attempt micro/7 --agent llm --model openai/gpt-5 --hint 1 --scaffold tree --nodes 4 --budget-cost 2",
		Args: args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := c.settle(cmd, a.tasks(), args[0])
			if err != nil {
				return err
			}
			return a.withStore(cmd.Context(), func(s *store.Store) error {
				if c.carry != "" {
					before, err := s.Attempt(cmd.Context(), c.carry)
					if err != nil {
						return err
					}
					spec.Carry = before.ID
				}
				return a.attempt(cmd.Context(), s, spec, detach, yes)
			})
		},
	}
	c.add(cmd.Flags())
	cmd.Flags().BoolVar(&detach, "detach", false, "leave it running and return at once")
	cmd.Flags().BoolVar(&yes, "yes", false, "start without asking whether the GPU-hours are worth it")
	return cmd
}

func hintList() string {
	var parts []string
	for _, h := range taskdata.AllHints() {
		parts = append(parts, string(h)+" "+h.Title())
	}
	return strings.Join(parts, ", ")
}

func agentList() string {
	var parts []string
	for _, k := range agent.Kinds() {
		parts = append(parts, k.Name+" ("+k.About+")")
	}
	return strings.Join(parts, ", ")
}

func (a *app) attempt(ctx context.Context, s *store.Store, spec store.Spec, detach, yes bool) error {
	if err := a.name(s, &spec); err != nil {
		return err
	}
	if err := a.engine(s).Preflight(ctx, spec); err != nil {
		return err
	}
	if err := a.agree(ctx, s, yes, spec); err != nil {
		return err
	}
	id, err := s.Create(ctx, spec)
	if err != nil {
		return err
	}
	return a.drive(ctx, s, id, detach, false)
}

// name writes down which model a spec means, so that the attempt keeps it.
func (a *app) name(s *store.Store, spec *store.Spec) error {
	if spec.Agent != agent.LLM {
		return nil
	}
	m, err := a.engine(s).Model(spec.Model)
	if err == nil {
		spec.Model = m.ID()
	}
	return err
}

// drive runs an engine on an attempt, here or detached, and reports. A pause that
// the attempt was left in ends where goOn is true.
func (a *app) drive(ctx context.Context, s *store.Store, id string, detach, goOn bool) error {
	if detach {
		if err := a.launch(ctx, s, id, goOn); err != nil {
			return err
		}
		return a.report(ctx, s, id)
	}
	if !a.json {
		fmt.Fprintln(a.out, id)
	}
	following := a.follow(ctx, s, id)
	e := a.engine(s)
	e.Go = goOn
	err := e.Run(ctx, id)
	following()
	if a.json {
		// The document is printed whatever came of the attempt, and after Ctrl-C too.
		err = errors.Join(err, a.report(context.WithoutCancel(ctx), s, id))
	}
	return err
}

// report prints what `show --json` prints, or the bare id.
func (a *app) report(ctx context.Context, s *store.Store, id string) error {
	if !a.json {
		fmt.Fprintln(a.out, id)
		return nil
	}
	doc, err := showDoc(ctx, s, id)
	if err != nil {
		return err
	}
	return a.print(doc)
}

func (a *app) resumeCmd() *cobra.Command {
	var detach bool
	cmd := &cobra.Command{
		Use:   "resume ID",
		Short: "Go on with a paused, interrupted, stopped or failed attempt",
		Args:  args(1, 1),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			if sum, err := s.Attempt(ctx, args[0]); err == nil && sum.Status == event.StatusPaused {
				return a.order(ctx, s, sum.ID, event.OrderGo, nil)
			}
			id, err := a.resumable(ctx, s, args[0])
			if err != nil {
				return err
			}
			return a.drive(ctx, s, id, detach, true)
		}),
	}
	cmd.Flags().BoolVar(&detach, "detach", false, "leave it running and return at once")
	return cmd
}

// resumable finds an attempt that an engine can go on with.
func (a *app) resumable(ctx context.Context, s *store.Store, prefix string) (string, error) {
	sum, err := s.Attempt(ctx, prefix)
	if err != nil {
		return "", err
	}
	switch sum.Status {
	case event.StatusDone:
		return "", fmt.Errorf("attempt %d is done; start another with: pitwall attempt %s", sum.Number, sum.Task)
	case event.StatusRunning, event.StatusQueued, event.StatusPaused:
		return "", fmt.Errorf("attempt %d is %s already; follow it with: pitwall watch %d", sum.Number, sum.Status, sum.Number)
	}
	return sum.ID, a.engine(s).Preflight(ctx, sum.Spec)
}

func (a *app) stopCmd() *cobra.Command {
	var run bool
	cmd := &cobra.Command{
		Use:   "stop ID",
		Short: "Stop a running attempt",
		Long:  "Stops an attempt and waits until nothing of it is left. It can be resumed. With --run only the run in flight is stopped, which then never counts, and the attempt goes on.",
		Args:  args(1, 1),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			if run {
				return a.order(ctx, s, args[0], event.OrderStopRun, event.StopRun{})
			}
			return a.stop(ctx, s, args[0])
		}),
	}
	cmd.Flags().BoolVar(&run, "run", false, "stop the run in flight only")
	return cmd
}

func (a *app) stop(ctx context.Context, s *store.Store, prefix string) error {
	sum, err := s.Attempt(ctx, prefix)
	if err != nil {
		return err
	}
	if _, err := s.Order(ctx, sum.ID, event.OrderStop, ""); err != nil {
		if errors.Is(err, store.ErrNotLive) {
			return fmt.Errorf("attempt %d is %s: there is nothing to stop", sum.Number, sum.Status)
		}
		return err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for s.Alive(sum.ID) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("attempt %d was told to stop and has not ended yet", sum.Number)
		case <-tick.C:
		}
	}
	return a.report(ctx, s, sum.ID)
}

func (a *app) deleteCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "delete ID",
		Short: "Delete an attempt that is not running",
		Long:  "Deletes an attempt. Its space is given back an hour later, when pitwall next runs.",
		Args:  args(1, 1),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			sum, err := s.Attempt(ctx, args[0])
			if err != nil {
				return err
			}
			if err := s.Delete(ctx, sum.ID); err != nil {
				if errors.Is(err, store.ErrLive) {
					return fmt.Errorf("attempt %d is running: stop it first with: pitwall stop %d", sum.Number, sum.Number)
				}
				return err
			}
			if err := os.Remove(engineLog(a.home(), sum.ID)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("delete the engine's log: %w", err)
			}
			a.warn(tidy(ctx, s))
			if a.json {
				return a.print(struct {
					ID      string `json:"id"`
					Deleted bool   `json:"deleted"`
				}{sum.ID, true})
			}
			fmt.Fprintln(a.out, sum.ID)
			return nil
		}),
	}
}

// engineCmd is what a detached engine runs.
func (a *app) engineCmd() *cobra.Command {
	var goOn bool
	cmd := &cobra.Command{
		Use:    "_engine ID",
		Hidden: true,
		Args:   args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			signal.Ignore(syscall.SIGHUP)
			err := a.withStore(cmd.Context(), func(s *store.Store) error {
				e := a.engine(s)
				e.Go = goOn
				err := e.Run(cmd.Context(), args[0])
				a.warn(tidy(context.WithoutCancel(cmd.Context()), s))
				return err
			})
			if errors.Is(err, engine.ErrStopped) {
				return nil
			}
			if err != nil {
				fmt.Fprintln(a.err, time.Now().Format(time.RFC3339))
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&goOn, "go", false, "end a pause")
	return cmd
}

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
	if err := a.agree(ctx, s, yes, store.Spec{Task: task, Calibrate: n}); err != nil {
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
		return a.print(calibrationDoc(c))
	}
	kind := ""
	if id, _, ok := strings.Cut(task, "/"); ok {
		track, err := taskdata.FindTrack(id)
		kind = asideWord(task, err != nil || !track.Practice)
	}
	from, to := spreadOf(c.From), spreadOf(c.To)
	fmt.Fprintf(a.out, "record i    %.2f s ± %.2f s over %d runs%s\nrecord i+1  %.2f s ± %.2f s over %d runs%s\n",
		from.Mean, float64(from.SD), len(c.From), kind, to.Mean, float64(to.SD), len(c.To), kind)
	if !c.Resolved {
		fmt.Fprintln(a.out, c.Why)
	}
	return nil
}
