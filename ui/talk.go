package ui

import (
	"fmt"
	"time"

	"pitwall/internal/tokencount"
	"pitwall/store/event"
	"pitwall/store/fold"
)

// Names of agents that the screen treats in their own way.
const agentModel = "llm"

// wrapMost is how much of a model's text is wrapped for one frame: a millisecond's
// worth.
const wrapMost = 64 << 10

// spokenKept bounds the texts whose rows are kept: a few calls, each at the widths
// that its pane has beside the others and alone.
const spokenKept = 8

// talkPane shows what a model says in one of its calls.
type talkPane struct {
	node   int // whose calls are gone through
	call   int // the one shown, from 1; 0: the newest
	hand   bool
	top    int
	h      int // rows of text
	total  int
	behind bool // not all of the text is wrapped yet
	w      int
	spoken map[spokenKey]*spoken
}

// spokenKey tells apart what is kept of calls.
type spokenKey struct{ call, w int }

// spoken is what a model said in a call, as rows.
type spoken struct {
	reasoning, text wrapped
	words           toolWords
}

// speaks reports whether a model takes part in the attempt.
func (a *attempt) speaks() bool {
	st := a.st
	return len(st.Calls)+len(st.Speaking) > 0 || a.asksModel()
}

// asksModel reports whether the attempt's agent is a model.
func (a *attempt) asksModel() bool {
	return a.st.Attempt.Agent == agentModel || a.snap.Summary.Agent == agentModel
}

// talking reports whether a model is at work now, so that what it says should be
// seen.
func (a *attempt) talking() bool {
	st := a.st
	if len(st.Speaking) > 0 {
		return true
	}
	if !a.asksModel() || st.Finished() {
		return false
	}
	switch st.Phase.Phase {
	case event.PhaseWriting, event.PhaseApproving, event.PhaseThinking:
		return true
	}
	return false
}

// callsShown gives the calls that can be gone through, those about the node that
// is looked at, and which of them is shown, -1 where there are none.
func (a *attempt) callsShown() (calls []fold.Call, at int) {
	p, node := &a.talk, a.callNode()
	if node != p.node {
		*p = talkPane{node: node, h: p.h, w: p.w, spoken: p.spoken}
	}
	calls = a.st.CallsOf(node)
	at = len(calls) - 1
	if p.call > 0 && p.call <= len(calls) {
		at = p.call - 1
	}
	return calls, at
}

// callNode gives the node whose calls are shown. While the screen follows the
// attempt that is the one whose model speaks: ideas are about nodes to come.
func (a *attempt) callNode() int {
	node := a.subject()
	switch {
	case !a.follow:
		return node
	case a.talk.call > 0: // a person reads it
		return a.talk.node
	}
	st := a.st
	for _, list := range [][]fold.Call{st.Speaking, st.Calls} {
		for i := range list {
			if list[i].Node == node {
				return node
			}
		}
		if n := len(list); n > 0 {
			return list[n-1].Node
		}
	}
	return node
}

// callOf gives the call about a node that has not ended, nil where there is none.
func (a *attempt) callOf(node int) *fold.Call {
	for i := len(a.st.Speaking) - 1; i >= 0; i-- {
		if c := &a.st.Speaking[i]; c.Node == node {
			return c
		}
	}
	return nil
}

// failedCall gives the call for a node that failed and waits to be sent again, nil
// where none does.
func (a *attempt) failedCall(node int) *fold.Call {
	if n := a.st.Node(node); n == nil || n.Checked || n.Judged() || a.callOf(node) != nil {
		return nil
	}
	for i := len(a.st.Calls) - 1; i >= 0; i-- {
		if c := &a.st.Calls[i]; c.Node == node {
			if c.Failed() && c.Ended.Again {
				return c
			}
			return nil
		}
	}
	return nil
}

// purposeWords says what a call is for.
func purposeWords(c *fold.Call) string {
	words := map[string]string{
		event.CallEdit:      fmt.Sprintf("writing node %d", c.Node),
		event.CallReflect:   fmt.Sprintf("mending node %d", c.Node),
		event.CallIdeate:    "thinking of ideas",
		event.CallSummarise: fmt.Sprintf("summing up node %d", c.Node),
		event.CallJudge:     fmt.Sprintf("comparing node %d with the human's change", c.Node),
	}[c.Purpose]
	if words == "" {
		words = c.Purpose
	}
	if c.Round > 0 {
		words += fmt.Sprintf(", round %d", c.Round+1)
	}
	if c.Try > 1 {
		words += fmt.Sprintf(", try %d", c.Try)
	}
	return words
}

// outTokens estimates the tokens of what has come of an answer.
func outTokens(c *fold.Call) int64 {
	return int64(tokencount.Estimate(len(c.Text) + len(c.Reasoning) + len(c.Tool)))
}

// underWay estimates the tokens of the calls that have not ended.
func (a *attempt) underWay() (in, out int64) {
	for i := range a.st.Speaking {
		c := &a.st.Speaking[i]
		in, out = in+int64(c.Tokens), out+outTokens(c)
	}
	return in, out
}

// ms gives milliseconds as a duration.
func ms(n int64) time.Duration { return time.Duration(max(n, 0)) * time.Millisecond }

// talkActions are the keys of the model's pane, and those that go through its calls.
func (a *attempt) talkActions(add func(keys, show, bar, does string, do func())) {
	if !a.speaks() {
		return
	}
	calls, at := a.callsShown()
	if len(calls) > 1 {
		bar := ""
		if a.focus == paneTalk {
			bar = "call"
		}
		add("(", "( )", bar, "the model's call before, the next one", func() { a.stepCall(-1) })
		add(")", "", "", "", func() { a.stepCall(1) })
	}
	if a.focus != paneTalk || at < 0 {
		return
	}
	p := &a.talk
	page := max(p.h-2, 1)
	add("j down", "↑ ↓", "scroll", "scroll by a line; also j and k", func() { a.scrollTalk(1) })
	add("k up", "", "", "", func() { a.scrollTalk(-1) })
	add("pgdown ctrl+d", "page", "", "scroll by a page; also ctrl+d and ctrl+u", func() { a.scrollTalk(page) })
	add("pgup ctrl+u", "", "", "", func() { a.scrollTalk(-page) })
	add("home", "home end", "", "first line; last line, and follow", func() { a.scrollTalk(-1 << 30) })
	add("end G", "", "", "", func() { p.hand, p.call = false, 0 })
}

// scrollTalk scrolls the call that is shown, and stays with it.
func (a *attempt) scrollTalk(n int) {
	p := &a.talk
	_, at := a.callsShown()
	p.hand, p.call = true, at+1
	p.top = max(min(p.top+n, p.total-p.h), 0)
	if n > 0 && p.top >= p.total-p.h {
		p.hand = false
		a.stepCall(0)
	}
}

// stepCall goes n calls on. At the newest it follows again.
func (a *attempt) stepCall(n int) {
	p := &a.talk
	calls, at := a.callsShown()
	p.call = max(min(at+n, len(calls)-1), 0) + 1
	if n != 0 {
		p.hand = false
	}
	if p.call == len(calls) {
		p.call = 0
	}
}

// feedTalk wraps what is new of the call that is shown. It reports whether there
// is more.
func (a *attempt) feedTalk() (more bool) {
	p := &a.talk
	if p.w == 0 || !a.speaks() {
		return false
	}
	p.behind = false
	if calls, at := a.callsShown(); at >= 0 {
		a.sections(&calls[at], p.w)
	}
	return p.behind
}
