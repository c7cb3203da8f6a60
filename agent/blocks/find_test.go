package blocks

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPassagesAreFoundAndFitted(t *testing.T) {
	for _, tt := range []struct {
		name, text, old, new string
		want                 string // the text with the passage replaced
		how                  string
		line                 int
	}{
		{"to the character", "a\nb\nc\n", "b\n", "x\n", "a\nx\nc\n", "", 2},
		{"within a line", "lr = 0.1\n", "0.1", "0.2", "lr = 0.2\n", "", 1},
		{"deleted", "a\nb\nc\n", "b\n", "", "a\nc\n", "", 2},
		{"as whole lines", "max_lr = 1\nlr = 1\n", "lr = 1\n", "lr = 2\n", "max_lr = 1\nlr = 2\n", "as whole lines", 2},
		{"as whole lines at the head", "lr = 1\nmax_lr = 1\n", "lr = 1\n", "lr = 2\n", "lr = 2\nmax_lr = 1\n", "as whole lines", 1},
		{"as whole lines at the end", "max_lr = 1\nlr = 1", "lr = 1\n", "lr = 2\n", "max_lr = 1\nlr = 2", "as whole lines", 2},
		{"without a last newline", "a\nb", "b\n", "c\n", "a\nc", "no line end at the file's end", 2},
		{"deleted without a last newline", "a\nb", "b\n", "", "a\n", "no line end at the file's end", 2},
		{"blanks at line ends", "a \nb\nc\n", "a\nb\t\n", "x\n", "x\nc\n", "blanks at line ends ignored", 1},
		{"a file with carriage returns", "a\r\nb\r\nc\r\n", "a\nb\n", "x\ny\n", "x\r\ny\r\nc\r\n", "line ends as in the file", 1},
		{"an answer with carriage returns", "a\nb\nc\n", "a\r\nb\r\n", "x\r\ny\r\n", "x\ny\nc\n", "line ends as in the file", 1},
		{"new lines in a file with carriage returns", "a\r\nb\r\n", "a", "x\ny", "x\r\ny\r\nb\r\n", "line ends as in the file", 1},
		{"tabs in the file", "if a:\n\tb\n\tc\n", "    b\n    c\n", "    d:\n        e\n", "if a:\n\td:\n\t\te\n", "tabs and spaces as in the file", 2},
		{"tabs in the answer", "if a:\n    b\n    c\n", "\tb\n\tc\n", "\td:\n\t\te\n", "if a:\n    d:\n        e\n", "tabs and spaces as in the file", 2},
		{"tabs in the answer, by two", "if a:\n  b\n  c\n", "\tb\n\tc\n", "\td:\n\t\te\n", "if a:\n  d:\n    e\n", "tabs and spaces as in the file", 2},
		{"indented by more", "if a:\n    b\n    if c:\n        d\n", "b\nif c:\n    d\n", "b\n\nif e:\n    f\n", "if a:\n    b\n\n    if e:\n        f\n", "indented by 4 more", 2},
		{"indented by less", "b\nc\n", "    b\n    c\n", "    if b:\n        c\n", "if b:\n    c\n", "indented by 4 less", 1},
		{"indented by more, a deletion", "if a:\n    b\n    c\nd\n", "b\nc\n", "", "if a:\nd\n", "indented by 4 more", 2},
		{"one line without its indentation", "if a:\n    b\n", "b\n", "if c:\n    b\n", "if a:\n    if c:\n        b\n", "indented as the line it replaces", 2},
		{"one line without its indentation, one new", "if a:\n    b\n", "b\n", "c\n", "if a:\n    c\n", "", 2},
		{"one line without its indentation, deleted", "if a:\n    b\n    c\n", "b\n", "", "if a:\n    c\n", "with its indentation", 2},
		{"one line whose followers are indented", "if a:\n    b\n", "b\n", "c\n    d\n", "if a:\n    c\n    d\n", "", 2},
		{"one line whose followers are its body", "if a:\n    b\n", "b\n", "if c:\n        d\n", "if a:\n    if c:\n        d\n", "", 2},
		{"blank lines at the ends", "a\nb\nc\n", "\nb\n\n", "\nx\n\n", "a\nx\nc\n", "blank lines at its ends ignored", 2},
		{"blank lines at the ends, not in what is new", "a\nb\nc\n", "\nb\n\n", "x\n", "a\nx\nc\n", "blank lines at its ends ignored", 2},
		{"everything at once", "if a:\r\n    b \r\n    c\r\n", "\nb\nc\n", "\nd\n", "if a:\r\n    d\r\n", "blanks at line ends ignored, line ends as in the file, blank lines at its ends ignored, indented by 4 more", 2},
		{"lines without an end", "a\n  b\n  c\nd\n", "b\nc", "x\ny", "a\n  x\n  y\nd\n", "indented by 2 more", 2},
		{"new lines without an end take the place of whole ones", "a \nb\n", "a\n", "x", "x\nb\n", "blanks at line ends ignored", 1},
		{"a blank line with blanks in it", "def f():\n    a\n    \n    b\n", "a\n\nb\n", "c\n", "def f():\n    c\n", "blanks at line ends ignored, indented by 4 more", 2},
		{"wide letters", "x = 'ä漢'\n", "x = 'ä漢'  \n", "y\n", "y\n", "blanks at line ends ignored", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Find(tt.text, tt.old, tt.new)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Count(tt.text, m.Old) != 1 {
				t.Errorf("%q does not stand there once", m.Old)
			}
			if got := strings.Replace(tt.text, m.Old, m.New, 1); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if m.How != tt.how || m.Line != tt.line {
				t.Errorf("how %q at line %d, want %q at %d", m.How, m.Line, tt.how, tt.line)
			}
		})
	}
}

