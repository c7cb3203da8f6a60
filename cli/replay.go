package cli

import (
	"github.com/spf13/cobra"
)

func (a *app) replayCmd() *cobra.Command {
	var speed float64
	cmd := &cobra.Command{
		Use:   "replay ID",
		Short: "Replay an attempt from its start",
		Args:  args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if speed < 0.5 || speed > 100 {
				return usagef("speed %g: choose between 0.5 and 100", speed)
			}
			return a.screen(cmd.Context(), opening{open: args[0], replay: true, speed: speed})
		},
	}
	cmd.Flags().Float64Var(&speed, "speed", 1, "how many times as fast as it was, 0.5 to 100")
	return cmd
}
