package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"pitwall/agent/blocks"
	"pitwall/agent/model"
	"pitwall/agent/prompt"
	"pitwall/store/event"
	"pitwall/store/patch"
)

// drafting turns one answer into edits as it comes. They are settled when the
// answer is whole, since one that breaks off begins anew.
type drafting struct {
	ed     *Editor
	script string
	files  map[string]string

	text      *blocks.Parser
	calls     map[int]*callDraft // by the answer's tool calls
	hearing   *callDraft         // whose arguments come now; nil: text
	proposals []proposed
	troubles  []prompt.Trouble
	whole     int // edits that were whole
}

// proposed is an edit and the tool call that it came by, nil for text.
type proposed struct {
	Proposal
	call *callDraft
}

// callDraft is a tool call as it comes.
type callDraft struct {
	name   string
	parser *blocks.ToolParser
	words  []string // what became of it
	failed bool
}

func newDrafting(ed *Editor, script string) (*drafting, error) {
	files, err := ed.ws.Files()
	if err != nil {
		return nil, err
	}
	d := &drafting{ed: ed, script: script, files: files}
	d.reset()
	return d, nil
}

func (d *drafting) reset() {
	d.text = blocks.NewParser(d.script, d.files, d)
	d.calls, d.hearing, d.proposals, d.troubles, d.whole = map[int]*callDraft{}, nil, nil, nil, 0
}

func (d *drafting) Hear(p model.Piece) {
	switch p.Kind {
	case model.PieceText:
		d.hearing = nil
		d.text.Write(p.Text)
	case model.PieceToolName:
		d.call(p.Call).name += p.Text
	case model.PieceToolArgs:
		c := d.call(p.Call)
		if c.name != toolEdit {
			return
		}
		d.hearing = c
		if c.parser == nil {
			c.parser = blocks.NewToolParser(d.script, d)
		}
		c.parser.Write(p.Text)
	}
}

func (d *drafting) call(i int) *callDraft {
	if d.calls[i] == nil {
		d.calls[i] = &callDraft{}
	}
	return d.calls[i]
}

// Again drops what was heard.
func (d *drafting) Again(why string) {
	d.ed.Abort(why)
	for _, p := range d.proposals {
		d.ed.Drop(p.Proposal, why)
	}
	d.reset()
}

func (d *drafting) close(cut bool) {
	d.hearing = nil
	d.text.Close(cut)
	for i := range len(d.calls) {
		if c := d.calls[i]; c != nil && c.parser != nil {
			d.hearing = c
			c.parser.Close(cut)
		}
	}
}

// Begin, Reason, Old, New, End, Abort and Prose make it a blocks.Sink.

// Begin opens an edit.
func (d *drafting) Begin(path string) { d.ed.Begin(path) }

// Reason adds to why it is made.
func (d *drafting) Reason(text string) { d.ed.Add(event.PartReason, text) }

// Old adds to what is replaced.
func (d *drafting) Old(text string) { d.ed.Add(event.PartOld, text) }

// New adds to what takes its place.
func (d *drafting) New(text string) { d.ed.Add(event.PartNew, text) }

// End says that the edit is whole.
func (d *drafting) End() {
	d.whole++
	d.proposals = append(d.proposals, proposed{d.ed.End(), d.hearing})
}

// Abort says that it will not be.
func (d *drafting) Abort(why string) {
	d.ed.Abort(why)
	d.trouble(d.hearing, prompt.Trouble{What: why})
}

// Prose is no edit.
func (d *drafting) Prose(string) {}

func (d *drafting) trouble(c *callDraft, t prompt.Trouble) {
	if c != nil {
		c.failed = true
		c.words = append(c.words, strings.TrimSpace(t.What+"\n"+t.Near))
		return
	}
	d.troubles = append(d.troubles, t)
}

// settle applies the edits in their order and gives what is wrong with those that
// could not be, tool calls aside, which get their own answers.
func (d *drafting) settle(ctx context.Context) ([]prompt.Trouble, error) {
	for _, p := range d.proposals {
		err := d.ed.Settle(ctx, p.Proposal)
		var no *Refusal
		switch {
		case errors.As(err, &no):
			d.trouble(p.call, prompt.Trouble{What: fmt.Sprintf("edit of %s: %s", p.Path, no.Why), Near: no.Near})
		case err != nil:
			return nil, err
		case p.call != nil:
			p.call.words = append(p.call.words, "applied to "+p.Path)
		}
	}
	return d.troubles, nil
}

// Tools that a model can call.
const (
	toolEdit = "edit"
	toolView = "view"
)

// maxView is how many lines a model can look at with one call.
const maxView = 400

func (t *talk) tools() []model.Tool {
	if !t.b.Data.Tools {
		return nil
	}
	text := func(about string) map[string]any { return map[string]any{"type": "string", "description": about} }
	number := func(about string) map[string]any {
		return map[string]any{"type": "integer", "description": about}
	}
	object := func(required []string, properties map[string]any) map[string]any {
		return map[string]any{"type": "object", "properties": properties, "required": required}
	}
	return []model.Tool{
		{
			Name: toolEdit, About: "Replaces one passage of a file. The passage must stand in the file exactly once.",
			Schema: object([]string{"path", "reason", "old", "new"}, map[string]any{
				"path": text("the file, as " + t.b.Script), "reason": text("why, in one or two sentences"),
				"old": text("the passage as it stands in the file, whole lines; empty for a new file"), "new": text("what takes its place"),
			}),
		},
		{
			Name: toolView, About: "Shows lines of a file as it stands now, with their numbers.",
			Schema: object([]string{"path"}, map[string]any{
				"path": text("the file"), "from": number("first line, from 1"), "to": number("last line"),
			}),
		},
	}
}

// results answers an answer's tool calls.
func (d *drafting) results(calls []model.ToolCall) []model.Message {
	var out []model.Message
	for i, c := range calls {
		r := &model.ToolResult{ID: c.ID}
		heard := d.calls[i]
		switch {
		case c.Name == toolView:
			r.Text, r.Failed = d.view(c.Args)
		case c.Name != toolEdit:
			r.Text, r.Failed = fmt.Sprintf("there is no tool %q; there are %s and %s", c.Name, toolEdit, toolView), true
		case heard == nil || len(heard.words) == 0:
			r.Text, r.Failed = "the call holds no whole edit: give path, reason, old and new", true
		default:
			r.Text, r.Failed = strings.Join(heard.words, "\n"), heard.failed
		}
		out = append(out, model.Message{Role: "tool", Result: r})
	}
	return out
}

// view shows lines of a file.
func (d *drafting) view(args string) (text string, failed bool) {
	var v struct {
		Path     string
		From, To int
	}
	if err := json.Unmarshal([]byte(args), &v); err != nil {
		return "the arguments are no JSON object with path, from and to: " + err.Error(), true
	}
	content, found, err := d.ed.ws.Read(v.Path)
	if err != nil || !found {
		why := fmt.Sprintf("there is no file %s", v.Path)
		if err != nil {
			why = err.Error()
		}
		return why, true
	}
	lines := patch.Split(content)
	from := max(v.From, 1)
	to := min(len(lines), from+maxView-1)
	if v.To > 0 {
		to = min(to, v.To)
	}
	var out strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&out, "%5d  %s\n", i, strings.TrimRight(lines[i-1], "\r\n"))
	}
	fmt.Fprintf(&out, "(lines %d to %d of %d)", from, to, len(lines))
	return out.String(), false
}
