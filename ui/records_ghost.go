package ui

import (
	"fmt"
	"math"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/internal/clean"
	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
	"pitwall/ui/plot"
)

// ghost is what is drawn and told of a record's own runs.
type ghost struct {
	curve     *curve                  // nil where there is none
	low, high plot.Series             // of the validations of all its runs, where there are several
	log       taskdata.ImportedRecord // what its log says; the zero value where none was imported
	authors   float64                 // seconds that the benchmark's authors took with their template, 0 if unknown
}

// ghostMsg brings the ghost of a record.
type ghostMsg struct {
	track  *track
	number int
	ghost  *ghost
}

// feed asks for the ghost of a record, once. One that is embedded is there at once.
func (t *track) feed(rec taskdata.Record) tea.Cmd {
	if t.asked[rec.Number] || rec.Number == 0 {
		return nil
	}
	t.asked[rec.Number] = true
	if t.Practice || !rec.HasCurve() && rec.Source() == "" {
		t.ghosts[rec.Number] = newGhost(rec)
		return nil
	}
	return func() tea.Msg { return ghostMsg{t, rec.Number, newGhost(rec)} }
}

// newGhost reads what was imported of a record.
func newGhost(rec taskdata.Record) *ghost {
	g := &ghost{curve: recordCurve(rec)}
	if template, ok := rec.Imported(taskdata.LLMSpeedrunner); ok {
		g.authors = template.Seconds
	}
	log, ok := rec.Imported(taskdata.ModdedNanoGPT)
	if !ok {
		return g
	}
	if g.log = log; len(log.Band) < 2 || len(log.Runs) < 2 {
		return g
	}
	g.curve = newCurve(len(log.Band))
	for i, p := range log.Band {
		g.curve.add(i, p.TrainMS/1000, math.NaN(), p.Median)
		g.low.Append(p.TrainMS/1000, p.Low)
		g.high.Append(p.TrainMS/1000, p.High)
	}
	return g
}

// from says where the ghost comes from: "log of 8x H100, 38 runs".
func (g *ghost) from() string {
	if g.log.Log == "" && len(g.log.Curve) == 0 {
		return ""
	}
	text := "its log"
	if g.log.Hardware != "" {
		text = "log of " + hardwareWords(g.log.Hardware)
	}
	if n := len(g.log.Runs); n > 1 {
		text += fmt.Sprintf(", median of %d runs", n)
	}
	return text
}

