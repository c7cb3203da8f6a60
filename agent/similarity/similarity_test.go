package similarity

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const record = `import torch

class Block:
    def __init__(self, width):
        self.up = Linear(width, 4 * width)
        self.down = Linear(4 * width, width)

    def forward(self, x):
        return self.down(gelu(self.up(x)))

lr = 0.02  # of Muon
steps = 100
for step in range(steps):
    train(step)
`

// The human squares a ReLU, takes fewer steps and zeroes the projection: one line
// added, two replaced, five changed lines in all.
var human = edit(record,
	"gelu(self.up(x))", "relu(self.up(x)).square()",
	"steps = 100", "steps = 80",
	"4 * width, width)\n", "4 * width, width)\n        self.down.weight.zero_()\n")

// edit replaces passages in pairs; each must be there.
func edit(script string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(script, pairs[i]) {
			panic("no " + pairs[i])
		}
		script = strings.Replace(script, pairs[i], pairs[i+1], 1)
	}
	return script
}

func TestScoresOfNodesWorkedByHand(t *testing.T) {
	for _, c := range []struct {
		name         string
		node         string
		common       float64
		nodeLines    int
		groupsShares []float64
	}{
		{"the human's script", human, 5, 5, []float64{1, 1, 1}},
		{"the record", record, 0, 0, []float64{0, 0, 0}},
		{"one change of three", edit(record, "gelu(self.up(x))", "relu(self.up(x)).square()"), 2, 2, []float64{0, 1, 0}},
		{"another number: the removed line, and half of the added one", edit(record, "steps = 100", "steps = 90"), 1.5, 2, []float64{0, 0, 0.75}},
		{"the added line somewhere else", edit(record, "steps = 100\n", "steps = 100\nself.down.weight.zero_()\n"), 1, 1, []float64{1, 0, 0}},
		{"added twice, counted once", edit(human, "zero_()\n", "zero_()\n        self.down.weight.zero_()\n"), 5, 6, []float64{1, 1, 1}},
		{"other blanks, other indentation, a comment", edit(human,
			"    def forward(self, x):\n", "    def forward( self,x ) :  # new\n\n    # and more\n", "    train(step)", "\ttrain(step)"), 5, 5, []float64{1, 1, 1}},
		{"another name for the same", edit(record, "gelu(self.up(x))", "F.relu(self.up(x)).square()"), 1, 2, []float64{0, 0.5, 0}},
		{"something else", edit(record, "lr = 0.02", "lr = 0.04"), 0, 2, []float64{0, 0, 0}},
		{"nothing is left", "", 2, 11, []float64{0, 0.5, 0.5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Lines(record, human, c.node)
			if got.Human != 5 || got.Node != c.nodeLines || got.Common != c.common {
				t.Errorf("%d lines of the human, %d of the node, %g common; want 5, %d, %g", got.Human, got.Node, got.Common, c.nodeLines, c.common)
			}
			precision := 0.0
			if c.nodeLines > 0 {
				precision = c.common / float64(c.nodeLines)
			}
			if got.Recall != c.common/5 || got.Precision != precision || got.F1 != 2*c.common/float64(5+c.nodeLines) {
				t.Errorf("recall %g, precision %g, F1 %g", got.Recall, got.Precision, got.F1)
			}
			var shares []float64
			for _, g := range got.Groups {
				shares = append(shares, g.Reproduced)
			}
			if fmt.Sprint(shares) != fmt.Sprint(c.groupsShares) {
				t.Errorf("of the places it has %v, want %v", shares, c.groupsShares)
			}
		})
	}
}

