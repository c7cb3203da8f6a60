package importer

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"pitwall/taskdata"
)

const (
	small  = taskdata.NanoGPT
	medium = taskdata.NanoGPTMedium
	modded = taskdata.ModdedNanoGPT
)

func TestAnEarlyLogGivesItsScriptAndFigures(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	source := script("early")
	r.commit(base(map[string]string{
		logOf(t, small, 4): earlyLog(source, 1_338_000, 3.2785),
		path.Join(path.Dir(logOf(t, small, 4)), "train_gpt2.py"): source,
	}))
	report := importInto(t, r.dir, "", dir)
	got := kept(t, dir, modded, small, 4)
	wantEqual(t, "script", got.Script, source)
	wantEqual(t, "torch", got.Torch, "2.4.1+cu121")
	wantEqual(t, "CUDA", got.CUDA, "12.1")
	wantEqual(t, "driver", got.Driver, "550.10.01")
	wantEqual(t, "hardware", got.Hardware, "8x NVIDIA H100 80GB HBM3")
	wantEqual(t, "steps", got.Steps, 4)
	wantEqual(t, "seconds", got.Seconds, 1338)
	wantEqual(t, "loss", got.ValLoss, 3.2785)
	wantEqual(t, "runs", len(got.Runs), 1)
	wantEqual(t, "band", len(got.Band), 0)
	steps, list := losses(got.Curve)
	wantSlice(t, "steps", steps, []int{0, 1, 2, 3, 4, 4})
	wantSlice(t, "losses", list, []float64{10.9, 8.5, 7.5, 6.5, 5.5, 3.2785})
	wantEqual(t, "the raw clock before its restart", got.Curve[2].TrainMS, 70_002)

	i := item(t, report, small, 4)
	wantEqual(t, "state", i.State, Taken)
	wantEqual(t, "note", i.Why, "")
	wantEqual(t, "script", i.Script, true)
	wantEqual(t, "points", i.CurvePoints, 6)
	wantEqual(t, "log time", i.Seconds, 1338)
	wantEqual(t, "published time", i.PublishedSeconds, 22.3*60)
	wantEqual(t, "commit", report.Commit, r.git("rev-parse", "HEAD"))
}

func TestALaterLogGivesItsScriptAndFigures(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	r.commit(base(map[string]string{logOf(t, small, 19): laterLog(script("later"), 8, 188_500, 3.277)}))
	importInto(t, r.dir, "", dir)
	got := kept(t, dir, modded, small, 19)
	wantEqual(t, "script", got.Script, script("later")+"\n")
	wantEqual(t, "modules", len(got.Modules), 0)
	wantEqual(t, "Python", got.Python, "3.12.7")
	wantEqual(t, "torch", got.Torch, "2.6.0.dev20250101+cu124")
	wantEqual(t, "peak", got.PeakMiB, 31_000)
	steps, _ := losses(got.Curve)
	wantSlice(t, "steps with a loss", steps, []int{0, 4})
}

func TestAScriptOfSeveralFilesIsTakenApart(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	head := func(name string) string {
		return "\n\n" + strings.Repeat("-", 40) + "\n# " + name + "\n" + strings.Repeat("-", 40) + "\n\n"
	}
	source := script("main") + head("triton_kernels.py") + "import triton\n" + head("more_kernels.py") + "x = 1\n"
	r.commit(base(map[string]string{logOf(t, small, 61): laterLog(source, 8, 104_000, 3.279)}))
	importInto(t, r.dir, "", dir)
	got := kept(t, dir, modded, small, 61)
	wantEqual(t, "script", got.Script, script("main"))
	if want := map[string]string{"triton_kernels.py": "import triton\n", "more_kernels.py": "x = 1\n\n"}; !maps.Equal(got.Modules, want) {
		t.Errorf("modules are %q, not %q", got.Modules, want)
	}
}

