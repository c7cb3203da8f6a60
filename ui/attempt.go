package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/ui/diffview"
	"pitwall/ui/frame"
)

// refresh is the shortest time between two snapshots that are taken up: about
// thirty a second, however fast events arrive.
const refresh = 33 * time.Millisecond

// pane is a part of the attempt's screen.
type pane int

const (
	paneTree pane = iota
	paneEdit
	paneTalk
	panePlot
	paneLog
	paneGPU
)

func (p pane) String() string { return [...]string{"tree", "edit", "model", "loss", "log", "GPUs"}[p] }

// attempt is the screen of one attempt, live and in replay: it shows whatever
// the player's snapshot says.
type attempt struct {
	frame.Prompt
	m      *Model
	open   openMsg
	ctx    context.Context
	cancel context.CancelFunc
	player *store.Player
	snap   *store.Snapshot
	st     *fold.State
	err    error // why it could not be opened
	taken  time.Time

	focus pane
	zoom  bool
	wide  bool // laid out with all panes at once

	follow   bool // what is shown follows the attempt
	node     int  // shown where not following
	edit     int  // 0: the newest of the node
	toParent bool // compare with the parent, else with the record
	treeTop  int
	held     int // the node whose writing is followed, 0 for none

	diff     *diffview.Diff
	maker    diffview.Maker
	diffKey  diffKey
	diffTop  int
	diffHand bool // scrolled by hand: leave it there
	diffH    int
	view     diffview.View
	loose    bool // the edit shown stands as it was written: its passage is not in the script to the letter

	byStep bool
	curves map[curveKey]*curve
	ghosts map[ghostKey]*curve
	log    logPane
	talk   talkPane
	trail  gpuTrail
	gpuTop int // first GPU shown in their pane

	cardOff  bool // the result was put aside
	ask      *frame.Ask
	busy     string            // what is under way, in words
	given    map[string]bool   // orders that are on their way
	answered asking            // what a person gave a word on, until the attempt goes on
	kept     map[asking]string // what they wrote and the engine has not taken
}

// Messages of an attempt. Those of one that was left carry another player.
type (
	openedMsg struct {
		a      *attempt
		player *store.Player
		err    error
	}
	changedMsg struct{ a *attempt }
	secondMsg  struct{ a *attempt }
	moreMsg    struct{} // there are more points to take up
	orderedMsg struct {
		a    *attempt
		what string
		done string
		err  error
	}
)

func newAttempt(m *Model, open openMsg) *attempt {
	a := &attempt{
		m: m, Prompt: frame.NewPrompt(m.frame), open: open, focus: paneEdit, follow: true, curves: map[curveKey]*curve{}, ghosts: map[ghostKey]*curve{},
		st: fold.New(), snap: &store.Snapshot{State: fold.New()}, given: map[string]bool{}, kept: map[asking]string{},
	}
	a.ctx, a.cancel = context.WithCancel(m.frame.Context)
	a.log.follow = true
	return a
}

func (a *attempt) Title() string {
	if a.snap.Summary.Number > 0 {
		return attemptName(a.snap.Summary)
	}
	return "attempt"
}

// start opens the player.
func (a *attempt) start() tea.Cmd {
	s, ctx, o := a.m.o.Store, a.ctx, a.open
	return func() tea.Msg {
		sum, err := s.Attempt(ctx, o.id)
		if err != nil {
			return openedMsg{a: a, err: err}
		}
		p, err := s.Play(ctx, sum.ID, store.PlayOptions{Replay: o.replay, Speed: o.speed})
		return openedMsg{a, p, err}
	}
}

func (a *attempt) close() {
	a.cancel()
	if a.player != nil {
		go a.player.Close() // waits for its reader, the screen does not
	}
}

// wait waits for a newer snapshot, and a little longer, so that bursts come as one.
func (a *attempt) wait() tea.Cmd {
	p, ctx, pause := a.player, a.ctx, refresh-time.Since(a.taken)
	return func() tea.Msg {
		if pause > 0 {
			t := time.NewTimer(pause)
			defer t.Stop()
			select {
			case <-t.C:
			case <-ctx.Done():
				return nil
			}
		}
		select {
		case <-p.Changed():
			return changedMsg{a}
		case <-ctx.Done():
			return nil
		}
	}
}

// second keeps the clock of a live attempt going between events.
func (a *attempt) second() tea.Cmd {
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return secondMsg{a} })
}

func (a *attempt) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case openedMsg:
		if msg.a != a || a.ctx.Err() != nil {
			if msg.player != nil {
				go msg.player.Close()
			}
			return nil
		}
		if msg.err != nil {
			a.err = msg.err
			return nil
		}
		a.player = msg.player
		a.take()
		return tea.Batch(a.wait(), a.second())
	case changedMsg:
		if msg.a != a || a.player == nil {
			return nil
		}
		a.take()
		return a.wait()
	case secondMsg:
		if msg.a == a {
			return a.second()
		}
	case orderedMsg:
		if msg.a != a {
			return nil
		}
		a.busy = ""
		if msg.err != nil {
			return a.m.frame.Complain(msg.what, msg.err)
		}
		return a.m.frame.Say(msg.done, false)
	case tookMsg:
		if msg.a == a {
			return a.took(msg)
		}
	case ownFileMsg:
		if msg.a == a {
			return a.runEditor(msg)
		}
	case ownDoneMsg:
		if msg.a == a {
			return a.wrote(msg)
		}
	case linesMsg, foundMsg, rankMsg:
		return a.log.update(a, msg)
	}
	return nil
}

