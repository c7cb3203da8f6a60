package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"pitwall/taskdata"
)

// Workspace is what one agent of llm-speedrunner left behind: the search tree of its attempt. It is
// read, and kept nowhere.
type Workspace struct {
	Name string // of its directory
	Path string

	Task     string            // "nanogpt/4", whose first record's script version 0 is byte for byte; "" where there is none
	Why      string            // Task is "", and what else is odd
	Settings map[string]string // of its config.yaml, those in settingNames that it has; never its keys
	Texts    []string          // paths of the texts its agent was given, as its config.yaml has them

	Versions []Version // in order of number
}

// settingNames are what is taken from a workspace's config.yaml, which holds the user's API keys too.
var settingNames = []string{
	"template_dirname", "model_name", "n_iterations", "n_initial_hypotheses", "n_hypotheses", "debug_prob", "max_bug_depth", "max_n_nodes",
}

// Version is a node of a workspace's search tree.
type Version struct {
	Number     int
	Parent     int // -1 for none, as of version 0
	BugDepth   int // 0 where it worked, 1 where only its parent did, and so on
	Created    time.Time
	Status     string // of its job: "COMPLETED", "FAILED", ...; "" where it has no result
	Hypothesis string
	Outcome    string // a model's summary of the logs

	Files   map[string]string  // its Python files, train_gpt2.py before all, by path with slashes
	Results json.RawMessage    // its results.json, nil where there is none
	Metrics map[string]float64 // n_steps, val_loss and train_time (ms) as its results.json has them: often a model's reading of the log
	Valid   *bool              // as its results.json has it

	Log     string // that its own run wrote, "" where there is none
	LogPath string // in the version's directory

	// What Log says by rule: the points that have a loss, whether it goes up to the last step, and time
	// and loss at the last validation.
	Curve   []taskdata.Point
	Done    bool
	Seconds float64
	ValLoss float64

	Why string // what is broken or missing, "" where nothing is
}

// Bounds of what is read of workspaces.
const (
	maxDirs     = 20_000 // that are searched
	maxVersions = 2_000
	maxFiles    = 200     // Python files of a version
	maxFile     = 4 << 20 // bytes of such a file
	maxDepth    = 4       // of a workspace below where the search starts
)

var versionName = regexp.MustCompile(`^v_(\d{1,6})$`)

func isWorkspace(dir string) bool {
	info, err := os.Lstat(filepath.Join(dir, "v_0"))
	return err == nil && info.IsDir()
}

// workspaces reports the workspaces in a directory and below; one that is not there has none.
func (s *session) workspaces(ctx context.Context, dir string) error {
	found, err := findWorkspaces(ctx, dir)
	if err != nil || len(found) == 0 {
		return err
	}
	scripts, err := s.scripts()
	if err != nil {
		return err
	}
	for i, path := range found {
		s.progress(Progress{Done: i, Total: len(found), What: filepath.Base(path)})
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("import stopped: %w", err)
		}
		item := Item{Kind: KindWorkspace, Name: path, State: Taken}
		w, err := readWorkspace(path)
		if err != nil {
			item.State, item.Why = Damaged, err.Error()
			s.report.Items = append(s.report.Items, item)
			continue
		}
		item.Track, item.Number = w.guess(scripts)
		item.Runs, item.Why = len(w.Versions), w.Why
		broken := 0
		for _, v := range w.Versions {
			if v.Why != "" {
				broken++
			}
		}
		if broken > 0 {
			item.State = Damaged
			item.Why = strings.TrimPrefix(fmt.Sprintf("%s; %d of its %d versions are not whole", item.Why, broken, len(w.Versions)), "; ")
		}
		s.report.Items = append(s.report.Items, item)
		s.report.Workspaces = append(s.report.Workspaces, w)
	}
	s.progress(Progress{Done: len(found), Total: len(found)})
	return nil
}

// findWorkspaces returns the directories that hold a v_0, down to maxDepth below dir.
func findWorkspaces(ctx context.Context, dir string) ([]string, error) {
	if isWorkspace(dir) {
		return []string{dir}, nil
	}
	var found []string
	visited := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return fmt.Errorf("import stopped: %w", ctx.Err())
		}
		if err != nil {
			if d != nil && d.IsDir() {
				return fs.SkipDir // one that cannot be read holds nothing for us
			}
			return nil
		}
		if !d.IsDir() || path == dir {
			return nil
		}
		if visited++; visited > maxDirs {
			return fs.SkipAll
		}
		if strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if isWorkspace(path) {
			found = append(found, path)
			return fs.SkipDir
		}
		below, err := filepath.Rel(dir, path)
		if err != nil || strings.Count(below, string(filepath.Separator)) >= maxDepth-1 {
			return fs.SkipDir
		}
		return nil
	})
	return found, err
}

// origin is a record whose script a workspace may have started from.
type origin struct {
	track  string
	number int
}

// scripts returns where each imported script is from.
func (s *session) scripts() (map[string][]origin, error) {
	catalog, err := taskdata.OpenCatalog(s.dir)
	if err != nil {
		return nil, err
	}
	scripts := map[string][]origin{}
	for _, r := range slices.Concat(catalog.Records(taskdata.NanoGPT), catalog.Records(taskdata.NanoGPTMedium)) {
		for _, source := range []string{taskdata.LLMSpeedrunner, taskdata.ModdedNanoGPT} {
			about, ok := r.Imported(source)
			from := origin{r.Track, r.Number}
			if ok && about.Script != "" && !slices.Contains(scripts[about.Script], from) {
				scripts[about.Script] = append(scripts[about.Script], from)
			}
		}
	}
	return scripts, nil
}

// guess finds the task that a workspace is of, and returns its first record. Two records can have one
// script: then the workspace's settings decide, or else it is the task of the benchmark.
func (w *Workspace) guess(scripts map[string][]origin) (track string, number int) {
	fitting := scripts[w.Versions[0].Files[templateName]]
	switch {
	case w.Versions[0].Files[templateName] == "":
		w.Why = "its first version holds no " + templateName
		return "", 0
	case len(scripts) == 0:
		w.Why = "no scripts are imported yet to compare it with: import the clone it was run from, then this again"
		return "", 0
	case len(fitting) == 0:
		w.Why = "its first version is the script of no record that was imported"
		if named := w.Settings["template_dirname"]; named != "" {
			w.Why += ", though its settings name " + named
		}
		return "", 0
	}
	best := fitting[0]
	for _, from := range fitting {
		if w.Settings["template_dirname"] == fmt.Sprintf("nanogpt_speedrun/record_%d", from.number) {
			best = from
			break
		}
		task := taskdata.Task{From: taskdata.Record{Track: from.track, Number: from.number}}
		if task.Benchmark() {
			best = from
		}
	}
	w.Task = fmt.Sprintf("%s/%d", best.track, best.number)
	return best.track, best.number
}
