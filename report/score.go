package report

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/store/stats"
	"pitwall/taskdata"
)

// Score is the mean FSR of the attempts that have agent, model, hint and scaffold in common.
type Score struct {
	Agent       string         `json:"agent"`
	Model       *string        `json:"model"`
	Hint        string         `json:"hint"`
	Scaffold    string         `json:"scaffold"`
	Benchmark   bool           `json:"benchmark"`
	FSR         event.Float    `json:"fsr"`
	Interval    [2]event.Float `json:"fsr_interval"`
	Tasks       []ScoredTask   `json:"tasks"`
	Left        []LeftOut      `json:"left_out"`
	Paper       event.Float    `json:"paper_reading"` // ours, by the published protocol
	Published   event.Float    `json:"published"`     // the paper's own figure
	Differences []string       `json:"differences"`   // between ours and the paper's, in words
	Trained     []string       `json:"trained_after"` // tasks whose next record is older than what the model was trained on
}

// ScoredTask is a task's part in a mean.
type ScoredTask struct {
	Task      string         `json:"task"`
	FSR       float64        `json:"fsr"`
	Interval  [2]event.Float `json:"fsr_interval"`
	Attempts  int            `json:"attempts"`
	Confirmed int            `json:"confirmed"`
	Paper     event.Float    `json:"paper_reading"`
}

// LeftOut is a task, or some of its attempts, that a mean leaves out.
type LeftOut struct {
	Task string `json:"task"`
	Why  string `json:"why"`
}

// aside says why the figures are none of the benchmark's, "" where they are.
func (d Score) aside() string {
	return taskdata.Asides(func(yield func(string, bool) bool) {
		for _, t := range d.Tasks {
			if !yield(t.Task, d.Benchmark) {
				return
			}
		}
		for _, l := range d.Left {
			if !yield(l.Task, d.Benchmark) {
				return
			}
		}
	})
}

// Selection says which attempts are scored; what is empty takes any. Without Tasks it
// is those of the benchmark.
type Selection struct {
	Tasks                 []string
	Agent, Hint, Scaffold string
	Talks                 func(agent string) bool // whether an agent is a language model
}

// takes reports whether an attempt is one of those that are scored.
func (o Selection) takes(tasks *taskdata.Catalog, s store.Summary) bool {
	if s.Status != event.StatusDone || s.Confirm == 0 || s.Carry != "" ||
		o.Agent != "" && s.Agent != o.Agent || o.Hint != "" && s.Hint != o.Hint || o.Scaffold != "" && s.Scaffold != o.Scaffold {
		return false
	}
	t, err := tasks.FindTask(s.Task)
	if err != nil || t.Open() {
		return false
	}
	if len(o.Tasks) > 0 {
		return slices.Contains(o.Tasks, s.Task)
	}
	return t.Benchmark()
}

// cell is what attempts have in common that are scored together.
type cell struct{ agent, model, hint, scaffold string }

// scored are the attempts of a cell.
type scored struct {
	cell
	practice bool
	talks    bool     // a language model is the agent
	tasks    []string // in order
	byTask   map[string]*taskScore
	setup    stats.Setup
}

type taskScore struct {
	byKey map[string]*keyScore
}

// keyScore are the attempts on a task that compare.
type keyScore struct {
	runs  stats.TaskRuns
	paper stats.PaperTask
	seen  map[string]bool // calibrations
}

