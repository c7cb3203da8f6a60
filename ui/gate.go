package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/internal/clean"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// reasonBytes bounds the reason that goes with a person's word.
const reasonBytes = 2000

// asking names what waits for a person: an edit, or with edit 0 a node that is
// theirs to write. Epoch tells apart what is asked again by another engine.
type asking struct {
	node, edit int
	epoch      int64
}

// waits gives what waits for this person's word: an edit, or a node of theirs to
// write; nil in replay, where nobody works on the attempt, and once it was given.
func (a *attempt) waits() *asking {
	st := a.st
	if !a.reachable() {
		return nil
	}
	ask := asking{epoch: st.Epoch}
	switch d := st.Awaited(); {
	case d != nil:
		ask.node, ask.edit = d.Node, d.Edit
	case st.Phase.Phase == event.PhaseAwaiting && st.Node(st.Phase.Node) != nil:
		ask.node = st.Phase.Node
	default:
		return nil
	}
	if ask == a.answered {
		return nil
	}
	return &ask
}

// settle forgets the word that was given once the attempt has gone on.
func (a *attempt) settle() {
	if a.answered == (asking{}) {
		return
	}
	d, st := a.st.Awaited(), a.st
	still := d != nil && a.answered == asking{d.Node, d.Edit, st.Epoch} ||
		st.Phase.Phase == event.PhaseAwaiting && a.answered == asking{st.Phase.Node, 0, st.Epoch}
	if !still {
		a.answered = asking{}
	}
}

// gate gives what waits for a person's word and is asked on the screen now: the
// edit pane shows it. Only then its keys work.
func (a *attempt) gate() *asking {
	ask := a.waits()
	inSight := a.wide && !a.zoom || a.focus == paneEdit
	if ask == nil || a.cardShown() || !inSight || a.subject() != ask.node {
		return nil
	}
	if ask.edit > 0 && a.editShown() != a.standing(ask.node, ask.edit) {
		return nil
	}
	return ask
}

// standing gives where among a node's edits, from 1, one that is open stands.
func (a *attempt) standing(node, edit int) int {
	n := a.st.Node(node)
	if n == nil {
		return 0
	}
	i := slices.IndexFunc(a.st.DraftsOf(node), func(d fold.Draft) bool { return d.Edit == edit })
	return len(n.Edits) + i + 1
}

func (a *attempt) draft(ask asking) (fold.Draft, bool) {
	for _, d := range a.st.DraftsOf(ask.node) {
		if d.Edit == ask.edit {
			return d, true
		}
	}
	return fold.Draft{}, false
}

// gateActions are the answers to what waits.
func (a *attempt) gateActions() []frame.Action {
	ask := a.gate()
	if ask == nil {
		if a.waits() == nil {
			return nil
		}
		return []frame.Action{frame.Act("f", "f", "show what waits", "show what waits for your word", func() tea.Cmd {
			a.unpick()
			a.focus = paneEdit
			return nil
		})}
	}
	var as []frame.Action
	if ask.edit > 0 {
		as = append(as,
			frame.Act("y a", "y", "yes", "yes to the edit that waits; also a", func() tea.Cmd { return a.word(*ask, event.AnswerYes) }),
			frame.Act("A", "A", "yes to all of this node", "yes to it and all others of its node", func() tea.Cmd { return a.word(*ask, event.AnswerAll) }))
		if a.focus != paneLog || a.log.term == "" { // there n goes on with the search
			as = append(as, frame.Act("n", "n", "no", "no to it; asks for a reason", func() tea.Cmd { return a.refuse(*ask) }))
		}
	}
	if a.m.o.Editor != nil {
		does, bar := "write it yourself, in your editor", "own edit"
		if ask.edit == 0 {
			does, bar = "write the node in your editor", "write it"
		}
		as = append(as, frame.Act("e", "e", bar, does, func() tea.Cmd { return a.own(*ask) }))
	}
	return as
}

// word gives a person's yes.
func (a *attempt) word(ask asking, answer string) tea.Cmd {
	done := fmt.Sprintf("edit %d of node %d: yes", ask.edit, ask.node)
	if answer == event.AnswerAll {
		done = fmt.Sprintf("yes to all edits of node %d", ask.node)
	}
	return a.decide(ask, event.Decided{Answer: answer}, done)
}

