package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"pitwall/agent/model"
	"pitwall/store"
	"pitwall/store/event"
)

// providerJSON is a provider as `models` lists it.
type providerJSON struct {
	Provider string `json:"provider"`
	Title    string `json:"title"`
	BaseURL  string `json:"base_url"`
	Key      string `json:"key"` // the environment name of its key
	Ready    bool   `json:"ready"`
	Why      string `json:"why"`
}

// modelJSON is a model as `models PROVIDER` lists it. Prices are US dollars a
// million tokens.
type modelJSON struct {
	Model   string      `json:"model"`
	Context *int        `json:"context"` // tokens, null if unknown
	Input   event.Float `json:"input"`
	Output  event.Float `json:"output"`
	Cached  event.Float `json:"cached"`
}

func (a *app) modelsCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "models [PROVIDER]",
		Short: "List the providers of language models, or a provider's models",
		Long:  "Lists the providers of language models that agent llm can use, and what each one lacks; with PROVIDER its models, asked of its endpoint where that has a list, with context and price.",
		Args:  args(0, 1),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			catalog, err := a.engine(s).Catalog()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return a.providers(catalog)
			}
			return a.models(ctx, catalog, args[0])
		}),
	}
}

func (a *app) providers(catalog *model.Catalog) error {
	list := []providerJSON{}
	for _, p := range catalog.Providers() {
		list = append(list, providerJSON{p.Name, p.Title, p.BaseURL, p.KeyName, p.Ready, p.Why})
	}
	if a.json {
		return a.print(list)
	}
	rows := [][]string{{"PROVIDER", "NAME", "STATE"}}
	for _, p := range list {
		state := "ready"
		if !p.Ready {
			state = p.Why
		}
		rows = append(rows, []string{p.Provider, p.Title, state})
	}
	return a.table(rows)
}

func (a *app) models(ctx context.Context, catalog *model.Catalog, provider string) error {
	models, err := catalog.Models(ctx, provider)
	if err != nil && len(models) == 0 {
		return err
	}
	a.warn(err) // what the built-in list knows is there all the same
	list := []modelJSON{}
	for _, m := range models {
		d := modelJSON{Model: m.ID(), Input: event.NaN(), Output: event.NaN(), Cached: event.NaN()}
		if m.Context > 0 {
			d.Context = &m.Context
		}
		if p := m.Price; p != nil {
			d.Input, d.Output, d.Cached = event.Float(p.Input), event.Float(p.Output), event.Float(p.Cached)
		}
		list = append(list, d)
	}
	if a.json {
		return a.print(list)
	}
	rows := [][]string{{"MODEL", "CONTEXT", "$/M IN", "$/M OUT"}}
	for _, m := range list {
		size := "–"
		if m.Context != nil {
			size = fmt.Sprintf("%dk", *m.Context/1000)
		}
		rows = append(rows, []string{m.Model, size, dollars(m.Input), dollars(m.Output)})
	}
	return a.table(rows)
}

func dollars(f event.Float) string {
	if !f.Known() {
		return "–"
	}
	return fmt.Sprintf("%.2f", float64(f))
}
