package campaign

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// testWorld knows the agents tuner, noop and llm, and the scaffolds flat and
// tree. Its check finds nothing wrong.
func testWorld() World {
	return World{
		Base: func(task, agent string) (store.Spec, error) {
			t, err := taskdata.Embedded().FindTask(task)
			if err != nil {
				return store.Spec{}, err
			}
			track, err := taskdata.FindTrack(t.From.Track)
			s := store.Spec{
				Task: task, Hint: "0", Agent: agent, Scaffold: "flat", Runner: "local", Nodes: 3, Seed: 1,
				Calibrate: track.CalibrationRuns, Confirm: track.ConfirmationRuns,
			}
			if agent == "llm" {
				s.Parallel, s.Edits = 2, "blocks"
			}
			return s, err
		},
		Figures: func(scaffold string) (event.Search, error) {
			switch scaffold {
			case "flat":
				return event.Search{}, nil
			case "tree":
				return event.Search{Initial: 1, Branch: 3}, nil
			}
			return event.Search{}, fmt.Errorf("no scaffold %q; there is flat, tree", scaffold)
		},
		Talks: func(agent string) (bool, error) {
			switch agent {
			case "llm":
				return true, nil
			case "tuner", "noop":
				return false, nil
			}
			return false, fmt.Errorf("no agent %q; there is tuner, noop, llm", agent)
		},
		Model: func(name string) (string, error) {
			if name == "nothing" {
				return "", errors.New("no model nothing; see pitwall models")
			}
			if !strings.Contains(name, "/") {
				name = "openai/" + name
			}
			return name, nil
		},
		Check: func(context.Context, store.Spec) error { return nil },
	}
}

