package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"

	"pitwall/agent"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
)

// hand is a person's hand on an attempt: what orders ask for, and what waits for them.
type hand struct {
	mu      sync.Mutex
	changed chan struct{} // closed, and made anew, with every change
	paused  bool
	run     int // in flight, 0 if none
	stopRun context.CancelCauseFunc
	over    bool // no more nodes can be asked for
	yours   int  // the node that a person is to write, 0 if none is
}

func newHand() *hand { return &hand{changed: make(chan struct{})} }

func (h *hand) touch() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// wait returns when until is true, which is asked again after every order, or
// with the cause of ctx.
func (h *hand) wait(ctx context.Context, until func() bool) error {
	for {
		h.mu.Lock()
		changed := h.changed
		h.mu.Unlock()
		if until() {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

func (h *hand) awaited() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.yours
}

func (h *hand) await(node int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.yours = node
}

// close says that no more nodes can be asked for.
func (h *hand) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
}

func (h *hand) pausedNow() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.paused
}

// rest waits while the attempt is paused. Whoever waits for it (main) says so.
func (a *attempt) rest(ctx context.Context, main bool) error {
	if !a.hand.pausedNow() {
		return nil
	}
	if main {
		a.w.Emit(event.Status{Status: event.StatusPaused})
	}
	if err := a.hand.wait(ctx, func() bool { return !a.hand.pausedNow() }); err != nil {
		return err
	}
	if main {
		a.w.Emit(event.Status{Status: event.StatusRunning})
	}
	return nil
}

// follow makes a context for a run that an order can end.
func (a *attempt) follow(ctx context.Context, run int) (context.Context, context.CancelCauseFunc) {
	ctx, stop := context.WithCancelCause(ctx)
	a.hand.mu.Lock()
	a.hand.run, a.hand.stopRun = run, stop
	a.hand.mu.Unlock()
	return ctx, func(cause error) {
		a.hand.mu.Lock()
		a.hand.run, a.hand.stopRun = 0, nil
		a.hand.mu.Unlock()
		stop(cause)
	}
}

// take carries an order out and says why it could not, "" where it could.
func (a *attempt) take(o store.Order, cancel context.CancelCauseFunc) (result string) {
	arg := func(v any) bool {
		if err := json.Unmarshal([]byte(o.Args), v); err != nil {
			result = "the order's arguments cannot be read: " + err.Error()
			return false
		}
		return true
	}
	switch o.Name {
	case event.OrderStop:
		cancel(ErrStopped)
	case event.OrderPause:
		return a.pause(true)
	case event.OrderGo:
		return a.pause(false)
	case event.OrderStopRun:
		var s event.StopRun
		if arg(&s) {
			return a.endRun(s.Run)
		}
	case event.OrderSteer:
		var s event.Steered
		if arg(&s) {
			return a.steer(s)
		}
	case event.OrderAsk:
		var s event.Asked
		if arg(&s) {
			return a.asked(s)
		}
	case event.OrderDecide:
		var d event.Decided
		if arg(&d) {
			return a.decided(d)
		}
	default:
		return "this engine does not know the order"
	}
	return result
}

// set pauses the attempt, or lets it go on, and says how it was.
func (h *hand) set(paused bool) (was bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	was, h.paused = h.paused, paused
	h.touch()
	return was
}

func (a *attempt) pause(on bool) string {
	switch was := a.hand.set(on); {
	case was == on && on:
		return "the attempt is paused already"
	case was == on:
		return "the attempt is not paused"
	}
	a.w.Emit(event.Paused{Paused: on})
	return ""
}

func (a *attempt) endRun(run int) string {
	a.hand.mu.Lock()
	defer a.hand.mu.Unlock()
	switch {
	case a.hand.stopRun == nil:
		return "no run of a node is in flight"
	case run != 0 && run != a.hand.run:
		return fmt.Sprintf("run %d is not in flight", run)
	}
	a.hand.stopRun(&earlyError{"stopped by order before its end"})
	return ""
}

// maxNote bounds what a person can have the agent read with each node, in bytes.
const maxNote = 8000

func (a *attempt) steer(s event.Steered) string {
	switch {
	case s.Text == "":
		return "the note is empty"
	case len(s.Text) > maxNote:
		return fmt.Sprintf("the note has %d bytes, more than %d", len(s.Text), maxNote)
	}
	a.w.Emit(event.Steered{Text: a.mask(s.Text)})
	if !a.agent.Reads() {
		return fmt.Sprintf("the note is kept; agent %s reads none", a.spec.Agent)
	}
	return ""
}