func TestALogWithoutAScriptGivesItsCurve(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	r.commit(base(map[string]string{
		logOf(t, small, 1):  "s:0 tel:11.0000\ns:0 trl:11.1000 lr:0.000001 norm:15.30\ns:1 trl:10.5000 lr:0.000002 norm:1.00\ns:2 tel:3.2700\n",
		logOf(t, medium, 1): "s:0 tel:11.0000\ns:0 trl:11.1000\ns:1 trl:10.0\n", // without its last validation
	}))
	report := importInto(t, r.dir, "", dir)
	i := item(t, report, small, 1)
	wantEqual(t, "state", i.State, Skipped)
	wantWords(t, i.Why, "no script", "curve is taken")
	got := kept(t, dir, modded, small, 1)
	wantEqual(t, "script", got.Script, "")
	wantEqual(t, "loss", got.ValLoss, 3.27)
	wantEqual(t, "seconds", got.Seconds, 0)
	steps, list := losses(got.Curve)
	wantSlice(t, "steps", steps, []int{0, 0, 1, 2})
	wantSlice(t, "losses", list, []float64{11, 11.1, 10.5, 3.27})
	wantEqual(t, "points of the cut log", item(t, report, medium, 1).CurvePoints, 0)
	wantEqual(t, "record 3", item(t, report, small, 3).State, Skipped)
}

func TestAFolderOfLogsGivesABandAndTheMedianRun(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	folder := logOf(t, small, 15)
	source := script("values")
	r.commit(base(map[string]string{
		folder + "/a.txt": laterLog(source, 8, 237_500, 3.281), folder + "/b.txt": laterLog(source, 8, 236_500, 3.279),
		folder + "/c.txt": laterLog(source, 8, 236_000, 3.274), folder + "/other.txt": laterLog(script("another"), 8, 237_000, 3.1),
		folder + "/README.md": "words\n", folder + "/cut.txt": laterLog(source, 8, 1, 9)[:len(source)+300],
	}))
	report := importInto(t, r.dir, "", dir)
	got := kept(t, dir, modded, small, 15)
	wantEqual(t, "script", got.Script, source+"\n")
	wantEqual(t, "log", got.Log, folder+"/b.txt")
	wantEqual(t, "seconds", got.Seconds, 236.5)
	wantEqual(t, "runs", fmt.Sprint(got.Runs), fmt.Sprint([]taskdata.LoggedRun{
		{Path: folder + "/a.txt", Seconds: 237.5, ValLoss: 3.281}, {Path: folder + "/b.txt", Seconds: 236.5, ValLoss: 3.279}, {Path: folder + "/c.txt", Seconds: 236, ValLoss: 3.274},
	}))
	wantEqual(t, "band", fmt.Sprint(got.Band), fmt.Sprint([]taskdata.BandPoint{
		{Step: 0, TrainMS: 3, Low: 10.9, Median: 10.9, High: 10.9}, {Step: 4, TrainMS: 236_500, Low: 3.274, Median: 3.279, High: 3.281},
	}))
	wantEqual(t, "runs in the report", item(t, report, small, 15).Runs, 3)
}

func TestOfSeveralScriptsInAFolderTheOneNearestThePublishedTimeIsTaken(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	folder := logOf(t, small, 85) // 76.26 s
	files := map[string]string{folder + "/stray/0.txt": laterLog(script("stray"), 8, 76_260, 3.2)}
	for i := range 3 {
		files[fmt.Sprintf("%s/v1/%d.txt", folder, i)] = laterLog(script("v1"), 8, 79_000+i, 3.27)
		files[fmt.Sprintf("%s/v2/%d.txt", folder, i%2)] = laterLog(script("v2"), 8, 75_500+i, 3.27)
	}
	r.commit(base(files))
	importInto(t, r.dir, "", dir)
	wantEqual(t, "script", kept(t, dir, modded, small, 85).Script, script("v2")+"\n")
}

func TestOtherLogsOfTheLinkedScriptAreItsRuns(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	linked := logOf(t, small, 28)
	folder := path.Dir(linked)
	r.commit(base(map[string]string{
		linked: laterLog(script("gate"), 8, 168_000, 3.278), folder + "/second.txt": laterLog(script("gate"), 8, 169_000, 3.276),
		folder + "/deeper/one_gpu.txt": laterLog(script("gate"), 1, 900_000, 3.277), folder + "/baseline.txt": laterLog(script("before"), 8, 170_000, 3.279),
	}))
	importInto(t, r.dir, "", dir)
	got := kept(t, dir, modded, small, 28)
	wantEqual(t, "log", got.Log, linked)
	wantEqual(t, "runs", len(got.Runs), 2)
	wantEqual(t, "median time at the end", got.Band[len(got.Band)-1].TrainMS, 168_500)
}

