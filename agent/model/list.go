package model

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// listLimit is how long the first byte of a list of models may take, and what follows.
const listLimit = 20 * time.Second

// Models lists the models of a provider, sorted by name: those that its endpoint lists,
// with what the catalog knows of them. Where the endpoint has no list, or the provider
// is not ready, these are the catalog's. With an *Error for an endpoint that fails the
// catalog's are given too. An unknown provider is an error.
func (c *Catalog) Models(ctx context.Context, provider string) ([]Model, error) {
	p := c.find(provider)
	if p == nil {
		var names []string
		for _, p := range c.providers {
			names = append(names, p.Name)
		}
		slices.Sort(names)
		return nil, fmt.Errorf("no provider %q; there is %s", c.mask.Text(provider), strings.Join(names, ", "))
	}
	// Azure's list is of the models it could deploy, not of the deployments there are.
	if !p.Ready || p.apiVersion != "" {
		return p.listed(), nil
	}
	client, err := c.Client(Model{Provider: p.Name})
	if err != nil {
		return p.listed(), err
	}
	served, err := client.served(ctx)
	switch {
	case ctx.Err() != nil:
		return p.listed(), context.Cause(ctx)
	case err != nil:
		var e *Error
		if errors.As(err, &e) && (e.status == http.StatusNotFound || e.status == http.StatusMethodNotAllowed || e.status == http.StatusNotImplemented) {
			return p.listed(), nil
		}
		return p.listed(), err
	}
	var out []Model
	for _, s := range served {
		m := p.model(s.name()).Model
		if m.Context == 0 {
			m.Context = cmp.Or(s.ContextLength.n, s.ContextWindow.n, s.MaxModelLen.n, s.MaxContextLength.n, s.MaxInputTokens.n)
		}
		out = append(out, m)
	}
	return sorted(out), nil
}

func (p *provider) listed() []Model {
	var out []Model
	for name := range p.models {
		out = append(out, p.model(name).Model)
	}
	return sorted(out)
}

func sorted(models []Model) []Model {
	slices.SortFunc(models, func(a, b Model) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(models, func(a, b Model) bool { return a.Name == b.Name })
}

// servedModel is a model in an endpoint's list. Its context has many names.
type servedModel struct {
	ID               string `json:"id"`
	ContextLength    figure `json:"context_length"`     // OpenRouter, Together
	ContextWindow    figure `json:"context_window"`     // Groq
	MaxModelLen      figure `json:"max_model_len"`      // vLLM
	MaxContextLength figure `json:"max_context_length"` // Mistral, LM Studio
	MaxInputTokens   figure `json:"max_input_tokens"`   // Anthropic
}

// name gives the model's name as requests take it; Gemini lists paths.
func (s servedModel) name() string { return strings.TrimPrefix(s.ID, "models/") }

// served asks the endpoint which models it serves.
func (c *Client) served(ctx context.Context) ([]servedModel, error) {
	p := c.provider
	at := p.url.JoinPath("models")
	if p.Wire == wireAnthropic {
		at = p.url.JoinPath("v1", "models")
		q := at.Query()
		q.Set("limit", "1000")
		at.RawQuery = q.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, c.noAnswer(err)
	}
	c.FirstByte, c.Between = listLimit, listLimit
	x := c.begin(ctx)
	defer x.end()
	res, err := x.do(req)
	if err != nil {
		return nil, x.broken(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, x.broken(err)
	}
	var doc struct {
		Data []servedModel `json:"data"`
	}
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		err = json.Unmarshal(raw, &doc.Data) // Together's is a bare list
	} else {
		err = json.Unmarshal(raw, &doc)
	}
	var models []servedModel
	for _, m := range doc.Data {
		if name := m.name(); name != "" && name == c.quote(name) {
			models = append(models, m)
		}
	}
	if err != nil || doc.Data == nil {
		return nil, &Error{
			Kind: KindAnswer, Provider: p.Name, What: shownURL(req.URL) + " gives no list of models",
			Mend: "name the model yourself, or check " + p.where(),
		}
	}
	return models, nil
}
