package ui

import (
	"fmt"
	"math"
	"slices"

	"pitwall/internal/clean"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

func (d *recordDetail) hintChooser(row *cell.Row, t *taskdata.Task) *cell.Row {
	th, chosen := d.m.frame.Theme, d.choice.hintName(t)
	row.Put(th.Dim, "hint   ")
	short := row.Left() < 54
	for _, h := range t.Hints {
		name := frame.HintWords(string(h))
		if short {
			name = frame.ShortHint(string(h))
		}
		if h == chosen {
			row.Put(th.Accent+th.Bold, "["+name+"]")
		} else {
			row.Gap(1).Put(th.Dim, name).Gap(1)
		}
	}
	if title := chosen.Title(); short && chosen != taskdata.HintNone && row.Left() > len(title) {
		row.Gap(1).Put("", title)
	}
	return row
}

// hintFrame is the cells of a hint's box that its text leaves free.
const hintFrame = 3

// hintBox gives the text of the chosen hint in at most h rows.
func (d *recordDetail) hintBox(w, h int, t *taskdata.Task) []string {
	th := d.m.frame.Theme
	hint := d.choice.hintName(t)
	if h <= 0 {
		return nil
	}
	var text []string
	inner := max(w-hintFrame, 1)
	if hint == taskdata.HintNone {
		text = []string{cell.New(inner).Put(th.Dim, frame.FirstFit(inner, "The agent is told nothing of the next record.", "The agent is told nothing.")).String()}
	} else if text = d.m.hintRows(*t, hint, inner); text == nil {
		text = cell.Blank(inner, 1)
	}
	if of := hintKey(*t, hint, 0); of != d.topOf {
		d.top, d.topOf = 0, of
	}
	n := min(len(text), h)
	d.top = max(min(d.top, len(text)-n), 0)
	var rows []string
	for i, l := range text[d.top : d.top+n] {
		edge := "│"
		if i == 0 && d.top > 0 {
			edge = "↑"
		} else if i == n-1 && d.top+n < len(text) {
			edge = "↓"
		}
		rows = append(rows, cell.New(w).Put(th.Faint, " "+edge).Raw(l, inner).String())
	}
	return rows
}

// whyMost is how many rows may say why an agent is not ready.
const whyMost = 4

// choiceRows gives the agent, the budget and what Enter would do.
func (d *recordDetail) choiceRows(w int, t *taskdata.Task) []string {
	th := d.m.frame.Theme
	row := cell.New(w).Gap(1).Put(th.Dim, "agent  ")
	for i, a := range d.m.o.Agents {
		st := th.Dim
		if !a.Ready {
			st = th.Faint
		}
		if i == d.choice.agent {
			row.Put(th.Accent+th.Bold, "["+clean.Line(a.Name)+"]")
		} else {
			row.Gap(1).Put(st, clean.Line(a.Name)).Gap(1)
		}
	}
	rows := []string{row.String()}
	if a := d.choice.chosenAgent(); a != nil {
		about, st, most := a.About, th.Dim, 2
		if !a.Ready {
			about, st, most = "not ready: "+a.Why, th.Warn, whyMost
		}
		for i, l := range cell.Wrap(clean.Line(about), max(w-9, 1)) {
			if i < most {
				rows = append(rows, cell.New(w).Gap(8).Put(st, l).String())
			}
		}
	}
	rows = append(rows, cell.New(w).Gap(1).Put(th.Dim, "nodes  ").Put(th.Bold, fmt.Sprint(d.choice.nodes)).
		Put(th.Dim, fmt.Sprintf("   calibrate %d · confirm %d", d.choice.current().CalibrationRuns, d.choice.current().ConfirmationRuns)).String())
	ok, why := d.begin.can()
	switch {
	case ok && d.m.preflight.blocked == "" && (d.choice.chosenAgent().Model || d.choice.current().GPUs > 0):
		row := cell.New(w).Gap(1).Put(th.Accent, "enter").Gap(2).Put("", fmt.Sprintf("set up %s on %s", clean.Line(d.choice.chosenAgent().Name), t.ID()))
		if d.choice.current().GPUs > 0 {
			row.Put(th.Dim, frame.FirstFit(row.Left()-1, ", and see what it costs before it starts", ", with its cost", ""))
		}
		rows = append(rows, row.String())
	case ok && d.m.preflight.blocked == "":
		row := cell.New(w).Gap(1).Put(th.Accent, "enter").Gap(2).Put("", fmt.Sprintf("start %s on %s", clean.Line(d.choice.chosenAgent().Name), t.ID()))
		row.Rest(cell.New(w).Put(th.Accent, "s").Put(th.Dim, frame.FirstFit(row.Left()-3, " set up first", " set up")).Gap(1))
		rows = append(rows, row.String())
	case d.begin.starting:
		rows = append(rows, cell.New(w).Gap(1).Put(th.Run, d.m.spin.Sign()).Gap(1).Put("", "starting…").String())
	case why != "":
		rows = append(rows, cell.New(w).Gap(1).Put(th.Warn, clean.Line(why)).String())
	}
	return rows
}

// bestRows gives the best FSR of your attempts on the task, by agent and hint.
func (d *recordDetail) bestRows(w int, t *taskdata.Task) []string {
	th := d.m.frame.Theme
	if t.Open() {
		return []string{cell.New(w).Gap(1).Put(th.Dim, "your attempts   "+d.openWords(t)).String()}
	}
	best := map[string]map[string]string{}
	var agents []string
	value := map[string]float64{}
	for _, s := range d.m.attempts {
		text, v := tableFigure(s)
		if s.Task != t.ID() || text == "" {
			continue
		}
		if best[s.Agent] == nil {
			best[s.Agent] = map[string]string{}
			agents = append(agents, s.Agent)
		}
		key := s.Agent + "\x00" + s.Hint
		if old, ok := value[key]; !ok || v > old {
			value[key], best[s.Agent][s.Hint] = v, text
		}
	}
	if len(agents) == 0 {
		return []string{cell.New(w).Gap(1).Put(th.Dim, "your attempts   none on this task yet").String()}
	}
	slices.Sort(agents)
	head := cell.New(w).Gap(1)
	if d.choice.current().Practice {
		head.Put(th.Warn, "practice ").Put(th.Dim, "FSR")
	} else {
		head.Put(th.Dim, "your best FSR")
	}
	head.To(16)
	hints := t.Hints
	if w < 17+6*len(hints) { // leave out those that were not tried
		hints = slices.DeleteFunc(slices.Clone(hints), func(h taskdata.Hint) bool {
			return !slices.ContainsFunc(agents, func(a string) bool { return best[a][string(h)] != "" })
		})
	}
	each := max(min((w-17)/max(len(hints), 1), 8), 6)
	for _, h := range hints {
		head.Put(th.Dim, frame.Pad(frame.ShortHint(string(h)), each, true))
	}
	rows := []string{head.String()}
	for _, a := range agents {
		row := cell.New(w).Gap(3).Put("", cell.Cut(clean.Line(a), 12)).To(16)
		for _, h := range hints {
			text := best[a][string(h)]
			if text == "" {
				text = "·"
			}
			row.Put("", frame.Pad(text, each, true))
		}
		rows = append(rows, row.String())
	}
	return rows
}

// openWords sums up your attempts on an open task, which have no FSR.
func (d *recordDetail) openWords(t *taskdata.Task) string {
	count, best := 0, math.Inf(1)
	for _, s := range d.m.attempts {
		if s.Task != t.ID() {
			continue
		}
		if count++; s.Confirmed && s.BestSeconds.Known() {
			best = min(best, float64(s.BestSeconds))
		}
	}
	switch {
	case count == 0:
		return "none on this task yet"
	case math.IsInf(best, 1):
		return fmt.Sprintf("%d, none confirmed; l lists them", count)
	}
	return fmt.Sprintf("%d, the fastest %s here; l lists them", count, frame.Seconds(best))
}

// tableFigure gives an attempt's FSR as it stands in the table, and its rank; ""
// where it has none and will get none by itself.
func tableFigure(s store.Summary) (string, float64) {
	switch {
	case s.FSR != nil:
		return frame.Number(s.FSR), *s.FSR
	case s.Status == event.StatusDone && s.BestNode < 0:
		return "0", 0
	case s.Status == event.StatusDone:
		return "–", -1 // unresolved
	case s.Status == event.StatusRunning, s.Status == event.StatusQueued:
		return "…", -2
	}
	return "", 0
}