func TestARunOnEightGPUsStandsForARecordWhoseLinkedLogIsOfOne(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	linked := logOf(t, small, 88)
	eight := path.Join(path.Dir(path.Dir(linked)), "again", "x.txt")
	r.commit(base(map[string]string{linked: laterLog(script("prefix"), 1, 595_000, 3.27), eight: laterLog(script("prefix"), 8, 74_000, 3.28)}))
	report := importInto(t, r.dir, "", dir)
	got := kept(t, dir, modded, small, 88)
	wantEqual(t, "log", got.Log, eight)
	wantEqual(t, "seconds", got.Seconds, 74)
	wantEqual(t, "runs", len(got.Runs), 1)
	wantWords(t, item(t, report, small, 88).Why, "1x NVIDIA H100", "x.txt")
}

func TestALogThatWasCutOffKeepsItsScriptAndNoCurve(t *testing.T) {
	whole := laterLog(script("cut"), 8, 188_000, 3.27)
	for _, c := range []struct {
		name, log, why string
		script         bool
	}{
		{"before the last validation", whole[:strings.LastIndex(whole, "step:4/4 val_loss")], "before the last step", true},
		{"within the last validation", whole[:strings.Index(whole, "188000ms step_avg:1.00ms\npeak")+4], "before the last step", true},
		{"before the training", whole[:strings.Index(whole, "step:0")], "before the last step", true},
		{"within the script", script("cut")[:60], "within the script", false},
		{"empty", "", "within the script", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, dir := newRepo(t), t.TempDir()
			r.commit(base(map[string]string{logOf(t, small, 19): c.log, logOf(t, small, 20): laterLog(script("next"), 8, 179_000, 3.28)}))
			i := item(t, importInto(t, r.dir, "", dir), small, 19)
			wantEqual(t, "state", i.State, Damaged)
			wantWords(t, i.Why, c.why)
			wantEqual(t, "script", i.Script, c.script)
			wantEqual(t, "points", i.CurvePoints, 0)
			if c.script {
				got := kept(t, dir, modded, small, 19)
				wantEqual(t, "script", got.Script, script("cut")+"\n")
				wantEqual(t, "curve", len(got.Curve), 0)
			}
			wantEqual(t, "the next record's points", len(kept(t, dir, modded, small, 20).Curve), 2)
		})
	}
}

func TestWhatIsDamagedReplacesNothing(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	log := laterLog(script("whole"), 8, 188_000, 3.27)
	r.commit(base(map[string]string{logOf(t, small, 19): log}))
	importInto(t, r.dir, "", dir)
	before := snapshot(t, dir)
	r.commit(base(map[string]string{logOf(t, small, 19): log[:len(log)-200]}))
	i := item(t, importInto(t, r.dir, "", dir), small, 19)
	wantEqual(t, "state", i.State, Damaged)
	wantWords(t, i.Why, "stays")
	if !maps.Equal(before, snapshot(t, dir)) {
		t.Error("a cut log replaced what was imported from the whole one")
	}
}

func TestAnObjectThatCannotBeReadHarmsNothingElse(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, object string){
		"missing": func(t *testing.T, object string) {
			if err := os.Remove(object); err != nil {
				t.Fatal(err)
			}
		},
		"damaged": func(t *testing.T, object string) {
			if err := os.Remove(object); err != nil {
				t.Fatal(err)
			}
			write(t, object, "no zlib stream")
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, dir := newRepo(t), t.TempDir()
			folder := path.Dir(logOf(t, small, 20))
			r.commit(base(map[string]string{
				logOf(t, small, 19): laterLog(script("19"), 8, 188_000, 3.27), logOf(t, small, 20): laterLog(script("20"), 8, 179_000, 3.28),
				folder + "/more.txt": laterLog(script("20"), 8, 179_001, 3.28), logOf(t, small, 21): laterLog(script("21"), 8, 176_000, 3.28),
			}))
			spoil(t, r.object(logOf(t, small, 19)))
			spoil(t, r.object(folder+"/more.txt"))
			report := importInto(t, r.dir, "", dir)
			i := item(t, report, small, 19)
			wantEqual(t, "state", i.State, Damaged)
			wantEqual(t, "script", i.Script, false)
			wantWords(t, i.Why, "cannot be read")
			i = item(t, report, small, 20)
			wantEqual(t, "state", i.State, Taken)
			wantEqual(t, "runs", i.Runs, 1)
			wantWords(t, i.Why, "1 of the 2 logs")
			wantEqual(t, "record 21", item(t, report, small, 21).State, Taken)
		})
	}
}

