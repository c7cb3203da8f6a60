package agent

import (
	"context"
	"fmt"
	"strings"

	"pitwall/store/event"
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
		if a.cal.unresolved != "" {
			c.Why, c.FSR = a.cal.unresolved, nil
		}
		a.w.Emit(c)
		return a.w.Flush(ctx)
	case k == 0:
		n := st.Node(best)
		c.Why, c.FSR = "provisional: not confirmed, since no confirmation runs were asked for", n.FSR
		if n.FSR != nil {
			f := recovered(a.cal.from, sample{float64(n.TrainSeconds)}, a.cal.from, a.cal.to, a.cal.noise)
			c.Interval = &f.Interval
		}
		a.w.Emit(c)
		return a.w.Flush(ctx)
	}
	a.w.Emit(event.Phase{Phase: event.PhaseConfirming, Node: best, Detail: fmt.Sprintf("%d fresh runs each of node %d and record %d", k, best, a.task.From.Number)})
	node := order{node: best, purpose: event.PurposeConfirmNode, files: st.Files(best)}
	record := order{node: 0, purpose: event.PurposeConfirmFrom, files: st.Files(0)}
	lock, err := a.acquire(ctx, node)
	if err != nil {
		return err
	}
	defer lock.Release()
	node.lock, record.lock = lock, lock
	var faults []string
	for i := range k {
		turn := []order{record, node}
		if i%2 == 1 {
			turn = []order{node, record}
		}
		for _, o := range turn {
			if o.purpose == event.PurposeConfirmFrom {
				out, err := a.measureOne(ctx, o, a.task.From, nil)
				if err != nil {
					return err
				}
				c.FromSeconds = append(c.FromSeconds, float64(out.TrainMS)/1000)
				continue
			}
			out, err := a.train(ctx, o)
			if err != nil {
				return err
			}
			if out.bad {
				faults = append(faults, out.Why)
				continue
			}
			c.NodeSeconds = append(c.NodeSeconds, float64(out.TrainMS)/1000)
			c.NodeLosses = append(c.NodeLosses, float64(out.ValLoss))
		}
	}
	a.settle(&c, faults)
	a.w.Emit(c)
	return a.w.Flush(ctx)
}

// settle draws the conclusion from the confirmation's runs.
func (a *attempt) settle(c *event.Confirmed, faults []string) {
	zero := 0.0
	if len(c.NodeLosses) > 0 {
		c.MeanLoss = event.Float(sample(c.NodeLosses).mean())
	}
	switch {
	case len(faults) > 0:
		c.Why, c.FSR = "not confirmed: a fresh run "+strings.Join(faults, "; "), &zero
	case float64(c.MeanLoss) > a.track.Target:
		c.Why, c.FSR = fmt.Sprintf("not confirmed: mean loss %.4f over %d fresh runs is above the target of %.2f %s",
			float64(c.MeanLoss), len(c.NodeLosses), a.track.Target, a.track.Unit), &zero
	default:
		c.Valid = true
		c.Why = a.cal.unresolved
	}
	if a.cal.unresolved != "" {
		c.FSR = nil
		return
	}
	if len(c.NodeSeconds) == 0 {
		return
	}
	// Record i ran both in calibration and now: what moved between the two is noise.
	again := append(append(sample{}, a.cal.from...), c.FromSeconds...)
	n := pooledNoise(spread(a.task.From), again, a.cal.to, c.NodeSeconds)
	if why := unresolved(a.cal.from, a.cal.to, n); why != "" {
		c.Why, c.FSR = why, nil
		return
	}
	if c.Valid {
		f := recovered(c.FromSeconds, c.NodeSeconds, a.cal.from, a.cal.to, n)
		c.FSR, c.Interval = &f.Value, &f.Interval
	}
}
