package ui

import (
	"fmt"

	"pitwall/internal/clean"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// branch is a node in the order in which the tree is drawn.
type branch struct {
	node   int
	prefix string
}

// branches lays the tree out, children below their parents.
func branches(nodes []fold.Node) []branch {
	children := make([][]int, len(nodes))
	var roots []int
	for _, n := range nodes {
		if n.Parent >= 0 && n.Parent < len(nodes) {
			children[n.Parent] = append(children[n.Parent], n.ID)
		} else {
			roots = append(roots, n.ID)
		}
	}
	out := make([]branch, 0, len(nodes))
	var walk func(id int, own, below string)
	walk = func(id int, own, below string) {
		out = append(out, branch{id, own})
		for i, c := range children[id] {
			if i == len(children[id])-1 {
				walk(c, below+"└ ", below+"  ")
			} else {
				walk(c, below+"├ ", below+"│ ")
			}
		}
	}
	for _, r := range roots {
		walk(r, "", "")
	}
	return out
}

// nodeSign gives a node's state as one character.
func (a *attempt) nodeSign(n *fold.Node) (string, cell.Style) {
	th := a.m.frame.Theme
	switch n.State {
	case event.VerdictProvisional:
		return "✓", th.Good
	case event.VerdictMissed:
		return "○", th.Warn
	case event.VerdictInvalid, event.VerdictFailed, event.VerdictEmpty:
		return "✗", th.Bad
	case fold.NodeRecord:
		return "◉", th.Grey
	case fold.NodeTraining:
		return "●", th.Run
	case fold.NodeQueued:
		return "◷", th.Run
	case fold.NodeWriting, fold.NodeChecking:
		return "✎", th.Run
	}
	switch {
	case n.ID == 0:
		return "◉", th.Grey
	case n.State == fold.NodeNew && (a.callOf(n.ID) != nil || a.failedCall(n.ID) != nil):
		return "✎", th.Run
	}
	return "·", th.Dim
}

// nodeWords says how a node stands: its time, or what goes on.
func (a *attempt) nodeWords(n *fold.Node) string {
	switch n.State {
	case event.VerdictProvisional:
		return frame.Seconds(float64(n.TrainSeconds))
	case event.VerdictMissed:
		return fmt.Sprintf("%s loss %.3f", frame.Seconds(float64(n.TrainSeconds)), float64(n.ValLoss))
	case event.VerdictInvalid, event.VerdictFailed, event.VerdictEmpty:
		return verdictWord(n.State)
	case fold.NodeRecord:
		return frame.Seconds(float64(n.TrainSeconds))
	case fold.NodeTraining:
		if ms, ok := a.compiling(a.runOf(n.ID)); ok {
			return "compiling " + frame.Clock(ms)
		}
		if r := a.runOf(n.ID); r != nil && r.Live() && r.Total > 0 {
			return fmt.Sprintf("step %d/%d", r.Step, r.Total)
		}
		return "training"
	case fold.NodeQueued:
		return "waits"
	case fold.NodeWriting:
		return a.writingWords(n.ID, "being written")
	case fold.NodeChecking:
		return "rules checked"
	case fold.NodeStopped:
		return "stopped"
	}
	if n.ID == 0 {
		return fmt.Sprintf("record %d", a.st.Attempt.From)
	}
	return a.writingWords(n.ID, "new")
}

// writingWords says who works on a node that is being written, or is to be.
func (a *attempt) writingWords(node int, none string) string {
	for _, d := range a.st.DraftsOf(node) {
		if d.Waits {
			return "waits for a word"
		}
	}
	switch c := a.callOf(node); {
	case a.st.Phase.Phase == event.PhaseAwaiting && a.st.Phase.Node == node:
		return "yours to write"
	case a.failedCall(node) != nil:
		return "model failed, again"
	case c == nil:
		return none
	case c.First == 0:
		return "model is asked"
	}
	return "model writes"
}

// originWord says where a node comes from, "" where its scaffold chose it to go on.
func originWord(origin string) string {
	switch origin {
	case event.OriginDebug, event.OriginBranch, event.OriginRepeat, event.OriginCarried:
		return origin
	}
	return ""
}

func verdictWord(v string) string {
	switch v {
	case event.VerdictProvisional:
		return "valid"
	case event.VerdictMissed:
		return "missed the target"
	case event.VerdictInvalid:
		return "invalid"
	case event.VerdictFailed:
		return "failed"
	case event.VerdictEmpty:
		return "no edit"
	}
	return v
}

// treeRows draws the tree pane: the nodes, and below them the reason of the edit.
func (a *attempt) treeRows(w, h int) []string {
	th := a.m.frame.Theme
	r := a.paneTitle(w, paneTree)
	if a.st.Attempt.Scaffold != "" {
		r.Gap(2).Put(th.Dim, a.scaffoldWords(true))
	}
	rows := []string{r.String()}
	if len(a.st.Nodes) == 0 {
		rows = append(rows, cell.New(w).Gap(2).Put(th.Dim, "no nodes yet").String())
		return rows
	}
	list := branches(a.st.Nodes)
	asked := a.handRows()
	asked = asked[:min(len(asked), 3, max(h/4, 1))]
	shown, at := a.subject(), 0
	for i, b := range list {
		if b.node == shown {
			at = i
		}
	}
	room := h - 1 - len(asked)
	reason := a.reasonRows(w, max(room-len(list)-1, h/3))
	if len(reason) > 0 {
		room = max(room-len(reason)-1, 1)
	}
	a.treeTop = max(min(a.treeTop, at), at-room+1, 0)
	a.treeTop = min(a.treeTop, max(len(list)-room, 0))
	for i := a.treeTop; i < len(list) && len(rows) <= room; i++ {
		rows = append(rows, a.nodeRow(list[i], w, list[i].node == shown))
	}
	for _, text := range asked {
		rows = append(rows, cell.New(w).Gap(1).Put(th.Run, "+ ").Put(th.Dim, text).String())
	}
	if len(reason) > 0 {
		rows = append(rows, cell.New(w).String())
		rows = append(rows, reason...)
	}
	return rows
}

func (a *attempt) nodeRow(b branch, w int, shown bool) string {
	th := a.m.frame.Theme
	n := a.st.Node(b.node)
	base := cell.Style("")
	if shown {
		base = th.Selected
	}
	r := cell.On(w, base)
	if shown {
		r.Put(th.Accent, "›")
	} else {
		r.Gap(1)
	}
	sign, st := a.nodeSign(n)
	r.Put(th.Faint, b.prefix).Put(st, sign).Gap(1).Put("", fmt.Sprint(n.ID)).Gap(1)
	words, origin := a.nodeWords(n), originWord(n.Origin)
	r.To(max(r.Used(), 8))
	if n.State == event.VerdictMissed && origin != "" && clean.Width(words)+len(origin)+1 > r.Left() {
		words = frame.Seconds(float64(n.TrainSeconds))
	}
	r.Put(st, words)
	if n.ID == a.st.Best() && n.ID > 0 {
		r.Gap(1).Put(th.Good, "best")
	}
	if origin != "" {
		r.Gap(1).Put(th.Dim, origin)
	}
	if times := a.gain(n); a.st.Attempt.Open() && times > 0 {
		r.Rest(cell.On(10, base).Put("", timesWords(times)).Gap(1))
	}
	if n.FSR != nil {
		r.Rest(cell.On(10, base).Put(th.Dim, "FSR ").Put("", frame.Number(n.FSR)).Gap(1))
	}
	return r.String()
}

// treeLine gives the tree on one row.
func (a *attempt) treeLine(w int) string {
	th := a.m.frame.Theme
	r := cell.New(w).Gap(1)
	shown := a.subject()
	from := 0
	if len(a.st.Nodes)*14 > w {
		from = max(shown-w/28, 0)
	}
	if len(a.st.Nodes) == 0 {
		return r.Put(th.Dim, "no nodes yet").String()
	}
	for i := from; i < len(a.st.Nodes); i++ {
		n := &a.st.Nodes[i]
		sign, st := a.nodeSign(n)
		name := cell.Style("")
		if i == shown {
			name = th.Accent + th.Bold
		}
		if i > from {
			r.Put(th.Faint, "  ")
		}
		if i == shown {
			r.Put(th.Accent, "›")
		}
		r.Put(st, sign).Put(name, fmt.Sprintf(" %d ", i))
		if word := originWord(n.Origin); word != "" {
			r.Put(th.Faint, word+" ")
		}
		r.Put(th.Dim, a.nodeWords(n))
	}
	return r.String()
}