func TestAFileOfOver64MiBIsRefusedInWords(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	r.git("config", "core.compression", "1")
	r.commit(base(map[string]string{
		logOf(t, small, 19): strings.Repeat("x", maxBlob+1), logOf(t, small, 20): laterLog(script("20"), 8, 179_000, 3.28),
	}))
	report := importInto(t, r.dir, "", dir)
	wantEqual(t, "state", item(t, report, small, 19).State, Damaged)
	wantWords(t, item(t, report, small, 19).Why, "64 MiB")
	wantEqual(t, "record 20", item(t, report, small, 20).State, Taken)
}

func TestRecordsAreFoundUnderEarlierNames(t *testing.T) {
	r := newRepo(t)
	log4, log15, log1 := logOf(t, small, 4), logOf(t, small, 15), logOf(t, small, 1)
	logs := map[string]string{
		"4":  earlyLog(script("4"), 1_338_000, 3.2785),
		"15": laterLog(script("15"), 8, 237_000, 3.278),
		"1":  "s:0 tel:11.0000\ns:9 tel:3.2700\n",
		"2":  "s:0 tel:11.0000\ns:9 tel:2.9200\n",
	}
	for name, files := range map[string]map[string]string{
		"before the tracks": {
			"records/101024_Muon/" + path.Base(log4): logs["4"], "records/120824_UNetValueEmbedsTweaks/z.txt": logs["15"],
			"records/101324_llmc/main.log": logs["1"], "records/011825_GPT2Medium/main.log": logs["2"],
		},
		"with long dates": {
			"records/2024-10-10_Muon/" + path.Base(log4): logs["4"], "records/2024-12-08_UNetValueEmbedsTweaks/z.txt": logs["15"],
			"records/2024-10-13_llmc/main.log": logs["1"], "records/2025-01-18_GPT2Medium/main.log": logs["2"],
		},
		"renamed, with a copy elsewhere": {
			"records/track_1_short/2024-10-11_NewTitle/" + path.Base(log4): logs["4"], "records/other/2024-12-08-UNetValueEmbedsTweaks/z.txt": logs["15"],
			"records/track_1_short/2024-10-13_llmc/main.log": logs["1"], "records/track_2_medium/2025-01-18/main.log": logs["2"],
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files["train_gpt2.py"] = "pass\n"
			commit := r.commit(files)
			r.commit(base(map[string]string{log4: "", log15 + "/z.txt": "", log1: ""})) // the latest commit is not the one asked for
			report := importInto(t, r.dir, commit[:12], dir)
			wantEqual(t, "commit", report.Commit, commit)
			wantEqual(t, "script 4", kept(t, dir, modded, small, 4).Script, script("4"))
			wantEqual(t, "script 15", kept(t, dir, modded, small, 15).Script, script("15")+"\n")
			wantEqual(t, "loss of 1", kept(t, dir, modded, small, 1).ValLoss, 3.27)
			wantEqual(t, "loss of medium 1", kept(t, dir, modded, medium, 1).ValLoss, 2.92)
			wantWords(t, item(t, report, small, 5).Why, "this commit holds neither")
		})
	}
}

func TestTheLogInTheRecordsOwnFolderIsPreferredToItsCopies(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	name := path.Base(logOf(t, small, 8))
	log := earlyLog(script("8"), 648_000, 3.276)
	r.commit(base(map[string]string{"records/110324_UntieEmbed/" + name: log, "records/110624_ShortcutsTweaks/" + name: log, "records/100124_First/" + name: log}))
	importInto(t, r.dir, "", dir)
	wantEqual(t, "log", kept(t, dir, modded, small, 8).Log, "records/110324_UntieEmbed/"+name)
}

func TestTheWorkTreeDoesNotMatter(t *testing.T) {
	r := newRepo(t)
	linked := logOf(t, small, 19)
	r.commit(base(map[string]string{linked: laterLog(script("19"), 8, 188_000, 3.27)}))
	want := t.TempDir()
	importInto(t, r.dir, "", want)
	check := func(what, path string) {
		t.Helper()
		dir := t.TempDir()
		importInto(t, path, "", dir)
		wantEqual(t, what, kept(t, dir, modded, small, 19).Script, kept(t, want, modded, small, 19).Script)
	}
	check("a folder inside", filepath.Join(r.dir, "records"))
	check("the git directory", filepath.Join(r.dir, ".git"))
	bare := filepath.Join(t.TempDir(), "bare.git")
	r.git("clone", "-q", "--bare", r.dir, bare)
	check("a bare clone", bare)
	write(t, filepath.Join(r.dir, linked), "spoilt")
	check("a dirty tree", r.dir)
	r.git("rm", "-rq", "--cached", ".")
	if err := os.RemoveAll(filepath.Join(r.dir, "records")); err != nil {
		t.Fatal(err)
	}
	check("an empty tree and index", r.dir)
}

