package agent

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"pitwall/agent/blocks"
	"pitwall/store/event"
)

// Editor takes an agent's edits as they are written, shows every piece to the
// attempt's watchers and applies the whole to the node's directory.
type Editor struct {
	node  int
	edit  int
	ws    *Workspace
	emit  func(...event.Body)
	pace  time.Duration // between pieces of text that was ready all at once
	open  *draft
	stood int // edits that were applied

	// tolerant lets a passage match that differs in blanks only, and a text without
	// a passage take the place of a whole file.
	tolerant bool
	// gate asks a person before an edit is applied; nil where nobody is asked.
	gate Gate
	all  bool // a person said yes to all edits of the node
}

// draft is the edit that is being written; its parts come in pieces.
type draft struct {
	edit             int
	path             string
	reason, old, new strings.Builder
}

// Gate asks a person before an edit is applied.
type Gate func(ctx context.Context, p Proposal) (event.Decided, error)

// NewEditor makes the editor of a node, which tells what is written by emit and
// applies it in ws (nil where nothing is applied). Text that is ready all at once is
// shown in pieces, a pace apart.
func NewEditor(node int, ws *Workspace, emit func(...event.Body), pace time.Duration) *Editor {
	return &Editor{node: node, ws: ws, emit: emit, pace: pace}
}

// AskBefore has a person asked before each edit is applied.
func (ed *Editor) AskBefore(gate Gate) { ed.gate = gate }

// Stood is how many edits were applied so far.
func (ed *Editor) Stood() int { return ed.stood }

// Proposal is an edit that is being written, or is whole and not applied yet.
type Proposal struct {
	Edit   int // 1, 2, … within the node
	Reason string
	Hunk
}

// DefaultPace makes a ready edit readable while it is written.
const DefaultPace = 20 * time.Millisecond

// pieceRunes is how much of a ready text is shown at a time: a few letters, so
// that a diff grows as if typed.
const pieceRunes = 6

// Write streams a hunk that is known in full, piece by piece with its reason
// first, and applies it. A *Refusal tells why it was not applied.
func (ed *Editor) Write(ctx context.Context, h Hunk, reason string) error {
	ed.Begin(h.Path)
	for _, part := range []struct {
		part event.Part
		text string
	}{{event.PartReason, reason}, {event.PartOld, h.Old}, {event.PartNew, h.New}} {
		if err := ed.Show(ctx, part.part, part.text); err != nil {
			return err
		}
	}
	return ed.Settle(ctx, ed.End())
}

// Show streams a ready text into a part of the open edit.
func (ed *Editor) Show(ctx context.Context, part event.Part, text string) error {
	step := pieceRunes
	if part == event.PartOld {
		// What is to go is known already: it is marked a line at a time.
		step = 80
	}
	// A long text is not slower than one of a few lines.
	step = max(step, utf8.RuneCountInString(text)/60)
	for text != "" {
		n := 0
		for i := 0; i < step && n < len(text); i++ {
			_, size := utf8.DecodeRuneInString(text[n:])
			n += size
		}
		ed.Add(part, text[:n])
		text = text[n:]
		if err := Pause(ctx, ed.pace); err != nil {
			return err
		}
	}
	return nil
}

// Pause waits for d; it returns the error of ctx where that is over before.
func Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Begin opens an edit of the file at path.
func (ed *Editor) Begin(path string) {
	ed.edit++
	if clean, err := cleanPath(path); err == nil {
		path = clean // what is shown and folded is what is edited
	}
	ed.open = &draft{edit: ed.edit, path: path}
	ed.emit(event.Draft{Node: ed.node, Edit: ed.edit, Part: event.PartPath, Text: path})
}

// Add adds a piece of text to a part of the open edit.
func (ed *Editor) Add(part event.Part, text string) {
	switch {
	case ed.open == nil || text == "":
		return
	case part == event.PartReason:
		ed.open.reason.WriteString(text)
	case part == event.PartOld:
		ed.open.old.WriteString(text)
	case part == event.PartNew:
		ed.open.new.WriteString(text)
	}
	ed.emit(event.Draft{Node: ed.node, Edit: ed.open.edit, Part: part, Text: text})
}

// End closes the open edit, which is whole. It stays proposed until it is settled
// or dropped.
func (ed *Editor) End() Proposal {
	d := ed.open
	ed.open = nil
	return Proposal{Edit: d.edit, Reason: d.reason.String(), Hunk: Hunk{Path: d.path, Old: d.old.String(), New: d.new.String()}}
}

