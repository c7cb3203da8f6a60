package ui

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"pitwall/store"
	"pitwall/store/event"
)

var setupAgents = []Agent{
	{Name: "tuner", About: "searches the script's constants, no model", Ready: true},
	{Name: "llm", About: "a language model writes the edits", Ready: true, Model: true},
	{Name: "human", About: "you write each node in your editor", Ready: true, Scaffolds: true},
}

var setupScaffolds = []Scaffold{
	{"flat", "every node starts from the record", event.Search{}},
	{"tree", "one first node, then three from the best so far", event.Search{Initial: 1, Branch: 3}},
	{"aide", "three first nodes, then one, or to mend a failed one", event.Search{Initial: 3, Branch: 1, Debug: 0.5, DebugDepth: 5}},
}

var setupModels = []ModelChoice{
	{ID: "acme/large", Context: 200_000, Input: 3, Output: 15, Ready: true},
	{ID: "acme/small", Context: 128_000, Input: 0.5, Output: 2, Ready: true},
	{ID: "local/free", Input: math.NaN(), Output: math.NaN(), Ready: true},
	{ID: "other/large", Context: 1_000_000, Input: 1, Output: 4, Why: "OTHER_API_KEY is not set: set it"},
}

// defaultSpec is what the track and an agent set in these tests.
func defaultSpec(task, agent string) (store.Spec, error) {
	spec := store.Spec{Task: task, Hint: "0", Agent: agent, Scaffold: "flat", Runner: "local", Nodes: 3, Seed: 1, Calibrate: 1, Confirm: 3}
	if agent == "llm" {
		spec.Model, spec.Parallel, spec.Edits, spec.Reflections = "acme/large", 2, "blocks", 5
	}
	return spec, nil
}

// setupOptions gives a screen on which everything can be chosen, and what is started.
func setupOptions(s *store.Store) (Options, chan store.Spec) {
	started := make(chan store.Spec, 8)
	return Options{
		Store: s, Agents: setupAgents, Scaffolds: setupScaffolds, Defaults: defaultSpec,
		Models: func(context.Context) ([]ModelChoice, error) { return setupModels, nil },
		Prompt: func(_ context.Context, spec store.Spec) (PromptPreview, error) {
			return PromptPreview{
				Messages: []event.Message{{Role: "system", Text: "You speed up training."}, {Role: "user", Text: "hint " + spec.Hint + " for " + spec.Model + "\n\ttabbed\n" + strings.Repeat("a long line of the script ", 20)}},
				Tokens:   20_000, Hash: "0123456789abcdef",
			}, nil
		},
		Start: func(ctx context.Context, spec store.Spec) (string, error) {
			started <- spec
			return s.Create(ctx, spec)
		},
	}, started
}

// set goes to a row of the page, and presses keys there.
func (d *driver) set(row string, keys ...string) {
	d.t.Helper()
	d.press("g")
	for range 40 {
		if d.m.setup.choices.at == row {
			d.press(keys...)
			return
		}
		d.press("down")
	}
	d.t.Fatalf("there is no row %s:\n%s", row, d.text())
}

// typed gives the keys of a text.
func typed(text string) []string { return strings.Split(text, "") }

func TestTwoKeysStartAModelsAttempt(t *testing.T) {
	o, started := setupOptions(openStore(t))
	d := driveHome(t, o, 120, 40)
	d.press("a")
	d.until("[llm]", "enter  set up llm on micro/7")
	d.press("enter")
	d.until("set up", "micro/7 → 8", "start  enter starts llm on micro/7", "acme/large", "200k")
	d.press("enter", "enter")
	d.until("attempt 1", "queued")
	want, _ := defaultSpec("micro/7", "llm")
	if got := <-started; !reflect.DeepEqual(got, want) {
		t.Errorf("started %+v, want %+v", got, want)
	}
	if len(started) > 0 {
		t.Error("two attempts were started")
	}
}

