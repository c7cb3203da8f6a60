package importer

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"pitwall/taskdata"
)

// Where llm-speedrunner keeps what is imported.
const (
	templatesDir = "workspace_templates/nanogpt_speedrun"
	hintsDir     = "data/nanogpt_speedrun_knowledge_in_levels"
	templateName = "train_gpt2.py"
)

func (s *session) isSpeedrunner() bool {
	for path := range s.files {
		if strings.HasPrefix(path, templatesDir+"/") {
			return true
		}
	}
	return false
}

// templates imports llm-speedrunner: the scripts of the benchmark's records, and the texts of its
// tasks.
func (s *session) templates(ctx context.Context) error {
	tasks := slices.DeleteFunc(s.before.Tasks(taskdata.NanoGPT), func(t taskdata.Task) bool { return !t.Benchmark() })
	last := tasks[len(tasks)-1].To.Number
	texts := s.texts(last)
	total := last + len(texts)
	for n := 1; n <= last; n++ {
		s.progress(Progress{Done: n - 1, Total: total, What: fmt.Sprintf("%s/%d", taskdata.NanoGPT, n)})
		if err := s.template(ctx, n); err != nil {
			return err
		}
	}
	for i, t := range texts {
		s.progress(Progress{Done: last + i, Total: total, What: t.path})
		if err := s.text(ctx, t); err != nil {
			return err
		}
	}
	s.progress(Progress{Done: total, Total: total})
	return nil
}

// template imports the benchmark's script of a record, with the time that its authors measured. The
// other figures beside it are not to be relied on.
func (s *session) template(ctx context.Context, number int) error {
	folder := fmt.Sprintf("%s/record_%d/", templatesDir, number)
	record := taskdata.ImportedRecord{
		Source: taskdata.LLMSpeedrunner, Commit: s.clone.commit, Track: taskdata.NanoGPT, Number: number, Path: folder + templateName,
	}
	item := Item{Kind: KindTemplate, Track: record.Track, Number: number, Name: record.Path}
	if published, err := s.before.FindRecord(record.Track, number); err == nil {
		item.PublishedSeconds = published.Seconds
	}
	defer func() { s.report.Items = append(s.report.Items, item) }()
	if s.files[record.Path] == "" {
		item.State, item.Why = Skipped, "this commit holds no template of it"
		return nil
	}
	var err error
	if record.Script, err = s.read(ctx, record.Path); ctx.Err() != nil {
		return err
	} else if err != nil {
		item.State, item.Why = Damaged, fmt.Sprintf("its script cannot be read: %v", err)
		return nil
	}
	if record.Script == "" {
		item.State, item.Why = Damaged, "its script is empty"
		return nil
	}
	seconds, err := s.templateSeconds(ctx, folder+"results.json")
	if ctx.Err() != nil {
		return err
	} else if err != nil {
		item.State, item.Why = Damaged, fmt.Sprintf("its results.json cannot be read: %v", err)
	}
	record.Seconds, item.Seconds = seconds, seconds
	return s.keep(record, &item)
}

// templateSeconds reads the training time of a template; 0 where there is no file.
func (s *session) templateSeconds(ctx context.Context, path string) (float64, error) {
	if s.files[path] == "" {
		return 0, nil
	}
	text, err := s.read(ctx, path)
	if err != nil {
		return 0, err
	}
	var results struct {
		Metrics struct {
			TrainMS float64 `json:"train_time"`
		} `json:"metrics"`
	}
	if err := json.Unmarshal([]byte(text), &results); err != nil {
		return 0, err
	}
	return results.Metrics.TrainMS / 1000, nil
}

// text is a hint or a document of a task, and where it lies.
type text struct {
	taskdata.ImportedHint
	path string
}

// textName matches what there is for the task from record N to N+1, in the folder record_N. Level 0 is
// the answer itself and is never read.
var textName = regexp.MustCompile(`^` + hintsDir + `/record_(\d+)/level_([1239])_(\w+)\.txt$`)

// levels are those of the file names.
var levels = map[string]taskdata.Hint{"1": taskdata.HintPseudocode, "2": taskdata.HintText, "3": taskdata.HintMiniPaper}

// texts lists the texts of the tasks before a record, those that ought to be there and are not without
// a path.
func (s *session) texts(last int) []text {
	var list []text
	there := map[string]bool{}
	for path := range s.files {
		m := textName.FindStringSubmatch(path)
		if m == nil {
			continue
		}
		from, err := strconv.Atoi(m[1])
		if err != nil || from < 1 || from >= last {
			continue
		}
		t := text{taskdata.ImportedHint{
			Source: taskdata.LLMSpeedrunner, Commit: s.clone.commit, Track: taskdata.NanoGPT, From: from, Level: levels[m[2]],
		}, path}
		if t.Level == "" {
			t.Name = m[3]
		}
		there[fmt.Sprint(from, t.Level)] = true
		list = append(list, t)
	}
	for from := 1; from < last; from++ {
		for _, level := range levels {
			if !there[fmt.Sprint(from, level)] {
				list = append(list, text{ImportedHint: taskdata.ImportedHint{Track: taskdata.NanoGPT, From: from, Level: level}})
			}
		}
	}
	slices.SortFunc(list, func(a, b text) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), a.From-b.From, cmp.Compare(a.Level, b.Level))
	})
	return list
}

// text imports a hint or a document.
func (s *session) text(ctx context.Context, t text) error {
	item := Item{Kind: KindHint, Track: t.Track, Number: t.From, Name: t.path}
	if t.Name != "" {
		item.Kind = KindDocument
	}
	defer func() { s.report.Items = append(s.report.Items, item) }()
	if t.path == "" {
		item.Name = fmt.Sprintf("%s/record_%d/level_%s_*.txt", hintsDir, t.From, string(t.Level))
		item.State, item.Why = Skipped, "this commit does not hold it"
		return nil
	}
	var err error
	switch t.Text, err = s.read(ctx, t.path); {
	case ctx.Err() != nil:
		return err
	case err != nil:
		item.State, item.Why = Damaged, fmt.Sprintf("it cannot be read: %v", err)
		return nil
	case strings.TrimSpace(t.Text) == "":
		item.State, item.Why = Skipped, "it is empty"
		return nil
	}
	had, err := s.hadText(t)
	if err != nil {
		return err
	}
	changed, err := taskdata.SaveHint(s.dir, t.ImportedHint)
	item.State = became(had, changed)
	return err
}

// hadText reports whether an earlier import left the text.
func (s *session) hadText(t text) (bool, error) {
	task, err := s.before.FindTask(fmt.Sprintf("%s/%d", t.Track, t.From))
	if err != nil {
		return false, err
	}
	if t.Name == "" {
		told, err := task.WithHints(taskdata.HintsPaper)
		return err == nil && slices.Contains(told.Hints, t.Level), nil
	}
	documents, err := s.before.Documents(task)
	return slices.ContainsFunc(documents, func(d taskdata.Document) bool {
		return d.Name == taskdata.HintsPaper+":"+t.Name
	}), err
}
