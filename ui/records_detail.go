package ui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"pitwall/internal/clean"
	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// Of the loss curves of the chosen record and the next: the fewest rows that
// show a shape, and the cells that they need across.
const (
	lossLeast = 8
	lossWidth = 36
)

// recordDetail tells about the chosen record, its task, and what can be chosen for it.
type recordDetail struct {
	m      *Model
	choice *choice
	begin  *recordStart
	top    int    // of the hint
	topOf  string // the hint that it is of
}

// rows tells about the chosen record and its task, and draws their loss in
// what height is left.
func (d *recordDetail) rows(w, h int) []string {
	rows := d.factRows(w, h)
	if n := h - len(rows) - 1; len(rows) > 0 && n >= lossLeast && w >= lossWidth {
		if chart := d.lossRows(w, n); chart != nil {
			rows = append(append(rows, cell.New(w).String()), chart...)
		}
	}
	return rows
}

// factRows tells about the chosen record in about h rows: where an attempt can
// start from it, of the task and of what can be chosen for it.
func (d *recordDetail) factRows(w, h int) []string {
	switch {
	case d.choice.record() == nil:
		return nil
	case d.choice.ready() == nil:
		return d.recordRows(w, h)
	}
	return d.taskRows(w, h)
}

// wrapFound gives text in at most so many rows, with what the words found marked.
func wrapFound(th *frame.Theme, w int, st cell.Style, text string, most int, find [][]rune) []string {
	var rows []string
	ls := cell.Wrap(clean.Line(text), max(w-3, 1))
	for i, l := range ls[:max(min(len(ls), most), 0)] {
		if i == most-1 && len(ls) > most {
			l = cell.Cut(l+" …", w-3)
		}
		rows = append(rows, putFound(th, cell.New(w).Gap(1), st, l, find).String())
	}
	return rows
}

// recordRows tells about a record that no attempt can start from. Why that is so
// keeps its rows; the summary and the sources take what is left.
func (d *recordDetail) recordRows(w, h int) []string {
	rec, tr := d.choice.record(), d.choice.current()
	head, why := d.recordHead(w), d.whyRows(w)
	blank := cell.New(w).String()
	room := h - len(head) - len(why) - 1
	summary := wrapFound(d.m.frame.Theme, w, "", rec.Summary, max(room-1, 2), nil)
	sources := sourceRows(d.m.frame.Theme, w, rec)
	rows := head
	for _, part := range [][]string{summary, d.logRows(w, logMost, rec), sources} {
		if len(part) > 0 && room > len(part) {
			rows = append(append(rows, blank), part...)
			room -= len(part) + 1
		}
	}
	rows = append(append(rows, blank), why...)
	if t := d.choice.task(); t != nil {
		if table := d.bestRows(w, t); len(table) > 1 {
			rows = append(append(rows, blank), table...)
		}
	}
	if !tr.curves && room > 2 {
		rows = append(rows, blank, cell.New(w).Gap(1).Put(d.m.frame.Theme.Dim, frame.FirstFit(w-2, "No loss curve here: it comes with a run or an import.", "No loss curve here.")).String())
	}
	return rows
}

