package ui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"pitwall/store/fold"
	"pitwall/taskdata"
	"pitwall/ui/frame"
)

// speeds are those that + and - go through.
var speeds = [...]float64{0.5, 1, 2, 4, 8, 16, 32, 64, 100}

func (a *attempt) Actions() []frame.Action {
	if a.player == nil {
		return []frame.Action{frame.Act("esc q", "esc", "back", "back to the records", a.m.goHome)}
	}
	var as []frame.Action
	add := func(keys, show, bar, does string, do func()) {
		as = append(as, frame.Act(keys, show, bar, does, func() tea.Cmd { do(); return nil }))
	}
	cmd := func(keys, show, bar, does string, do func() tea.Cmd) {
		as = append(as, frame.Act(keys, show, bar, does, do))
	}
	as = append(as, a.gateActions()...)
	if a.cardShown() {
		add("d", "d", "diff", "put the result aside and see the edits", func() { a.cardOff, a.focus = true, paneEdit })
	} else if a.st.Finished() {
		add("d", "d", "result", "show the result again", func() { a.cardOff, a.zoom = false, false; a.focus = paneEdit })
	}
	if a.canResume() {
		cmd("r", "r", "resume", "go on from the last whole node", a.resume)
	}
	if !a.live() {
		a.replayActions(add)
	}
	add("tab", "tab", "pane", "next pane", func() { a.turn(1) })
	add("shift+tab", "", "", "", func() { a.turn(-1) })
	a.paneActions(add, cmd)
	a.talkActions(add)
	a.handActions(cmd)
	leave, does := "back", "back to the records"
	if a.engaged() {
		leave, does = "leave it running", "back to the records; the attempt goes on by itself"
	}
	cmd("esc", "esc", leave, does, func() tea.Cmd { return a.back() })
	if a.live() {
		if n := a.editsOf(a.subject()); n > 1 {
			add("[", "[ ]", "edit", "the edit before, the next one", func() { a.stepEdit(-1) })
			add("]", "", "", "", func() { a.stepEdit(1) })
		}
		if len(a.st.Nodes) > 1 {
			add("{", "{ }", "node", "the node before, the next one", func() { a.stepNode(-1) })
			add("}", "", "", "", func() { a.stepNode(1) })
		}
	}
	if !a.follow && (a.waits() == nil || a.gate() != nil) {
		add("f", "f", "follow", "follow the attempt again", func() { a.unpick() })
	}
	a.askActions(cmd)
	if a.live() && a.snap.Duration > 0 {
		add("p", "p", "replay", "replay the attempt from its start", func() {
			a.player.SeekActive(0)
			a.player.Play()
		})
		add("left", "←", "", "go 5 s back; what follows is a replay", func() { a.player.Skip(-5000) })
	}
	if a.wide {
		add("z", "z", "zoom", "the pane on the whole screen, and back", func() { a.zoom = !a.zoom })
	}
	if len(a.st.Points) > 0 || len(a.st.Ghosts) > 0 {
		add("t", "t", "time/step", "draw the loss over seconds, or over steps", func() { a.byStep = !a.byStep })
	}
	if len(a.st.Nodes) > 1 {
		add("b", "b", "", "compare with the record, or with the parent node", func() { a.toParent, a.diffHand = !a.toParent, false })
	}
	cmd("l", "l", "", "all attempts", a.m.goHistory)
	cmd("q", "q", "", "leave pitwall; what runs goes on", func() tea.Cmd { return tea.Quit })
	return as
}

