package engine

import (
	"context"
	"math"
	"strings"
	"unicode/utf8"

	"pitwall/agent"
	"pitwall/agent/prompt"
	"pitwall/agent/scaffold"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/store/patch"
)

// How much of a run's log a prompt can hold.
const (
	tailLines = 60
	tailBytes = 6000
)

// data is a brief as prompts need it.
func (a *attempt) data(ctx context.Context, st *fold.State, b agent.Brief) (prompt.Data, error) {
	d := a.setting()
	d.Files, d.RecordSeconds, d.RecordLoss = b.Files, b.RecordSeconds, b.RecordLoss
	d.Hint, d.Idea, d.Notes, d.Node = b.Hint, b.Idea, b.Notes, b.Node
	best := scaffold.Best(st.Nodes, 0)
	for _, o := range b.Past {
		past, err := a.past(ctx, st, o)
		if err != nil {
			return d, err
		}
		past.Best = o.Node == best
		d.History = append(d.History, past)
		if b.Debug && o.Node == b.Parent {
			d.Parent = &past
		}
	}
	return d, nil
}

// setting is what every prompt of an attempt is told.
func (a *attempt) setting() prompt.Data {
	d := prompt.Data{
		Task: a.task.ID(), FromTitle: a.task.From.Title, Track: a.track.ID, Practice: a.track.Practice,
		Script: a.task.From.ScriptName(), Target: a.track.Target, Unit: a.track.Unit,
		RecordSeconds: a.task.From.Seconds, RecordLoss: math.NaN(), Steps: a.task.From.Steps,
		HintLevel: a.spec.Hint, Nodes: a.spec.Nodes, Tools: a.spec.Edits == agent.EditsTools, Rounds: a.spec.Reflections,
	}
	for _, r := range a.track.Rules {
		d.Rules = append(d.Rules, r.Text)
	}
	for _, doc := range a.spec.Documents {
		d.Documents = append(d.Documents, prompt.Document{Title: doc.Title, Text: doc.Text})
	}
	return d
}

// past is an earlier node as prompts tell of it.
func (a *attempt) past(ctx context.Context, st *fold.State, o agent.Outcome) (prompt.Past, error) {
	n := st.Node(o.Node)
	p := prompt.Past{
		Node: o.Node, Parent: o.Parent, Verdict: o.Verdict, Why: o.Why, ValLoss: o.ValLoss, TrainSeconds: o.TrainSeconds,
		Diff: patch.Files(st.Files(n.Parent), st.Files(n.ID)), Summary: summaryOf(st, n.ID),
	}
	var reasons []string
	for _, e := range o.Edits {
		if e.Reason != "" {
			reasons = append(reasons, e.Reason)
		}
	}
	p.Reason = strings.Join(reasons, "\n")
	if o.Verdict != event.VerdictFailed {
		return p, nil
	}
	var err error
	p.ErrorTail, err = a.tail(ctx, st, n.ID, true)
	return p, err
}

// tail gives the last lines of a node's own run; of its standard error alone where
// there are any and errors is true.
func (a *attempt) tail(ctx context.Context, st *fold.State, node int, errors bool) (string, error) {
	var run *fold.Run
	for _, id := range st.Node(node).Runs {
		if r := st.Run(id); r.Purpose == event.PurposeNode {
			run = r
		}
	}
	if run == nil || run.Lines == 0 {
		return "", nil
	}
	if err := a.w.Flush(ctx); err != nil {
		return "", err
	}
	lines, err := a.Store.Lines(ctx, a.id, max(run.FirstLine, run.LastLine-20*tailLines), run.LastLine)
	if err != nil {
		return "", err
	}
	var all, wrong []string
	for _, l := range lines {
		if l.Run != run.Run {
			continue
		}
		text := strings.ToValidUTF8(string(l.Data[:min(len(l.Data), 2000)]), "\uFFFD")
		all = append(all, text)
		if l.Stderr {
			wrong = append(wrong, text)
		}
	}
	if errors && len(wrong) > 0 {
		all = wrong
	}
	text := a.mask(strings.Join(all[max(len(all)-tailLines, 0):], "\n"))
	if over := len(text) - tailBytes; over > 0 {
		for over < len(text) && !utf8.RuneStart(text[over]) {
			over++
		}
		text = "…" + text[over:]
	}
	return text, nil
}

// summaryOf gives what a model said of a node's run, "" if none did.
func summaryOf(st *fold.State, node int) string {
	text := ""
	for _, c := range st.CallsOf(node) {
		if c.Purpose == event.CallSummarise && c.Ended != nil && !c.Failed() {
			text = c.Text
		}
	}
	return strings.TrimSpace(text)
}
