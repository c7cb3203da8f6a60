package ui

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/internal/clean"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/code"
	"pitwall/ui/diffview"
	"pitwall/ui/frame"
)

// diffKey is everything that the diff shown depends on, within one stream.
type diffKey struct {
	node, edit, edits, sources int
	draft                      int // length of what is being written
	part                       event.Part
	epoch                      int64
	parent                     bool
	begun, refused             bool
	whole, waits               bool
}

// edited is the edit that is looked at: finished, or being written.
type edited struct {
	path, reason, old, new, why, how string
	applied, open, waits             bool
	whole                            bool // it does not grow any more: applied, asked about, followed by another, or its answer has ended
	part                             event.Part
	line, number                     int
	before                           []fold.Draft // open edits of the node that come before it
}

// loose reports whether the passage that an open edit replaces is not in a text to
// the letter.
func (e edited) loose(text string) bool {
	return e.open && e.old != "" && (e.part >= event.PartNew || e.whole) && !strings.Contains(text, e.old)
}

func (a *attempt) edited(node, index int) (edited, bool) {
	n := a.st.Node(node)
	if n == nil || index < 1 {
		return edited{}, false
	}
	if index <= len(n.Edits) {
		e := a.st.Edits[n.Edits[index-1]]
		return edited{path: e.Path, reason: e.Reason, old: e.Old, new: e.New, why: e.Why, how: e.How, applied: e.Applied, whole: true, line: e.Line, number: e.Index}, true
	}
	if open := a.st.DraftsOf(node); index <= len(n.Edits)+len(open) {
		at := index - len(n.Edits) - 1
		d := open[at]
		e := edited{path: d.Path, reason: d.Reason, old: d.Old, new: d.New, open: true, waits: d.Waits, part: d.Part, number: d.Edit, before: open[:at]}
		e.whole = d.Waits || at < len(open)-1 || a.asksModel() && a.callOf(node) == nil
		return e, true
	}
	return edited{}, false
}

// feedDiff compares the versions that are looked at, where they changed.
func (a *attempt) feedDiff() {
	node, index := a.subject(), a.editShown()
	n := a.st.Node(node)
	if n == nil {
		a.diff, a.diffKey, a.loose = nil, diffKey{}, false
		return
	}
	key := diffKey{node: node, edit: index, edits: len(n.Edits), sources: len(a.st.Sources), epoch: a.st.Epoch, parent: a.toParent, begun: true}
	for _, d := range a.st.DraftsOf(node) {
		key.draft, key.part = key.draft+len(d.Path)+len(d.Reason)+len(d.Old)+len(d.New), d.Part
	}
	e, ok := a.edited(node, index)
	key.refused, key.whole, key.waits = a.refused(e, ok), e.whole, e.waits
	if key == a.diffKey {
		return
	}
	a.diffKey = key
	a.view, a.loose = diffview.View{}, false
	path := e.path
	before := a.st.Files(0)
	if a.toParent && n.Parent >= 0 {
		before = a.st.Files(n.Parent)
	}
	if !ok || path == "" {
		path = taskdata.ScriptName
		if _, there := before[path]; !there {
			if names := slices.Sorted(maps.Keys(before)); len(names) > 0 {
				path = names[0]
			}
		}
	}
	if a.refused(e, ok) {
		a.diff = a.maker.Make(e.old, e.new)
		return
	}
	text := a.upTo(n, index, path)
	for _, d := range e.before {
		text = written(text, d, path)
	}
	switch {
	case ok && e.loose(text): // how it will be found is for the engine to say
		a.diff, a.loose = a.maker.Make(e.old, e.new), true
		if !e.whole {
			a.view.Caret = strings.Count(e.new, "\n") + 1
		}
	case ok && e.waits: // what is asked about is this edit, not all of the node
		a.diff = a.maker.Make(text, a.place(e, text))
	case ok && (e.open || e.applied):
		a.diff = a.maker.Make(before[path], a.place(e, text))
	default:
		a.diff = a.maker.Make(before[path], text)
	}
}