func TestPassagesThatAreNotFoundAreExplained(t *testing.T) {
	var many strings.Builder
	for range 20 {
		many.WriteString("x = 1\n")
	}
	for _, tt := range []struct {
		name, text, old, new string
		why                  []string // parts of it
		near                 string   // a part of it, "" for none
		lines                []int
	}{
		{"empty", "a\n", "", "x", []string{"is empty"}, "", nil},
		{"blank", "a\n", "\n \n", "x", []string{"is blank"}, "", nil},
		{"blank in an empty file", "", "\n", "x", []string{"is blank"}, "", nil},
		{"twice", "a\nb\na\n", "a\n", "x\n", []string{"in 2 places (lines 1 and 3)", "quote more"}, "", []int{1, 3}},
		{"twice in a line", "a, a\n", "a", "x", []string{"several times in line 1"}, "", []int{1}},
		{"many times", many.String(), "x = 1\n", "y\n", []string{"in 20 places (lines 1, 2, 3, 4, 5, 6, 7, 8 and 12 more)"}, "", lineRange(1, 20)},
		{"twice, blanks aside", "if a:\n    b\n    c\nif d:\n        b\n        c\n", "b\nc\n", "x\n", []string{"in 2 places (lines 2 and 5), blanks aside"}, "", []int{2, 5}},
		{"not there", "a\nlr = 0.1\nb\n", "a\nlr = 0.2\nb\n", "x\n", []string{"begins at line 1", "Line 2", "`lr = 0.1`", "`lr = 0.2`"}, "   2| lr = 0.1\n", nil},
		{"indented unevenly", "if a:\n    b\n    c\n", "if a:\n    b\n      c\n", "x\n", []string{"Line 3", "4 spaces", "6 spaces"}, "   3|     c\n", nil},
		{"blanks within a line", "a\nx=1\n", "a\nx = 1\n", "y\n", []string{"Line 2", "blanks only"}, "   2| x=1\n", nil},
		{"case", "a\nx = True\n", "a\nX = true\n", "y\n", []string{"Line 2", "upper and lower case only"}, "   2| x = True\n", nil},
		{"beyond the end", "a\nb\n", "b\nc\n", "y\n", []string{"ends after line 2", "`c`"}, "   2| b\n", nil},
		{"before the head", "b\nc\n", "a\nb\n", "y\n", []string{"begins with `a`"}, "   1| b\n", nil},
		{"like one line", "optimizer = Adam(lr=0.1)\n", "optimizer = Adam(lr=0.2)\n", "y\n", []string{"Line 1"}, "   1| optimizer = Adam(lr=0.1)\n", nil},
		{"like nothing", "alpha\nbeta\n", "gamma_ray_burst()\n", "y\n", []string{"nor anything like it"}, "", nil},
		{"like nothing in an empty file", "", "gamma\n", "y\n", []string{"nor anything like it"}, "", nil},
		{"done already", "a\nlearning_rate = 0.2\n", "learning_rate = 0.1\n", "learning_rate = 0.2\n", []string{"stands at line 2 already"}, "   2| ", nil},
		{"left of the margin", "b\nc\n", "    b\n    c\n", "if x:\n    c\n", []string{"at line 1", "indented by 4 less", "cannot be"}, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Find(tt.text, tt.old, tt.new)
			var no *NoMatch
			if !errors.As(err, &no) {
				t.Fatalf("match %+v, error %v", m, err)
			}
			for _, part := range tt.why {
				if !strings.Contains(no.Why, part) {
					t.Errorf("%q does not say %q", no.Why, part)
				}
			}
			if (no.Near == "") != (tt.near == "") || !strings.Contains(no.Near, tt.near) {
				t.Errorf("near:\n%swant %q", no.Near, tt.near)
			}
			if !slices.Equal(no.Lines, tt.lines) {
				t.Errorf("lines %v, want %v", no.Lines, tt.lines)
			}
		})
	}
}

