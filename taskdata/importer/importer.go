// Package importer takes records, hints and finished workspaces out of a clone of one of the two public
// repositories, modded-nanogpt and llm-speedrunner, and keeps what it finds in the user's directory of
// imports.
package importer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"pitwall/taskdata"
)

// Progress is how far an import has come.
type Progress struct {
	Done, Total int
	What        string // being read now, "nanogpt/14"
}

// State says what became of an item.
type State string

// What can become of an item.
const (
	Taken     State = "taken"     // it is new here
	Changed   State = "changed"   // it was here, and is other than it was
	Unchanged State = "unchanged" // it was here already
	Skipped   State = "skipped"   // the clone holds no script or text of it; Why says more
	Damaged   State = "damaged"   // part of it cannot be read; Script says whether its script could
)

// Kind says what an item is.
type Kind string

// The kinds of items.
const (
	KindRecord    Kind = "record"    // a record of modded-nanogpt
	KindTemplate  Kind = "template"  // a record's script as llm-speedrunner has it
	KindHint      Kind = "hint"      // for the task that starts at the record Number
	KindDocument  Kind = "document"  // an external text for that task
	KindWorkspace Kind = "workspace" // what an agent of llm-speedrunner left, kept as an attempt
	KindFolder    Kind = "folder"    // of modded-nanogpt, that belongs to no record
)

// Item is one line of a report.
type Item struct {
	Kind   Kind
	Track  string // a taskdata.Track's ID; "" where it is of none
	Number int    // of the record, 0 where there is none
	Name   string // its path in the repository; of a workspace, its directory
	State  State
	Why    string // what is worth knowing, always where State is Skipped or Damaged

	// Of records and templates; what is unknown is zero.
	Script           bool    // there is a script
	CurvePoints      int     // of the ghost
	Runs             int     // logs of this script; of a workspace, its versions
	Seconds          float64 // train_time at the last validation of the log, or the template's time
	ValLoss          float64 // there
	PublishedSeconds float64
	Torch            string
	Hardware         string
}

// Report is what an import did.
type Report struct {
	Path       string // that was imported
	Source     string // taskdata.ModdedNanoGPT or taskdata.LLMSpeedrunner; "" where there were only workspaces
	Commit     string // hexadecimal
	Items      []Item // records in order, then the rest
	Workspaces []Workspace
}

// Counts sums up a report.
type Counts struct {
	Scripts                                     int // records and templates with a script
	Taken, Changed, Unchanged, Skipped, Damaged int
}

// Counts sums up the items, those of the kinds alone where some are given.
func (r Report) Counts(kinds ...Kind) Counts {
	var c Counts
	for _, item := range r.Items {
		if len(kinds) > 0 && !slices.Contains(kinds, item.Kind) {
			continue
		}
		if item.Script {
			c.Scripts++
		}
		switch item.State {
		case Taken:
			c.Taken++
		case Changed:
			c.Changed++
		case Unchanged:
			c.Unchanged++
		case Skipped:
			c.Skipped++
		case Damaged:
			c.Damaged++
		}
	}
	return c
}

// Import reads the clone that path lies in, bare or not, at the commit that ref names ("" for HEAD),
// and keeps what it holds below dir, the directory of imports. Workspaces are looked for below path's
// work tree, or in path itself, which then need not be a clone. What was imported before is replaced
// by what is newer, and never removed.
//
// What is wrong with a single item stands in the report. An error means that nothing could be read,
// that dir cannot be written, or that the context ended; the report then holds what was done. progress
// may be nil, and is called by the calling goroutine.
func Import(ctx context.Context, path, ref, dir string, progress func(Progress)) (Report, error) {
	report := Report{Path: path}
	if progress == nil {
		progress = func(Progress) {}
	}
	if info, err := os.Stat(path); err != nil {
		return report, fmt.Errorf("import %s: %w; clone a repository first: %s", path, errors.Unwrap(err), cloneMend)
	} else if !info.IsDir() {
		return report, fmt.Errorf("import %s: it is a file; give the directory of a clone", path)
	}
	before, err := taskdata.OpenCatalog(dir)
	if err != nil {
		return report, err
	}
	s := &session{dir: dir, before: before, report: report, progress: progress}
	err = s.run(ctx, path, ref)
	return s.report, err
}

const cloneMend = "git clone https://github.com/KellerJordan/modded-nanogpt or git clone https://github.com/facebookresearch/llm-speedrunner, then: pitwall import PATH"

// session is one import.
type session struct {
	dir      string
	before   *taskdata.Catalog // of what was imported earlier
	clone    *clone
	files    map[string]string // objects of the commit, by path
	report   Report
	progress func(Progress)
}

func (s *session) run(ctx context.Context, path, ref string) error {
	if isWorkspace(path) {
		return s.workspaces(ctx, path)
	}
	var err error
	if s.clone, err = openClone(ctx, path, ref); errors.Is(err, errNoRepository) {
		if err := s.workspaces(ctx, path); err != nil || len(s.report.Workspaces) > 0 {
			return err
		}
		return fmt.Errorf("%s is no git repository, nor does it hold workspaces (directories with v_0, v_1, ...): %s", path, cloneMend)
	} else if err != nil {
		return err
	}
	defer s.clone.close()
	s.report.Commit = s.clone.commit
	if s.files, err = s.clone.files(ctx); err != nil {
		return err
	}
	switch {
	case s.isModdedNanoGPT():
		s.report.Source = taskdata.ModdedNanoGPT
		err = s.records(ctx)
	case s.isSpeedrunner():
		s.report.Source = taskdata.LLMSpeedrunner
		err = s.templates(ctx)
	default:
		return fmt.Errorf("%s at %.12s is neither modded-nanogpt (records/ with logs, beside train_gpt*.py) nor llm-speedrunner (%s): %s",
			path, s.clone.commit, templatesDir, cloneMend)
	}
	if err != nil || s.clone.top == "" {
		return err
	}
	return s.workspaces(ctx, filepath.Join(s.clone.top, "workspaces"))
}

func (s *session) isModdedNanoGPT() bool {
	var log, script bool
	for path := range s.files {
		log = log || isLog(path)
		script = script || strings.HasPrefix(path, "train_gpt") && strings.HasSuffix(path, ".py")
	}
	return log && script
}

// read returns a file of the commit.
func (s *session) read(ctx context.Context, path string) (string, error) {
	data, err := s.clone.read(ctx, s.files[path])
	if err != nil && ctx.Err() != nil {
		return "", fmt.Errorf("import stopped: %w", ctx.Err())
	}
	return string(data), err
}

// keep saves a record and says in its item what became of it. What is damaged replaces nothing.
func (s *session) keep(record taskdata.ImportedRecord, item *Item) error {
	known, err := s.before.FindRecord(record.Track, record.Number)
	if err != nil {
		return err
	}
	old, had := known.Imported(record.Source)
	if had && item.State == Damaged {
		item.Why += "; what was imported before stays"
		return nil
	}
	if had {
		// A later commit alone is no change.
		same := record
		same.Commit = old.Commit
		if reflect.DeepEqual(same, old) {
			record = same
		}
	}
	changed, err := taskdata.SaveRecord(s.dir, record)
	item.Script = record.Script != ""
	if item.State == "" {
		item.State = became(had, changed)
	}
	return err
}

func became(had, changed bool) State {
	switch {
	case !had:
		return Taken
	case changed:
		return Changed
	}
	return Unchanged
}
