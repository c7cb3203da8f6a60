package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/ui/frame"
)

// orderPatience is how long the screen waits to hear what came of an order.
const orderPatience = 15 * time.Second

// noteBytes bounds a note to the agent.
const noteBytes = 4000

// order is what a person tells the engine of an attempt.
type order struct {
	name  string // event.Order…
	args  any    // nil for none
	about string // what it is about, for what goes wrong: "pause", "your word on edit 2"
	done  string // what is said when the engine has taken it
}

// tookMsg says what came of an order.
type tookMsg struct {
	a      *attempt
	order  order
	key    string
	result string // why the engine could not do it
	err    error
}

// key tells orders apart, so that one is not given twice while it is on its way.
func (o order) key() string {
	if d, ok := o.args.(event.Decided); ok {
		return fmt.Sprint(o.name, " ", d.Node, " ", d.Edit)
	}
	return fmt.Sprint(o.name, " ", o.args)
}

// give gives the engine an order and waits until it has taken it.
func (a *attempt) give(o order) tea.Cmd {
	key := o.key()
	if a.given[key] {
		return nil
	}
	a.given[key] = true
	s, id := a.m.o.Store, a.snap.Summary.ID
	return func() tea.Msg {
		// Leaving the attempt ends the waiting, and takes no order back.
		n, err := s.Give(a.m.frame.Context, id, o.name, o.args)
		if err != nil {
			return tookMsg{a, o, key, "", err}
		}
		result, err := await(a.ctx, s, n)
		return tookMsg{a, o, key, result, err}
	}
}

// await waits for an order to be taken and gives why it could not be carried out.
func await(ctx context.Context, s *store.Store, n int64) (result string, err error) {
	patient, cancel := context.WithTimeout(ctx, orderPatience)
	defer cancel()
	result, err = s.Await(patient, n)
	if err != nil && patient.Err() != nil && ctx.Err() == nil {
		return "", errors.New("the engine has not taken the order yet; it does so as soon as it can")
	}
	return result, err
}

// took says what came of an order.
func (a *attempt) took(msg tookMsg) tea.Cmd {
	delete(a.given, msg.key)
	if msg.order.name == event.OrderStop {
		a.busy = ""
	}
	why := msg.result
	switch {
	case errors.Is(msg.err, context.Canceled):
		return nil
	case errors.Is(msg.err, store.ErrNotLive):
		why = "no engine works on this attempt any more"
	case msg.err != nil:
		why = msg.err.Error()
	}
	d, decided := msg.order.args.(event.Decided)
	if why == "" {
		if decided {
			delete(a.kept, asking{d.Node, d.Edit, a.st.Epoch})
		}
		return a.m.frame.Say(msg.order.done, false)
	}
	if decided && a.answered == (asking{d.Node, d.Edit, a.st.Epoch}) {
		a.answered = asking{} // it is asked again
	}
	return a.m.frame.Say(msg.order.about+": "+why, true)
}

// reachable reports whether an engine works on the attempt and takes orders.
func (a *attempt) reachable() bool {
	return a.live() && a.engaged() && !a.st.Finished() && a.busy == ""
}

type addCmd func(keys, show, bar, does string, do func() tea.Cmd)

// handActions are what a person can do to an attempt while it goes on.
func (a *attempt) handActions(cmd addCmd) {
	if !a.reachable() {
		return
	}
	if a.st.Paused {
		cmd("space", "space", "go on", "let the attempt go on", a.goOn)
	} else {
		cmd("space", "space", "pause", "pause before the next run and the model's next call", a.pause)
	}
	if r := a.stoppable(); r > 0 {
		cmd("x", "x", "stop run", "stop the run in flight, the attempt goes on; asks first", a.stopRun)
	}
	if a.asksModel() {
		cmd("s", "s", "steer", "give the agent a note, which it reads with its next node", a.steer)
	}
}

// askActions have nodes made, and end the attempt.
func (a *attempt) askActions(cmd addCmd) {
	if !a.reachable() {
		return
	}
	if node := a.subject(); a.askable(node) {
		bar := [2]string{}
		if a.focus == paneTree {
			bar = [2]string{"branch", "train again"}
		}
		cmd("B", "B", bar[0], "have the next node start from this one", func() tea.Cmd { return a.askFor(node, event.OriginBranch) })
		cmd("R", "R", bar[1], "have this node's script trained once more", func() tea.Cmd { return a.askFor(node, event.OriginRepeat) })
	}
	cmd("X", "X", "stop", "stop the attempt; asks first", a.stop)
}

func (a *attempt) pause() tea.Cmd {
	done := "paused"
	switch {
	case a.st.LiveRun() != nil:
		done = "pauses after this run"
	case len(a.st.Speaking) > 0:
		done = "pauses after this answer"
	}
	return a.give(order{name: event.OrderPause, about: "pause", done: done})
}

func (a *attempt) goOn() tea.Cmd {
	return a.give(order{name: event.OrderGo, about: "go on", done: "the attempt goes on"})
}