// write puts a campaign file into a directory of its own.
func write(t testing.TB, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "sweep.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, text string) store.Campaign {
	t.Helper()
	c, err := Read(t.Context(), write(t, text), testWorld())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const sample = `# what hints are worth
name  = "hints on the micro track"
tasks = ["micro/7", "micro/8"]
hints = ["0", "1"]
seeds = [1, 2]
nodes = 4
temperature = 0
scaffold = "tree"

[[agents]]
agent = "tuner"
confirm = 0
[[agents]]
agent = "llm"
model = "openai/gpt-5"
nodes = 6
[agents.budget]
tokens = 100_000
[agents.search]
branch = 5
[[agents]]
agent = "llm"
model = "local/small"
scaffold = "flat"
label = "small"
temperature = 0.5

[budget]
cost = 2.5
wall = "30m"
[search]
initial = 2
[total]
cost = 25
tokens = 3_000_000
wall = "8h"
`

func TestTokensMayBeWrittenShort(t *testing.T) {
	short := read(t, strings.NewReplacer("100_000", `"100k"`, "3_000_000", `"3M"`).Replace(sample))
	long := read(t, sample)
	if short.Plan.File = long.Plan.File; !reflect.DeepEqual(short.Plan, long.Plan) {
		t.Errorf("got  %+v\nwant %+v", short.Plan, long.Plan)
	}
}

func TestAFileIsRead(t *testing.T) {
	c := read(t, sample)
	track, err := taskdata.FindTrack("micro")
	if err != nil {
		t.Fatal(err)
	}
	zero, half, none := 0.0, 0.5, 0
	budget := event.Budget{Cost: 2.5, WallMS: 30 * 60 * 1000}
	bigger := budget
	bigger.Tokens = 100_000
	want := store.Plan{
		Tasks: []store.PlanTask{
			{ID: "micro/7", Calibrate: track.CalibrationRuns, Confirm: track.ConfirmationRuns},
			{ID: "micro/8", Calibrate: track.CalibrationRuns, Confirm: track.ConfirmationRuns},
		},
		Hints: []string{"0", "1"}, Seeds: []int64{1, 2}, Order: []string{"tasks", "hints", "agents", "seeds"},
		Agents: []store.PlanAgent{
			{Label: "tuner", Confirm: &none, Spec: store.Spec{Agent: "tuner", Scaffold: "flat", Runner: "local", Nodes: 4, Budget: budget}},
			{Label: "gpt-5 tree", Spec: store.Spec{
				Agent: "llm", Scaffold: "tree", Runner: "local", Nodes: 6, Budget: bigger, Parallel: 2, Search: event.Search{Initial: 2, Branch: 5},
				Talk: store.Talk{Model: "openai/gpt-5", Temperature: &zero, Edits: "blocks"},
			}},
			{Label: "small", Spec: store.Spec{
				Agent: "llm", Scaffold: "flat", Runner: "local", Nodes: 4, Budget: budget, Parallel: 2,
				Talk: store.Talk{Model: "local/small", Temperature: &half, Edits: "blocks"},
			}},
		},
		Total: store.PlanTotal{Cost: 25, Tokens: 3_000_000, WallMS: 8 * 3600 * 1000},
		File:  c.Plan.File,
	}
	if !reflect.DeepEqual(c.Plan, want) {
		t.Errorf("read\n%+v\nwant\n%+v", c.Plan, want)
	}
	if c.Name != "hints on the micro track" || !filepath.IsAbs(c.Plan.File) || len(c.ID) != 16 {
		t.Errorf("%+v", c)
	}
}

func TestAWildcardNamesTheReadyTasksOfATrack(t *testing.T) {
	c := read(t, "name = \"all\"\ntasks = [\"micro/8\", \"micro/*\"]\n[[agents]]\nagent = \"noop\"\n")
	var got []string
	for _, task := range c.Plan.Tasks {
		got = append(got, task.ID)
	}
	want := []string{"micro/8", "micro/1", "micro/2", "micro/3", "micro/4", "micro/5", "micro/6", "micro/7"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestFiguresThatAreTheScaffoldsOwnAreLeftToIt(t *testing.T) {
	c := read(t, "name = \"n\"\ntasks = [\"micro/8\"]\n[[agents]]\nagent = \"llm\"\nmodel = \"a/b\"\nscaffold = \"tree\"\nsearch = { branch = 3 }\n")
	if s := c.Plan.Agents[0].Spec.Search; s != (event.Search{}) {
		t.Errorf("%+v", s)
	}
}

func TestDocumentsAreReadBesideTheFile(t *testing.T) {
	path := write(t, "name = \"n\"\ntasks = [\"micro/8\"]\n[[agents]]\nagent = \"llm\"\nmodel = \"a/b\"\ndocuments = [\"notes.md\"]\n")
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "notes.md"), []byte("mind the gap"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Read(t.Context(), path, testWorld())
	if err != nil {
		t.Fatal(err)
	}
	if docs := c.Plan.Agents[0].Spec.Documents; len(docs) != 1 || docs[0] != (store.Document{Title: "notes.md", Text: "mind the gap"}) {
		t.Errorf("%+v", docs)
	}
}

func TestMistakesAreToldWithTheirLinesAndTheMend(t *testing.T) {
	const head = "name = \"n\"\ntasks = [\"micro/8\"]\n"
	const agent = "[[agents]]\nagent = \"noop\"\n"
	for _, c := range []struct {
		name, text string
		want       []string // all of them, in order
	}{
		{"nothing", "", []string{
			`:1: a campaign needs a name: write name = "`, `:1: a campaign needs tasks: write tasks = [`, `:1: a campaign needs agents: write [[agents]]`,
		}},
		{"no TOML", "name = \"n\"\ntasks = [\"micro/8\"\n[[agents]]\n", []string{`:3: this is no TOML: `}},
		{"an open text", "name = \"n\ntasks = []\n", []string{`:1: this is no TOML: `}},
		{"a key twice", "name = \"n\"\nname = \"m\"\n", []string{`:2: this is no TOML: `}},
		{"a text for a list", "name = \"n\"\ntasks = \"micro/8\"\n" + agent, []string{`:2: tasks must be a list of texts: write tasks = ["micro/7"`}},
		{"numbers for texts", head + "hints = [0, 1]\n" + agent, []string{`:3: hints must be a list of texts: write hints = ["0", "1"]`}},
		{"a text for a number", head + "\nnodes = \"4\"\n" + agent, []string{`:4: nodes must be a whole number, 0 or more: write nodes = 4`}},
		{"less than nothing", head + "nodes = -4\n" + agent, []string{`:3: nodes must be`}},
		{"a part of a node", head + "nodes = 4.5\n" + agent, []string{`:3: nodes must be`}},
		{"a time without unit", head + agent + "[budget]\nwall = 30\n", []string{`:6: wall must be a time with its unit: write wall = "30m"`}},
		{"a bound of no tokens", head + agent + "[total]\ntokens = 0\n", []string{`:6: tokens must be a number of tokens above 0: write tokens = 2000000 or "2M", or leave it out for no bound`}},
		{"tokens that are no number", head + agent + "[budget]\ntokens = \"2 pages\"\n", []string{`:6: tokens must be a number of tokens above 0`}},
		{"a bound of nothing", head + agent + "[total]\ncost = 0\n", []string{`:6: cost must be a number above 0`}},
		{"no number", head + agent + "temperature = nan\n", []string{`:5: temperature must be a number`}},
		{"an unknown key", head + "seed = 1\n" + agent, []string{`:3: a campaign has no key "seed": did you mean seeds?`}},
		{"an unknown key of an agent", head + agent + "[[agents]]\nagent = \"tuner\"\nmodels = \"x\"\n", []string{`:7: [[agents]] has no key "models": did you mean model?`}},
		{"an unknown key of a budget", head + agent + "[budget]\nmoney = 1\n", []string{`:6: [budget] has no key "money"; it has cost, run, tokens, wall`}},
		{"an unknown key of an agent's budget", head + agent + "[agents.budget]\ncosts = 1\n", []string{`:6: [agents.budget] has no key "costs": did you mean cost?`}},
		{"one agent's table", head + "[agents]\nagent = \"noop\"\n", []string{`:3: agents must be tables: write [[agents]] on a line`}},
		{"an agent on top", head + "agent = \"noop\"\n", []string{`:1: a campaign needs agents`, `:3: agents stand in tables of their own: write [[agents]]`}},
		{"an agent without a name", head + "[[agents]]\nlabel = \"x\"\n", []string{`:3: it does not say which agent: write agent = "tuner"`}},
		{"tasks of an agent", head + agent + "tasks = [\"micro/7\"]\n", []string{`:5: a campaign takes tasks with every agent: write tasks at the head`}},
		{"a gate", head + "gate = true\n" + agent, []string{`:3: a sweep runs without a person who could answer: leave gate out`}},
		{"a gate of an agent", head + agent + "gate = false\n", []string{`:5: a sweep runs without a person`}},
		{"a seed twice", head + "seeds = [1, 2, 1]\n" + agent, []string{`:3: seeds has 1 twice: leave one out`}},
		{"no seeds", head + "seeds = []\n" + agent, []string{`:3: seeds is empty: name at least one`}},
		{"another order", head + "order = [\"seeds\", \"nodes\"]\n" + agent, []string{`:3: "nodes" is nothing that cells are made of: write some of tasks, hints, agents, seeds`}},
		{"two agents alike", head + agent + "\n" + agent, []string{`:6: the agent of line 3 is called "noop" too: give one of them a label`}},
		{"a long label", head + agent + "label = \"" + strings.Repeat("x", 41) + "\"\n", []string{`:5: a label has 1 to 40 characters`}},
		{"an agent without a model", head + "[[agents]]\nagent = \"llm\"\n", []string{`:3: agent llm needs a model`}},
		{"no such model", "model = \"nothing\"\n" + head + "[[agents]]\nagent = \"llm\"\n", []string{`:1: no model nothing; see pitwall models`}},
		{"a model of an agent without", head + agent + "model = \"a/b\"\n", []string{`:5: agent noop is no language model: leave model out`}},
		{"a chain with a gap", "name = \"n\"\ntasks = [\"micro/6\", \"micro/8\"]\ncumulative = true\n" + agent, []string{`:2: micro/8 cannot start from a result on micro/6`}},
		{"no such document", head + "[[agents]]\nagent = \"llm\"\nmodel = \"a/b\"\ndocuments = [\"none.md\"]\n", []string{`:6: document "none.md" cannot be read: no such file`}},
		{
			"all at once", "name = \"n\"\ntasks = [\"micro/99\", \"moon/*\", \"micro/8\"]\nhints = [\"9\"]\nscaffold = \"bush\"\n[[agents]]\nagent = \"nobody\"\n[[agents]]\nagent = \"llm\"\nmodel = \"a/b\"\n",
			[]string{`:2: no task "micro/99"; there is micro/1 to micro/9`, `:2: no track "moon"; there is micro`, `:3: no hint "9"; choose one of 0 (none)`, `:4: no scaffold "bush"; there is flat`, `:6: no agent "nobody"; there is tuner`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, c.text)
			_, err := Read(t.Context(), path, testWorld())
			var mistake *Mistake
			if !errors.As(err, &mistake) {
				t.Fatalf("no mistake: %v", err)
			}
			got := strings.Split(err.Error(), "\n")
			if len(got) != len(c.want) {
				t.Fatalf("%d mistakes, want %d:\n%v", len(got), len(c.want), err)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(got[i], path+want) {
					t.Errorf("told %q, want %q", strings.TrimPrefix(got[i], path), want)
				}
			}
		})
	}
}

func TestWhatIsMissingHereIsToldOnceForAllAgents(t *testing.T) {
	w := testWorld()
	key := errors.New("no key is set: set OPENAI_API_KEY")
	w.Check = func(_ context.Context, s store.Spec) error {
		if s.Model != "" {
			return key
		}
		return nil
	}
	path := write(t, sample)
	_, err := Read(t.Context(), path, w)
	var mistake *Mistake
	if errors.As(err, &mistake) || !errors.Is(err, key) {
		t.Fatalf("%v", err)
	}
	if want := path + ":13: agent gpt-5 tree: no key is set: set OPENAI_API_KEY"; err.Error() != want {
		t.Errorf("told %q, want %q", err, want)
	}
}

func TestATaskThatIsNotReadyIsToldBeforeTheStart(t *testing.T) {
	for _, tasks := range []string{`["micro/8", "nanogpt/4"]`, `["nanogpt/*"]`} {
		path := write(t, "name = \"n\"\ntasks = "+tasks+"\n[[agents]]\nagent = \"noop\"\n")
		_, err := Read(t.Context(), path, testWorld())
		if err == nil || !strings.HasPrefix(err.Error(), path+":2: ") || !strings.Contains(err.Error(), "can") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", tasks, err)
		}
	}
}

func TestEachAgentIsCheckedAsItsAttemptsWillBe(t *testing.T) {
	w := testWorld()
	var checked []store.Spec
	w.Check = func(_ context.Context, s store.Spec) error { checked = append(checked, s); return nil }
	c, err := Read(t.Context(), write(t, sample), w)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]store.Spec{}
	for _, cell := range Cells(c.Plan) {
		if cell.Task.ID == "micro/7" && cell.Hint == "0" && cell.Seed == 1 {
			want[cell.Agent.Label] = cell.Spec()
		}
	}
	if len(checked) != 3 {
		t.Fatalf("%d checks of 3 agents", len(checked))
	}
	for i, label := range []string{"tuner", "gpt-5 tree", "small"} {
		if !reflect.DeepEqual(checked[i], want[label]) {
			t.Errorf("checked %+v, want %+v", checked[i], want[label])
		}
	}
}

// A total of money can be kept only where prices are known, which is checked for
// attempts that are bounded in money.
func TestATotalOfMoneyIsCheckedLikeABudgetOfMoney(t *testing.T) {
	w := testWorld()
	w.Check = func(_ context.Context, s store.Spec) error {
		if s.Budget.Cost == 0 {
			return errors.New("not bounded")
		}
		return nil
	}
	text := "name = \"n\"\ntasks = [\"micro/8\"]\n[[agents]]\nagent = \"llm\"\nmodel = \"a/b\"\n[total]\ncost = 5\n"
	c, err := Read(t.Context(), write(t, text), w)
	if err != nil || c.Plan.Agents[0].Spec.Budget.Cost != 0 {
		t.Errorf("%+v, %v", c.Plan.Agents, err)
	}
}

func TestAFileThatIsNotThereIsNamed(t *testing.T) {
	_, err := Read(t.Context(), filepath.Join(t.TempDir(), "none.toml"), testWorld())
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "none.toml") {
		t.Errorf("%v", err)
	}
}
