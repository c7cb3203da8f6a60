package cli

import (
	"github.com/spf13/cobra"
)

func (a *app) watchCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "watch ID",
		Short: "Open the screen on an attempt",
		Args:  args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.screen(cmd.Context(), opening{open: args[0]})
		},
	}
}
