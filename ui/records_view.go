package ui

import (
	"fmt"
	"slices"
	"strings"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/clean"
	"pitwall/ui/plot"
)

// columns gives the widths of the list and of what tells about the chosen
// record; the second is w itself where there is room for one column only.
func (r *records) columns(w int) (left, right int) {
	if w < 72 {
		return w, w
	}
	left = min(max(w*45/100, 36), 84)
	return left, w - left - 1
}

func (r *records) rows(w, h int) []string {
	th := r.m.th
	where := cell.New(w)
	for i, t := range r.tracks {
		st := th.dim
		if i == r.track {
			st = th.bold
		}
		where.Put(st, t.ID).Gap(2)
	}
	where.Put(th.faint, clean.Line(r.m.o.Version)).Gap(1)
	rows := []string{r.m.header(w, "records", where)}
	rows = append(rows, r.trackLine(w))
	if r.blocked != "" {
		for i, l := range cell.Wrap("No run can be started here: "+r.blocked, max(w-4, 1)) {
			if i < 3 {
				rows = append(rows, cell.New(w).Gap(1).Put(th.bad, "▌").Gap(1).Put(th.warn, l).String())
			}
		}
		rows = append(rows, cell.New(w).Gap(1).Put(th.bad, "▌").Gap(1).Put(th.dim, "Looking, reading and replaying work all the same.").String())
	}
	if l := r.live(); l != nil {
		rows = append(rows, cell.New(w).Gap(1).Put(th.run, "● ").Put("", attemptName(*l)).Gap(2).
			Put(th.dim, fmt.Sprintf("%s · %s · %s", clean.Line(l.Task), clean.Line(l.Agent), statusWords(*l))).Gap(2).
			Put(th.accent, "w").Put(th.dim, " watch").String())
	}
	rows = append(rows, r.m.rule(w))
	left, right := r.columns(w)
	body := h - len(rows)
	if right == w {
		n := min(len(r.shown())+1, body/2)
		rows = append(rows, cell.Fit(r.listRows(w, n), w, n)...)
		rows = append(rows, r.m.rule(w))
		return cell.Fit(append(rows, r.detailRows(w, h-len(rows))...), w, h)
	}
	side := cell.Beside(th.faint, cell.Fit(r.leftRows(left, body), left, body), cell.Fit(r.detailRows(right, body), right, body))
	return cell.Fit(append(rows, side...), w, h)
}

func (r *records) trackLine(w int) string {
	th, tr := r.m.th, r.current()
	row := cell.New(w).Gap(1).Put(th.bold, tr.ID).Gap(2)
	if tr.Practice {
		row.Put(th.warn, "practice: says nothing about models").Gap(2)
	}
	row.Put(th.dim, fmt.Sprintf("target %.2f %s", tr.Target, clean.Line(tr.Unit)))
	machine := r.m.machine
	if machine != "" {
		row.Rest(cell.New(w).Put(th.dim, "this machine: "+machine).Gap(1))
	}
	return row.String()
}

func (r *records) leftRows(w, h int) []string {
	n := len(r.current().records) + 2 // of all, so that a filter moves nothing
	plotH := max(h-n, 0)
	if plotH < 7 {
		return r.listRows(w, h)
	}
	rows := cell.Fit(r.listRows(w, n), w, n)
	return append(rows, r.plotRows(w, plotH)...)
}

// listRows gives the list: one row a record, scrolled so that the chosen one shows.
func (r *records) listRows(w, h int) []string {
	th := r.m.th
	shown := r.shown()
	label := "record time, s"
	if w < 44 {
		label = "time, s"
	}
	rows := []string{cell.New(w).Gap(5).Put(th.dim, "record").Rest(cell.New(w).Put(th.dim, label).Gap(1)).String()}
	if len(shown) == 0 {
		return append(rows, cell.New(w).Gap(3).Put(th.dim, "no record has “"+r.filter+"” in it; esc shows all").String())
	}
	longest := 0.0
	for _, rec := range r.current().records {
		longest = max(longest, rec.Seconds)
	}
	barW := 0
	if w >= 52 {
		barW = min((w-40)/2, 16)
	}
	top := max(0, r.at-(h-2)+1)
	for i := top; i < len(shown) && len(rows) < h; i++ {
		rec := shown[i]
		base, sign := cell.Style(""), "  "
		if i == r.at {
			base, sign = th.selected, "› "
		}
		row := cell.On(w, base).Gap(1).Put(th.accent, sign).Put(th.dim, fmt.Sprintf("%2d  ", rec.Number))
		name := w - row.Used() - 10 - barW - 1
		st := cell.Style("")
		if i == r.at {
			st = th.bold
		}
		row.Put(st, cell.Cut(clean.Line(rec.Title), name)).To(row.Used() + 1).To(w - 10 - barW - 1)
		t := seconds(rec.Seconds)
		if rec.Seconds <= 0 {
			t = "–"
		}
		row.To(w-barW-2-clean.Width(t)).Put("", t)
		if barW > 0 {
			row.Gap(1).Put(th.gold, bar(rec.Seconds/longest, barW))
		}
		rows = append(rows, row.String())
	}
	return rows
}

