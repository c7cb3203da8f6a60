package ui

import (
	"fmt"
	"math"
	"sort"

	"pitwall/internal/clean"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
	"pitwall/ui/plot"
)

// measuredHere is the source of a ghost that this machine made.
const measuredHere = "measured here"

type curveKey struct {
	run    int
	byStep bool
}

type ghostKey struct {
	to     bool
	byStep bool
	index  int // of the ghost in its column
}

// feedMost is how many points are taken up at a time: a few milliseconds' worth.
const feedMost = 100_000

// feed takes up what is new since the last time. It reports whether there is more.
func (a *attempt) feed() (more bool) {
	a.feedDiff()
	if r := a.runShown(); r != nil {
		c := a.feedRun(r, a.byStep)
		more = c.fed < r.LastPoint
		if a.byStep {
			a.feedRun(r, false) // deltas are in seconds
		}
	}
	for _, to := range []bool{false, true} {
		a.ghost(to, a.byStep)
		a.ghost(to, false)
	}
	return more
}

func (a *attempt) feedRun(r *fold.Run, byStep bool) *curve {
	key := curveKey{r.Run, byStep}
	c := a.curves[key]
	if c == nil {
		if r.LastPoint == 0 {
			return &curve{} // how long it will be is not known yet
		}
		c = newCurve(r.Total)
		c.fed = r.FirstPoint
		a.curves[key] = c
	}
	for most := c.fed + feedMost; c.fed < min(r.LastPoint, most); c.fed++ {
		p := &a.st.Points[c.fed]
		if p.Run != r.Run {
			continue
		}
		x := p.TrainMS / 1000
		if byStep {
			x = float64(p.Step)
		}
		c.add(c.fed, x, p.TrainLoss, p.ValLoss)
	}
	return c.before(r.LastPoint)
}

// ghost gives a record's curve, nil where there is none yet.
func (a *attempt) ghost(to, byStep bool) *curve {
	for i := len(a.st.Ghosts) - 1; i >= 0; i-- {
		g := &a.st.Ghosts[i]
		if g.To != to {
			continue
		}
		key := ghostKey{to, byStep, i}
		if c := a.ghosts[key]; c != nil {
			return c
		}
		c := newCurve(len(g.Points))
		for i, p := range g.Points {
			x := p.TrainMS / 1000
			if byStep {
				x = float64(p.Step)
			}
			c.add(i, x, float64(p.TrainLoss), float64(p.ValLoss))
		}
		a.ghosts[key] = c
		return c
	}
	return nil
}

// reached gives the point at which a curve first came down to a loss, between
// points by a straight line, and the index of the point after it.
func reached(s *plot.Series, loss float64) (x float64, at int, ok bool) {
	n := s.Len()
	if n == 0 {
		return 0, 0, false
	}
	if lo, _ := s.Range(0, n); lo > loss {
		return 0, 0, false
	}
	i := sort.Search(n, func(i int) bool { lo, _ := s.Range(0, i+1); return lo <= loss })
	x, y := s.At(i)
	if i == 0 {
		return x, i, true
	}
	x0, y0 := s.At(i - 1)
	if y0 <= y {
		return x, i, true
	}
	return x0 + (x-x0)*(y0-loss)/(y0-y), i, true
}

// slope gives how much a curve falls in a second around point i.
func slope(s *plot.Series, i int) float64 {
	reach := max(s.Len()/8, 1)
	x0, y0 := s.At(max(i-reach, 0))
	x1, y1 := s.At(min(i+reach, s.Len()-1))
	if x1 <= x0 {
		return 0
	}
	return (y0 - y1) / (x1 - x0)
}

// gap is how far a run is behind a ghost at equal loss.
type gap struct {
	seconds float64 // negative: ahead
	err     float64 // two standard deviations of it, from the noise of the training loss; 0 of a validation
	ok      bool
	past    bool // lower than the ghost ever came
}

// clear reports whether the gap is more than noise, and more than nothing as it is shown.
func (g gap) clear() bool { return math.Abs(g.seconds) > g.err && !frame.Level(g.seconds) }

// delta compares the run with a ghost at equal loss: by validation loss where
// both were validated more than once, else by smoothed training loss. Where the
// ghost's clock was set back it counts from the step of that on.
func (a *attempt) delta(r *fold.Run, to bool) gap {
	c, g := a.curves[curveKey{r.Run, false}], a.ghost(to, false)
	if c == nil || g == nil {
		return gap{}
	}
	if c = c.before(r.LastPoint); c.early == nil && g.early != nil && r.Step <= a.st.Ghost(to).Points[g.from].Step {
		return gap{}
	}
	if v := upTo(c.valAt, r.LastPoint); v > 1 && g.val.Len() > 2 {
		x, y := c.val.At(v - 1)
		then, _, ok := reached(&g.val, y)
		return gap{seconds: x - then, ok: ok, past: !ok}
	}
	n := upTo(c.trainAt, r.LastPoint)
	if n < 5 || g.train.Len() < 5 {
		return gap{}
	}
	x, y := c.train.At(n - 1)
	then, at, ok := reached(&g.train, y)
	if !ok {
		return gap{past: true}
	}
	d := gap{seconds: x - then, ok: true}
	if fall := slope(&g.train, at); fall > 0 {
		d.err = 2 * c.sds[n-1] / fall
	} else {
		d.err = math.Inf(1)
	}
	return d
}

