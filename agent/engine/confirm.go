package engine

import (
	"context"
	"fmt"
	"math"
	"strings"

	"pitwall/runner"
	"pitwall/store/event"
	"pitwall/store/stats"
)

// confirm runs the best node and record i afresh, in turn, and takes the
// attempt's FSR from these runs alone.
func (a *attempt) confirm(ctx context.Context) error {
	st := a.w.State()
	if st.Confirmed != nil {
		return nil
	}
	best, k := st.Best(), a.spec.Confirm
	zero := 0.0
	c := event.Confirmed{Node: best, MeanLoss: event.NaN()}
	switch {
	case best < 0:
		c.Why, c.FSR = "no node reached the target within the rules", &zero
		switch {
		case a.task.Open():
			c.FSR = nil
		case a.cal.unresolved != "":
			c.Why, c.FSR = a.cal.unresolved, nil
		}
		a.w.Emit(c)
		return a.w.Flush(ctx)
	case k == 0:
		n := st.Node(best)
		c.Why, c.FSR = "provisional: not confirmed, since no confirmation runs were asked for", n.FSR
		a.w.Emit(c)
		return a.w.Flush(ctx)
	}
	a.w.Emit(event.Phase{Phase: event.PhaseConfirming, Node: best, Detail: fmt.Sprintf("%s each of node %d and record %d", freshRuns(k), best, a.task.From.Number)})
	node := order{node: best, purpose: event.PurposeConfirmNode, files: st.Files(best)}
	record := order{node: 0, purpose: event.PurposeConfirmFrom, files: st.Files(0)}
	hold, err := a.acquire(ctx, node)
	if err != nil {
		return err
	}
	defer hold.Release()
	node.hold, record.hold = hold, hold
	var faults []string
	var cold warmth
	made := map[string]int{}
	count := func(purpose string, e event.RunEnded) {
		made[purpose]++
		switch {
		case purpose == event.PurposeConfirmFrom:
			c.FromSeconds = append(c.FromSeconds, float64(e.TrainMS)/1000)
			cold.from = append(cold.from, e.FirstMS/1000)
		case e.Why != "":
			faults = append(faults, e.Why)
		default:
			c.NodeSeconds = append(c.NodeSeconds, float64(e.TrainMS)/1000)
			c.NodeLosses = append(c.NodeLosses, float64(e.ValLoss))
			cold.node = append(cold.node, e.FirstMS/1000)
			if e.Evaluation != nil {
				c.OtherLosses = append(c.OtherLosses, float64(e.Evaluation.OtherLoss))
			}
		}
	}
	// What was confirmed before a stop or a kill stands: a result cannot be drawn again.
	for _, r := range st.Runs {
		again := r.Purpose == event.PurposeConfirmFrom || r.Purpose == event.PurposeConfirmNode && r.Node == best
		if again && r.Ended != nil && (r.Ended.Finished || r.Purpose == event.PurposeConfirmNode && r.Ended.Reason == string(runner.Exited)) {
			count(r.Purpose, *r.Ended)
		}
	}
	for i := range k {
		turn := []order{record, node}
		if i%2 == 1 {
			turn = []order{node, record}
		}
		for _, o := range turn {
			if made[o.purpose] > i {
				continue
			}
			run := a.train
			if o.purpose == event.PurposeConfirmFrom {
				run = a.trainRecord
			}
			out, err := run(ctx, o)
			if err != nil {
				return err
			}
			count(o.purpose, out.RunEnded)
		}
	}
	a.settle(&c, faults, cold)
	a.w.Emit(c)
	return a.w.Flush(ctx)
}

func freshRuns(n int) string {
	if n == 1 {
		return "1 fresh run"
	}
	return fmt.Sprintf("%d fresh runs", n)
}

// warmth is what the script's clock had counted at the first step of confirmation's runs,
// in seconds; 0 where it does not time compilation.
type warmth struct{ from, node sample }