func (a *attempt) asked(s event.Asked) string {
	a.hand.mu.Lock()
	defer a.hand.mu.Unlock()
	st := a.w.State()
	n := st.Node(s.Node)
	switch {
	case s.Origin != event.OriginBranch && s.Origin != event.OriginRepeat:
		return "only a branch or a repeat can be asked for"
	case n == nil:
		return fmt.Sprintf("there is no node %d", s.Node)
	case n.ID > 0 && !n.Judged():
		return fmt.Sprintf("node %d has no verdict yet", s.Node)
	case len(st.Nodes)+len(st.Asked) > a.spec.Nodes:
		return fmt.Sprintf("the budget of %d nodes is used up", a.spec.Nodes)
	case a.hand.over || st.Spent != nil || st.Confirmed != nil:
		return "the search is over"
	}
	a.w.Emit(s)
	return ""
}

// decided takes a person's word on what waits for it.
func (a *attempt) decided(d event.Decided) string {
	st := a.w.State()
	switch d.Answer {
	case event.AnswerYes, event.AnswerAll, event.AnswerNo:
		if d.Edit == 0 {
			return fmt.Sprintf("node %d waits for a whole script", d.Node)
		}
	case event.AnswerOwn:
		if len(d.Text) > agent.MaxFileBytes || !agent.IsText(d.Text) {
			return fmt.Sprintf("the script is no text of at most %d MiB", agent.MaxFileBytes>>20)
		}
		if d.Path == "" {
			d.Path = a.task.From.ScriptName()
		}
	default:
		return "answer yes, all, no or own"
	}
	switch w := st.Awaited(); {
	case d.Edit == 0:
		if a.hand.awaited() != d.Node {
			return fmt.Sprintf("node %d does not wait for anybody to write it", d.Node)
		}
	case w == nil || w.Node != d.Node || w.Edit != d.Edit:
		return fmt.Sprintf("edit %d of node %d does not wait for an answer", d.Edit, d.Node)
	default:
		d.Hash = hunkHash(agent.Hunk{Path: w.Path, Old: w.Old, New: w.New})
	}
	d.Reason, d.Text = a.mask(d.Reason), a.mask(d.Text)
	a.w.Emit(d)
	a.hand.mu.Lock()
	a.hand.touch()
	a.hand.mu.Unlock()
	return ""
}

// decision finds a person's word on an edit of a node. An edit is known by its hash,
// since its number may change where an engine is started anew; of edits that are
// alike, each has a word of its own, in their order.
func decision(st *fold.State, node int, hash string, before int) (event.Decided, bool) {
	for _, d := range st.Decisions {
		if d.Node != node || d.Hash != hash {
			continue
		}
		if before == 0 {
			return d, true
		}
		before--
	}
	return event.Decided{}, false
}

// approve waits for a person's word on a proposed edit. What was decided before
// the engine was started anew is decided still.
func (a *attempt) approve(node int) func(context.Context, agent.Proposal) (event.Decided, error) {
	alike := map[string]int{} // edits asked about, by hash
	return func(ctx context.Context, p agent.Proposal) (event.Decided, error) {
		hash := hunkHash(p.Hunk)
		before := alike[hash]
		alike[hash]++
		if d, ok := decision(a.w.State(), node, hash, before); ok {
			return d, nil
		}
		// One question at a time: nodes are written side by side.
		a.questions.Lock()
		defer a.questions.Unlock()
		a.w.Emit(event.Proposed{Node: node, Edit: p.Edit})
		defer a.aside(event.Phase{Phase: event.PhaseApproving, Node: node, Detail: fmt.Sprintf("edit %d waits for your word", p.Edit)})()
		var d event.Decided
		err := a.hand.wait(ctx, func() (ok bool) {
			d, ok = decision(a.w.State(), node, hash, before)
			return ok
		})
		return d, err
	}
}

// phase says what is waited for.
func (a *attempt) phase(p event.Phase) {
	a.mu.Lock()
	a.main = p
	a.mu.Unlock()
	a.w.Emit(p)
}

// aside shows another phase until the returned function is called.
func (a *attempt) aside(p event.Phase) (back func()) {
	a.w.Emit(p)
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.main.Phase != "" {
			a.w.Emit(a.main)
		}
	}
}

// hunkHash names what an edit would do.
func hunkHash(h agent.Hunk) string {
	sum := sha256.New()
	for _, part := range []string{h.Path, h.Old, h.New} {
		fmt.Fprintf(sum, "%d:%s\n", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

// yours is what a phase says of a node that a person is to write.
const yours = "it is yours to write"

// await waits for a person to write node n.
func (a *attempt) await(n int) func(context.Context) (event.Decided, error) {
	return func(ctx context.Context) (event.Decided, error) {
		a.hand.await(n)
		defer a.hand.await(0)
		a.phase(event.Phase{Phase: event.PhaseAwaiting, Node: n, Detail: yours})
		var d event.Decided
		err := a.hand.wait(ctx, func() (ok bool) {
			d, ok = decision(a.w.State(), n, "", 0)
			return ok
		})
		return d, err
	}
}
