package diffview

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

func TestDiffGivesBackBothTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.SampledFrom([]string{"a", "b", "c = 1", "c = 2", "", "  return x"})
		a, b := rapid.SliceOf(line).Draw(t, "a"), rapid.SliceOf(line).Draw(t, "b")
		d := Make(strings.Join(a, "\n")+"\n", strings.Join(b, "\n")+"\n")
		var before, after []string
		for _, l := range d.Lines {
			if l.Op != Add {
				before = append(before, l.Text)
			}
			if l.Op != Del {
				after = append(after, l.Text)
			}
		}
		if strings.Join(before, "\n") != strings.Join(a, "\n") || strings.Join(after, "\n") != strings.Join(b, "\n") {
			t.Fatalf("%q to %q came out as %q to %q", a, b, before, after)
		}
		shown := 0
		for _, r := range d.rows {
			shown += max(r.fold, 1)
		}
		if shown != len(d.Lines) {
			t.Fatalf("%d lines shown or folded of %d", shown, len(d.Lines))
		}
		w, h := rapid.IntRange(1, 90).Draw(t, "w"), rapid.IntRange(0, 20).Draw(t, "h")
		rows := d.Rows(View{Caret: 1, From: 1, To: 3}, 0, w, h)
		if len(rows) != h {
			t.Fatalf("%d rows, want %d", len(rows), h)
		}
		for _, r := range rows {
			if ansi.StringWidth(r) != w {
				t.Fatalf("%q is not %d cells", r, w)
			}
		}
	})
}

func TestUnchangedPartsAreFolded(t *testing.T) {
	var a []string
	for i := range 200 {
		a = append(a, fmt.Sprint("line ", i))
	}
	b := append([]string{}, a...)
	b[100] = "line one hundred"
	d := Make(strings.Join(a, "\n"), strings.Join(b, "\n"))
	text := ansi.Strip(strings.Join(d.Rows(View{}, 0, 80, d.Len()), "\n"))
	for _, want := range []string{"⋯ 97 unchanged lines ⋯", "- line 100", "+ line one hundred", "⋯ 96 unchanged lines ⋯"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if d.Len() != 2+2*Context+2 {
		t.Errorf("%d rows", d.Len())
	}
	if got := d.Changes(); len(got) != 1 || got[0] != 1+Context {
		t.Errorf("changes at %v", got)
	}
}

func TestWordsThatChangedAreMarked(t *testing.T) {
	d := Make("WARM, STEPS = 0, 84\n", "WARM, STEPS = 0, 80\n")
	d.words(0)
	l := d.Lines[1]
	if len(l.marks) != 1 || l.Text[l.marks[0].from:l.marks[0].to] != "80" {
		t.Errorf("marks %v of %q", l.marks, l.Text)
	}
}

// TestAsManyLinesStayAsCan compares with the longest common subsequence, found the
// slow way.
func TestAsManyLinesStayAsCan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.SampledFrom([]string{"a", "b", "c", "d", "", "e", "f", "g"})
		a, b := rapid.SliceOfN(line, 0, 20).Draw(t, "a"), rapid.SliceOfN(line, 0, 20).Draw(t, "b")
		long := make([][]int, len(a)+1)
		for i := range long {
			long[i] = make([]int, len(b)+1)
		}
		for i := range a {
			for j := range b {
				if a[i] == b[j] {
					long[i+1][j+1] = long[i][j] + 1
				} else {
					long[i+1][j+1] = max(long[i][j+1], long[i+1][j])
				}
			}
		}
		same := 0
		for _, l := range Make(strings.Join(a, "\n")+"\n", strings.Join(b, "\n")+"\n").Lines {
			if l.Op == Same {
				same++
			}
		}
		if len(a)*len(b) > 0 && same != long[len(a)][len(b)] {
			t.Fatalf("%q to %q: %d lines stay of %d", a, b, same, long[len(a)][len(b)])
		}
	})
}

// TestMakerMakesWhatMakeDoes: whatever the texts before were.
func TestMakerMakesWhatMakeDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]string{"a", "b = 1", "\n", "\n", "\r\n", "\t", "\x1b[2J", "\u200b", "  return x\n", "\xff"})
		text := rapid.SliceOfN(piece, 0, 30)
		before, after := strings.Join(text.Draw(t, "before"), ""), strings.Join(text.Draw(t, "after"), "")
		var m Maker
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			got, want := m.Make(before, after), Make(before, after)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%q to %q:\n%+v\nand made anew\n%+v", before, after, got, want)
			}
			change := func(s string) string {
				from := rapid.IntRange(0, len(s)).Draw(t, "from")
				to := rapid.IntRange(from, len(s)).Draw(t, "to")
				return s[:from] + strings.Join(rapid.SliceOfN(piece, 0, 3).Draw(t, "new"), "") + s[to:]
			}
			after = change(after)
			if rapid.IntRange(0, 3).Draw(t, "both") == 0 {
				before = change(before)
			}
		}
	})
}

// TestMakerLooksAtNewLinesAlone counts the lines that are cleaned while an edit
// grows in the middle of a script.
func TestMakerLooksAtNewLinesAlone(t *testing.T) {
	before, _ := scripts()
	at := len(before) / 2
	var m Maker
	m.Make(before, before)
	first := m.before.seen + m.after.seen
	edit := strings.Repeat("    x = model(x)\n", 100)
	for n := range len(edit) {
		m.Make(before, before[:at]+edit[:n]+before[at:])
	}
	if seen := m.before.seen + m.after.seen - first; seen > 3*len(edit) {
		t.Errorf("%d lines were looked at for %d changes", seen, len(edit))
	}
}

func scripts() (before, after string) {
	var a, b []string
	for i := range 1900 {
		line := fmt.Sprintf("    x%d = model(block[%d], step=%d)  # line %d", i, i%17, i*3, i)
		a = append(a, line)
		switch {
		case i%97 == 0:
			b = append(b, strings.Replace(line, "step", "warm", 1))
		case i%211 == 0:
			b = append(b, line, "    extra = True", "    more = "+fmt.Sprint(i))
		case i%313 != 0:
			b = append(b, line)
		}
	}
	return strings.Join(a, "\n"), strings.Join(b, "\n")
}

func BenchmarkCold(b *testing.B) {
	before, after := scripts()
	for b.Loop() {
		Make(before, after).Rows(View{}, 0, 120, 50)
	}
}

// BenchmarkRewritten compares a script with one that shares only its empty lines.
func BenchmarkRewritten(b *testing.B) {
	before, _ := scripts()
	before = strings.ReplaceAll(before, "0\n", "0\n\n")
	after := strings.ReplaceAll(before, "model", "other")
	for b.Loop() {
		Make(before, after)
	}
}

// BenchmarkWriting makes the diff anew as an edit grows by a token.
func BenchmarkWriting(b *testing.B) {
	before, _ := scripts()
	at := strings.Index(before, "\n    x900 ") + 1
	edit := strings.Repeat("    x = model(x)\n", 100)
	var m Maker
	n := 0
	for b.Loop() {
		n = (n + 4) % len(edit)
		m.Make(before, before[:at]+edit[:n]+before[at:]).Rows(View{}, 0, 120, 50)
	}
}

func BenchmarkWarm(b *testing.B) {
	d := Make(scripts())
	for b.Loop() {
		d.Rows(View{}, 40, 120, 50)
	}
}
