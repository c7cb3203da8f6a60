package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"pitwall/agent"
	"pitwall/agent/model"
	"pitwall/agent/prompt"
	"pitwall/agent/rig"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/taskdata"
)

// ModelsFile is the file under the store's home in which a person names providers,
// models and prices of their own.
const ModelsFile = "models.toml"

// PromptsDir is the directory under the store's home for prompt templates of one's own.
const PromptsDir = "prompts"

// Efforts lists how hard a model can be told to reason.
func Efforts() []string { return []string{"minimal", "low", "medium", "high"} }

// voices are the models that an attempt speaks with.
type voices struct {
	talker     *agent.Speaker // the agent's; nil where it is no model
	judgeModel *agent.Speaker // compares with the human's change; nil where none does
	prompts    *prompt.Set
	masked     *model.Mask // nil where no keys are known
}

// Catalog gives the models that can be chosen here.
func (e *Engine) Catalog() (*model.Catalog, error) {
	return model.Load(filepath.Join(e.Store.Home(), ModelsFile), e.Getenv)
}

// listen finds the models that a spec names, with their keys.
func (e *Engine) listen(spec store.Spec) (voices, error) {
	var v voices
	talks := agent.KindOf(spec.Agent).Talks
	catalog, err := e.Catalog()
	if err != nil {
		if !talks && spec.Judge == "" {
			return v, nil // no model is needed
		}
		return v, err
	}
	v.masked = catalog.Mask()
	if !talks && spec.Judge == "" {
		return v, nil
	}
	if v.prompts, err = prompt.Load(filepath.Join(e.Store.Home(), PromptsDir)); err != nil {
		return v, err
	}
	if talks {
		m, err := chooseModel(catalog, spec.Model)
		if err != nil {
			return v, err
		}
		if v.talker, err = agent.NewSpeaker(catalog, m, agent.Manner{Temperature: spec.Temperature, Effort: spec.Effort}); err != nil {
			return v, err
		}
		if err := checkBudget(spec.Budget, m.Price != nil); err != nil {
			return v, &agent.ChoiceError{Err: err}
		}
	}
	if spec.Judge != "" {
		m, err := catalog.Find(spec.Judge)
		if err != nil {
			return v, &agent.ChoiceError{Err: err}
		}
		if v.judgeModel, err = agent.NewSpeaker(catalog, m, agent.Manner{}); err != nil {
			return v, err
		}
	}
	return v, nil
}

// Model finds a model by its name, or the one that is used where none is named.
func (e *Engine) Model(name string) (model.Model, error) {
	catalog, err := e.Catalog()
	if err != nil {
		return model.Model{}, err
	}
	return chooseModel(catalog, name)
}

// chooseModel finds a model by its name, or the one that is used where none is named.
func chooseModel(catalog *model.Catalog, name string) (model.Model, error) {
	if name == "" {
		m, ok := catalog.Default()
		if !ok {
			return m, errors.New("no model is named, and no provider has both a key and a default model: name one with --model, or set a key, as OPENAI_API_KEY or ANTHROPIC_API_KEY; see pitwall models")
		}
		return m, nil
	}
	m, err := catalog.Find(name)
	if err != nil {
		return m, &agent.ChoiceError{Err: err}
	}
	return m, nil
}

// checkTalk says which value of what was chosen for a language model cannot be.
func checkTalk(spec store.Spec) error {
	t := spec.Talk
	switch {
	case t.Edits != "" && t.Edits != agent.EditsBlocks && t.Edits != agent.EditsTools:
		return fmt.Errorf("no way %q of giving edits; there is %s and %s", t.Edits, agent.EditsBlocks, agent.EditsTools)
	case t.Reflections < 0 || t.Reflections > 20:
		return fmt.Errorf("%d reflections: choose between 0 and 20", t.Reflections)
	case t.Temperature != nil && !(*t.Temperature >= 0 && *t.Temperature <= 2):
		return fmt.Errorf("a temperature of %g: choose between 0 and 2", *t.Temperature)
	case t.Effort != "" && !slices.Contains(Efforts(), t.Effort):
		return fmt.Errorf("no effort %q; there is %v", t.Effort, Efforts())
	case !agent.KindOf(spec.Agent).Talks && (t.Model != "" || t.Ideas || t.Summaries):
		return fmt.Errorf("agent %s speaks to no model: choose agent %s, or leave the model out", spec.Agent, agent.LLM)
	}
	return checkBudget(spec.Budget, true)
}

