// Package taskdata holds the tracks of the speedrun with their records, tasks, hints and rules, and
// checks a script against the rules of its track.
package taskdata

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// ScriptName is the name of the training script in the directory of a run.
const ScriptName = "train.py"

// Track is a set of rules and a history of records.
type Track struct {
	ID       string  // "micro"
	Title    string  // one line
	Practice bool    // true where results say nothing about models and enter no benchmark figure
	Target   float64 // the highest final validation loss at which a run counts, in Unit
	Unit     string  // "nats/char"
	Hardware string  // what a run needs, one line
	GPUs     int     // that a run takes, as its published times did; 0 where none is needed

	Spread float64 // of one run's training time as a share of it, assumed at the least

	CalibrationRuns  int // runs of each of a task's two records that a calibration makes by default
	ConfirmationRuns int // fresh runs of each side that a confirmation makes by default

	Clock    ClockBound
	RunLimit time.Duration // after which a run is stopped and cannot count
	Cores    int           // that a run may keep busy on average; 0 for any number

	Evaluator *Evaluator // of what a run trained, outside its script; nil where there is none
	Rules     []Rule     // for people and prompts; Check enforces those that a syntax tree can show
}

// ClockBound says how far the training time that a script reports may lie from the time the engine
// measures between the script's log lines.
type ClockBound struct {
	Share float64       // of the engine's time, 0.02 being 2 %
	Slack time.Duration // allowed however short the run
}

// Record is one step of a track's history.
type Record struct {
	Track   string // a Track's ID
	Number  int
	Title   string   // its idea in a few words; gives away the answer of the task that leads to it
	Summary string   // its idea in a few sentences; gives away the answer too
	People  []string // who set it; empty where it was written for the track
	Date    string   // "2026-11-22", empty if unknown
	Link    string   // the pull request or page that presents it, empty if there is none
	Log     string   // path of its published training log in the track's repository, empty if there is none

	Steps      int     // of training, 0 if unknown
	Seconds    float64 // reference training time, validation excluded, as it was first published
	Published  string  // that time with the digits it was published with, "3.142 min"; empty where we measured it
	Retimed    []Retiming
	SecondsSD  float64 // of a single run around Seconds on a quiet machine, 0 if unknown
	MeasuredOn string  // machine and interpreter of Seconds and Curve; what was published says so here

	script string
	curve  []CurvePoint
	kept   map[string]*keptRecord // what was imported, by source; nil where nothing was
	source string                 // of these, the one that gives the script
}

// ScriptName returns the name under which the record's script is put in the directory of a run.
func (r Record) ScriptName() string { return ScriptName }

// Script returns the text of the record's training script, "" where it must be imported first, cannot
// be read (Load says why) and in a Task's To.
func (r Record) Script() string {
	if k := r.kept[r.source]; k != nil {
		about, err := k.load()
		if err != nil {
			return ""
		}
		return about.Script
	}
	return r.script
}

// Files returns the record's script and what it imports from beside it, by name. It is nil where
// there is no script.
func (r Record) Files() map[string]string {
	script := r.Script()
	if script == "" {
		return nil
	}
	files := map[string]string{r.ScriptName(): script}
	if about, ok := r.Imported(r.source); ok {
		maps.Copy(files, about.Modules)
	}
	return files
}

// Curve returns the record's reference ghost in order of step, nil if there is none. The caller owns
// the slice.
func (r Record) Curve() []CurvePoint {
	if about, ok := r.Imported(ModdedNanoGPT); ok {
		return points(about.Curve)
	}
	return slices.Clone(r.curve)
}

// HasCurve reports whether there is a reference ghost, and reads none that was imported.
func (r Record) HasCurve() bool { return len(r.curve) > 0 || r.kept[ModdedNanoGPT] != nil }

// CurvePoint is a moment of a record's reference run.
type CurvePoint struct {
	Step      int     // completed steps
	TrainMS   float64 // training time so far in milliseconds, validation excluded
	TrainLoss float64 // loss of the last batch, in the track's unit; NaN when absent
	ValLoss   float64 // validation loss, in the track's unit; NaN when absent
}

// Task is to make the record From as fast as To, or faster.
type Task struct {
	From Record
	To   Record // its Script is withheld; Answer returns it. The zero Record where the task is open

	// Variant makes another task of it, on another number of GPUs: "@4gpu". It has a calibration of
	// its own and enters no mean of the benchmark.
	Variant string

	Hints []Hint // those that HintText can give, in ascending order
	Ready bool   // whether an attempt can be started
	Why   string // why not, and the mend; empty when ready

	answer Record                     // To with its script
	texts  map[string]map[Hint]string // by source of hints
	told   string                     // the source that HintText reads
	own    string                     // a text in the place of hints; "" for none
}

// ID returns the name of the task: its track and the number of its first record, as in "micro/7", and
// its Variant.
func (t Task) ID() string { return fmt.Sprintf("%s/%d%s", t.From.Track, t.From.Number, t.Variant) }

// GPUs returns how many GPUs the task's Variant asks for, 0 for as many as its track.
func (t Task) GPUs() int {
	return variantGPUs(t.Variant)
}

// Time returns Seconds with a unit and sensible digits, for people; "–" where they are not known.
func (r Record) Time() string {
	switch {
	case r.Seconds <= 0:
		return "–"
	case r.Published != "":
		return r.Published
	}
	return fmt.Sprintf("%.2f s", r.Seconds)
}

// Answer returns the script of the record To, which no agent but the oracle may see; "" where the
// task is open.
func (t Task) Answer() string { return t.answer.Script() }

// AnswerFiles returns the files of the record To, of which the same holds; nil where the task is open.
func (t Task) AnswerFiles() map[string]string { return t.answer.Files() }

// Open reports whether the task starts at the newest record: there is nothing to recover, and a
// result is judged by how much faster than the record it is.
func (t Task) Open() bool { return t.To.Number == 0 }

// Tracks returns all tracks.
func Tracks() []Track { return append([]Track{microTrack()}, nanogptTracks()...) }

// SpreadOf returns the spread of one run's time of a record as a share of it, as it was measured for
// the track.
func (t Track) SpreadOf(r Record) float64 {
	if r.Seconds <= 0 {
		return t.Spread
	}
	return max(t.Spread, r.SecondsSD/r.Seconds)
}

// FindTrack returns the track with an ID. The error lists the tracks there are.
func FindTrack(id string) (Track, error) {
	var ids []string
	for _, track := range Tracks() {
		if track.ID == id {
			return track, nil
		}
		ids = append(ids, track.ID)
	}
	return Track{}, fmt.Errorf("no track %q; there is %s", id, strings.Join(ids, ", "))
}