// facts says what a record's own log tells, and what others measured of it, in parts.
func (g *ghost) facts(tr *track, rec *taskdata.Record) []string {
	var parts []string
	add := func(some bool, format string, args ...any) {
		if some {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	log := &g.log
	add(log.Seconds > 0, "log %s, published %s", tr.length(log.Seconds), tr.time(rec))
	for _, again := range rec.Retimed {
		add(true, "retimed %s on %s", tr.length(again.Seconds), clean.Line(again.Date))
	}
	add(g.authors > 0, "the paper's authors %s", tr.length(g.authors))
	if n := len(log.Runs); n > 1 {
		var took, losses []float64
		for _, r := range log.Runs {
			took, losses = append(took, r.Seconds), append(losses, r.ValLoss)
		}
		add(true, "%d runs %.1f ± %.1f s, loss %.4f ± %.4f", n, mean(took), deviation(took), mean(losses), deviation(losses))
	} else {
		add(log.ValLoss > 0, "1 run, loss %.4f", log.ValLoss)
	}
	add(log.Hardware != "", "%s", hardwareWords(log.Hardware))
	add(log.Torch != "", "torch %s", clean.Line(log.Torch))
	add(log.PeakMiB > 0, "peak %.1f GiB a GPU", log.PeakMiB/1024)
	return parts
}

// deviation gives the standard deviation of at least two figures.
func deviation(xs []float64) float64 {
	m, sum := mean(xs), 0.0
	for _, x := range xs {
		sum += (x - m) * (x - m)
	}
	return math.Sqrt(sum / float64(len(xs)-1))
}

// logRows tells what is known of a record's own runs in at most so many rows.
func (d *recordDetail) logRows(w, most int, rec *taskdata.Record) []string {
	g := d.choice.current().ghosts[rec.Number]
	if g == nil || most <= 0 || d.choice.current().Practice {
		return nil
	}
	th, parts := d.m.frame.Theme, g.facts(d.choice.current(), rec)
	var rows []string
	row := cell.New(w).Gap(1).Put(th.Dim, fmt.Sprintf("record %d", rec.Number)).To(12)
	begun := false
	for _, part := range parts {
		if begun && clean.Width(part)+3 > row.Left() {
			if rows = append(rows, row.String()); len(rows) == most {
				return rows
			}
			row, begun = cell.New(w).Gap(12), false
		}
		if begun {
			row.Put(th.Faint, " · ")
		}
		row.Put("", part)
		begun = true
	}
	if begun {
		rows = append(rows, row.String())
	}
	return rows
}

// lossRows draws the loss of the chosen record and of the one to beat, nil where
// there is none.
func (d *recordDetail) lossRows(w, h int) []string {
	th, tr := d.m.frame.Theme, d.choice.current()
	rec, t := d.choice.record(), d.choice.ready()
	c := plot.Chart{Axis: th.Dim, Faint: th.Faint, XUnit: " s", Zero: true}
	title := cell.New(w).Gap(1)
	if tr.Practice {
		title.Put(th.Warn, "practice ")
	}
	title.Put(th.Dim, "loss, "+clean.Line(tr.Unit)).Gap(2)
	var places []place
	draw := func(rec *taskdata.Record, to bool) {
		g := tr.ghosts[rec.Number]
		if g == nil || g.curve == nil {
			return
		}
		if g.low.Len() > 0 {
			st, _, _ := ghostLook(th, to, true)
			c.Lines = append(c.Lines, plot.Line{Series: &g.low, Style: st, Every: 3}, plot.Line{Series: &g.high, Style: st, Every: 3})
		}
		drawGhost(th, &c, title, g.curve, fmt.Sprintf("record %d", rec.Number), to, true)
		places = append(places, place{rec.Number, g.from(), clean.Line(rec.MeasuredOn)})
	}
	if t == nil || t.Open() {
		draw(rec, true)
	} else {
		draw(&t.From, false)
		draw(&t.To, true)
	}
	if len(c.Lines) == 0 {
		return nil
	}
	rows := []string{title.String()}
	if logged(places) {
		rows = append(rows, cell.New(w).Gap(1).Put(th.Dim, frame.FirstFit(w-2, logWords(places)...)).String())
	} else if labels := measuredWords(places); len(labels) > 0 {
		title.Rest(cell.New(w).Put(th.Dim, frame.FirstFit(title.Left()-2, labels...)).Gap(1))
		rows[0] = title.String()
	}
	c.Levels = targetLevel(th, tr.Target)
	c.Top = settled(c.Lines)
	for _, l := range c.Rows(w-2, h-len(rows)) {
		rows = append(rows, " "+l+" ")
	}
	return rows
}

// settled gives the highest loss to show: as top does, and of a log that holds
// validations alone without that of step 0.
func settled(lines []plot.Line) float64 {
	most := 0.0
	for _, l := range lines {
		if n := l.Series.Len(); n > 3 && n < 12 {
			_, hi := l.Series.Range(1, n)
			most = max(most, hi)
			continue
		}
		most = max(most, top([]plot.Line{l}))
	}
	return most
}

// place is where a curve that is drawn comes from.
type place struct {
	number int
	log    string // the words of a log that was imported, "" for none
	on     string // where it was measured
}

func logged(places []place) bool {
	for _, p := range places {
		if p.log != "" {
			return true
		}
	}
	return false
}

// logWords says of which log each curve is, the fullest words first.
func logWords(places []place) []string {
	var full []string
	alike := true
	for _, p := range places {
		if p.log != "" {
			full = append(full, fmt.Sprintf("%d: %s", p.number, p.log))
		}
		alike = alike && p.log == places[0].log
	}
	if alike {
		return []string{places[0].log, "of its log"}
	}
	return []string{strings.Join(full, " · "), "of their own logs"}
}

// measuredWords says where curves were measured, the fullest words first.
func measuredWords(places []place) []string {
	var on, machines []string
	for _, p := range places {
		if p.on != "" && (len(on) == 0 || on[len(on)-1] != p.on) {
			on, machines = append(on, p.on), append(machines, frame.MachineOf(p.on))
		}
	}
	if len(on) == 0 {
		return nil
	}
	all, short := strings.Join(on, "; "), strings.Join(machines, "; ")
	return []string{"measured on " + all, "on " + all, "measured on " + short, "on " + short, "measured elsewhere", "elsewhere"}
}
