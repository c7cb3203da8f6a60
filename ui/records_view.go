package ui

import (
	"fmt"
	"strings"

	"pitwall/internal/clean"
	"pitwall/taskdata"
	"pitwall/ui/cell"
)

// columns gives the widths of the list and of what tells about the chosen
// record; the second is w itself where there is room for one column only.
func (r *records) columns(w int) (left, right int) {
	if w < 72 {
		return w, w
	}
	left = min(max(w/2-2, 36), 104)
	return left, w - left - 1
}

func (r *records) rows(w, h int) []string {
	th := r.m.th
	head := r.m.header(w, "records", nil)
	if n := len(r.tracks); n > 0 {
		head = r.headRow(w)
	}
	rows := []string{head, r.trackLine(w)}
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
	switch {
	case r.plotting:
		rows = append(rows, r.chosenLine(w))
		rows = append(rows, r.plotRows(w, h-len(rows))...)
	case right == w:
		n := min(len(r.current().records)+1, body/2)
		rows = append(rows, cell.Fit(r.listRows(w, n), w, n)...)
		rows = append(rows, r.m.rule(w))
		rows = append(rows, r.detailRows(w, h-len(rows))...)
	default:
		list, under := r.leftRows(left, body)
		var side []string
		if under || body < roomy {
			side = r.detailRows(right, body)
		} else {
			n := max(body*2/5, body-factsMost)
			side = append(cell.Fit(r.detailRows(right, body-n), right, body-n), r.plotRows(right, n)...)
		}
		rows = append(rows, cell.Beside(th.faint, cell.Fit(list, left, body), cell.Fit(side, right, body))...)
	}
	return cell.Fit(rows, w, h)
}

// headRow gives the first line, with the tracks and the keys that go to them.
func (r *records) headRow(w int) string {
	th := r.m.th
	tabs := func(all bool) *cell.Row {
		row := cell.New(w)
		for i, t := range r.tracks {
			switch key := fmt.Sprint(i + 1); {
			case i == r.track:
				row.Put(th.accent+th.bold, "["+key+" "+t.ID+"]")
			case all:
				row.Gap(1).Put(th.accent, key).Put(th.dim, " "+t.ID).Gap(1)
			default:
				row.Gap(1).Put(th.accent, key).Gap(1)
			}
		}
		return row
	}
	version := clean.Line(r.m.o.Version)
	room := w - clean.Width("pitwall   records") - 3
	row := tabs(true)
	switch {
	case row.Used() > room:
		row = tabs(false)
	case version != "" && row.Used()+clean.Width(version)+4 <= room:
		row.Gap(3).Put(th.faint, version)
	}
	return r.m.header(w, "records", row.Gap(1))
}

func (r *records) trackLine(w int) string {
	th, tr := r.m.th, r.current()
	row := cell.New(w).Gap(1).Put(th.bold, tr.ID).Gap(2)
	target := fmt.Sprintf("target %.2f %s", tr.Target, clean.Line(tr.Unit))
	if tr.Practice {
		row.Put(th.warn, firstFit(row.Left()-len(target)-3, "practice: says nothing about models", "practice")).Gap(2)
		row.Put(th.dim, target)
	} else {
		title, on := clean.Line(tr.Title), clean.Line(tr.Hardware)
		ready := tr.readyWords(r.m.o.Import != nil)
		row.Put(th.dim, firstFit(row.Left()-1, title+" · "+target+" · "+on+ready, target+" · "+on+ready, target+ready, target))
	}
	right := ""
	if r.m.machine != "" {
		right = "this machine: " + r.m.machine
	}
	if !tr.Practice {
		right = firstFit(row.Left()-5, legend+"    "+right, legend, "")
	}
	if right != "" {
		row.Rest(cell.New(w).Put(th.dim, strings.TrimSpace(right)).Gap(1))
	}
	return row.String()
}

// chosenLine gives the chosen record on one row.
func (r *records) chosenLine(w int) string {
	th, tr := r.m.th, r.current()
	rec := r.record()
	row := cell.New(w).Gap(1)
	if rec == nil {
		return row.Put(th.dim, r.nothing()).String()
	}
	right := cell.New(w).Put(th.gold, tr.time(rec))
	if s := tr.speedup(rec); s > 0 {
		right.Gap(2).Put(th.bold, tr.ratio(s)).Put(th.dim, " over "+fmt.Sprint(rec.Number-1))
	}
	if tr.Practice {
		right.Gap(2).Put(th.warn, "practice")
	}
	if tr.byDate {
		right.Gap(2).Put(th.dim, clean.Line(rec.Date))
	}
	row.Put(th.accent, "◆ ").Put(th.dim, fmt.Sprintf("%d of %d  ", rec.Number, len(tr.records)))
	if room := row.Left() - right.Used() - 2; room >= 8 {
		th.putFound(row, th.bold, cell.Cut(clean.Line(rec.Title), room), words(tr.filter))
	}
	return row.Rest(right.Gap(1)).String()
}

// Heights of the body of the screen.
const (
	roomy     = 28 // from here on the plot of a long track without loss curves stands right
	plotFrom  = 17 // from here on there is a plot below the list
	plotLeast = 8  // rows of a plot
	factsMost = 24 // rows that the facts of a record take at most, nearly always
)

