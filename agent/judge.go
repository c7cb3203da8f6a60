package agent

import (
	"context"
	"fmt"

	"pitwall/store/event"
	"pitwall/store/fold"
)

func judged(n fold.Node) bool {
	switch n.State {
	case event.VerdictProvisional, event.VerdictMissed, event.VerdictInvalid, event.VerdictFailed, event.VerdictEmpty:
		return true
	}
	return false
}

// try trains node n once and judges it.
func (a *attempt) try(ctx context.Context, n int) error {
	a.w.Emit(event.Phase{Phase: event.PhaseTraining, Node: n})
	o := order{node: n, purpose: event.PurposeNode, files: a.w.State().Files(n)}
	lock, err := a.acquire(ctx, o)
	if err != nil {
		return err
	}
	defer lock.Release()
	o.lock = lock
	out, err := a.train(ctx, o)
	if err != nil {
		return err
	}
	a.w.Emit(event.Phase{Phase: event.PhaseJudging, Node: n}, a.judge(n, out))
	return a.w.Flush(ctx)
}

// judge gives the verdict on a node's run.
func (a *attempt) judge(n int, out outcome) event.Judged {
	j := event.Judged{Node: n, ValLoss: out.ValLoss, TrainSeconds: out.TrainMS / 1000}
	switch {
	case out.verdict != "":
		j.Verdict, j.Why = out.verdict, out.Why
	case float64(out.ValLoss) > a.track.Target:
		j.Verdict = event.VerdictMissed
		j.Why = fmt.Sprintf("validation loss %.4f is above the target of %.2f %s", float64(out.ValLoss), a.track.Target, a.track.Unit)
	default:
		j.Verdict = event.VerdictProvisional
		if a.cal.unresolved == "" {
			f := fraction(a.cal.from, sample{float64(j.TrainSeconds)}, a.cal.from, a.cal.to)
			j.FSR = &f
		} else {
			j.Why = a.cal.unresolved
		}
	}
	return j
}