func TestGroupsNameTheHumansPlaces(t *testing.T) {
	want := []Group{
		{Line: 8, Added: 1, Text: "self.down.weight.zero_()"},
		{Line: 9, Removed: 1, Added: 1, Text: "return self.down(relu(self.up(x)).square())"},
		{Line: 12, Removed: 1, Added: 1, Text: "steps = 80"},
	}
	if got := Lines(record, human, record).Groups; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := Lines("a = 1\nb = 1\n", "a = 1\nb = 1\nc = 1\n", "").Groups; len(got) != 1 || got[0].Line != 3 {
		t.Errorf("added at the end: %+v, want line 3", got)
	}
	if got := Lines("a = 1\nb = 1\n", "a = 1\n", "").Groups; len(got) != 1 || got[0].Text != "b = 1" || got[0].Line != 2 {
		t.Errorf("removed at the end: %+v, want line 2", got)
	}
}

func TestTheSameChangeInAnotherOrderIsTheSame(t *testing.T) {
	was := "a()\nb()\nc()\n"
	is := "new_a()\na()\nb()\nnew_c()\nc()\n"
	node := "new_c()\na()\nb()\nnew_a()\nc()\n"
	if got := Lines(was, is, node); got.F1 != 1 {
		t.Errorf("F1 %g, want 1", got.F1)
	}
	if got := Lines(was, is, "b()\na()\nc()\n"); got.Node != 0 {
		t.Errorf("lines that only moved count as %d changes", got.Node)
	}
}

func TestARenamedVariableScoresLow(t *testing.T) {
	was := "def step(p):\n    return p\n"
	is := "def step(p):\n    momentum = decay(p)\n    momentum = clip(momentum)\n    p += momentum\n    return p\n"
	if got := Lines(was, is, strings.ReplaceAll(is, "momentum", "velocity")); got.F1 != 0 {
		t.Errorf("F1 %g, want 0", got.F1)
	}
}

func TestNothingCanBeSaidWhereTheHumanChangedNothing(t *testing.T) {
	got := Lines(record, edit(record, "lr = 0.02  # of Muon", "# the rate\nlr  =  0.02"), human)
	if !math.IsNaN(got.Recall) || !math.IsNaN(got.Precision) || !math.IsNaN(got.F1) || got.Human != 0 || got.Node != 5 {
		t.Errorf("got %+v, want NaN, and five lines of the node", got)
	}
}

func TestLinesAreComparedWithoutBlanksAndComments(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{"x = f( 1,2 )", "x=f(1, 2)  # why"},
		{"\tx = 1\r\n", "x = 1"},
		{`s = "a # b"  # c`, `s = "a # b"`},
		{`s = 'it\'s # so'`, `s = 'it\'s # so' # not`},
		{"if not x: pass", "if  not  x : pass"},
	} {
		if got := Lines("", c.a, c.b); got.F1 != 1 {
			t.Errorf("%q and %q differ", c.a, c.b)
		}
	}
	for _, c := range []struct{ a, b string }{
		{`s = "a # b"`, `s = "a # c"`},
		{`s = "a  b"`, `s = "a b"`},
		{"not x", "notx"},
		{"s = \"\"\"\n# one\n\"\"\"", "s = \"\"\"\n# two\n\"\"\""},
		{"x1 = y", "x2 = y"},
	} {
		if got := Lines("", c.a, c.b); got.F1 == 1 {
			t.Errorf("%q and %q are the same", c.a, c.b)
		}
	}
	if got := Lines("", "# one\n\n)\n    \n'''\n'''\n", ""); got.Human != 0 {
		t.Errorf("%d lines count of those that say nothing", got.Human)
	}
}

func TestNumbersAreToldFromDigitsOfNames(t *testing.T) {
	for _, c := range []struct {
		line string
		form string // "" if there is no number
	}{
		{"lr=0.02", "lr=#"},
		{"lr=2e-4", "lr=#"},
		{"n=10_000-1", "n=#-#"},
		{"mask=0x1e-1", "mask=#-#"},
		{"x=.5", "x=.#"},
		{"c_fc2=h1", ""},
		{"bf16", ""},
		{"w=w2*2.", "w=w2*#"},
	} {
		form, ok := formOf(c.line)
		if !ok {
			form = ""
		}
		if form != c.form {
			t.Errorf("%s has the form %q, want %q", c.line, form, c.form)
		}
	}
}

