package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"

	"pitwall/runner"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/stats"
	"pitwall/taskdata"
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
		return out, &ChoiceError{fmt.Errorf("%d runs: choose between 1 and 1000", n)}
	}
	spec := store.Spec{
		Task: s.Spec.Task, Scripts: s.Spec.Scripts, Hint: string(taskdata.HintNone), Agent: Noop, Scaffold: Flat, Runner: RunnerLocal, Nodes: 1, Calibrate: n,
	}
	a := &attempt{Engine: e, label: "repeated runs of " + spec.Task, spec: spec}
	var err error
	if a.means, err = e.prepare(ctx, spec); err != nil {
		return out, err
	}
	out.Target, out.Unit = a.track.Target, a.track.Unit
	a.host = runner.Host(ctx)
	if a.id, err = e.Store.CreateCalibration(ctx, spec.Task, a.machineKey()); err != nil {
		return out, err
	}
	if a.w, err = e.Store.Lease(ctx, a.id); err != nil {
		return out, err
	}
	a.dir = filepath.Join(e.Store.Home(), "work", a.id)
	defer a.sweep()
	a.w.Emit(a.repeating(n), event.Node{ID: 0, Parent: -1})
	if s.Node >= 0 {
		a.w.Emit(event.Node{ID: 1, Parent: 0, Origin: event.OriginRepeat})
	}
	a.w.Emit(a.machine())
	started(a.id)
	err = a.repeat(ctx, s, n, &out)
	end := event.Status{Status: event.StatusDone}
	if err != nil {
		end = event.Status{Status: event.StatusFailed, Why: err.Error()}
	}
	a.w.Emit(end)
	return out, errors.Join(err, a.w.Close(context.WithoutCancel(ctx)))
}

// repeating opens the stream of repeated runs.
func (a *attempt) repeating(n int) event.Attempt {
	return event.Attempt{
		ID: a.id, Task: a.task.ID(), Track: a.track.ID, Benchmark: !a.track.Practice && a.task.Variant == "", From: a.task.From.Number, To: a.task.To.Number,
		GPUs: a.gpus(), Profile: a.profileName(), FromTitle: a.task.From.Title, ToTitle: a.task.To.Title, Runner: RunnerLocal,
		Target: a.track.Target, Unit: a.track.Unit, Calibrate: n, Version: a.Version, Scripts: a.task.From.Source(),
	}
}

func (a *attempt) repeat(ctx context.Context, s Subject, n int, out *Repeated) error {
	record := order{node: 0, purpose: event.PurposeConfirmFrom, files: a.task.From.Files()}
	node := order{node: 1, purpose: event.PurposeConfirmNode, files: maps.Clone(s.Files)}
	a.w.Emit(event.Phase{Phase: event.PhaseConfirming, Node: max(s.Node, 0), Detail: freshRuns(n) + " of each"})
	lock, err := a.acquire(ctx, record)
	if err != nil {
		return err
	}
	defer lock.Release()
	record.lock, node.lock = lock, lock
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
