package agent

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"pitwall/agent/model"
	"pitwall/agent/prompt"
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
	talker     *speaker // the agent's; nil where it is no model
	judgeModel *speaker // compares with the human's change; nil where none does
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
	catalog, err := e.Catalog()
	if err != nil {
		if spec.Agent != LLM && spec.Judge == "" {
			return v, nil // no model is needed
		}
		return v, err
	}
	v.masked = catalog.Mask()
	if spec.Agent != LLM && spec.Judge == "" {
		return v, nil
	}
	if v.prompts, err = prompt.Load(filepath.Join(e.Store.Home(), PromptsDir)); err != nil {
		return v, err
	}
	if spec.Agent == LLM {
		m, err := chooseModel(catalog, spec.Model)
		if err != nil {
			return v, err
		}
		if v.talker, err = newSpeaker(catalog, m, requestSpec{spec.Temperature, spec.Effort}); err != nil {
			return v, err
		}
		if err := checkBudget(spec.Budget, m.Price != nil); err != nil {
			return v, &ChoiceError{err}
		}
	}
	if spec.Judge != "" {
		m, err := catalog.Find(spec.Judge)
		if err != nil {
			return v, &ChoiceError{err}
		}
		if v.judgeModel, err = newSpeaker(catalog, m, requestSpec{}); err != nil {
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
		return m, &ChoiceError{err}
	}
	return m, nil
}

func newSpeaker(catalog *model.Catalog, m model.Model, spec requestSpec) (*speaker, error) {
	client, err := catalog.Client(m)
	if err != nil {
		return nil, err
	}
	return &speaker{model: m, client: client, spec: spec}, nil
}

// checkTalk says which value of what was chosen for a language model cannot be.
func checkTalk(spec store.Spec) error {
	t := spec.Talk
	switch {
	case t.Edits != "" && t.Edits != EditsBlocks && t.Edits != EditsTools:
		return fmt.Errorf("no way %q of giving edits; there is %s and %s", t.Edits, EditsBlocks, EditsTools)
	case t.Reflections < 0 || t.Reflections > 20:
		return fmt.Errorf("%d reflections: choose between 0 and 20", t.Reflections)
	case t.Temperature != nil && !(*t.Temperature >= 0 && *t.Temperature <= 2):
		return fmt.Errorf("a temperature of %g: choose between 0 and 2", *t.Temperature)
	case t.Effort != "" && !slices.Contains(Efforts(), t.Effort):
		return fmt.Errorf("no effort %q; there is %v", t.Effort, Efforts())
	case spec.Agent != LLM && (t.Model != "" || t.Ideas || t.Summaries):
		return fmt.Errorf("agent %s speaks to no model: choose agent %s, or leave the model out", spec.Agent, LLM)
	}
	return checkBudget(spec.Budget, true)
}

// bind gives the attempt's agent its voice, with the prompts that the attempt was
// begun with.
func (a *attempt) bind(st *fold.State) error {
	for _, s := range []*speaker{a.talker, a.judgeModel} {
		if s != nil {
			s.a = a
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
	if l, ok := a.agent.(*llm); ok {
		l.speaker, l.prompts = a.talker, a.prompts
	}
	return nil
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
	if spec.Agent != LLM {
		return Preview{}, &ChoiceError{fmt.Errorf("agent %s is sent no prompt; choose agent %s", spec.Agent, LLM)}
	}
	task, track, err := e.findTask(spec)
	if err != nil {
		return Preview{}, err
	}
	if err := e.choices(spec, task); err != nil {
		return Preview{}, &ChoiceError{err}
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
	ghost := referenceGhost(task.From, false)
	d.RecordLoss = lastLoss(&ghost)
	first, err := openingOf(set, d, (&speaker{model: m}).window())
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Model: m.ID(), Tokens: first.tokens, Context: m.Context, Hash: set.Hash(), Left: first.left}
	mask := catalog.Mask()
	for _, msg := range first.messages {
		p.Messages = append(p.Messages, event.Message{Role: msg.Role, Text: mask.Text(msg.Text)})
	}
	return p, nil
}
