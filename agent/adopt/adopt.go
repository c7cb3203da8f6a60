// Package adopt makes attempts of what others left behind: a workspace of the
// benchmark's own code becomes the events of an attempt that is done. Nothing is run
// and no goroutine is started; the events go into the store in one transaction.
package adopt

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"pitwall/agent/prompt"
	"pitwall/agent/rig"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/taskdata"
	"pitwall/taskdata/importer"
)

// RuleCheck says where the script of a task's node breaks the rules of its track, as
// taskdata.CheckText does. Its error says why that cannot be known here.
type RuleCheck func(ctx context.Context, task taskdata.Task, script string) ([]taskdata.Violation, error)

// Adopt keeps a workspace of llm-speedrunner as an attempt that is done, to be replayed: each version
// is a node, its change to its parent's script the edits, its hypothesis their reason, its log a run.
// Verdicts go by what the logs say under the rules of a run of our own, as far as a log can show that
// they were kept; there is no calibration, and so no FSR. What had to be guessed is said in the
// attempt's notices. The same workspace has the same id everywhere: adopted again it changes nothing,
// and added is false. It fails for a workspace whose task is not known.
func Adopt(ctx context.Context, s *store.Store, tasks *taskdata.Catalog, w importer.Workspace, check RuleCheck) (id string, added bool, err error) {
	a, err := newAdoption(tasks, w, check)
	if err != nil {
		return "", false, err
	}
	added, err = s.Adopt(ctx, a.id, a.spec(), a.begun, func(yield func(event.Times, event.Body) bool) {
		a.yield = yield
		a.tell(ctx)
	})
	return a.id, added, err
}

// adoption turns one workspace into the events of an attempt.
type adoption struct {
	w     importer.Workspace
	task  taskdata.Task
	track taskdata.Track
	check RuleCheck
	told  setting

	id    string
	begun time.Time           // when its first version was made; zero where that is not known
	main  string              // path of the training script among a node's files
	node  map[int]int         // ids, by the versions' numbers
	files []map[string]string // of each node so far, by path
	runs  int
	calls int // of its model, of which there are words

	yield   func(event.Times, event.Body) bool
	stopped bool // nobody takes events any more

	active int64
	since  int64 // active milliseconds at wall
	wall   int64 // Unix milliseconds, 0 where not known
	latest int64 // the last moment of all, Unix milliseconds
}

// Times of a replay where a workspace has none of its own.
const (
	leastMS = 1000          // of a version
	mostMS  = 24 * 3600_000 // of a run, whatever its log says
)

func newAdoption(tasks *taskdata.Catalog, w importer.Workspace, check RuleCheck) (*adoption, error) {
	if w.Task == "" || len(w.Versions) == 0 {
		return nil, fmt.Errorf("it cannot become an attempt: %s", cmp.Or(w.Why, "it has no versions"))
	}
	a := &adoption{w: w, check: check, main: taskdata.ScriptName, node: map[int]int{}}
	var err error
	if a.task, err = tasks.FindTask(w.Task); err != nil {
		return nil, err
	}
	if a.track, err = taskdata.FindTrack(a.task.From.Track); err != nil {
		return nil, err
	}
	for i, v := range w.Versions {
		a.node[v.Number] = i
		if v.Files[taskdata.ScriptName] != "" {
			a.main = theirScript // both are there: each keeps its name
		}
		if t := moment(v); !t.IsZero() && (a.begun.IsZero() || t.Before(a.begun)) {
			a.begun = t
		}
	}
	a.id = store.DerivedID(a.begun, digest(w))
	a.told = settingOf(w, a.task) // before the task may lose its hints
	return a, a.start()
}

// theirScript is the training script's name in a workspace.
const theirScript = "train_gpt2.py"

// start makes the task one that starts at the workspace's own script.
func (a *adoption) start() error {
	script := a.w.Versions[0].Files[theirScript]
	if script == "" {
		return errors.New("it cannot become an attempt: its first version holds no " + theirScript)
	}
	for _, source := range a.task.Sources() {
		if t, err := a.task.WithSource(source); err == nil && t.From.Script() == script {
			a.task = t
			return nil
		}
	}
	a.task = taskdata.NewTask(a.task.From.WithScript(script, a.task.From.Curve()), a.task.To, nil)
	return nil
}

// moment is when a version was made, the zero time where that is not known.
func moment(v importer.Version) time.Time {
	if y := v.Created.Year(); y < 2020 || y > 2200 {
		return time.Time{}
	}
	return v.Created
}

