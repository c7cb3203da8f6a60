package ui

import (
	"fmt"
	"strings"

	"pitwall/store/event"
	"pitwall/ui/cell"
	"pitwall/ui/clean"
)

func (a *attempt) rows(w, h int) []string {
	th := a.m.th
	if a.player == nil {
		rows := []string{a.m.header(w, "attempt", nil), a.m.rule(w)}
		if a.err != nil {
			for _, l := range cell.Wrap(a.err.Error(), max(w-4, 1)) {
				rows = append(rows, cell.New(w).Gap(2).Put(th.bad, l).String())
			}
			return cell.Fit(append(rows, cell.New(w).Gap(2).Put(th.dim, "esc goes back to the records; l there lists all attempts.").String()), w, h)
		}
		return cell.Fit(append(rows, cell.New(w).Gap(2).Put(th.dim, "opening …").String()), w, h)
	}
	rows := append(a.headRows(w), a.alertRows(w)...)
	foot := a.footRows(w, h)
	body := h - len(rows) - len(foot)
	if a.wide && !a.zoom {
		rows = append(rows, a.wideRows(w, body)...)
	} else {
		rows = append(rows, a.oneRows(w, body)...)
	}
	return cell.Fit(append(cell.Fit(rows, w, h-len(foot)), foot...), w, h)
}

// headRows gives what is tried and how it stands.
func (a *attempt) headRows(w int) []string {
	th, sum := a.m.th, a.snap.Summary
	task := sum.Task
	if to := a.st.Attempt.To; to > 0 {
		task = fmt.Sprintf("%s → %d", task, to)
	}
	sign, st := a.statusSign()
	right := cell.New(w).Put(st, sign+" ").Put(th.bold, a.phaseWords())
	if t := a.elapsed(); t != "" {
		right.Gap(2).Put("", t)
	}
	right.Gap(1)
	r := cell.New(w).Gap(1).Put(th.bold+th.accent, task).Gap(2)
	agent := cell.Cut(clean.Line(sum.Agent), 20)
	short := w-r.Used()-right.Used() < 52
	if short {
		r.Put(th.dim, "hint "+shortHint(sum.Hint)+" · "+cell.Cut(agent, 12)+" · #"+fmt.Sprint(sum.Number))
	} else {
		r.Put(th.dim, "hint ").Put("", hintWords(sum.Hint)).Put(th.dim, "   ").Put("", agent).Put(th.dim, " · "+sum.Scaffold+"   attempt ").Put("", fmt.Sprint(sum.Number))
	}
	if r.Used()+right.Used()+1 > w {
		r = cell.New(w).Gap(1).Put(th.bold+th.accent, task).Gap(1)
	}
	r.Rest(right)
	return []string{r.String(), a.figureRow(w), a.m.rule(w)}
}

// figureRow gives the attempt's figures, each with what it is worth.
func (a *attempt) figureRow(w int) string {
	th, st := a.m.th, a.st
	r := cell.New(w).Gap(1)
	fsr, span := st.FSR()
	practice, setting := a.practice()
	if practice {
		r.Put(th.warn, "practice").Gap(2)
	}
	switch best := st.Best(); {
	case st.Confirmed != nil && fsr != nil:
		r.Put(th.dim, "FSR ").Put(th.bold, number(fsr)).Gap(1)
		if span != nil {
			r.Put("", interval(span)).Put(th.dim, " 95 %").Gap(1)
		}
		if !st.Confirmed.Valid {
			r.Put(th.warn, "not confirmed").Gap(1)
		}
	case st.Confirmed != nil:
		r.Put(th.dim, "FSR ").Put(th.bold, "unresolved here").Gap(1)
	case best > 0:
		n := st.Node(best)
		r.Put(th.dim, "best ").Put(th.bold, fmt.Sprintf("node %d %s", best, seconds(float64(n.TrainSeconds)))).Gap(1)
		if n.FSR != nil {
			r.Put(th.dim, " FSR ").Put(th.bold, number(n.FSR)).Gap(1)
		}
		r.Put(th.dim, "provisional, one run").Gap(1)
	case st.Status == event.StatusDone:
		r.Put(th.dim, "FSR ").Put(th.bold, "0").Put(th.dim, " no node counts").Gap(1)
	default:
		r.Put(th.dim, "no result yet").Gap(1)
	}
	r.Gap(1).Put(th.dim, setting)
	right := cell.New(w)
	if left, ok := a.estimate(); ok && a.live() && a.engaged() {
		right.Put(th.dim, "about ").Put("", long(left)).Put(th.dim, " left").Gap(1)
	}
	return r.Rest(right).String()
}