func TestImportingAgainChangesNothing(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	files := base(map[string]string{
		logOf(t, small, 19): laterLog(script("19"), 8, 188_000, 3.27), logOf(t, small, 20): laterLog(script("20"), 8, 179_000, 3.28),
	})
	r.commit(files)
	wantEqual(t, "taken", importInto(t, r.dir, "", dir).Counts(KindRecord).Taken, 2)
	before := snapshot(t, dir)
	again := importInto(t, r.dir, "", dir).Counts(KindRecord)
	wantEqual(t, "unchanged", again.Unchanged, 2)
	wantEqual(t, "scripts", again.Scripts, 2)
	files["README.md"] = "more\n"
	r.commit(files)
	wantEqual(t, "unchanged by a later commit", importInto(t, r.dir, "", dir).Counts(KindRecord).Unchanged, 2)
	if !maps.Equal(before, snapshot(t, dir)) {
		t.Error("importing again changed files")
	}
	files[logOf(t, small, 20)] = laterLog(script("20 again"), 8, 179_000, 3.28)
	r.commit(files)
	report := importInto(t, r.dir, "", dir)
	wantEqual(t, "record 20", item(t, report, small, 20).State, Changed)
	wantEqual(t, "record 19", item(t, report, small, 19).State, Unchanged)
	delete(files, logOf(t, small, 19))
	r.commit(files)
	wantEqual(t, "record 19", item(t, importInto(t, r.dir, "", dir), small, 19).State, Skipped)
	wantEqual(t, "script 19", kept(t, dir, modded, small, 19).Script, script("19")+"\n")
}

func TestAScriptBesideTheLogIsComparedAndHelpsOut(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	beside := func(number int) string { return path.Join(path.Dir(logOf(t, small, number)), "train_gpt2.py") }
	r.commit(base(map[string]string{
		logOf(t, small, 4): earlyLog(script("4"), 1_338_000, 3.27), beside(4): script("4 edited"),
		logOf(t, small, 2): "s:0 tel:11.0000\ns:9 tel:3.2700\n", beside(2): script("2"),
		logOf(t, small, 19): "import os", beside(19): script("19"),
	}))
	report := importInto(t, r.dir, "", dir)
	wantEqual(t, "script 4", kept(t, dir, modded, small, 4).Script, script("4"))
	wantWords(t, item(t, report, small, 4).Why, "train_gpt2.py", "another script")
	wantEqual(t, "script 2", kept(t, dir, modded, small, 2).Script, script("2"))
	wantEqual(t, "state 2", item(t, report, small, 2).State, Taken)
	wantEqual(t, "path 2", kept(t, dir, modded, small, 2).Path, beside(2))
	wantEqual(t, "script 19", kept(t, dir, modded, small, 19).Script, script("19"))
	wantEqual(t, "state 19", item(t, report, small, 19).State, Damaged)
}

func TestAnUpgradeOfPyTorchHasTheScriptBeforeIt(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	r.commit(base(map[string]string{logOf(t, small, 65): laterLog(script("65"), 8, 96_000, 3.27)}))
	report := importInto(t, r.dir, "", dir)
	got := kept(t, dir, modded, small, 66)
	wantEqual(t, "script", got.Script, script("65")+"\n")
	wantEqual(t, "seconds", got.Seconds, 0)
	wantWords(t, item(t, report, small, 66).Why, "record 65")
	wantEqual(t, "record 86", item(t, report, small, 86).State, Skipped)
}

func TestFoldersOfNoRecordAreNamed(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	r.commit(base(map[string]string{
		logOf(t, small, 19): laterLog(script("19"), 8, 188_000, 3.27), "records/track_1_short/2024-10-09_SOAP/a.txt": "x", "records/track_3_x/results/2026-01-01_y/a.txt": "x",
		"records/track_1_short/2025-02-01_RuleTweak/eff63a8c-2f7e-4fc5-97ce-7f600dae0bc7.txt": "of the retiming of record 21",
	}))
	var names []string
	for _, i := range importInto(t, r.dir, "", dir).Items {
		if i.Kind == KindFolder {
			names = append(names, i.Name)
			wantEqual(t, "state", i.State, Skipped)
		}
	}
	wantSlice(t, "folders", names, []string{"records/track_1_short/2024-10-09_SOAP", "records/track_3_x"})
}