func lineRange(from, to int) (lines []int) {
	for i := from; i <= to; i++ {
		lines = append(lines, i)
	}
	return lines
}

func TestTheNearestLinesAreThoseAroundTheDifference(t *testing.T) {
	text := benchScript()
	lines := strings.SplitAfter(text, "\n")
	passage := slices.Clone(lines[700:900])
	passage[150] = "something_else()\n"
	_, err := Find(text, strings.Join(passage, ""), "x\n")
	var no *NoMatch
	if !errors.As(err, &no) {
		t.Fatal(err)
	}
	if !strings.Contains(no.Why, "begins at line 701") || !strings.Contains(no.Why, "Line 851 is the first that differs") {
		t.Error(no.Why)
	}
	if n := strings.Count(no.Near, "\n"); n != nearLines {
		t.Errorf("%d lines are shown", n)
	}
	if !strings.Contains(no.Near, " 851| ") {
		t.Error(no.Near)
	}
}

// The passage is looked for in a file of lines that are all alike, where each
// place fails late.
func TestLinesThatAreAllAlikeTakeNoLonger(t *testing.T) {
	text := strings.Repeat("  a\n", 200_000)
	old := strings.Repeat("a\n", 100_000) + "b\n"
	if m, err := Find(text, old, "x\n"); err == nil {
		t.Fatalf("found at line %d", m.Line)
	}
}

// rapidLines draws lines as of a script, some of them alike.
func rapidLines(t *rapid.T, label string, least int) []string {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		indent := strings.Repeat("    ", rapid.IntRange(0, 3).Draw(t, "indent"))
		text := rapid.SampledFrom([]string{"a = 1", "b = 2", "for i in x:", "else:", "return a", "c()", ""}).Draw(t, "text")
		if text == "" {
			return ""
		}
		return indent + text
	}), least, 30).Draw(t, label)
}

func TestTheOneWindowThatAnswersIsFound(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		file := rapidLines(rt, "file", 1)
		from := rapid.IntRange(0, len(file)-1).Draw(rt, "from")
		to := rapid.IntRange(from+1, len(file)).Draw(rt, "to")
		put := rapidLines(rt, "put", 0)
		window := slices.Clone(file[from:to])
		if isBlank(strings.Join(window, "")) {
			rt.Skip("nothing to look for")
		}
		fileEnd := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(rt, "line end")
		endless := len(file) > 1 && rapid.Bool().Draw(rt, "no end at the end")
		shift := rapid.SampledFrom([]string{"", "    ", "  "}).Draw(rt, "shift")
		trailing := rapid.SampledFrom([]string{"", "  "}).Draw(rt, "trailing")

		text := strings.Join(file, fileEnd)
		if !endless {
			text += fileEnd
		}
		quote := func(lines []string, trailing string) string {
			var b strings.Builder
			for _, line := range lines {
				if line != "" {
					line = shift + line
				}
				b.WriteString(line + trailing + "\n")
			}
			return b.String()
		}
		old := quote(window, trailing)
		m, err := Find(text, old, quote(put, ""))

		var places []int // by the loosest measure
		for i := 0; i+len(window) <= len(file); i++ {
			if slowlyAlike(file[i:i+len(window)], window) {
				places = append(places, i)
			}
		}
		head, tail := blankEnds(window)
		byteWise := shift != "" && strings.Contains(text, old)
		if len(places) != 1 || head+tail > 0 || byteWise {
			rt.Skip("several windows answer to it, or blank lines may be given up, or it begins within another line's indentation")
		}
		if err != nil {
			rt.Fatalf("not found: %v", err)
		}
		want := ""
		for _, line := range slices.Concat(file[:from], put, file[to:]) {
			want += line + fileEnd
		}
		if endless && (to < len(file) || len(put) > 0) {
			want = strings.TrimSuffix(want, fileEnd)
		}
		if got := strings.Replace(text, m.Old, m.New, 1); got != want || m.Line != from+1 {
			rt.Fatalf("line %d, want %d, how %q, %q for %q:\n got %q\nwant %q", m.Line, from+1, m.How, m.New, m.Old, got, want)
		}
	})
}