func TestModelIsChosenFirstWhereThereIsNone(t *testing.T) {
	o, started := setupOptions(openStore(t))
	o.Defaults = func(task, agent string) (store.Spec, error) {
		spec, err := defaultSpec(task, agent)
		spec.Model = ""
		return spec, err
	}
	d := driveHome(t, o, 80, 24)
	d.press("a", "enter")
	d.until("none", "enter opens the list", "start  model: ")
	d.press("S")
	d.until("not started: model: ")
	d.press("enter")
	d.until("4 models", "acme/small")
	d.typeIn("small")
	d.until("1 of 2", "as it was typed")
	d.press("enter")
	d.until("start  enter")
	d.press("enter")
	d.until("attempt 1")
	if got := <-started; got.Model != "acme/small" {
		t.Errorf("started with %q", got.Model)
	}
}

func TestEveryChoiceReachesTheSpec(t *testing.T) {
	o, started := setupOptions(openStore(t))
	d := driveHome(t, o, 140, 42)
	d.press("s")
	d.until("set up", "tuner")
	d.set(rowAgent, "right")
	d.when("the models", func() bool { return d.m.setup.sheet.models.known })
	d.set(rowModel, "enter", "down", "enter")
	d.set(rowHint, "right", "right")
	d.set("effort", "right", "right")
	d.set("temperature", "right", "right")
	d.set("edits", "enter")
	d.set("reflections", "left", "left")
	d.set("ideas", "space")
	d.set("summaries", "right")
	d.set(rowScaffold, "right", "right")
	d.set("initial", "4", "enter")
	d.set("branch", "+")
	d.set("debug", "enter", "0", ".", "3", "enter")
	d.set("depth", "-")
	d.set("choice", "right")
	d.set(rowNodes, "1", "2", "enter")
	d.set("parallel", "right")
	d.set("seed", "enter", "9", "9", "enter")
	d.set("dollars", append(append([]string{"enter"}, typed("2.50")...), "enter")...)
	d.set("tokens", append(append([]string{"enter"}, typed("500k")...), "enter")...)
	d.set("wall", "right", "right", "right")
	d.set("run", append(append([]string{"enter"}, typed("45m")...), "down")...)
	d.set("hopeless", "right", "right")
	d.set("gate", "right")
	d.set("calibrate", "right")
	d.set("confirm", "left")
	d.set(rowJudge, "enter", "down", "down", "enter")
	d.until("at most $2.50 or 500k tokens", "small writes 12 nodes, aide, 3 at a time")
	d.press("ctrl+s")
	d.until("attempt 1")
	warm := 0.2
	want := store.Spec{
		Task: "micro/7", Hint: "2", Agent: "llm", Scaffold: "aide", Runner: "local", Nodes: 12, Seed: 99, Calibrate: 2, Confirm: 2,
		Search:   event.Search{Initial: 4, Branch: 2, Debug: 0.3, DebugDepth: 4, Released: true},
		Budget:   event.Budget{Tokens: 500_000, Cost: 2.5, WallMS: 3_600_000, RunMS: 2_700_000},
		Parallel: 3, Gate: true, Hopeless: 1.5,
		Talk: store.Talk{
			Model: "acme/small", Temperature: &warm, Effort: "low", Edits: "tools", Reflections: 3, Ideas: true, Summaries: true, Judge: "acme/small",
		},
	}
	got := <-started
	if got.Temperature == nil || *got.Temperature != warm {
		t.Errorf("temperature %v", got.Temperature)
	}
	got.Temperature = want.Temperature
	if !reflect.DeepEqual(got, want) {
		t.Errorf("started\n%+v, want\n%+v", got, want)
	}
}

func TestOnlyWhatAppliesToTheAgentIsChosenAndStarted(t *testing.T) {
	s := openStore(t)
	o, started := setupOptions(s)
	d := driveHome(t, o, 140, 42)
	rows := func() (keys []string) {
		for _, r := range d.m.setup.choices.all() {
			keys = append(keys, r.key)
		}
		return keys
	}
	d.press("s")
	d.until("No language model is asked", "nothing of the next record")
	if got := fmt.Sprint(rows()); got != "[agent hint nodes seed wall run hopeless gate calibrate confirm judge]" {
		t.Errorf("the tuner has %s", got)
	}
	d.press("a")
	if got := rows(); len(got) != 22 {
		t.Errorf("llm has %d rows: %v", len(got), got)
	}
	d.set(rowScaffold, "right")
	d.set("dollars", "right")
	d.press("a")
	if got := fmt.Sprint(rows()); !strings.Contains(got, "hint scaffold nodes") || strings.Contains(got, "tokens") {
		t.Errorf("human has %s", got)
	}
	d.press("a", "S") // round to the tuner
	d.until("attempt 1")
	want, _ := defaultSpec("micro/7", "tuner")
	if got := <-started; !reflect.DeepEqual(got, want) {
		t.Errorf("started %+v, want %+v", got, want)
	}
	d.press("esc", "a", "s") // what was chosen for llm has stayed
	d.until("tree", "$0.50")
}

