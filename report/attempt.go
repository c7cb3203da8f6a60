package report

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// Attempt sums an attempt up.
type Attempt struct {
	ID          string         `json:"id"`
	Number      int64          `json:"number"` // in this store, for people
	Task        string         `json:"task"`
	Benchmark   bool           `json:"benchmark"`
	Hint        string         `json:"hint"`
	Agent       string         `json:"agent"`
	Scaffold    string         `json:"scaffold"`
	Runner      string         `json:"runner"`
	Seed        int64          `json:"seed"`
	Model       *string        `json:"model"`  // "provider/name"; null where no model is the agent
	Budget      int            `json:"budget"` // nodes
	Calibrate   int            `json:"calibrate"`
	Confirm     int            `json:"confirm"`
	Status      event.Standing `json:"status"`
	Started     *time.Time     `json:"started"`
	Ended       *time.Time     `json:"ended"`
	Best        *int           `json:"best"`
	Confirmed   bool           `json:"confirmed"`
	FSR         *float64       `json:"fsr"`
	FSRInterval *[2]float64    `json:"fsr_interval"`
	// Of an open task, over the record; null before it is confirmed.
	Speedup         *float64    `json:"speedup"`
	SpeedupInterval *[2]float64 `json:"speedup_interval"`
	GPUHours        event.Float `json:"gpu_hours"` // of all runs so far; 0 without GPUs, null where a pitwall runs it that does not keep them

	Why    string      `json:"why"`
	Tokens int64       `json:"tokens"` // that models were sent and gave
	Cost   event.Float `json:"cost"`   // US dollars; null where a model's price is not known
	Engine *Engine     `json:"engine"` // null while nobody runs it

	open        bool // judged by its speedup
	nodesDone   int
	bestSeconds event.Float
}

// Engine is the process that works on an attempt.
type Engine struct {
	PID       int        `json:"pid"`
	Heartbeat *time.Time `json:"heartbeat"`
}

// OfSummary makes the document of an attempt as a list has it.
func OfSummary(s store.Summary) Attempt {
	d := Attempt{
		ID: s.ID, Number: s.Number, Task: s.Task, Benchmark: s.Benchmark, Hint: s.Hint, Agent: s.Agent, Scaffold: s.Scaffold,
		Runner: s.Runner, Seed: s.Seed, Budget: s.Nodes, Calibrate: s.Calibrate, Confirm: s.Confirm, Status: s.Status,
		Started: Moment(s.Started), Ended: Moment(s.Ended), Confirmed: s.Confirmed, FSR: s.FSR, FSRInterval: s.Interval, Why: s.Why,
		Tokens: s.Tokens, Cost: s.Cost, Speedup: s.Speedup, SpeedupInterval: s.SpeedupInterval, GPUHours: s.GPUHours,
		open: s.Open, nodesDone: s.NodesDone, bestSeconds: s.BestSeconds,
	}
	if s.Model != "" {
		d.Model = &s.Model
	}
	if s.BestNode >= 0 {
		d.Best = &s.BestNode
	}
	if s.Status.Live() {
		if s.PID > 0 {
			d.Engine = &Engine{s.PID, Moment(s.Heartbeat)}
		}
	}
	return d
}

// OfSummaries is OfSummary for all of a list.
func OfSummaries(list []store.Summary) []Attempt {
	docs := make([]Attempt, 0, len(list))
	for _, s := range list {
		docs = append(docs, OfSummary(s))
	}
	return docs
}

// Result gives an attempt's FSR with its interval and what it rests on, or its speedup
// where the task is open.
func (a Attempt) Result() string {
	switch {
	case a.Speedup != nil:
		return speedupWords(*a.Speedup, a.SpeedupInterval)
	case a.FSR == nil:
		return "–"
	}
	text := fmt.Sprintf("%.2f", *a.FSR)
	if a.FSRInterval != nil {
		text += fmt.Sprintf(" [%.2f, %.2f]", a.FSRInterval[0], a.FSRInterval[1])
	}
	if !a.Confirmed && *a.FSR != 0 {
		text += " provisional"
	}
	return text + Aside(a.Task, a.Benchmark)
}

// AttemptTable lists attempts; the first row has the headings.
func AttemptTable(list []Attempt) [][]string {
	rows := [][]string{{"#", "ID", "TASK", "KIND", "HINT", "AGENT", "NODES", "STATUS", "BEST", "FSR", "STARTED"}}
	onGPUs := slices.ContainsFunc(list, func(a Attempt) bool { return a.GPUHours > 0 })
	if onGPUs {
		rows[0] = append(rows[0], "GPU H")
	}
	for _, a := range list {
		started := "–"
		if a.Started != nil {
			started = a.Started.Local().Format("2006-01-02 15:04")
		}
		row := []string{
			strconv.FormatInt(a.Number, 10), a.ID, a.Task, taskdata.Aside(a.Task, a.Benchmark), a.Hint, a.Agent, fmt.Sprintf("%d/%d", a.nodesDone, a.Budget),
			string(a.Status), seconds(a.bestSeconds), a.Result(), started,
		}
		if onGPUs && a.GPUHours > 0 {
			row = append(row, fmt.Sprintf("%.2f", float64(a.GPUHours)))
		}
		rows = append(rows, row)
	}
	return rows
}
