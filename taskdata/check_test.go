package taskdata_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pitwall/internal/slow"
	"pitwall/taskdata"
)

func task(t *testing.T, id string) taskdata.Task {
	t.Helper()
	task, err := taskdata.Embedded().FindTask(id)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func checkText(t *testing.T, task taskdata.Task, script string) []taskdata.Violation {
	t.Helper()
	found, err := taskdata.CheckText(t.Context(), interpreter(python(t)), task, script)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestRecordsKeepTheRulesOfEachTask(t *testing.T) {
	for _, task := range taskdata.Embedded().Tasks("micro") {
		records := taskdata.Embedded().Records("micro")
		if !slow.Tests {
			records = slices.DeleteFunc(records, func(r taskdata.Record) bool { return r.Number < task.From.Number || r.Number > task.From.Number+1 })
		}
		for _, record := range records {
			if found := checkText(t, task, record.Script()); len(found) > 0 {
				t.Errorf("%s, script of record %d: %v", task.ID(), record.Number, found)
			}
		}
	}
}

// edit replaces old, which must be in the script once, by another text; the empty old stands for the
// place before the last two lines.
type edit struct{ old, new string }

const guard = "\n\nif __name__ == \"__main__\":\n    main()\n"

func apply(t *testing.T, script string, e edit) string {
	t.Helper()
	if e.old == "" {
		return strings.TrimSuffix(script, guard) + "\n\n" + e.new + "\n" + guard
	}
	if strings.Count(script, e.old) != 1 {
		t.Fatalf("%q is in the script %d times", e.old, strings.Count(script, e.old))
	}
	return strings.Replace(script, e.old, e.new, 1)
}

func keywords(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d=0, ", i)
	}
	return b.String()
}

const (
	inForward = `    return activations(params, [tokens])["logits"]`
	inStep    = `    loss, grads = loss_and_gradients(params, state["batches"]`
)

func TestCheckRefusesCheats(t *testing.T) {
	task := task(t, "micro/7")
	for name, c := range map[string]struct {
		rule string
		edit edit
	}{
		"lower target":                  {"protected", edit{"TARGET_LOSS = 2.0", "TARGET_LOSS = 2.5"}},
		"fewer validation characters":   {"protected", edit{"VALIDATION_CHARACTERS = 8192", "VALIDATION_CHARACTERS = 512"}},
		"protected name given later":    {"protected", edit{"", "VALIDATION_CHARACTERS = 512"}},
		"kinder evaluation":             {"protected", edit{"    return total / count", "    return 0.9 * total / count"}},
		"evaluation defined again":      {"protected", edit{"", "def evaluate(params, names):\n    return 1.9"}},
		"evaluation taken out":          {"protected", edit{"def evaluate(weights, names):", "def evaluated(weights, names):"}},
		"training on validation":        {"protected", edit{"encoded[held_out:], encoded[:held_out]", "encoded, encoded[:held_out]"}},
		"data loaded by the model":      {"protected", edit{inStep, "    load_data()\n" + inStep}},
		"log line made up":              {"protected", edit{inStep, "    log_validation(STEPS, 1.9, 10)\n" + inStep}},
		"evaluation under another name": {"protected", edit{"", "measure = evaluate"}},
		"training after the last step":  {"protected", edit{"        train_ms = 1000 * (time.perf_counter() - start)\n", "        train_ms = 500 * (time.perf_counter() - start)\n"}},
		"clock started late":            {"protected", edit{"    start = time.perf_counter()\n", "    start = time.perf_counter() + 1\n"}},
		"no guard":                      {"protected", edit{guard, "\n\nmain()\n"}},
		"no steps":                      {"protected", edit{"\nSTEPS = ", "\nSTEPS = 0 * "}},
		"import of a package":           {"imports", edit{"import math\n", "import math\nimport numpy\n"}},
		"import of ctypes":              {"imports", edit{"import math\n", "import ctypes\nimport math\n"}},
		"import in a function":          {"imports", edit{inStep, "    import subprocess\n" + inStep}},
		"import from a module":          {"imports", edit{"import math\n", "import math\nfrom os import system\n"}},
		"import of a submodule":         {"imports", edit{"import math\n", "import math\nimport os.path\n"}},
		"import of threads":             {"imports", edit{"import math\n", "import math\nimport threading\n"}},
		"second process":                {"imports", edit{"import math\n", "import math\nimport multiprocessing\n"}},
		"import of everything":          {"imports", edit{"import math\n", "import math\nfrom operator import *\n"}},
		"module under another name":     {"imports", edit{"import time\n", "import time\nimport random as time\n"}},
		"reads a file":                  {"names", edit{inStep, "    open('/tmp/weights')\n" + inStep}},
		"evaluates text":                {"names", edit{inStep, "    eval('1')\n" + inStep}},
		"runs text":                     {"names", edit{inStep, "    exec('x = 1')\n" + inStep}},
		"reaches builtins":              {"names", edit{inStep, "    __builtins__\n" + inStep}},
		"imports by name":               {"names", edit{inStep, "    __import__('ctypes')\n" + inStep}},
		"sets an attribute by name":     {"names", edit{inStep, "    setattr(math, 'log', abs)\n" + inStep}},
		"reads globals of a function":   {"names", edit{inStep, "    forward.__globals__\n" + inStep}},
		"climbs to object":              {"names", edit{inStep, "    ().__class__.__base__\n" + inStep}},
		"reads attributes by format":    {"names", edit{inStep, "    '{0.__doc__}'.format(forward)\n" + inStep}},
		"reads attributes by operator":  {"names", edit{inStep, "    operator.attrgetter('__globals__')(forward)\n" + inStep}},
		"reaches a module in a module":  {"names", edit{inStep, "    math._os\n" + inStep}},
		"logarithm replaced":            {"names", edit{inStep, "    math.log = abs\n" + inStep}},
		"module passed on":              {"names", edit{inStep, "    m = math\n    m.log = abs\n" + inStep}},
		"sum replaced":                  {"names", edit{"", "def sum(values):\n    return 0.0"}},
		"max replaced by an import":     {"imports", edit{"import math\n", "import math\nfrom operator import add as max\n"}},
		"a module as self":              {"imports", edit{"import math\n", "import math\nimport collections as self\n"}},
		"self that is no instance":      {"names", edit{"", "def keep(self, value):\n    self.kept = value"}},
		"a method on another object":    {"names", edit{"", "class Box:\n    def keep(self, value):\n        self.kept = value\n\n\ndef stash(value):\n    Box.keep(forward, value)"}},
		"a class that keeps":            {"names", edit{"", "class Box:\n    pass\n\n\ndef stash(value):\n    return [Box, value]"}},
		"work in an annotation":         {"clock", edit{"", "READY: train_step({}, {}, 1) = 0"}},
		"names in an annotation":        {"clock", edit{"", "READY: (len := max) = 0"}},
		"work where a function begins":  {"clock", edit{"", "def late() -> train_step({}, {}, 1):\n    pass"}},
		"numbers that do work":          {"names", edit{"", "class Loss:\n    def __float__(self):\n        return 0.0"}},
		"lines that are formatted":      {"names", edit{"", "class Loss:\n    def __format__(self, spec):\n        return spec"}},
		"asks the keyboard":             {"names", edit{inStep, "    input('step:1/2 val_loss:1.0')\n" + inStep}},
		"ends the script early":         {"names", edit{inStep, "    raise SystemExit(0)\n" + inStep}},
		"opens by an attribute":         {"names", edit{inStep, "    state.open('/tmp/weights')\n" + inStep}},
		"weights in rare characters":    {"literals", edit{"", "WEIGHTS = '\U00010000\U00010001'"}},
		"weights in names":              {"literals", edit{"", "A = 1\nWEIGHTS = (" + strings.Repeat("A, ", 65) + ")"}},
		"weights in keywords":           {"literals", edit{"", "def weights():\n    return dict(" + keywords(65) + ")"}},
		"weights in long numbers":       {"literals", edit{"", "WEIGHTS = (" + strings.Repeat("0.12345678901234567890, ", 60) + ")\nMORE = (" + strings.Repeat("0.12345678901234567890, ", 60) + ")"}},
		"prints a line of its own":      {"names", edit{inStep, "    print('step:70/70 val_loss:1.0 train_time:1ms step_avg:1ms')\n" + inStep}},
		"clock replaced":                {"names", edit{"", "class time:\n    pass"}},
		"reads the clock":               {"clock", edit{inStep, "    time.perf_counter()\n" + inStep}},
		"clock stopped":                 {"clock", edit{inStep, "    time.perf_counter = abs\n" + inStep}},
		"work at the top level":         {"clock", edit{"", "for _ in range(3):\n    forward({}, [])"}},
		"work in a constant":            {"state", edit{"", "READY = train_step({}, {}, 1)"}},
		"work in a class":               {"clock", edit{"", "class Early:\n    for _ in range(3):\n        pass"}},
		"counts kept by a global":       {"state", edit{inForward, "    global seen\n    seen = tokens\n" + inForward}},
		"counts kept in a constant":     {"state", edit{"", "SEEN = []"}},
		"counts kept in a default":      {"state", edit{"def forward(params, tokens):", "def forward(params, tokens, seen={}):"}},
		"counts kept on a function":     {"state", edit{inForward, "    forward.seen = tokens\n" + inForward}},
		"counts kept in a cache":        {"state", edit{"", "@functools.cache\ndef store():\n    return []"}},
		"seed of its own":               {"seed", edit{inStep, "    random.Random(1234)\n" + inStep}},
		"generator seeded again":        {"seed", edit{"    zeros = {name: [[0.0] * len(row)", "    rng.seed(1234)\n    zeros = {name: [[0.0] * len(row)"}},
		"seed fixed":                    {"protected", edit{`int(os.environ.get("PITWALL_SEED", "1"))`, "1234"}},
		"environment read":              {"names", edit{inStep, "    os.environ.get('HOME')\n" + inStep}},
		"weights pasted in":             {"literals", edit{"", "WEIGHTS = (" + strings.Repeat("0.125, ", 400) + ")"}},
		"weights in a string":           {"literals", edit{"", "WEIGHTS = '" + strings.Repeat("x", 4001) + "'"}},
		"weights in a number":           {"literals", edit{"", "WEIGHTS = " + strings.Repeat("7", 400)}},
		"weights in a docstring":        {"literals", edit{"", "def weights():\n    '''" + strings.Repeat("x", 12001) + "'''"}},
		"weights in comments":           {"literals", edit{"", "# " + strings.Repeat("x", 64<<10)}},
		"not Python":                    {"syntax", edit{"def forward(", "def forward(("}},
		"not Python 3.9":                {"syntax", edit{inStep, "    match step:\n        case 1:\n            pass\n" + inStep}},
		"a tower of brackets":           {"syntax", edit{"", "X = " + strings.Repeat("(", 5000) + strings.Repeat(")", 5000)}},
		"a tower of signs":              {"syntax", edit{"", "X = " + strings.Repeat("-", 30000) + "1"}},
		"a NUL byte":                    {"file", edit{"", "X = '\x00'"}},
		"bytes that are not UTF-8":      {"file", edit{"", "X = '\xff'"}},
		"another encoding":              {"file", edit{`"""Micro track:`, "# coding: rot13\n" + `"""Micro track:`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := checkText(t, task, apply(t, task.From.Script(), c.edit))
			if len(found) == 0 {
				t.Fatal("not refused")
			}
			for _, violation := range found {
				if violation.Rule == c.rule && violation.What != "" {
					return
				}
			}
			t.Errorf("no violation of %q in %v", c.rule, found)
		})
	}
}

func TestCheckAcceptsHonestEdits(t *testing.T) {
	task := task(t, "micro/7")
	for name, e := range map[string]edit{
		"another rate":            {"MUON_RATE = 0.08", "MUON_RATE = 0.1"},
		"a rate by arithmetic":    {"ADAM_RATE = 0.08", "ADAM_RATE = 4 * 0.02"},
		"a constant of math":      {"ROTARY_BASE = 5.0", "ROTARY_BASE = math.exp(1.5)"},
		"a constant more":         {"\nWIDTH = 32\n", "\nWIDTH = 32\nWARMUP: int = 5\n"},
		"a table of constants":    {"", "SCALES = (1.0, 0.5, 0.25)"},
		"a helper":                {"", "def doubled(rows):\n    return [[2.0 * value for value in row] for row in rows]"},
		"a class":                 {"", "class Adam:\n    __slots__ = ('rate', '_moments')\n\n    def __init__(self, rate):\n        self.rate = rate\n        self._moments = []"},
		"an inner function":       {inStep, "    def decayed(rate, power=1.0):\n        return rate * (1 - step / STEPS) ** power\n\n" + inStep},
		"an import":               {"import math\n", "import collections\nimport functools\nimport heapq\nimport math\nfrom operator import mul\n"},
		"a schedule":              {"    decay = 1.0 - (1.0 - FINAL_RATE) * (step - 1) / STEPS", "    decay = min(1.0, step / 5) * (1.0 - step / (STEPS + 1)) ** 0.5"},
		"a comment":               {inStep, "    # The names of this step.\n" + inStep},
		"a docstring":             {`    """Trains for STEPS steps; the clock runs from before the weights are made to the end of the last step."""`, `    """Trains."""`},
		"an error that is caught": {inStep, "    try:\n        1 / step\n    except ZeroDivisionError:\n        pass\n" + inStep},
		"random batches":          {`list(zip(*stretches))`, `[rng.sample(train, BATCH_NAMES) for _ in range(STEPS)]`},
		"ReLU instead of squared": {
			`act["squared"] = [list(map(operator.mul, row, row)) for row in act["relu"]]`, `act["squared"] = act["relu"]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if found := checkText(t, task, apply(t, task.From.Script(), e)); len(found) > 0 {
				t.Errorf("refused: %v", found)
			}
		})
	}
}

func TestCheckDoesNotRunTheScript(t *testing.T) {
	task, dir := task(t, "micro/7"), t.TempDir()
	trace := filepath.Join(dir, "trace")
	script := fmt.Sprintf("open(%q, 'w').close()\n%s", trace, task.From.Script())
	if found := checkText(t, task, script); len(found) == 0 {
		t.Error("not refused")
	}
	if _, err := os.Stat(trace); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the script was run: %v", err)
	}
}

func TestCheckNamesTheLine(t *testing.T) {
	task := task(t, "micro/7")
	script := apply(t, task.From.Script(), edit{inStep, "    print(1)\n" + inStep})
	want := 1 + strings.Count(script[:strings.Index(script, "    print(1)\n")], "\n")
	if found := checkText(t, task, script); len(found) != 1 || found[0].Line != want || !strings.HasPrefix(found[0].String(), fmt.Sprintf("train.py:%d: print ", want)) {
		t.Errorf("%v, not line %d", found, want)
	}
}

func TestCheckOfADirectory(t *testing.T) {
	task := task(t, "micro/6")
	script := task.From.Script()
	put := func(t *testing.T, dir, name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		arrange func(t *testing.T, dir string)
		rule    string
	}{
		"as it should be": {func(t *testing.T, dir string) {
			put(t, dir, "train.py", script)
			put(t, dir, "log.txt", "")
			put(t, dir, "__pycache__/x.pyc", "")
			put(t, dir, "logs/1.txt", "")
		}, ""},
		"nothing there": {func(*testing.T, string) {}, "file"},
		"a symbolic link": {func(t *testing.T, dir string) {
			put(t, dir, "other.txt", script)
			if err := os.Symlink("other.txt", filepath.Join(dir, "train.py")); err != nil {
				t.Skip(err)
			}
		}, "file"},
		"a directory": {func(t *testing.T, dir string) { put(t, dir, "train.py/x", "") }, "file"},
		"a module beside it": {func(t *testing.T, dir string) {
			put(t, dir, "train.py", script)
			put(t, dir, "random.py", "")
		}, "file"},
		"a package beside it": {func(t *testing.T, dir string) {
			put(t, dir, "train.py", script)
			put(t, dir, "random/__init__.py", "")
		}, "file"},
		"too long": {func(t *testing.T, dir string) { put(t, dir, "train.py", strings.Repeat("#\n", 64<<10)) }, "literals"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c.arrange(t, dir)
			found, err := taskdata.Check(t.Context(), interpreter(python(t)), task, dir)
			if err != nil {
				t.Fatal(err)
			}
			if c.rule == "" && len(found) > 0 || c.rule != "" && (len(found) != 1 || found[0].Rule != c.rule) {
				t.Errorf("%v, not %q", found, c.rule)
			}
		})
	}
}

func TestCheckThatCannotBeMadeIsAnError(t *testing.T) {
	task, dir := task(t, "micro/6"), t.TempDir()
	if _, err := taskdata.Check(t.Context(), interpreter(python(t)), task, filepath.Join(dir, "none")); err == nil {
		t.Error("a directory that is not there is checked")
	}
	if _, err := taskdata.CheckText(t.Context(), interpreter(filepath.Join(dir, "python")), task, task.From.Script()); err == nil || !strings.Contains(err.Error(), "install") {
		t.Errorf("without Python: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := taskdata.CheckText(ctx, interpreter(python(t)), task, task.From.Script()); !errors.Is(err, context.Canceled) {
		t.Errorf("after it was cancelled: %v", err)
	}
}

func TestViolationsNameRulesOfTheTrack(t *testing.T) {
	track, err := taskdata.FindTrack("micro")
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]bool{}
	for _, rule := range track.Rules {
		if rule.Text == "" || rules[rule.ID] {
			t.Errorf("rule %q", rule.ID)
		}
		rules[rule.ID] = true
	}
	for _, rule := range []string{"file", "syntax", "imports", "names", "protected", "clock", "state", "seed", "literals"} {
		if !rules[rule] {
			t.Errorf("no rule %q", rule)
		}
	}
}