// practice reports whether the figures are of a practice track, and gives how
// often they were measured.
func (a *attempt) practice() (practice bool, setting string) {
	at, sum := a.st.Attempt, a.snap.Summary
	if at.Task == "" {
		t, ok := a.task()
		if !ok || !isPractice(t.From.Track) {
			return false, ""
		}
		return true, fmt.Sprintf("calibrate %d, confirm %d", sum.Calibrate, sum.Confirm)
	}
	return !at.Benchmark, fmt.Sprintf("calibrate %d, confirm %d", at.Calibrate, at.Confirm)
}

func (a *attempt) statusSign() (string, cell.Style) {
	th := a.m.th
	switch a.status() {
	case event.StatusRunning:
		return "●", th.run
	case event.StatusQueued:
		return "◷", th.run
	case event.StatusPaused:
		return "‖", th.run
	case event.StatusDone:
		return "✓", th.good
	case event.StatusInterrupted:
		return "!", th.warn
	case event.StatusStopped:
		return "■", th.warn
	}
	return "✗", th.bad
}

// phaseWords says what goes on.
func (a *attempt) phaseWords() string {
	st := a.st
	switch s := a.status(); s {
	case event.StatusInterrupted, event.StatusStopped, event.StatusDone, event.StatusFailed, event.StatusPaused:
		return s
	case event.StatusQueued:
		if st.Waiting == nil {
			return "queued"
		}
	}
	if st.Waiting != nil {
		return "queued: waits for " + st.Waiting.Holder
	}
	budget := st.Attempt.Nodes
	node := func(doing string) string {
		if st.Phase.Node < 1 {
			return doing
		}
		return fmt.Sprintf("%s node %d of %d", doing, st.Phase.Node, max(budget, st.Phase.Node))
	}
	switch st.Phase.Phase {
	case event.PhaseCalibrating:
		if r := st.LiveRun(); r != nil {
			return a.runName(r)
		}
		return "measuring the records"
	case event.PhaseWriting:
		return node("writing")
	case event.PhaseChecking:
		return node("checking rules of")
	case event.PhaseTraining:
		return node("training")
	case event.PhaseJudging:
		return node("judging")
	case event.PhaseEvaluating:
		return node("evaluating")
	case event.PhaseConfirming:
		if r := st.LiveRun(); r != nil {
			return "confirming: " + a.runName(r)
		}
		return "confirming"
	case event.PhaseFinished:
		return "finishing"
	}
	return "starting"
}

func (a *attempt) elapsed() string {
	if !a.live() || a.st.Finished() || !a.engaged() || a.st.Started == 0 {
		return clock(a.st.Active)
	}
	// Between events the clock goes on, from the last event's own time.
	gap := a.m.o.Now().UnixMilli() - a.st.Wall
	return clock(a.st.Active + max(min(gap, 60_000), 0))
}

