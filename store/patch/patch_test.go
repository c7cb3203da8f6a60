package patch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// rebuild applies changes by the letter.
func rebuild(before, after string) string {
	a, b := Split(before), Split(after)
	var out strings.Builder
	at := 0
	for _, c := range Changes(before, after) {
		out.WriteString(strings.Join(a[at:c.From], ""))
		out.WriteString(strings.Join(b[c.NewFrom:c.NewTo], ""))
		at = c.To
	}
	out.WriteString(strings.Join(a[at:], ""))
	return out.String()
}

func texts() *rapid.Generator[string] {
	line := rapid.SampledFrom([]string{"a\n", "b\n", "c\r\n", "\n", "\xff\xfe\n", "é\n", "a", "long line of text\n"})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(line, 0, 30).Draw(t, "lines"), "")
	})
}

func TestChangesTurnOneTextIntoTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := texts().Draw(t, "a"), texts().Draw(t, "b")
		if got := rebuild(a, b); got != b {
			t.Fatalf("rebuilt %q from %q, want %q", got, a, b)
		}
	})
}

func TestGitAppliesTheDiff(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("needs git")
	}
	cases := map[string][2]string{
		"change":              {"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n", "1\n2\nthree\n4\n5\n6\n7\n8\n9\n10\n11\n12\nthirteen\n"},
		"no newline at end":   {"1\n2\n3", "1\n2\n4"},
		"newline added":       {"1\n2", "1\n2\n"},
		"first line inserted": {"1\n2\n", "0\n1\n2\n"},
		"all replaced":        {"1\n2\n", "a\nb\nc\n"},
		"carriage returns":    {"1\r\n2\r\n3\r\n", "1\r\n3\r\n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "train.py")
			if err := os.WriteFile(file, []byte(c[0]), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), git, "apply", "-")
			cmd.Dir = dir
			cmd.Stdin = strings.NewReader(Files(map[string]string{"train.py": c[0]}, map[string]string{"train.py": c[1]}))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("git apply: %v: %s", err, out)
			}
			got, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c[1] {
				t.Errorf("got %q, want %q", got, c[1])
			}
		})
	}
}
