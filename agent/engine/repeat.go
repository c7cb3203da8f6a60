package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"pitwall/agent"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/stats"
)

// Subject is what is trained again and again: a node of an attempt in turn with its
// record, or a record alone.
type Subject struct {
	Spec store.Spec // of the attempt; of a record, its task
	Node int        // -1: the record alone
	// Files are the node's, by path; nil for the record alone.
	Files map[string]string
}

// Repeated is what came of it, a run of each for every index.
type Repeated struct {
	Record []stats.Run // of record i
	Node   []stats.Run // empty where the record alone was trained
	Target float64
	Unit   string
}

// Repeat trains a subject n times, n being fixed beforehand: a node in turn with its
// record, each pair in the order opposite to that before. A run that fails is one without
// a loss. Started is told the id of the stream to follow.
func (e *Engine) Repeat(ctx context.Context, s Subject, n int, started func(id string)) (Repeated, error) {
	var out Repeated
	if n < 1 || n > 1000 {
		return out, &agent.ChoiceError{Err: fmt.Errorf("%d runs: choose between 1 and 1000", n)}
	}
	a, err := e.measuring(ctx, "repeated runs of "+s.Spec.Task, store.Spec{Task: s.Spec.Task, Scripts: s.Spec.Scripts, Calibrate: n})
	if err != nil {
		return out, err
	}
	defer a.sweep(ctx)
	out.Target, out.Unit = a.track.Target, a.track.Unit
	if s.Node >= 0 {
		a.w.Emit(event.Node{ID: 1, Parent: 0, Origin: event.OriginRepeat})
	}
	started(a.id)
	err = a.repeat(ctx, s, n, &out)
	end := event.Status{Status: event.StatusDone}
	if err != nil {
		end = event.Status{Status: event.StatusFailed, Why: err.Error()}
	}
	a.w.Emit(end)
	return out, errors.Join(err, a.w.Close(context.WithoutCancel(ctx)))
}

func (a *attempt) repeat(ctx context.Context, s Subject, n int, out *Repeated) error {
	record := order{node: 0, purpose: event.PurposeConfirmFrom, files: a.task.From.Files()}
	node := order{node: 1, purpose: event.PurposeConfirmNode, files: maps.Clone(s.Files)}
	a.w.Emit(event.Phase{Phase: event.PhaseConfirming, Node: max(s.Node, 0), Detail: freshRuns(n) + " of each"})
	hold, err := a.acquire(ctx, record)
	if err != nil {
		return err
	}
	defer hold.Release()
	record.hold, node.hold = hold, hold
	for i := range n {
		turn := []order{record, node}
		switch {
		case s.Node < 0:
			turn = turn[:1]
		case i%2 == 1:
			turn = []order{node, record}
		}
		for _, o := range turn {
			got, err := a.train(ctx, o)
			if err != nil {
				return err
			}
			run := stats.Run{Loss: float64(got.ValLoss), Seconds: float64(got.TrainMS) / 1000}
			if got.verdict != "" {
				run = failedRun()
			}
			if o.node == 0 {
				out.Record = append(out.Record, run)
			} else {
				out.Node = append(out.Node, run)
			}
		}
	}
	return nil
}

// failedRun is a run that has neither loss nor time.
func failedRun() stats.Run {
	nan := float64(event.NaN())
	return stats.Run{Loss: nan, Seconds: nan}
}
