package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"pitwall/agent"
	"pitwall/agent/scaffold"
	"pitwall/report"
	"pitwall/runner"
	"pitwall/store"
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
		Task: task.ID(), Hint: string(taskdata.HintNone), Agent: by, Scaffold: scaffold.Flat, Runner: runner.NameLocal,
		Nodes: defaultNodes, Seed: 1, Calibrate: track.CalibrationRuns, Confirm: track.ConfirmationRuns,
	}
	if agent.KindOf(by).Talks {
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

func (a *app) attempt(ctx context.Context, s *store.Store, spec store.Spec, detach, yes bool) error {
	st := a.asking(s, yes)
	if detach {
		id, err := st.Begin(ctx, spec)
		if err != nil {
			return err
		}
		return a.report(ctx, s, id)
	}
	id, err := st.New(ctx, spec)
	if err != nil {
		return err
	}
	return a.drive(ctx, s, id, false)
}

// drive runs an engine on an attempt in this process, and reports. A pause that the
// attempt was left in ends where goOn is true.
func (a *app) drive(ctx context.Context, s *store.Store, id string, goOn bool) error {
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
	doc, err := report.Read(ctx, s, id)
	if err != nil {
		return err
	}
	return a.print(doc)
}