// settle draws the conclusion from the confirmation's runs.
func (a *attempt) settle(c *event.Confirmed, faults []string, cold warmth) {
	zero := 0.0
	if len(c.NodeLosses) > 0 {
		test := stats.TTest(c.NodeLosses, a.track.Target)
		c.MeanLoss = event.Float(test.Mean)
		if !math.IsNaN(test.P) {
			power := stats.Power(test.SD, a.track.Target-test.Mean, test.N, stats.BadgeP)
			c.P, c.Power = &test.P, &power
		}
	}
	switch {
	case len(faults) > 0:
		c.Why, c.FSR = "not confirmed by a fresh run: "+strings.Join(faults, "; "), &zero
	case float64(c.MeanLoss) > a.track.Target:
		c.Why, c.FSR = fmt.Sprintf("not confirmed: mean loss %.4f of %s is above the target of %.2f %s",
			float64(c.MeanLoss), freshRuns(len(c.NodeLosses)), a.track.Target, a.track.Unit), &zero
	case a.track.Evaluator != nil && len(c.OtherLosses) < len(c.NodeLosses):
		c.Why, c.FSR = "not confirmed: some of its runs were not evaluated outside the script; start another attempt", &zero
	case a.track.Evaluator != nil && !(sample(c.OtherLosses).mean() <= a.track.Evaluator.OtherTarget):
		c.Why, c.FSR = fmt.Sprintf("not confirmed: mean loss %.4f over other validation characters is above %.2f %s",
			sample(c.OtherLosses).mean(), a.track.Evaluator.OtherTarget, a.track.Unit), &zero
	default:
		c.Valid = true
	}
	// Record i ran both in calibration and now: what moved between the two is noise.
	again := append(append(sample{}, a.cal.from...), c.FromSeconds...)
	n := pooledNoise(a.track.SpreadOf(a.task.From), again, a.cal.to, c.NodeSeconds)
	if a.task.Open() {
		if c.FSR = nil; c.Valid {
			speedup(c, n)
		}
		return
	}
	why := a.cal.unresolved
	if why == "" && len(c.NodeSeconds) > 0 {
		why = unresolved(a.cal.from, a.cal.to, n)
	}
	switch {
	case why != "" && c.Why != "":
		c.Why, c.FSR = c.Why+"; "+why, nil
	case why != "":
		c.Why, c.FSR = why, nil
	case c.Valid:
		f := recovered(c.FromSeconds, c.NodeSeconds, a.cal.from, a.cal.to, n)
		c.FSR, c.Interval = &f.Value, &f.Interval
		if cal := a.w.State().Calibration; cal != nil && len(cal.FromFirst) == len(cal.From) && len(cal.ToFirst) == len(cal.To) {
			from, to := a.cal.from.less(cal.FromFirst), a.cal.to.less(cal.ToFirst)
			if warm := fraction(sample(c.FromSeconds).less(cold.from), sample(c.NodeSeconds).less(cold.node), from, to); from.mean() > to.mean() {
				c.FSRWarm = &warm
			}
		}
	}
}

// less takes what a clock had counted at the first step off each time.
func (s sample) less(first sample) sample {
	rest := make(sample, len(s))
	for i := range s {
		rest[i] = s[i] - first[i]
	}
	return rest
}

// speedup judges an attempt at an open task: how many times as fast as the record's are
// the node's fresh runs? The interval is Fieller's, the p-value that of a one-sided
// t-test of no gain.
func speedup(c *event.Confirmed, n noise) {
	from, node := sample(c.FromSeconds).mean(), sample(c.NodeSeconds).mean()
	value, shareFrom, shareNode := from/node, 1/float64(len(c.FromSeconds)), 1/float64(len(c.NodeSeconds))
	p := stats.TCDF((node-from)/(n.sd*math.Sqrt(shareFrom+shareNode)), float64(n.dof))
	c.Speedup, c.SpeedupP = &value, &p
	if interval, ok := n.ratio(from, shareFrom, node, shareNode); ok {
		c.SpeedupInterval = &interval
	}
}
