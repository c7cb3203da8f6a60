package taskdata_test

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pitwall/internal/slow"
	"pitwall/taskdata"
)

// trained is a script and what a run of it left.
type trained struct {
	script   string
	weights  string
	reported float64
}

// train runs a script to its end and keeps its weights.
func train(t *testing.T, script string) trained {
	t.Helper()
	dir := t.TempDir()
	weights := filepath.Join(dir, taskdata.WeightsName)
	if err := os.WriteFile(filepath.Join(dir, taskdata.ScriptName), []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python(t), "-u", taskdata.ScriptName)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PITWALL_SEED=5", taskdata.WeightsVariable+"="+weights)
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	last := valLine.FindStringSubmatch(lines[len(lines)-1])
	if last == nil {
		t.Fatalf("no validation in %s", output)
	}
	text, err := os.ReadFile(weights)
	if err != nil {
		t.Fatal(err)
	}
	return trained{script, string(text), number(t, last[3])}
}

func track(t *testing.T) taskdata.Track {
	t.Helper()
	track, err := taskdata.FindTrack("micro")
	if err != nil {
		t.Fatal(err)
	}
	return track
}

// evaluate lets the track's evaluator judge weights, and returns what it found and why it does not
// count.
func evaluate(t *testing.T, record taskdata.Record, run trained) (taskdata.Evaluation, string) {
	t.Helper()
	evaluator := track(t).Evaluator
	dir := t.TempDir()
	files := evaluator.Files(taskdata.NewTask(record, record, nil), run.script)
	files[taskdata.WeightsName] = run.weights
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), python(t), evaluator.Args("word", 3)...)
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	found, ok := taskdata.ReadEvaluation([]byte(strings.TrimSpace(string(output))), "word")
	if !ok {
		t.Fatalf("no answer in %q", output)
	}
	return found, evaluator.Judge(found, run.reported)
}

// honest is the fastest record with a short validation, trained once for all tests.
var honest = struct {
	sync.Once
	record taskdata.Record
	run    trained
}{}

func honestRun(t *testing.T) (taskdata.Record, trained) {
	t.Helper()
	honest.Do(func() {
		record, err := taskdata.Embedded().FindRecord("micro", 8)
		if err != nil {
			t.Fatal(err)
		}
		script := strings.Replace(record.Script(), "VALIDATION_CHARACTERS = 8192", "VALIDATION_CHARACTERS = 2048", 1)
		honest.record = record.WithScript(script, nil)
		honest.run = train(t, script)
	})
	if honest.run.weights == "" {
		t.Skip("the honest run failed")
	}
	return honest.record, honest.run
}

func TestEvaluationOutsideTheScriptAgreesWithIt(t *testing.T) {
	record, run := honestRun(t)
	found, why := evaluate(t, record, run)
	if why != "" {
		t.Fatalf("an honest run is refused: %s (%+v)", why, found)
	}
	if math.Abs(found.Loss-run.reported) > 0.001 || found.Characters != 2048 {
		t.Errorf("%+v, and the script reported %v", found, run.reported)
	}
	if found.OtherLoss == found.Loss || found.OtherLoss < 1.5 || found.OtherLoss > 2.5 {
		t.Errorf("loss %v over other characters", found.OtherLoss)
	}
}

// forward wraps the script's forward pass in another, which may call it as honest(params, tokens).
func forward(t *testing.T, script, body string) string {
	t.Helper()
	script = apply(t, script, edit{"def forward(params, tokens):", "def honest(params, tokens):"})
	return apply(t, script, edit{"", "def forward(params, tokens):\n" + body})
}

func TestEvaluationFindsCheatsThatASyntaxTreeDoesNotShow(t *testing.T) {
	record, run := honestRun(t)
	for name, c := range map[string]struct{ body, why string }{
		"looks at the next character": {
			"    rows = honest(params, tokens)\n    for row, token in zip(rows, tokens[1:]):\n        row[token] += 9.0\n    return rows", "change with the tokens after it",
		},
		"looks a little ahead": {
			"    rows = honest(params, tokens)\n    rows[0][tokens[-1]] += 0.01\n    return rows", "change with the tokens after it",
		},
		"gives fewer rows":              {"    return honest(params, tokens)[:3]", "no row of 39 logits"},
		"leaves characters out":         {"    return [row[:20] for row in honest(params, tokens)]", "no row of 39 logits"},
		"gives infinite logits":         {"    return [[math.inf] + row[1:] for row in honest(params, tokens)]", "not a finite number"},
		"fails":                         {"    return honest(params, tokens)[99999]", "forward fails outside the script: IndexError"},
		"loads the names":               {"    load_data()\n    return honest(params, tokens)", "NameError"},
		"opens a file":                  {"    open('train.py')\n    return honest(params, tokens)", "NameError"},
		"asks for its file by the back": {"    print.__self__.open('/etc/hosts')\n    return honest(params, tokens)", "NameError"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cheat := run
			cheat.script = forward(t, run.script, c.body)
			if found, why := evaluate(t, record, cheat); !strings.Contains(why, c.why) {
				t.Errorf("%q, want %q (%+v)", why, c.why, found)
			}
		})
	}
}

