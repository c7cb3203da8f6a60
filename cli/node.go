package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/store/patch"
)

// pick finds an attempt's state and the node that a command is about: the one
// named, else the best valid one, else the last.
func pick(ctx context.Context, s *store.Store, args []string) (*fold.State, store.Summary, int, error) {
	sum, err := s.Attempt(ctx, args[0])
	if err != nil {
		return nil, sum, 0, err
	}
	st, err := s.StateAt(ctx, sum.ID, 0)
	if err != nil {
		return nil, sum, 0, err
	}
	if len(st.Nodes) == 0 {
		return nil, sum, 0, fmt.Errorf("attempt %d has no node yet", sum.Number)
	}
	if len(args) < 2 {
		if best := st.Best(); best >= 0 {
			return st, sum, best, nil
		}
		return st, sum, len(st.Nodes) - 1, nil
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return nil, sum, 0, usagef("node %q is not a number", args[1])
	}
	if st.Node(n) == nil {
		return nil, sum, 0, fmt.Errorf("attempt %d has no node %d; its nodes are 0 to %d", sum.Number, n, len(st.Nodes)-1)
	}
	return st, sum, n, nil
}

func (a *app) diffCmd() *cobra.Command {
	var parent bool
	cmd := &cobra.Command{
		Use:     "diff ID [NODE]",
		Short:   "Print a node's change, as git apply takes it",
		Long:    "Prints the change of a node against node 0, or with --parent against its parent. NODE is the best valid one if not named, else the last.",
		Example: "pitwall script 1 0 > train.py && pitwall diff 1 | git apply",
		Args:    args(1, 2),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			st, sum, n, err := pick(ctx, s, args)
			if err != nil {
				return err
			}
			base := 0
			if parent {
				base = max(0, st.Nodes[n].Parent)
			}
			text := patch.Files(st.Files(base), st.Files(n))
			if a.json {
				return a.print(struct {
					ID      string `json:"id"`
					Node    int    `json:"node"`
					Against int    `json:"against"`
					Diff    string `json:"diff"`
				}{sum.ID, n, base, text})
			}
			_, err = fmt.Fprint(a.out, text)
			return err
		}),
	}
	cmd.Flags().BoolVar(&parent, "parent", false, "against the node's parent")
	return a.rawFlag(cmd)
}

func (a *app) scriptCmd() *cobra.Command {
	return a.rawFlag(&cobra.Command{
		Use:   "script ID [NODE]",
		Short: "Print a node's whole script",
		Args:  args(1, 2),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			st, sum, n, err := pick(ctx, s, args)
			if err != nil {
				return err
			}
			if len(st.Sources) == 0 {
				return fmt.Errorf("attempt %d holds no script", sum.Number)
			}
			text := st.Files(n)[st.Sources[0].Path]
			if a.json {
				return a.print(struct {
					ID     string `json:"id"`
					Node   int    `json:"node"`
					Path   string `json:"path"`
					Script string `json:"script"`
				}{sum.ID, n, st.Sources[0].Path, text})
			}
			_, err = fmt.Fprint(a.out, text)
			return err
		}),
	})
}

func (a *app) logCmd() *cobra.Command {
	return a.rawFlag(&cobra.Command{
		Use:   "log ID [NODE]",
		Short: "Print the raw log of a node's run",
		Long:  "Prints the log of the node's own run, both streams as they came: to the byte, or on a terminal without control sequences. NODE is the best valid one if not named, else the last.",
		Args:  args(1, 2),
		RunE:  a.onStore(func(ctx context.Context, s *store.Store, args []string) error { return a.log(ctx, s, args) }),
	})
}

func (a *app) log(ctx context.Context, s *store.Store, args []string) error {
	st, sum, n, err := pick(ctx, s, args)
	if err != nil {
		return err
	}
	run := ownRun(st, n)
	if run == nil {
		why := "it has not trained"
		if n == 0 && st.Calibration != nil && st.Calibration.Reused {
			why = "its times were taken over from calibration " + st.Calibration.ID
		}
		return fmt.Errorf("node %d of attempt %d has no log: %s", n, sum.Number, why)
	}
	var text strings.Builder
	for at := run.FirstLine; at < run.LastLine; {
		lines, err := s.Lines(ctx, sum.ID, at, min(run.LastLine, at+4096))
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			return errors.New("the log ends before its last line: the store is damaged")
		}
		text.Reset()
		for _, l := range lines {
			at = l.Index + 1
			if l.Run != run.Run {
				continue
			}
			if l.Gap > 0 {
				fmt.Fprintf(&text, "[pitwall: %d bytes left out here]\n", l.Gap)
			}
			text.Write(l.Data)
			if l.End != 0 {
				text.WriteByte(l.End)
			}
		}
		if _, err := fmt.Fprint(a.out, text.String()); err != nil {
			return fmt.Errorf("write log: %w", err)
		}
	}
	return nil
}

// ownRun gives the run by which a node was judged, its last if it was trained again.
func ownRun(st *fold.State, node int) *fold.Run {
	var own *fold.Run
	for _, id := range st.Nodes[node].Runs {
		r := st.Run(id)
		if r.Purpose == event.PurposeNode || r.Purpose == event.PurposeCalibrateFrom && (own == nil || own.Ended == nil || !own.Ended.Finished) {
			own = r
		}
	}
	return own
}