// add takes an attempt into its cell.
func (c *scored) add(tasks *taskdata.Catalog, sum store.Summary, st *fold.State) {
	t := c.byTask[sum.Task]
	if t == nil {
		t = &taskScore{byKey: map[string]*keyScore{}}
		c.byTask[sum.Task] = t
		c.tasks = append(c.tasks, sum.Task)
	}
	key, cal := "", st.Calibration
	if cal != nil {
		key = cal.Key
	}
	k := t.byKey[key]
	if k == nil {
		k = &keyScore{runs: stats.TaskRuns{Task: sum.Task, Spread: trackSpread(tasks, sum.Task)}, paper: stats.PaperTask{Task: sum.Task}, seen: map[string]bool{}}
		t.byKey[key] = k
	}
	if cal != nil && !k.seen[cal.ID] {
		k.seen[cal.ID] = true
		k.runs.CalibrationFrom = append(k.runs.CalibrationFrom, cal.From...)
		k.runs.CalibrationTo = append(k.runs.CalibrationTo, cal.To...)
	}
	one := stats.AttemptRuns{}
	if r := st.Confirmed; r != nil && r.Valid {
		one = stats.AttemptRuns{Confirmed: true, FromSeconds: r.FromSeconds, NodeSeconds: r.NodeSeconds}
	}
	k.runs.Attempts = append(k.runs.Attempts, one)
	var nodes []stats.Run
	for _, n := range st.Nodes {
		run := stats.Run{Loss: float64(n.ValLoss), Seconds: float64(n.TrainSeconds)}
		if n.State == event.VerdictInvalid {
			run = stats.Run{Loss: math.NaN(), Seconds: math.NaN()}
		}
		nodes = append(nodes, run)
	}
	k.paper.Attempts = append(k.paper.Attempts, nodes)
	if c.setup.Nodes == 0 || sum.Nodes < c.setup.Nodes {
		c.setup.Nodes = sum.Nodes
	}
	c.setup.Hints, c.setup.Scripts, c.setup.GPUs = cmp.Or(st.Attempt.Hints, taskdata.HintsOwn), st.Attempt.Scripts, st.Attempt.GPUs
	c.setup.Documents = c.setup.Documents || len(sum.Documents) > 0
	if len(st.Machine.GPUs) > 0 {
		c.setup.GPU = st.Machine.GPUs[0]
	}
}

func trackSpread(tasks *taskdata.Catalog, id string) float64 {
	t, err := tasks.FindTask(id)
	if err != nil {
		return 0
	}
	track, err := taskdata.FindTrack(t.From.Track)
	if err != nil {
		return 0
	}
	return track.SpreadOf(t.From)
}

// main gives the attempts of the key that most were measured under, and how many others
// there are.
func (t *taskScore) main() (best *keyScore, others int) {
	for _, k := range t.byKey {
		others += len(k.runs.Attempts)
		if best == nil || len(k.runs.Attempts) > len(best.runs.Attempts) {
			best = k
		}
	}
	return best, others - len(best.runs.Attempts)
}

func (c *scored) document(tasks *taskdata.Catalog) Score {
	d := Score{
		Agent: c.agent, Hint: c.hint, Scaffold: c.scaffold, Benchmark: !c.practice, Tasks: []ScoredTask{}, Left: []LeftOut{},
		Published: event.NaN(), Differences: []string{}, Trained: []string{},
	}
	if c.talks {
		d.Model = &c.model
	}
	var runs []stats.TaskRuns
	var paper []stats.PaperTask
	slices.Sort(c.tasks)
	for _, id := range c.tasks {
		k, others := c.byTask[id].main()
		if others > 0 {
			d.Left = append(d.Left, LeftOut{id, fmt.Sprintf("%d attempts that were measured on another machine or in another environment", others)})
		}
		if n := len(k.runs.Attempts); c.setup.Attempts == 0 || n < c.setup.Attempts {
			c.setup.Attempts = n
		}
		k.paper.From, k.paper.To = OfSeconds(k.runs.CalibrationFrom).Mean, OfSeconds(k.runs.CalibrationTo).Mean
		runs, paper = append(runs, k.runs), append(paper, k.paper)
	}
	mean, read := stats.MeanFSR(runs, stats.Bootstrap{Seed: 1}), stats.Paper(paper)
	d.FSR, d.Interval, d.Paper = event.Float(mean.Value), [2]event.Float{event.Float(mean.Interval.Low), event.Float(mean.Interval.High)}, event.Float(read.Value)
	perPaper := map[string]float64{}
	for _, t := range read.Tasks {
		perPaper[t.Task] = t.Value
		c.setup.Tasks = append(c.setup.Tasks, t.Task)
	}
	for _, t := range mean.Tasks {
		one := ScoredTask{
			Task: t.Task, FSR: t.Value, Interval: [2]event.Float{event.Float(t.Interval.Low), event.Float(t.Interval.High)},
			Attempts: t.Attempts, Confirmed: t.Confirmed, Paper: event.NaN(),
		}
		if v, ok := perPaper[t.Task]; ok {
			one.Paper = event.Float(v)
		}
		d.Tasks = append(d.Tasks, one)
	}
	for _, l := range mean.Left {
		d.Left = append(d.Left, LeftOut{l.Task, l.Why})
	}
	c.compare(tasks, &d)
	return d
}

