//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pitwall/runner/gputest"
	"pitwall/taskdata"
)

// gpuPlace is a place with eight stand-in GPUs, the shards that records 4 and 5 need, and
// a clone in the form of modded-nanogpt that holds made-up scripts and logs of both.
func gpuPlace(t *testing.T) (p *place, bin, clone string) {
	t.Helper()
	bin, clone = t.TempDir(), t.TempDir()
	p = newPlace(t, "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	data := filepath.Join(p.home, "data")
	err := errors.Join(gputest.Install(bin), gputest.Data(data, 34),
		os.WriteFile(filepath.Join(p.home, "profiles.toml"), []byte("[defaults]\ndata = \""+data+"\"\nprice = 2.5\n"), 0o600))
	for number, stepMS := range map[int]float64{4: 60, 5: 40} {
		record, findErr := taskdata.Embedded().FindRecord(taskdata.NanoGPT, number)
		path := filepath.Join(clone, filepath.FromSlash(record.Log))
		err = errors.Join(err, findErr, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(madeUpLog(stepMS)), 0o644))
	}
	err = errors.Join(err, os.WriteFile(filepath.Join(clone, "train_gpt.py"), []byte("# made up\n"), 0o644))
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"commit", "-q", "-m", "made up"}} {
		git := exec.Command("git", append([]string{"-C", clone, "-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
		if out, gitErr := git.CombinedOutput(); gitErr != nil {
			err = errors.Join(err, fmt.Errorf("git %v: %w: %s", args, gitErr, out))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return p, bin, clone
}

// madeUpLog is a log of a script of ours in the form of the speedrun's records 4 to 13.
func madeUpLog(stepMS float64) string {
	rule := strings.Repeat("=", 100) + "\n"
	var b strings.Builder
	b.WriteString(rule + gputest.Script(fmt.Sprintf("step_ms = %.1f\ncompile_ms = 3000.0\n", stepMS)) + rule)
	b.WriteString("Running pytorch 2.4.1+cu121 compiled for CUDA 12.1\nnvidia-smi:\n")
	for i := range 8 {
		fmt.Fprintf(&b, "|   %d  NVIDIA H100 80GB HBM3          On  |   00000000:0%d:00.0 Off |                    0 |\n", i, i)
	}
	b.WriteString("\n" + rule)
	const steps = 60
	ms := 0.0
	for step := range steps + 1 {
		loss := 3.275 + 7.5*math.Pow(1-float64(step)/steps, 4)
		if step == 10 {
			ms = 0
		}
		if step%10 == 0 {
			fmt.Fprintf(&b, "step:%d/%d val_loss:%.4f train_time:%.0fms step_avg:%.2fms\n", step, steps, loss, ms, stepMS)
		}
		if step < steps {
			ms += stepMS
			fmt.Fprintf(&b, "step:%d/%d train_loss:%.4f train_time:%.0fms step_avg:%.2fms\n", step+1, steps, loss, ms, stepMS)
		}
	}
	return b.String()
}

func TestARecordIsImportedRunOnEightGPUsAndReplayed(t *testing.T) {
	p, bin, clone := gpuPlace(t)
	d := p.open(140, 42)
	d.Key("q").Leaves()
	if out := p.do("import", clone); !strings.Contains(out, "nanogpt/4") || !strings.Contains(out, "nanogpt/5") {
		t.Fatalf("import says:\n%s", out)
	}
	var tasks []struct {
		ID    string
		Ready bool
	}
	p.read(&tasks, "tasks", "--track", "nanogpt")
	for _, task := range tasks {
		if ready := task.ID == "nanogpt/4"; task.Ready != ready {
			t.Errorf("%s: ready %v", task.ID, task.Ready)
		}
	}
	id := strings.TrimSpace(p.do("attempt", "nanogpt/4", "--agent", "oracle", "--nodes", "1", "--calibrate", "1", "--confirm", "2", "--detach", "--yes"))
	d = p.open(140, 42, "watch", id)
	d.Sees("nanogpt/4 → 5", "compiling")
	d.trains()
	d.Sees("GPU", "8 of 8", "1 held down")
	a := p.ended(id)
	d.Sees("✓ done", "FSR")
	if a.FSR == nil || *a.FSR < 0.8 || *a.FSR > 1.2 {
		t.Errorf("FSR %v", a.FSR)
	}
	d.Key("q").Leaves()

	// What a task lacks is put in words.
	if err := gputest.Set(bin, "gone", ""); err != nil {
		t.Fatal(err)
	}
	if _, words, err := p.try("attempt", "nanogpt/4", "--agent", "oracle", "--yes"); err == nil || !strings.Contains(words, "driver") {
		t.Errorf("without a driver: %v, %s", err, words)
	}
}