// Abort drops the open edit, if there is one, since it will not be whole.
func (ed *Editor) Abort(why string) {
	if ed.open != nil {
		ed.Drop(Proposal{Edit: ed.open.edit}, why)
		ed.open = nil
	}
}

// Drop refuses a proposed edit.
func (ed *Editor) Drop(p Proposal, why string) {
	ed.emit(event.Rejected{Node: ed.node, Edit: p.Edit, Why: why})
}

// Settle applies a proposed edit, if a person who is asked agrees. A *Refusal
// tells why it was not applied.
func (ed *Editor) Settle(ctx context.Context, p Proposal) error {
	exact, err := ed.locate(p.Hunk)
	if err != nil {
		return ed.refuse(p, err)
	}
	if ed.gate != nil && !ed.all {
		d, err := ed.gate(ctx, p)
		if err != nil {
			return err
		}
		switch d.Answer {
		case event.AnswerAll:
			ed.all = true
		case event.AnswerNo:
			why := "the researcher refused it"
			if d.Reason != "" {
				why += ": " + d.Reason
			}
			return ed.refuse(p, Refuse("%s", why))
		case event.AnswerOwn:
			return ed.replace(ctx, p, d)
		}
	}
	line, err := ed.ws.Apply(exact.Hunk)
	if err != nil {
		return ed.refuse(p, err)
	}
	ed.stood++
	a := event.Applied{Node: ed.node, Edit: p.Edit, Line: line}
	if exact.How != "" {
		a.How, a.Old, a.New = exact.How, exact.Old, exact.New
	}
	ed.emit(a)
	return nil
}

// located is a hunk as it stands in the file, and how it was found there.
type located struct {
	Hunk
	How string // "": to the character
}

// locate finds the passage that a hunk means.
func (ed *Editor) locate(h Hunk) (located, error) {
	at := located{Hunk: h}
	if !ed.tolerant {
		return at, nil // Apply will tell
	}
	text, found, err := ed.ws.Read(h.Path)
	switch {
	case err != nil || !found:
		return at, err
	case h.Old == "" && strings.TrimSpace(h.New) == "":
		return at, Refuse("this would leave %s empty", h.Path)
	case h.Old == "" && h.New == text:
		return at, Refuse("%s would be as it was: nothing is changed", h.Path)
	case h.Old == "" && text == "":
		return at, Refuse("%s is empty: remove it or name another file", h.Path)
	case h.Old == "":
		at.Old, at.How = text, "the whole file"
		return at, nil
	case h.Old == h.New:
		return at, Refuse("the edit of %s changes nothing", h.Path)
	}
	m, err := blocks.Find(text, h.Old, h.New)
	var none *blocks.NoMatch
	switch {
	case errors.As(err, &none):
		return at, &Refusal{Why: h.Path + ": " + none.Why, Near: none.Near}
	case err != nil:
		return at, err
	}
	at.How = m.How
	if m.How != "" {
		at.Old, at.New = m.Old, m.New
	}
	return at, nil
}

// refuse closes a proposed edit where err is a refusal, and gives err back.
func (ed *Editor) refuse(p Proposal, err error) error {
	var no *Refusal
	if errors.As(err, &no) {
		ed.Drop(p, no.Why)
	}
	return err
}

// ownEdit is the reason of what a person wrote.
const ownEdit = "The researcher's own edit."

// replace puts a person's own text in the place of a proposed edit.
func (ed *Editor) replace(ctx context.Context, p Proposal, d event.Decided) error {
	ed.Drop(p, "the researcher wrote another in its place")
	return ed.Own(ctx, d)
}

// Own writes what a person made of a file, as edits of the places that differ.
func (ed *Editor) Own(ctx context.Context, d event.Decided) error {
	text, _, err := ed.ws.Read(d.Path)
	if err != nil {
		return err
	}
	gate := ed.gate
	ed.gate = nil // nobody is asked about what they wrote
	defer func() { ed.gate = gate }()
	reason := d.Reason
	if reason == "" {
		reason = ownEdit
	}
	for _, h := range HunksBetween(d.Path, text, d.Text) {
		if err := ed.Write(ctx, h, reason); err != nil {
			return err
		}
	}
	return nil
}

// unique grows lines [from, to) of text, whole lines, until they stand in text
// once, and returns the range. Text's lines keep their terminators.
func unique(lines []string, from, to int) (int, int) {
	text := strings.Join(lines, "")
	for {
		passage := strings.Join(lines[from:to], "")
		if passage != "" && strings.Index(text, passage) == strings.LastIndex(text, passage) {
			return from, to
		}
		if from == 0 && to == len(lines) {
			return from, to
		}
		from, to = max(0, from-1), min(len(lines), to+1)
	}
}
