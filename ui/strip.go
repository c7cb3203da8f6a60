package ui

import (
	"fmt"
	"math"
	"time"

	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
	"pitwall/ui/plot"
)

// foreignBusy is how much of a core others may use before times suffer.
const foreignBusy = 20.0

// progressRow gives how far the run is, how it stands against both ghosts, and
// when it will be done.
func (a *attempt) progressRow(w int) string {
	th := a.m.frame.Theme
	row := cell.New(w).Gap(1)
	r := a.runShown()
	if r == nil {
		return row.Put(th.Dim, a.phaseWords()).String()
	}
	row.Put("", a.runName(r)).Gap(1)
	if ms, ok := a.compiling(r); ok {
		row.Gap(1).Put(th.Run, "compiling ").Put("", frame.Clock(ms))
		if most := a.st.Phase.LimitMS; most > 0 {
			row.Put(th.Dim, " of "+frame.Clock(most))
		}
		row.Gap(2).Put(th.Dim, "run ").Put("", frame.Clock(a.moment()-r.Active))
		if r.LimitMS > 0 {
			row.Put(th.Dim, " of "+frame.Clock(r.LimitMS)+" at most")
		}
		return row.String()
	}
	if r.Total > 0 {
		share := float64(r.Step) / float64(r.Total)
		st := th.Run
		if !a.training(r) {
			st = th.Grey
			if r.Ended != nil && r.Ended.Finished {
				st = th.Good
			}
		}
		const bw = 12
		row.Put(st, frame.Bar(share, bw)).To(row.Used()).Put(th.Faint, rest(share, bw)).Gap(1)
		row.Put("", fmt.Sprintf("step %d/%d", r.Step, r.Total)).Gap(2)
	}
	if r.TrainMS.Known() {
		row.Put("", frame.Seconds(float64(r.TrainMS)/1000))
		if left, total, ok := a.predicted(r); ok && a.training(r) {
			row.Put(th.Dim, " of ~").Put("", frame.Seconds(total)).Put(th.Dim, ", "+frame.Long(left)+" left")
		}
		row.Gap(2)
	}
	if a.wide { // else these stand in the row of the curve
		validated := r.ValLoss.Known() && (!r.Live() || r.Total == 0 || !r.TrainLoss.Known() || a.validations(r) > 1)
		if r.TrainLoss.Known() && r.Live() && (w >= 150 || !validated) {
			row.Put(th.Dim, "train ").Put("", frame.Loss(float64(r.TrainLoss))).Gap(2)
		}
		if validated {
			row.Put(th.Dim, "val ").Put("", frame.Loss(float64(r.ValLoss))).Gap(2)
		}
		for _, to := range []bool{false, true} {
			a.putDelta(row, r, to)
		}
	}
	if !r.Live() && r.Ended.Why != "" {
		row.Put(th.Bad, r.Ended.Why)
	}
	return row.String()
}

func rest(share float64, w int) string {
	full := len([]rune(frame.Bar(share, w)))
	out := make([]rune, max(w-full, 0))
	for i := range out {
		out[i] = '·'
	}
	return string(out)
}

// putDelta adds how far the run is ahead of or behind a ghost at equal loss.
func (a *attempt) putDelta(row *cell.Row, r *fold.Run, to bool) {
	th := a.m.frame.Theme
	g := a.st.Ghost(to)
	if g == nil {
		return
	}
	d := a.delta(r, to)
	name := th.Grey
	if to {
		name = th.Gold
	}
	if d.past && row.Left() > 40 {
		row.Put(th.Good, "lower than ").Put(name, a.ghostName(g)).Put(th.Good, " ever was").Gap(2)
	}
	if !d.ok {
		return
	}
	st, word := th.Good, "ahead of"
	switch {
	case frame.Level(d.seconds):
		word = "level with"
	case d.seconds > 0:
		st, word = th.Bad, "behind"
	}
	row.Put(a.deltaStyle(d, st), frame.Signed(d.seconds))
	if d.err > 0 {
		row.Put(th.Dim, " ±"+about(d.err))
	}
	row.Put(th.Dim, " "+word+" ").Put(name, a.ghostName(g)).Gap(2)
}

