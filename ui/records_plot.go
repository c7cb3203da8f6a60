package ui

import (
	"fmt"

	"pitwall/internal/clean"
	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
	"pitwall/ui/plot"
)

// recordPlot is the plot of a track's record times. It is drawn anew only when what
// it depends on changes.
type recordPlot struct {
	m      *Model
	choice *choice
	of     plotKey
	drawn  []string
}

// forget has it drawn anew: another catalog has other records.
func (p *recordPlot) forget() { p.of, p.drawn = plotKey{}, nil }

// plotKey is what a drawn history plot depends on.
type plotKey struct {
	th     *frame.Theme
	track  int
	number int // of the chosen record
	filter string
	w, h   int
}

// rows draws the history of record times, with the chosen record marked.
func (p *recordPlot) rows(w, h int) []string {
	key := plotKey{th: p.m.frame.Theme, track: p.choice.track, filter: p.choice.current().filter, w: w, h: h}
	if rec := p.choice.record(); rec != nil {
		key.number = rec.Number
	}
	if p.of != key {
		p.of, p.drawn = key, p.draw(w, h)
	}
	return p.drawn
}

func (p *recordPlot) draw(w, h int) []string {
	th, tr := p.m.frame.Theme, p.choice.current()
	title := cell.New(w).Gap(1)
	if tr.Practice {
		title.Put(th.Warn, "practice ")
	}
	title.Put(th.Dim, frame.FirstFit(title.Left()-1, tr.plotTitles(p.choice.record())...))

	var chosen, found plot.Series
	add := func(s *plot.Series, rec *taskdata.Record) {
		if x, y, ok := tr.point(rec); ok {
			s.Append(x, y)
		}
	}
	for _, i := range tr.found {
		add(&found, &tr.records[i])
	}
	if rec := p.choice.record(); rec != nil {
		add(&chosen, rec)
	}
	// Marks take whole cells: where there are many records the staircase alone
	// shows more, but for those that a filter found.
	history := []plot.Line{{Series: &tr.steps, Style: th.Grey}, {Series: &found, Style: th.Gold, Mark: '•', Points: true}}
	if tr.byDate && tr.filter == "" && 4*tr.times.Len() > w {
		history = []plot.Line{{Series: &tr.steps, Style: th.Gold}}
	}
	c := plot.Chart{
		Lines: append(history, plot.Line{Series: &chosen, Style: th.Accent + th.Bold, Mark: '◆', Points: true}),
		LogY:  true, XTicks: true, Dates: tr.byDate, Axis: th.Dim, Faint: th.Faint,
	}
	rows := []string{title.String()}
	for _, l := range c.Rows(w-2, h-len(rows)) {
		rows = append(rows, " "+l+" ")
	}
	return rows
}

// plotTitles gives what the plot can be headed with, the fullest first.
func (t *track) plotTitles(rec *taskdata.Record) []string {
	what := "record time, log " + t.unit()
	over := what + ", over record"
	if t.byDate {
		over = what + ", over date"
	}
	var titles []string
	n := len(t.records)
	if n > 1 && t.records[0].Seconds > 0 && t.records[n-1].Seconds > 0 {
		from, to := &t.records[0], &t.records[n-1]
		all := fmt.Sprintf("%s → %s, %s", t.time(from), t.time(to), t.ratio(from.Seconds/to.Seconds))
		if rec != nil && rec.MeasuredOn != "" {
			on := clean.Line(rec.MeasuredOn)
			titles = append(titles,
				over+" · "+all+" · "+on, over+" · "+all+" · on "+frame.MachineOf(on),
				what+" · "+all+" · on "+frame.MachineOf(on), what+" · on "+frame.MachineOf(on))
		}
		titles = append(titles, over+" · "+all, what+" · "+all)
	}
	return append(titles, over, what, "time, log "+t.unit())
}
