package blocks

import (
	"strings"
	"testing"
)

// edit is what a recorder saw of one edit.
type edit struct {
	Path, Reason, Old, New string
	Why                    string // of an abort
	whole                  bool
}

// recorder keeps what it is told, and fails where an edit is not opened and closed
// in turn.
type recorder struct {
	t     testing.TB
	edits []edit
	prose string
	open  bool
	log   strings.Builder // everything, neighbouring pieces of a kind put together
	last  string
	body  strings.Builder // all text but paths and reasons, in order
}

func (r *recorder) note(kind, text string) {
	if kind != r.last || kind == "begin" || kind == "end" || kind == "abort" {
		r.log.WriteString("\n[" + kind + "] ")
	}
	r.last = kind
	r.log.WriteString(text)
}

func (r *recorder) piece(kind, text string, into func(e *edit)) {
	r.t.Helper()
	if !r.open {
		r.t.Fatalf("%s %q outside of an edit", kind, text)
	}
	if text == "" {
		r.t.Fatalf("an empty %s", kind)
	}
	r.note(kind, text)
	into(&r.edits[len(r.edits)-1])
}

func (r *recorder) Begin(path string) {
	r.t.Helper()
	if r.open {
		r.t.Fatal("an edit begins within another")
	}
	r.open = true
	r.note("begin", path)
	r.edits = append(r.edits, edit{Path: path})
}

func (r *recorder) Reason(s string) { r.piece("reason", s, func(e *edit) { e.Reason += s }) }

func (r *recorder) Old(s string) {
	r.body.WriteString(s)
	r.piece("old", s, func(e *edit) { e.Old += s })
}

func (r *recorder) New(s string) {
	r.body.WriteString(s)
	r.piece("new", s, func(e *edit) { e.New += s })
}

func (r *recorder) End() {
	r.t.Helper()
	if !r.open {
		r.t.Fatal("end outside of an edit")
	}
	r.open = false
	r.note("end", "")
	r.edits[len(r.edits)-1].whole = true
}

func (r *recorder) Abort(why string) {
	r.t.Helper()
	if !r.open || why == "" {
		r.t.Fatalf("abort %q, open %v", why, r.open)
	}
	r.open = false
	r.note("abort", why)
	r.edits[len(r.edits)-1].Why = why
}

func (r *recorder) Prose(s string) {
	r.t.Helper()
	if r.open || s == "" {
		r.t.Fatalf("prose %q, open %v", s, r.open)
	}
	r.note("prose", s)
	r.prose += s
	r.body.WriteString(s)
}

// parse parses an answer that comes in pieces.
func parse(t testing.TB, script string, files map[string]string, cut bool, pieces ...string) *recorder {
	t.Helper()
	r := &recorder{t: t}
	p := NewParser(script, files, r)
	for _, piece := range pieces {
		p.Write(piece)
	}
	p.Close(cut)
	if r.open {
		t.Fatal("an edit is open after the end")
	}
	return r
}

// fenced writes ”' as a fence, which a raw string cannot hold.
func fenced(s string) string { return strings.ReplaceAll(s, "'''", "```") }
