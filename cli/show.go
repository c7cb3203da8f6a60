package cli

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"pitwall/internal/clean"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// asideWord follows a figure that is none of the benchmark's.
func asideWord(task string, benchmark bool) string {
	if word := taskdata.Aside(task, benchmark); word != "" {
		return " " + word
	}
	return ""
}

func known(v float64) event.Float {
	if v <= 0 {
		return event.NaN()
	}
	return event.Float(v)
}

func seconds(v event.Float) string {
	if !v.Known() {
		return "–"
	}
	return fmt.Sprintf("%.2f s", float64(v))
}

type engineJSON struct {
	PID       int        `json:"pid"`
	Heartbeat *time.Time `json:"heartbeat"`
}

type nodeJSON struct {
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
	Similarity *similarJSON `json:"similarity"`
	Origin     string       `json:"origin"` // "" for the scaffold's choice, else debug, branch, repeat, carried
	Idea       string       `json:"idea"`
}

type similarJSON struct {
	Recall    event.Float `json:"recall"` // of the human's changed lines
	Precision event.Float `json:"precision"`
	F1        event.Float `json:"f1"`
	Judge     *string     `json:"judge"` // the model that scored it; null where none did
	Score     event.Float `json:"score"`
}

type spreadJSON struct {
	Seconds []float64   `json:"seconds"`
	Mean    float64     `json:"mean"`
	SD      event.Float `json:"sd"` // null for a single run
}

type calibrationJSON struct {
	ID       string     `json:"id"`
	Key      string     `json:"key"`
	From     spreadJSON `json:"from"`
	To       spreadJSON `json:"to"`
	Reused   bool       `json:"reused"`
	Resolved bool       `json:"resolved"`
	Why      string     `json:"why"`
	RunSD    float64    `json:"run_sd"` // seconds; the spread of one run that intervals are computed with
	SDSource string     `json:"run_sd_source"`
}

func calibrationDoc(c event.Calibration) calibrationJSON {
	return calibrationJSON{
		ID: c.ID, Key: c.Key, From: spreadOf(c.From), To: spreadOf(c.To), Reused: c.Reused,
		Resolved: c.Resolved, Why: c.Why, RunSD: c.SD, SDSource: c.SDSource,
	}
}

func spreadOf(xs []float64) spreadJSON {
	s := spreadJSON{Seconds: xs, SD: event.NaN()}
	if len(xs) == 0 {
		s.Seconds = []float64{}
		return s
	}
	for _, x := range xs {
		s.Mean += x / float64(len(xs))
	}
	if len(xs) > 1 {
		sum := 0.0
		for _, x := range xs {
			sum += (x - s.Mean) * (x - s.Mean)
		}
		s.SD = event.Float(math.Sqrt(sum / float64(len(xs)-1)))
	}
	return s
}

// attemptJSON is what `attempts` lists.
type attemptJSON struct {
	ID          string      `json:"id"`
	Number      int64       `json:"number"` // in this store, for people
	Task        string      `json:"task"`
	Benchmark   bool        `json:"benchmark"`
	Hint        string      `json:"hint"`
	Agent       string      `json:"agent"`
	Scaffold    string      `json:"scaffold"`
	Runner      string      `json:"runner"`
	Seed        int64       `json:"seed"`
	Model       *string     `json:"model"`  // "provider/name"; null where no model is the agent
	Budget      int         `json:"budget"` // nodes
	Calibrate   int         `json:"calibrate"`
	Confirm     int         `json:"confirm"`
	Status      string      `json:"status"`
	Started     *time.Time  `json:"started"`
	Ended       *time.Time  `json:"ended"`
	Best        *int        `json:"best"`
	Confirmed   bool        `json:"confirmed"`
	FSR         *float64    `json:"fsr"`
	FSRInterval *[2]float64 `json:"fsr_interval"`
	// Of an open task, over the record; null before it is confirmed.
	Speedup         *float64    `json:"speedup"`
	SpeedupInterval *[2]float64 `json:"speedup_interval"`
	GPUHours        event.Float `json:"gpu_hours"` // of all runs so far; 0 without GPUs, null where a pitwall runs it that does not keep them

	Why    string      `json:"why"`
	Tokens int64       `json:"tokens"` // that models were sent and gave
	Cost   event.Float `json:"cost"`   // US dollars; null where a model's price is not known
	Engine *engineJSON `json:"engine"` // null while nobody runs it
}

// showJSON is the document of `show`.
type showJSON struct {
	attemptJSON
	Scripts      string           `json:"scripts"`      // where both records' scripts come from; "" where they are embedded
	HintsFrom    string           `json:"hints_from"`   // whose hints
	GPUs         []string         `json:"gpus"`         // that runs use
	Calibration  *calibrationJSON `json:"calibration"`  // null until it is known
	Confirmation *confirmJSON     `json:"confirmation"` // null until it is over
	Nodes        []nodeJSON       `json:"nodes"`
}

type confirmJSON struct {
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

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}

func summaryDoc(s store.Summary) attemptJSON {
	d := attemptJSON{
		ID: s.ID, Number: s.Number, Task: s.Task, Benchmark: s.Benchmark, Hint: s.Hint, Agent: s.Agent, Scaffold: s.Scaffold,
		Runner: s.Runner, Seed: s.Seed, Budget: s.Nodes, Calibrate: s.Calibrate, Confirm: s.Confirm, Status: s.Status,
		Started: moment(s.Started), Ended: moment(s.Ended), Confirmed: s.Confirmed, FSR: s.FSR, FSRInterval: s.Interval, Why: s.Why,
		Tokens: s.Tokens, Cost: s.Cost, Speedup: s.Speedup, SpeedupInterval: s.SpeedupInterval, GPUHours: s.GPUHours,
	}
	if s.Model != "" {
		d.Model = &s.Model
	}
	if s.BestNode >= 0 {
		d.Best = &s.BestNode
	}
	switch s.Status {
	case event.StatusRunning, event.StatusQueued, event.StatusPaused:
		if s.PID > 0 {
			d.Engine = &engineJSON{s.PID, moment(s.Heartbeat)}
		}
	}
	return d
}

