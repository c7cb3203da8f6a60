package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"pitwall/store"
	"pitwall/store/event"
)

func (a *app) approveCmd() *cobra.Command {
	var d event.Decided
	var no, all bool
	var file string
	cmd := &cobra.Command{
		Use:   "approve ID",
		Short: "Say yes or no to an edit that waits",
		Long: "Answers the edit of an attempt with --gate that waits for your word: yes, or --all for all edits of its node, --no with a --reason " +
			"that the agent is told, or --file with a script of your own to take its place.",
		Example: "pitwall approve 3\npitwall approve 3 --no --reason \"that breaks the warm-up\"\npitwall script 3 2 > mine.py && $EDITOR mine.py && pitwall approve 3 --file mine.py",
		Args:    args(1, 1),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			if no && (all || file != "") || all && file != "" {
				return usagef("choose one of --no, --all and --file")
			}
			d.Answer = event.AnswerYes
			switch {
			case no:
				d.Answer = event.AnswerNo
			case all:
				d.Answer = event.AnswerAll
			case file != "":
				text, err := os.ReadFile(file)
				if err != nil {
					return fmt.Errorf("read your script: %w", err)
				}
				d.Answer, d.Text = event.AnswerOwn, string(text)
			}
			return a.answer(ctx, s, args[0], d)
		}),
	}
	f := cmd.Flags()
	f.BoolVar(&no, "no", false, "refuse the edit")
	f.BoolVar(&all, "all", false, "yes to this edit and all others of its node")
	f.StringVar(&d.Reason, "reason", "", "why, for the agent to read")
	f.StringVar(&file, "file", "", "put the script in this file in its place")
	return cmd
}

// answer gives a person's word on what waits for it.
func (a *app) answer(ctx context.Context, s *store.Store, prefix string, d event.Decided) error {
	sum, err := s.Attempt(ctx, prefix)
	if err != nil {
		return err
	}
	st, err := s.StateAt(ctx, sum.ID, 0)
	if err != nil {
		return err
	}
	switch w := st.Awaited(); {
	case w != nil:
		d.Node, d.Edit, d.Path = w.Node, w.Edit, w.Path
	case st.Phase.Phase == event.PhaseAwaiting && d.Answer == event.AnswerOwn:
		d.Node = st.Phase.Node
	case st.Phase.Phase == event.PhaseAwaiting:
		return fmt.Errorf("node %d is yours to write: pitwall edit %d", st.Phase.Node, sum.Number)
	default:
		return fmt.Errorf("no edit of attempt %d waits for an answer", sum.Number)
	}
	return a.order(ctx, s, sum.ID, event.OrderDecide, d)
}