// digest is a hash of what a workspace holds. Where it lies and which task it is taken for is no part of it.
func digest(w importer.Workspace) []byte {
	h := sha256.New()
	put(h, "workspace 1")
	putMap(h, w.Settings)
	put(h, w.Texts...)
	for _, v := range w.Versions {
		put(h, fmt.Sprint(v.Number, v.Parent, v.Created.Unix()), string(v.Results), v.Log)
		putMap(h, v.Files)
	}
	return h.Sum(nil)
}

// put adds texts to a hash so that no others give the same bytes.
func put(h hash.Hash, texts ...string) {
	h.Write(binary.AppendUvarint(nil, uint64(len(texts))))
	for _, t := range texts {
		h.Write(binary.AppendUvarint(nil, uint64(len(t))))
		_, _ = io.WriteString(h, t) // a hash takes all
	}
}

func putMap(h hash.Hash, m map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		put(h, name, m[name])
	}
	put(h)
}

func (a *adoption) spec() store.Spec {
	return store.Spec{
		Task: a.task.ID(), Scripts: a.task.From.Source(), Hint: a.told.hint, Hints: a.told.hints,
		Agent: taskdata.LLMSpeedrunner, Scaffold: a.told.scaffold, Runner: taskdata.LLMSpeedrunner,
		Nodes: a.told.nodes, Search: a.told.search, Talk: store.Talk{Model: a.told.model},
	}
}

// emit hands events on, as of now.
func (a *adoption) emit(bodies ...event.Body) {
	for _, b := range bodies {
		t := event.Times{Active: a.active}
		if a.wall > 0 {
			t.Wall = a.wall + a.active - a.since
			a.latest = max(a.latest, t.Wall)
		}
		if a.stopped = a.stopped || !a.yield(t, b); a.stopped {
			return
		}
	}
}

func (a *adoption) notice(level, format string, args ...any) {
	a.emit(event.Notice{Level: level, Text: fmt.Sprintf(format, args...)})
}

// at sets the wall clock, where t is known.
func (a *adoption) at(t time.Time) {
	if !t.IsZero() {
		a.wall, a.since = t.UnixMilli(), a.active
	}
}

// importedWhy is the attempt's own word on what it is.
const importedWhy = "imported from a workspace of llm-speedrunner: losses and times as its logs say, one run a node, no calibration and so no FSR"

// tell emits all events.
func (a *adoption) tell(ctx context.Context) {
	a.at(a.begun)
	a.open()
	for i := range a.w.Versions {
		if a.stopped || ctx.Err() != nil {
			return
		}
		a.at(moment(a.w.Versions[i]))
		a.tellNode(ctx, i)
	}
	a.active += leastMS
	if a.wall > 0 {
		a.wall, a.since = a.latest, a.active
	}
	a.emit(event.Phase{Phase: event.PhaseFinished}, event.Status{Status: event.StatusDone, Why: importedWhy})
}

// open emits what the attempt starts from, and what is to be known of all of it.
func (a *adoption) open() {
	t := a.told
	a.emit(event.Attempt{
		ID: a.id, Task: a.task.ID(), Track: a.track.ID, Benchmark: !a.track.Practice && a.task.Variant == "",
		From: a.task.From.Number, To: a.task.To.Number, FromTitle: a.task.From.Title, ToTitle: a.task.To.Title,
		Hint: t.hint, HintText: t.text, Hints: t.hints, Agent: taskdata.LLMSpeedrunner, Scaffold: t.scaffold, Runner: taskdata.LLMSpeedrunner,
		Nodes: t.nodes, Target: a.track.Target, Unit: a.track.Unit, Version: taskdata.LLMSpeedrunner,
		Scripts: a.task.From.Source(), Model: t.model, Search: t.search,
	}, event.Node{ID: 0, Parent: -1})
	files := a.filesOf(a.w.Versions[0])
	a.files = append(a.files, files)
	for _, path := range a.paths(files) {
		a.emit(event.Source{Path: path, Text: files[path]})
	}
	a.emit(rig.ReferenceGhost(a.task.From, false))
	if !a.task.Open() {
		a.emit(rig.ReferenceGhost(a.task.To, true))
	}
	a.emit(event.Machine{Label: "not known: imported", Load: event.NaN()})
	a.notice("info", "workspace %s of llm-speedrunner, %d versions; nothing of it was run here", a.w.Name, len(a.w.Versions))
	a.notice("info", "what machine it trained on is not known, nor how fast the records are there: there is no FSR")
	a.notice("info", "its scripts' clocks cannot be checked: nobody timed the lines of its logs as they came")
	a.notice("info", "a replay shows runs by their train_time, where there is none in %d s, one after the other; how fast edits are written is made up", leastMS/1000)
	a.notice("info", "of what its model said only hypotheses and summaries are here: tokens are estimated from these alone, and its cost is not known")
	a.notice("info", "the figures in its results.json, often a model's reading of the log, count for nothing")
	if a.main == taskdata.ScriptName {
		a.notice("info", "its %s is called %s here", theirScript, a.main)
	}
	for _, text := range t.notices {
		a.notice("warn", "%s", text)
	}
	a.emit(event.Status{Status: event.StatusRunning})
}

