package taskdata

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Catalog is what is known of records and tasks: what is embedded, and what was imported into a
// directory. Scripts and curves that were imported are read when they are asked for. It may be used
// from several goroutines.
type Catalog struct {
	imports string // directory; "" for none
	records map[string][]Record
	tasks   map[string][]Task // by track, in order; the open one last
}

// Embedded returns the catalog without anything imported.
var Embedded = sync.OnceValue(func() *Catalog { return newCatalog("", nil) })

// OpenCatalog returns the catalog with what was imported into a directory, see SaveRecord. A
// directory that is not there holds nothing.
func OpenCatalog(imports string) (*Catalog, error) {
	there := map[string]bool{}
	for _, source := range []string{ModdedNanoGPT, LLMSpeedrunner} {
		for _, track := range []string{NanoGPT, NanoGPTMedium} {
			entries, err := os.ReadDir(filepath.Join(imports, source, track))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("look for imported records: %w; mend it, or remove the directory and import again", err)
			}
			for _, e := range entries {
				there[filepath.Join(source, track, e.Name())] = true
			}
		}
	}
	if len(there) == 0 {
		return Embedded(), nil
	}
	return newCatalog(imports, there), nil
}

// newCatalog makes a catalog of what is embedded and of the files that are there below imports.
func newCatalog(imports string, there map[string]bool) *Catalog {
	c := &Catalog{imports: imports, records: map[string][]Record{microID: microRecords()}, tasks: map[string][]Task{}}
	for track, records := range publishedRecords() {
		records = slices.Clone(records)
		for i := range records {
			records[i].kept = c.kept(records[i], there)
			records[i].source = preferred(records[i].kept)
		}
		c.records[track] = records
	}
	for track, records := range c.records {
		for i, from := range records {
			var to Record
			if i+1 < len(records) {
				to = records[i+1]
			}
			c.tasks[track] = append(c.tasks[track], c.task(from, to, there))
		}
	}
	return c
}

func (c *Catalog) task(from, to Record, there map[string]bool) Task {
	if from.Track == microID {
		if to.Number == 0 {
			return NewTask(from, to, nil)
		}
		return NewTask(from, to, microHints(from.Number))
	}
	task := NewTask(from, to, nil)
	if task.Benchmark() {
		task.texts[HintsOwn] = nanogptHints(from.Number)
	}
	if hasTexts(there, from) {
		task.texts[HintsPaper] = c.paperHints(from)
	}
	task.count()
	sources := task.Sources()
	if task.Ready = len(sources) > 0; !task.Ready {
		task.Why = missing(task, there)
		return task
	}
	task.use(sources[0])
	return task
}

// missing says why a task has no scripts, and the mend.
func missing(task Task, there map[string]bool) string {
	from := task.From
	for _, r := range []Record{from, task.To} {
		known := there[recordPath(ModdedNanoGPT, r.Track, r.Number+1)+".py"] || there[recordPath(ModdedNanoGPT, r.Track, r.Number-1)+".py"]
		if r.Number > 3 && known && preferred(r.kept) == "" {
			return fmt.Sprintf("the clone of modded-nanogpt that was imported holds no script of record %d; a later commit may: pull, and import again", r.Number)
		}
	}
	switch {
	case from.Track == NanoGPT && from.Number <= 3: // modded-nanogpt holds no script of the first three
		return "its scripts are not here: clone llm-speedrunner, then: pitwall import PATH"
	case from.Track == NanoGPT && from.Number <= 20:
		return "its scripts are not here: clone modded-nanogpt or llm-speedrunner, then: pitwall import PATH"
	}
	return "its scripts are not here: clone modded-nanogpt, then: pitwall import PATH"
}

// Records returns the records of a track in order of number, those of all tracks for "".
func (c *Catalog) Records(track string) []Record {
	if track == "" {
		return slices.Concat(c.records[microID], c.records[NanoGPT], c.records[NanoGPTMedium])
	}
	return slices.Clone(c.records[track])
}

