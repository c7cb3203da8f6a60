package campaign

import (
	"errors"
	"os"
	"path/filepath"
	"unicode/utf8"

	"pitwall/store"
	"pitwall/store/event"
)

// area tells settings apart by whom they concern.
type area int

const (
	general     area = iota
	scaffolding      // set for all, it is for language models: the others search by themselves
	searching        // figures of a scaffold
	talking          // language models
)

// settings is what a table sets of an attempt, in order.
type settings []setting

type setting struct {
	key string
	of  area
	set func(*store.PlanAgent)
}

// keys gives the keys of what is of an area.
func (s settings) keys(of area) (keys []string) {
	for _, one := range s {
		if one.of == of {
			keys = append(keys, one.key)
		}
	}
	return keys
}

// apply sets what is of an area.
func (s settings) apply(a *store.PlanAgent, of area) {
	for _, one := range s {
		if one.of == of {
			one.set(a)
		}
	}
}

// note adds a setting where the table has the key.
func note[T any](s *settings, t *table, of area, key string, k kind[T], example string, set func(*store.PlanAgent, T)) {
	if v, ok := get(t, key, k, example); ok {
		*s = append(*s, setting{key, of, func(a *store.PlanAgent) { set(a, v) }})
	}
}

// settings reads what can be set for all agents and for each. Documents lie
// relative to dir.
func (t *table) settings(dir string) settings {
	var s settings
	note(&s, t, scaffolding, "scaffold", aText, `scaffold = "tree"`, func(a *store.PlanAgent, v string) { a.Spec.Scaffold = v })
	note(&s, t, general, "runner", aText, `runner = "local"`, func(a *store.PlanAgent, v string) { a.Spec.Runner = v })
	note(&s, t, general, "nodes", aCount, "nodes = 4", func(a *store.PlanAgent, v int) { a.Spec.Nodes = v })
	note(&s, t, general, "calibrate", aCount, "calibrate = 3", func(a *store.PlanAgent, v int) { a.Calibrate = &v })
	note(&s, t, general, "confirm", aCount, "confirm = 3", func(a *store.PlanAgent, v int) { a.Confirm = &v })
	note(&s, t, general, "parallel", aCount, "parallel = 2", func(a *store.PlanAgent, v int) { a.Spec.Parallel = v })
	note(&s, t, general, "hopeless", aNumber, "hopeless = 1.5", func(a *store.PlanAgent, v float64) { a.Spec.Hopeless = v })
	note(&s, t, general, "judge", aText, `judge = "openai/gpt-5"`, func(a *store.PlanAgent, v string) { a.Spec.Judge = v })
	note(&s, t, talking, "model", aText, `model = "openai/gpt-5"`, func(a *store.PlanAgent, v string) { a.Spec.Model = v })
	note(&s, t, talking, "temperature", aNumber, "temperature = 0.7", func(a *store.PlanAgent, v float64) { a.Spec.Temperature = &v })
	note(&s, t, talking, "effort", aText, `effort = "high"`, func(a *store.PlanAgent, v string) { a.Spec.Effort = v })
	note(&s, t, talking, "edits", aText, `edits = "tools"`, func(a *store.PlanAgent, v string) { a.Spec.Edits = v })
	note(&s, t, talking, "reflections", aCount, "reflections = 5", func(a *store.PlanAgent, v int) { a.Spec.Reflections = v })
	note(&s, t, talking, "ideas", aTruth, "ideas = true", func(a *store.PlanAgent, v bool) { a.Spec.Ideas = v })
	note(&s, t, talking, "summaries", aTruth, "summaries = true", func(a *store.PlanAgent, v bool) { a.Spec.Summaries = v })
	if names, ok := get(t, "documents", texts, `documents = ["papers/muon.md"]`); ok {
		docs := t.documents(dir, names)
		s = append(s, setting{"documents", talking, func(a *store.PlanAgent) { a.Spec.Documents = docs }})
	}
	if b := t.sub("budget"); b != nil {
		b.budget(&s)
	}
	if f := t.sub("search"); f != nil {
		f.search(&s)
	}
	return s
}

// budget reads the bounds of an attempt, each a setting of its own: an agent's
// table bounds no more than what it names.
func (t *table) budget(s *settings) {
	tokens, cost, wall := t.bounds()
	run, _ := get(t, "run", aSpan, `run = "10m", or leave it out for no bound`)
	b := event.Budget{Tokens: tokens, Cost: cost, WallMS: wall, RunMS: run.Milliseconds()}
	t.close()
	*s = append(*s, setting{"budget", general, func(a *store.PlanAgent) {
		into := &a.Spec.Budget
		if b.Tokens != 0 {
			into.Tokens = b.Tokens
		}
		if b.Cost != 0 {
			into.Cost = b.Cost
		}
		if b.WallMS != 0 {
			into.WallMS = b.WallMS
		}
		if b.RunMS != 0 {
			into.RunMS = b.RunMS
		}
	}})
}

// search reads the figures of a scaffold.
func (t *table) search(s *settings) {
	note(s, t, searching, "initial", aCount, "initial = 3", func(a *store.PlanAgent, v int) { a.Spec.Search.Initial = v })
	note(s, t, searching, "branch", aCount, "branch = 3", func(a *store.PlanAgent, v int) { a.Spec.Search.Branch = v })
	note(s, t, searching, "debug", aNumber, "debug = 0.5", func(a *store.PlanAgent, v float64) { a.Spec.Search.Debug = v })
	note(s, t, searching, "debug_depth", aCount, "debug_depth = 5", func(a *store.PlanAgent, v int) { a.Spec.Search.DebugDepth = v })
	note(s, t, searching, "released", aTruth, "released = true", func(a *store.PlanAgent, v bool) { a.Spec.Search.Released = v })
	t.close()
}

// documents reads the texts that agents are given.
func (t *table) documents(dir string, names []string) []store.Document {
	docs := []store.Document{}
	for _, name := range names {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		text, err := os.ReadFile(path)
		var pe *os.PathError
		switch {
		case errors.As(err, &pe):
			t.mistake(under(t.path, "documents"), "document %q cannot be read: %v; name it relative to the campaign file", name, pe.Err)
		case err != nil:
			t.mistake(under(t.path, "documents"), "document %q cannot be read: %v", name, err)
		case len(text) > maxDocument || !utf8.Valid(text):
			t.mistake(under(t.path, "documents"), "document %q is no text of at most %d kB: make it shorter plain text", name, maxDocument>>10)
		default:
			docs = append(docs, store.Document{Title: filepath.Base(name), Text: string(text)})
		}
	}
	return docs
}
