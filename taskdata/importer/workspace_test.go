package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tree is a workspace of our own making: version 1 worked, 2 is its child and failed.
func tree(source string) map[string]string {
	return map[string]string{
		"config.yaml": "secrets:\n  OPENAI_API_KEY: sk-hidden\nmodel_name: o9-large\ntemplate_dirname: nanogpt_speedrun/record_4\n" +
			"science_runner_args:\n  n_hypotheses: 3\n  model_name: ${model_name}\nknowledge_src_paths:\n- data/record_4/level_1_*.txt\n- 'data/muon.md'\nlist:\n- other\n",
		"v_0/train_gpt2.py": source,
		"v_0/results.json":  `{"job_status": "COMPLETED", "metrics": {"n_steps": 4, "val_loss": 3.27, "train_time": 1300000}, "hypothesis": "Baseline."}`,
		"v_0/meta.json":     `{"children": ["1"]}`,
		"v_1/train_gpt2.py": source + "# faster\n",
		"v_1/meta.json":     `{"parent": "0", "children": ["2"], "created_at": 1750000000}`,
		"v_1/results.json": `{"status": "COMPLETED", "metrics": {"n_steps": 4, "val_loss": 3.26, "train_time": 1250000, "is_valid": true, "private": {}},
			"hypothesis": ["a", "b"], "outcome_summary": "It worked."}`,
		"v_1/logs/one.txt":   earlyLog(source+"# faster\n", 1_250_000, 3.26),
		"v_2/train_gpt2.py":  source + "# broken\n",
		"v_2/lib/helper.py":  "x = 1\n",
		"v_2/logs/one.txt":   earlyLog(source+"# faster\n", 1_250_000, 3.26), // a copy of its parent's
		"v_2/logs/a/log.txt": earlyLog(source+"# broken\n", 1_260_000, 3.30)[:len(source)+400],
		"v_2/meta.json":      `{"parent": "1", "children": null, "created_at": 1750001000, "bug_depth": 1}`,
		"v_2/results.json":   `{"status": "FAILED", "metrics": {"n_steps": null, "val_loss": NaN, "train_time": null, "is_valid": false}, "hypothesis": "c"}`,
		"v_2/aider.txt":      "chat\n", "v_x/train_gpt2.py": "no version", "v_03/train_gpt2.py": "no version", "notes.txt": "words",
	}
}

func writeTree(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
}

func TestAWorkspaceIsReadVersionByVersion(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	r.commit(benchmark(4, 5))
	where := filepath.Join(r.dir, "workspaces", "nanogpt_speedrun", "record_4_20260101")
	writeTree(t, where, tree(script("template 4")))
	report := importInto(t, r.dir, "", dir)
	if len(report.Workspaces) != 1 {
		t.Fatalf("%d workspaces were found: %+v", len(report.Workspaces), report.Items)
	}
	w := report.Workspaces[0]
	wantEqual(t, "task", w.Task, "nanogpt/4")
	wantEqual(t, "name", w.Name, "record_4_20260101")
	wantEqual(t, "settings", fmt.Sprint(w.Settings), "map[model_name:o9-large n_hypotheses:3 template_dirname:nanogpt_speedrun/record_4]")
	wantSlice(t, "texts", w.Texts, []string{"data/record_4/level_1_*.txt", "data/muon.md"})
	wantEqual(t, "versions", len(w.Versions), 3)
	zero, one, two := w.Versions[0], w.Versions[1], w.Versions[2]

	wantEqual(t, "parent of 0", zero.Parent, -1)
	wantEqual(t, "status of 0", zero.Status, "COMPLETED")
	wantEqual(t, "log of 0", zero.Log, "")
	wantEqual(t, "note on 0", zero.Why, "")

	wantEqual(t, "parent of 1", one.Parent, 0)
	wantEqual(t, "created", one.Created.Equal(time.Unix(1750000000, 0)), true)
	wantEqual(t, "hypothesis", one.Hypothesis, "a\nb")
	wantEqual(t, "outcome", one.Outcome, "It worked.")
	wantEqual(t, "metrics", fmt.Sprint(one.Metrics), "map[n_steps:4 train_time:1.25e+06 val_loss:3.26]")
	wantEqual(t, "valid", one.Valid != nil && *one.Valid, true)
	wantEqual(t, "log", one.LogPath, "logs/one.txt")
	wantEqual(t, "seconds by rule", one.Seconds, 1250)
	wantEqual(t, "loss by rule", one.ValLoss, 3.26)
	wantEqual(t, "done", one.Done, true)

	wantEqual(t, "files of 2", fmt.Sprintf("%d %q", len(two.Files), two.Files["lib/helper.py"]), `2 "x = 1\n"`)
	wantEqual(t, "bug depth", two.BugDepth, 1)
	wantEqual(t, "status of 2", two.Status, "FAILED")
	wantEqual(t, "its own log", two.LogPath, "logs/a/log.txt")
	wantEqual(t, "done", two.Done, false)
	wantEqual(t, "metrics of 2", len(two.Metrics), 0)
	wantEqual(t, "note on 2", two.Why, "")
	if strings.Contains(fmt.Sprintf("%+v", report), "sk-hidden") {
		t.Error("the report holds the user's key")
	}

	item := report.Items[len(report.Items)-1]
	wantEqual(t, "kind", item.Kind, KindWorkspace)
	wantEqual(t, "state", item.State, Taken)
	wantEqual(t, "record", item.Number, 4)
	wantEqual(t, "versions in the report", item.Runs, 3)
}

