package ui

import (
	"fmt"
	"strings"

	"pitwall/internal/clean"
	"pitwall/store/event"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

func (a *attempt) Rows(w, h int) []string {
	th := a.m.frame.Theme
	if a.player == nil {
		rows := []string{a.m.frame.Header(w, "attempt", nil), a.m.frame.Rule(w)}
		if a.err != nil {
			for _, l := range cell.Wrap(a.err.Error(), max(w-4, 1)) {
				rows = append(rows, cell.New(w).Gap(2).Put(th.Bad, l).String())
			}
			return cell.Fit(append(rows, cell.New(w).Gap(2).Put(th.Dim, "esc goes back to the records; l there lists all attempts.").String()), w, h)
		}
		return cell.Fit(append(rows, cell.New(w).Gap(2).Put(th.Dim, "opening …").String()), w, h)
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
	th := a.m.frame.Theme
	sign, st := a.statusSign()
	right := cell.New(w).Put(st, sign+" ").Put(th.Bold, a.phaseWords())
	if a.st.Paused && a.live() && a.status() == event.StatusRunning {
		right.Put(th.Run, " · "+a.pauseWords())
	}
	right.Gap(2).Put("", a.elapsed()).Gap(1)
	var r *cell.Row
	for level := range headLevels {
		if r = a.putHead(cell.New(w), level); r.Used()+right.Used()+2 <= w {
			break
		}
	}
	if r.Used()+right.Used()+1 > w {
		right = cell.New(max(w-r.Used()-1, 0)).Put(st, sign+" ").Put(th.Bold, a.phaseWords())
	}
	rows := []string{r.Rest(right).String(), a.figureRow(w)}
	return append(append(rows, a.budgetRows(w)...), a.m.frame.Rule(w))
}

// headLevels is how many ways there are to write what is tried, the fullest first.
const headLevels = 6

func (a *attempt) putHead(r *cell.Row, level int) *cell.Row {
	th, sum := a.m.frame.Theme, a.snap.Summary
	task := sum.Task
	if to := a.st.Attempt.To; to > 0 {
		task = fmt.Sprintf("%s → %d", task, to)
	}
	r.Gap(1).Put(th.Bold+th.Accent, task)
	agent, model := cell.Cut(clean.Line(sum.Agent), 20), a.modelWords([headLevels]int{40, 40, 24, 14}[level])
	if level < 3 {
		r.Gap(2).Put(th.Dim, "hint ").Put("", frame.HintWords(sum.Hint)).Put(th.Dim, "   ").Put("", agent)
		if model != "" {
			r.Gap(1).Put(th.This, model)
		}
		r.Put(th.Dim, " · "+a.scaffoldWords(level == 0)+"   attempt ")
		return r.Put("", fmt.Sprint(sum.Number))
	}
	if level == 5 {
		return r
	}
	r.Gap(2).Put(th.Dim, "hint "+frame.ShortHint(sum.Hint)+" · "+cell.Cut(agent, 12))
	if model != "" && level == 3 {
		r.Gap(1).Put(th.This, model)
	}
	return r.Put(th.Dim, " · #"+fmt.Sprint(sum.Number))
}

// modelWords names the agent's model in at most w cells, "" where it is none.
func (a *attempt) modelWords(w int) string {
	name := a.st.Attempt.Model
	if name == "" {
		name = a.snap.Summary.Model
	}
	if name == "" || w == 0 {
		return ""
	}
	return frame.ModelName(name, w)
}

// scaffoldWords names the scaffold, with its figures: nodes at the start, nodes
// after that, and where it mends failed nodes how readily and how often.
func (a *attempt) scaffoldWords(figures bool) string {
	name, s := a.st.Attempt.Scaffold, a.st.Attempt.Search
	if name == "" {
		name, s = a.snap.Summary.Scaffold, a.snap.Summary.Search
	}
	name = clean.Line(name)
	if !figures || s.Initial == 0 || name == "flat" {
		return name
	}
	name = fmt.Sprintf("%s %d/%d", name, s.Initial, s.Branch)
	if s.Debug > 0 {
		name += fmt.Sprintf("/%g/%d", s.Debug, s.DebugDepth)
	}
	return name
}

// pauseWords says when an attempt that a person paused will rest.
func (a *attempt) pauseWords() string {
	switch {
	case a.st.LiveRun() != nil:
		return "paused after this run"
	case len(a.st.Speaking) > 0:
		return "paused after this answer"
	}
	return "pausing"
}

// figureRow gives the attempt's figures, each with what it is worth.
func (a *attempt) figureRow(w int) string {
	th, st := a.m.frame.Theme, a.st
	r := cell.New(w).Gap(1)
	fsr, span := st.FSR()
	setting := a.setting()
	if full, short := a.aside(); full != "" {
		r.Put(th.Warn, frame.FirstFit(w/4, full, short)).Gap(2)
	}
	open := st.Attempt.Open()
	switch best := st.Best(); {
	case open && st.Confirmed != nil && st.Confirmed.Valid:
		a.putSpeedup(r, st.Confirmed, th.Bold)
		a.putBadge(r.Gap(1), st.Confirmed, false)
	case open && st.Confirmed != nil && best > 0:
		r.Put(th.Dim, "speedup ").Put(th.Warn, "not confirmed").Gap(1)
	case open && (st.Confirmed != nil || best <= 0 && st.Status == event.StatusDone):
		r.Put(th.Dim, "no node counts").Gap(1)
	case st.Confirmed != nil && fsr != nil:
		r.Put(th.Dim, "FSR ").Put(th.Bold, frame.Number(fsr)).Gap(1)
		if span != nil {
			r.Put("", frame.Interval(span)).Put(th.Dim, " 95 % strict").Gap(1)
		}
		if w := st.Confirmed.FSRWarm; w != nil {
			r.Put("", frame.Number(w)).Put(th.Dim, " without compiling").Gap(1)
		}
		if !st.Confirmed.Valid {
			r.Put(th.Warn, "not confirmed").Gap(1)
		} else {
			a.putBadge(r.Gap(1), st.Confirmed, false)
		}
	case st.Confirmed != nil:
		r.Put(th.Dim, "FSR ").Put(th.Bold, "unresolved here").Gap(1)
	case best > 0:
		n := st.Node(best)
		r.Put(th.Dim, "best ").Put(th.Bold, fmt.Sprintf("node %d %s", best, frame.Seconds(float64(n.TrainSeconds)))).Gap(1)
		if n.FSR != nil {
			r.Put(th.Dim, " FSR ").Put(th.Bold, frame.Number(n.FSR)).Gap(1)
		} else if times := a.gain(n); open && times > 0 {
			r.Gap(1).Put(th.Bold, timesWords(times)).Gap(1)
		}
		r.Put(th.Dim, "provisional, one run").Gap(1)
	case st.Status == event.StatusDone:
		r.Put(th.Dim, "FSR ").Put(th.Bold, "0").Put(th.Dim, " no node counts").Gap(1)
	default:
		r.Put(th.Dim, "no result yet").Gap(1)
	}
	if len(setting)+1 <= r.Left() {
		r.Gap(1).Put(th.Dim, setting)
	}
	right := cell.New(w)
	if left, ok := a.estimate(); ok && a.live() && a.engaged() {
		right.Put(th.Dim, "about ").Put("", frame.Long(left)).Put(th.Dim, " left").Gap(1)
	}
	return r.Rest(right).String()
}

// setting gives how often the figures were measured.
func (a *attempt) setting() string {
	at, sum := a.st.Attempt, a.snap.Summary
	switch {
	case at.Task != "":
		return fmt.Sprintf("calibrate %d, confirm %d", at.Calibrate, at.Confirm)
	case sum.Task != "":
		return fmt.Sprintf("calibrate %d, confirm %d", sum.Calibrate, sum.Confirm)
	}
	return ""
}

func (a *attempt) statusSign() (string, cell.Style) {
	th := a.m.frame.Theme
	switch a.status() {
	case event.StatusRunning:
		return "●", th.Run
	case event.StatusQueued:
		return "◷", th.Run
	case event.StatusPaused:
		return "‖", th.Run
	case event.StatusDone:
		return "✓", th.Good
	case event.StatusInterrupted:
		return "!", th.Warn
	case event.StatusStopped:
		return "■", th.Warn
	}
	return "✗", th.Bad
}

// phaseWords says what goes on.
func (a *attempt) phaseWords() string {
	st := a.st
	switch s := a.status(); s {
	case event.StatusInterrupted, event.StatusStopped, event.StatusDone, event.StatusFailed, event.StatusPaused:
		return string(s)
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
	case event.PhaseCompiling:
		return a.compileWords(node)
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
	case event.PhaseApproving:
		if d := st.Awaited(); d != nil {
			return fmt.Sprintf("edit of node %d waits for a word", d.Node)
		}
		return node("deciding on")
	case event.PhaseAwaiting:
		return fmt.Sprintf("node %d waits to be written by hand", st.Phase.Node)
	case event.PhaseThinking:
		return a.thinkingWords()
	case event.PhaseFinished:
		return "finishing"
	}
	return "starting"
}

// thinkingWords says what a model works on that is no node's edit.
func (a *attempt) thinkingWords() string {
	switch a.st.Phase.Detail {
	case event.CallIdeate:
		return "thinking of ideas"
	case event.CallSummarise:
		return fmt.Sprintf("summing up node %d", a.st.Phase.Node)
	case event.CallJudge:
		return fmt.Sprintf("comparing node %d with the human's change", a.st.Phase.Node)
	}
	return "thinking"
}

func (a *attempt) elapsed() string { return frame.Clock(a.activeNow()) }

// alertRows gives what a person must know before anything else.
func (a *attempt) alertRows(w int) []string {
	th, sum := a.m.frame.Theme, a.snap.Summary
	var rows []string
	put := func(st cell.Style, text, key, does string) {
		r := cell.New(w).Gap(1).Put(st, "▌ ")
		tail := 0
		if key != "" {
			tail = len(key) + len(does) + 4
		}
		r.Put("", cell.Cut(strings.ReplaceAll(text, "\n", " · "), max(w-r.Used()-tail, 8)))
		if key != "" {
			r.Gap(2).Put(th.Accent, key).Put(th.Dim, " "+does)
		}
		rows = append(rows, r.String())
	}
	if err := a.snap.Err; err != nil {
		put(th.Bad, "The picture stands still: "+err.Error(), "", "")
	}
	if !a.live() {
		return rows
	}
	if ask := a.waits(); ask != nil && a.gate() == nil {
		text := fmt.Sprintf("Edit %d of node %d waits for your word.", a.standing(ask.node, ask.edit), ask.node)
		if ask.edit == 0 {
			text = fmt.Sprintf("Node %d is yours to write.", ask.node)
		}
		put(th.Run, text, "f", "show it")
	}
	key, does := "", ""
	if a.canResume() {
		key, does = "r", "resume"
	}
	switch sum.Status {
	case event.StatusInterrupted:
		put(th.Warn, "Its engine is gone. Nothing is lost up to the last whole node.", key, does)
	case event.StatusFailed:
		if !a.cardShown() {
			put(th.Bad, "The attempt failed: "+a.why(), key, does)
		}
	}
	if n := a.st.Notice; n.Level == "error" && sum.Status != event.StatusFailed {
		put(th.Bad, n.Text, "", "")
	} else if n.Level == "warn" && !a.st.Finished() {
		put(th.Warn, n.Text, "", "")
	}
	return rows
}

// footRows gives the strips below the panes.
func (a *attempt) footRows(w, h int) []string {
	var rows []string
	if a.wide {
		rows = append(append(rows, a.m.frame.Rule(w), a.progressRow(w)), a.stripRows(w, h)...)
	} else {
		if h >= 14 {
			rows = append(rows, a.sparkLine(w))
		}
		rows = append(rows, a.progressRow(w))
		if a.onGPUs() && h >= 18 {
			rows = append(rows, a.stripRows(w, h)...)
		}
	}
	if !a.live() {
		rows = append(rows, a.timeBar(w))
	}
	return rows
}

// stepLine is the width of a log pane that shows the usual line of a step whole.
const stepLine = 67

// Sizes from which on a model's pane has a place of its own beside the diff.
const (
	besideWidth  = 140
	besideHeight = 10 // of the upper row of panes
)

// wideRows lays all panes out: tree and edit above, loss and log below. What a
// model says stands beside the edit, or where there is no room for that in the
// place of the log while it is at work.
func (a *attempt) wideRows(w, h int) []string {
	th := a.m.frame.Theme
	top := h * 53 / 100
	bottom := h - top - 1
	treeW := min(max(w/5, 27), 44)
	editW := w - treeW - 1
	upper := [][]string{cell.Fit(a.treeRows(treeW, top), treeW, top), nil}
	beside := a.speaks() && w >= besideWidth && top >= besideHeight && !a.cardShown()
	if beside {
		talkW := editW * 2 / 5
		editW -= talkW + 1
		upper = append(upper, cell.Fit(a.talkRows(talkW, top), talkW, top))
	}
	upper[1] = cell.Fit(a.editRows(editW, top), editW, top)
	rows := append(cell.Beside(th.Faint, upper...), a.m.frame.Rule(w))
	lossW := min(w*55/100, max(w-stepLine-1, w/2))
	lastW := w - lossW - 1
	last := a.logRows
	if !beside && (a.focus == paneTalk || a.talking() && a.focus != paneLog) {
		last = a.talkRows
	}
	if a.focus == paneGPU {
		last = a.gpuRows
	}
	return append(rows, cell.Beside(th.Faint,
		cell.Fit(a.lossRows(lossW, bottom), lossW, bottom),
		cell.Fit(last(lastW, bottom), lastW, bottom))...)
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
		if line := a.reasonLine(w); line != "" && !a.cardShown() && a.gate() == nil && h >= 8 {
			rows = append(rows, line)
			h--
		}
		rows = append(rows, cell.Fit(a.editRows(w, h), w, h)...)
	case paneTalk:
		rows = append(rows, cell.Fit(a.talkRows(w, h), w, h)...)
	case panePlot:
		rows = append(rows, cell.Fit(a.lossRows(w, h), w, h)...)
	case paneLog:
		rows = append(rows, cell.Fit(a.logRows(w, h), w, h)...)
	case paneGPU:
		rows = append(rows, cell.Fit(a.gpuRows(w, h), w, h)...)
	}
	return rows
}

// reasonLine gives the reason of the edit on one row; while the model has not come
// to one, what it says; else the idea of the node.
func (a *attempt) reasonLine(w int) string {
	node := a.subject()
	e, ok := a.edited(node, a.editShown())
	given := ok && e.open && e.reason != ""
	if line := a.talkLine(w); line != "" && !a.zoom && !given {
		return line
	}
	label, text := "reason", e.reason
	if n := a.st.Node(node); text == "" && n != nil {
		label, text = "idea", n.Idea
	}
	if text == "" {
		return ""
	}
	text = strings.Join(strings.Fields(text), " ")
	if over := len(text) - (w - 12); e.open && over > 0 {
		text = "…" + strings.ToValidUTF8(text[over:], "")
	}
	return cell.New(w).Gap(1).Put(a.m.frame.Theme.Dim, label+"  ").Put("", text).String()
}
