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

// llm is a language model as the agent.
type llm struct {
	speaker *speaker
	prompts *prompt.Set
	rounds  int
}

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
	first, err := openingOf(t.prompts, t.b.Data, t.speaker.window())
	if err != nil {
		return err
	}
	t.messages = first.messages
	t.left = first.left
	return nil
}

// opening is the first request about a node.
type opening struct {
	messages []model.Message
	tokens   int
	left     []string
}

// openingOf builds it within a number of tokens; 0: no bound.
func openingOf(set *prompt.Set, d prompt.Data, window int) (opening, error) {
	system, err := set.Build("system", d, 0)
	if err != nil {
		return opening{}, err
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
		return opening{}, err
	}
	return opening{
		messages: []model.Message{{Role: "system", Text: system.Text}, {Role: "user", Text: user.Text}},
		tokens:   system.Tokens + user.Tokens, left: user.Left,
	}, nil
}

// window is how many tokens a prompt may take, 0 where that is not known: the
// model's context, less its answer and a tenth for what the estimate misses.
func (s *speaker) window() int {
	if s.model.Context == 0 {
		return 0
	}
	return max(s.model.Context*9/10-max(s.room(), 4096), 1)
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
	answer, err := t.speaker.ask(ctx, question{
		node: t.b.Node, purpose: purpose, round: t.round, text: t.messages, told: t.told, tools: t.tools(), left: t.left,
	}, d)
	if err != nil {
		d.again(err.Error())
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

// broken says which rules the node breaks as it stands.
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
	if w := t.speaker.window(); w > 0 && used > w {
		t.mended = t.rounds
		return t.giveUp(troubles)
	}
	return nil
}

// giveUp leaves the node as it stands.
func (t *talk) giveUp(troubles []prompt.Trouble) error {
	return refuse("the model did not mend its answer: %s", troubles[0].What)
}

// tooLong lets a node end where it stands when its conversation has outgrown the
// model's context; where it never fitted, that is the attempt's end.
func (t *talk) tooLong(err error) error {
	var fault *model.Error
	if t.round > 0 && errors.As(err, &fault) && fault.Kind == model.KindTooLong {
		return refuse("the conversation has outgrown the model's context")
	}
	if errors.As(err, &fault) && fault.Kind == model.KindEndless {
		return refuse("the model's answer did not end")
	}
	return err
}