func TestEvaluationFindsForgedResultsAndBadWeights(t *testing.T) {
	record, run := honestRun(t)
	for name, c := range map[string]struct {
		change func(*trained)
		why    string
	}{
		"a lower loss in the log":  {func(r *trained) { r.reported -= 0.05 }, "it reported a loss of"},
		"weights of nothing":       {func(r *trained) { r.weights = "[]" }, "no tensors by name"},
		"weights that are no JSON": {func(r *trained) { r.weights = r.weights[:100] }, "JSON"},
		"a weight that is no number": {func(r *trained) {
			r.weights = strings.Replace(r.weights, "[[", "[[NaN, ", 1)
		}, "not a finite number"},
		"too many weights": {func(r *trained) {
			r.weights = strings.Replace(r.weights, "{", `{"more": [[`+strings.Repeat("0.5, ", 6000)+"1]], ", 1)
		}, "weights, but the track allows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cheat := run
			c.change(&cheat)
			if found, why := evaluate(t, record, cheat); !strings.Contains(why, c.why) {
				t.Errorf("%q, want %q (%+v)", why, c.why, found)
			}
		})
	}
}

// counted is a script that trains nothing: it counts the names' trigrams as far as the parameters go,
// bigrams for the rest, and reports losses that fall.
const counted = `
STEPS = 20
ROWS = 460


def init_params(rng, alphabet_size):
    return {
        "index": [[0.0] * alphabet_size for _ in range(alphabet_size)],
        "table": [[0.0] * alphabet_size for _ in range(ROWS)],
    }


def init_state(params, train, rng):
    size = len(params["index"])
    counts = {}
    for tokens in train:
        for a, b, c in zip([0] + tokens, tokens, tokens[1:]):
            for key in ((a, b), (-1, b)):
                counts.setdefault(key, [0.02] * size)[c] += 1.0
    pairs = sorted((key for key in counts if key[0] >= 0), key=lambda key: -sum(counts[key]))
    rows = [(-1, b) for b in range(size)] + pairs[: ROWS - size]
    for number, key in enumerate(rows):
        row = counts.get(key, [1.0] * size)
        params["table"][number] = [math.log(n / sum(row)) for n in row]
        for a in range(size):
            if key[0] in (-1, a):
                params["index"][a][key[1]] = float(number)
    return {}


def forward(params, tokens):
    return [params["table"][int(params["index"][a][b])] for a, b in zip([0] + tokens, tokens)]


def train_step(params, state, step):
    return 3.6 - 0.08 * step, 0.01, 1.0
`

func TestTrigramCountsAreFoundOut(t *testing.T) {
	if !slow.Tests {
		t.Skip("trains and evaluates for seconds: go test -tags slow")
	}
	record, run := honestRun(t)
	head, _, _ := strings.Cut(run.script, "\nSTEPS = ")
	script := strings.TrimRight(head, "\n") + "\n\n" + counted + guard
	if found := checkText(t, taskdata.NewTask(record, record, nil), script); len(found) > 0 {
		t.Fatalf("refused before it runs, which this test does not want: %v", found)
	}
	cheat := train(t, script)
	if cheat.reported > 2.0 {
		t.Fatalf("loss %v: no cheat worth finding", cheat.reported)
	}
	if found, why := evaluate(t, record, cheat); !strings.Contains(why, "more than one token looks up the weights") {
		t.Errorf("%q (%+v)", why, found)
	}

	// What sees three characters only is no transformer, however its tables are made.
	short := run
	short.script = forward(t, run.script, "    return [honest(params, tokens[max(0, i - 2) : i + 1])[-1] for i in range(len(tokens))]")
	found, _ := evaluate(t, record, short)
	if why := track(t).Evaluator.Judge(found, found.Loss); !strings.Contains(why, "it is no transformer that attends") {
		t.Errorf("%q (%+v)", why, found)
	}
}

