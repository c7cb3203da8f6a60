package adopt

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"pitwall/agent/scaffold"
	"pitwall/store/event"
	"pitwall/taskdata"
	"pitwall/taskdata/importer"
)

// setting is what an attempt of the benchmark's own code was made under.
type setting struct {
	hint, text, hints string
	scaffold          string
	search            event.Search
	nodes             int
	model             string
	notices           []string // what is guessed or missing, and what else is odd
}

// notKnown is a hint or a scaffold that a workspace does not tell.
const notKnown = "?"

// settingOf reads a workspace's settings.
func settingOf(w importer.Workspace, task taskdata.Task) setting {
	s := setting{hint: notKnown, scaffold: notKnown, nodes: max(len(w.Versions)-1, 1), model: clip(w.Settings["model_name"], 200)}
	if w.Settings == nil {
		s.note("it has no config.yaml that can be read: hint, model, scaffold and budget are not known")
	} else {
		s.readTexts(w.Texts, task)
		s.readSearch(w)
	}
	var moved []string
	for i, v := range w.Versions {
		if v.Number != i {
			moved = append(moved, fmt.Sprintf("version %d is node %d", v.Number, i))
		}
	}
	if n := len(moved); n > 0 {
		s.note("versions are missing between others: %s%s", strings.Join(moved[:min(n, 5)], ", "), map[bool]string{true: ", and so on"}[n > 5])
	}
	if slices.ContainsFunc(w.Versions, func(v importer.Version) bool { return v.BugDepth > 0 }) {
		s.note("nodes that start from one that failed are taken for attempts to mend it")
	}
	return s
}

func (s *setting) note(format string, args ...any) {
	s.notices = append(s.notices, fmt.Sprintf(format, args...))
}

// levelPath is how the path of a hint ends in the benchmark's data.
var levelPath = regexp.MustCompile(`(?:record_(\d+)/)?level_(\d+)[^/]*$`)

// readTexts finds out which hint the agent was given.
func (s *setting) readTexts(texts []string, task taskdata.Task) {
	var levels, others []string
	for _, text := range texts {
		m := levelPath.FindStringSubmatch(text)
		switch {
		case m != nil && m[2] == "0":
			s.note("its agent was given the human's change itself (%s): what it made of it is no answer of its own", clip(path.Base(text), 200))
		case m != nil && slices.Contains([]string{"1", "2", "3"}, m[2]):
			levels = append(levels, m[2])
			if m[1] != "" && m[1] != strconv.Itoa(task.From.Number) {
				s.note("its hint of level %s is that of record %s, not of record %d", m[2], clip(m[1], 20), task.From.Number)
			}
		default:
			others = append(others, clip(path.Base(text), 200))
		}
	}
	slices.Sort(levels)
	s.hint = cmp.Or(strings.Join(slices.Compact(levels), ""), string(taskdata.HintNone))
	if len(others) > 0 {
		s.note("its agent was given other texts, which are not here: %s", clip(strings.Join(others, ", "), 500))
	}
	if s.hint == string(taskdata.HintNone) {
		return
	}
	s.hints = taskdata.HintsPaper
	told, err := task.WithHints(taskdata.HintsPaper)
	if err == nil {
		s.text, err = told.HintText(taskdata.Hint(s.hint))
	}
	if err != nil {
		s.text = ""
		s.note("the text of its hint is not here: %v", err)
	}
}

// readSearch finds out which scaffold it was.
func (s *setting) readSearch(w importer.Workspace) {
	number := func(name string) (float64, bool) {
		f, err := strconv.ParseFloat(w.Settings[name], 64)
		return f, err == nil && f >= 0 && f <= 1e6
	}
	if n, ok := number("max_n_nodes"); ok && n >= 1 {
		s.nodes = int(n)
	} else {
		s.note("its budget of nodes is not known: %d are there", len(w.Versions)-1)
	}
	initial, ok1 := number("n_initial_hypotheses")
	branch, ok2 := number("n_hypotheses")
	if !ok1 || !ok2 {
		s.note("its settings do not say which scaffold it was")
		return
	}
	debug, _ := number("debug_prob")
	depth, _ := number("max_bug_depth")
	if int(initial) >= s.nodes {
		s.scaffold = scaffold.Flat
		return
	}
	s.search = event.Search{Initial: int(initial), Branch: int(branch), Debug: debug, Released: true}
	if debug > 0 {
		s.search.DebugDepth = int(depth)
	}
	for _, known := range scaffold.Scaffolds() {
		known.Search.Released = true
		if known.Name != scaffold.Flat && known.Search == s.search {
			s.scaffold = known.Name
			return
		}
	}
	s.note("its scaffold is none of the benchmark's: %g first nodes, then %g from each chosen one, mending with probability %g", initial, branch, debug)
}
