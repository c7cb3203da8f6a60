package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pitwall/store/event"
)

// try trains node n once and judges it.
func (a *attempt) try(ctx context.Context, n int) error {
	a.phase(event.Phase{Phase: event.PhaseTraining, Node: n})
	o := order{node: n, purpose: event.PurposeNode, files: a.w.State().Files(n)}
	hold, err := a.acquire(ctx, o)
	if err != nil {
		return err
	}
	defer hold.Release()
	o.hold = hold
	ctx, stop := a.follow(ctx, a.runOf(o))
	defer stop(nil)
	if left := a.spec.Budget.RunMS - a.w.State().Used().RunMS; a.spec.Budget.RunMS > 0 {
		t := time.AfterFunc(duration(left), func() {
			stop(&spentError{event.Spent{Budget: event.BudgetRun, Why: fmt.Sprintf("the budget of %s of run time is used up", duration(a.spec.Budget.RunMS))}})
		})
		defer t.Stop()
	}
	if a.spec.Hopeless > 0 {
		o.doomed = a.doomed(stop)
	}
	out, err := a.train(ctx, o)
	var early *earlyError
	switch {
	case errors.As(err, &early): // before it had begun
		out = outcome{verdict: event.VerdictFailed, RunEnded: event.RunEnded{Why: early.why, ValLoss: event.NaN(), TrainMS: event.NaN()}}
	case err != nil:
		return err
	}
	a.phase(event.Phase{Phase: event.PhaseJudging, Node: n})
	a.w.Emit(a.judge(n, out))
	return a.w.Flush(context.WithoutCancel(ctx))
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
		} else if !a.task.Open() {
			j.Why = a.cal.unresolved
		}
	}
	return j
}
