package model

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func page(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../docs/agents.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestThePageKnowsAllProvidersAndTheirKeys(t *testing.T) {
	cat := load(t, vars())
	providers, names := map[string][]string{}, map[string]bool{}
	quoted, env := regexp.MustCompile("`([^`]+)`"), regexp.MustCompile("`([A-Z][A-Z0-9_]+)`")
	_, table, _ := strings.Cut(page(t), "\n## Providers\n")
	table, _, _ = strings.Cut(table, "\n## ")
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.Contains(cells[1], "`") {
			continue
		}
		var keys []string
		for _, m := range env.FindAllStringSubmatch(cells[2], -1) {
			keys = append(keys, m[1])
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[1], -1) {
			providers[m[1]] = keys
		}
		for _, m := range env.FindAllStringSubmatch(line, -1) {
			names[m[1]] = true
		}
	}
	want := map[string][]string{}
	known := cat.KeyNames()
	for _, p := range cat.providers {
		want[p.Name] = p.keyNames
		for _, n := range p.baseNames() {
			if !strings.HasSuffix(n, "_BASE_URL") { // these are told by their rule
				known = append(known, n)
			}
		}
	}
	known = append(known, azureVersionNames()...)
	slices.Sort(known)
	if !maps.EqualFunc(providers, want, slices.Equal[[]string]) {
		t.Errorf("the page's table has\n%v\nthe catalog has\n%v", providers, want)
	}
	if got := slices.Sorted(maps.Keys(names)); !slices.Equal(got, known) {
		t.Errorf("the page's table names\n%v\nthe catalog knows\n%v", got, known)
	}
}

func TestThePagesFileIsTaken(t *testing.T) {
	_, rest, _ := strings.Cut(page(t), "```toml\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the page has no example")
	}
	cat, err := loadFile(t, example, vars("LAB_API_KEY=k"))
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := cat.Default(); !ok || m.ID() != "my-lab/qwen3-coder" || m.Context != 262144 || *m.Price != (Price{0.2, 0.8, 0.2, 0.2}) {
		t.Errorf("%+v", m)
	}
}

func TestThePagesModelsCanBeFound(t *testing.T) {
	cat := load(t, vars("OPENAI_BASE_URL=http://gpu7:8000/v1"))
	names := regexp.MustCompile(`--model ([^\s]+)`).FindAllStringSubmatch(page(t), -1)
	if len(names) < 8 {
		t.Fatalf("only %v", names)
	}
	for _, n := range names {
		name := strings.Trim(n[1], "`,.")
		if strings.HasPrefix(name, "my-lab/") {
			continue // of the example's file
		}
		if _, err := cat.Find(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"openai/gpt-5", "anthropic/claude-sonnet-4-6"} {
		if m, err := cat.Find(name); err != nil || m.Price == nil {
			t.Errorf("%s is an example without a price: %v", name, err)
		}
	}
}