// bind gives the attempt's agent its voice, with the prompts that the attempt was
// begun with.
func (a *attempt) bind(st *fold.State) error {
	for _, s := range []*agent.Speaker{a.talker, a.judgeModel} {
		if s != nil {
			s.On(stage{a})
		}
	}
	a.calls.Store(int64(len(st.Calls) + len(st.Speaking)))
	if a.prompts == nil {
		return nil
	}
	if n := len(st.Prompts); n > 0 {
		texts := map[string]string{}
		for _, t := range st.Prompts[n-1].Texts {
			texts[t.Name] = t.Text
		}
		set, err := prompt.FromTexts(texts)
		if err != nil {
			return fmt.Errorf("the prompts that the attempt was begun with: %w", err)
		}
		a.prompts = set
	} else {
		t := event.Templates{Hash: a.prompts.Hash()}
		for _, p := range a.prompts.Templates() {
			t.Texts = append(t.Texts, event.Template{Name: p.Name, Source: p.Source, Hash: p.Hash, Text: p.Text})
		}
		a.w.Emit(t)
	}
	if t, ok := a.agent.(agent.Talker); ok {
		t.Voice(a.talker, a.prompts)
	}
	return nil
}

// stage is an attempt as those see it who speak with models on its behalf.
type stage struct{ a *attempt }

func (s stage) Emit(events ...event.Body) { s.a.w.Emit(events...) }
func (s stage) State() *fold.State        { return s.a.w.State() }
func (s stage) NextCall() int             { return int(s.a.calls.Add(1)) }
func (s stage) Mask(text string) string   { return s.a.mask(text) }

func (s stage) Ready(ctx context.Context) error {
	if err := s.a.rest(ctx, false); err != nil {
		return err
	}
	return s.a.spent()
}

func (s stage) Wait(ctx context.Context, d time.Duration) error { return s.a.wait(ctx, d) }
func (s stage) Patience() time.Duration                         { return cmp.Or(s.a.Patience, agent.DefaultPatience) }

// wait waits for d, or as the engine was told to.
func (e *Engine) wait(ctx context.Context, d time.Duration) error {
	if e.Wait != nil {
		return e.Wait(ctx, d)
	}
	return agent.Pause(ctx, d)
}

// mask hides what is, or looks like, a key.
func (a *attempt) mask(text string) string {
	if a.masked == nil {
		return text
	}
	return a.masked.Text(text)
}

// Preview is the first request of an attempt as it would be sent.
type Preview struct {
	Model    string
	Messages []event.Message
	Tokens   int // estimated
	Context  int // tokens that the model takes in, 0 if unknown
	Hash     string
	Left     []string // what did not fit, in words
}

// Preview gives the first prompt of an attempt of spec. Nothing is sent.
func (e *Engine) Preview(spec store.Spec) (Preview, error) {
	if !agent.KindOf(spec.Agent).Talks {
		return Preview{}, &agent.ChoiceError{Err: fmt.Errorf("agent %s is sent no prompt; choose agent %s", spec.Agent, agent.LLM)}
	}
	task, track, err := e.findTask(spec)
	if err != nil {
		return Preview{}, err
	}
	if err := e.choices(spec, task); err != nil {
		return Preview{}, &agent.ChoiceError{Err: err}
	}
	catalog, err := e.Catalog()
	if err != nil {
		return Preview{}, err
	}
	m, err := chooseModel(catalog, spec.Model)
	if err != nil {
		return Preview{}, err
	}
	set, err := prompt.Load(filepath.Join(e.Store.Home(), PromptsDir))
	if err != nil {
		return Preview{}, err
	}
	hint, err := task.HintText(taskdata.Hint(spec.Hint))
	if err != nil {
		return Preview{}, err
	}
	a := &attempt{Engine: e, spec: spec, means: means{task: task, track: track}}
	d := a.setting()
	d.Hint, d.Node = hint, 1
	d.Files = task.From.Files()
	ghost := rig.ReferenceGhost(task.From, false)
	d.RecordLoss = lastLoss(&ghost)
	first, err := agent.OpeningOf(set, d, agent.WindowOf(m))
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Model: m.ID(), Tokens: first.Tokens, Context: m.Context, Hash: set.Hash(), Left: first.Left}
	mask := catalog.Mask()
	for _, msg := range first.Messages {
		p.Messages = append(p.Messages, event.Message{Role: msg.Role, Text: mask.Text(msg.Text)})
	}
	return p, nil
}
