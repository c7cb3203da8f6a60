package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"pitwall/store"
)

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
