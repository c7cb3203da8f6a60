package ui

import (
	"fmt"
	"strings"

	"pitwall/internal/clean"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// Widths of the table of a campaign.
const (
	taskWidth     = 18 // at most
	campaignWidth = 15 // of a column with its gap: "~−0.12 2/12 ●"
)

// planAsides says which of a plan's tasks are none of the benchmark's; "" for none.
func planAsides(p store.Plan) string {
	return taskdata.Asides(func(yield func(string, bool) bool) {
		for _, t := range p.Tasks {
			if !yield(t.ID, t.Benchmark) {
				return
			}
		}
	})
}

func (c *campaigns) Rows(w, h int) []string {
	if p := c.shown(); p != nil {
		return c.tableRows(p, w, h)
	}
	return c.listRows(w, h)
}

func (c *campaigns) listRows(w, h int) []string {
	th := c.m.frame.Theme
	rows := []string{c.m.frame.Header(w, "campaigns", cell.New(w).Put(th.Dim, frame.Plural(len(c.list), "campaign")).Gap(1)), c.m.frame.Rule(w)}
	if len(c.list) == 0 {
		text := []string{"No campaign yet.", "pitwall sweep FILE runs attempts in a series; they show here while they run."}
		switch {
		case c.failed != "":
			text = []string{"The campaigns cannot be read: " + c.failed}
		case !c.loaded:
			text = []string{"reading the campaigns …"}
		}
		for _, t := range text {
			for _, l := range cell.Wrap(clean.Line(t), max(w-4, 1)) {
				rows = append(rows, cell.New(w).Gap(3).Put(th.Dim, l).String())
			}
		}
		return cell.Fit(rows, w, h)
	}
	c.page = max(h-len(rows), 1)
	c.at = max(min(c.at, len(c.list)-1), 0)
	c.top = max(min(c.top, c.at), c.at-c.page+1, 0)
	for i := c.top; i < len(c.list) && len(rows) < h; i++ {
		p := &c.list[i]
		r := cell.New(w)
		if i == c.at {
			r = cell.On(w, th.Selected).Put(th.Accent, "›")
		} else {
			r.Gap(1)
		}
		t := c.totals(p)
		right := cell.On(w, rowStyle(i == c.at, th))
		if word := planAsides(p.Plan); word != "" && w >= 60 {
			right.Put(th.Warn, word).Gap(2)
		}
		right.Put(th.Dim, fmt.Sprintf("%d of %d cells done", t.done, t.cells))
		if w >= 100 {
			right.Put(th.Dim, " · "+frame.Ago(c.m.frame.Now(), p.Created))
		}
		right.Gap(1)
		r.Gap(1)
		if c.live[p.ID] {
			r.Put(th.Run, "●")
		} else {
			r.Gap(1)
		}
		r.Gap(1)
		name := cell.Cut(clean.Line(p.Name), max(r.Left()-right.Used()-2, 8))
		rows = append(rows, r.Put(th.Bold, name).Rest(right).String())
	}
	return cell.Fit(rows, w, h)
}

func rowStyle(chosen bool, th *frame.Theme) cell.Style {
	if chosen {
		return th.Selected
	}
	return ""
}

// campaignTotals adds a campaign up.
type campaignTotals struct {
	cells, done, live, lost int
	tokens                  int64
	cost                    float64
	unpriced                bool
}

func (c *campaigns) totals(p *store.Campaign) (t campaignTotals) {
	t.cells = len(p.Plan.Tasks) * len(p.Plan.Hints) * len(p.Plan.Agents) * len(p.Plan.Seeds)
	for _, a := range c.cells[p.ID] {
		switch a.Status {
		case event.StatusDone:
			t.done++
		case event.StatusFailed, event.StatusStopped, event.StatusInterrupted:
			t.lost++
		default:
			t.live++
		}
		t.tokens += a.Tokens
		switch {
		case a.Events == 0: // it has not begun
		case a.Cost.Known():
			t.cost += float64(a.Cost)
		default:
			t.unpriced = true
		}
	}
	return t
}

// line says how far the campaign is.
func (t campaignTotals) line(total store.PlanTotal) string {
	parts := []string{fmt.Sprintf("%d of %d cells done", t.done, t.cells)}
	if t.live > 0 {
		parts = append(parts, fmt.Sprintf("%d in flight", t.live))
	}
	if t.lost > 0 {
		parts = append(parts, fmt.Sprintf("%d failed or stopped", t.lost))
	}
	if t.tokens > 0 {
		cost := frame.Money(t.cost)
		if t.unpriced {
			cost += " and what has no price"
		}
		if total.Cost > 0 {
			cost += " of " + frame.Money(total.Cost)
		}
		parts = append(parts, frame.Tokens(t.tokens)+" tokens", cost)
	}
	return strings.Join(parts, " · ")
}

func (c *campaigns) tableRows(p *store.Campaign, w, h int) []string {
	th := c.m.frame.Theme
	task, col, ok := c.chosen(p)
	t := c.totals(p)
	info := cell.New(w)
	switch {
	case c.failed != "":
		info.Put(th.Bad, "not up to date").Gap(1)
	case c.live[p.ID]:
		info.Put(th.Run, "● sweeping").Gap(1)
	default:
		info.Put(th.Dim, fmt.Sprintf("%d/%d done", t.done, t.cells)).Gap(1)
	}
	where := "campaign " + cell.Cut(clean.Line(p.Name), max(w-info.Used()-24, 8))
	line := cell.New(w).Gap(3)
	if word := planAsides(p.Plan); word != "" {
		line.Put(th.Warn, word).Gap(2)
	}
	rows := []string{c.m.frame.Header(w, where, info), line.Put(th.Dim, t.line(p.Plan.Total)).Rest(cell.New(w).Put(th.Dim, "mean FSR (~ provisional), seeds done").Gap(1)).String(), c.m.frame.Rule(w)}
	if !ok {
		return cell.Fit(append(rows, cell.New(w).Gap(3).Put(th.Dim, "This campaign has no cells.").String()), w, h)
	}
	foot := c.detailRows(p, task, col, w, h)
	body := max(h-len(foot), len(rows))

	// The columns that fit, with the chosen one among them.
	cols := columnsOf(p.Plan)
	first := 3
	for _, t := range p.Plan.Tasks {
		first = max(first, min(clean.Width(clean.Line(t.ID)), taskWidth)+4)
	}
	fit := max((w-first)/campaignWidth, 1)
	c.colLeft = max(min(c.colLeft, c.col, len(cols)-fit), c.col-fit+1, 0)
	shown := cols[c.colLeft:min(c.colLeft+fit, len(cols))]

	agents, hints := cell.New(w).To(first), cell.New(w).Gap(3).Put(th.Dim, "FSR").To(first)
	for i, sc := range shown {
		if i == 0 || sc.agent.Label != shown[i-1].agent.Label {
			span := 1
			for _, next := range shown[i+1:] {
				if next.agent.Label != sc.agent.Label {
					break
				}
				span++
			}
			agents.To(first+i*campaignWidth).Put(th.Bold, cell.Cut(clean.Line(sc.agent.Label), span*campaignWidth-1))
		}
		hints.To(first+i*campaignWidth).Put(th.Dim, cell.Cut(clean.Line("hint "+frame.ShortHint(sc.hint)), campaignWidth-1))
	}
	rows = append(rows, agents.String(), hints.Rest(c.more(len(cols), fit)).String())

	c.page = max(body-len(rows), 1)
	c.rowTop = max(min(c.rowTop, c.row, len(p.Plan.Tasks)-c.page), c.row-c.page+1, 0)
	for i := c.rowTop; i < len(p.Plan.Tasks) && len(rows) < body; i++ {
		id := p.Plan.Tasks[i].ID
		r := cell.New(w)
		if i == c.row {
			r.Put(th.Accent, "›")
		}
		r.To(3).Put("", cell.Cut(clean.Line(id), first-4)).To(first)
		for k, sc := range shown {
			c.meanCell(r.To(first+k*campaignWidth), meanOf(c.seedsOf(p, id, sc)), len(p.Plan.Seeds), i == c.row && c.colLeft+k == c.col)
		}
		rows = append(rows, r.String())
	}
	return append(cell.Fit(rows, w, body), foot...)
}

// more says which columns lie beyond the screen.
func (c *campaigns) more(cols, fit int) *cell.Row {
	r := cell.New(12)
	if c.colLeft > 0 {
		r.Put(c.m.frame.Theme.Accent, "←")
	}
	if c.colLeft+fit < cols {
		r.Put(c.m.frame.Theme.Accent, "→")
	}
	return r
}

// meanCell puts what is known of a task in a column: the mean FSR, how many
// seeds are done, and whether something runs or was lost.
func (c *campaigns) meanCell(r *cell.Row, m seedMean, seeds int, chosen bool) {
	th := c.m.frame.Theme
	base := rowStyle(chosen, th)
	fsr, st := "–", th.Dim
	if m.counted > 0 {
		fsr, st = frame.Number(&m.fsr), th.Bold
		if m.provisional {
			fsr = "~" + fsr
		}
		if m.fsr > 0 {
			st += th.Good
		}
	} else if m.done == 0 && m.live == 0 && m.lost == 0 {
		fsr = "·"
	}
	sign, signStyle := " ", cell.Style("")
	switch {
	case m.live > 0:
		sign, signStyle = "●", th.Run
	case m.lost > 0:
		sign, signStyle = "!", th.Warn
	}
	in := cell.On(campaignWidth-1, base)
	in.Put(st, frame.Pad(fsr, 6, true)).Gap(1).Put(th.Dim, fmt.Sprintf("%d/%d", m.done, seeds)).Gap(1).Put(signStyle, sign)
	r.Raw(in.String(), campaignWidth-1)
}

// detailRows gives the attempts of the chosen cell, a row a seed.
func (c *campaigns) detailRows(p *store.Campaign, task store.PlanTask, col campaignColumn, w, h int) []string {
	if h < 14 {
		return nil
	}
	th := c.m.frame.Theme
	title := cell.New(w).Gap(3).Put(th.Bold, task.ID).Put(th.Dim, " · hint "+frame.HintWords(col.hint)+" · ").Put(th.Bold, clean.Line(col.agent.Label))
	if word := taskdata.Aside(task.ID, task.Benchmark); word != "" {
		title.Gap(2).Put(th.Warn, word)
	}
	rows := []string{c.m.frame.Rule(w), title.String()}
	attempts := c.seedsOf(p, task.ID, col)
	room := max(min(h/3, len(attempts)), 2)
	for i, a := range attempts {
		if i == room-1 && len(attempts) > room {
			rows = append(rows, cell.New(w).Gap(3).Put(th.Dim, fmt.Sprintf("and %d seeds more", len(attempts)-i)).String())
			break
		}
		rows = append(rows, c.seedRow(p.Plan.Seeds[i], a, w))
	}
	return rows
}

func (c *campaigns) seedRow(seed int64, a *store.CellAttempt, w int) string {
	th := c.m.frame.Theme
	r := cell.New(w).Gap(3).Put(th.Dim, frame.Pad(fmt.Sprintf("seed %d", seed), 9, false)).Gap(1)
	if a == nil {
		return r.Put(th.Dim, "not begun").String()
	}
	r.Put(c.m.list.statusStyle(a.Status), frame.Pad(statusWords(a.Summary), 13, false))
	if a.BestNode >= 0 && a.BestSeconds.Known() {
		r.Put(th.Dim, "best ").Put("", frame.Seconds(float64(a.BestSeconds))).Gap(2)
	}
	if a.FSR != nil {
		r.Put(th.Dim, "FSR ").Put(th.Bold, frame.Number(a.FSR)).Gap(1).Put(th.Dim, frame.Interval(a.Interval)).Gap(1)
		if isProvisional(a) {
			r.Put(th.Warn, "provisional").Gap(1)
		}
	}
	r.Put(th.Dim, fmt.Sprintf("attempt %d", a.Number))
	if why, st := c.m.remark(a.Summary); why != "" {
		r.Put(th.Dim, " · ").Put(st, clean.Line(why))
	}
	return r.String()
}
