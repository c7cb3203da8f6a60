package engine

import (
	"context"
	"errors"
	"sync"

	"pitwall/agent/scaffold"
	"pitwall/store/event"
	"pitwall/store/fold"
)

// flying is a node that has begun and has no verdict yet.
type flying struct {
	node    int
	written chan error
}

// search writes, trains and judges nodes until there are no more to choose, or a
// budget is used up. Nodes that know nothing of each other are written while
// another trains. calibrated waits for the records' times.
func (a *attempt) search(ctx context.Context, calibrated func() error) error {
	if a.w.State().Spent != nil {
		return nil // by an engine before this one
	}
	bounded, end := a.within(ctx)
	defer end()
	err := a.nodes(bounded, calibrated)
	a.hand.close()
	var out *spentError
	if err != nil && ctx.Err() == nil && (errors.As(err, &out) || errors.As(context.Cause(bounded), &out)) {
		a.w.Emit(out.Spent)
		a.strike(out.Why)
		return calibrated()
	}
	return err
}

func (a *attempt) nodes(ctx context.Context, calibrated func() error) error {
	var writers sync.WaitGroup
	defer writers.Wait()
	writing, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var flight []flying
	for {
		for len(flight) < a.abreast() {
			n, ok, err := a.launch(ctx, flight)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			f := flying{n, make(chan error, 1)}
			flight = append(flight, f)
			if len(flight) == 1 {
				a.announce(n)
			}
			writers.Go(func() { f.written <- a.write(writing, n) })
		}
		if len(flight) == 0 {
			return nil
		}
		f := flight[0]
		flight = flight[1:]
		if err := a.finishNode(ctx, f, calibrated); err != nil {
			return err
		}
		if len(flight) > 0 {
			a.announce(flight[0].node)
		}
	}
}

// abreast is how many nodes may be under way at a time.
func (a *attempt) abreast() int {
	if !a.agent.Independent() {
		return 1
	}
	return max(a.spec.Parallel, 1)
}

// announce says that node n's edits are waited for.
func (a *attempt) announce(n int) {
	st := a.w.State()
	node := st.Node(n)
	switch {
	case node == nil || node.Checked:
	case n == 1 && st.Calibration == nil:
		a.mu.Lock()
		a.main = event.Phase{Phase: event.PhaseCalibrating, Detail: runsOfEach(a.spec.Calibrate)}
		a.mu.Unlock()
		a.w.Emit(event.Notice{Level: "info", Text: "the agent writes node 1 while the records are measured"})
	default:
		a.phase(event.Phase{Phase: event.PhaseWriting, Node: n})
	}
}

// finishNode waits until a node is written, trains it and gives it its verdict.
func (a *attempt) finishNode(ctx context.Context, f flying, calibrated func() error) error {
	if err := <-f.written; err != nil {
		return err
	}
	if err := calibrated(); err != nil {
		return err
	}
	node := a.w.State().Node(f.node)
	if breaches := event.Breaches(node.Violations); !node.Judged() && len(breaches) > 0 {
		a.w.Emit(breach(f.node, breaches))
		node = a.w.State().Node(f.node)
	}
	if !node.Judged() {
		if err := a.rest(ctx, true); err != nil {
			return err
		}
		if err := a.spent(); err != nil {
			return err
		}
		if err := a.try(ctx, f.node); err != nil {
			return err
		}
	}
	return a.reflectOn(ctx, f.node)
}

// strike gives a verdict to the nodes that a budget left without one.
func (a *attempt) strike(why string) {
	st := a.w.State()
	for _, n := range st.Nodes {
		if n.ID == 0 || n.Judged() {
			continue
		}
		for _, d := range st.DraftsOf(n.ID) {
			a.w.Emit(event.Rejected{Node: d.Node, Edit: d.Edit, Why: why})
		}
		a.w.Emit(event.Checked{Node: n.ID, Violations: n.Violations}, event.Judged{
			Node: n.ID, Verdict: event.VerdictFailed, Why: "did not train: " + why, ValLoss: event.NaN(), TrainSeconds: event.NaN(),
		})
	}
}

// launch opens the next node: one that an engine before this one left without a
// verdict, one that a person asked for, or the scaffold's choice. ok is false
// where there is none, or none yet.
func (a *attempt) launch(ctx context.Context, flight []flying) (node int, ok bool, err error) {
	st := a.w.State()
	flies := map[int]bool{}
	for _, f := range flight {
		flies[f.node] = true
	}
	for _, n := range st.Nodes {
		if n.ID > 0 && !n.Judged() && !flies[n.ID] {
			return n.ID, true, nil
		}
	}
	if a.agent.Repeats() && st.Best() > 0 {
		return 0, false, nil
	}
	if err := a.rest(ctx, len(flight) == 0); err != nil {
		return 0, false, err
	}
	if err := a.spent(); err != nil {
		if len(flight) > 0 {
			return 0, false, nil // what flies may still land
		}
		return 0, false, err
	}
	n, ok := a.choose(st, len(flight) == 0)
	if !ok {
		return 0, false, nil
	}
	if n.Origin == event.OriginScaffold || n.Origin == event.OriginDebug {
		if n.Idea, err = a.idea(ctx, st, n); err != nil {
			return 0, false, err
		}
	}
	a.w.Emit(n)
	return n.ID, true, a.w.Flush(ctx)
}

// choose gives the next node. all says that all nodes have their verdict, so that
// the scaffold can go by them.
func (a *attempt) choose(st *fold.State, all bool) (n event.Node, ok bool) {
	n.ID = len(st.Nodes)
	left := a.spec.Nodes - (n.ID - 1)
	switch {
	case left <= 0:
		return n, false
	case a.from.script != "" && n.ID == 1:
		n.Batch, n.Origin = 1, event.OriginCarried
		return n, true
	}
	if len(st.Asked) > 0 {
		q := st.Asked[0]
		n.Parent, n.Batch, n.Origin = q.Node, n.ID, q.Origin
		return n, true
	}
	root := scaffold.Root(st.Nodes)
	if first := scaffold.OpenBatch(st.Nodes, root); first > 0 {
		p := scaffold.Next(a.spec.Scaffold, a.searchFigures, st.Nodes[:first], root, a.spec.Nodes-(first-1), a.spec.Seed)
		if scaffold.Taken(st.Nodes, first) < p.Count {
			n.Parent, n.Batch, n.Origin = p.Parent, first, origin(p)
			return n, true
		}
	}
	if !all {
		return n, false
	}
	p := scaffold.Next(a.spec.Scaffold, a.searchFigures, st.Nodes, root, left, a.spec.Seed)
	n.Parent, n.Batch, n.Origin = p.Parent, n.ID, origin(p)
	return n, true
}

func origin(p scaffold.Plan) string {
	if p.Mend {
		return event.OriginDebug
	}
	return event.OriginScaffold
}