// training reports whether a run goes on: in replay as it was then, live only
// while there is an engine.
func (a *attempt) training(r *fold.Run) bool { return r.Live() && (!a.live() || a.engaged()) }

// validations gives how often a run was validated so far; the first is often
// that of the untrained model.
func (a *attempt) validations(r *fold.Run) int {
	return upTo(a.feedRun(r, false).valAt, r.LastPoint)
}

// deltaStyle takes the colour from a delta that may be noise.
func (a *attempt) deltaStyle(d gap, st cell.Style) cell.Style {
	if !d.clear() {
		return a.m.frame.Theme.Dim
	}
	return st + a.m.frame.Theme.Bold
}

// about gives an uncertainty in seconds, as short as it is vague.
func about(s float64) string {
	if s >= 100 || math.IsInf(s, 0) {
		return "…"
	}
	return fmt.Sprintf("%.1f", s)
}

// predicted gives the time left of a run, and its training time at the end: its steps
// take as long as they did since its clock began, the first left out, which compiles.
func (a *attempt) predicted(r *fold.Run) (left time.Duration, total float64, ok bool) {
	c := a.feedRun(r, false)
	if r.Step < 2 || r.Total <= 0 || !r.TrainMS.Known() || c.timed < 2 {
		return 0, 0, false
	}
	for i := c.first; i < r.LastPoint; i++ {
		p := &a.st.Points[i]
		if p.Run != r.Run || p.Step < 1 || math.IsNaN(p.TrainMS) {
			continue
		}
		if done := r.Step - p.Step; done > 0 {
			ms := (float64(r.TrainMS) - p.TrainMS) / float64(done) * float64(r.Total-r.Step)
			return time.Duration(ms * float64(time.Millisecond)), (float64(r.TrainMS) + ms) / 1000, true
		}
		return 0, 0, false
	}
	return 0, 0, false
}

// estimate gives the time that the attempt still needs, as far as its runs so
// far let one guess: the run under way, the nodes to come, the confirmation.
func (a *attempt) estimate() (time.Duration, bool) {
	st := a.st
	total, n := 0.0, 0.0
	for _, r := range st.Runs {
		if r.Ended != nil && r.Ended.Finished {
			total, n = total+float64(r.EndActive-r.Active), n+1
		}
	}
	live := st.LiveRun()
	records := 2.0
	if st.Attempt.Open() {
		records = 1
	}
	each := 0.0
	if n > 0 {
		each = total / n
	} else if live != nil {
		if _, t, ok := a.predicted(live); ok {
			each = t * 1000
		}
	}
	if each == 0 || st.Finished() {
		return 0, false
	}
	ms := 0.0
	confirms := 0.0
	for _, r := range st.Runs {
		if r.Purpose == event.PurposeConfirmFrom || r.Purpose == event.PurposeConfirmNode {
			confirms++
		}
	}
	if live != nil {
		if left, _, ok := a.predicted(live); ok {
			ms += float64(left.Milliseconds())
		} else {
			ms += each
		}
	}
	begun := max(len(st.Nodes)-1, 0)
	ms += float64(max(st.Attempt.Nodes-begun, 0)) * each
	if st.Calibration == nil {
		have := 0.0
		for _, r := range st.Runs {
			if r.Purpose == event.PurposeCalibrateFrom || r.Purpose == event.PurposeCalibrateTo {
				have++
			}
		}
		ms += max(records*float64(st.Attempt.Calibrate)-have, 0) * each
	}
	if st.Confirmed == nil {
		ms += max(float64(2*st.Attempt.Confirm)-confirms, 0) * each
	}
	return time.Duration(ms) * time.Millisecond, true
}