// stoppable gives the run that an order can end: that of a node, 0 if none trains.
func (a *attempt) stoppable() int {
	if r := a.st.LiveRun(); r != nil && r.Purpose == event.PurposeNode {
		return r.Run
	}
	return 0
}

func (a *attempt) stopRun() tea.Cmd {
	run := a.stoppable()
	name := a.runName(a.st.Run(run))
	a.ask = &frame.Ask{Text: "Stop the run of " + name + "? A run that is stopped never counts.", Yes: "stop it", No: "let it train", Do: func() tea.Cmd {
		return a.give(order{
			name: event.OrderStopRun, args: event.StopRun{Run: run}, about: "stop the run",
			done: "the run of " + name + " was stopped; the attempt goes on",
		})
	}}
	return nil
}

func (a *attempt) stop() tea.Cmd {
	text := "Stop this attempt? It keeps what it has; a run that is stopped never counts."
	a.ask = &frame.Ask{Text: text, Yes: "stop", No: "go on", Do: func() tea.Cmd {
		a.busy = "stopping…"
		return a.give(order{name: event.OrderStop, about: "stop the attempt", done: "the engine was told to stop"})
	}}
	return nil
}

// steer takes a note to the agent.
func (a *attempt) steer() tea.Cmd {
	in := frame.NewInput("note to the agent", "", noteBytes)
	in.Keep, in.Drop = "give", "back"
	in.Done = func(keep bool) tea.Cmd {
		text := strings.TrimSpace(in.Text())
		if !keep || text == "" {
			return nil
		}
		done := "the agent reads it with its next node"
		if node := a.reader(a.activeNow()); node > 0 {
			done = fmt.Sprintf("the agent reads it with node %d", node)
		}
		return a.give(order{name: event.OrderSteer, args: event.Steered{Text: text}, about: "the note", done: done})
	}
	a.Input = in
	return nil
}

// reader gives the node with which a note of a moment reaches the agent: the first
// that the model was asked to write after it; 0 where none is left to come.
func (a *attempt) reader(active int64) int {
	st := a.st
	asked := map[int]int64{} // when the model was first asked for a node
	for i := range st.Calls {
		noteAsked(asked, st.Calls[i].Node, st.Calls[i].Purpose, st.Calls[i].Active)
	}
	for i := range st.Speaking {
		noteAsked(asked, st.Speaking[i].Node, st.Speaking[i].Purpose, st.Speaking[i].Active)
	}
	for _, n := range st.Nodes {
		if n.ID == 0 || n.Origin == event.OriginRepeat || n.Origin == event.OriginCarried {
			continue
		}
		at, was := asked[n.ID]
		if was && at >= active || !was && !n.Checked && !n.Judged() {
			return n.ID
		}
	}
	if next := len(st.Nodes); next > 0 && next <= st.Attempt.Nodes && st.Spent == nil && !st.Finished() {
		return next
	}
	return 0
}

func noteAsked(asked map[int]int64, node int, purpose string, active int64) {
	if purpose != event.CallEdit {
		return
	}
	if at, was := asked[node]; !was || active < at {
		asked[node] = active
	}
}

// askable reports whether a person can have a node made from this one.
func (a *attempt) askable(node int) bool {
	st := a.st
	n := st.Node(node)
	switch {
	case n == nil || node > 0 && !n.Judged() || st.Spent != nil || st.Confirmed != nil:
		return false
	case st.Phase.Phase == event.PhaseConfirming || st.Phase.Phase == event.PhaseFinished:
		return false
	}
	return len(st.Nodes)+len(st.Asked) <= st.Attempt.Nodes
}

func (a *attempt) askFor(node int, origin string) tea.Cmd {
	done := fmt.Sprintf("the next node starts from node %d", node)
	if origin == event.OriginRepeat {
		done = fmt.Sprintf("node %d is trained again as the next node", node)
	}
	return a.give(order{name: event.OrderAsk, args: event.Asked{Node: node, Origin: origin}, about: origin, done: done})
}

// handRows tells what a person asked for and has not come yet.
func (a *attempt) handRows() (texts []string) {
	st := a.st
	if st.Finished() {
		return nil
	}
	for _, q := range st.Asked {
		if q.Origin == event.OriginRepeat {
			texts = append(texts, fmt.Sprintf("next: node %d once more", q.Node))
		} else {
			texts = append(texts, fmt.Sprintf("next: branch from node %d", q.Node))
		}
	}
	for _, n := range st.Notes {
		node := a.reader(n.Active)
		if to := st.Node(node); node > 0 && (to == nil || to.State == fold.NodeNew && a.callOf(node) == nil) {
			texts = append(texts, fmt.Sprintf("note for node %d: %s", node, strings.Join(strings.Fields(n.Text), " ")))
		}
	}
	return texts
}

// notesFor gives the notes of a person that a node was written with.
func (a *attempt) notesFor(node int) string {
	var texts []string
	for _, n := range a.st.Notes {
		if a.reader(n.Active) == node {
			texts = append(texts, n.Text)
		}
	}
	return strings.Join(texts, " · ")
}
