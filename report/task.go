package report

import (
	"fmt"
	"strings"

	"pitwall/store/event"
	"pitwall/taskdata"
)

// Task is a task as `tasks` lists it.
type Task struct {
	ID          string      `json:"id"`
	Track       string      `json:"track"`
	Benchmark   bool        `json:"benchmark"`
	Paper       bool        `json:"paper"` // one of the paper's 19
	From        int         `json:"from"`
	To          int         `json:"to"`
	Title       string      `json:"title"`
	FromSeconds event.Float `json:"from_seconds"`
	ToSeconds   event.Float `json:"to_seconds"`
	Hints       []string    `json:"hints"`
	Ready       bool        `json:"ready"`
	Why         string      `json:"why"`
	Open        bool        `json:"open"`         // after the newest record: judged by its speedup
	Upgrade     bool        `json:"upgrade"`      // the next record is only a newer library
	Scripts     []string    `json:"scripts"`      // where both scripts can be taken from; empty where they are embedded or missing
	HintSources []string    `json:"hint_sources"` // "pitwall", "paper"

	fromTime, toTime, speedup string // for people
}

// speedupOf gives a task's, from the latest time of its first record; finely where it is small.
func speedupOf(t taskdata.Task) string {
	from, to := t.From.LatestSeconds(), t.To.Seconds
	switch s := from / to; {
	case from <= 0 || to <= 0:
		return "–"
	case s < 1.05:
		return fmt.Sprintf("%.3fx", s)
	default:
		return fmt.Sprintf("%.2fx", s)
	}
}

// OfTasks makes the documents of tasks.
func OfTasks(list []taskdata.Task) ([]Task, error) {
	docs := make([]Task, 0, len(list))
	for _, t := range list {
		track, err := taskdata.FindTrack(t.From.Track)
		if err != nil {
			return nil, err
		}
		d := Task{
			ID: t.ID(), Track: t.From.Track, Benchmark: !track.Practice, Paper: t.Benchmark(), From: t.From.Number, To: t.To.Number, Title: t.To.Title,
			FromSeconds: Known(t.From.LatestSeconds()), ToSeconds: Known(t.To.Seconds), Hints: []string{}, Ready: t.Ready, Why: t.Why,
			Open: t.Open(), Upgrade: t.To.Upgrade(), Scripts: t.Sources(), HintSources: t.HintSources(),
			fromTime: t.From.LatestTime(), toTime: t.To.Time(), speedup: speedupOf(t),
		}
		for _, h := range t.Hints {
			d.Hints = append(d.Hints, string(h))
		}
		docs = append(docs, d)
	}
	return docs, nil
}

// TaskTable lists tasks; the first row has the headings.
func TaskTable(list []Task) [][]string {
	rows := [][]string{{"TASK", "KIND", "TITLE", "FROM", "TO", "SPEEDUP", "HINTS", "READY"}}
	for _, d := range list {
		ready := "yes"
		if !d.Ready {
			ready = "no"
		}
		rows = append(rows, []string{d.ID, taskdata.Aside(d.ID, d.Benchmark), d.Title, d.fromTime, d.toTime, d.speedup, strings.Join(d.Hints, " "), ready})
	}
	return rows
}