// filesOf gives a version's files under the names that they have here.
func (a *adoption) filesOf(v importer.Version) map[string]string {
	files := make(map[string]string, len(v.Files))
	for path, text := range v.Files {
		if path == theirScript {
			path = a.main
		}
		files[path] = strings.ToValidUTF8(text, "\uFFFD")
	}
	return files
}

// paths lists files, the training script first.
func (a *adoption) paths(files map[string]string) []string {
	list := slices.Sorted(maps.Keys(files))
	if i := slices.Index(list, a.main); i > 0 {
		list = slices.Insert(slices.Delete(list, i, i+1), 0, a.main)
	}
	return list
}

// tellNode emits a version: how it was written, how it trained, and what that is worth.
func (a *adoption) tellNode(ctx context.Context, i int) {
	v := a.w.Versions[i]
	began := a.active
	if v.Why != "" {
		a.notice("warn", "version %d is not whole: %s", v.Number, clip(v.Why, 500))
	}
	var seen evidence
	if i > 0 {
		a.said(i, event.CallIdeate, v.Hypothesis)
		a.emit(a.nodeOf(i, v), event.Phase{Phase: event.PhaseWriting, Node: i})
		seen = a.write(ctx, i, v)
	}
	var r reading
	if v.Log != "" {
		r = a.train(i, v)
	}
	if a.active-began < leastMS {
		a.active = began + leastMS
	}
	switch {
	case i > 0:
		a.emit(event.Phase{Phase: event.PhaseJudging, Node: i}, a.verdict(i, v, seen, r))
	case v.Log == "":
		// Its time is the one figure of a template that can be relied on.
		j := event.Judged{Verdict: fold.NodeRecord, Why: "its own run left no log here", ValLoss: event.NaN(), TrainSeconds: event.NaN()}
		if ms := v.Metrics["train_time"]; ms > 0 && ms <= mostMS {
			j.Why, j.TrainSeconds = "its own run left no log here; the time is that of its results.json", event.Float(ms/1000)
		}
		a.emit(j)
	}
	a.remark(i, v, r)
}

// nodeOf gives a version's place in the tree.
func (a *adoption) nodeOf(i int, v importer.Version) event.Node {
	n := event.Node{ID: i, Batch: i, Idea: clip(v.Hypothesis, maxWords)}
	parent, ok := a.node[v.Parent]
	if !ok || parent >= i {
		a.notice("warn", "version %d does not say what it started from: it is shown as if from node 0", v.Number)
		return n
	}
	n.Parent = parent
	if a.w.Versions[parent].BugDepth > 0 {
		n.Origin = event.OriginDebug
	}
	return n
}

// maxWords bounds what a model wrote about a version, in bytes.
const maxWords = 16 << 10

// clip bounds a text for people.
func clip(text string, most int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + " …"
}

// remark tells what else a version says of itself.
func (a *adoption) remark(i int, v importer.Version, r reading) {
	loss, hasLoss := v.Metrics["val_loss"]
	ms, hasTime := v.Metrics["train_time"]
	if i > 0 && r.validated() && (hasLoss && math.Abs(loss-r.last.ValLoss) > 1e-3 || hasTime && math.Abs(ms-r.last.TrainMS) > 1) {
		a.notice("warn", "node %d: its results.json has loss %g after %g ms, its log %g after %g ms, which is what counts", i, loss, ms, r.last.ValLoss, r.last.TrainMS)
	}
	a.said(i, event.CallSummarise, v.Outcome)
}

// said emits what the workspace's model said about a node, whose cost nobody knows.
func (a *adoption) said(node int, purpose, text string) {
	if text == "" {
		return
	}
	a.calls++
	text = clip(text, maxWords)
	tokens := prompt.Estimate(text)
	a.emit(
		event.Call{Call: a.calls, Node: node, Purpose: purpose, Try: 1, Model: a.told.model},
		event.Speech{Call: a.calls, Voice: event.VoiceText, Text: text},
		event.Called{Call: a.calls, Stop: "end", Usage: event.Usage{Output: tokens, Estimated: tokens}, Cost: event.NaN()},
	)
}