func (a *attempt) replayActions(add func(keys, show, bar, does string, do func())) {
	p := a.player
	if a.snap.Playing {
		add("space", "space", "pause", "pause", p.Pause)
	} else {
		add("space", "space", "play", "play", p.Play)
	}
	add("left", "← →", "5 s", "5 s back, 5 s on", func() { p.Skip(-5000) })
	add("right", "", "", "", func() { p.Skip(5000) })
	add("[", "[ ]", "edit", "to the edit before, to the next", func() { a.unpick(); p.NextMark(-1, fold.MarkEdit) })
	add("]", "", "", "", func() { a.unpick(); p.NextMark(1, fold.MarkEdit) })
	add("{", "{ }", "node", "to the node before, to the next", func() { a.unpick(); p.NextMark(-1, fold.MarkNode) })
	add("}", "", "", "", func() { a.unpick(); p.NextMark(1, fold.MarkNode) })
	end, does := "end", "to the end of the attempt"
	if a.engaged() {
		end, does = "live", "to what happens now, and follow it"
	}
	add("L", "L", end, does, func() { a.unpick(); p.Live() })
	add("0", "0-9", "seek", "to the start, to 10 % … 90 %", func() { p.SeekActive(0) })
	for d := int64(1); d <= 9; d++ {
		add(fmt.Sprint(d), "", "", "", func() { p.SeekActive(a.snap.Duration * d / 10) })
	}
	add("+ =", "+ -", "speed", "faster, slower: 0.5 to 100 times", func() { p.SetSpeed(nextSpeed(a.snap.Speed, 1)) })
	add("-", "", "", "", func() { p.SetSpeed(nextSpeed(a.snap.Speed, -1)) })
	add(",", ", .", "event", "one event back, one on", func() { p.Step(-1) })
	add(".", "", "", "", func() { p.Step(1) })
	add("g", "g", "idle cut", "shorten stretches in which nothing happens, or not", func() { p.SetIdleCut(!a.snap.IdleCut) })
}

func (a *attempt) paneActions(add func(keys, show, bar, does string, do func()), cmd func(keys, show, bar, does string, do func() tea.Cmd)) {
	page := max(a.diffH-2, 1)
	switch a.focus {
	case paneTree:
		if len(a.st.Nodes) > 1 {
			add("j down", "↑ ↓", "node", "choose a node; also j and k", func() { a.stepNode(1) })
			add("k up", "", "", "", func() { a.stepNode(-1) })
		}
	case paneEdit:
		if a.cardShown() || a.diff == nil || a.diff.Len() <= 1 {
			return
		}
		add("j down", "↑ ↓", "scroll", "scroll the diff by a line; also j and k", func() { a.scrollDiff(1) })
		add("k up", "", "", "", func() { a.scrollDiff(-1) })
		add("pgdown ctrl+d", "page", "", "scroll by a page; also ctrl+d and ctrl+u", func() { a.scrollDiff(page) })
		add("pgup ctrl+u", "", "", "", func() { a.scrollDiff(-page) })
		add("home", "home end", "", "first line, last line", func() { a.scrollDiff(-1 << 30) })
		add("end", "", "", "", func() { a.scrollDiff(1 << 30) })
		if len(a.diff.Changes()) > 1 && (a.gate() == nil || a.gate().edit == 0) { // there n is a no
			add("n", "n N", "change", "the next change, the one before", func() { a.jumpChange(1) })
			add("N", "", "", "", func() { a.jumpChange(-1) })
		}
	case paneGPU:
		if g := a.gpuState(); g != nil && len(g.devices) > 1 {
			add("j down", "↑ ↓", "scroll", "scroll the GPUs; also j and k", func() { a.gpuTop++ })
			add("k up", "", "", "", func() { a.gpuTop = max(a.gpuTop-1, 0) })
		}
	case paneLog:
		if a.runShown() == nil {
			return
		}
		l := &a.log
		add("j down", "↑ ↓", "scroll", "scroll the log by a line; also j and k", func() { l.scroll(a, 1) })
		add("k up", "", "", "", func() { l.scroll(a, -1) })
		add("pgdown ctrl+d", "page", "", "scroll by a page; also ctrl+d and ctrl+u", func() { l.scroll(a, int64(max(l.h-2, 1))) })
		add("pgup ctrl+u", "", "", "", func() { l.scroll(a, -int64(max(l.h-2, 1))) })
		add("home", "home end", "", "first line; last line, and follow", func() { l.scroll(a, -1<<40) })
		add("end G", "", "", "", func() { l.follow = true })
		switch {
		case l.more && l.left > 0:
			add(">", "< >", "sideways", "scroll long lines sideways", func() { l.sideways(1) })
			add("<", "", "", "", func() { l.sideways(-1) })
		case l.more:
			add(">", ">", "sideways", "scroll long lines sideways; < scrolls back", func() { l.sideways(1) })
		case l.left > 0:
			add("<", "<", "sideways", "scroll long lines back", func() { l.sideways(-1) })
		}
		if a.st.Attempt.GPUs > 1 {
			bar := "rank"
			if l.only.on {
				bar = "all ranks"
			}
			cmd("#", "#", bar, "show the lines of one rank alone, or of all", func() tea.Cmd {
				if l.only.on {
					l.only = rankLines{}
					return nil
				}
				return a.startRank()
			})
		}
		cmd("/", "/", "search", "search the log of this run", func() tea.Cmd { return a.startSearch() })
		if l.term != "" {
			cmd("n", "n N", "match", "the next match, the one before", func() tea.Cmd { return l.find(a, 1) })
			cmd("N", "", "", "", func() tea.Cmd { return l.find(a, -1) })
		}
	}
}

