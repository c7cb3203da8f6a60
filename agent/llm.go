package agent

import (
	"context"
	"errors"

	"pitwall/agent/blocks"
	"pitwall/agent/model"
	"pitwall/agent/prompt"
	"pitwall/store/event"
)

// Ways in which a language model gives its edits.
const (
	EditsBlocks = "blocks" // search/replace blocks in its text
	EditsTools  = "tools"  // calls of the tools edit and view
)

// DefaultReflections is how often a model may mend its answer for a node, as in
// arXiv 2506.22419.
const DefaultReflections = 5

// maxTurns bounds the calls for a node whose model uses tools.
const maxTurns = 30

// Talker is an agent that speaks with a language model. It is given its voice when
// its attempt opens.
type Talker interface {
	Agent
	// Voice gives it the model that it speaks with, and the templates of its prompts.
	Voice(s *Speaker, prompts *prompt.Set)
}

// NewLLM makes the agent that is a language model, which may mend its answer for a
// node rounds times. It has no voice yet.
func NewLLM(rounds int) Talker { return &llm{rounds: rounds} }

// llm is a language model as the agent.
type llm struct {
	speaker *Speaker
	prompts *prompt.Set
	rounds  int
}

// Voice makes it a Talker.
func (l *llm) Voice(s *Speaker, prompts *prompt.Set) { l.speaker, l.prompts = s, prompts }

func (*llm) RunsUnchanged() bool { return false }
func (*llm) Repeats() bool       { return false }
func (*llm) Independent() bool   { return true }
func (*llm) Reads() bool         { return true }

// talk is the conversation about one node.
type talk struct {
	*llm
	b        Brief
	ed       *Editor
	messages []model.Message
	told     int
	left     []string
	round    int
	mended   int // times that the model was told of troubles
}

// Propose has the model write the node, and tells it what could not be applied or
// breaks a rule, up to its number of reflections.
func (l *llm) Propose(ctx context.Context, b Brief, ed *Editor) error {
	ed.tolerant = true
	t := &talk{llm: l, b: b, ed: ed}
	if err := t.open(); err != nil {
		return err
	}
	for {
		troubles, more, err := t.turn(ctx)
		switch {
		case err != nil:
			return err
		case more:
			continue
		case len(troubles) == 0:
			return nil
		case t.mended >= l.rounds:
			return t.giveUp(troubles)
		}
		if err := t.reflect(troubles); err != nil {
			return err
		}
	}
}

// open makes the first messages.
func (t *talk) open() error {
	first, err := OpeningOf(t.prompts, t.b.Data, t.speaker.Window())
	if err != nil {
		return err
	}
	t.messages = first.Messages
	t.left = first.Left
	return nil
}

// Opening is the first request about a node.
type Opening struct {
	Messages []model.Message
	Tokens   int      // estimated
	Left     []string // what did not fit, in words
}

// OpeningOf builds it within a number of tokens; 0: no bound.
func OpeningOf(set *prompt.Set, d prompt.Data, window int) (Opening, error) {
	system, err := set.Build("system", d, 0)
	if err != nil {
		return Opening{}, err
	}
	if window > 0 {
		window = max(window-system.Tokens, 1)
	}
	name := "improve"
	if d.Parent != nil {
		name = "debug"
	}
	user, err := set.Build(name, d, window)
	if err != nil {
		return Opening{}, err
	}
	return Opening{
		Messages: []model.Message{{Role: "system", Text: system.Text}, {Role: "user", Text: user.Text}},
		Tokens:   system.Tokens + user.Tokens, Left: user.Left,
	}, nil
}

// turn asks once and settles the edits that came. more says that the model waits
// for what its tools give.
func (t *talk) turn(ctx context.Context) (troubles []prompt.Trouble, more bool, err error) {
	purpose := event.CallEdit
	if t.mended > 0 {
		purpose = event.CallReflect
	}
	d, err := newDrafting(t.ed, t.b.Script)
	if err != nil {
		return nil, false, err
	}
	answer, err := t.speaker.Ask(ctx, Question{
		Node: t.b.Node, Purpose: purpose, Round: t.round, Messages: t.messages, Told: t.told, Tools: t.tools(), Left: t.left,
	}, d)
	if err != nil {
		d.Again(err.Error())
		return nil, false, t.tooLong(err)
	}
	t.round++
	d.close(answer.Stop == model.StopLength)
	if troubles, err = d.settle(ctx); err != nil {
		return nil, false, err
	}
	t.told = len(t.messages)
	t.messages = append(t.messages, model.Message{Role: "assistant", Text: answer.Text, Calls: answer.Calls})
	if results := d.results(answer.Calls); len(results) > 0 {
		t.messages = append(t.messages, results...)
		if t.round < maxTurns {
			return nil, true, nil
		}
	}
	if len(troubles) > 0 {
		return troubles, false, nil
	}
	if d.whole == 0 && t.ed.stood == 0 {
		_, words := blocks.NoEdits(answer.Text)
		return []prompt.Trouble{{What: words}}, false, nil
	}
	return t.broken(ctx)
}

// Broken says which rules the node breaks as it stands.
func (t *talk) broken(ctx context.Context) (troubles []prompt.Trouble, more bool, err error) {
	files, err := t.ed.ws.Files()
	if err != nil {
		return nil, false, err
	}
	violations, err := t.b.Try(ctx, files)
	for _, v := range violations {
		troubles = append(troubles, prompt.Trouble{What: v.String()})
	}
	return troubles, false, err
}

// reflect tells the model what is wrong with its last answer.
func (t *talk) reflect(troubles []prompt.Trouble) error {
	t.mended++
	d := t.b.Data
	d.Round, d.Rounds, d.Troubles = t.mended, t.rounds, troubles
	p, err := t.prompts.Build("reflect", d, 0)
	if err != nil {
		return err
	}
	t.messages = append(t.messages, model.Message{Role: "user", Text: p.Text})
	used := 0
	for _, m := range t.messages {
		used += prompt.Estimate(m.Text)
	}
	if w := t.speaker.Window(); w > 0 && used > w {
		t.mended = t.rounds
		return t.giveUp(troubles)
	}
	return nil
}

// giveUp leaves the node as it stands.
func (t *talk) giveUp(troubles []prompt.Trouble) error {
	return Refuse("the model did not mend its answer: %s", troubles[0].What)
}

// tooLong lets a node end where it stands when its conversation has outgrown the
// model's context; where it never fitted, that is the attempt's end.
func (t *talk) tooLong(err error) error {
	var fault *model.Error
	if t.round > 0 && errors.As(err, &fault) && fault.Kind == model.KindTooLong {
		return Refuse("the conversation has outgrown the model's context")
	}
	if errors.As(err, &fault) && fault.Kind == model.KindEndless {
		return Refuse("the model's answer did not end")
	}
	return err
}