// written puts an edit that is not applied yet into a file, as far as its passage is there.
func written(text string, d fold.Draft, path string) string {
	if d.Path != path || d.Old == "" && strings.TrimSpace(d.New) == "" {
		return text
	}
	return fold.Replace(text, d.Old, d.New)
}

// refused reports whether what is shown is an edit that was refused: it was
// picked, so what was proposed is of more interest than the node as a whole.
func (a *attempt) refused(e edited, ok bool) bool {
	return ok && !e.open && !e.applied && !a.follow && a.edit > 0
}

// upTo gives a file of a node with the finished edits 1 to index.
func (a *attempt) upTo(n *fold.Node, index int, path string) string {
	text := a.st.Files(max(n.Parent, 0))[path]
	for i, k := range n.Edits {
		if e := a.st.Edits[k]; i < index && e.Applied && e.Path == path {
			if i == index-1 {
				break // place puts it in, and notes where
			}
			text = fold.Replace(text, e.Old, e.New)
		}
	}
	return text
}

// place puts an edit into the text it changes, as far as it is written, and
// notes which lines it takes.
func (a *attempt) place(e edited, text string) string {
	at := 0
	if e.old != "" {
		at = strings.Index(text, e.old)
	}
	if at < 0 {
		return text
	}
	first := strings.Count(text[:at], "\n") + 1
	if !e.whole && e.part < event.PartNew {
		if e.old != "" { // being pointed at
			a.view.From, a.view.To = first, first+strings.Count(strings.TrimSuffix(e.old, "\n"), "\n")+1
		}
		return text
	}
	count := strings.Count(strings.TrimSuffix(e.new, "\n"), "\n") + 1
	a.view.From, a.view.To = first, first+count
	if e.whole {
		return fold.Replace(text, e.old, e.new)
	}
	a.view.Caret = first + strings.Count(e.new, "\n")
	if e.old != "" {
		rest := text[at+len(e.old):]
		if strings.HasSuffix(e.old, "\n") && !strings.HasSuffix(e.new, "\n") {
			rest = "\n" + rest // the line being written is not done: what follows stays on its own
		}
		return text[:at] + e.new + rest
	}
	// A whole file is being written over: what is not reached yet stays.
	rest := text
	for range strings.Count(e.new, "\n") + 1 {
		_, after, found := strings.Cut(rest, "\n")
		if !found {
			rest = ""
			break
		}
		rest = after
	}
	return strings.TrimSuffix(e.new, "\n") + "\n" + rest
}

// paint asks for the colours of the script as it is without the open edit.
func (a *attempt) paint() tea.Cmd {
	node := a.subject()
	if len(a.st.Sources) == 0 || a.st.Node(node) == nil {
		return nil
	}
	var all strings.Builder
	for _, s := range a.st.Sources {
		all.WriteString(s.Text)
		all.WriteString("\n")
	}
	key := a.paintKey(node)
	if a.m.frame.Slow.Wanted(key) {
		return nil
	}
	name := a.st.Sources[0].Path
	for _, f := range a.st.Files(node) {
		all.WriteString(f)
		all.WriteString("\n")
	}
	text, th := all.String(), a.m.frame.Theme.Code
	return a.m.frame.Slow.Want(key, func() any { return code.Highlight(name, text, th) })
}

func (a *attempt) paintKey(node int) string {
	n := a.st.Node(node)
	if n == nil {
		return ""
	}
	h := fnv.New32a()
	for _, s := range a.st.Sources {
		fmt.Fprint(h, len(s.Text), s.Path)
	}
	return fmt.Sprint("code ", a.snap.Summary.ID, " ", node, " ", len(n.Edits), " ", h.Sum32())
}