func (r *records) plotRows(w, h int) []string {
	th, tr := r.m.th, r.current()
	titles := []string{"record time, log seconds, over record", "record time, log seconds", "time, log s"}
	if rec := r.record(); rec != nil && rec.MeasuredOn != "" {
		on := clean.Line(rec.MeasuredOn)
		titles = append([]string{
			titles[0] + " · measured on " + on, titles[1] + " · measured on " + on,
			titles[1] + " · on " + on, titles[1] + " · on " + machineOf(on),
		}, titles...)
	}
	rows := []string{cell.New(w).Gap(1).Put(th.dim, firstFit(w-2, titles...)).String()}
	var chosen plot.Series
	if rec := r.record(); rec != nil && rec.Seconds > 0 {
		chosen.Append(float64(rec.Number), rec.Seconds)
	}
	c := plot.Chart{
		Lines: []plot.Line{
			{Series: &tr.curve, Style: th.grey},
			{Series: &tr.curve, Style: th.gold, Mark: '•', Points: true},
			{Series: &chosen, Style: th.accent, Mark: '◆', Points: true},
		},
		LogY: true, XTicks: true, Axis: th.dim, Faint: th.faint,
	}
	for _, l := range c.Rows(w-2, h-len(rows)) {
		rows = append(rows, " "+l+" ")
	}
	return rows
}

// Of the loss curves of the chosen record and the next: the fewest rows that
// show a shape, and the cells that they need across.
const (
	lossLeast = 8
	lossWidth = 36
)

// detailRows tells about the chosen record and its task, and draws their loss in
// what height is left.
func (r *records) detailRows(w, h int) []string {
	rows := r.factRows(w, h)
	if n := h - len(rows) - 1; len(rows) > 0 && n >= lossLeast && w >= lossWidth {
		if chart := r.lossRows(w, n); chart != nil {
			rows = append(append(rows, cell.New(w).String()), chart...)
		}
	}
	return rows
}

// lossRows draws the reference loss of the chosen record and of the one to beat,
// nil where there is none.
func (r *records) lossRows(w, h int) []string {
	th, tr := r.m.th, r.current()
	rec, t := r.record(), r.task()
	c := plot.Chart{Axis: th.dim, Faint: th.faint, XUnit: " s", Zero: true}
	title := cell.New(w).Gap(1).Put(th.dim, "loss, "+clean.Line(tr.Unit)).Gap(2)
	var places []string
	draw := func(rec *taskdata.Record, to bool) {
		g := tr.losses[rec.Number]
		if g == nil {
			return
		}
		th.drawGhost(&c, title, g, fmt.Sprintf("record %d", rec.Number), to, true)
		if on := clean.Line(rec.MeasuredOn); on != "" && !slices.Contains(places, on) {
			places = append(places, on)
		}
	}
	if t == nil {
		draw(rec, true)
	} else {
		draw(&t.From, false)
		draw(&t.To, true)
	}
	if len(c.Lines) == 0 {
		return nil
	}
	if len(places) > 0 {
		on, machines := strings.Join(places, "; "), machineOf(places[0])
		for _, p := range places[1:] {
			machines += "; " + machineOf(p)
		}
		label := firstFit(title.Left()-2, "measured on "+on, "on "+on, "measured on "+machines, "on "+machines, "measured elsewhere", "elsewhere")
		title.Rest(cell.New(w).Put(th.dim, label).Gap(1))
	}
	c.Levels = th.targetLevel(tr.Target)
	c.Top = top(c.Lines)
	rows := []string{title.String()}
	for _, l := range c.Rows(w-2, h-len(rows)) {
		rows = append(rows, " "+l+" ")
	}
	return rows
}

