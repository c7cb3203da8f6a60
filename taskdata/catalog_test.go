package taskdata_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pitwall/taskdata"
)

// imported keeps made-up scripts of some records and gives the directory.
func imported(t *testing.T, source string, numbers ...int) string {
	t.Helper()
	return importedInto(t, t.TempDir(), source, numbers...)
}

func importedInto(t *testing.T, dir, source string, numbers ...int) string {
	t.Helper()
	loss := 3.27
	for _, n := range numbers {
		_, err := taskdata.SaveRecord(dir, taskdata.ImportedRecord{
			Source: source, Commit: "c0ffee", Track: taskdata.NanoGPT, Number: n, Path: "somewhere", Script: source + " " + string(rune('A'+n)) + "\n",
			Curve: []taskdata.Point{{Step: 10, TrainMS: 1000, ValLoss: &loss}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func openCatalog(t *testing.T, dir string) *taskdata.Catalog {
	t.Helper()
	c, err := taskdata.OpenCatalog(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func findTask(t *testing.T, c *taskdata.Catalog, id string) taskdata.Task {
	t.Helper()
	task, err := c.FindTask(id)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func TestATaskIsReadyOnceBothScriptsAreImported(t *testing.T) {
	dir := imported(t, taskdata.ModdedNanoGPT, 4, 5, 7)
	c := openCatalog(t, dir)
	for id, ready := range map[string]bool{"nanogpt/3": false, "nanogpt/4": true, "nanogpt/5": false, "nanogpt/6": false, "nanogpt/7": false} {
		if task := findTask(t, c, id); task.Ready != ready || (task.Why == "") != ready {
			t.Errorf("%s: ready %v, why %q", id, task.Ready, task.Why)
		}
	}
	task := findTask(t, c, "nanogpt/4")
	if task.From.Script() != "modded-nanogpt E\n" || task.Answer() != "modded-nanogpt F\n" || task.To.Script() != "" {
		t.Errorf("scripts %q, %q; of To %q", task.From.Script(), task.Answer(), task.To.Script())
	}
	if curve := task.To.Curve(); len(curve) != 1 || curve[0].Step != 10 || curve[0].ValLoss != 3.27 {
		t.Errorf("ghost %+v", curve)
	}
	if len(c.Tasks(taskdata.NanoGPT)) != 88 || len(c.Records("")) != len(taskdata.Embedded().Records("")) {
		t.Error("an import changes how many tasks or records there are")
	}
}

func TestTheTemplateIsTakenUnlessTheRecordsOwnScriptIsAskedFor(t *testing.T) {
	dir := imported(t, taskdata.ModdedNanoGPT, 4, 5)
	importedInto(t, dir, taskdata.LLMSpeedrunner, 3, 4, 5)
	task := findTask(t, openCatalog(t, dir), "nanogpt/4")
	if want := []string{taskdata.LLMSpeedrunner, taskdata.ModdedNanoGPT}; !slices.Equal(task.Sources(), want) || task.From.Source() != want[0] {
		t.Errorf("sources %v, taken from %s", task.Sources(), task.From.Source())
	}
	if !strings.HasPrefix(task.From.Script(), taskdata.LLMSpeedrunner) || !strings.HasPrefix(task.Answer(), taskdata.LLMSpeedrunner) {
		t.Errorf("scripts %q, %q", task.From.Script(), task.Answer())
	}
	own, err := task.WithSource(taskdata.ModdedNanoGPT)
	if err != nil || !strings.HasPrefix(own.From.Script(), taskdata.ModdedNanoGPT) || !strings.HasPrefix(own.Answer(), taskdata.ModdedNanoGPT) {
		t.Errorf("scripts %q, %q, %v", own.From.Script(), own.Answer(), err)
	}
	if own.From.Curve() == nil || task.From.Curve() == nil {
		t.Error("the ghost went with the choice of script")
	}
	early := findTask(t, openCatalog(t, dir), "nanogpt/3")
	if _, err := early.WithSource(taskdata.ModdedNanoGPT); err == nil || !strings.Contains(err.Error(), "pitwall import") {
		t.Errorf("a script that is not here: %v", err)
	}
	if _, err := early.WithSource("elsewhere"); err == nil || !strings.Contains(err.Error(), taskdata.ModdedNanoGPT) {
		t.Errorf("a source that there is not: %v", err)
	}
}

func TestImportedHintsAreTheUsersChoice(t *testing.T) {
	dir := imported(t, taskdata.LLMSpeedrunner, 4, 5)
	for _, h := range []taskdata.ImportedHint{{Level: taskdata.HintPseudocode, Text: "imported one"}, {Level: taskdata.HintText, Text: "imported two"}, {Name: "muon", Text: "imported document"}} {
		h.Source, h.Track, h.From = taskdata.LLMSpeedrunner, taskdata.NanoGPT, 4
		if changed, err := taskdata.SaveHint(dir, h); err != nil || !changed {
			t.Fatal(changed, err)
		}
		if changed, err := taskdata.SaveHint(dir, h); err != nil || changed {
			t.Errorf("kept twice: %v, %v", changed, err)
		}
	}
	c := openCatalog(t, dir)
	task := findTask(t, c, "nanogpt/4")
	own, err := task.HintText(taskdata.HintPseudocode)
	if err != nil || own == "" || strings.Contains(own, "imported") {
		t.Errorf("hint 1 without a choice: %q, %v", own, err)
	}
	if task, err = task.WithHints(taskdata.HintsPaper); err != nil {
		t.Fatal(err)
	}
	text, err := task.HintText(taskdata.HintPseudoText)
	if err != nil || text != "imported one\n\nimported two\n" || slices.Contains(task.Hints, taskdata.HintMiniPaper) {
		t.Errorf("hint 12 %q, %v, of %v", text, err, task.Hints)
	}
	if _, err := findTask(t, c, "nanogpt/5").WithHints(taskdata.HintsPaper); err == nil || !strings.Contains(err.Error(), "pitwall import") {
		t.Errorf("hints that are not here: %v", err)
	}
	documents, err := c.Documents(task)
	if err != nil || !slices.ContainsFunc(documents, func(d taskdata.Document) bool { return d.Name == "paper:muon" && d.Text == "imported document" }) {
		t.Errorf("documents %v, %v", documents, err)
	}
}

func TestAnImportThatIsDamagedIsToldAndHarmsNothingElse(t *testing.T) {
	dir := imported(t, taskdata.ModdedNanoGPT, 4, 5, 6)
	path := filepath.Join(dir, taskdata.ModdedNanoGPT, taskdata.NanoGPT, "record_5.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := openCatalog(t, dir)
	if err := findTask(t, c, "nanogpt/4").Load(); err == nil || !strings.Contains(err.Error(), "import it again") {
		t.Errorf("a broken file: %v", err)
	}
	if err := findTask(t, c, "micro/7").Load(); err != nil {
		t.Errorf("another task: %v", err)
	}
	if got := findTask(t, c, "nanogpt/4").Answer(); got != "" {
		t.Errorf("script %q", got)
	}
}

func TestAfterTheNewestRecordComesAnOpenTask(t *testing.T) {
	c := taskdata.Embedded()
	for _, task := range c.OpenTasks("") {
		records := c.Records(task.From.Track)
		if !task.Open() || task.From.Number != len(records) || task.Answer() != "" || len(task.Hints) != 1 {
			t.Errorf("%s: open %v, answer of %d bytes, hints %v", task.ID(), task.Open(), len(task.Answer()), task.Hints)
		}
		if found, err := c.FindTask(task.ID()); err != nil || !found.Open() {
			t.Errorf("%s: %v", task.ID(), err)
		}
		if ready := task.From.Track == "micro"; task.Ready != ready {
			t.Errorf("%s: ready %v", task.ID(), task.Ready)
		}
	}
	if n := len(c.OpenTasks("")); n != len(taskdata.Tracks()) {
		t.Errorf("%d open tasks", n)
	}
}

func TestImportsThatAreNoDirectoryAreTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), taskdata.ImportsName)
	if c, err := taskdata.OpenCatalog(path); err != nil || c != taskdata.Embedded() {
		t.Errorf("nothing imported: %v", err)
	}
	if err := os.MkdirAll(filepath.Join(path, taskdata.ModdedNanoGPT), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, taskdata.ModdedNanoGPT, taskdata.NanoGPT), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := taskdata.OpenCatalog(path); err == nil || !strings.Contains(err.Error(), "import again") {
		t.Errorf("a file in the place of a directory: %v", err)
	}
}

func TestEveryTaskOfTheBenchmarkHasHintsOfOurOwn(t *testing.T) {
	seen := map[string]string{}
	n := 0
	for _, task := range taskdata.Embedded().Tasks(taskdata.NanoGPT) {
		if !task.Benchmark() {
			continue
		}
		for _, level := range []taskdata.Hint{taskdata.HintPseudocode, taskdata.HintText, taskdata.HintMiniPaper} {
			text, err := task.HintText(level)
			if err != nil || len(text) < 800 || len(text) > 8000 {
				t.Errorf("%s, hint %s: %d bytes, %v", task.ID(), level, len(text), err)
			}
			if other := seen[text]; other != "" {
				t.Errorf("%s has hint %s of %s", task.ID(), level, other)
			}
			seen[text] = task.ID()
			n++
			for _, told := range []string{task.To.Time(), "min"} {
				if level != taskdata.HintMiniPaper && slices.Contains(strings.Fields(text), told) {
					t.Errorf("%s, hint %s tells %q", task.ID(), level, told)
				}
			}
			for _, name := range task.To.People {
				if strings.Contains(text, name) {
					t.Errorf("%s, hint %s names %s", task.ID(), level, name)
				}
			}
		}
	}
	if n != 57 {
		t.Errorf("%d hints", n)
	}
}

func TestThereAreDocumentsForGPUTasksAlone(t *testing.T) {
	c := taskdata.Embedded()
	var names []string
	documents, err := c.Documents(findTask(t, c, "nanogpt/12"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range documents {
		names = append(names, d.Name)
		if words := len(strings.Fields(d.Text)); words < 800 || words > 2000 {
			t.Errorf("%s has %d words", d.Name, words)
		}
	}
	if want := []string{"flexattention", "fp8", "muon"}; !slices.Equal(names, want) {
		t.Errorf("documents %v", names)
	}
	if documents, err = c.Documents(findTask(t, c, "micro/7")); err != nil || len(documents) > 0 {
		t.Errorf("the practice track: %v, %v", documents, err)
	}
}

func TestARecordWithoutAScriptInTheCloneIsNamed(t *testing.T) {
	c := openCatalog(t, imported(t, taskdata.ModdedNanoGPT, 84, 85, 87, 88))
	for _, id := range []string{"nanogpt/85", "nanogpt/86"} {
		if task := findTask(t, c, id); task.Ready || !strings.Contains(task.Why, "no script of record 86") {
			t.Errorf("%s: %q", id, task.Why)
		}
	}
	if task := findTask(t, c, "nanogpt/40"); !strings.Contains(task.Why, "clone modded-nanogpt, then") {
		t.Errorf("%s: %q", task.ID(), task.Why)
	}
}