// recordHead gives what a record is called, how fast it is, and whose it is.
func (d *recordDetail) recordHead(w int) []string {
	th, tr, rec := d.m.frame.Theme, d.choice.current(), d.choice.record()
	find := words(tr.filter)
	line := func() *cell.Row { return cell.New(w).Gap(1) }
	var rows []string
	name, title := fmt.Sprintf("%s/%d", rec.Track, rec.Number), clean.Line(rec.Title)
	if row := line().Put(th.Bold, name).Gap(2); clean.Width(title) < row.Left() {
		rows = append(rows, putFound(th, row, "", title, find).String())
	} else {
		rows = append(append(rows, row.String()), wrapFound(th, w, "", title, 2, find)...)
	}
	time := tr.time(rec)
	if rec.Seconds <= 0 {
		time = "no time yet"
	}
	figures := line().Put(th.Gold, time)
	if s := tr.speedup(rec); s > 0 {
		figures.Gap(2).Put(th.Bold, tr.ratio(s)).Put(th.Dim, fmt.Sprintf(" over record %d", rec.Number-1))
	}
	if tr.Practice {
		figures.Gap(2).Put(th.Warn, "practice")
	}
	if first := &tr.records[0]; rec.Number > first.Number+1 && rec.Seconds > 0 && first.Seconds > 0 {
		text := fmt.Sprintf("%s over record %d", tr.ratio(first.Seconds/rec.Seconds), first.Number)
		if figures.Left() > clean.Width(text)+3 {
			figures.Gap(2).Put(th.Dim, text)
		}
	}
	rows = append(rows, figures.String())
	for _, again := range rec.Retimed {
		t := "retimed " + tr.length(again.Seconds)
		rows = append(rows, line().Put(th.Dim, frame.FirstFit(w-2, t+" on "+clean.Line(again.Date), t)).String())
	}
	return append(rows, wrapFound(th, w, th.Dim, people(rec, 2*w-8), 2, find)...)
}

// whyRows says why no attempt can start from the chosen record, and what to do.
func (d *recordDetail) whyRows(w int) []string {
	th, tr, t := d.m.frame.Theme, d.choice.current(), d.choice.task()
	if t == nil {
		return wrapFound(th, w, th.Dim, "No task starts at this record.", 3, nil)
	}
	row := cell.New(w).Gap(1).Put(th.Dim, "task  ").Put(th.Bold, taskName(t)).Gap(2)
	var rows []string
	if !t.Open() {
		from, to := tr.length(t.From.LatestSeconds()), tr.time(&t.To)
		if row.Left() < clean.Width(from)+clean.Width(to)+4 {
			rows = append(rows, row.String())
			row = cell.New(w).Gap(7)
		}
		row.Put(th.Grey, from).Put(th.Dim, " → ").Put(th.Gold, to)
	}
	rows = append(rows, row.String())
	for _, texts := range kindWords(t) {
		rows = append(rows, cell.New(w).Gap(7).Put("", frame.FirstFit(w-8, texts...)).String())
	}
	why := cell.Wrap("Cannot be attempted yet: "+clean.Line(t.Why)+".", max(w-5, 1))
	for _, l := range why[:min(len(why), 5)] {
		rows = append(rows, cell.New(w).Gap(1).Put(th.Warn, "▌ ").Put("", l).String())
	}
	if d.begin.importable() {
		rows = append(rows, cell.New(w).Gap(1).Put(th.Warn, "▌ ").Put(th.Accent, "enter").Put(th.Dim, frame.FirstFit(w-9, " takes them in, from a clone of yours", " imports them")).String())
	}
	return rows
}

// kindWords says what kind of task it is: sentences, each the fullest first.
func kindWords(t *taskdata.Task) (kinds [][]string) {
	if t.Benchmark() {
		kinds = append(kinds, []string{"one of the benchmark's 19 tasks", "a task of the benchmark"})
	}
	if t.To.Upgrade() {
		kinds = append(kinds, []string{"only a library upgrade, no change to find", "a library upgrade"})
	}
	if t.Open() {
		kinds = append(kinds, []string{"improve on it; judged by speedup with its p-value, not by FSR", "improve on it; judged by speedup with its p-value", "judged by speedup and p-value", "by speedup"})
	}
	return kinds
}

// sourceRows says where a record was presented and logged.
func sourceRows(th *frame.Theme, w int, rec *taskdata.Record) []string {
	var rows []string
	for _, s := range [][2]string{{"link", rec.Link}, {"log", rec.Log}} {
		if s[1] == "" {
			continue
		}
		text := clean.Line(s[1])
		text = frame.FirstFit(w-8, text, strings.TrimPrefix(text, "https://"))
		for i, l := range strings.Split(ansi.Hardwrap(text, max(w-8, 1), false), "\n") {
			row := cell.New(w).Gap(1)
			if i == 0 {
				row.Put(th.Dim, s[0])
			}
			rows = append(rows, row.To(7).Put(th.Dim, l).String())
		}
	}
	return rows
}