func (r *records) factRows(w, h int) []string {
	th := r.m.th
	rec, t := r.record(), r.task()
	if rec == nil {
		return nil
	}
	var rows []string
	put := func(row *cell.Row) { rows = append(rows, row.String()) }
	line := func() *cell.Row { return cell.New(w).Gap(1) }
	wrap := func(st cell.Style, text string, most int) {
		ls := cell.Wrap(clean.Line(text), max(w-3, 1))
		for i, l := range ls {
			if i == most {
				break
			}
			if i == most-1 && len(ls) > most {
				l = cell.Cut(l+" …", w-3)
			}
			put(line().Put(st, l))
		}
	}
	if t == nil {
		put(line().Put(th.bold, fmt.Sprintf("%s/%d", rec.Track, rec.Number)).Gap(2).Put("", clean.Line(rec.Title)))
		head := line().Put(th.gold, seconds(rec.Seconds)).Gap(2)
		put(head.Put(th.dim, people(rec, head.Left()-1)))
		rows = append(rows, cell.New(w).String())
		wrap("", rec.Summary, h/3)
		rows = append(rows, cell.New(w).String())
		wrap(th.dim, "The newest record: there is none after it to chase. Choose an earlier one to start from.", 3)
		return rows
	}
	put(line().Put(th.bold, fmt.Sprintf("%s → %d", t.ID(), t.To.Number)).Gap(2).Put("", clean.Line(t.To.Title)))
	head := line().Put(th.grey, seconds(t.From.Seconds)).Put(th.dim, " → ").Put(th.gold, seconds(t.To.Seconds))
	if t.To.Seconds > 0 {
		head.Gap(2).Put(th.bold, fmt.Sprintf("%.2f×", t.From.Seconds/t.To.Seconds))
	}
	if r.current().Practice {
		head.Gap(2).Put(th.warn, "practice")
	}
	put(head)
	put(line().Put(th.dim, people(&t.To, w-2)))
	tight := h < 24
	gap := func() {
		if !tight {
			rows = append(rows, cell.New(w).String())
		}
	}
	gap()
	below := r.choiceRows(w, t)
	table := r.bestRows(w, t)
	least := 6 // rows of the hint, as many as it has
	if r.hintName(t) == taskdata.HintNone {
		least = 1
	}
	wrap("", t.To.Summary, max(h-len(rows)-len(below)-least-3, 2))
	gap()
	put(r.hintChooser(line(), t))
	room := h - len(rows) - len(below) - 1
	if room-len(table)-1 >= least {
		room -= len(table) + 1
	} else {
		table = nil
	}
	rows = append(rows, r.hintBox(w, room, t)...)
	if room > least || !tight {
		rows = append(rows, cell.New(w).String())
	}
	rows = append(rows, below...)
	if table != nil {
		rows = append(append(rows, cell.New(w).String()), table...)
	}
	return rows
}

// people gives who set a record, when and where, in about w cells.
func people(rec *taskdata.Record, w int) string {
	var parts []string
	if len(rec.People) > 0 {
		parts = append(parts, strings.Join(rec.People, ", "))
	}
	if rec.Date != "" {
		parts = append(parts, rec.Date)
	}
	if rec.Steps > 0 {
		parts = append(parts, plural(rec.Steps, "step"))
	}
	text := clean.Line(strings.Join(parts, " · "))
	if rec.MeasuredOn == "" {
		return text
	}
	if text != "" {
		text += " · "
	}
	on := clean.Line(rec.MeasuredOn)
	return firstFit(w, text+"measured on "+on, text+"on "+on, text+"on "+machineOf(on), text+"measured elsewhere")
}

func (r *records) hintChooser(row *cell.Row, t *taskdata.Task) *cell.Row {
	th, chosen := r.m.th, r.hintName(t)
	row.Put(th.dim, "hint   ")
	short := row.Left() < 54
	for _, h := range t.Hints {
		name := hintWords(string(h))
		if short {
			name = shortHint(string(h))
		}
		if h == chosen {
			row.Put(th.accent+th.bold, "["+name+"]")
		} else {
			row.Gap(1).Put(th.dim, name).Gap(1)
		}
	}
	if title := chosen.Title(); short && chosen != taskdata.HintNone && row.Left() > len(title) {
		row.Gap(1).Put("", title)
	}
	return row
}

