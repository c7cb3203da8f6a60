package importer

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pitwall/taskdata"
)

// repo is a small repository of our own making.
type repo struct {
	t   *testing.T
	dir string
}

func newRepo(t *testing.T) *repo {
	t.Helper()
	for name, value := range map[string]string{
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
	} {
		t.Setenv(name, value)
	}
	r := &repo{t, filepath.Join(t.TempDir(), "clone")}
	if out, err := exec.Command("git", "init", "-q", r.dir).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v\n%s", err, out)
	}
	return r
}

func (r *repo) git(args ...string) string {
	r.t.Helper()
	out, err := exec.Command("git", append([]string{"-C", r.dir}, args...)...).CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit makes files the whole content of the next commit, and returns its hash.
func (r *repo) commit(files map[string]string) string {
	r.t.Helper()
	r.git("rm", "-rfq", "--ignore-unmatch", ".")
	for path, text := range files {
		write(r.t, filepath.Join(r.dir, path), text)
	}
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", "files")
	return r.git("rev-parse", "HEAD")
}

// object returns the file of the object that holds a file of the latest commit.
func (r *repo) object(path string) string {
	r.t.Helper()
	name := r.git("rev-parse", "HEAD:"+path)
	return filepath.Join(r.dir, ".git", "objects", name[:2], name[2:])
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// importInto imports and fails the test on an error.
func importInto(t *testing.T, path, ref, dir string) Report {
	t.Helper()
	report, err := Import(t.Context(), path, ref, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// item returns the report's line of a record or template.
func item(t *testing.T, report Report, track string, number int) Item {
	t.Helper()
	for _, i := range report.Items {
		if (i.Kind == KindRecord || i.Kind == KindTemplate) && i.Track == track && i.Number == number {
			return i
		}
	}
	t.Fatalf("the report has no line of %s/%d", track, number)
	return Item{}
}

// kept returns what an import left of a record.
func kept(t *testing.T, dir, source, track string, number int) taskdata.ImportedRecord {
	t.Helper()
	catalog, err := taskdata.OpenCatalog(dir)
	if err != nil {
		t.Fatal(err)
	}
	record, err := catalog.FindRecord(track, number)
	if err != nil {
		t.Fatal(err)
	}
	about, ok := record.Imported(source)
	if !ok {
		t.Fatalf("nothing was kept of %s/%d", track, number)
	}
	return about
}

// snapshot returns all files below a directory.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// logOf returns where the published log or folder of a record lies.
func logOf(t *testing.T, track string, number int) string {
	t.Helper()
	record, err := taskdata.Embedded().FindRecord(track, number)
	if err != nil || record.Log == "" {
		t.Fatalf("%s/%d has no log (%v)", track, number, err)
	}
	return record.Log
}

const line = "====================================================================================================\n"

// script is a script that holds the separator as an expression, as the real ones do.
func script(name string) string {
	return "import sys\nwith open(sys.argv[0]) as f:\n    code = f.read()\n# " + name + "\nlog('='*100)\nlog(\"=\" * 100 + \"\\n\")\n"
}

// smi is the part of an nvidia-smi table that is read.
func smi(gpus int, name string) string {
	var b strings.Builder
	b.WriteString("| NVIDIA-SMI 550.10.01             Driver Version: 550.10.01      CUDA Version: 12.4     |\n")
	for i := range gpus {
		fmt.Fprintf(&b, "|   %d  %-26s On  |   00000000:%02d:00.0 Off |                    0 |\n", i, name, i)
		b.WriteString("| N/A   31C    P0            111W /  700W |    1500MiB /  81559MiB |      0%      Default |\n")
	}
	for i := range gpus {
		fmt.Fprintf(&b, "|    %d   N/A  N/A            1%d      C   python                                 100MiB |\n", i, i)
	}
	return b.String()
}

// course are the metric lines of a run of four steps that took ms and ended at loss. With losses, each
// step prints its training loss; the clock restarts after step 2.
func course(ms int, loss float64, losses bool) string {
	var b strings.Builder
	b.WriteString("step:0/4 val_loss:10.9000 train_time:3ms step_avg:nanms\n")
	for step := 1; step <= 4; step++ {
		at := ms * step / 4
		if step <= 2 {
			at = 70_000 + step
		}
		trained := ""
		if losses {
			trained = fmt.Sprintf("train_loss:%d.5000 ", 9-step)
		}
		fmt.Fprintf(&b, "step:%d/4 %strain_time:%dms step_avg:1.00ms\n", step, trained, at)
	}
	fmt.Fprintf(&b, "step:4/4 val_loss:%.4f train_time:%dms step_avg:1.00ms\n", loss, ms)
	return b.String()
}

const versions = "Running Python 3.12.7 (main, Jan  1 2025, 00:00:00) [GCC 13.2.0]\nRunning PyTorch 2.6.0.dev20250101+cu124 compiled for CUDA 12.4\n"

// earlyLog is a log of the manner of records 4 to 13.
func earlyLog(source string, ms int, loss float64) string {
	return line + source + line + "Running pytorch 2.4.1+cu121 compiled for CUDA 12.1\nnvidia-smi:\n" + smi(8, "NVIDIA H100 80GB HBM3") + "\n" +
		line + "Training DataLoader: total number of tokens: 100 across 1 files\n" + line + course(ms, loss, true)
}

// laterLog is a log of the manner of records 14 and on. The source is printed, so that a line end
// follows it.
func laterLog(source string, gpus, ms int, loss float64) string {
	return source + "\n" + line + versions + smi(gpus, "NVIDIA H100 80GB HBM3") + line + course(ms, loss, false) +
		"peak memory allocated: 31000 MiB reserved: 36000 MiB\n"
}

// base is what makes a repository one of records.
func base(files map[string]string) map[string]string {
	all := map[string]string{"train_gpt.py": "pass\n", "README.md": "# Speedrun\n"}
	maps.Copy(all, files)
	return all
}

func losses(points []taskdata.Point) (steps []int, list []float64) {
	for _, p := range points {
		steps = append(steps, p.Step)
		switch {
		case p.ValLoss != nil:
			list = append(list, *p.ValLoss)
		case p.TrainLoss != nil:
			list = append(list, *p.TrainLoss)
		}
	}
	return steps, list
}

func wantWords(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q does not say %q", text, w)
		}
	}
}

func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, not %v", what, got, want)
	}
}

func wantSlice[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, not %v", what, got, want)
	}
}
