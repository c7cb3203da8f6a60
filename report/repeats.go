package report

import (
	"fmt"
	"math"

	"pitwall/store/event"
	"pitwall/store/stats"
)

// Repeats sums up repeated runs of one script.
type Repeats struct {
	Seconds     []event.Float `json:"seconds"` // null of a run that failed
	Losses      []event.Float `json:"losses"`
	MeanSeconds event.Float   `json:"mean_seconds"`
	SDSeconds   event.Float   `json:"sd_seconds"`
	MeanLoss    event.Float   `json:"mean_loss"`
	SDLoss      event.Float   `json:"sd_loss"`
	P           event.Float   `json:"p"`     // of the mean loss being at or above the target
	Power       event.Float   `json:"power"` // of that test at 0.01, for a mean as far below the target
	Why         string        `json:"why"`   // why p is not known
}

// ofRuns sums runs up against a target loss.
func ofRuns(runs []stats.Run, target float64) Repeats {
	r := stats.NewRepeats(runs, target)
	d := Repeats{
		Seconds: []event.Float{}, Losses: []event.Float{}, MeanSeconds: event.Float(r.Seconds.Mean), SDSeconds: event.Float(r.Seconds.SD),
		MeanLoss: event.Float(r.Loss.Mean), SDLoss: event.Float(r.Loss.SD), P: event.Float(r.Loss.P), Why: r.Loss.Why,
		Power: event.Float(stats.Power(r.Loss.SD, target-r.Loss.Mean, r.Loss.N, stats.BadgeP)),
	}
	for _, run := range runs {
		d.Seconds, d.Losses = append(d.Seconds, event.Float(run.Seconds)), append(d.Losses, event.Float(run.Loss))
	}
	return d
}

// Repeated tells what repeated runs of a node, or of a record alone, came to.
type Repeated struct {
	Task   string         `json:"task"`
	Node   int            `json:"node"` // -1 where the record alone was trained
	Target float64        `json:"target"`
	Record Repeats        `json:"record"`
	Runs   *Repeats       `json:"node_runs"`      // null where the record alone was trained
	Saved  [2]event.Float `json:"saved_interval"` // seconds, 95 %
	Noise  bool           `json:"noise"`          // noise could explain the time saved

	words string // of the noise
}

// OfRepeats makes the document of repeated runs, which were taken in turn; node is -1
// where the record alone was trained.
func OfRepeats(task string, node int, target float64, record, runs []stats.Run) Repeated {
	d := Repeated{Task: task, Node: node, Target: target, Record: ofRuns(record, target)}
	saved := stats.Interval{Low: math.NaN(), High: math.NaN(), Level: stats.Level}
	if node >= 0 {
		r := ofRuns(runs, target)
		d.Runs = &r
		var pairs []stats.Pair
		for i := range runs {
			pairs = append(pairs, stats.Pair{A: record[i].Seconds, B: runs[i].Seconds})
		}
		saved = stats.Interleaved(pairs)
	}
	noise := stats.NoiseIn(saved)
	d.Saved, d.Noise, d.words = [2]event.Float{event.Float(saved.Low), event.Float(saved.High)}, noise.Explains, noise.Words
	return d
}

// Table has a row for the record and one for the node; the first has the headings.
func (d Repeated) Table() [][]string {
	rows := [][]string{{"", "RUNS", "TIME", "SPREAD", "LOSS", "SPREAD", "P", "POWER"}}
	add := func(name string, r Repeats) {
		rows = append(rows, []string{
			name, fmt.Sprint(len(r.Seconds)), figure("%.2f s", r.MeanSeconds), figure("%.2f s", r.SDSeconds),
			figure("%.4f", r.MeanLoss), figure("%.4f", r.SDLoss), pWords(r.P), figure("%.2f", r.Power),
		})
	}
	add("record", d.Record)
	if d.Runs != nil {
		add(fmt.Sprintf("node %d", d.Node), *d.Runs)
	}
	return rows
}

// Lines say why a p-value is not known, and what noise could explain.
func (d Repeated) Lines() (lines []string) {
	for _, r := range []*Repeats{&d.Record, d.Runs} {
		if r != nil && r.Why != "" {
			lines = append(lines, r.Why)
		}
	}
	if d.Runs != nil {
		lines = append(lines, d.words)
	}
	return lines
}
