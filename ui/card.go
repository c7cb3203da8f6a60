package ui

import (
	"fmt"

	"pitwall/internal/clean"
	"pitwall/store/event"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// cardRows gives the result of an attempt that has ended: what came out, what it
// is worth, and what to do next.
func (a *attempt) cardRows(w, h int) []string {
	th, st := a.m.frame.Theme, a.st
	var rows []string
	put := func(r *cell.Row) { rows = append(rows, r.String()) }
	line := func() *cell.Row { return cell.New(w).Gap(3) }
	gap := func() {
		if h >= 14 {
			rows = append(rows, cell.New(w).String())
		}
	}
	note := func(s cell.Style, text string) {
		for _, l := range cell.Wrap(text, max(w-6, 1)) {
			put(line().Put(s, l))
		}
	}
	put(a.paneTitle(w, paneEdit).Gap(2).Put("", "result"))
	gap()
	best := st.Best()
	c := st.Confirmed
	switch st.Status {
	case event.StatusFailed:
		put(line().Put(th.Bad+th.Bold, "The attempt failed."))
		note("", st.Why)
	case event.StatusStopped:
		put(line().Put(th.Warn+th.Bold, "The attempt was stopped."))
		if st.Why != "" {
			note("", st.Why)
		}
	}
	a.scoreRows(note, put, line)
	if full, _ := a.aside(); full != "" {
		put(line().Put(th.Warn, full).Put(th.Dim, " · "+a.setting()))
	}
	gap()
	if n := st.Node(best); n != nil && best > 0 {
		r := line().Put(th.Dim, "best node  ").Put(th.Bold, fmt.Sprint(best)).Gap(2).Put("", frame.Seconds(float64(n.TrainSeconds)))
		if z := st.Node(0); z != nil && z.TrainSeconds.Known() {
			r.Put(th.Dim, fmt.Sprintf(" against %s of record %d, %.2f×", frame.Seconds(float64(z.TrainSeconds)), st.Attempt.From, float64(z.TrainSeconds)/float64(n.TrainSeconds)))
		}
		put(r)
		r = line().Put(th.Dim, "loss       ").Put("", frame.Loss(float64(n.ValLoss))).Put(th.Dim, fmt.Sprintf(" in its run, target %.2f", st.Attempt.Target))
		put(r)
	}
	if c != nil && len(c.NodeSeconds) > 0 {
		put(line().Put(th.Dim, "fresh runs ").Put("", list(c.NodeSeconds)).Put(th.Dim, " s, record ").Put("", list(c.FromSeconds)).Put(th.Dim, " s"))
		if c.MeanLoss.Known() {
			r := line().Put(th.Dim, "mean loss  ").Put("", frame.Loss(float64(c.MeanLoss)))
			if len(c.OtherLosses) > 0 {
				r.Put(th.Dim, ", ").Put("", frame.Loss(mean(c.OtherLosses))).Put(th.Dim, " over other characters, outside the script")
			}
			a.putBadge(r.Gap(2), c, true)
			put(r)
		}
	}
	if n := st.Node(best); n != nil && best > 0 && n.Similar != nil {
		a.similarRows(n.Similar, h-len(rows) > 12, line, put)
	}
	if st.Spent != nil {
		note(th.Warn, "The search ended: "+clean.Line(st.Spent.Why)+".")
	}
	if f := a.disturbed(); f >= foreignBusy {
		note(th.Warn, fmt.Sprintf("Others used %.0f %% of a core meanwhile: the times are doubtful.", f))
	}
	if k := st.Calibration; k != nil {
		how := "measured in this attempt"
		if k.Reused {
			how = "measured here earlier"
		}
		r := line().Put(th.Dim, "calibrated ").Put("", list(k.From)).Put(th.Dim, " s")
		if !st.Attempt.Open() {
			r.Put(th.Dim, " → ").Put("", list(k.To)).Put(th.Dim, " s")
		}
		put(r.Put(th.Dim, ", "+how))
	}
	if words := a.publishedWords(); words != "" {
		put(line().Put(th.Dim, "published  "+words))
	}
	a.costRows(note, put, line)
	rows = append(rows, a.uncounted(w, h-len(rows), line)...)
	gap()
	next := line().Put(th.Accent, "d").Put(th.Dim, " see the edits   ").Put(th.Accent, "p").Put(th.Dim, " replay   ").Put(th.Accent, "l").Put(th.Dim, " history")
	if !a.live() {
		next = line().Put(th.Accent, "d").Put(th.Dim, " see the edits   ").Put(th.Accent, "0").Put(th.Dim, " from the start   ").Put(th.Accent, "l").Put(th.Dim, " history")
	}
	if a.canResume() {
		next.Put(th.Dim, "   ").Put(th.Accent, "r").Put(th.Dim, " resume")
	}
	put(next)
	return rows
}

// scoreRows gives the result: the FSR, or where the task is open the speedup.
func (a *attempt) scoreRows(note func(cell.Style, string), put func(*cell.Row), line func() *cell.Row) {
	th, st := a.m.frame.Theme, a.st
	fsr, span := st.FSR()
	best, c := st.Best(), st.Confirmed
	switch {
	case st.Attempt.Open() && c != nil && c.Valid:
		good := th.Bold
		if c.SpeedupInterval != nil && c.SpeedupInterval[0] > 1 {
			good += th.Good
		}
		r := line()
		a.putSpeedup(r, c, good)
		put(r)
		note(th.Dim, speedupWords(c, st.Attempt.From))
	case st.Attempt.Open() && c != nil && best > 0:
		put(line().Put(th.Dim, "speedup  ").Put(th.Bold, "not confirmed"))
		note("", c.Why)
	case st.Attempt.Open() && (c != nil || best <= 0 && st.Status == event.StatusDone):
		put(line().Put(th.Dim, "speedup  ").Put(th.Warn, "no node counts"))
	case c != nil && c.Valid && fsr != nil:
		st := th.Bold + th.Good
		if *fsr <= 0 {
			st = th.Bold + th.Bad
		}
		r := line().Put(th.Dim, "FSR  ").Put(st, frame.Number(fsr))
		if span != nil {
			r.Gap(2).Put("", frame.Interval(span)).Put(th.Dim, " 95 %")
		}
		put(r.Gap(2).Put(th.Dim, "strict"))
		if c.FSRWarm != nil {
			put(line().Put(th.Dim, "     ").Put(th.Bold, frame.Number(c.FSRWarm)).Gap(2).Put(th.Dim, "without the compilation that the clock counts"))
		}
		note(th.Dim, fsrWords(*fsr))
	case c != nil && c.Valid:
		put(line().Put(th.Dim, "FSR  ").Put(th.Bold, "unresolved"))
		why := c.Why
		if why == "" && st.Calibration != nil {
			why = st.Calibration.Why
		}
		note(th.Dim, "The gap between the records is lost in the noise here. "+why)
	case c != nil:
		put(line().Put(th.Dim, "FSR  ").Put(th.Bold, frame.Number(fsr)).Gap(2).Put(th.Warn, "not confirmed"))
		note("", c.Why)
	case best > 0:
		put(line().Put(th.Dim, "FSR  ").Put(th.Bold, "not confirmed").Gap(2).Put(th.Dim, "node "+fmt.Sprint(best)+" is provisional: one run"))
	case st.Status == event.StatusDone:
		put(line().Put(th.Dim, "FSR  ").Put(th.Bold, "0").Gap(2).Put(th.Warn, "no node counts"))
	}
}

// uncounted lists the nodes that do not count, as many as leave room for the keys
// below them.
func (a *attempt) uncounted(w, h int, line func() *cell.Row) (rows []string) {
	th := a.m.frame.Theme
	for _, n := range a.st.Nodes {
		if n.ID == 0 || n.Valid() || n.Why == "" {
			continue
		}
		if rows == nil {
			rows = append(rows, cell.New(w).String(), line().Put(th.Dim, "not counted").String())
		}
		if len(rows)+3 > h { // the row, a gap and the keys
			break
		}
		sign, s := a.nodeSign(&n)
		rows = append(rows, line().Put(s, sign).Put("", fmt.Sprintf(" node %d ", n.ID)).Put(th.Dim, verdictWord(n.State)+": "+n.Why).String())
	}
	if len(rows) < 3 {
		return nil
	}
	return rows
}

// similarRows says how much of the human's change the best node has, by lines and,
// where a model judged it, by that model; with room to spare, change by change.
func (a *attempt) similarRows(s *event.Similarity, roomy bool, line func() *cell.Row, put func(*cell.Row)) {
	th := a.m.frame.Theme
	if s.Recall.Known() {
		r := line().Put(th.Dim, "similar    ").Put("", fmt.Sprintf("%.0f %%", 100*float64(s.Recall))).Put(th.Dim, " of the human's changed lines")
		if s.Precision.Known() {
			r.Put(th.Dim, ", which are ").Put("", fmt.Sprintf("%.0f %%", 100*float64(s.Precision))).Put(th.Dim, " of its own")
		}
		put(r)
	}
	if s.Judge == "" || !s.Score.Known() {
		return
	}
	r := line().Put(th.Dim, "judged     ").Put("", fmt.Sprintf("%.2f", float64(s.Score))).Put(th.Dim, " of the human's change, as judged by ")
	put(r.Put("", frame.ModelName(s.Judge, max(r.Left(), 12))))
	for i, c := range s.Changes {
		if !roomy || i == 4 {
			return
		}
		sign, st := "○", th.Dim
		switch {
		case c.Reproduced >= 0.75:
			sign, st = "✓", th.Good
		case c.Reproduced > 0.25:
			sign, st = "◐", th.Warn
		}
		put(line().Gap(11).Put(st, sign).Gap(1).Put(th.Dim, c.What))
	}
}

// disturbed gives what share of a core others used, in percent, at worst, in the
// runs that the result rests on.
func (a *attempt) disturbed() float64 {
	worst := 0.0
	for _, r := range a.st.Runs {
		switch r.Purpose {
		case event.PurposeConfirmFrom, event.PurposeConfirmNode:
			if r.Ended != nil && known(float64(r.Ended.Foreign)) {
				worst = max(worst, float64(r.Ended.Foreign))
			}
		}
	}
	return worst
}

// fsrWords says in a sentence what an FSR means.
func fsrWords(f float64) string {
	switch {
	case f >= 1:
		return "As fast as the next record, or faster."
	case f > 0:
		return fmt.Sprintf("%.0f %% of the way from this record's time to the next one's.", f*100)
	}
	return "No faster than the record it started from."
}

func mean(xs []float64) float64 {
	t := 0.0
	for _, x := range xs {
		t += x
	}
	return t / float64(len(xs))
}

func list(xs []float64) string {
	s := ""
	for i, x := range xs {
		if i == 5 {
			return s + " …"
		}
		if i > 0 {
			s += " "
		}
		s += fmt.Sprintf("%.2f", x)
	}
	if s == "" {
		return "–"
	}
	return s
}
