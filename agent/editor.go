package agent

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

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
	open  bool
	hunk  Hunk
	stood int // edits that were applied
}

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
		if err := ed.slowly(ctx, part.part, part.text); err != nil {
			return err
		}
	}
	return ed.Commit()
}

func (ed *Editor) slowly(ctx context.Context, part event.Part, text string) error {
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
		if err := pause(ctx, ed.pace); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
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
	ed.open, ed.hunk = true, Hunk{Path: path}
	ed.emit(event.Draft{Node: ed.node, Edit: ed.edit, Part: event.PartPath, Text: path})
}

// Add adds a piece of text to a part of the open edit.
func (ed *Editor) Add(part event.Part, text string) {
	switch part {
	case event.PartOld:
		ed.hunk.Old += text
	case event.PartNew:
		ed.hunk.New += text
	}
	ed.emit(event.Draft{Node: ed.node, Edit: ed.edit, Part: part, Text: text})
}

// Commit applies the open edit. A *Refusal tells why it was not applied.
func (ed *Editor) Commit() error {
	if !ed.open {
		return errors.New("no edit is open")
	}
	ed.open = false
	line, err := ed.ws.Apply(ed.hunk)
	var no *Refusal
	switch {
	case errors.As(err, &no):
		ed.emit(event.Rejected{Node: ed.node, Edit: ed.edit, Why: no.Why})
		return err
	case err != nil:
		return err
	}
	ed.stood++
	ed.emit(event.Applied{Node: ed.node, Edit: ed.edit, Line: line})
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
