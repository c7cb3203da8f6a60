package campaign

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// StatusMissing is the status of a cell without an attempt.
const StatusMissing event.Standing = "missing"

// Row is a cell and how it stands.
type Row struct {
	Cell
	Attempt *store.CellAttempt // nil: there is none yet
	Why     string             // why it stands as it does, for people
}

// Status is that of the cell's attempt, or StatusMissing.
func (r Row) Status() event.Standing {
	if r.Attempt == nil {
		return StatusMissing
	}
	return r.Attempt.Status
}

// Report is how a campaign stands.
type Report struct {
	Campaign store.Campaign
	Rows     []Row  // in the order in which the cells are run
	Jobs     int    // attempts in flight at once
	Ended    string // why the sweep ended before its last cell, "" if it did not
}

// NewReport puts the attempts that there are into a campaign's cells.
func NewReport(c store.Campaign, attempts map[string]store.CellAttempt) Report {
	r := Report{Campaign: c, Jobs: 1}
	numbers := map[string]int64{}
	for _, a := range attempts {
		numbers[a.ID] = a.Number
	}
	for _, cell := range Cells(c.Plan) {
		row := Row{Cell: cell}
		if a, ok := attempts[cell.Name]; ok {
			row.Attempt, row.Why = &a, a.Why
			if from := carried(cell, a, attempts, numbers); from != "" {
				row.Why = strings.TrimSuffix(from+" · "+row.Why, " · ")
			}
		}
		r.Rows = append(r.Rows, row)
	}
	return r
}

// carried says what the attempt of a cumulative campaign starts from.
func carried(c Cell, a store.CellAttempt, attempts map[string]store.CellAttempt, numbers map[string]int64) string {
	switch before, ok := attempts[c.Before]; {
	case c.Before == "":
		return ""
	case a.Carry == "" && ok:
		return fmt.Sprintf("from the record: attempt %d has no valid node", before.Number)
	case a.Carry == "":
		return "from the record"
	case numbers[a.Carry] != 0:
		return fmt.Sprintf("from attempt %d", numbers[a.Carry])
	}
	return "from attempt " + a.Carry
}

// Totals adds a campaign up.
type Totals struct {
	Cells, Done, Live, Failed, Stopped, Missing int // Stopped counts interrupted ones too; Live those queued, running and paused

	Tokens   int64
	Cost     float64       // US dollars, of the attempts whose cost is known
	Unpriced int           // attempts whose cost is not known
	Active   time.Duration // for which engines have been at it, added up
	// Left estimates how long the rest takes, by the cells that are done; negative where none is.
	Left time.Duration
}

// Totals adds the rows up.
func (r Report) Totals() Totals {
	t := Totals{Cells: len(r.Rows)}
	for _, row := range r.Rows {
		a := row.Attempt
		if a == nil {
			t.Missing++
			continue
		}
		switch a.Status {
		case event.StatusDone:
			t.Done++
		case event.StatusFailed:
			t.Failed++
		case event.StatusStopped, event.StatusInterrupted:
			t.Stopped++
		default:
			t.Live++
		}
		t.Tokens += a.Tokens
		t.Active += a.Active
		switch cost := costOf(*a); {
		case cost.Known():
			t.Cost += float64(cost)
		default:
			t.Unpriced++
		}
	}
	t.Left = r.left()
	return t
}

// costOf gives what an attempt has cost; one that has not begun has cost nothing.
func costOf(a store.CellAttempt) event.Float {
	if a.Events == 0 {
		return 0
	}
	return a.Cost
}

// left estimates how long the cells that are not done take: as long as those of
// the same agent that are, else as long as any.
func (r Report) left() time.Duration {
	type sum struct {
		time time.Duration
		n    int
	}
	by := map[string]sum{}
	for _, row := range r.Rows {
		if row.Status() != event.StatusDone {
			continue
		}
		for _, key := range []string{"", row.Agent.Label} {
			by[key] = sum{by[key].time + row.Attempt.Active, by[key].n + 1}
		}
	}
	if by[""].n == 0 {
		return -1
	}
	total := time.Duration(0)
	for _, row := range r.Rows {
		if row.Status() == event.StatusDone {
			continue
		}
		s, ok := by[row.Agent.Label]
		if !ok {
			s = by[""]
		}
		each := s.time / time.Duration(s.n)
		if row.Attempt != nil {
			each = max(each-row.Attempt.Active, 0)
		}
		total += each
	}
	return total / time.Duration(max(r.Jobs, 1))
}

// Spent says which bound of the total is used up, "" while none is.
func (r Report) Spent() string {
	p, t := r.Campaign.Plan.Total, r.Totals()
	switch {
	case p.Cost > 0 && t.Cost >= p.Cost:
		return fmt.Sprintf("the campaign's total of $%g is used up ($%.2f): raise [total] cost and sweep again to go on", p.Cost, t.Cost)
	case p.Cost > 0 && t.Unpriced > 0:
		i := slices.IndexFunc(r.Rows, func(row Row) bool { return row.Attempt != nil && !costOf(*row.Attempt).Known() })
		return fmt.Sprintf("the campaign's total of $%g cannot be kept: what attempt %d costs is not known: give its model a price, or bound [total] tokens instead", p.Cost, r.Rows[i].Attempt.Number)
	case p.Tokens > 0 && t.Tokens >= p.Tokens:
		return fmt.Sprintf("the campaign's total of %d tokens is used up (%d): raise [total] tokens and sweep again to go on", p.Tokens, t.Tokens)
	case p.WallMS > 0 && t.Active.Milliseconds() >= p.WallMS:
		return fmt.Sprintf("the campaign's total of %s is used up: raise [total] wall and sweep again to go on", words(seconds(float64(p.WallMS)/1000)))
	}
	return ""
}

