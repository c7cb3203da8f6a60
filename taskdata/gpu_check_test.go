package taskdata_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pitwall/taskdata"
)

// A script of our own in the manner of the nanogpt tracks, and the next record, which
// moves the clock as some human changes do.
const (
	gpuRecord = `import os, time, glob, torch
import torch._inductor.config as config
class Hyperparameters:
    train_files = "data/fineweb10B/fineweb_train_*.bin"
    val_files = "data/fineweb10B/fineweb_val_*.bin"
    val_tokens: int = 10485760
    lr = 0.02
args = Hyperparameters()
model = torch.compile(build())
training_time_ms = 0
torch.cuda.synchronize()
t0 = time.perf_counter()
for step in range(100):
    if step == 10:
        training_time_ms = 0
        t0 = time.perf_counter()
    if step % 10 == 0:
        torch.cuda.synchronize()
        training_time_ms += 1000 * (time.perf_counter() - t0)
        val_steps = args.val_tokens // 1024
        val_loss = 0
        for _ in range(val_steps):
            val_loss += model(next(val_loader))
        print0(f"step:{step}/100 val_loss:{val_loss:.4f} train_time:{training_time_ms:.0f}ms")
        torch.cuda.synchronize()
        t0 = time.perf_counter()
    train(step)
    approx = training_time_ms + 1000 * (time.perf_counter() - t0)
    print0(f"step:{step+1}/100 train_time:{approx:.0f}ms")
`
	restart = "    if step == 10:\n        training_time_ms = 0\n        t0 = time.perf_counter()\n"
)

func gpuTask(record, answer string, from int) taskdata.Task {
	make := func(n int, script string) taskdata.Record {
		return taskdata.Record{Track: taskdata.NanoGPT, Number: n}.WithScript(script, nil)
	}
	return taskdata.NewTask(make(from, record), make(from+1, answer), nil)
}

func gpuCheck(t *testing.T, task taskdata.Task, script string) []taskdata.Violation {
	t.Helper()
	found, err := taskdata.CheckText(t.Context(), interpreter(python(t)), task, script)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func swap(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if strings.Count(text, pairs[i]) == 0 {
			t.Fatalf("%q is not there", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

func TestWhatTheRulesOfNanoGPTProtect(t *testing.T) {
	answer := swap(t, gpuRecord, "lr = 0.02", "lr = 0.03", restart, "")
	for name, c := range map[string]struct {
		script string
		rule   string // "" for none
		flag   bool
	}{
		"nothing":                      {gpuRecord, "", false},
		"a rate":                       {swap(t, gpuRecord, "lr = 0.02", "lr = 0.05"), "", false},
		"the human change":             {answer, taskdata.RuleClock, true},
		"the clock as the human":       {swap(t, gpuRecord, restart, ""), taskdata.RuleClock, true},
		"the clock halved":             {swap(t, gpuRecord, "+= 1000 *", "+= 500 *"), taskdata.RuleClock, false},
		"the clock restarted later":    {swap(t, gpuRecord, "step == 10", "step == 50"), "", false}, // the engine's clock sees it
		"another restart":              {swap(t, gpuRecord, "    train(step)\n", "    train(step)\n    training_time_ms = 0\n"), taskdata.RuleClock, false},
		"the clock replaced":           {swap(t, gpuRecord, "args = Hyper", "time.perf_counter = lambda: 0.0\nargs = Hyper"), taskdata.RuleClock, false},
		"no waiting for the GPU":       {swap(t, gpuRecord, "        torch.cuda.synchronize()\n        training", "        training"), taskdata.RuleClock, false},
		"other training files":         {swap(t, gpuRecord, "fineweb_train_*", "fineweb_val_*"), taskdata.RuleData, false},
		"other data by another name":   {swap(t, gpuRecord, "args = Hyper", "extra = glob.glob('data/fineweb_val_000000.bin')\nargs = Hyper"), taskdata.RuleData, false},
		"fewer validation tokens":      {swap(t, gpuRecord, "10485760", "1048576"), taskdata.RuleData, false},
		"as many, written otherwise":   {swap(t, gpuRecord, "10485760", "10 * 1024 * 1024"), "", false},
		"a log line of its own":        {swap(t, gpuRecord, "    train(step)\n", "    train(step)\n    print0(f\"step:{step}/100 val_loss:3.0 train_time:1ms\")\n"), taskdata.RuleLog, false},
		"a log line gone":              {swap(t, gpuRecord, "    print0(f\"step:{step+1}/100 train_time:{approx:.0f}ms\")\n", ""), taskdata.RuleLog, false},
		"another figure in a log line": {swap(t, gpuRecord, "{val_loss:.4f}", "{val_loss-0.1:.4f}"), taskdata.RuleLog, false},
		"another batch of validation":  {swap(t, gpuRecord, "args.val_tokens // 1024", "args.val_tokens // 2048"), taskdata.RuleData, true},
		"a flag of the compiler":       {swap(t, gpuRecord, "args = Hyper", "config.max_autotune = True\nargs = Hyper"), "", false},
		"no Python":                    {swap(t, gpuRecord, "for step in", "for step of"), taskdata.RuleSyntax, false},
		"the network":                  {"import urllib.request\n" + gpuRecord, taskdata.RuleData, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := gpuCheck(t, gpuTask(gpuRecord, answer, 4), c.script)
			switch {
			case c.rule == "" && len(found) > 0:
				t.Errorf("refused: %v", found)
			case c.rule != "" && !slices.ContainsFunc(found, func(v taskdata.Violation) bool { return v.Rule == c.rule && v.Flag == c.flag }):
				t.Errorf("found %+v, want rule %s, flag %v", found, c.rule, c.flag)
			case c.flag && slices.ContainsFunc(found, func(v taskdata.Violation) bool { return !v.Flag }):
				t.Errorf("refused: %v", found)
			}
		})
	}
}

func TestCompilerFlagsAreForbiddenFromRecord21On(t *testing.T) {
	flagged := swap(t, gpuRecord, "args = Hyper", "config.max_autotune = True\nargs = Hyper")
	mode := swap(t, gpuRecord, "torch.compile(build())", "torch.compile(build(), mode='max-autotune')")
	for _, from := range []int{20, 21} {
		for _, script := range []string{flagged, mode} {
			if found := gpuCheck(t, gpuTask(gpuRecord, gpuRecord, from), script); (len(found) > 0) != (from == 21) {
				t.Errorf("record %d: %v", from, found)
			}
		}
		// What the next record sets is the human change.
		if found := gpuCheck(t, gpuTask(gpuRecord, flagged, from), flagged); len(found) > 0 {
			t.Errorf("record %d, the human change: %v", from, found)
		}
	}
}

func TestAGPUScriptMayBeLongButNotEndless(t *testing.T) {
	task := gpuTask(gpuRecord, gpuRecord, 4)
	for n, ok := range map[int]bool{200 << 10: true, 2 << 20: false} {
		script := gpuRecord + "# " + strings.Repeat("x", n) + "\n"
		if found := gpuCheck(t, task, script); (len(found) == 0) != ok {
			t.Errorf("%s: %v", fmt.Sprintf("%d bytes more", n), found)
		}
	}
}