// take takes up the newest snapshot.
func (a *attempt) take() {
	was := a.st
	a.snap = a.player.Snapshot()
	a.st = a.snap.State
	a.taken = time.Now()
	if was.Finished() != a.st.Finished() {
		a.cardOff = false
	}
	if a.node >= len(a.st.Nodes) {
		a.node = max(len(a.st.Nodes)-1, 0)
	}
	a.held = a.writing()
	a.settle()
	if a.focus == paneTalk && !a.speaks() {
		a.focus = paneEdit
	}
	if a.trail.feed(a.st.GPUs); a.focus == paneGPU && !a.onGPUs() {
		a.focus = paneEdit
	}
}

// live reports whether the screen follows an attempt that may still go on.
func (a *attempt) live() bool { return a.snap.Following }

// status is the attempt's status as it is now when live, and as it was at the
// position in replay.
func (a *attempt) status() event.Standing {
	if a.live() || a.st.Seq == 0 {
		if s := a.snap.Summary.Status; s != "" {
			return s
		}
		return event.StatusQueued
	}
	return a.st.Status
}

func (a *attempt) why() string {
	if a.live() && a.snap.Summary.Why != "" {
		return a.snap.Summary.Why
	}
	return a.st.Why
}

// engaged reports whether an engine works on the attempt now.
func (a *attempt) engaged() bool {
	return a.snap.Summary.Status.Live()
}

func (a *attempt) canResume() bool {
	if a.snap.Summary.Status.Resumable() {
		return a.m.o.Resume != nil && a.busy == ""
	}
	return false
}

// subject gives the node whose edits are shown.
func (a *attempt) subject() int {
	if !a.follow {
		return a.node
	}
	st := a.st
	if d := st.Awaited(); d != nil {
		return d.Node
	}
	if st.Phase.Phase == event.PhaseAwaiting && st.Node(st.Phase.Node) != nil {
		return st.Phase.Node
	}
	if n := a.writing(); n > 0 {
		return n
	}
	if st.Finished() {
		if b := st.Best(); b >= 0 {
			return b
		}
	}
	if r := st.LiveRun(); r != nil && r.Node > 0 {
		return r.Node
	}
	if st.Phase.Node > 0 && st.Node(st.Phase.Node) != nil {
		return st.Phase.Node
	}
	for i := len(st.Nodes) - 1; i >= 0; i-- {
		if len(st.Nodes[i].Edits) > 0 {
			return i
		}
	}
	return max(len(st.Nodes)-1, 0)
}

// writing gives the node that is being written and followed, 0 where none is. It
// stays with one while several are written side by side.
func (a *attempt) writing() int {
	first := 0
	for i := range a.st.Drafts {
		switch n := a.st.Drafts[i].Node; {
		case n == a.held:
			return n
		case first == 0:
			first = n
		}
	}
	for i := range a.st.Speaking {
		c := &a.st.Speaking[i]
		if c.Purpose != event.CallEdit && c.Purpose != event.CallReflect || c.Node < 1 || a.st.Node(c.Node) == nil {
			continue
		}
		switch {
		case c.Node == a.held:
			return c.Node
		case first == 0:
			first = c.Node
		}
	}
	return first
}

// runShown gives the run whose log and loss are shown, nil if there is none.
func (a *attempt) runShown() *fold.Run {
	st := a.st
	if a.follow {
		if r := st.LiveRun(); r != nil {
			return r
		}
		if st.Finished() {
			if r := a.runOf(a.subject()); r != nil {
				return r
			}
		}
		if n := len(st.Runs); n > 0 {
			return &st.Runs[n-1]
		}
		return nil
	}
	return a.runOf(a.node)
}

// runOf gives the run that judged a node, else its newest.
func (a *attempt) runOf(node int) *fold.Run {
	n := a.st.Node(node)
	if n == nil || len(n.Runs) == 0 {
		return nil
	}
	for i := len(n.Runs) - 1; i >= 0; i-- {
		if r := a.st.Run(n.Runs[i]); r != nil && (r.Purpose == event.PurposeNode || r.Purpose == event.PurposeCalibrateFrom) {
			return r
		}
	}
	return a.st.Run(n.Runs[len(n.Runs)-1])
}

// editsOf gives the number of edits of a node, the one being written included.
func (a *attempt) editsOf(node int) int {
	n := a.st.Node(node)
	if n == nil {
		return 0
	}
	return len(n.Edits) + len(a.st.DraftsOf(node))
}

// editShown gives the edit that is looked at, from 1; 0 if the node has none.
func (a *attempt) editShown() int {
	node := a.subject()
	n := a.editsOf(node)
	if a.edit > 0 && a.edit <= n {
		return a.edit
	}
	if d := a.st.Awaited(); d != nil && d.Node == node {
		return a.standing(node, d.Edit)
	}
	return n
}

func (a *attempt) Prepare(w, h int) tea.Cmd {
	a.wide = w >= 100 && h >= 27
	cmds := []tea.Cmd{a.paint(), a.log.prepare(a)}
	if more := a.feedTalk(); a.feed() || more {
		cmds = append(cmds, func() tea.Msg { return moreMsg{} })
	}
	return tea.Batch(cmds...)
}

func (a *attempt) Typing() func(tea.KeyPressMsg) tea.Cmd {
	if a.ask == nil || a.Input != nil {
		return a.Prompt.Typing()
	}
	return func(k tea.KeyPressMsg) tea.Cmd {
		q := a.ask
		switch k.String() {
		case "y", "Y":
			a.ask = nil
			return q.Do()
		case "n", "N", "esc", "q", "ctrl+c":
			a.ask = nil
		}
		return nil
	}
}

func (a *attempt) Line(w int) string {
	if a.ask == nil || a.Input != nil {
		return a.Prompt.Line(w)
	}
	return a.ask.Row(a.m.frame.Theme, w)
}