// lossRows draws the loss pane.
func (a *attempt) lossRows(w, h int) []string {
	th, st := a.m.frame.Theme, a.st
	run := a.runShown()
	r := a.paneTitle(w, panePlot)
	unit := clean.Line(st.Attempt.Unit)
	if unit == "" {
		unit = "nats"
	}
	r.Put(th.Dim, ", "+unit).Gap(2)
	c := plot.Chart{Axis: th.Dim, Faint: th.Faint, XUnit: " s", Zero: true}
	if a.byStep {
		c.XUnit = ""
	}
	if run != nil {
		if o := a.runOf(st.Best()); o != nil && o.Run != run.Run { // the best so far, faintly
			other := a.feedRun(o, a.byStep)
			if k := upTo(other.trainAt, o.LastPoint); k > 0 {
				c.Lines = append(c.Lines, plot.Line{Series: &other.train, N: k, Style: th.Faint})
			}
		}
	}
	name := ""
	if run != nil {
		name = a.runName(run)
	}
	ghosts := 0
	labels, whence := a.ghostLabels(r.Left() - clean.Width(name) - 3 - len("by time") - 2)
	for i, to := range []bool{false, true} {
		g := a.ghost(to, a.byStep)
		if g == nil || g.train.Len()+g.val.Len() == 0 {
			continue
		}
		ghosts++
		drawGhost(th, &c, r, g, labels[i], to, false)
	}
	if ghosts > 0 && whence != "" {
		r.Put(th.Dim, whence).Gap(2)
	}
	if run != nil {
		own := a.feedRun(run, a.byStep)
		if k := upTo(own.trainAt, run.LastPoint); k > 0 {
			c.Lines = append(c.Lines, plot.Line{Series: &own.train, N: k, Style: th.This})
		}
		if k := upTo(own.valAt, run.LastPoint); k > 0 {
			points := upTo(own.trainAt, run.LastPoint) > 0
			c.Lines = append(c.Lines, plot.Line{Series: &own.val, N: k, Style: th.This + th.Bold, Mark: '●', Points: points})
		}
		r.Put(th.This, "━━ ").Put("", name)
	}
	c.Levels = targetLevel(th, st.Attempt.Target)
	by := "by time"
	if a.byStep {
		by = "by step"
	}
	r.Rest(cell.New(w).Put(th.Dim, by).Gap(1))
	rows := []string{r.String()}
	if len(c.Lines) == 0 {
		text := "No loss yet: it shows with the first step of a run."
		if run != nil && ghosts == 0 {
			text = "No loss has been logged yet."
		}
		return append(rows, cell.New(w).Gap(2).Put(th.Dim, text).String())
	}
	if c.Top = top(c.Lines); a.onGPUs() {
		c.Top = settled(c.Lines)
	}
	for _, l := range c.Rows(max(w-1, 0), h-1) {
		rows = append(rows, " "+l)
	}
	return rows
}

// ghostLabels names the ghosts that are drawn for the legend, and says where they come
// from: once for both where that is the same. Together they take about w cells.
func (a *attempt) ghostLabels(w int) (labels [2]string, whence string) {
	var from []string
	for i, to := range []bool{false, true} {
		g := a.st.Ghost(to)
		if g == nil || len(g.Points) == 0 {
			continue
		}
		labels[i] = fmt.Sprintf("record %d", g.Record)
		from = append(from, a.whence(g))
	}
	used := clean.Width(labels[0]) + clean.Width(labels[1]) + 5*len(from)
	switch {
	case len(from) == 0:
	case from[0] == from[len(from)-1]:
		if used+len(from[0])+2 <= w {
			whence = from[0]
		}
	case used+len(from[0])+len(from[1])+4 <= w:
		labels[0], labels[1] = labels[0]+", "+from[0], labels[1]+", "+from[1]
	}
	if whence == "" { // no room for more than what tells them from one's own
		for i, to := range []bool{false, true} {
			if g := a.st.Ghost(to); labels[i] != "" && len(labels[i]) < 12 {
				labels[i] = a.ghostName(g)
			}
		}
	}
	return labels, whence
}

// whence says where a ghost comes from.
func (a *attempt) whence(g *event.Ghost) string {
	switch {
	case g.Source == measuredHere:
		return measuredHere
	case a.onGPUs():
		return "published log"
	}
	return "measured elsewhere"
}

// ghostName names the record of a ghost, and says where it is not of this machine.
func (a *attempt) ghostName(g *event.Ghost) string {
	switch {
	case g.Source == measuredHere:
		return fmt.Sprintf("record %d", g.Record)
	case a.onGPUs():
		return fmt.Sprintf("record %d's log", g.Record)
	}
	return fmt.Sprintf("record %d elsewhere", g.Record)
}

// runName says what a run is for.
func (a *attempt) runName(r *fold.Run) string {
	switch r.Purpose {
	case event.PurposeCalibrateFrom:
		return fmt.Sprintf("measuring record %d", a.st.Attempt.From)
	case event.PurposeCalibrateTo:
		return fmt.Sprintf("measuring record %d", a.st.Attempt.To)
	case event.PurposeConfirmFrom:
		return fmt.Sprintf("record %d, fresh run", a.st.Attempt.From)
	case event.PurposeConfirmNode:
		return fmt.Sprintf("node %d, fresh run", r.Node)
	}
	return fmt.Sprintf("node %d", r.Node)
}