func TestAWorkspaceIsReadWithoutAClone(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // nor git
	outside := t.TempDir()
	writeTree(t, filepath.Join(outside, "mine"), tree("x = 1\n"))
	report := importInto(t, filepath.Join(outside, "mine"), "", t.TempDir())
	wantEqual(t, "workspaces", len(report.Workspaces), 1)
	wantEqual(t, "task", report.Workspaces[0].Task, "")
	wantWords(t, report.Workspaces[0].Why, "no scripts are imported yet")
}

func TestADirectoryOfWorkspacesIsSearched(t *testing.T) {
	outside := t.TempDir()
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(outside))
	for _, name := range []string{"a", "b/c", "b/c/d/e", "b/d/e/f/too_deep", ".hidden"} {
		writeTree(t, filepath.Join(outside, name), tree("x = 1\n"))
	}
	var names []string
	for _, w := range importInto(t, outside, "", t.TempDir()).Workspaces {
		names = append(names, w.Name)
	}
	wantSlice(t, "workspaces", names, []string{"a", "c"})
}

func TestOfTwoRecordsWithOneScriptTheSettingsDecide(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	files := benchmark(6, 7)
	files[templatesDir+"/record_7/"+templateName] = files[templatesDir+"/record_6/"+templateName]
	r.commit(files)
	importInto(t, r.dir, "", dir)
	source := files[templatesDir+"/record_6/"+templateName]
	for settings, want := range map[string]string{
		"": "nanogpt/7", "template_dirname: nanogpt_speedrun/record_6\n": "nanogpt/6", "template_dirname: nanogpt_speedrun/record_1\n": "nanogpt/7",
	} {
		where := t.TempDir()
		writeTree(t, where, map[string]string{"v_0/train_gpt2.py": source, "v_0/results.json": "{}", "config.yaml": settings})
		wantEqual(t, "task with "+settings, importInto(t, where, "", dir).Workspaces[0].Task, want)
	}
	where := t.TempDir()
	writeTree(t, where, map[string]string{"v_0/train_gpt2.py": source + "# edited\n", "config.yaml": "template_dirname: nanogpt_speedrun/record_6\n"})
	w := importInto(t, where, "", dir).Workspaces[0]
	wantEqual(t, "task of an edited script", w.Task, "")
	wantWords(t, w.Why, "script of no record", "nanogpt_speedrun/record_6")
}

func TestBrokenVersionsAreReportedAndHarmNothingElse(t *testing.T) {
	where := t.TempDir()
	files := tree("x = 1\n")
	files["v_1/meta.json"] = "{"
	files["v_2/meta.json"] = `{"parent": "7"}`
	delete(files, "v_2/results.json")
	files["v_3/meta.json"] = `{"parent": 3}`
	files["v_3/results.json"] = `[]`
	writeTree(t, where, files)
	report := importInto(t, where, "", t.TempDir())
	wantEqual(t, "state", report.Items[0].State, Damaged)
	wantWords(t, report.Items[0].Why, "3 of its 4 versions")
	versions := report.Workspaces[0].Versions
	wantEqual(t, "note on 0", versions[0].Why, "")
	wantWords(t, versions[1].Why, "meta.json")
	wantEqual(t, "status of 1", versions[1].Status, "COMPLETED")
	wantWords(t, versions[2].Why, "parent, version 7, is not there", "results.json")
	wantEqual(t, "parent of 2", versions[2].Parent, -1)
	wantWords(t, versions[3].Why, "no script", "results.json", "parent, version 3")
}

func TestLinksOutOfAWorkspaceAreNotFollowed(t *testing.T) {
	outside, where := t.TempDir(), t.TempDir()
	write(t, filepath.Join(outside, "secret.py"), "secret = 1\n")
	write(t, filepath.Join(outside, "log.txt"), "secret\n")
	write(t, filepath.Join(outside, "v", "train_gpt2.py"), "secret = 1\n")
	writeTree(t, where, map[string]string{"v_0/train_gpt2.py": "x = 1\n", "v_0/results.json": "{}"})
	for link, target := range map[string]string{
		"v_0/secret.py": "secret.py", "v_0/logs": "", "v_0/lib": "v", "v_1": "v", "config.yaml": "log.txt",
	} {
		if err := os.Symlink(filepath.Join(outside, target), filepath.Join(where, link)); err != nil {
			t.Skipf("this system makes no links: %v", err)
		}
	}
	report := importInto(t, where, "", t.TempDir())
	if text := fmt.Sprintf("%+v", report); strings.Contains(text, "secret = 1") || strings.Contains(text, "secret\n") {
		t.Errorf("a link was followed: %s", text)
	}
	wantEqual(t, "versions", len(report.Workspaces[0].Versions), 1)
	wantEqual(t, "script", report.Workspaces[0].Versions[0].Files[templateName], "x = 1\n")
	wantWords(t, report.Workspaces[0].Versions[0].Why, "secret.py is no regular file")
}
