package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/clean"
	"pitwall/ui/plot"
)

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

// factRows tells about the chosen record in about h rows: where an attempt can
// start from it, of the task and of what can be chosen for it.
func (r *records) factRows(w, h int) []string {
	switch {
	case r.record() == nil:
		return nil
	case r.ready() == nil:
		return r.recordRows(w, h)
	}
	return r.taskRows(w, h)
}

// wrapped gives text in at most so many rows, with what the words found marked.
func (th *theme) wrapped(w int, st cell.Style, text string, most int, find [][]rune) []string {
	var rows []string
	ls := cell.Wrap(clean.Line(text), max(w-3, 1))
	for i, l := range ls[:max(min(len(ls), most), 0)] {
		if i == most-1 && len(ls) > most {
			l = cell.Cut(l+" …", w-3)
		}
		rows = append(rows, th.putFound(cell.New(w).Gap(1), st, l, find).String())
	}
	return rows
}

// recordRows tells about a record that no attempt can start from. Why that is so
// keeps its rows; the summary and the sources take what is left.
func (r *records) recordRows(w, h int) []string {
	rec, tr := r.record(), r.current()
	head, why := r.recordHead(w), r.whyRows(w)
	blank := cell.New(w).String()
	room := h - len(head) - len(why) - 1
	summary := r.m.th.wrapped(w, "", rec.Summary, max(room-1, 2), nil)
	sources := r.m.th.sourceRows(w, rec)
	rows := head
	for _, part := range [][]string{summary, sources} {
		if len(part) > 0 && room > len(part) {
			rows = append(append(rows, blank), part...)
			room -= len(part) + 1
		}
	}
	rows = append(append(rows, blank), why...)
	if t := r.task(); t != nil {
		if table := r.bestRows(w, t); len(table) > 1 {
			rows = append(append(rows, blank), table...)
		}
	}
	if !tr.curves && room > 2 {
		rows = append(rows, blank, cell.New(w).Gap(1).Put(r.m.th.dim, firstFit(w-2, "No loss curve here: it comes with a run or an import.", "No loss curve here.")).String())
	}
	return rows
}

// recordHead gives what a record is called, how fast it is, and whose it is.
func (r *records) recordHead(w int) []string {
	th, tr, rec := r.m.th, r.current(), r.record()
	find := words(tr.filter)
	line := func() *cell.Row { return cell.New(w).Gap(1) }
	var rows []string
	name, title := fmt.Sprintf("%s/%d", rec.Track, rec.Number), clean.Line(rec.Title)
	if row := line().Put(th.bold, name).Gap(2); clean.Width(title) < row.Left() {
		rows = append(rows, th.putFound(row, "", title, find).String())
	} else {
		rows = append(append(rows, row.String()), th.wrapped(w, "", title, 2, find)...)
	}
	time := tr.time(rec)
	if rec.Seconds <= 0 {
		time = "no time yet"
	}
	figures := line().Put(th.gold, time)
	if s := tr.speedup(rec); s > 0 {
		figures.Gap(2).Put(th.bold, tr.ratio(s)).Put(th.dim, fmt.Sprintf(" over record %d", rec.Number-1))
	}
	if tr.Practice {
		figures.Gap(2).Put(th.warn, "practice")
	}
	if first := &tr.records[0]; rec.Number > first.Number+1 && rec.Seconds > 0 && first.Seconds > 0 {
		text := fmt.Sprintf("%s over record %d", tr.ratio(first.Seconds/rec.Seconds), first.Number)
		if figures.Left() > clean.Width(text)+3 {
			figures.Gap(2).Put(th.dim, text)
		}
	}
	rows = append(rows, figures.String())
	for _, again := range rec.Retimed {
		t := "retimed " + tr.length(again.Seconds)
		rows = append(rows, line().Put(th.dim, firstFit(w-2, t+" on "+clean.Line(again.Date), t)).String())
	}
	return append(rows, th.wrapped(w, th.dim, people(rec, 2*w-8), 2, find)...)
}