// leftRows gives the list, and the history plot under it where it belongs there.
func (r *records) leftRows(w, h int) (rows []string, under bool) {
	tr := r.current()
	all := len(tr.records) + 2 // of all, so that a filter moves nothing
	if h < plotFrom || tr.times.Len() < 2 || !tr.curves && h >= roomy && all+2*plotLeast > h {
		return r.listRows(w, h), false
	}
	n := min(all, h-max(plotLeast, h*2/5))
	rows = cell.Fit(r.listRows(w, n-1), w, n)
	return append(rows, r.plotRows(w, h-n)...), true
}

// nothing says that the filter leaves no record.
func (r *records) nothing() string { return "no record has “" + r.current().filter + "” in it" }

// Widths of the list from which on it has a column.
const (
	withSpeedup = 52
	withBar     = 62
	withDate    = 80
)

// listRows gives the list: one row a record, scrolled so that the chosen one shows.
func (r *records) listRows(w, h int) []string {
	th, tr := r.m.th, r.current()
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

	rows := []string{r.listHead(w, ends-timeW-speedW-dateW, ends-timeW, ends, dateW > 0, speedW > 0)}
	if len(tr.found) == 0 {
		rows = append(rows, cell.New(w).String())
		text := cell.Wrap(clean.Line(r.nothing())+".", max(w-7, 1))
		text = append(text[:min(len(text), 3)], "esc shows all "+plural(len(tr.records), "record")+".")
		for _, l := range text {
			rows = append(rows, cell.New(w).Gap(6).Put(th.dim, l).String())
		}
		return rows
	}
	r.page = max(h-1, 1)
	tr.top = min(max(tr.top, tr.at-r.page+1, 0), tr.at)
	tr.top = max(min(tr.top, len(tr.found)-r.page), 0)
	for i := tr.top; i < len(tr.found) && len(rows) < h; i++ {
		rec := &tr.records[tr.found[i]]
		base, st := cell.Style(""), cell.Style("")
		if i == tr.at {
			base, st = th.selected, th.bold
		}
		row := cell.On(w, base)
		if i == tr.at {
			row.Put(th.accent, "›")
		}
		th.putFound(row.To(1), th.dim, fmt.Sprintf("%3d", rec.Number), find).Gap(2)
		if marked > 0 {
			r.putMarks(row, rec)
		}
		th.putTitle(row, st, rec, find, title)
		if dateW > 0 {
			th.putFound(row.To(ends-timeW-speedW-dateW+2), th.dim, clean.Line(rec.Date), find)
		}
		if s := tr.speedup(rec); speedW > 0 && s > 0 {
			text := tr.ratio(s)
			row.To(ends-timeW-2-clean.Width(text)).Put(th.dim, text)
		}
		text := tr.aligned(rec)
		row.To(ends-clean.Width(text)).Put("", text)
		if share, _ := tr.share(rec.Seconds); barW > 0 {
			row.Gap(1).Put(th.gold, bar(share, barW))
		}
		rows = append(rows, row.String())
	}
	return rows
}

// listHead names the columns of the list; the speedup ends two cells before time.
func (r *records) listHead(w, date, time, ends int, withDate, withSpeedup bool) string {
	th, tr := r.m.th, r.current()
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
	row := cell.New(w).Gap(3).Put(th.dim, "#").Gap(2)
	if !tr.Practice && tr.filter == "" { // what a filter leaves is told in full first
		row.Gap(3)
	}
	row.Put(th.dim, "record").Gap(2)
	room := min(date, ends-len(label)) - row.Used() - 1
	row.Put("", cell.Cut(firstFit(room, where...), room))
	if withDate {
		row.To(date+2).Put(th.dim, "date")
	}
	if withSpeedup {
		row.To(time-9).Put(th.dim, "speedup")
	}
	row.To(ends - len(label))
	if tr.Practice {
		row.Put(th.warn, "practice ")
	}
	row.Put(th.dim, "time")
	if _, log := tr.share(1); log && w >= withBar {
		row.Gap(1).Put(th.dim, firstFit(row.Left()-1, "log scale", "log"))
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

// putMarks adds what kind of task starts at a record, bright where it can be
// attempted, and what kind of record it is.
func (r *records) putMarks(row *cell.Row, rec *taskdata.Record) {
	th, t := r.m.th, r.current().tasks[rec.Number]
	mark, st := " ", th.faint
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
			st = th.accent
		}
	}
	row.Put(st, mark)
	switch {
	case len(rec.Retimed) > 0:
		row.Put(th.dim, markRetimed)
	case rec.Upgrade():
		row.Put(th.dim, markUpgrade)
	default:
		row.Gap(1)
	}
	row.Gap(1)
}

// putTitle adds a record's title in w cells, and the person for whom it was found.
func (th *theme) putTitle(row *cell.Row, st cell.Style, rec *taskdata.Record, find [][]rune, w int) {
	title, who := clean.Line(rec.Title), ""
	for _, p := range rec.People {
		for _, word := range find {
			if within(lower(p), word, 0) >= 0 {
				who = clean.Line(p)
			}
		}
	}
	if n := w - clean.Width(who) - 2; who != "" && n >= 6 {
		th.putFound(row, st, cell.Cut(title, n), find).Gap(2)
		th.putFound(row, th.dim, who, find)
		return
	}
	th.putFound(row, st, cell.Cut(title, w), find)
}