// hostRow gives the state of the machine.
func (a *attempt) hostRow(w int) string {
	th, st := a.m.frame.Theme, a.st
	row := cell.New(w).Gap(1)
	if a.busy != "" {
		row.Put(th.Run, a.busy).Gap(2)
	}
	if len(st.Samples) == 0 || st.Finished() {
		label := st.Machine.Label
		if label == "" {
			return row.String()
		}
		return row.Put(th.Dim, label).String()
	}
	s := st.Samples[len(st.Samples)-1]
	if known(s.CPU) {
		row.Put(th.Dim, "cpu ").Put("", fmt.Sprintf("%3.0f %%", s.CPU)).Gap(1).Put(th.This, a.cpuSpark(10)).Gap(2)
	}
	row.Put(th.Dim, "mem ").Put("", frame.Bytes(s.RSS)).Gap(2)
	if known(s.Load) {
		row.Put(th.Dim, "load ").Put("", fmt.Sprintf("%.1f", s.Load))
		if c := st.Machine.Cores; c > 0 {
			row.Put(th.Dim, fmt.Sprintf(" on %d cores", c))
		}
		row.Gap(2)
	}
	if known(s.Foreign) && s.Foreign >= foreignBusy {
		row.Put(th.Warn, fmt.Sprintf("others use %.0f %% of a core: times suffer", s.Foreign)).Gap(2)
	}
	if label := st.Machine.Label; label != "" {
		row.Rest(cell.New(w/2).Put(th.Dim, label).Gap(1))
	}
	return row.String()
}

func known(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

func (a *attempt) cpuSpark(n int) string {
	s := a.st.Samples
	s = s[max(len(s)-n, 0):]
	ys := make([]float64, len(s))
	for i := range s {
		ys[i] = s[i].CPU
	}
	return plot.Spark(ys, n)
}

// sparkLine gives the loss pane on one row: the curve, the loss, the deltas.
func (a *attempt) sparkLine(w int) string {
	th := a.m.frame.Theme
	row := cell.New(w).Gap(1)
	r := a.runShown()
	if r == nil {
		return row.Put(th.Dim, "no loss yet").String()
	}
	c := a.feedRun(r, false)
	n := upTo(c.trainAt, r.LastPoint)
	series := &c.train
	if n == 0 {
		n, series = upTo(c.valAt, r.LastPoint), &c.val
	}
	ys := make([]float64, 0, 20)
	for i := range min(n, 20) {
		_, y := series.At(i * n / min(n, 20))
		ys = append(ys, y)
	}
	row.Put(th.This, plot.Spark(ys, 20)).Gap(1)
	if r.ValLoss.Known() {
		row.Put(th.Dim, "val ").Put("", frame.Loss(float64(r.ValLoss))).Gap(2)
	} else if r.TrainLoss.Known() {
		row.Put(th.Dim, "train ").Put("", frame.Loss(float64(r.TrainLoss))).Gap(2)
	}
	a.putShortDelta(row, r, false)
	a.putShortDelta(row, r, true)
	return row.String()
}

func (a *attempt) putShortDelta(row *cell.Row, r *fold.Run, to bool) {
	th := a.m.frame.Theme
	g, d := a.st.Ghost(to), a.delta(r, to)
	if g == nil || !d.ok {
		return
	}
	st, name := th.Good, th.Grey
	if d.seconds > 0 {
		st = th.Bad
	}
	if to {
		name = th.Gold
	}
	row.Put(a.deltaStyle(d, st), frame.Signed(d.seconds))
	if d.err > 0 {
		row.Put(th.Dim, " ±"+about(d.err))
	}
	words := a.ghostName(g)
	if row.Used()+row.Left() < 96 && a.onGPUs() && g.Source != measuredHere {
		words = fmt.Sprintf("log %d", g.Record)
	}
	row.Put(th.Dim, " to ").Put(name, words).Gap(2)
}
