package report

import (
	"context"
	"fmt"
	"strconv"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/taskdata"
)

// Document is all of an attempt but its events.
type Document struct {
	Attempt
	Scripts      string        `json:"scripts"`      // where both records' scripts come from; "" where they are embedded
	HintsFrom    string        `json:"hints_from"`   // whose hints
	GPUs         []string      `json:"gpus"`         // that runs use
	Calibration  *Calibration  `json:"calibration"`  // null until it is known
	Confirmation *Confirmation `json:"confirmation"` // null until it is over
	Nodes        []Node        `json:"nodes"`
}

// Node is one version of the script.
type Node struct {
	ID           int         `json:"id"`
	Parent       *int        `json:"parent"` // null for node 0
	Status       string      `json:"status"`
	Valid        bool        `json:"valid"`
	Why          string      `json:"why"`
	ValLoss      event.Float `json:"val_loss"`
	TrainSeconds event.Float `json:"train_seconds"`
	FSR          *float64    `json:"fsr"`
	// Similarity is how much of the human's change the node has; null where it
	// was not compared.
	Similarity *Similarity `json:"similarity"`
	Origin     string      `json:"origin"` // "" for the scaffold's choice, else debug, branch, repeat, carried
	Idea       string      `json:"idea"`
}

// Similarity compares a node with what the human changed.
type Similarity struct {
	Recall    event.Float `json:"recall"` // of the human's changed lines
	Precision event.Float `json:"precision"`
	F1        event.Float `json:"f1"`
	Judge     *string     `json:"judge"` // the model that scored it; null where none did
	Score     event.Float `json:"score"`
}

// Confirmation is what the fresh runs at the end told.
type Confirmation struct {
	Node        *int        `json:"node"` // null where no node was fit to be confirmed
	Valid       bool        `json:"valid"`
	Why         string      `json:"why"`
	FromSeconds []float64   `json:"from_seconds"`
	NodeSeconds []float64   `json:"node_seconds"`
	NodeLosses  []float64   `json:"node_losses"`
	MeanLoss    event.Float `json:"mean_loss"`
	OtherLosses []float64   `json:"other_losses"` // of the same runs over other validation characters, by an evaluator outside the script

	P               *float64    `json:"p"`        // one-sided: of the mean loss being at or above the target; null where it cannot be told
	Power           *float64    `json:"power"`    // of that test at 0.01, for a mean as far below the target as found
	FSRWarm         *float64    `json:"fsr_warm"` // FSR without the compilation that the script's clock counted; null where it counts none
	Speedup         *float64    `json:"speedup"`  // of an open task, over the record
	SpeedupInterval *[2]float64 `json:"speedup_interval"`
	SpeedupP        *float64    `json:"speedup_p"`
}

// Read makes the document of the attempt whose id begins so.
func Read(ctx context.Context, s *store.Store, prefix string) (Document, error) {
	sum, err := s.Attempt(ctx, prefix)
	if err != nil {
		return Document{}, err
	}
	st, err := s.StateAt(ctx, sum.ID, 0)
	if err != nil {
		return Document{}, err
	}
	return Of(sum, st), nil
}

