package model

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode"

	"pitwall/internal/spell"
)

// Find gives the model of a name: "provider/name", or a bare name.
//
// With a known provider any name will do, listed or not: a model that is not listed has
// no price and no context. A bare name is, in this order, a model of the user's file;
// whatever OPENAI_BASE_URL serves, if that is set; a listed model, of a provider that is
// ready before one that is not, else in the order of Providers. The error offers names
// that are near.
func (c *Catalog) Find(name string) (Model, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return Model{}, errors.New("no model is named; write PROVIDER/NAME, as in the list of pitwall models")
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return Model{}, fmt.Errorf("a model's name has no blanks inside: %q", c.mask.Text(name))
	}
	if provider, rest, ok := strings.Cut(name, "/"); ok {
		if p := c.find(strings.ToLower(provider)); p != nil {
			if rest == "" {
				return Model{}, fmt.Errorf("which model of %s? see pitwall models %s", p.Title, p.Name)
			}
			return p.model(rest).Model, nil
		}
	}
	if m, ok := c.bare(name); ok {
		return m, nil
	}
	err := fmt.Errorf("no model %q is known", c.mask.Text(name))
	if near := c.nearly(name); len(near) > 0 {
		return Model{}, fmt.Errorf("%w; did you mean %s? a model that is not listed is named with its provider, as ollama/NAME", err, orList(near))
	}
	return Model{}, fmt.Errorf("%w; see pitwall models, or name its provider, as ollama/NAME", err)
}

// bare finds a model by its name alone.
func (c *Catalog) bare(name string) (Model, bool) {
	var listed, ready, named *provider
	for _, p := range c.providers {
		e, ok := p.models[name]
		chosen := p.chosen && p.defaultModel == name
		if !ok && !chosen {
			continue
		}
		if listed == nil {
			listed = p
		}
		if ready == nil && p.Ready {
			ready = p
		}
		if (e.named || chosen) && (named == nil || !named.Ready && p.Ready) {
			named = p
		}
	}
	var moved *provider
	if c.openMoved {
		moved = c.find("openai")
	}
	if p := cmp.Or(named, moved, ready, listed); p != nil {
		return p.model(name).Model, true
	}
	return Model{}, false
}

// mostNear is how many names are offered.
const mostNear = 3

// near gives the IDs of the provider's models whose names are near to name.
func (p *provider) near(name string) []string {
	return nearest(name, slices.Values([]*provider{p}))
}

// nearly gives the IDs of near models: of providers that are ready, else of all.
func (c *Catalog) nearly(name string) []string {
	for _, all := range []bool{false, true} {
		near := nearest(name, func(yield func(*provider) bool) {
			for _, p := range c.providers {
				if (all || p.Ready) && !yield(p) {
					return
				}
			}
		})
		if len(near) > 0 {
			return near
		}
	}
	return nil
}

// nearest gives the IDs of the models whose names are nearest to name: those that
// contain it or are contained in it, and those that are a few letters away. Of a model
// that several providers have, the first's is given.
func nearest(name string, providers iter.Seq[*provider]) []string {
	type candidate struct {
		id, letters     string
		distance, order int
	}
	var found []candidate
	want, order := letters(name), 0
	for p := range providers {
		order++
		for have := range p.models {
			if have == name {
				continue
			}
			got := letters(have)
			if !strings.Contains(want, "/") {
				got = got[strings.LastIndex(got, "/")+1:]
			}
			d := spell.Distance(want, got)
			part := len(want) > 2 && len(got) > 2 && (strings.Contains(got, want) || strings.Contains(want, got))
			if part || d <= len(want)/3 {
				found = append(found, candidate{p.Name + "/" + have, got, d, order})
			}
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.letters, b.letters), cmp.Compare(a.order, b.order), cmp.Compare(a.id, b.id))
	})
	found = slices.CompactFunc(found, func(a, b candidate) bool { return a.letters == b.letters })
	var ids []string
	for _, f := range found[:min(len(found), mostNear)] {
		ids = append(ids, f.id)
	}
	return ids
}

// letters gives a name without what people leave out or get wrong.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '/' {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