// showDoc makes the document of one attempt.
func showDoc(ctx context.Context, s *store.Store, prefix string) (showJSON, error) {
	sum, err := s.Attempt(ctx, prefix)
	if err != nil {
		return showJSON{}, err
	}
	st, err := s.StateAt(ctx, sum.ID, 0)
	if err != nil {
		return showJSON{}, err
	}
	d := showJSON{
		attemptJSON: summaryDoc(sum), Nodes: []nodeJSON{}, Scripts: st.Attempt.Scripts, HintsFrom: st.Attempt.Hints, GPUs: append([]string{}, st.Machine.GPUs...),
	}
	d.GPUHours = event.Float(st.Used().GPUHours)
	for _, n := range st.Nodes {
		nd := nodeJSON{
			ID: n.ID, Status: n.State, Valid: n.Valid(), Why: n.Why, ValLoss: n.ValLoss, TrainSeconds: n.TrainSeconds, FSR: n.FSR,
			Origin: n.Origin, Idea: n.Idea,
		}
		if m := n.Similar; m != nil {
			nd.Similarity = &similarJSON{Recall: m.Recall, Precision: m.Precision, F1: m.F1, Score: m.Score}
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
		c := calibrationDoc(*st.Calibration)
		d.Calibration = &c
	}
	if c := st.Confirmed; c != nil {
		d.Confirmation = &confirmJSON{
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
	return d, nil
}

func orEmpty(xs []float64) []float64 {
	if xs == nil {
		return []float64{}
	}
	return xs
}

// costWords gives what models cost.
func costWords(cost event.Float) string {
	if !cost.Known() {
		return "price not known"
	}
	return fmt.Sprintf("$%.2f", float64(cost))
}

// speedupWords gives a speedup over a record: "1.082x [1.050, 1.120]".
func speedupWords(speedup float64, interval *[2]float64) string {
	text := fmt.Sprintf("%.3fx", speedup)
	if interval != nil {
		text += fmt.Sprintf(" [%.3f, %.3f]", interval[0], interval[1])
	}
	return text
}

// scoreWords gives an attempt's FSR with its interval and what it rests on, or its
// speedup where the task is open.
func scoreWords(s store.Summary) string {
	switch {
	case s.Speedup != nil:
		return speedupWords(*s.Speedup, s.SpeedupInterval)
	case s.FSR == nil:
		return "–"
	}
	text := fmt.Sprintf("%.2f", *s.FSR)
	if s.Interval != nil {
		text += fmt.Sprintf(" [%.2f, %.2f]", s.Interval[0], s.Interval[1])
	}
	if !s.Confirmed && *s.FSR != 0 {
		text += " provisional"
	}
	return text + asideWord(s.Task, s.Benchmark)
}

func (a *app) showCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show an attempt with its nodes",
		Args:  args(1, 1),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			d, err := showDoc(ctx, s, args[0])
			if err != nil {
				return err
			}
			if a.json {
				return a.print(d)
			}
			sum, err := s.Attempt(ctx, d.ID)
			if err != nil {
				return err
			}
			figure, hours := "FSR", ""
			if sum.Open {
				figure = "speedup"
			}
			if d.GPUHours > 0 {
				hours = fmt.Sprintf("  %.2f GPU-hours", float64(d.GPUHours))
			}
			fmt.Fprintf(a.out, "attempt %d  %s\n%s\n%s %s  (calibrate %d, confirm %d)%s\n", d.Number, d.ID,
				clean.Line(fmt.Sprintf("%s%s  hint %s  %s · %s  %s", d.Task, asideWord(d.Task, d.Benchmark), d.Hint, d.Agent, d.Scaffold, d.Status)), figure, scoreWords(sum), d.Calibrate, d.Confirm, hours)
			if d.Why != "" {
				fmt.Fprintln(a.out, clean.Line(d.Why))
			}
			if c := d.Confirmation; c != nil {
				for _, line := range confirmationWords(*c) {
					fmt.Fprintln(a.out, line)
				}
			}
			if d.Model != nil {
				fmt.Fprintln(a.out, clean.Line(fmt.Sprintf("%s  %d tokens  %s", *d.Model, d.Tokens, costWords(d.Cost))))
			}
			fmt.Fprintln(a.out)
			rows := [][]string{{"NODE", "KIND", "STATUS", "LOSS", "TIME", "FSR", "WHY"}}
			for _, n := range d.Nodes {
				loss, fsr := "–", "–"
				if n.ValLoss.Known() {
					loss = fmt.Sprintf("%.4f", float64(n.ValLoss))
				}
				if n.FSR != nil {
					fsr = fmt.Sprintf("%.2f", *n.FSR)
				}
				rows = append(rows, []string{strconv.Itoa(n.ID), taskdata.Aside(d.Task, d.Benchmark), n.Status, loss, seconds(n.TrainSeconds), fsr, n.Why})
			}
			return a.table(rows)
		}),
	}
}

// confirmationWords says what a confirmation tells besides FSR.
func confirmationWords(c confirmJSON) []string {
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