// compare puts the paper's figure beside, and in what ours was made otherwise.
func (c *scored) compare(tasks *taskdata.Catalog, d *Score) {
	if !c.talks || c.practice {
		return
	}
	model := c.model[strings.LastIndex(c.model, "/")+1:]
	at := stats.Cell{Model: model, Hint: c.hint, Scaffold: c.scaffold}
	if v, ok := stats.PaperFSR(at.Model, at.Hint, at.Scaffold); ok {
		d.Published = event.Float(v)
	}
	c.setup.Cell, c.setup.Reading, c.setup.Prompts = at, stats.ReadingPaper, "pitwall"
	d.Differences = append(d.Differences, stats.Compare(c.setup, at)...)
	cutoff, ok := stats.TrainingCutoff(model)
	if !ok {
		return
	}
	for _, id := range c.tasks {
		t, err := tasks.FindTask(id)
		if err != nil {
			continue
		}
		if after, Known := stats.TrainedAfter(cutoff, t.To.Date); Known && after {
			d.Trained = append(d.Trained, id)
		}
	}
}

// Scores gives the means of the attempts that are selected, in order of agent, model,
// scaffold and hint.
func Scores(ctx context.Context, s *store.Store, tasks *taskdata.Catalog, o Selection) ([]Score, error) {
	sums, err := s.Attempts(ctx)
	if err != nil {
		return nil, err
	}
	cells := map[cell]*scored{}
	for _, sum := range slices.Backward(sums) { // oldest first
		if !o.takes(tasks, sum) {
			continue
		}
		st, err := s.StateAt(ctx, sum.ID, 0)
		if err != nil {
			return nil, err
		}
		key := cell{sum.Agent, sum.Model, sum.Hint, sum.Scaffold}
		if cells[key] == nil {
			cells[key] = &scored{cell: key, byTask: map[string]*taskScore{}, practice: !sum.Benchmark, talks: o.Talks(sum.Agent)}
		}
		cells[key].add(tasks, sum, st)
	}
	list := make([]*scored, 0, len(cells))
	for _, c := range cells {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *scored) int {
		return cmp.Or(strings.Compare(a.agent, b.agent), strings.Compare(a.model, b.model), strings.Compare(a.scaffold, b.scaffold), strings.Compare(a.hint, b.hint))
	})
	docs := []Score{}
	for _, c := range list {
		docs = append(docs, c.document(tasks))
	}
	return docs, nil
}

// ScoreTable lists scores; the first row has the headings.
func ScoreTable(list []Score) [][]string {
	rows := [][]string{{"AGENT", "HINT", "SCAFFOLD", "KIND", "TASKS", "FSR", "95 %", "PAPER'S READING", "PUBLISHED"}}
	for _, d := range list {
		name := d.Agent
		if d.Model != nil {
			name = *d.Model
		}
		rows = append(rows, []string{
			name, d.Hint, d.Scaffold, d.aside(), fmt.Sprint(len(d.Tasks)), figure("%.2f", d.FSR), bounds(d.Interval), figure("%.2f", d.Paper), figure("%.2f", d.Published),
		})
	}
	return rows
}

// ScoreLines say, by row of the table, what scores leave out, and what to know of them
// beside the paper's.
func ScoreLines(list []Score) (lines []string) {
	for i, d := range list {
		for _, l := range d.Left {
			lines = append(lines, fmt.Sprintf("row %d leaves out %s: %s", i+1, l.Task, l.Why))
		}
		if d.Published.Known() {
			for _, text := range d.Differences {
				lines = append(lines, fmt.Sprintf("row %d differs from the paper's: %s", i+1, text))
			}
		}
		if len(d.Trained) > 0 {
			lines = append(lines, fmt.Sprintf("row %d: the model was trained after the next record of %s", i+1, strings.Join(d.Trained, ", ")))
		}
	}
	return lines
}