func TestChoicesOfTheNewestAttemptAreRemembered(t *testing.T) {
	s := openStore(t)
	warm := 0.7
	before := store.Spec{
		Task: "micro/3", Hint: "123", Agent: "llm", Scaffold: "tree", Runner: "local", Nodes: 20, Seed: 7, Calibrate: 2, Confirm: 5,
		Search: event.Search{Initial: 2, Branch: 3}, Budget: event.Budget{Cost: 4}, Parallel: 4, Gate: true, Hopeless: 1.7, Carry: "an-id",
		Talk: store.Talk{Model: "local/unlisted", Temperature: &warm, Edits: "tools", Reflections: 8, Effort: "odd", Documents: []store.Document{{Title: "notes.md", Text: "read me"}}},
	}
	other := before
	other.Agent, other.Nodes = "tuner", 5
	for _, spec := range []store.Spec{{Task: "micro/1", Agent: "llm", Nodes: 9}, before, other} {
		if _, err := s.Create(context.Background(), spec); err != nil {
			t.Fatal(err)
		}
	}
	o, started := setupOptions(s)
	d := driveHome(t, o, 140, 42)
	d.press("a", "h", "enter")
	d.until("As in attempt 2", "local/unlisted", "not in the list", "1.7×", "notes.md")
	d.press("enter")
	d.until("attempt 4")
	want := before
	want.Task, want.Hint, want.Carry = "micro/7", "1", ""
	if got := <-started; !reflect.DeepEqual(got, want) {
		t.Errorf("started\n%+v, want\n%+v", got, want)
	}
	d.press("esc")
	d.until("enter  set up llm")
	d.press("enter", "0")
	d.until("The defaults.", "acme/large")
	d.lacks("notes.md")
	d.press("S")
	d.until("attempt 5")
	want, _ = defaultSpec("micro/7", "llm")
	want.Hint = "1"
	if got := <-started; !reflect.DeepEqual(got, want) {
		t.Errorf("the defaults start\n%+v, want\n%+v", got, want)
	}
}

func TestAttemptsThatAreReadLateAreRemembered(t *testing.T) {
	s := openStore(t)
	spec, _ := defaultSpec("micro/2", "llm")
	spec.Seed = 77
	if _, err := s.Create(context.Background(), spec); err != nil {
		t.Fatal(err)
	}
	o, _ := setupOptions(s)
	d := drive(t, o, 140, 42)
	d.press("a", "s")
	d.until("As in attempt 1", "77")
}

func TestHomeAndPageFollowEachOther(t *testing.T) {
	o, started := setupOptions(openStore(t))
	d := driveHome(t, o, 140, 42)
	d.press("n", "s")
	d.until("tuner tries 4 nodes")
	d.press("h", "n", "n", "esc")
	d.until("[1 pseudocode]", "nodes  6", "start tuner on micro/7", "s set up first")
	d.press("h", "s")
	d.until("2 text", "tuner tries 6 nodes")
	d.press("a", "esc")
	d.until("[llm]")
	d.press("a", "a", "enter")
	d.until("attempt 1")
	if got := <-started; got.Agent != "tuner" || got.Hint != "2" || got.Nodes != 6 {
		t.Errorf("started %+v", got)
	}
}

