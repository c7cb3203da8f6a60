package campaign

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pitwall/store"
)

// plan has as many of each, named by letters.
func plan(tasks, hints, agents, seeds int) store.Plan {
	p := store.Plan{Order: []string{"tasks", "hints", "agents", "seeds"}}
	for i := range tasks {
		p.Tasks = append(p.Tasks, store.PlanTask{ID: fmt.Sprintf("micro/%d", i+1), Calibrate: 1})
	}
	for i := range hints {
		p.Hints = append(p.Hints, fmt.Sprint(i))
	}
	for i := range agents {
		p.Agents = append(p.Agents, store.PlanAgent{Label: fmt.Sprintf("agent %c", 'a'+i), Spec: store.Spec{Agent: "noop", Scaffold: "flat", Runner: "local", Nodes: 1}})
	}
	for i := range seeds {
		p.Seeds = append(p.Seeds, int64(i+1))
	}
	return p
}

func names(p store.Plan) (names []string) {
	for _, c := range Cells(p) {
		names = append(names, c.Name)
	}
	return names
}

func TestCellsFollowTheOrder(t *testing.T) {
	p := plan(2, 1, 2, 2)
	want := []string{
		"micro/1 · 0 · agent a · 1", "micro/1 · 0 · agent a · 2", "micro/1 · 0 · agent b · 1", "micro/1 · 0 · agent b · 2",
		"micro/2 · 0 · agent a · 1", "micro/2 · 0 · agent a · 2", "micro/2 · 0 · agent b · 1", "micro/2 · 0 · agent b · 2",
	}
	if got := names(p); !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	p.Order = []string{"seeds", "agents", "tasks", "hints"}
	want = []string{
		"micro/1 · 0 · agent a · 1", "micro/2 · 0 · agent a · 1", "micro/1 · 0 · agent b · 1", "micro/2 · 0 · agent b · 1",
		"micro/1 · 0 · agent a · 2", "micro/2 · 0 · agent a · 2", "micro/1 · 0 · agent b · 2", "micro/2 · 0 · agent b · 2",
	}
	if got := names(p); !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if n := len(Cells(plan(3, 2, 2, 5))); n != 60 {
		t.Errorf("%d cells, want 60", n)
	}
}

func TestACellIsMadeWithWhatItsAgentSaysOfRuns(t *testing.T) {
	p := plan(1, 1, 1, 1)
	p.Tasks[0].Confirm = 3
	if s := Cells(p)[0].Spec(); s.Task != "micro/1" || s.Hint != "0" || s.Seed != 1 || s.Calibrate != 1 || s.Confirm != 3 || s.Carry != "" {
		t.Errorf("%+v", s)
	}
	none, five := 0, 5
	p.Agents[0].Confirm, p.Agents[0].Calibrate = &none, &five
	if s := Cells(p)[0].Spec(); s.Calibrate != 5 || s.Confirm != 0 {
		t.Errorf("%+v", s)
	}
}

func TestAChainLeadsThroughTheTasks(t *testing.T) {
	p := plan(3, 2, 1, 1)
	p.Cumulative = true
	before := map[string]string{}
	for _, c := range Cells(p) {
		before[c.Name] = c.Before
	}
	want := map[string]string{
		"micro/1 · 0 · agent a · 1": "", "micro/2 · 0 · agent a · 1": "micro/1 · 0 · agent a · 1", "micro/3 · 0 · agent a · 1": "micro/2 · 0 · agent a · 1",
		"micro/1 · 1 · agent a · 1": "", "micro/2 · 1 · agent a · 1": "micro/1 · 1 · agent a · 1", "micro/3 · 1 · agent a · 1": "micro/2 · 1 · agent a · 1",
	}
	if !reflect.DeepEqual(before, want) {
		t.Errorf("%v", before)
	}
}