// logMost is how many rows the facts of a record's own log take at most.
const logMost = 4

// taskHead tells what a task is about.
func (d *recordDetail) taskHead(w int, t *taskdata.Task) []string {
	th, tr := d.m.frame.Theme, d.choice.current()
	goal := &t.To
	if t.Open() {
		goal = &t.From
	}
	line := func() *cell.Row { return cell.New(w).Gap(1) }
	rows := []string{line().Put(th.Bold, taskName(t)).Gap(2).Put("", clean.Line(goal.Title)).String()}
	head := line()
	if !t.Open() {
		head.Put(th.Grey, tr.length(t.From.LatestSeconds())).Put(th.Dim, " → ")
	}
	head.Put(th.Gold, tr.time(goal))
	if s := tr.speedup(goal); s > 0 {
		head.Gap(2).Put(th.Bold, tr.ratio(s))
	}
	if tr.Practice {
		head.Gap(2).Put(th.Warn, "practice")
	}
	for _, texts := range kindWords(t) {
		text := frame.FirstFit(head.Left()-3, append(texts, "")...)
		if t.Open() || text == "" {
			text = frame.FirstFit(w-2, texts...)
			rows, head = append(rows, head.String()), line()
		} else {
			head.Gap(2)
		}
		head.Put("", text)
	}
	return append(rows, head.String(), line().Put(th.Dim, people(goal, w-2)).String())
}

// taskRows tells about a task that can be attempted, and what to attempt it with.
// What is told beside that takes the rows that are left, the most needed first.
func (d *recordDetail) taskRows(w, h int) []string {
	th, t := d.m.frame.Theme, d.choice.ready()
	blank := cell.New(w).String()
	tight := h < 24
	rows := d.taskHead(w, t)
	gap := func() {
		if !tight {
			rows = append(rows, blank)
		}
	}
	gap()
	below := d.choiceRows(w, t)
	choose := append(d.sourceRow(w, t), d.hintChooser(cell.New(w).Gap(1), t).String())
	if len(t.Hints) < 2 {
		choose = choose[:len(choose)-1]
	}
	least := 6 // rows of the hint, as many as it has
	if d.choice.hintName(t) == taskdata.HintNone {
		least = 1
	}
	summary := t.To.Summary
	if t.Open() {
		summary = t.From.Summary
	}
	room := h - len(rows) - len(below) - len(choose) - least - 2
	parts := [][]string{nil, nil, nil} // needs, log, table
	take := func(i int, part []string) {
		if n := len(part) + 1; len(part) > 0 && room-n >= 2 {
			parts[i] = part
			room -= n
		}
	}
	if needs := d.m.needs.task(); needs != nil {
		most := 3
		if h >= 48 {
			most = 16
		}
		if room-4 < most {
			most = max(room-4, 1)
		}
		take(0, d.needsRows(w, most, needs.ID()))
	}
	take(2, d.bestRows(w, t))
	most := logMost
	if room < 10 {
		most = 2
	}
	take(1, d.logRows(w, most, &t.From))
	rows = append(rows, wrapFound(th, w, "", summary, max(room, 2), nil)...)
	gap()
	rows = append(rows, choose...)
	rest := len(below) + 1
	for _, part := range parts {
		if len(part) > 0 {
			rest += len(part) + 1
		}
	}
	if len(t.Hints) > 1 {
		n := h - len(rows) - rest
		rows = append(rows, d.hintBox(w, n, t)...)
		if n > least || !tight {
			rows = append(rows, blank)
		}
	} else {
		gap()
	}
	rows = append(rows, below...)
	for _, part := range parts {
		if len(part) > 0 {
			rows = append(append(rows, blank), part...)
		}
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
		parts = append(parts, frame.Plural(rec.Steps, "step"))
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
		return frame.FirstFit(w, text+on, text+"published")
	}
	return frame.FirstFit(w, text+"measured on "+on, text+"on "+on, text+"on "+frame.MachineOf(on), text+"measured elsewhere", text+"elsewhere")
}
