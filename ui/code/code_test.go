package code

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"pitwall/internal/clean"
	"pitwall/ui/cell"
)

const script = "\"\"\"A docstring\nover two lines.\"\"\"\nimport math\n\n\ndef f(x):\n\treturn math.sqrt(x) * 2.5  # 損失\n"

func TestEveryLineKeepsItsText(t *testing.T) {
	paint := Highlight("train.py", script, Theme{Keyword: "\x1b[35m", String: "\x1b[32m"})
	for _, line := range clean.Lines(script) {
		if _, ok := paint[line]; !ok {
			t.Errorf("no colours for %q", line)
		}
		r := cell.New(80)
		paint.Put(r, line)
		if got := strings.TrimRight(ansi.Strip(r.String()), " "); got != strings.TrimRight(line, " ") {
			t.Errorf("%q became %q", line, got)
		}
	}
	if spans := paint["over two lines.\"\"\""]; len(spans) == 0 || spans[0].Style != "\x1b[32m" {
		t.Errorf("the second line of a docstring is drawn as %v", spans)
	}
}

func TestUnknownLanguageHasNoColours(t *testing.T) {
	if paint := Highlight("notes.unknown", "a\nb\n", Theme{}); len(paint) != 0 {
		t.Errorf("%v", paint)
	}
}
