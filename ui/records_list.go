package ui

import (
	"fmt"

	"pitwall/internal/clean"
	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// recordList is a track's records as a list.
type recordList struct {
	m      *Model
	choice *choice
	page   int // rows that show
}

// nothing says that the filter leaves no record.
func (l *recordList) nothing() string {
	return "no record has “" + l.choice.current().filter + "” in it"
}

// Widths of the list from which on it has a column.
const (
	withSpeedup = 52
	withBar     = 62
	withDate    = 80
)

// rows gives the list: one row a record, scrolled so that the chosen one shows.
func (l *recordList) rows(w, h int) []string {
	th, tr := l.m.frame.Theme, l.choice.current()
	timeW := max(tr.alignedWidth(), len("time"))
	speedW, barW, dateW := 0, 0, 0
	if w >= withSpeedup {
		speedW = 10
		if tr.Practice {
			timeW = max(timeW, len("practice time"))
		}
	}
	if w >= withBar {
		barW = min((w-56)/2, 18)
	}
	if w >= withDate && tr.byDate {
		dateW = 12
	}
	ends := w - 1 // where the time ends
	if barW > 0 {
		ends -= barW + 1
	}
	marked := 0 // cells of the marks
	if !tr.Practice {
		marked = 3
	}
	title := ends - timeW - speedW - dateW - 6 - 1 - marked
	find := words(tr.filter)

	rows := []string{l.head(w, ends-timeW-speedW-dateW, ends-timeW, ends, dateW > 0, speedW > 0)}
	if len(tr.found) == 0 {
		rows = append(rows, cell.New(w).String())
		text := cell.Wrap(clean.Line(l.nothing())+".", max(w-7, 1))
		text = append(text[:min(len(text), 3)], "esc shows all "+frame.Plural(len(tr.records), "record")+".")
		for _, l := range text {
			rows = append(rows, cell.New(w).Gap(6).Put(th.Dim, l).String())
		}
		return rows
	}
	l.page = max(h-1, 1)
	tr.top = min(max(tr.top, tr.at-l.page+1, 0), tr.at)
	tr.top = max(min(tr.top, len(tr.found)-l.page), 0)
	for i := tr.top; i < len(tr.found) && len(rows) < h; i++ {
		rec := &tr.records[tr.found[i]]
		base, st := cell.Style(""), cell.Style("")
		if i == tr.at {
			base, st = th.Selected, th.Bold
		}
		row := cell.On(w, base)
		if i == tr.at {
			row.Put(th.Accent, "›")
		}
		putFound(th, row.To(1), th.Dim, fmt.Sprintf("%3d", rec.Number), find).Gap(2)
		if marked > 0 {
			l.marks(row, rec)
		}
		putTitle(th, row, st, rec, find, title)
		if dateW > 0 {
			putFound(th, row.To(ends-timeW-speedW-dateW+2), th.Dim, clean.Line(rec.Date), find)
		}
		if s := tr.speedup(rec); speedW > 0 && s > 0 {
			text := tr.ratio(s)
			row.To(ends-timeW-2-clean.Width(text)).Put(th.Dim, text)
		}
		text := tr.aligned(rec)
		row.To(ends-clean.Width(text)).Put("", text)
		if share, _ := tr.share(rec.Seconds); barW > 0 {
			row.Gap(1).Put(th.Gold, frame.Bar(share, barW))
		}
		rows = append(rows, row.String())
	}
	return rows
}

// head names the columns of the list; the speedup ends two cells before time.
func (l *recordList) head(w, date, time, ends int, withDate, withSpeedup bool) string {
	th, tr := l.m.frame.Theme, l.choice.current()
	label := "time"
	if tr.Practice {
		label = "practice time"
	}
	where := []string{fmt.Sprintf("%d/%d", tr.at+1, len(tr.found))}
	if tr.filter != "" {
		if len(tr.found) == 0 {
			where[0] = "none"
		}
		of, with := fmt.Sprintf(" of %d", len(tr.records)), "  “"+clean.Line(tr.filter)+"”"
		where = []string{where[0] + of + with, where[0] + with, where[0] + of}
	}
	row := cell.New(w).Gap(3).Put(th.Dim, "#").Gap(2)
	if !tr.Practice && tr.filter == "" { // what a filter leaves is told in full first
		row.Gap(3)
	}
	row.Put(th.Dim, "record").Gap(2)
	room := min(date, ends-len(label)) - row.Used() - 1
	row.Put("", cell.Cut(frame.FirstFit(room, where...), room))
	if withDate {
		row.To(date+2).Put(th.Dim, "date")
	}
	if withSpeedup {
		row.To(time-9).Put(th.Dim, "speedup")
	}
	row.To(ends - len(label))
	if tr.Practice {
		row.Put(th.Warn, "practice ")
	}
	row.Put(th.Dim, "time")
	if _, log := tr.share(1); log && w >= withBar {
		row.Gap(1).Put(th.Dim, frame.FirstFit(row.Left()-1, "log scale", "log"))
	}
	return row.String()
}

// Marks of the list. The legend stands above it where there is room; the words that
// tell about a record say the same.
const (
	markTask    = "▪" // a task of the benchmark starts here
	markOpen    = "○" // the open task does
	markUpgrade = "⇡"
	markRetimed = "↻"
	legend      = markTask + " benchmark " + markOpen + " open " + markUpgrade + " library " + markRetimed + " retimed"
)

// marks adds what kind of task starts at a record, bright where it can be
// attempted, and what kind of record it is.
func (l *recordList) marks(row *cell.Row, rec *taskdata.Record) {
	th, t := l.m.frame.Theme, l.choice.current().tasks[rec.Number]
	mark, st := " ", th.Faint
	if t != nil {
		switch {
		case t.Benchmark():
			mark = markTask
		case t.Open():
			mark = markOpen
		case t.Ready:
			mark = "·"
		}
		if t.Ready {
			st = th.Accent
		}
	}
	row.Put(st, mark)
	switch {
	case len(rec.Retimed) > 0:
		row.Put(th.Dim, markRetimed)
	case rec.Upgrade():
		row.Put(th.Dim, markUpgrade)
	default:
		row.Gap(1)
	}
	row.Gap(1)
}

// putTitle adds a record's title in w cells, and the person for whom it was found.
func putTitle(th *frame.Theme, row *cell.Row, st cell.Style, rec *taskdata.Record, find [][]rune, w int) {
	title, who := clean.Line(rec.Title), ""
	for _, p := range rec.People {
		for _, word := range find {
			if within(lower(p), word, 0) >= 0 {
				who = clean.Line(p)
			}
		}
	}
	if n := w - clean.Width(who) - 2; who != "" && n >= 6 {
		putFound(th, row, st, cell.Cut(title, n), find).Gap(2)
		putFound(th, row, th.Dim, who, find)
		return
	}
	putFound(th, row, st, cell.Cut(title, w), find)
}