// refuse takes the reason of a person's no.
func (a *attempt) refuse(ask asking) tea.Cmd {
	in := frame.NewInput("no, because", "", reasonBytes)
	in.Keep, in.Drop = "send, empty will do", "back"
	in.Done = func(keep bool) tea.Cmd {
		if !keep {
			return nil
		}
		d := event.Decided{Answer: event.AnswerNo, Reason: strings.TrimSpace(in.Text())}
		return a.decide(ask, d, fmt.Sprintf("edit %d of node %d: no", ask.edit, ask.node))
	}
	a.Input = in
	return nil
}

// decide sends a person's word.
func (a *attempt) decide(ask asking, d event.Decided, done string) tea.Cmd {
	d.Node, d.Edit = ask.node, ask.edit
	about := fmt.Sprintf("your word on edit %d of node %d", ask.edit, ask.node)
	if ask.edit == 0 {
		about = fmt.Sprintf("your script of node %d", ask.node)
	}
	a.answered = ask
	return a.give(order{name: event.OrderDecide, args: d, about: about, done: done})
}

// gateRows draws the dialog over the lower part of the edit pane, in at most h rows;
// none where nothing is asked.
func (a *attempt) gateRows(w, h int) []string {
	ask := a.gate()
	if ask == nil || h < 2 {
		return nil
	}
	th := a.m.frame.Theme
	row := func() *cell.Row { return cell.On(w, th.Selected).Put(th.Accent, "▌").Gap(1) }
	title := fmt.Sprintf("Node %d is yours to write", ask.node)
	text := fmt.Sprintf("It starts from the script of node %d.", max(a.st.Node(ask.node).Parent, 0))
	if a.m.o.Editor == nil {
		text += " Set EDITOR and open the screen again, or use: pitwall edit"
	}
	if d, ok := a.draft(*ask); ok {
		title = fmt.Sprintf("Edit %d of %d of node %d waits for you", a.standing(ask.node, ask.edit), a.editsOf(ask.node), ask.node)
		text = strings.Join(clean.Lines(d.Reason), " ")
	}
	var rows []string
	if h >= 9 {
		rows = append(rows, cell.New(w).String()) // apart from the diff
	}
	rows = append(rows, row().Put(th.Bold, title).String())
	keys := a.gateKeys(w)
	lines := cell.Wrap(text, max(w-4, 1))
	if text == "" {
		lines = nil
	}
	room := max(min(h/3, h-len(rows)-len(keys)), 0)
	if len(lines) > room {
		lines = lines[:room]
		if room > 0 {
			lines[room-1] = cell.Cut(lines[room-1]+" …", max(w-4, 1))
		}
	}
	for _, l := range lines {
		rows = append(rows, row().Put("", l).String())
	}
	return append(rows, keys...)
}

// gateKeys gives the keys of the dialog, on as many rows as they take.
func (a *attempt) gateKeys(w int) []string {
	th := a.m.frame.Theme
	row := func() *cell.Row { return cell.On(w, th.Selected).Put(th.Accent, "▌").Gap(1) }
	var rows []string
	r := row()
	for i, k := range a.gateActions() {
		n := clean.Width(k.Show) + 1 + clean.Width(k.Bar)
		if i > 0 && n+3 > r.Left() {
			rows = append(rows, r.String())
			r = row()
		} else if i > 0 {
			r.Put(th.Faint, " · ")
		}
		r.Put(th.Accent+th.Bold, k.Show).Gap(1).Put("", k.Bar)
	}
	return append(rows, r.String())
}

// decided says what a person decided of an edit, "" where nobody was asked.
func (a *attempt) decided(node, edit int) string {
	for _, d := range slices.Backward(a.st.Decisions) {
		switch {
		case d.Node != node || d.Edit == 0:
		case d.Edit == edit:
			switch d.Answer {
			case event.AnswerYes:
				return "approved"
			case event.AnswerAll:
				return "approved, with all of its node"
			case event.AnswerNo:
				return "refused by hand"
			case event.AnswerOwn:
				return "replaced by hand"
			}
		case d.Answer == event.AnswerAll && d.Edit < edit:
			return "approved, with all of its node"
		}
	}
	return ""
}