// editRows draws the edit pane.
func (a *attempt) editRows(w, h int) []string {
	if a.cardShown() {
		return a.cardRows(w, h)
	}
	th, room := a.m.frame.Theme, h
	node, index := a.subject(), a.editShown()
	n := a.st.Node(node)
	e, ok := a.edited(node, index)
	rows := []string{a.editTitle(w, n, e, ok)}
	gate := a.gateRows(w, h-len(rows))
	h -= len(rows) + len(gate)
	note := func(st cell.Style, text string) {
		for _, l := range cell.Wrap(text, max(w-3, 1)) {
			rows = append(rows, cell.New(w).Gap(2).Put(st, l).String())
			h--
		}
	}
	switch {
	case n == nil:
		note(th.Dim, "No node yet: "+a.phaseWords())
	case node == 0:
		note(th.Dim, "Node 0 is the record itself: nothing is changed in it.")
	case !ok && n.State == event.VerdictEmpty:
		note(th.Bad, "The agent produced no edit that could be applied. "+clean.Line(n.Why))
	case !ok && a.st.Phase.Phase == event.PhaseAwaiting && a.st.Phase.Node == node:
		if len(gate) == 0 {
			note(th.Dim, "This node waits to be written by hand.")
		}
	case !ok && (n.State == fold.NodeNew || n.State == fold.NodeWriting):
		note(th.Dim, "Waiting for the agent's first edit …")
	case !ok:
		note(th.Dim, "This node changes nothing.")
	case e.why != "" && !e.applied:
		note(th.Bad, fmt.Sprintf("Edit %d was refused and changed nothing: %s", index, clean.Line(e.why)))
	case e.how != "":
		note(th.Dim, fmt.Sprintf("How edit %d was matched: %s", index, clean.Line(e.how)))
	case a.loose:
		note(th.Dim, "This passage is not in "+clean.Line(e.path)+" to the letter: the edit stands here as it was written.")
	}
	for _, v := range breaches(n, false) {
		note(th.Bad, v)
	}
	for _, v := range breaches(n, true) {
		note(th.Warn, v)
	}
	if n != nil && n.Why != "" && n.State != event.VerdictEmpty && len(event.Breaches(n.Violations)) == 0 {
		st := th.Warn
		if n.State == event.VerdictFailed || n.State == event.VerdictInvalid {
			st = th.Bad
		}
		note(st, verdictWord(n.State)+": "+clean.Line(n.Why))
	}
	if n != nil {
		for _, f := range a.flagsOf(n) {
			note(th.Warn, f)
		}
		if r := a.runOf(node); r != nil && r.Ended != nil {
			if facts := runFacts(r.Ended, n.Why); len(facts) > 0 {
				note(th.Dim, strings.Join(facts, " · "))
			}
		}
	}
	a.diffH = max(h, 0)
	if a.diff == nil || h <= 0 || len(a.diff.Lines) == 0 {
		return above(rows, gate, w, room)
	}
	if !a.diffHand {
		a.diffTop = 0
		switch target := max(a.view.Caret, a.view.From); {
		case target > 0:
			a.diffTop = max(a.diff.Find(target)-h/3, 0)
			if a.view.Caret == 0 {
				a.diffTop = max(a.diff.Find(a.view.From)-h/4, 0)
			}
		}
	}
	a.diffTop = max(min(a.diffTop, a.diff.Len()-h), 0)
	a.view.Theme = th.Diff
	a.view.Paint, _ = a.m.frame.Slow.Got(a.paintKey(node)).(code.Paint)
	return above(append(rows, a.diff.Rows(a.view, a.diffTop, w, h)...), gate, w, room)
}

// above puts rows over others that stand at the bottom of a pane of h rows.
func above(rows, bottom []string, w, h int) []string {
	if len(bottom) == 0 {
		return rows
	}
	return append(cell.Fit(rows, w, max(h-len(bottom), 0)), bottom...)
}

// breaches words the first of the rules that a node breaks, or of what was flagged.
func breaches(n *fold.Node, flags bool) []string {
	if n == nil {
		return nil
	}
	var out []string
	verb, of := "breaks rule", slices.DeleteFunc(slices.Clone(n.Violations), func(v event.Violation) bool { return v.Flag != flags })
	if flags {
		verb = "flagged by rule"
	}
	for i, v := range of {
		if i == 3 {
			out = append(out, fmt.Sprintf("and %d more", len(of)-3))
			break
		}
		where := ""
		if v.Line > 0 {
			where = fmt.Sprintf(" line %d:", v.Line)
		}
		out = append(out, clean.Line(fmt.Sprintf("%s %s:%s %s", verb, v.Rule, where, v.What)))
	}
	return out
}

