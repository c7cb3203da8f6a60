package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"pitwall/agent"
	"pitwall/store"
	"pitwall/store/event"
)

func (a *app) promptCmd() *cobra.Command {
	var c choices
	cmd := &cobra.Command{
		Use:   "prompt TASK",
		Short: "Print the first prompt of an attempt, exactly as it would be sent",
		Long: "Prints what agent llm would be sent first, with the flags of `pitwall attempt`. Nothing is sent. Templates of your own go into " +
			"prompts/NAME.md.tmpl under PITWALL_HOME.",
		Example: "pitwall prompt micro/7 --hint 1 --model openai/gpt-5",
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("agent") {
				c.spec.Agent = agent.LLM
			}
			spec, err := c.settle(cmd, a.tasks(), args[0])
			if err != nil {
				return err
			}
			return a.withStore(cmd.Context(), func(s *store.Store) error { return a.prompt(s, spec) })
		},
	}
	c.add(cmd.Flags())
	return a.rawFlag(cmd)
}

func (a *app) prompt(s *store.Store, spec store.Spec) error {
	p, err := a.engine(s).Preview(spec)
	if err != nil {
		return err
	}
	if a.json {
		return a.print(struct {
			Model    string          `json:"model"`
			Tokens   int             `json:"tokens"` // estimated
			Context  int             `json:"context"`
			Hash     string          `json:"hash"`
			Messages []event.Message `json:"messages"`
		}{p.Model, p.Tokens, p.Context, p.Hash, p.Messages})
	}
	for _, m := range p.Messages {
		fmt.Fprintf(a.out, "──── %s ────\n%s\n", m.Role, m.Text)
	}
	fmt.Fprintf(a.err, "about %d tokens for %s, templates %s\n", p.Tokens, p.Model, p.Hash)
	return nil
}