func scripts() *rapid.Generator[string] {
	line := rapid.SampledFrom([]string{
		"a()", "b()", "c = 1", "c = 2", "c = 30", "d = 1e-4", "# note", "", ")", "    a()", "\"\"\"", "'", "é = 1", "\xff", "return x",
	})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(line, 0, 25).Draw(t, "lines"), "\n")
	})
}

func TestScoresAreShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record, human, node := scripts().Draw(t, "record"), scripts().Draw(t, "human"), scripts().Draw(t, "node")
		got := Lines(record, human, node)
		if got.Human == 0 {
			if !math.IsNaN(got.F1) || got.Groups != nil {
				t.Fatalf("a score without a change: %+v", got)
			}
			return
		}
		for _, x := range []float64{got.Recall, got.Precision, got.F1} {
			if !(x >= 0 && x <= 1) {
				t.Fatalf("out of range: %+v", got)
			}
		}
		lines, common, last := 0, 0.0, 0
		for _, g := range got.Groups {
			lines += g.Removed + g.Added
			common += g.Reproduced * float64(g.Removed+g.Added)
			if !(g.Reproduced >= 0 && g.Reproduced <= 1) || g.Line < last || g.Text == "" {
				t.Fatalf("group %+v after line %d", g, last)
			}
			last = g.Line
		}
		if lines != got.Human || math.Abs(common-got.Common) > 1e-9 {
			t.Fatalf("the groups have %d lines and %g in common: %+v", lines, common, got)
		}
		if same := Lines(record, human, human); same.F1 != 1 {
			t.Fatalf("the human's own script scores %+v", same)
		}
		if none := Lines(record, human, record); none.Common != 0 || none.F1 != 0 {
			t.Fatalf("the record scores %+v", none)
		}
		if back := Lines(record, node, human); back.Human > 0 && back.Common != got.Common {
			t.Fatalf("%g in common, but %g the other way around", got.Common, back.Common)
		}
	})
}

func TestUnrelatedLinesCostPrecisionOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record, human, node := scripts().Draw(t, "record"), scripts().Draw(t, "human"), scripts().Draw(t, "node")
		before := Lines(record, human, node)
		if before.Human == 0 {
			return
		}
		// In front, where no string is open.
		after := Lines(record, human, "unrelated()\nmore(unrelated)\n"+node)
		if after.Recall != before.Recall {
			t.Fatalf("recall went from %g to %g", before.Recall, after.Recall)
		}
		if before.Precision > 0 && after.Precision >= before.Precision {
			t.Fatalf("precision went from %g to %g", before.Precision, after.Precision)
		}
	})
}

func FuzzAnyTextsCompare(f *testing.F) {
	f.Add(record, human, edit(record, "0.02", "0.03"))
	f.Fuzz(func(t *testing.T, record, human, node string) {
		if got := Lines(record, human, node); got.Human > 0 && !(got.F1 >= 0 && got.F1 <= 1) {
			t.Errorf("got %+v", got)
		}
	})
}

func BenchmarkLines(b *testing.B) {
	var was, is, node strings.Builder
	for i := range 1900 {
		l := fmt.Sprintf("    x%d = layer_%d(x%d, width=%d)  # comment\n", i, i%40, i-1, i)
		was.WriteString(l)
		if i%25 == 0 {
			fmt.Fprintf(&is, "    y%d = other(x%d)\n", i, i)
		}
		if i%50 != 0 {
			is.WriteString(l)
		}
		if i%30 != 0 {
			node.WriteString(l)
		}
	}
	b.Run("edited", func(b *testing.B) {
		for b.Loop() {
			Lines(was.String(), is.String(), node.String())
		}
	})
	other := strings.ReplaceAll(is.String(), "x", "zz")
	b.Run("rewritten", func(b *testing.B) {
		for b.Loop() {
			Lines(was.String(), other, node.String())
		}
	})
}