// whyRows says why no attempt can start from the chosen record, and what to do.
func (r *records) whyRows(w int) []string {
	th, tr, t := r.m.th, r.current(), r.task()
	if t == nil {
		return th.wrapped(w, th.dim, "The newest record: there is none after it to chase. Choose an earlier one to start from.", 3, nil)
	}
	row := cell.New(w).Gap(1).Put(th.dim, "task  ").Put(th.bold, fmt.Sprintf("%s → %d", t.ID(), t.To.Number)).Gap(2)
	from, to := tr.length(t.From.LatestSeconds()), tr.time(&t.To)
	var rows []string
	if row.Left() < clean.Width(from)+clean.Width(to)+4 {
		rows = append(rows, row.String())
		row = cell.New(w).Gap(7)
	}
	rows = append(rows, row.Put(th.grey, from).Put(th.dim, " → ").Put(th.gold, to).String())
	if t.Benchmark() {
		rows = append(rows, cell.New(w).Gap(7).Put("", firstFit(w-8, "one of the benchmark's 19 tasks", "a task of the benchmark")).String())
	}
	if t.To.Upgrade() {
		rows = append(rows, cell.New(w).Gap(7).Put("", firstFit(w-8, "only a library upgrade, no change to find", "a library upgrade")).String())
	}
	why := cell.Wrap("Cannot be attempted yet: "+clean.Line(t.Why)+".", max(w-5, 1))
	for _, l := range why[:min(len(why), 5)] {
		rows = append(rows, cell.New(w).Gap(1).Put(th.warn, "▌ ").Put("", l).String())
	}
	return rows
}

// sourceRows says where a record was presented and logged.
func (th *theme) sourceRows(w int, rec *taskdata.Record) []string {
	var rows []string
	for _, s := range [][2]string{{"link", rec.Link}, {"log", rec.Log}} {
		if s[1] == "" {
			continue
		}
		text := clean.Line(s[1])
		text = firstFit(w-8, text, strings.TrimPrefix(text, "https://"))
		for i, l := range strings.Split(ansi.Hardwrap(text, max(w-8, 1), false), "\n") {
			row := cell.New(w).Gap(1)
			if i == 0 {
				row.Put(th.dim, s[0])
			}
			rows = append(rows, row.To(7).Put(th.dim, l).String())
		}
	}
	return rows
}

// taskRows tells about a task that can be attempted, and what to attempt it with.
func (r *records) taskRows(w, h int) []string {
	th := r.m.th
	tr, t := r.current(), r.ready()
	var rows []string
	put := func(row *cell.Row) { rows = append(rows, row.String()) }
	line := func() *cell.Row { return cell.New(w).Gap(1) }
	put(line().Put(th.bold, fmt.Sprintf("%s → %d", t.ID(), t.To.Number)).Gap(2).Put("", clean.Line(t.To.Title)))
	head := line().Put(th.grey, tr.length(t.From.LatestSeconds())).Put(th.dim, " → ").Put(th.gold, tr.time(&t.To))
	if s := tr.speedup(&t.To); s > 0 {
		head.Gap(2).Put(th.bold, tr.ratio(s))
	}
	if tr.Practice {
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
	rows = append(rows, th.wrapped(w, "", t.To.Summary, max(h-len(rows)-len(below)-least-3, 2), nil)...)
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
	if rec.Date != "" {
		parts = append(parts, rec.Date)
	}
	if len(rec.People) > 0 {
		parts = append(parts, strings.Join(rec.People, ", "))
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
	if rec.Published != "" {
		return firstFit(w, text+on, text+"published")
	}
	return firstFit(w, text+"measured on "+on, text+"on "+on, text+"on "+machineOf(on), text+"measured elsewhere", text+"elsewhere")
}

// lossRows draws the reference loss of the chosen record and of the one to beat,
// nil where there is none.
func (r *records) lossRows(w, h int) []string {
	th, tr := r.m.th, r.current()
	rec, t := r.record(), r.ready()
	c := plot.Chart{Axis: th.dim, Faint: th.faint, XUnit: " s", Zero: true}
	title := cell.New(w).Gap(1)
	if tr.Practice {
		title.Put(th.warn, "practice ")
	}
	title.Put(th.dim, "loss, "+clean.Line(tr.Unit)).Gap(2)
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