// AtMost is what the attempt of a cell can use of models and of time; NaN where
// nothing bounds it.
type AtMost struct {
	Cost    float64 // US dollars
	Tokens  float64
	Seconds float64 // active time of its search; confirmation comes on top
}

// AtMost gives the bounds of a cell.
func (c Cell) AtMost() AtMost {
	s := c.Spec()
	m := AtMost{Cost: bound(s.Budget.Cost), Tokens: bound(float64(s.Budget.Tokens)), Seconds: bound(float64(s.Budget.WallMS) / 1000)}
	if s.Model == "" && s.Judge == "" {
		m.Cost, m.Tokens = 0, 0
	}
	return m
}

func bound(v float64) float64 {
	if v <= 0 {
		return math.NaN()
	}
	return v
}

// CostAtMost bounds what the campaign costs in the end, NaN where nothing does.
func (r Report) CostAtMost() float64 {
	most := 0.0
	for _, row := range r.Rows {
		own := row.AtMost().Cost
		if row.Attempt != nil {
			if spent := float64(costOf(*row.Attempt)); row.Status() == event.StatusDone || spent > own {
				own = spent
			}
		}
		most += own
	}
	if total := r.Campaign.Plan.Total.Cost; total > 0 && (math.IsNaN(most) || most > total) {
		return total
	}
	return most
}

// jsonReport is the JSON document of a campaign.
type jsonReport struct {
	Campaign string     `json:"campaign"`
	Name     string     `json:"name"`
	Cells    []jsonCell `json:"cells"`
	Totals   jsonTotals `json:"totals"`
}

type jsonCell struct {
	Cell        string      `json:"cell"`
	Task        string      `json:"task"`
	Benchmark   bool        `json:"benchmark"`
	Hint        string      `json:"hint"`
	Agent       string      `json:"agent"`
	Label       string      `json:"label"`
	Seed        int64       `json:"seed"`
	Attempt     *string     `json:"attempt"` // null: there is none yet
	Status      string      `json:"status"`
	FSR         *float64    `json:"fsr"`
	FSRInterval *[2]float64 `json:"fsr_interval"`
	Confirmed   bool        `json:"confirmed"`
	Best        *int        `json:"best"` // node
	BestSeconds event.Float `json:"best_seconds"`
	Nodes       int         `json:"nodes"` // with a verdict
	Budget      int         `json:"budget"`
	Tokens      int64       `json:"tokens"`
	Cost        event.Float `json:"cost"`
	CostAtMost  event.Float `json:"cost_at_most"`
	Carry       *string     `json:"carry"` // the attempt whose result it starts from
	Why         string      `json:"why"`
}

type jsonTotals struct {
	Cells       int         `json:"cells"`
	Done        int         `json:"done"`
	Live        int         `json:"live"`
	Failed      int         `json:"failed"`
	Stopped     int         `json:"stopped"`
	Missing     int         `json:"missing"`
	Tokens      int64       `json:"tokens"`
	Cost        event.Float `json:"cost"`
	CostAtMost  event.Float `json:"cost_at_most"`
	CostLeft    event.Float `json:"cost_left"`
	Seconds     float64     `json:"seconds"`
	SecondsLeft event.Float `json:"seconds_left"`
	Why         string      `json:"why"` // it ended before its last cell
}

// Document gives the report as what becomes one JSON document.
func (r Report) Document() any {
	t := r.Totals()
	doc := jsonReport{Campaign: r.Campaign.ID, Name: r.Campaign.Name, Cells: []jsonCell{}, Totals: jsonTotals{
		Cells: t.Cells, Done: t.Done, Live: t.Live, Failed: t.Failed, Stopped: t.Stopped, Missing: t.Missing,
		Tokens: t.Tokens, Cost: event.Float(t.Cost), CostAtMost: event.Float(r.CostAtMost()), CostLeft: event.NaN(),
		Seconds: t.Active.Seconds(), SecondsLeft: event.NaN(), Why: r.Ended,
	}}
	if t.Unpriced > 0 {
		doc.Totals.Cost = event.NaN()
	}
	if total := r.Campaign.Plan.Total.Cost; total > 0 {
		doc.Totals.CostLeft = event.Float(max(total-t.Cost, 0))
	}
	if t.Left >= 0 {
		doc.Totals.SecondsLeft = event.Float(t.Left.Seconds())
	}
	for _, row := range r.Rows {
		c := jsonCell{
			Cell: row.Name, Task: row.Task.ID, Benchmark: taskdata.Aside(row.Task.ID, row.Task.Benchmark) == "", Hint: row.Hint, Agent: row.Agent.Spec.Agent, Label: row.Agent.Label,
			Seed: row.Seed, Status: string(row.Status()), BestSeconds: event.NaN(), Budget: row.Agent.Spec.Nodes, CostAtMost: event.Float(row.AtMost().Cost), Why: row.Why,
		}
		if a := row.Attempt; a != nil {
			c.Attempt, c.FSR, c.FSRInterval, c.Confirmed, c.Nodes, c.Tokens, c.Cost = &a.ID, a.FSR, a.Interval, a.Confirmed, a.NodesDone, a.Tokens, costOf(*a)
			if a.BestNode >= 0 {
				c.Best, c.BestSeconds = &a.BestNode, a.BestSeconds
			}
			if a.Carry != "" {
				c.Carry = &a.Carry
			}
		}
		doc.Cells = append(doc.Cells, c)
	}
	return doc
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// words gives a duration in its two largest units.
func words(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour && d%time.Minute == 0:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
}
