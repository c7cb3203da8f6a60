package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"pitwall/store"
)

func (a *app) exportCmd() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "export ID",
		Short: "Write an attempt with all its events to one file",
		Long:  "Writes an attempt as one file, to be taken to another machine and read there with pitwall import. Without -o it goes to standard output.",
		Args:  args(1, 1),
		RunE:  a.onStore(func(ctx context.Context, s *store.Store, args []string) error { return a.export(ctx, s, args[0], file) }),
	}
	cmd.Flags().StringVarP(&file, "output", "o", "", "the file to write; it must not exist")
	return cmd
}

func (a *app) export(ctx context.Context, s *store.Store, prefix, file string) error {
	sum, err := s.Attempt(ctx, prefix)
	if err != nil {
		return err
	}
	if file == "" && a.out.terminal != nil {
		return usagef("an export is no text for a terminal: name a file with -o, or send standard output to one")
	}
	if file == "" {
		return s.Export(ctx, sum.ID, a.out)
	}
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("export attempt %d: %w", sum.Number, err)
	}
	if err := errors.Join(s.Export(ctx, sum.ID, out), out.Close()); err != nil {
		return errors.Join(err, os.Remove(file)) // half an attempt is of no use
	}
	return nil
}