func TestWeightsThatKnowTheDataBeforeTheyAreTrainedAreFoundOut(t *testing.T) {
	record, run := honestRun(t)
	cheat := run
	cheat.script = forward(t, run.script, "    return [[x + y for x, y in zip(row, (2, 2.2, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 2.3, 0.6, 1.4, 1.1, 2.2, 0.2, 0.9, 1.2, 1.9, -1, 0.3, 1.8, 0.9, 1.8, 1.6, 0.7, -1.6, 1.8, 1.6, 1.9, 0.6, 0.1, 0.2, -0.6, 0.2, -1))] for row in honest(params, tokens)]")
	found, _ := evaluate(t, record, cheat)
	if why := track(t).Evaluator.Judge(found, found.Loss); !strings.Contains(why, "before they are trained") {
		t.Errorf("%q (%+v)", why, found)
	}
}

// TestWorkLeftForAfterTheClockIsDoneOnIt trains in a generator that params hold, which only the
// hand-over would run.
func TestWorkLeftForAfterTheClockIsDoneOnIt(t *testing.T) {
	if !slow.Tests {
		t.Skip("trains for seconds: go test -tags slow")
	}
	_, run := honestRun(t)
	script := apply(t, run.script, edit{"def train_step(params, state, step):", "def honest_step(params, state, step):"})
	script = apply(t, script, edit{"", `def train_step(params, state, step):
    if step == STEPS:
        params["embedding"] = lazily(params, state, params["embedding"])
    return 3.0, 0.01, 1.0


def lazily(params, state, rows):
    trained = dict(params, embedding=rows)
    for step in range(1, STEPS + 1):
        honest_step(trained, state, step)
    for name in params:
        if name != "embedding":
            params[name] = trained[name]
    for row in trained["embedding"]:
        yield row`})
	lines := runScript(t, script, 5)
	last := valLine.FindStringSubmatch(lines[len(lines)-1])
	if last == nil {
		t.Fatal(lines[len(lines)-1])
	}
	if ms := number(t, last[4]); ms < 500 {
		t.Errorf("the training took %v ms by the clock", ms)
	}
}

// TestHonestVariantsPass keeps the evaluator from refusing what transformers do: tables of positions,
// padded tables, weights that nothing uses.
func TestHonestVariantsPass(t *testing.T) {
	if !slow.Tests {
		t.Skip("evaluates three times over many characters: go test -tags slow")
	}
	record, run := honestRun(t)
	var weights map[string][][]float64
	if err := json.Unmarshal([]byte(run.weights), &weights); err != nil {
		t.Fatal(err)
	}
	pad := func(rows, columns int) [][]float64 {
		table := make([][]float64, rows)
		for i := range table {
			table[i] = make([]float64, columns)
		}
		return table
	}
	for name, c := range map[string]struct {
		add  map[string][][]float64
		body string
	}{
		"positions": {
			map[string][][]float64{"position": pad(90, 39)},
			"    return [[x + y for x, y in zip(row, place)] for row, place in zip(honest(params, tokens), params.get('position') or [[0.0] * 39] * 99)]",
		},
		"padding": {map[string][][]float64{"embedding": append(slices.Clone(weights["embedding"]), pad(25, len(weights["embedding"][0]))...)}, "    return honest(params, tokens)"},
		"unused":  {map[string][][]float64{"spare": pad(8, 39)}, "    return honest(params, tokens)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			more := maps.Clone(weights)
			maps.Copy(more, c.add)
			text, err := json.Marshal(more)
			if err != nil {
				t.Fatal(err)
			}
			variant := run
			variant.weights = string(text)
			variant.script = forward(t, run.script, c.body)
			if found, why := evaluate(t, record, variant); why != "" {
				t.Errorf("%s (%+v)", why, found)
			}
		})
	}
}

func TestLearningFromWhatIsEvaluatedIsFoundOut(t *testing.T) {
	if !slow.Tests {
		t.Skip("trains and evaluates for seconds: go test -tags slow")
	}
	record, run := honestRun(t)
	body := "    seen = params.setdefault('seen', [[0.0]])\n    seen[0][0] += 0.02\n    return [[(1.0 + seen[0][0]) * x for x in row] for row in honest(params, tokens)]"
	cheat := train(t, forward(t, run.script, body))
	if found, why := evaluate(t, record, cheat); !strings.Contains(why, "its weights give") {
		t.Errorf("%q (%+v)", why, found)
	}
}
