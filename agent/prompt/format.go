package prompt

import (
	"fmt"
	"math"
	"strings"
	"text/template"
	"unicode/utf8"

	"pitwall/internal/clean"
)

// maxQuote is how many bytes a text on one line may take: a hypothesis or a
// verdict's reason, of each of a hundred nodes.
const maxQuote = 600

func functions() template.FuncMap {
	return template.FuncMap{
		"fence": fence, "output": output, "quote": quote, "seconds": seconds, "loss": loss, "known": known,
	}
}

// fence puts a text between lines of backticks that nothing in it can close.
func fence(info, text string) string {
	marks := strings.Repeat("`", max(3, backticks(text)+1))
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return marks + info + "\n" + text + marks
}

func output(text string) string { return fence("text", clean.Seen(text)) }

func quote(text string) string {
	text = clip(oneLine(text), maxQuote)
	if text == "" {
		return "(nothing)"
	}
	marks := strings.Repeat("`", backticks(text)+1)
	if text[0] == '`' || text[len(text)-1] == '`' {
		text = " " + text + " "
	}
	return marks + text + marks
}

func seconds(x float64) string {
	if !known(x) {
		return "unknown"
	}
	return fmt.Sprintf("%.2f s", x)
}

func loss(x float64) string {
	if !known(x) {
		return "unknown"
	}
	return fmt.Sprintf("%.4f", x)
}

func known(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// backticks is the length of the longest run of them.
func backticks(text string) int {
	longest, run := 0, 0
	for i := range len(text) {
		if text[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

func oneLine(text string) string { return strings.Join(strings.Fields(clean.Seen(text)), " ") }

// clip cuts a text to about size bytes.
func clip(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return strings.TrimSpace(text[:size]) + " …"
}

// middle cuts a text to about size bytes by taking out its middle, unless the note
// of that would take as much. Of what stays a third is its beginning; errors stand
// at the end.
func middle(text string, size int) string {
	if len(text) <= size {
		return text
	}
	from, to := size/3, len(text)-size*2/3
	if at := strings.LastIndexByte(text[:from], '\n'); at >= 0 {
		from = at + 1
	}
	if at := strings.IndexByte(text[to:], '\n'); at >= 0 && to+at+1 < len(text) {
		to += at + 1
	}
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	head := text[:from]
	if head != "" && !strings.HasSuffix(head, "\n") {
		head += "\n"
	}
	if cut := fmt.Sprintf("%s[… %d bytes left out …]\n%s", head, to-from, text[to:]); len(cut) < len(text) {
		return cut
	}
	return text
}
