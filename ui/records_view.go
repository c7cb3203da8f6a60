package ui

import (
	"fmt"
	"strings"

	"pitwall/internal/clean"
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
	if n := len(r.choice.tracks); n > 0 {
		head = r.headRow(w)
	}
	rows := []string{head, r.trackLine(w)}
	if r.m.preflight.blocked != "" {
		for i, l := range cell.Wrap("No run can be started here: "+r.m.preflight.blocked, max(w-4, 1)) {
			if i < 3 {
				rows = append(rows, cell.New(w).Gap(1).Put(th.bad, "▌").Gap(1).Put(th.warn, l).String())
			}
		}
		rows = append(rows, cell.New(w).Gap(1).Put(th.bad, "▌").Gap(1).Put(th.dim, "Looking, reading and replaying work all the same.").String())
	}
	if l := liveOf(r.m.attempts); l != nil {
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
		rows = append(rows, r.plot.rows(w, h-len(rows))...)
	case right == w:
		n := min(len(r.choice.current().records)+1, body/2)
		rows = append(rows, cell.Fit(r.list.rows(w, n), w, n)...)
		rows = append(rows, r.m.rule(w))
		rows = append(rows, r.detail.rows(w, h-len(rows))...)
	default:
		list, under := r.leftRows(left, body)
		var side []string
		if under || body < roomy {
			side = r.detail.rows(right, body)
		} else {
			n := max(body*2/5, body-factsMost)
			side = append(cell.Fit(r.detail.rows(right, body-n), right, body-n), r.plot.rows(right, n)...)
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
		for i, t := range r.choice.tracks {
			switch key := fmt.Sprint(i + 1); {
			case i == r.choice.track:
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
	th, tr := r.m.th, r.choice.current()
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
	th, tr := r.m.th, r.choice.current()
	rec := r.choice.record()
	row := cell.New(w).Gap(1)
	if rec == nil {
		return row.Put(th.dim, r.list.nothing()).String()
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
	tr := r.choice.current()
	all := len(tr.records) + 2 // of all, so that a filter moves nothing
	if h < plotFrom || tr.times.Len() < 2 || !tr.curves && h >= roomy && all+2*plotLeast > h {
		return r.list.rows(w, h), false
	}
	n := min(all, h-max(plotLeast, h*2/5))
	rows = cell.Fit(r.list.rows(w, n-1), w, n)
	return append(rows, r.plot.rows(w, h-n)...), true
}
