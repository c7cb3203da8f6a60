package start

import (
	"fmt"

	"pitwall/agent/rig"
	"pitwall/runner/profile"
	"pitwall/store"
)

// Cost says in a line what the runs of some attempts take on GPUs, "" where they take
// none.
func (s Starter) Cost(specs ...store.Spec) (string, error) {
	var all profile.Estimate
	count := 0
	measured := map[string]bool{} // tasks: they are calibrated once
	for _, spec := range specs {
		if measured[spec.Task] {
			spec.Calibrate = 0
		}
		measured[spec.Task] = true
		plan, err := s.Plan(spec)
		if err != nil {
			return "", err
		}
		if plan.GPUs == 0 {
			continue
		}
		one := plan.Estimate()
		count = plan.GPUs
		all.Runs += one.Runs
		all.Wall, all.GPU, all.Price = all.Wall.Plus(one.Wall), all.GPU.Plus(one.GPU), all.Price.Plus(one.Price)
		all.Currency = one.Currency
	}
	if all.Runs == 0 {
		return "", nil
	}
	text := fmt.Sprintf("up to %d runs on %d GPUs: about %s of this machine, %s GPU-hours (%s to %s)",
		all.Runs, count, hours(all.Wall.Expected), amount(all.GPU.Expected), amount(all.GPU.Low), amount(all.GPU.Worst))
	if all.Price.Expected > 0 {
		return text + fmt.Sprintf(", %s %s (%s to %s)", amount(all.Price.Expected), all.Currency, amount(all.Price.Low), amount(all.Price.Worst)), nil
	}
	return text + "; what a GPU-hour costs is not known: write price under [defaults] in " + rig.ProfilesFile, nil
}

func hours(h float64) string {
	if h < 1 {
		return fmt.Sprintf("%.0f min", 60*h)
	}
	return amount(h) + " h"
}

// amount writes a figure with as many digits as an estimate has.
func amount(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}
