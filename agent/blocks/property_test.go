package blocks

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// answers draws texts that are made of what answers are made of.
func answers() *rapid.Generator[string] {
	line := rapid.OneOf(
		rapid.SampledFrom([]string{
			"<<<<<<< SEARCH", "<<<<< SEARCH data.py", "  <<<<<<< SEARCH", "<<<<<<< SEARCHING", "<<<<<<", "<<<<<<< SEARCH a b c d",
			"=======", "  =======", "=====", "==========", "======= x",
			">>>>>>> REPLACE", ">>>>>>>", "  >>>>>>> REPLACE", ">>>>>>> REPLACED", ">>>>", ">>>>>>> REPLACE ```",
			"```", "````", "```python", "```diff", "```python muon.py", "  ```", "~~~", "```bash", "``x``", "``` `",
			"train.py", "**data.py**", "### muon.py", "File: `train.py`", "# train.py", "In train.py:", "Now in `data.py`:", "train.py is slow",
			"--- a/train.py", "+++ b/train.py", "--- /dev/null", "+++ /dev/null", "@@ -1,2 +1,2 @@", "@@ -0,0 +1 @@", "@@ -2,0 +3 @@", "@@", "diff --git a/x b/x", "-- x", "\\ No newline",
			"-lr = 0.1", "+lr = 0.2", " lr", "import math", "    return x", "\tx", "", "", "   ", "# ... rest of the code ...", "ä漢🙂", "a\x00b", "\xff\xc3", "\rx", "x\r",
			strings.Repeat("long ", 80), strings.Repeat(" ", 310), strings.Repeat("<", 310), "```" + strings.Repeat("x", 310),
		}),
		rapid.StringMatching(`[ -~]{0,12}`),
	)
	end := rapid.SampledFrom([]string{"\n", "\n", "\n", "\r\n", ""})
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		if rapid.IntRange(0, 9).Draw(t, "bom") == 0 {
			b.WriteString("\ufeff")
		}
		for range rapid.IntRange(0, 25).Draw(t, "lines") {
			b.WriteString(line.Draw(t, "line"))
			b.WriteString(end.Draw(t, "end"))
		}
		return b.String()
	})
}

func TestHowAnAnswerIsCutIntoPiecesDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		answer := answers().Draw(rt, "answer")
		files := standing()
		if rapid.Bool().Draw(rt, "no files") {
			files = nil
		}
		cut := rapid.Bool().Draw(rt, "cut")
		var pieces []string
		for rest := answer; rest != ""; {
			n := rapid.IntRange(1, min(len(rest), 40)).Draw(rt, "piece")
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		whole := parse(t, "train.py", files, cut, answer).log.String()
		if got := parse(t, "train.py", files, cut, pieces...).log.String(); got != whole {
			rt.Fatalf("in pieces:\n%s\n\nat once:\n%s", got, whole)
		}
	})
}

// squeezed leaves out what may be lost: blanks, and a mark of the byte order.
func squeezed(s string) string {
	return strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "", "\ufeff", "").Replace(s)
}

// lost gives a line of the answer that shows up nowhere and is neither marker nor
// fence nor a file's name, or "".
func lost(answer string, r *recorder) string {
	told := squeezed(r.body.String())
	names := NewParser("train.py", standing(), nil)
	hunks := strings.Contains(answer, "@@")
	at := map[int]bool{0: true} // how far in what was told the answer may have come
	for line := range strings.Lines(answer) {
		line = strings.TrimPrefix(line, "\ufeff")
		mark, _, _ := markOf(line)
		_, isFence := fenceOf(line)
		_, isName := names.nameOf(line)
		text := squeezed(line)
		cutEnd := !strings.HasSuffix(line, "\n") && mayBeMark(line) && strings.HasPrefix(text, ">>>>>")
		may := mark != noMark || isFence || isName || cutEnd
		if hunks { // their lines come in another order
			if !may && !strings.HasPrefix(text, "@@") && !isHeader(text) && !strings.Contains(told, text) && !strings.Contains(told, text[1:]) {
				return line
			}
			continue
		}
		next := map[int]bool{}
		for i := range at {
			if strings.HasPrefix(told[i:], text) {
				next[i+len(text)] = true
			}
			if may {
				next[i] = true
			}
		}
		if len(next) == 0 {
			return line
		}
		at = next
	}
	if !hunks && !at[len(told)] {
		return "(something was told that the answer does not have)"
	}
	return ""
}

// isHeader tells whether a line may be one of a diff's own.
func isHeader(text string) bool {
	for _, head := range []string{
		"---", "+++", "diff", `\`, "=====", "Index:", "index", "newfilemode", "deletedfilemode", "oldmode", "newmode", "similarityindex", "rename",
	} {
		if strings.HasPrefix(text, head) {
			return true
		}
	}
	return text == ""
}

func TestNoTextIsLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		answer := answers().Draw(rt, "answer")
		r := parse(t, "train.py", standing(), rapid.Bool().Draw(rt, "cut"), answer)
		if line := lost(answer, r); line != "" {
			rt.Fatalf("lost: %q\n%s", line, r.log.String())
		}
	})
}

func FuzzParser(f *testing.F) {
	f.Add("train.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n", 3, true)
	f.Add(fenced("'''diff\n--- a/train.py\n+++ b/train.py\n@@ -1 +1 @@\n-a\n+b\n'''\n"), 1, false)
	f.Add(fenced("`data.py`\n'''python\nx = 1\n'''\n"), 7, false)
	f.Fuzz(func(t *testing.T, answer string, size int, cut bool) {
		size = max(1, min(size, len(answer)))
		var pieces []string
		for i := 0; i < len(answer); i += size {
			pieces = append(pieces, answer[i:min(len(answer), i+size)])
		}
		r := parse(t, "train.py", standing(), cut, pieces...)
		if whole := parse(t, "train.py", standing(), cut, answer); whole.log.String() != r.log.String() {
			t.Fatalf("in pieces:\n%s\nat once:\n%s", r.log.String(), whole.log.String())
		}
		if line := lost(answer, r); line != "" {
			t.Fatalf("lost: %q\n%s", line, r.log.String())
		}
	})
}