func (a *attempt) editTitle(w int, n *fold.Node, e edited, ok bool) string {
	th := a.m.frame.Theme
	r := a.paneTitle(w, paneEdit)
	if n == nil {
		return r.String()
	}
	path := taskdata.ScriptName
	if e.path != "" {
		path = clean.Line(e.path)
	}
	r.Gap(2).Put("", path).Gap(2).Put(th.Dim, fmt.Sprintf("node %d", n.ID))
	if ok {
		r.Put(th.Dim, fmt.Sprintf(" · edit %d of %d", a.editShown(), a.editsOf(n.ID)))
		switch {
		case e.waits && a.gate() == nil: // the dialog says it
			r.Put(th.Run, " · waits for a word")
		case e.waits:
		case e.open && !e.whole:
			r.Put(th.Run, " · "+map[event.Part]string{event.PartPath: "begun", event.PartReason: "giving its reason", event.PartOld: "pointing at the old text", event.PartNew: "writing"}[e.part])
		case e.open:
			r.Put(th.Run, " · not applied yet")
		}
		if words := a.decided(n.ID, e.number); words != "" && !e.waits {
			short, _, _ := strings.Cut(words, ",")
			r.Put(th.Warn, " · "+frame.FirstFit(r.Left()-12, words, short))
		}
	}
	if a.diff != nil && a.diff.Added+a.diff.Removed > 0 {
		r.Gap(2).Put(th.Good, fmt.Sprintf("+%d", a.diff.Added)).Gap(1).Put(th.Bad, fmt.Sprintf("−%d", a.diff.Removed))
	}
	against := "against the record"
	if a.toParent && n.Parent > 0 {
		against = fmt.Sprintf("against node %d", n.Parent)
	}
	if e.waits {
		against = "this edit alone"
	}
	if n.ID > 0 {
		r.Rest(cell.New(w).Put(th.Dim, against).Gap(1))
	}
	return r.String()
}

// paneTitle begins a pane's first row; the pane that has the keys stands out.
func (a *attempt) paneTitle(w int, p pane) *cell.Row {
	th := a.m.frame.Theme
	r := cell.New(w)
	if a.focus == p {
		return r.Put(th.Accent, "▎").Put(th.Accent+th.Bold, p.String())
	}
	return r.Gap(1).Put(th.Dim, p.String())
}

// reasonRows gives why the edit that is looked at is made, in the agent's words,
// below the idea that the node is to try and what a person told the agent.
func (a *attempt) reasonRows(w, h int) []string {
	node, index := a.subject(), a.editShown()
	n := a.st.Node(node)
	if n == nil || h < 2 {
		return nil
	}
	type part struct {
		label, text string
		newest      bool // the newest words where not all fit
	}
	var parts []part
	add := func(label, text string, newest bool) {
		if text = strings.Join(clean.Lines(text), " "); text != "" {
			parts = append(parts, part{label, text, newest})
		}
	}
	if e, ok := a.edited(node, index); ok {
		add(fmt.Sprintf("reason for edit %d", index), e.reason, !e.whole)
	}
	add(fmt.Sprintf("idea of node %d", node), n.Idea, false)
	add("your note", a.notesFor(node), false)
	var rows []string
	for i, p := range parts { // the first of them has what the others leave
		room := h - len(rows) - 2*(len(parts)-1-i)
		if room < 2 {
			room = h - len(rows)
		}
		if room < 2 {
			break
		}
		rows = append(rows, a.labelled(w, room, p.label, p.text, p.newest)...)
	}
	return rows
}

// labelled gives a text below its label, in at most h rows.
func (a *attempt) labelled(w, h int, label, text string, newest bool) []string {
	rows := []string{cell.New(w).Gap(1).Put(a.m.frame.Theme.Dim, label).String()}
	wrapped := cell.Wrap(text, max(w-2, 1))
	if over := len(wrapped) - (h - 1); over > 0 {
		if newest {
			wrapped = wrapped[over:]
		} else {
			wrapped = wrapped[:h-1]
			wrapped[h-2] = cell.Cut(wrapped[h-2]+" …", w-2)
		}
	}
	for _, l := range wrapped {
		rows = append(rows, cell.New(w).Gap(1).Put("", l).String())
	}
	return rows
}