// slowlyAlike tells whether lines are the same but for one shift of all of them.
func slowlyAlike(a, b []string) bool {
	shifts := map[int]bool{}
	for i := range a {
		if strings.TrimSpace(a[i]) != strings.TrimSpace(b[i]) {
			return false
		}
		if strings.TrimSpace(a[i]) != "" {
			shifts[len(indentOf(a[i]))-len(indentOf(b[i]))] = true
		}
	}
	return len(shifts) == 1
}

func FuzzFind(f *testing.F) {
	f.Add("a\nb\nc\n", "b\n", "x\n")
	f.Add("if a:\r\n\tb \r\n", "    b\n", "")
	f.Add("aXaXa", "aXa", "b")
	f.Add("a\nb", "\nb\n\n", "\n")
	f.Add("  x\n    x\n", "x\n", "y\n z\n")
	f.Fuzz(func(t *testing.T, text, old, new string) {
		m, err := Find(text, old, new)
		places := 0
		for i := range len(text) { // slow and obvious
			if old != "" && strings.HasPrefix(text[i:], old) {
				places++
			}
		}
		if err != nil {
			var no *NoMatch
			if !errors.As(err, &no) || no.Why == "" {
				t.Fatalf("an error of another kind: %v", err)
			}
			if places == 1 {
				t.Fatalf("stands there once, and is not found: %v", err)
			}
			if !slices.IsSorted(no.Lines) || strings.Count(no.Near, "\n") > nearLines {
				t.Fatalf("lines %v, near:\n%s", no.Lines, no.Near)
			}
			return
		}
		if m.Old == "" || strings.Index(text, m.Old) != strings.LastIndex(text, m.Old) || !strings.Contains(text, m.Old) {
			t.Fatalf("%q does not stand there once", m.Old)
		}
		if m.How == "" && (m.Old != old || m.New != new || places != 1) {
			t.Fatalf("%+v is said to be exact, %d places", m, places)
		}
		if m.Line < 1 || m.Line > 1+strings.Count(text, "\n") {
			t.Fatalf("line %d", m.Line)
		}
		// What is replaced is the passage, blanks aside, with what makes it unique.
		if !strings.Contains(squeezed(m.Old), squeezed(old)) || !strings.Contains(squeezed(m.New), squeezed(new)) {
			t.Fatalf("%+v", m)
		}
	})
}

// benchScript is as long as the longest of the benchmark's scripts.
func benchScript() string {
	var b strings.Builder
	for i := range 1900 {
		switch i % 10 {
		case 0:
			fmt.Fprintf(&b, "def layer_%d(x, w):\n", i)
		case 9:
			b.WriteString("\n")
		default:
			fmt.Fprintf(&b, "    x = x @ w[%d] + rotate(x, %d)  # as of step %d\n", i, i%7, i/10)
		}
	}
	return b.String()
}

func BenchmarkFind(b *testing.B) {
	text := benchScript()
	lines := strings.SplitAfter(text, "\n")
	window := strings.Join(lines[1500:1700], "")
	changed := strings.Replace(window, "rotate", "revolve", 1)
	for _, bm := range []struct{ name, old string }{
		{"exact", window},
		{"shifted", "  " + strings.TrimSuffix(strings.ReplaceAll(window, "\n", "\n  "), "  ")},
		{"missing", changed},
		{"like nothing", strings.Repeat("an entirely different line of text that is not there\n", 200)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				m, err := Find(text, bm.old, "    x\n")
				if (err == nil) != (bm.name == "exact" || bm.name == "shifted") {
					b.Fatal(m.How, err)
				}
			}
		})
	}
}

func BenchmarkParser(b *testing.B) {
	block := "Less work in each step.\n\ntrain.py\n```python\n<<<<<<< SEARCH\n" + benchScript()[:3000] + "\n=======\n" + benchScript()[:3000] + "\n>>>>>>> REPLACE\n```\n"
	answer := strings.Repeat(block, 100)
	for _, size := range []int{4, 64, len(answer)} {
		b.Run(fmt.Sprintf("pieces of %d", size), func(b *testing.B) {
			b.SetBytes(int64(len(answer)))
			b.ReportAllocs()
			for b.Loop() {
				var c counting
				p := NewParser("train.py", nil, &c)
				for i := 0; i < len(answer); i += size {
					p.Write(answer[i:min(len(answer), i+size)])
				}
				p.Close(false)
				if c.edits != 100 {
					b.Fatalf("%d edits", c.edits)
				}
			}
		})
	}
}
