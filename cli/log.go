package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
)

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