// alertRows gives what a person must know before anything else.
func (a *attempt) alertRows(w int) []string {
	th, sum := a.m.th, a.snap.Summary
	var rows []string
	put := func(st cell.Style, text, key, does string) {
		r := cell.New(w).Gap(1).Put(st, "▌ ")
		tail := 0
		if key != "" {
			tail = len(key) + len(does) + 4
		}
		r.Put("", cell.Cut(strings.ReplaceAll(text, "\n", " · "), max(w-r.Used()-tail, 8)))
		if key != "" {
			r.Gap(2).Put(th.accent, key).Put(th.dim, " "+does)
		}
		rows = append(rows, r.String())
	}
	if err := a.snap.Err; err != nil {
		put(th.bad, "The picture stands still: "+err.Error(), "", "")
	}
	if !a.live() {
		return rows
	}
	key, does := "", ""
	if a.canResume() {
		key, does = "r", "resume"
	}
	switch sum.Status {
	case event.StatusInterrupted:
		put(th.warn, "Its engine is gone. Nothing is lost up to the last whole node.", key, does)
	case event.StatusFailed:
		if !a.cardShown() {
			put(th.bad, "The attempt failed: "+a.why(), key, does)
		}
	}
	if n := a.st.Notice; n.Level == "error" && sum.Status != event.StatusFailed {
		put(th.bad, n.Text, "", "")
	} else if n.Level == "warn" && !a.st.Finished() {
		put(th.warn, n.Text, "", "")
	}
	return rows
}

// footRows gives the strips below the panes.
func (a *attempt) footRows(w, h int) []string {
	var rows []string
	if a.wide {
		rows = append(rows, a.m.rule(w), a.progressRow(w), a.hostRow(w))
	} else {
		if h >= 14 {
			rows = append(rows, a.sparkLine(w))
		}
		rows = append(rows, a.progressRow(w))
	}
	if !a.live() {
		rows = append(rows, a.timeBar(w))
	}
	return rows
}

// stepLine is the width of a log pane that shows the usual line of a step whole.
const stepLine = 67

// wideRows lays all panes out: tree and edit above, loss and log below.
func (a *attempt) wideRows(w, h int) []string {
	th := a.m.th
	top := h * 53 / 100
	bottom := h - top - 1
	treeW := min(max(w/5, 27), 44)
	editW := w - treeW - 1
	rows := cell.Beside(th.faint,
		cell.Fit(a.treeRows(treeW, top), treeW, top),
		cell.Fit(a.editRows(editW, top), editW, top))
	rows = append(rows, a.m.rule(w))
	lossW := min(w*55/100, max(w-stepLine-1, w/2))
	logW := w - lossW - 1
	return append(rows, cell.Beside(th.faint,
		cell.Fit(a.lossRows(lossW, bottom), lossW, bottom),
		cell.Fit(a.logRows(logW, bottom), logW, bottom))...)
}

// oneRows gives the pane that has the keys, alone; on a small screen with the
// tree on one row above it.
func (a *attempt) oneRows(w, h int) []string {
	var rows []string
	if !a.wide && a.focus != paneTree && h >= 6 {
		rows = append(rows, a.treeLine(w))
		h--
	}
	switch a.focus {
	case paneTree:
		rows = append(rows, cell.Fit(a.treeRows(w, h), w, h)...)
	case paneEdit:
		if reason := a.reasonLine(w); reason != "" && !a.cardShown() && h >= 8 {
			rows = append(rows, reason)
			h--
		}
		rows = append(rows, cell.Fit(a.editRows(w, h), w, h)...)
	case panePlot:
		rows = append(rows, cell.Fit(a.lossRows(w, h), w, h)...)
	case paneLog:
		rows = append(rows, cell.Fit(a.logRows(w, h), w, h)...)
	}
	return rows
}

// reasonLine gives the reason of the edit on one row.
func (a *attempt) reasonLine(w int) string {
	e, ok := a.edited(a.subject(), a.editShown())
	if !ok || e.reason == "" {
		return ""
	}
	text := strings.Join(strings.Fields(e.reason), " ")
	if over := len(text) - (w - 12); e.open && over > 0 {
		text = "…" + strings.ToValidUTF8(text[over:], "")
	}
	return cell.New(w).Gap(1).Put(a.m.th.dim, "reason  ").Put("", text).String()
}