// Of makes the document of an attempt out of its summary and its fold.
func Of(sum store.Summary, st *fold.State) Document {
	d := Document{
		Attempt: OfSummary(sum), Nodes: []Node{}, Scripts: st.Attempt.Scripts, HintsFrom: st.Attempt.Hints, GPUs: append([]string{}, st.Machine.GPUs...),
	}
	d.GPUHours = event.Float(st.Used().GPUHours)
	for _, n := range st.Nodes {
		nd := Node{
			ID: n.ID, Status: n.State, Valid: n.Valid(), Why: n.Why, ValLoss: n.ValLoss, TrainSeconds: n.TrainSeconds, FSR: n.FSR,
			Origin: n.Origin, Idea: n.Idea,
		}
		if m := n.Similar; m != nil {
			nd.Similarity = &Similarity{Recall: m.Recall, Precision: m.Precision, F1: m.F1, Score: m.Score}
			if m.Judge != "" {
				nd.Similarity.Judge = &m.Judge
			}
		}
		if n.Parent >= 0 {
			nd.Parent = &n.Parent
		}
		d.Nodes = append(d.Nodes, nd)
	}
	if st.Calibration != nil {
		c := OfCalibration(*st.Calibration)
		d.Calibration = &c
	}
	if c := st.Confirmed; c != nil {
		d.Confirmation = &Confirmation{
			Valid: c.Valid, Why: c.Why, FromSeconds: orEmpty(c.FromSeconds),
			NodeSeconds: orEmpty(c.NodeSeconds), NodeLosses: orEmpty(c.NodeLosses), MeanLoss: c.MeanLoss, OtherLosses: orEmpty(c.OtherLosses),
			P: c.P, Power: c.Power, FSRWarm: c.FSRWarm, Speedup: c.Speedup, SpeedupInterval: c.SpeedupInterval, SpeedupP: c.SpeedupP,
		}
		if c.Node >= 0 {
			d.Confirmation.Node = &c.Node
		}
		if d.Why == "" {
			d.Why = c.Why
		}
	}
	return d
}

// Lines tells an attempt for people, without its nodes. They hold text of others, which
// whoever prints it cleans.
func (d Document) Lines() []string {
	figure, hours := "FSR", ""
	if d.open {
		figure = "speedup"
	}
	if d.GPUHours > 0 {
		hours = fmt.Sprintf("  %.2f GPU-hours", float64(d.GPUHours))
	}
	lines := []string{
		fmt.Sprintf("attempt %d  %s", d.Number, d.ID),
		fmt.Sprintf("%s%s  hint %s  %s · %s  %s", d.Task, Aside(d.Task, d.Benchmark), d.Hint, d.Agent, d.Scaffold, d.Status),
		fmt.Sprintf("%s %s  (calibrate %d, confirm %d)%s", figure, d.Result(), d.Calibrate, d.Confirm, hours),
	}
	if d.Why != "" {
		lines = append(lines, d.Why)
	}
	if d.Confirmation != nil {
		lines = append(lines, d.Confirmation.lines()...)
	}
	if d.Model != nil {
		lines = append(lines, fmt.Sprintf("%s  %d tokens  %s", *d.Model, d.Tokens, costWords(d.Cost)))
	}
	return lines
}

// NodeTable lists an attempt's nodes; the first row has the headings.
func (d Document) NodeTable() [][]string {
	rows := [][]string{{"NODE", "KIND", "STATUS", "LOSS", "TIME", "FSR", "WHY"}}
	for _, n := range d.Nodes {
		fsr := "–"
		if n.FSR != nil {
			fsr = fmt.Sprintf("%.2f", *n.FSR)
		}
		rows = append(rows, []string{
			strconv.Itoa(n.ID), taskdata.Aside(d.Task, d.Benchmark), n.Status, figure("%.4f", n.ValLoss), seconds(n.TrainSeconds), fsr, n.Why,
		})
	}
	return rows
}

// lines says what a confirmation tells besides FSR.
func (c Confirmation) lines() []string {
	var lines []string
	if c.Speedup != nil {
		line := fmt.Sprintf("%.3fx as fast as the record", *c.Speedup)
		if c.SpeedupInterval != nil {
			line += fmt.Sprintf(" [%.3f, %.3f]", c.SpeedupInterval[0], c.SpeedupInterval[1])
		}
		if c.SpeedupP != nil {
			line += ", p " + pWords(event.Float(*c.SpeedupP)) + " of no gain"
		}
		lines = append(lines, line)
	}
	if c.FSRWarm != nil {
		lines = append(lines, fmt.Sprintf("FSR %.2f without the compilation that the clock counts", *c.FSRWarm))
	}
	if c.P != nil {
		line := fmt.Sprintf("mean loss %.4f at or below the target: p %s over %d runs", float64(c.MeanLoss), pWords(event.Float(*c.P)), len(c.NodeLosses))
		if c.Power != nil {
			line += fmt.Sprintf("; so many runs show it with a power of %.2f", *c.Power)
		}
		lines = append(lines, line)
	}
	return lines
}
