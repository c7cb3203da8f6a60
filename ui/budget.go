package ui

import (
	"fmt"
	"math"
	"strings"

	"pitwall/store/event"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// activeNow gives the attempt's active milliseconds: at the position in replay;
// live the clock goes on between events, as long as its engine gives signs of life.
func (a *attempt) activeNow() int64 {
	st := a.st
	if !a.live() || st.Finished() || !a.engaged() || st.Started == 0 {
		return st.Active
	}
	most := int64(60_000)
	if beat := a.snap.Summary.Heartbeat; !beat.IsZero() {
		most += max(beat.UnixMilli()-st.Wall, 0)
	}
	return st.Active + max(min(a.m.frame.Now().UnixMilli()-st.Wall, most), 0)
}

// budget gives what the attempt's search may use.
func (a *attempt) budget() event.Budget {
	if a.st.Attempt.Task == "" {
		return a.snap.Summary.Budget
	}
	return a.st.Attempt.Budget
}

// used gives what of the budgets is used by now, and whether it is an estimate
// since a model speaks.
func (a *attempt) used() (used event.Budget, about bool) {
	st := a.st
	used = st.Used()
	gone := a.activeNow() - st.Active
	used.WallMS += gone
	if r := st.LiveRun(); r != nil {
		used.GPUHours += float64(gone) * float64(st.Attempt.GPUs) / 3_600_000
		if r.Purpose == event.PurposeNode {
			used.RunMS += gone
		}
	}
	in, out := a.underWay()
	used.Tokens += in + out
	return used, len(st.Speaking) > 0 || st.Usage.Estimated > 0
}

// gauge is what is left of a budget.
type gauge struct {
	name  string
	left  string
	share float64 // that is left
}

// gauges gives those of the budgets that are set.
func (a *attempt) gauges() []gauge {
	b := a.budget()
	used, about := a.used()
	var gs []gauge
	add := func(name, left string, share float64) { gs = append(gs, gauge{name, left, max(share, 0)}) }
	if b.Tokens > 0 {
		left := max(b.Tokens-used.Tokens, 0)
		text := frame.Tokens(left)
		if about && left > 0 {
			text = "~" + text
		}
		add("tokens", text, float64(left)/float64(b.Tokens))
	}
	if b.Cost > 0 {
		left := max(b.Cost-used.Cost, 0)
		add("cost", frame.Money(left), left/b.Cost)
	}
	if b.WallMS > 0 {
		left := max(b.WallMS-used.WallMS, 0)
		add("wall", frame.Clock(left), float64(left)/float64(b.WallMS))
	}
	if b.RunMS > 0 {
		left := max(b.RunMS-used.RunMS, 0)
		add("runs", frame.Clock(left), float64(left)/float64(b.RunMS))
	}
	if b.GPUHours > 0 {
		left := max(b.GPUHours-used.GPUHours, 0)
		add("GPU-hours", gpuHours(left), left/b.GPUHours)
	}
	if n := a.st.Attempt.Nodes; n > 0 {
		left := max(n-max(len(a.st.Nodes)-1, 0), 0)
		add("nodes", fmt.Sprint(left), float64(left)/float64(n))
	}
	return gs
}

// budgetRows gives tokens, cost and what is left of each budget, on one row; none
// where no model speaks and nothing but nodes is bounded.
func (a *attempt) budgetRows(w int) []string {
	if b := a.budget(); !a.speaks() && !b.Bounded() && a.st.Spent == nil {
		return nil
	}
	level := 0
	for ; level < budgetLevels-1; level++ {
		if r := cell.New(10 * max(w, 40)); a.putBudgets(r, level).Used() <= w {
			break
		}
	}
	return []string{a.putBudgets(cell.New(w), level).String()}
}

// budgetLevels is how many ways there are to write the budgets, the fullest first.
const budgetLevels = 6

func (a *attempt) putBudgets(r *cell.Row, level int) *cell.Row {
	th := a.m.frame.Theme
	r.Gap(1)
	if a.speaks() {
		a.putSpent(r, level)
	}
	s := a.st.Spent
	if s != nil {
		r.Put(th.Warn, "spent: "+s.Budget).Gap(2)
	}
	gs := a.gauges()
	if len(gs) == 0 {
		return r
	}
	r.Put(th.Dim, "left ")
	size := [budgetLevels]int{6, 3, 3}[level]
	for _, g := range gs {
		if level == budgetLevels-1 && g.name == "nodes" || s != nil && strings.HasPrefix(s.Budget, strings.TrimSuffix(g.name, "s")) {
			continue // the header tells of them, and it is spent
		}
		st := th.This
		switch {
		case g.share == 0 && g.name != "nodes":
			st = th.Bad
		case g.share <= 0.2:
			st = th.Warn
		}
		r.Gap(1)
		if level < 5 || g.name != "tokens" && g.name != "cost" {
			r.Put(th.Dim, g.name).Gap(1)
		}
		if size > 0 {
			n := min(int(math.Ceil(g.share*float64(size))), size)
			r.Put(st, strings.Repeat("━", n)).Put(th.Faint, strings.Repeat("─", size-n)).Gap(1)
			st = ""
		} else if g.share > 0.2 {
			st = ""
		}
		r.Put(st, g.left)
		if level == budgetLevels-1 && g.name == "tokens" {
			r.Put(th.Dim, " tok")
		}
		if level < 4 {
			r.Gap(1)
		}
	}
	return r
}

// putSpent adds the tokens and what they cost.
func (a *attempt) putSpent(r *cell.Row, level int) {
	th, st := a.m.frame.Theme, a.st
	in, out := a.underWay()
	u, about := st.Usage, ""
	if len(st.Speaking) > 0 || u.Estimated > 0 {
		about = "~"
	}
	if level < 4 {
		r.Put(th.Dim, "tokens ")
	}
	r.Put("", about+frame.Tokens(int64(u.Input)+in)).Put(th.Dim, " in")
	if u.Cached > 0 && level < 2 {
		r.Put(th.Dim, " (").Put("", frame.Tokens(int64(u.Cached))).Put(th.Dim, " cached)")
	}
	r.Put(th.Dim, ", ").Put("", about+frame.Tokens(int64(u.Output)+out)).Put(th.Dim, " out").Gap(2)
	if level < 4 {
		r.Put(th.Dim, "cost ")
	}
	r.Put("", a.costWords()).Gap(2)
}

// costWords gives what the calls have cost, "≥" where some have no known price,
// "–" where none has.
func (a *attempt) costWords() string {
	st := a.st
	switch {
	case st.Unpriced > 0 && st.Cost > 0:
		return "≥ " + frame.Money(st.Cost)
	case st.Unpriced > 0 || len(st.Calls) == 0:
		return "–"
	}
	return frame.Money(st.Cost)
}