// hintBox gives the text of the chosen hint in at most h rows.
func (r *records) hintBox(w, h int, t *taskdata.Task) []string {
	th := r.m.th
	hint := r.hintName(t)
	if h <= 0 {
		return nil
	}
	var text []string
	if hint == taskdata.HintNone {
		text = []string{cell.New(w-2).Put(th.dim, firstFit(w-2, "The agent is told nothing of the next record.", "The agent is told nothing.")).String()}
	} else if text = r.m.hintRows(*t, hint, w-2); text == nil {
		text = []string{cell.New(w - 2).String()}
	}
	n := min(len(text), h)
	r.hintTop = max(min(r.hintTop, len(text)-n), 0)
	var rows []string
	for i, l := range text[r.hintTop : r.hintTop+n] {
		edge := "│"
		if i == 0 && r.hintTop > 0 {
			edge = "↑"
		} else if i == n-1 && r.hintTop+n < len(text) {
			edge = "↓"
		}
		rows = append(rows, cell.New(2).Put(th.faint, " "+edge).String()+l)
	}
	return rows
}

// choiceRows gives the agent, the budget and what Enter would do.
func (r *records) choiceRows(w int, t *taskdata.Task) []string {
	th := r.m.th
	row := cell.New(w).Gap(1).Put(th.dim, "agent  ")
	for i, a := range r.m.o.Agents {
		st := th.dim
		if !a.Ready {
			st = th.faint
		}
		if i == r.agent {
			row.Put(th.accent+th.bold, "["+clean.Line(a.Name)+"]")
		} else {
			row.Gap(1).Put(st, clean.Line(a.Name)).Gap(1)
		}
	}
	rows := []string{row.String()}
	if a := r.chosenAgent(); a != nil {
		about, st := a.About, th.dim
		if !a.Ready {
			about, st = "not ready: "+a.Why, th.warn
		}
		for i, l := range cell.Wrap(clean.Line(about), max(w-9, 1)) {
			if i < 2 {
				rows = append(rows, cell.New(w).Gap(8).Put(st, l).String())
			}
		}
	}
	rows = append(rows, cell.New(w).Gap(1).Put(th.dim, "nodes  ").Put(th.bold, fmt.Sprint(r.nodes)).
		Put(th.dim, fmt.Sprintf("   calibrate %d · confirm %d", r.current().CalibrationRuns, r.current().ConfirmationRuns)).String())
	ok, why := r.canStart()
	switch {
	case ok && r.blocked == "":
		rows = append(rows, cell.New(w).Gap(1).Put(th.accent, "enter").Gap(2).Put("", fmt.Sprintf("start %s on %s", r.chosenAgent().Name, t.ID())).String())
	case r.starting:
		rows = append(rows, cell.New(w).Gap(1).Put(th.run, "●").Gap(1).Put("", "starting…").String())
	case why != "":
		rows = append(rows, cell.New(w).Gap(1).Put(th.warn, clean.Line(why)).String())
	}
	return rows
}

// bestRows gives the best FSR of your attempts on the task, by agent and hint.
func (r *records) bestRows(w int, t *taskdata.Task) []string {
	th := r.m.th
	best := map[string]map[string]string{}
	var agents []string
	value := map[string]float64{}
	for _, s := range r.m.attempts {
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
		return []string{cell.New(w).Gap(1).Put(th.dim, "your attempts   none on this task yet").String()}
	}
	slices.Sort(agents)
	head := cell.New(w).Gap(1)
	if r.current().Practice {
		head.Put(th.warn, "practice ").Put(th.dim, "FSR")
	} else {
		head.Put(th.dim, "your best FSR")
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
		head.Put(th.dim, pad(shortHint(string(h)), each, true))
	}
	rows := []string{head.String()}
	for _, a := range agents {
		row := cell.New(w).Gap(3).Put("", cell.Cut(clean.Line(a), 12)).To(16)
		for _, h := range hints {
			text := best[a][string(h)]
			if text == "" {
				text = "·"
			}
			row.Put("", pad(text, each, true))
		}
		rows = append(rows, row.String())
	}
	return rows
}

// tableFigure gives an attempt's FSR as it stands in the table, and its rank; ""
// where it has none and will get none by itself.
func tableFigure(s store.Summary) (string, float64) {
	switch {
	case s.FSR != nil:
		return number(s.FSR), *s.FSR
	case s.Status == event.StatusDone && s.BestNode < 0:
		return "0", 0
	case s.Status == event.StatusDone:
		return "–", -1 // unresolved
	case s.Status == event.StatusRunning, s.Status == event.StatusQueued:
		return "…", -2
	}
	return "", 0
}

func shortHint(h string) string {
	if h == "" || h == "0" {
		return "none"
	}
	return strings.Join(strings.Split(h, ""), "+")
}