// FindRecord returns a record by its track and number. The error lists the records there are.
func (c *Catalog) FindRecord(track string, number int) (Record, error) {
	if _, err := FindTrack(track); err != nil {
		return Record{}, err
	}
	records := c.records[track]
	if number < 1 || number > len(records) {
		return Record{}, fmt.Errorf("track %s has no record %d; there is %d to %d", track, number, records[0].Number, records[len(records)-1].Number)
	}
	return records[number-1], nil
}

// Tasks returns the tasks of a track in order of number, those of all tracks for "". The open tasks
// are not among them.
func (c *Catalog) Tasks(track string) []Task {
	if track == "" {
		return slices.Concat(c.Tasks(microID), c.Tasks(NanoGPT), c.Tasks(NanoGPTMedium))
	}
	all := c.tasks[track]
	return slices.Clone(all[:max(0, len(all)-1)])
}

// OpenTasks returns the task after the newest record of a track, those of all tracks for "".
func (c *Catalog) OpenTasks(track string) []Task {
	if track == "" {
		return slices.Concat(c.OpenTasks(microID), c.OpenTasks(NanoGPT), c.OpenTasks(NanoGPTMedium))
	}
	all := c.tasks[track]
	return slices.Clone(all[max(0, len(all)-1):])
}

// FindTask returns the task with an ID such as "micro/7", an open one too. On a track with GPUs the
// ID can end in "@4gpu": then it is that task on so many. The error says which there are.
func (c *Catalog) FindTask(id string) (Task, error) {
	if base, count, ok := strings.Cut(id, "@"); ok {
		task, err := c.FindTask(base)
		if err != nil {
			return task, err
		}
		n, _ := strconv.Atoi(strings.TrimSuffix(count, "gpu")) // 0 is refused below
		variant := fmt.Sprintf("@%dgpu", n)
		if track, _ := FindTrack(task.From.Track); n < 1 || variant != "@"+count || track.GPUs == 0 || n == track.GPUs {
			return Task{}, fmt.Errorf("no task %q; a task on another number of GPUs is named as nanogpt/7@4gpu", id)
		}
		task.Variant = variant
		return task, nil
	}
	track, _, _ := strings.Cut(id, "/")
	_, unknown := FindTrack(track)
	var there []string
	for _, t := range Tracks() {
		tasks := c.tasks[t.ID]
		for _, task := range tasks {
			if task.ID() == id {
				return task, nil
			}
		}
		if n := len(tasks); n > 0 && (t.ID == track || unknown != nil) {
			there = append(there, fmt.Sprintf("%s to %s", tasks[0].ID(), tasks[n-1].ID()))
		}
	}
	return Task{}, fmt.Errorf("no task %q; there is %s", id, strings.Join(there, ", "))
}