func TestWrongValuesSaySoAtOnceAndAreRefused(t *testing.T) {
	o, started := setupOptions(openStore(t))
	d := driveHome(t, o, 220, 60)
	d.press("a", "enter")
	d.until("200k")
	for _, c := range []struct{ row, text, why, right string }{
		{rowNodes, "0", "write a whole number from 1 to 1000", "4"},
		{"parallel", "17", "write a whole number from 1 to 16", "16"},
		{"dollars", "much", "write dollars as 2.50, or none", "none"},
		{"tokens", "5q", "write it as 500k or 2M, or none", "5k"},
		{"wall", "12", "write it as 2h or 30m, or none", "12m"},
		{"hopeless", "1.01", "write a number from 1.05 to 100, or off", "off"},
		{"temperature", "9", "write a number from 0 to 2, or leave it empty", "1"},
		{"seed", "x", "write a whole number from 0 on", "3"},
		{"confirm", "-1", "write a whole number from 0 to 100", "0"},
	} {
		d.set(c.row, "enter")
		d.press(typed(c.text)...)
		d.until("✗ " + c.why) // before it is kept
		d.press("enter")
		d.until("✗ " + c.why)
		d.press("end", "enter")
		d.until("not started: ", c.why)
		if d.m.setup.choices.at != c.row {
			t.Errorf("the refusal stands at %s, want %s", d.m.setup.choices.at, c.row)
		}
		d.press("enter")
		d.press(typed(c.right)...)
		d.press("enter")
		d.lacks(c.why)
	}
	d.set(rowNodes, "enter", "5", "0", "esc")
	d.until("writes 4 nodes") // as it was
	d.set(rowModel, "enter")
	d.typeIn("free")
	d.press("enter")
	d.set("dollars", "right")
	d.until("✗ the model has no known price: bound the tokens")
	d.press("S")
	d.until("not started: dollars: the model has no known price")
	if len(started) > 0 {
		t.Error("it was started all the same")
	}
}

func TestStartThatFailsLosesNothing(t *testing.T) {
	o, _ := setupOptions(openStore(t))
	o.Start = func(context.Context, store.Spec) (string, error) {
		return "", errors.New("no key: set ACME_API_KEY\nand come again")
	}
	d := driveHome(t, o, 100, 30)
	d.press("a", "enter", "n", "n", "S")
	d.until("no key: set ACME_API_KEY · and come again", "writes 5 nodes")
	d.press("n")
	d.lacks("no key")
	d.until("writes 6 nodes")
	d.press("esc", "enter")
	d.until("writes 6 nodes", "Your choices")
}

func TestPageSaysWhyNothingCanRunHere(t *testing.T) {
	o, started := setupOptions(openStore(t))
	o.Preflight = func(context.Context) error { return errors.New("no python3 was found: apt install python3") }
	d := driveHome(t, o, 100, 30)
	d.until("No run can be started here")
	d.press("a", "s")
	d.until("No run can be started here: no python3")
	d.press("S")
	d.when("the refusal", func() bool { return !d.m.setup.starting })
	d.until("no python3 was found: apt install python3")
	if len(started) > 0 {
		t.Error("it was started all the same")
	}
	o.Preflight, o.Start = nil, nil
	d = driveHome(t, o, 100, 30)
	d.press("s", "enter")
	d.until("this machine can only look at attempts")
}

func TestCostIsBoundedOrGuessed(t *testing.T) {
	o, _ := setupOptions(openStore(t))
	d := driveHome(t, o, 140, 42)
	d.press("a", "s")
	// 3 answers of 3,000 tokens at $15, and 3 prompts of 20,000 at $3, a million.
	d.until("about $0.32, a guess; no budget bounds it", "practice runs, beside the model's writing")
	d.set("summaries", "right")
	d.until("about $0.63, a guess")
	d.set("tokens", "right")
	d.until("at most 50k tokens; a guess is $0.63")
	d.set("dollars", "right")
	d.until("at most $0.50 or 50k tokens")
	d.lacks("a guess is")
	d.set("wall", "right")
	d.until("the search at most 10m")
	d.set(rowModel, "enter")
	d.typeIn("home/served")
	d.press("enter")
	d.set("dollars", "left")
	d.set("tokens", "left")
	d.until("cost unknown; no budget bounds it")
}

func TestHelpOfThePageShowsEveryKeyThatWorks(t *testing.T) {
	o, _ := setupOptions(openStore(t))
	d := driveHome(t, o, 140, 60)
	d.press("a", "s")
	for range len(d.m.setup.choices.all()) + 1 {
		for _, a := range d.m.now.Actions() {
			if a.Do == nil || a.Bar != "" && a.Does == "" {
				t.Errorf("action %q is shown and does nothing, or is not in the help", a.Keys)
			}
		}
		d.press("down")
	}
	d.press("?")
	d.until("keys of set up", "the defaults of the track and the agent")
}

// TestPageWithItsPromptFitsEverySize is TestEveryScreenFitsEverySize with the prompt
// wrapped to each width.
