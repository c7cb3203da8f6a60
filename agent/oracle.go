package agent

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"pitwall/store/patch"
)

// oracle writes the next record's own change: the positive control.
type oracle struct {
	answer map[string]string // files
	record int               // i+1
	about  string
}

func (*oracle) RunsUnchanged() bool { return false }
func (*oracle) Repeats() bool       { return true }
func (*oracle) Independent() bool   { return false }
func (*oracle) Reads() bool         { return false }

// Propose writes the human change, a hunk for each place that differs.
func (o *oracle) Propose(ctx context.Context, b Brief, ed *Editor) error {
	if b.Files[b.Script] == "" || len(o.answer) == 0 {
		return errors.New("the next record's script is not here: import it first")
	}
	var hunks []Hunk
	for _, path := range slices.Sorted(maps.Keys(o.answer)) {
		if text, ok := b.Files[path]; ok {
			hunks = append(hunks, HunksBetween(path, text, o.answer[path])...)
		} else {
			hunks = append(hunks, Hunk{Path: path, New: o.answer[path]})
		}
	}
	for i, h := range hunks {
		reason := "What record " + strconv.Itoa(o.record) + " changed here."
		if i == 0 {
			reason = o.about
		}
		if err := ed.Write(ctx, h, reason); err != nil {
			return err
		}
	}
	return nil
}

// HunksBetween gives hunks of whole lines that turn one text into another, each
// of which matches once when they are applied in order.
func HunksBetween(path, from, to string) []Hunk {
	var hunks []Hunk
	text := from
	for text != to {
		old, repl := firstChange(text, to)
		hunks = append(hunks, Hunk{Path: path, Old: old, New: repl})
		text = strings.Replace(text, old, repl, 1)
	}
	return hunks
}

// firstChange gives the first passage in which text differs from to, grown
// until it is unique in text, and what stands in its place in to.
func firstChange(text, to string) (old, repl string) {
	lines, want := patch.Split(text), patch.Split(to)
	c := patch.Changes(text, to)[0]
	from, end := c.From, c.To
	if from == end {
		from = max(0, from-1) // an insertion needs a line to hold on to
		end = min(len(lines), max(end, from+1))
	}
	from, end = unique(lines, from, end)
	old = strings.Join(lines[from:end], "")
	repl = strings.Join(lines[from:c.From], "") + strings.Join(want[c.NewFrom:c.NewTo], "") + strings.Join(lines[min(c.To, end):end], "")
	return old, repl
}
