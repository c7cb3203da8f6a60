package taskdata

import (
	"fmt"
	"slices"
	"strings"
)

// Hint is what an agent is told of the next record. A combination is written as its digits in order.
type Hint string

// The hints of the benchmark.
const (
	HintNone        Hint = "0"   // nothing
	HintPseudocode  Hint = "1"   // the change as pseudocode
	HintText        Hint = "2"   // the change in words
	HintMiniPaper   Hint = "3"   // method, reasons and measured effect
	HintPseudoText  Hint = "12"  // 1 and 2
	HintAllCombined Hint = "123" // 1, 2 and 3
)

var allHints = [...]Hint{HintNone, HintPseudocode, HintText, HintMiniPaper, HintPseudoText, HintAllCombined}

// AllHints returns the hints of the benchmark in ascending order.
func AllHints() []Hint { return slices.Clone(allHints[:]) }

// ParseHint returns the hint that s names. The error lists the hints there are.
func ParseHint(s string) (Hint, error) {
	if hint := Hint(s); hint.Valid() {
		return hint, nil
	}
	var names []string
	for _, hint := range allHints {
		names = append(names, fmt.Sprintf("%s (%s)", string(hint), hint.Title()))
	}
	return "", fmt.Errorf("no hint %q; choose one of %s", s, strings.Join(names, ", "))
}

// Valid reports whether h is one of the hints of the benchmark.
func (h Hint) Valid() bool { return slices.Contains(allHints[:], h) }

// Title returns a few words for h, such as "pseudocode + text"; "unknown hint" if h is not valid.
func (h Hint) Title() string {
	if !h.Valid() {
		return "unknown hint"
	}
	if h == HintNone {
		return "none"
	}
	var titles []string
	for _, level := range h.levels() {
		titles = append(titles, map[Hint]string{
			HintPseudocode: "pseudocode", HintText: "text", HintMiniPaper: "mini-paper",
		}[level])
	}
	return strings.Join(titles, " + ")
}

// levels returns the single hints that h is made of, none for HintNone.
func (h Hint) levels() []Hint {
	if h == HintNone {
		return nil
	}
	var levels []Hint
	for _, digit := range h {
		levels = append(levels, Hint(digit))
	}
	return levels
}

// HintText returns what h tells of the answer, as Markdown; "" for HintNone. It fails for an invalid
// hint and for one the task lacks.
func (t Task) HintText(h Hint) (string, error) {
	if _, err := ParseHint(string(h)); err != nil {
		return "", err
	}
	if !t.hasHint(h) {
		return "", fmt.Errorf("task %s has no hint %s (%s)", t.ID(), string(h), h.Title())
	}
	if t.own != "" && h != HintNone {
		return strings.TrimSpace(t.own) + "\n", nil
	}
	var texts []string
	for _, level := range h.levels() {
		texts = append(texts, strings.TrimSpace(t.texts[t.told][level])+"\n")
	}
	return strings.Join(texts, "\n"), nil
}

func (t Task) hasHint(h Hint) bool {
	return t.own != "" || !slices.ContainsFunc(h.levels(), func(level Hint) bool { return t.texts[t.told][level] == "" })
}

// Where hints come from.
const (
	HintsOwn   = "pitwall" // embedded
	HintsPaper = "paper"   // the benchmark's own, imported from a clone of LLMSpeedrunner
)

// HintSources returns where hints of the task can come from, HintsOwn first.
func (t Task) HintSources() []string {
	names := []string{}
	for _, name := range []string{HintsOwn, HintsPaper} {
		if len(t.texts[name]) > 0 {
			names = append(names, name)
		}
	}
	return names
}

// HintSource returns where the task's hints come from now.
func (t Task) HintSource() string { return t.told }

// WithHintText returns the task with a text of the user's own in the place of every hint but none.
// Name says where it is from, for people.
func (t Task) WithHintText(name, text string) Task {
	t.own, t.told = text, name
	t.count()
	return t
}

// WithHints returns the task with the hints of a source, "" for HintsOwn. The error says what is
// missing.
func (t Task) WithHints(source string) (Task, error) {
	switch {
	case source == "" || source == HintsOwn:
		source = HintsOwn
	case source == HintsPaper && len(t.texts[source]) == 0:
		return t, fmt.Errorf("the paper's hints of task %s are not here: import them with: pitwall import PATH, of a clone of llm-speedrunner", t.ID())
	case source != HintsPaper:
		return t, fmt.Errorf("no hints of %q; there is %s, %s", source, HintsOwn, HintsPaper)
	}
	t.told = source
	t.count()
	return t, nil
}