func nextSpeed(now float64, dir int) float64 {
	if dir > 0 {
		for _, s := range speeds {
			if s > now {
				return s
			}
		}
		return speeds[len(speeds)-1]
	}
	for i := len(speeds) - 1; i >= 0; i-- {
		if speeds[i] < now {
			return speeds[i]
		}
	}
	return speeds[0]
}

// turn goes n panes on.
func (a *attempt) turn(n int) {
	panes := []pane{paneTree, paneEdit, panePlot, paneLog}
	if a.onGPUs() {
		panes = append(panes, paneGPU)
	}
	if a.speaks() {
		panes = slices.Insert(panes, 2, paneTalk)
	}
	a.focus = panes[(slices.Index(panes, a.focus)+n+len(panes))%len(panes)]
}

// back leaves the zoom, else the screen.
func (a *attempt) back() tea.Cmd {
	if a.zoom {
		a.zoom = false
		return nil
	}
	running, name := a.engaged(), attemptName(a.snap.Summary)
	cmd := a.m.goHome()
	if running {
		return tea.Batch(cmd, a.m.frame.Say(name+" goes on by itself; w watches it again", false))
	}
	return cmd
}

func (a *attempt) unpick() {
	a.follow, a.edit, a.diffHand = true, 0, false
	a.log.follow = true
	a.talk.hand, a.talk.call = false, 0
}

func (a *attempt) pick(node, edit int) {
	a.follow, a.node, a.edit, a.diffHand = false, node, edit, false
	a.cardOff = true
	a.log.follow = true
}

func (a *attempt) stepNode(n int) {
	at := max(min(a.subject()+n, len(a.st.Nodes)-1), 0)
	a.pick(at, 0)
}

func (a *attempt) stepEdit(n int) {
	node := a.subject()
	at := max(min(a.editShown()+n, a.editsOf(node)), 1)
	a.pick(node, at)
}

func (a *attempt) scrollDiff(n int) {
	a.diffHand = true
	a.diffTop = max(min(a.diffTop+n, a.diff.Len()-a.diffH), 0)
}

func (a *attempt) jumpChange(dir int) {
	a.diffHand = true
	a.diffTop = nextChange(a.diff, a.diffTop, dir)
	a.scrollDiff(0)
}

func (a *attempt) resume() tea.Cmd {
	a.busy = "resuming…"
	resume, ctx, id := a.m.o.Resume, a.m.frame.Context, a.snap.Summary.ID
	a.player.Live()
	return func() tea.Msg {
		return orderedMsg{a, "resume the attempt", "the attempt goes on", resume(ctx, id)}
	}
}

func (a *attempt) cardShown() bool {
	if a.cardOff {
		return false
	}
	if a.status().Over() {
		return a.st.Finished()
	}
	return false
}

// task gives the task's data where this version knows it.
func (a *attempt) task() (taskdata.Task, bool) {
	t, err := a.m.tasks.FindTask(a.snap.Summary.Task)
	return t, err == nil
}
