package stats

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Readings of an attempt's result.
const (
	ReadingStrict = "strict" // confirmed by fresh runs; see MeanFSR
	ReadingPaper  = "paper"  // by the published protocol; see Paper
)

// Cell names a figure of the paper's table.
type Cell struct {
	Model    string // "o3-mini"
	Hint     string // "0", "1", "2", "3", "12" or "123"
	Scaffold string // "flat", "tree", "forest", "aide" or "multi-aide"
}

//go:embed paper.tsv
var paperTable string

var published = sync.OnceValue(func() map[Cell]float64 {
	t, err := parseTable(paperTable)
	if err != nil {
		panic("stats: embedded figures of the paper: " + err.Error()) // a test reads the same text
	}
	return t
})

// parseTable reads a table that has a column for each scaffold, named in its first line.
func parseTable(text string) (map[Cell]float64, error) {
	figures := map[Cell]float64{}
	var scaffolds []string
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		fields := strings.Split(line, "\t")
		switch {
		case strings.HasPrefix(line, "#"):
			continue
		case scaffolds == nil && len(fields) > 2:
			scaffolds = fields[2:]
			continue
		case scaffolds == nil || len(fields) != 2+len(scaffolds):
			return nil, fmt.Errorf("line %d has %d fields, not %d", i+1, len(fields), 2+len(scaffolds))
		}
		for k, scaffold := range scaffolds {
			value, err := strconv.ParseFloat(fields[2+k], 64)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			figures[Cell{fields[0], fields[1], scaffold}] = value
		}
	}
	return figures, nil
}

// PaperFSR returns the mean FSR over tasks that arXiv 2506.22419 reports, and whether it reports one.
// It is of the published protocol, and stands beside ours only as far as Compare says.
func PaperFSR(model, hint, scaffold string) (value float64, ok bool) {
	value, ok = published()[Cell{model, hint, scaffold}]
	return value, ok
}

// Setup is what attempts of ours were made with.
type Setup struct {
	Cell
	Reading   string   // ReadingStrict or ReadingPaper
	Hints     string   // where the hints are from: "paper" of the benchmark's own
	Documents bool     // whether external documents were given beside the hint
	Scripts   string   // where the records' scripts are from: "llm-speedrunner" of the benchmark's templates
	Prompts   string   // whose prompts: "paper" of the benchmark's own
	Nodes     int      // budget of an attempt, node 0 not counted
	Attempts  int      // on a task; the fewest where they differ
	GPUs      int      // that a run used
	GPU       string   // its name, as the driver gives it: "NVIDIA H100 80GB HBM3"
	Tasks     []string // of the mean
}

// Compare returns in what our setup differs from that of a figure of the paper, in words for people.
// Only where there is no difference does the figure stand beside ours.
func Compare(ours Setup, cell Cell) []string {
	var found []string
	differ := func(differs bool, format string, args ...any) {
		if differs {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	_, reported := PaperFSR(cell.Model, cell.Hint, cell.Scaffold)
	differ(!reported, "the paper reports no figure for %s with hint %s and scaffold %s", cell.Model, cell.Hint, cell.Scaffold)
	differ(ours.Model != cell.Model, "model: %s here, %s in the paper", named(ours.Model), cell.Model)
	differ(cell.Model == "gemini-2.5-pro", "model: the paper's released code has gemini-2.5-pro's edits written by a flash model")
	differ(ours.Hint != cell.Hint, "hint: %s here, %s in the paper", named(ours.Hint), cell.Hint)
	differ(ours.Scaffold != cell.Scaffold, "scaffold: %s here, %s in the paper", named(ours.Scaffold), cell.Scaffold)
	differ(ours.Reading != ReadingPaper, "reading: %s here; the paper's takes single runs at their word and the best three attempts", named(ours.Reading))
	differ(ours.Hint != "0" && ours.Hints != "paper", "hints: those of %s here, the benchmark's own in the paper", named(ours.Hints))
	differ(ours.Documents, "documents: external ones were given here, none in the paper")
	differ(ours.Scripts != "llm-speedrunner", "scripts: those of %s here, the benchmark's templates in the paper", named(ours.Scripts))
	differ(ours.Prompts != "paper", "prompts: those of %s here, the benchmark's own in the paper", named(ours.Prompts))
	differ(ours.Nodes != 20, "nodes: %d an attempt here, 20 in the paper", ours.Nodes)
	differ(ours.Attempts < paperAttempts, "attempts: %d a task here, three or more in the paper", ours.Attempts)
	differ(ours.GPUs != 8 || !strings.Contains(ours.GPU, "H100"), "hardware: %s here, 8xH100 in the paper", hardware(ours))
	found = append(found, taskDifferences(ours.Tasks)...)
	return found
}

func named(word string) string {
	if word == "" {
		return "unknown"
	}
	return word
}

func hardware(s Setup) string {
	if s.GPUs < 1 {
		return "no GPU"
	}
	return fmt.Sprintf("%dx%s", s.GPUs, named(s.GPU))
}

// taskDifferences says which tasks a mean has and the paper's has not, and the other way round.
func taskDifferences(tasks []string) []string {
	missing := paperTasks()
	var more, found []string
	for _, task := range tasks {
		if i := slices.Index(missing, task); i >= 0 {
			missing = slices.Delete(missing, i, i+1)
		} else {
			more = append(more, task)
		}
	}
	if len(missing) > 0 {
		found = append(found, "tasks: the paper's mean has "+strings.Join(missing, ", ")+" too")
	}
	if len(more) > 0 {
		found = append(found, "tasks: the paper's mean is without "+strings.Join(more, ", "))
	}
	return found
}

// paperTasks are the tasks of the paper's means: from 6 to 7 was a library's upgrade, and the last of
// the benchmark's is left out.
func paperTasks() []string {
	var tasks []string
	for n := 1; n <= 20; n++ {
		if task := fmt.Sprintf("nanogpt/%d", n); n != 6 && task != paperDropped {
			tasks = append(tasks, task)
		}
	}
	return tasks
}

// TrainingCutoff returns the last month whose text a model of the paper was trained on, as "2024-11",
// where its maker documents it: OpenAI and Google in their lists of models, Anthropic for its training
// data (it calls the model's knowledge reliable up to the month before). DeepSeek documents none.
func TrainingCutoff(model string) (month string, ok bool) {
	switch model {
	case "o3-mini":
		return "2023-10", true
	case "gemini-2.5-pro":
		return "2025-01", true
	case "claude-3.7-sonnet":
		return "2024-11", true
	}
	return "", false
}

// TrainedAfter reports whether a model could have read of a record in its training: whether the end of
// its training text, a month or a day ("2024-11", "2024-11-30"), is not before the record's date. A
// month's text may be of any of its days. Known is false where one of the two is not a date.
func TrainedAfter(modelCutoff, recordDate string) (after, known bool) {
	if !isDate(modelCutoff) || !isDate(recordDate) {
		return false, false
	}
	digits := min(len(modelCutoff), len(recordDate))
	return modelCutoff[:digits] >= recordDate[:digits], true
}

func isDate(text string) bool {
	for _, layout := range []string{"2006-01", time.DateOnly} {
		if _, err := time.Parse(layout, text); err == nil {
			return true
		}
	}
	return false
}
