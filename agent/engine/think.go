package engine

import (
	"context"
	"errors"
	"strings"

	"pitwall/agent"
	"pitwall/agent/model"
	"pitwall/agent/prompt"
	"pitwall/agent/scaffold"
	"pitwall/agent/similarity"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/store/patch"
)

// quiet hears an answer that becomes no edit: it is shown, and read when whole.
type quiet struct{}

func (quiet) Hear(model.Piece) {}
func (quiet) Again(string)     {}

// consult puts one question to a model that is about no edit.
func (a *attempt) consult(ctx context.Context, s *agent.Speaker, name, purpose string, node int, d prompt.Data) (string, error) {
	system, err := a.prompts.Build("system", d, 0)
	if err != nil {
		return "", err
	}
	window := s.Window()
	if window > 0 {
		window = max(window-system.Tokens, 1)
	}
	p, err := a.prompts.Build(name, d, window)
	if err != nil {
		return "", err
	}
	defer a.aside(event.Phase{Phase: event.PhaseThinking, Node: node, Detail: purpose})()
	answer, err := s.Ask(ctx, agent.Question{
		Node: node, Purpose: purpose, Left: p.Left,
		Messages: []model.Message{{Role: "system", Text: system.Text}, {Role: "user", Text: p.Text}},
	}, quiet{})
	return answer.Text, err
}

// lenient says whether an attempt can go on without the answer to a question that
// is about no edit: whatever is wrong with it, unless the attempt or its search ends.
func (a *attempt) lenient(ctx context.Context, what string, err error) error {
	var out *spentError
	if err == nil || context.Cause(ctx) != nil || errors.As(err, &out) {
		return err
	}
	a.w.Emit(event.Notice{Level: "warn", Text: a.mask(what + ": " + err.Error())})
	return nil
}

// idea gives the hypothesis for a node out of those that the model proposes for
// the nodes chosen together, "" where none are asked for.
func (a *attempt) idea(ctx context.Context, st *fold.State, n event.Node) (string, error) {
	if !a.spec.Ideas || a.talker == nil {
		return "", nil
	}
	for i := len(st.Calls) - 1; i >= 0; i-- {
		if c := st.Calls[i]; c.Purpose == event.CallIdeate && c.Node == n.Batch && !c.Failed() {
			return ideaOf(st, n, c.Text), nil
		}
	}
	count := a.searchFigures.Branch
	if n.Batch == scaffold.Root(st.Nodes)+1 {
		count = a.searchFigures.Initial
	}
	if a.spec.Scaffold == scaffold.Flat {
		count = a.spec.Nodes
	}
	first := fold.Node{ID: n.Batch, Parent: n.Parent, Batch: n.Batch, Origin: n.Origin, State: fold.NodeNew}
	b, err := a.brief(ctx, st, first, st.Files(n.Parent))
	if err != nil {
		return "", err
	}
	d := b.Data
	d.Ideas = count
	for _, past := range st.Nodes {
		if past.Idea != "" && past.ID < n.Batch {
			d.Tried = append(d.Tried, past.Idea)
		}
	}
	text, err := a.consult(ctx, a.talker, "ideate", event.CallIdeate, n.Batch, d)
	if err != nil {
		return "", a.lenient(ctx, "no ideas came", err)
	}
	return ideaOf(st, n, text), nil
}

// maxIdeas is how many hypotheses are read out of an answer.
const maxIdeas = 100

// ideaOf gives the hypothesis for a node out of the answer to its batch.
func ideaOf(st *fold.State, n event.Node, answer string) string {
	ideas := prompt.ParseIdeas(answer, maxIdeas)
	if k := scaffold.Taken(st.Nodes, n.Batch); k < len(ideas) {
		return ideas[k]
	}
	return ""
}

// reflectOn looks back on a node that has its verdict: how much of the human's
// change it has, and what a model says happened.
func (a *attempt) reflectOn(ctx context.Context, node int) error {
	st := a.w.State()
	n := st.Node(node)
	if len(n.Edits) > 0 && n.Similar == nil {
		a.w.Emit(a.similar(st, node))
	}
	if !a.spec.Summaries || a.talker == nil || summaryOf(st, node) != "" || len(n.Runs) == 0 {
		return nil
	}
	d := a.setting()
	var err error
	d.Diff = patch.Files(st.Files(n.Parent), st.Files(node))
	if d.Log, err = a.tail(ctx, st, node, false); err != nil {
		return err
	}
	d.Node = node
	_, err = a.consult(ctx, a.talker, "summarise", event.CallSummarise, node, d)
	return a.lenient(ctx, "no summary came", err)
}

// similar compares a node with the human's change, line by line.
func (a *attempt) similar(st *fold.State, node int) event.Similarity {
	script := a.task.From.ScriptName()
	s := similarity.Lines(st.Files(0)[script], a.task.Answer(), st.Files(node)[script])
	return event.Similarity{
		Node: node, Recall: event.Float(s.Recall), Precision: event.Float(s.Precision), F1: event.Float(s.F1), Score: event.NaN(),
	}
}

// judgeBest has a model compare the best node with the human's change, where one
// was chosen for that. It is told the answer; the agent never is.
func (a *attempt) judgeBest(ctx context.Context) error {
	st := a.w.State()
	best := st.Best()
	if a.judgeModel == nil || best < 1 {
		return nil
	}
	s := a.similar(st, best)
	if old := st.Node(best).Similar; old != nil && old.Judge != "" {
		return nil
	}
	script := a.task.From.ScriptName()
	record := map[string]string{script: st.Files(0)[script]}
	d := a.setting()
	d.Node = best
	d.HumanDiff = patch.Files(record, a.task.AnswerFiles())
	d.Diff = patch.Files(record, map[string]string{script: st.Files(best)[script]})
	text, err := a.consult(ctx, a.judgeModel, "judge", event.CallJudge, best, d)
	if err != nil {
		var out *spentError
		if errors.As(err, &out) {
			return nil // the search has ended already
		}
		return a.lenient(ctx, "no comparison came", err)
	}
	j, err := prompt.ParseJudgement(text)
	if err != nil {
		return a.lenient(ctx, "the comparison cannot be read", err)
	}
	s.Judge, s.Score = a.judgeModel.Model().ID(), event.Float(j.Score)
	for _, c := range j.Changes {
		s.Changes = append(s.Changes, event.Trait{What: strings.TrimSpace(c.What), Reproduced: c.Reproduced})
	}
	a.w.Emit(s)
	return a.w.Flush(ctx)
}
