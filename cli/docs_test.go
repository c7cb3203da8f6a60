package cli

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestTheCommandsOfTheAgentsPageAreTaken goes through every command in
// docs/agents.md: an attempt's is taken as far as its prompt, with keys of which
// nobody asks whether they are right, and of the others command and flags exist.
func TestTheCommandsOfTheAgentsPageAreTaken(t *testing.T) {
	page, err := os.ReadFile("../docs/agents.md")
	if err != nil {
		t.Fatal(err)
	}
	attempts := 0
	for line := range strings.Lines(string(page)) {
		words := strings.Fields(line)
		env := map[string]string{"PITWALL_HOME": t.TempDir()}
		for len(words) > 0 && strings.Contains(words[0], "=") {
			name, value, _ := strings.Cut(words[0], "=")
			env[name], words = value, words[1:]
		}
		if len(words) < 2 || words[0] != "pitwall" || words[1] != "attempt" || !strings.HasPrefix(line, "    ") {
			continue
		}
		attempts++
		a := &app{out: newDoor(io.Discard, nil), err: newDoor(io.Discard, nil), getenv: func(name string) string {
			if v, ok := env[name]; ok && v != "…" {
				return v
			}
			switch {
			case strings.HasSuffix(name, "_API_KEY"):
				return "a-key-of-nobody"
			case name == "AZURE_OPENAI_ENDPOINT":
				return "https://nobody.example.com"
			}
			return ""
		}}
		root := newRoot(a)
		root.SetArgs(append([]string{"prompt"}, words[2:]...))
		if err := root.ExecuteContext(t.Context()); err != nil {
			t.Errorf("%s\n%v", strings.TrimSpace(line), err)
		}
	}
	if attempts < 5 {
		t.Errorf("the page has %d commands that start an attempt", attempts)
	}
	for _, m := range regexp.MustCompile("`(?:pitwall )([a-z]+)([^`]*)`").FindAllStringSubmatch(string(page), -1) {
		root := newRoot(&app{out: newDoor(io.Discard, nil), err: newDoor(io.Discard, nil), getenv: os.Getenv})
		cmd, _, err := root.Find([]string{m[1]})
		if err != nil || cmd == root {
			t.Errorf("there is no command pitwall %s", m[1])
			continue
		}
		for _, flag := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(m[2], -1) {
			if cmd.Flags().Lookup(flag[1]) == nil {
				t.Errorf("pitwall %s has no --%s", m[1], flag[1])
			}
		}
	}
	attempt, _, err := newRoot(&app{out: newDoor(io.Discard, nil), err: newDoor(io.Discard, nil)}).Find([]string{"attempt"})
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range regexp.MustCompile("`--([a-z-]+)").FindAllStringSubmatch(string(page), -1) {
		switch flag[1] {
		case "all", "no", "repeat": // of approve and branch
		default:
			if attempt.Flags().Lookup(flag[1]) == nil {
				t.Errorf("pitwall attempt has no --%s", flag[1])
			}
		}
	}
}