// Documents returns the texts that can be given to an agent beside the hint of a task: our own, which
// are of no task in particular, and those that were imported for it.
func (c *Catalog) Documents(t Task) ([]Document, error) {
	if t.From.Track == microID {
		return nil, nil
	}
	list := ownDocuments()
	if c.imports == "" {
		return list, nil
	}
	_, texts, err := loadTexts(c.imports, t.From.Track, t.From.Number)
	for name, text := range texts {
		list = append(list, Document{Name: HintsPaper + ":" + name, Text: text})
	}
	slices.SortFunc(list, func(a, b Document) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

// Document is a text about a technique.
type Document struct {
	Name string // "muon", "paper:muon"
	Text string // Markdown, or as it was imported
}

// keptRecord is what was imported of a record from one source.
type keptRecord struct {
	script bool // there is a script
	load   func() (ImportedRecord, error)
}

// kept finds what was imported of a record.
func (c *Catalog) kept(r Record, there map[string]bool) map[string]*keptRecord {
	var found map[string]*keptRecord
	for _, source := range []string{LLMSpeedrunner, ModdedNanoGPT} {
		path := recordPath(source, r.Track, r.Number)
		if !there[path+".json"] {
			continue
		}
		if found == nil {
			found = map[string]*keptRecord{}
		}
		found[source] = &keptRecord{there[path+".py"], sync.OnceValues(func() (ImportedRecord, error) {
			about, _, err := loadRecord(c.imports, source, r.Track, r.Number)
			return about, err
		})}
	}
	return found
}

// preferred names the source that a record's script is taken from: the benchmark's template, as in
// the paper, where it is there.
func preferred(kept map[string]*keptRecord) string {
	for _, source := range []string{LLMSpeedrunner, ModdedNanoGPT} {
		if k := kept[source]; k != nil && k.script {
			return source
		}
	}
	return ""
}

// Imported returns what was imported of the record from a source, and reports whether there is
// anything that can be read.
func (r Record) Imported(source string) (ImportedRecord, bool) {
	k := r.kept[source]
	if k == nil {
		return ImportedRecord{}, false
	}
	about, err := k.load()
	return about, err == nil
}

// Source returns where the record's script was imported from, "" where it is embedded or missing.
func (r Record) Source() string { return r.source }

// Load reads the record's script where it was imported, and says why it cannot be read.
func (r Record) Load() error {
	k := r.kept[r.source]
	if k == nil {
		return nil
	}
	about, err := k.load()
	if err == nil && about.Script == "" {
		err = fmt.Errorf("the imported script of %s/%d is gone; import it again", r.Track, r.Number)
	}
	return err
}

// Load reads the scripts of both records, and says which cannot be read.
func (t Task) Load() error { return errors.Join(t.From.Load(), t.answer.Load()) }

// Sources returns where the scripts of both records can be taken from: the benchmark's templates, as
// in the paper, before the records' own. It is empty for an embedded track.
func (t Task) Sources() []string {
	names := []string{}
	for _, source := range []string{LLMSpeedrunner, ModdedNanoGPT} {
		from, to := t.From.kept[source], t.answer.kept[source]
		if from != nil && from.script && (t.Open() || to != nil && to.script) {
			names = append(names, source)
		}
	}
	return names
}

// WithSource returns the task with the scripts of a source, "" for the first of Sources. The error
// says what is missing.
func (t Task) WithSource(source string) (Task, error) {
	there := t.Sources()
	switch {
	case source == "":
		return t, nil
	case len(there) == 0 && t.Ready:
		return t, fmt.Errorf("the scripts of task %s are embedded: there is nothing to choose", t.ID())
	case slices.Contains(there, source):
		t.use(source)
		return t, nil
	case source != LLMSpeedrunner && source != ModdedNanoGPT:
		return t, fmt.Errorf("no scripts of %q; there is %s, %s", source, LLMSpeedrunner, ModdedNanoGPT)
	}
	return t, fmt.Errorf("%s has no scripts of task %s here: import a clone of it with: pitwall import PATH", source, t.ID())
}

func (t *Task) use(source string) {
	t.From.source, t.answer.source = source, source // To gives no script
}

// hasTexts reports whether a text of the benchmark is there for the task that starts at a record.
func hasTexts(there map[string]bool, from Record) bool {
	for _, level := range []Hint{HintPseudocode, HintText, HintMiniPaper} {
		if there[hintPath(ImportedHint{Source: LLMSpeedrunner, Track: from.Track, From: from.Number, Level: level})] {
			return true
		}
	}
	return false
}

// paperHints reads the imported hints of a task; what cannot be read is missing.
func (c *Catalog) paperHints(from Record) map[Hint]string {
	hints, _, err := loadTexts(c.imports, from.Track, from.Number)
	if err != nil {
		return nil
	}
	return hints
}

// points turns imported points into a ghost.
func points(list []Point) []CurvePoint {
	var curve []CurvePoint
	for _, p := range list {
		curve = append(curve, CurvePoint{p.Step, p.TrainMS, orNaN(p.TrainLoss), orNaN(p.ValLoss)})
	}
	return curve
}
