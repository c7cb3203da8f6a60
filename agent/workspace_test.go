package agent

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestApplyTakesExactHunksOnly(t *testing.T) {
	const text = "a = 1\nb = 2\na = 1\nc = 3\n"
	cases := []struct {
		name string
		hunk Hunk
		line int
		why  string // of the refusal; empty: applied
	}{
		{"one line", Hunk{"train.py", "b = 2\n", "b = 20\n"}, 2, ""},
		{"part of a line", Hunk{"./train.py", "c = 3", "c = 30"}, 4, ""},
		{"new file", Hunk{"lib/more.py", "", "x = 1\n"}, 1, ""},
		{"nowhere", Hunk{"train.py", "d = 4\n", "d = 5\n"}, 0, "does not stand"},
		{"white space differs", Hunk{"train.py", "b  = 2\n", "b = 5\n"}, 0, "does not stand"},
		{"twice", Hunk{"train.py", "a = 1\n", "a = 5\n"}, 0, "lines 1 and 3"},
		{"no change", Hunk{"train.py", "b = 2\n", "b = 2\n"}, 0, "changes nothing"},
		{"whole file", Hunk{"train.py", "", "x = 1\n"}, 0, "exists"},
		{"empty new file", Hunk{"new.py", "", ""}, 0, "empty"},
		{"no such file", Hunk{"other.py", "x", "y"}, 0, "no file"},
		{"no path", Hunk{"", "x", "y"}, 0, "names no file"},
		{"absolute", Hunk{"/etc/passwd", "root", "toor"}, 0, "absolute"},
		{"home", Hunk{"~/x.py", "", "x"}, 0, "absolute"},
		{"up", Hunk{"../x.py", "", "x"}, 0, "leads out"},
		{"up inside", Hunk{"lib/../../x.py", "", "x"}, 0, "leads out"},
		{"backslash", Hunk{`lib\x.py`, "", "x"}, 0, "backslash"},
		{"control characters", Hunk{"x\x1b[2J.py", "", "x"}, 0, "not plain text"},
		{"a folder", Hunk{"sub", "", "x"}, 0, "not a plain file"},
		{"below a file", Hunk{"train.py/x", "", "x"}, 0, "not a folder"},
		{"link to a file", Hunk{"link.py", "outside", "x"}, 0, "is a link"},
		{"below a link", Hunk{"linked/outside.txt", "outside", "x"}, 0, "is a link"},
		{"binary", Hunk{"blob.bin", "x", "y"}, 0, "binary"},
		{"new text is no text", Hunk{"train.py", "b = 2\n", "b = \xff\n"}, 0, "not text"},
		{"NUL", Hunk{"train.py", "b = 2\n", "b = \x00\n"}, 0, "not text"},
		{"old text is no text", Hunk{"train.py", "b = \xff", "b"}, 0, "not text"},
		{"differs in case", Hunk{"Train.py", "", "x = 1\n"}, 0, "only in case"},
		{"the name of what is half written", Hunk{halfWritten, "", "x"}, 0, "taken"},
		{"new and too large", Hunk{"new.py", "", strings.Repeat("x", MaxFileBytes+1)}, 0, "larger than"},
		{"grows too large", Hunk{"train.py", "b = 2\n", strings.Repeat("x", MaxFileBytes)}, 0, "grow past"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			parent := t.TempDir()
			outside := filepath.Join(parent, "outside.txt")
			ws, err := NewWorkspace(filepath.Join(parent, "node"), map[string]string{"train.py": text, "sub/x.py": "x\n", "blob.bin": "x"})
			if err != nil {
				t.Fatal(err)
			}
			defer ws.Close()
			for _, err := range []error{
				os.WriteFile(outside, []byte("outside"), 0o600),
				os.WriteFile(filepath.Join(ws.Dir(), "blob.bin"), []byte("x\x00\xff"), 0o600),
				os.Symlink(outside, filepath.Join(ws.Dir(), "link.py")),
				os.Symlink(parent, filepath.Join(ws.Dir(), "linked")),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			before, err := os.ReadFile(filepath.Join(ws.Dir(), "train.py"))
			if err != nil {
				t.Fatal(err)
			}
			line, err := ws.Apply(c.hunk)
			var no *Refusal
			switch {
			case c.why == "" && err != nil:
				t.Fatalf("refused: %v", err)
			case c.why != "" && (!errors.As(err, &no) || !strings.Contains(no.Why, c.why)):
				t.Fatalf("got %v, want a refusal that says %q", err, c.why)
			case line != c.line:
				t.Errorf("line %d, want %d", line, c.line)
			}
			if c.why != "" {
				after, err := os.ReadFile(filepath.Join(ws.Dir(), "train.py"))
				if err != nil || string(after) != string(before) {
					t.Error("a refused edit changed the file")
				}
			}
			if b, err := os.ReadFile(outside); err != nil || string(b) != "outside" {
				t.Error("a file outside the directory was changed")
			}
		})
	}
}

func TestFullDiskKeepsTheOldFile(t *testing.T) {
	ws, err := NewWorkspace(filepath.Join(t.TempDir(), "node"), map[string]string{"train.py": "a = 1\n"})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	// A folder where the new text would be written first stands for a disk that takes nothing.
	if err := os.Mkdir(filepath.Join(ws.Dir(), halfWritten), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = ws.Apply(Hunk{"train.py", "a = 1\n", "a = 2\n"})
	var no *Refusal
	if err == nil || errors.As(err, &no) {
		t.Fatalf("got %v, want an error of the disk", err)
	}
	if b, err := os.ReadFile(filepath.Join(ws.Dir(), "train.py")); err != nil || string(b) != "a = 1\n" {
		t.Errorf("the file holds %q", b)
	}
}
