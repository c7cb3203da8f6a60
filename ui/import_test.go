package ui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pitwall/taskdata"
	"pitwall/taskdata/importer"
)

// imported makes a catalog in which the given records of nanogpt were imported from
// both repositories. Figures and scripts are made up.
func imported(t testing.TB, numbers ...int) *taskdata.Catalog {
	t.Helper()
	dir := t.TempDir()
	keep := func(r taskdata.ImportedRecord) {
		t.Helper()
		if _, err := taskdata.SaveRecord(dir, r); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range numbers {
		r := taskdata.ImportedRecord{Source: taskdata.ModdedNanoGPT, Track: taskdata.NanoGPT, Number: n, Script: fmt.Sprintf("own = %d\n", n)}
		r.Log, r.Torch, r.Hardware, r.PeakMiB, r.Seconds, r.ValLoss = "a/log.txt", "2.5.1+cu124", "8x NVIDIA H100 80GB HBM3", 34816, 400, 3.279
		for i := range 12 {
			at, loss := float64(i)*33_000, 3.2+4/float64(i+1)
			r.Curve = append(r.Curve, taskdata.Point{Step: 125 * i, TrainMS: at, ValLoss: &loss})
			r.Band = append(r.Band, taskdata.BandPoint{Step: 125 * i, TrainMS: at, Low: loss - 0.2, Median: loss, High: loss + 0.2})
		}
		r.Runs = []taskdata.LoggedRun{{Path: "a", Seconds: 399, ValLoss: 3.278}, {Path: "b", Seconds: 401, ValLoss: 3.28}}
		keep(r)
		keep(taskdata.ImportedRecord{Source: taskdata.LLMSpeedrunner, Track: taskdata.NanoGPT, Number: n, Script: fmt.Sprintf("template = %d\n", n), Seconds: 420})
		for _, level := range []taskdata.Hint{taskdata.HintPseudocode, taskdata.HintText} {
			h := taskdata.ImportedHint{Source: taskdata.LLMSpeedrunner, Track: taskdata.NanoGPT, From: n, Level: level, Text: "what the paper tells"}
			if _, err := taskdata.SaveHint(dir, h); err != nil {
				t.Fatal(err)
			}
		}
		h := taskdata.ImportedHint{Source: taskdata.LLMSpeedrunner, Track: taskdata.NanoGPT, From: n, Name: "muon", Text: "a text about Muon"}
		if _, err := taskdata.SaveHint(dir, h); err != nil {
			t.Fatal(err)
		}
	}
	c, err := taskdata.OpenCatalog(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var testItems = []importer.Item{
	{Kind: importer.KindRecord, Track: "nanogpt", Number: 4, State: importer.Taken, Script: true, CurvePoints: 51, Runs: 3, Seconds: 1339.1, PublishedSeconds: 1338, Torch: "2.4.1+cu121", Hardware: "8x NVIDIA H100 80GB HBM3"},
	{Kind: importer.KindRecord, Track: "nanogpt", Number: 3, State: importer.Skipped, Why: "the repository holds no log of it"},
	{Kind: importer.KindRecord, Track: "nanogpt", Number: 5, State: importer.Damaged, Script: true, Seconds: 900, Why: strings.Repeat("its log is cut off in the middle 損失 ", 5)},
	{Kind: importer.KindFolder, Name: "records/track_1_short/2024-10-09_Elsewhere", State: importer.Skipped, Why: "no record that is known here links to it"},
	{Kind: importer.KindHint, Track: "nanogpt", Number: 4, Name: "a/level_1.txt", State: importer.Taken},
	{Kind: importer.KindHint, Track: "nanogpt", Number: 4, Name: "a/level_2.txt", State: importer.Taken},
	{Kind: importer.KindRecord, Track: "nanogpt", Number: 6, State: importer.Unchanged, Script: true, Seconds: 783, PublishedSeconds: 786},
}

// importing gives a screen whose imports end with a word on the channel.
func importing(t testing.TB, after *taskdata.Catalog) (Options, chan error) {
	word := make(chan error)
	return Options{Store: openStore(t), Import: func(ctx context.Context, path string, progress func(importer.Progress)) (importer.Report, *taskdata.Catalog, error) {
		for i := range 40 { // more than anybody takes up
			progress(importer.Progress{Done: i, Total: 107, What: fmt.Sprintf("nanogpt/%d", i)})
		}
		select {
		case err := <-word:
			report := importer.Report{Path: path, Source: taskdata.ModdedNanoGPT, Commit: strings.Repeat("0123456789", 4), Items: testItems}
			if err != nil {
				report.Items = nil
			}
			return report, after, err
		case <-ctx.Done():
			return importer.Report{Path: path, Items: testItems[:1]}, after, fmt.Errorf("import stopped: %w", ctx.Err())
		}
	}}, word
}

func TestImportMakesTasksReadyAtOnce(t *testing.T) {
	o, word := importing(t, imported(t, 4, 5))
	d := driveHome(t, o, 140, 42)
	d.press("2", "g", "j", "j", "j")
	d.until("nanogpt/4 ", "Cannot be attempted yet", "no task ready", "enter import")
	d.press("enter")
	d.until("git clone https://github.com/KellerJordan/modded-nanogpt", "git clone https://github.com/facebookresearch/llm-speedrunner", "clone ▌")
	d.typeIn("'/a/clone'")
	d.press("enter")
	d.until("reading nanogpt/39", "39 of 107", "esc stop")
	word <- nil
	d.until("3 scripts here · 1 damaged · 3 new · 1 as before · 2 not taken", "modded-nanogpt at 0123456789")
	screen := d.text()
	last := -1
	for _, text := range []string{"nanogpt/5 ", "nanogpt/3 ", "nanogpt/4 ", "nanogpt/4 2 hints", "nanogpt/6 ", "_Elsewhere"} {
		at := strings.Index(screen, text)
		if at <= last {
			t.Errorf("%q does not come after what is worse:\n%s", text, screen)
		}
		last = at
	}
	d.until("1339.1 s    1338.0 s", "2.4.1+cu121", "its log is cut off")
	d.press("esc")
	d.until("nanogpt/4 → 5", "1 of 89 tasks ready", "[template]", "4/89") // where one was
	if d.m.o.Tasks != nil || len(d.m.tasks.Records("nanogpt")) != 89 {
		t.Error("the catalog was not taken up")
	}
}

func TestImportThatFailsSaysWhyAndAsksAgain(t *testing.T) {
	o, word := importing(t, nil)
	d := driveHome(t, o, 80, 24)
	d.press("I")
	d.typeIn("/tmp/x")
	d.press("enter")
	d.until("of 107")
	word <- errors.New("/tmp/x is no git repository: clone one first")
	d.until("✗ /tmp/x is no git repository: clone one first", "clone /tmp/x▌")
	d.press("backspace", "y", "enter")
	d.until("/tmp/y", "of 107")
	d.press("esc")
	d.until("Stopped. What was taken until then stays", "1 script here")
	d.press("esc")
	d.until("records")
}

func TestPathOfACloneIsCompleted(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"modded-nanogpt", "modern", "other", ".hidden"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "mode.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", dir)
	t.Setenv("USERPROFILE", dir)
	sep := string(filepath.Separator)
	for _, c := range []struct{ typed, want, offers string }{
		{dir + sep + "m", dir + sep + "mod", "modded-nanogpt modern"},
		{dir + sep + "modd", dir + sep + "modded-nanogpt" + sep, ""},
		{"~" + sep + "o", "~" + sep + "other" + sep, ""},
		{dir + sep + ".h", dir + sep + ".hidden" + sep, ""},
		{dir + sep + "none", dir + sep + "none", ""},
		{dir + sep, dir + sep, "modded-nanogpt modern other"},
	} {
		got := completed(c.typed)
		if got.text != c.want || strings.Join(got.offers, " ") != c.offers {
			t.Errorf("%q becomes %q with %v, want %q with %s", c.typed, got.text, got.offers, c.want, c.offers)
		}
	}
	for _, c := range [][2]string{{" '/a b' ", "/a b"}, {`"/a"`, "/a"}, {"~", dir}, {"~x", "~x"}, {"~" + sep + "x", dir + sep + "x"}} {
		if got := homely(c[0]); got != c[1] {
			t.Errorf("%q is %q, want %q", c[0], got, c[1])
		}
	}
	o, _ := importing(t, nil)
	d := driveHome(t, o, 80, 24)
	d.press("I")
	d.typeIn(dir + sep + "m")
	d.press("tab")
	d.until("modded-nanogpt   modern")
	d.press("d", "tab")
	d.until("modded-nanogpt" + sep + "▌")
}

func TestDirectoriesThatDoNotFitAreTurnedByPages(t *testing.T) {
	dir := t.TempDir()
	for i := range 60 {
		if err := os.Mkdir(filepath.Join(dir, fmt.Sprintf("a-long-name-of-a-clone-%02d", i)), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	o, _ := importing(t, nil)
	d := driveHome(t, o, 80, 24)
	d.press("I")
	d.typeIn(dir + string(filepath.Separator))
	d.press("tab")
	d.until("clone-00", "60 directories, page 1/")
	d.press("tab")
	d.until("page 2/")
	d.lacks("clone-00")
	for range 30 {
		if strings.Contains(d.text(), "page 1/") {
			break
		}
		before := d.text()
		d.press("tab")
		d.when("another page", func() bool { return d.text() != before })
	}
	d.until("clone-00", "page 1/")
}

func TestTheSpinnerTurnsWhileAnImportIsUnderWayAndRestsAfterIt(t *testing.T) {
	o, _ := importing(t, nil)
	end := make(chan struct{})
	o.Import = func(ctx context.Context, _ string, _ func(importer.Progress)) (importer.Report, *taskdata.Catalog, error) {
		select {
		case <-end:
		case <-ctx.Done():
		}
		return importer.Report{}, nil, errors.New("it is no clone")
	}
	d := driveHome(t, o, 80, 24)
	d.press("I", "x", "enter")
	d.until("opening the clone")
	for range 3 {
		before := d.text()
		d.when("the spinner to turn", func() bool { return d.text() != before })
	}
	close(end)
	d.until("it is no clone")
	if d.m.now.(spinning).spins() {
		t.Error("it spins on after the import")
	}
}