func TestACampaignIsTheSameWhereItsCellsAre(t *testing.T) {
	c := read(t, sample)
	for name, change := range map[string]func(string) string{
		"a comment": func(s string) string { return "# another\n" + strings.Replace(s, "nodes = 4", "nodes = 4 # few", 1) },
		"spaces":    func(s string) string { return strings.ReplaceAll(s, "\n", "\n\n") },
		"the order of keys": func(s string) string {
			return strings.Replace(s, "nodes = 4\ntemperature = 0\n", "temperature = 0.0\nnodes = 4\n", 1)
		},
		"the order of tasks":  func(s string) string { return strings.Replace(s, `"micro/7", "micro/8"`, `"micro/8", "micro/7"`, 1) },
		"the order of hints":  func(s string) string { return strings.Replace(s, `"0", "1"`, `"1", "0"`, 1) },
		"the order of seeds":  func(s string) string { return strings.Replace(s, `[1, 2]`, `[2, 1]`, 1) },
		"the order of agents": swapAgents,
		"the order of cells":  func(s string) string { return "order = [\"seeds\"]\n" + s },
		"a usual figure": func(s string) string {
			return "hints = [\"0\", \"1\"]\nrunner = \"local\"\n" + strings.Replace(s, "hints = [\"0\", \"1\"]\n", "", 1)
		},
		"a budget of its own": func(s string) string {
			return strings.Replace(s, "tokens = 100_000", "tokens = 100000\ncost = 2.50", 1)
		},
		"the total": func(s string) string { return strings.Replace(s, "cost = 25", "cost = 50", 1) },
		"the name":  func(s string) string { return strings.Replace(s, "hints on the", "another look at the", 1) },
	} {
		changed := change(sample)
		if changed == sample {
			t.Fatalf("%s: nothing was changed", name)
		}
		if got := read(t, changed); got.ID != c.ID {
			t.Errorf("with %s changed it is another campaign: %q", name, Differences(c.Plan, got.Plan))
		}
	}
}

// swapAgents puts the first agent last.
func swapAgents(s string) string {
	const first = "[[agents]]\nagent = \"tuner\"\nconfirm = 0\n"
	return strings.Replace(strings.Replace(s, first, "", 1), "[budget]\n", first+"[budget]\n", 1)
}

func TestACampaignIsAnotherWhereItsCellsAreAndSaysHow(t *testing.T) {
	c := read(t, sample)
	for _, change := range []struct{ old, now, says string }{
		{"seeds = [1, 2]", "seeds = [1, 3]", "seed 3 is new; seed 2 is gone"},
		{"seeds = [1, 2]", "seeds = [1, 2, 3, 4]", "seeds 3, 4 are new"},
		{`["micro/7", "micro/8"]`, `["micro/8"]`, "task micro/7 is gone"},
		{`["0", "1"]`, `["0", "12"]`, "hint 12 is new; hint 1 is gone"},
		{`label = "small"`, `label = "tiny"`, "agent tiny is new; agent small is gone"},
		{"nodes = 6", "nodes = 7", "agent gpt-5 tree: nodes 7, was 6"},
		{"confirm = 0", "confirm = 1", "agent tuner: confirm 1, was 0"},
		{"confirm = 0\n", "", "agent tuner: confirm not set, was 0"},
		{"temperature = 0.5", "temperature = 0.25", "agent small: temperature 0.25, was 0.5"},
		{"tokens = 100_000", "tokens = 100_001", "agent gpt-5 tree: budget.tokens 100001, was 100000"},
		{"branch = 5", "branch = 4", "agent gpt-5 tree: search.branch 4, was 5"},
		{"seeds = [1, 2]", "cumulative = true\nseeds = [1, 2]", "it is cumulative now"},
	} {
		text := strings.Replace(sample, change.old, change.now, 1)
		got := read(t, text)
		if got.ID == c.ID {
			t.Errorf("with %q it is the same campaign", change.now)
		}
		if says := strings.Join(Differences(c.Plan, got.Plan), "; "); says != change.says {
			t.Errorf("with %q it says %q, want %q", change.now, says, change.says)
		}
	}
	chain := plan(3, 1, 1, 1)
	chain.Cumulative = true
	turned := plan(3, 1, 1, 1)
	turned.Cumulative = true
	turned.Tasks[0], turned.Tasks[1] = turned.Tasks[1], turned.Tasks[0]
	if says := Differences(chain, turned); ID(chain) == ID(turned) || len(says) != 1 || !strings.Contains(says[0], "another order") {
		t.Errorf("a chain in another order: %q", says)
	}
}
