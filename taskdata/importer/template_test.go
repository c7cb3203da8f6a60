package importer

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"pitwall/taskdata"
)

const speedrunner = taskdata.LLMSpeedrunner

// benchmark is a clone of the benchmark with templates of our own making.
func benchmark(numbers ...int) map[string]string {
	files := map[string]string{"README.md": "# Benchmark\n"}
	for _, n := range numbers {
		folder := fmt.Sprintf("%s/record_%d/", templatesDir, n)
		files[folder+templateName] = script(fmt.Sprintf("template %d", n))
		files[folder+"results.json"] = fmt.Sprintf(`{"job_status": "COMPLETED", "metrics": {"n_steps": 7, "val_loss": 1.5, "train_time": %d}}`, 1000*n)
		folder = fmt.Sprintf("%s/record_%d/", hintsDir, n)
		files[folder+"level_0_diff.txt"] = "the ANSWER\n"
		files[folder+"level_1_pseudo.txt"] = fmt.Sprintf("pseudocode after %d\n", n)
		files[folder+"level_2_description.txt"] = fmt.Sprintf("words after %d\n", n)
		files[folder+"level_3_paper.txt"] = fmt.Sprintf("paper after %d\n", n)
	}
	return files
}

func TestTemplatesHintsAndDocumentsAreTaken(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	files := benchmark(2, 3, 21)
	files[hintsDir+"/record_2/level_9_muon.txt"] = "about Muon\n"
	files[hintsDir+"/muon.md"] = "about Muon, too\n"
	r.commit(files)
	report := importInto(t, r.dir, "", dir)
	wantEqual(t, "source", report.Source, speedrunner)
	wantEqual(t, "templates", fmt.Sprintf("%+v", report.Counts(KindTemplate)), "{Scripts:3 Taken:3 Changed:0 Unchanged:0 Skipped:18 Damaged:0}")
	wantEqual(t, "hints", fmt.Sprintf("%+v", report.Counts(KindHint)), "{Scripts:0 Taken:6 Changed:0 Unchanged:0 Skipped:54 Damaged:0}")
	wantEqual(t, "documents", report.Counts(KindDocument).Taken, 1)

	got := kept(t, dir, speedrunner, small, 3)
	wantEqual(t, "script", got.Script, script("template 3"))
	wantEqual(t, "seconds", got.Seconds, 3)
	wantEqual(t, "loss, which is not to be relied on", got.ValLoss, 0)

	catalog, err := taskdata.OpenCatalog(dir)
	if err != nil {
		t.Fatal(err)
	}
	task, err := catalog.FindTask("nanogpt/2")
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "ready", task.Ready, true)
	task, err = task.WithHints(taskdata.HintsPaper)
	if err != nil {
		t.Fatal(err)
	}
	for hint, want := range map[taskdata.Hint]string{
		taskdata.HintPseudocode: "pseudocode after 2\n", taskdata.HintText: "words after 2\n", taskdata.HintMiniPaper: "paper after 2\n",
	} {
		text, err := task.HintText(hint)
		if err != nil || text != want {
			t.Errorf("hint %s is %q (%v), not %q", string(hint), text, err, want)
		}
	}
	documents, err := catalog.Documents(task)
	if err != nil || !strings.Contains(fmt.Sprint(documents), "{paper:muon about Muon\n}") {
		t.Errorf("documents are %q (%v)", documents, err)
	}
}

func TestTheAnswerIsNeitherReadNorKept(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	r.commit(benchmark(4, 5))
	for name, text := range func() map[string]string { importInto(t, r.dir, "", dir); return snapshot(t, dir) }() {
		if strings.Contains(text, "ANSWER") {
			t.Errorf("%s holds the answer", name)
		}
	}
}

func TestImportingTheBenchmarkAgainChangesNothing(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	files := benchmark(4, 5)
	files[hintsDir+"/record_4/level_9_muon.txt"] = "about Muon\n"
	r.commit(files)
	importInto(t, r.dir, "", dir)
	before := snapshot(t, dir)
	again := importInto(t, r.dir, "", dir).Counts()
	wantEqual(t, "unchanged", again.Unchanged, 2+6+1)
	wantEqual(t, "taken", again.Taken, 0)
	if !maps.Equal(before, snapshot(t, dir)) {
		t.Error("importing again changed files")
	}
	files[hintsDir+"/record_4/level_1_pseudo.txt"] = "better\n"
	r.commit(files)
	wantEqual(t, "changed", importInto(t, r.dir, "", dir).Counts().Changed, 1)
}

func TestBrokenPartsOfTheBenchmarkAreReported(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	files := benchmark(4, 5, 6)
	files[templatesDir+"/record_4/results.json"] = "{"
	delete(files, templatesDir+"/record_5/results.json")
	files[templatesDir+"/record_6/"+templateName] = ""
	files[hintsDir+"/record_5/level_1_pseudo.txt"] = " \n"
	delete(files, hintsDir+"/record_5/level_2_description.txt")
	r.commit(files)
	report := importInto(t, r.dir, "", dir)
	i := item(t, report, small, 4)
	wantEqual(t, "state 4", i.State, Damaged)
	wantEqual(t, "script 4", i.Script, true)
	wantWords(t, i.Why, "results.json")
	wantEqual(t, "script 4", kept(t, dir, speedrunner, small, 4).Script, script("template 4"))
	wantEqual(t, "state 5", item(t, report, small, 5).State, Taken)
	wantEqual(t, "seconds 5", item(t, report, small, 5).Seconds, 0)
	wantEqual(t, "state 6", item(t, report, small, 6).State, Damaged)
	var why []string
	for _, i := range report.Items {
		if i.Kind == KindHint && i.Number == 5 {
			why = append(why, i.Why)
		}
	}
	wantSlice(t, "hints 5", why, []string{"it is empty", "this commit does not hold it", ""})
}
