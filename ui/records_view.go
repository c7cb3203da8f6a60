package ui

import (
	"fmt"
	"strings"

	"pitwall/internal/clean"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
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

func (r *records) Rows(w, h int) []string {
	th := r.m.frame.Theme
	head := r.m.frame.Header(w, "records", nil)
	if n := len(r.choice.tracks); n > 0 {
		head = r.headRow(w)
	}
	rows := []string{head, r.trackLine(w)}
	if r.m.preflight.blocked != "" {
		for i, l := range cell.Wrap("No run can be started here: "+r.m.preflight.blocked, max(w-4, 1)) {
			if i < 3 {
				rows = append(rows, cell.New(w).Gap(1).Put(th.Bad, "▌").Gap(1).Put(th.Warn, l).String())
			}
		}
		rows = append(rows, cell.New(w).Gap(1).Put(th.Bad, "▌").Gap(1).Put(th.Dim, "Looking, reading and replaying work all the same.").String())
	}
	if l := liveOf(r.m.attempts); l != nil {
		rows = append(rows, cell.New(w).Gap(1).Put(th.Run, "● ").Put("", attemptName(*l)).Gap(2).
			Put(th.Dim, fmt.Sprintf("%s · %s · %s", clean.Line(l.Task), clean.Line(l.Agent), statusWords(*l))).Gap(2).
			Put(th.Accent, "w").Put(th.Dim, " watch").String())
	}
	rows = append(rows, r.m.frame.Rule(w))
	left, right := r.columns(w)
	body := h - len(rows)
	switch {
	case r.plotting:
		rows = append(rows, r.chosenLine(w))
		rows = append(rows, r.plot.rows(w, h-len(rows))...)
	case right == w:
		n := min(len(r.choice.current().records)+1, body/2)
		rows = append(rows, cell.Fit(r.list.rows(w, n), w, n)...)
		rows = append(rows, r.m.frame.Rule(w))
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
		rows = append(rows, cell.Beside(th.Faint, cell.Fit(list, left, body), cell.Fit(side, right, body))...)
	}
	return cell.Fit(rows, w, h)
}

// headRow gives the first line, with the tracks and the keys that go to them.
func (r *records) headRow(w int) string {
	th := r.m.frame.Theme
	tabs := func(all bool) *cell.Row {
		row := cell.New(w)
		for i, t := range r.choice.tracks {
			switch key := fmt.Sprint(i + 1); {
			case i == r.choice.track:
				row.Put(th.Accent+th.Bold, "["+key+" "+t.ID+"]")
			case all:
				row.Gap(1).Put(th.Accent, key).Put(th.Dim, " "+t.ID).Gap(1)
			default:
				row.Gap(1).Put(th.Accent, key).Gap(1)
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
		row.Gap(3).Put(th.Faint, version)
	}
	return r.m.frame.Header(w, "records", row.Gap(1))
}

func (r *records) trackLine(w int) string {
	th, tr := r.m.frame.Theme, r.choice.current()
	row := cell.New(w).Gap(1).Put(th.Bold, tr.ID).Gap(2)
	target := fmt.Sprintf("target %.2f %s", tr.Target, clean.Line(tr.Unit))
	if tr.Practice {
		row.Put(th.Warn, frame.FirstFit(row.Left()-len(target)-3, "practice: says nothing about models", "practice")).Gap(2)
		row.Put(th.Dim, target)
	} else {
		title, on := clean.Line(tr.Title), clean.Line(tr.Hardware)
		ready := tr.readyWords(r.m.o.Import != nil)
		row.Put(th.Dim, frame.FirstFit(row.Left()-1, title+" · "+target+" · "+on+ready, target+" · "+on+ready, target+ready, target))
	}
	right := ""
	if r.m.machine != "" {
		right = "this machine: " + r.m.machine
	}
	if !tr.Practice {
		right = frame.FirstFit(row.Left()-5, legend+"    "+right, legend, "")
	}
	if right != "" {
		row.Rest(cell.New(w).Put(th.Dim, strings.TrimSpace(right)).Gap(1))
	}
	return row.String()
}

// chosenLine gives the chosen record on one row.
func (r *records) chosenLine(w int) string {
	th, tr := r.m.frame.Theme, r.choice.current()
	rec := r.choice.record()
	row := cell.New(w).Gap(1)
	if rec == nil {
		return row.Put(th.Dim, r.list.nothing()).String()
	}
	right := cell.New(w).Put(th.Gold, tr.time(rec))
	if s := tr.speedup(rec); s > 0 {
		right.Gap(2).Put(th.Bold, tr.ratio(s)).Put(th.Dim, " over "+fmt.Sprint(rec.Number-1))
	}
	if tr.Practice {
		right.Gap(2).Put(th.Warn, "practice")
	}
	if tr.byDate {
		right.Gap(2).Put(th.Dim, clean.Line(rec.Date))
	}
	row.Put(th.Accent, "◆ ").Put(th.Dim, fmt.Sprintf("%d of %d  ", rec.Number, len(tr.records)))
	if room := row.Left() - right.Used() - 2; room >= 8 {
		putFound(th, row, th.Bold, cell.Cut(clean.Line(rec.Title), room), words(tr.filter))
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
