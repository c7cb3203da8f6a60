package blocks

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// nearLines is how many lines are shown of the place that comes nearest.
	nearLines = 12
	// maxVotes is how many places a line has a say in. One that stands in more of
	// them tells little.
	maxVotes = 50
	// alike is how much of two lines must agree for one to be shown for the other.
	alike = 0.5
)

// missing says that a passage does not stand in a file, and shows what does.
func missing(text string, file, sought []string, new string) *NoMatch {
	no := &NoMatch{Why: "the passage to replace does not stand there"}
	if done := strings.TrimSpace(new); len(done) >= 12 {
		if i := strings.Index(text, done); i >= 0 {
			no.Why += fmt.Sprintf(" (what is to take its place stands at line %d already)", 1+strings.Count(text[:i], "\n"))
		}
	}
	at, ok := nearest(file, sought)
	if !ok {
		no.Why += ", nor anything like it: quote the lines as they stand in the file"
		return no
	}
	differs, how := firstDifference(file, sought, at)
	no.Why += fmt.Sprintf("; what comes nearest begins at line %d. %s. Quote the lines as they stand in the file", max(at, 0)+1, how)
	from := max(0, min(max(at, differs-nearLines/2), len(file)-nearLines))
	var near strings.Builder
	for i, line := range file[from:min(len(file), from+nearLines)] {
		fmt.Fprintf(&near, "%4d| %s\n", from+i+1, clip(trimEnd(line), 160))
	}
	no.Near = near.String()
	return no
}

// nearest gives the place in a file, from 0, where most of the sought lines stand
// as they stand to each other. Each line that the file has too speaks for the
// places it would put the passage at, the more the rarer it is. Where none does,
// the line of the file decides that is most like one of the longest. The place
// may lie before the file, if the passage begins with lines that it lacks.
func nearest(file, sought []string) (at int, ok bool) {
	where := map[string][]int{}
	for i, line := range file {
		if key := strings.TrimSpace(line); key != "" && len(where[key]) <= maxVotes {
			where[key] = append(where[key], i)
		}
	}
	votes := make([]float64, len(sought)+len(file)) // by place, from -len(sought)
	best := 0
	for k, line := range sought {
		key := strings.TrimSpace(line)
		places := where[key]
		if len(places) > maxVotes {
			continue
		}
		for _, i := range places {
			v := i - k + len(sought)
			votes[v] += float64(min(utf8.RuneCountInString(key), 40)) / float64(len(places))
			if votes[v] > votes[best] {
				best = v
			}
		}
	}
	if votes[best] > 0 {
		return best - len(sought), true
	}
	share := alike
	marks := make([]pairs, len(file))
	for i, line := range file {
		marks[i] = pairsOf(line)
	}
	for _, k := range longest(sought, 4) {
		own := pairsOf(sought[k])
		for i := range marks {
			if s := own.share(&marks[i]); s > share {
				at, ok, share = i-k, true, s
			}
		}
	}
	return at, ok
}

// longest gives the n longest lines.
func longest(lines []string, n int) []int {
	var chosen []int
	for len(chosen) < min(n, len(lines)) {
		best, length := -1, -1
		for i, line := range lines {
			if l := len(strings.TrimSpace(line)); l > length && !slices.Contains(chosen, i) {
				best, length = i, l
			}
		}
		chosen = append(chosen, best)
	}
	return chosen
}

// pairs is the set of a line's pairs of neighbouring bytes, blanks left out; some
// share a bit.
type pairs [16]uint64

// comparedBytes of a line are enough to tell what it is like.
const comparedBytes = 200

func pairsOf(line string) (p pairs) {
	last, seen := uint(0), false
	for _, c := range []byte(line[:min(len(line), comparedBytes)]) {
		if c == ' ' || c == '\t' || c == '\r' {
			continue
		}
		if seen {
			bit := (last*37 + uint(c)) % (64 * uint(len(p)))
			p[bit/64] |= 1 << (bit % 64)
		}
		last, seen = uint(c), true
	}
	return p
}

// share is how much of both sets is the same (Dice's measure), 0 to 1.
func (p *pairs) share(q *pairs) float64 {
	both, all := 0, 0
	for i := range p {
		both += bits.OnesCount64(p[i] & q[i])
		all += bits.OnesCount64(p[i]) + bits.OnesCount64(q[i])
	}
	if all == 0 {
		return 0
	}
	return 2 * float64(both) / float64(all)
}

// firstDifference tells, of a passage put at a place where it does not stand,
// which line of the file differs first and how.
func firstDifference(file, sought []string, at int) (line int, how string) {
	k := 0
	same := func(k int) bool {
		return at+k >= 0 && at+k < len(file) && trimEnd(file[at+k]) == trimEnd(sought[k])
	}
	for k < len(sought)-1 && same(k) {
		k++
	}
	line = at + k
	want := trimEnd(sought[k])
	switch {
	case line < 0:
		return 0, fmt.Sprintf("The passage begins with %s, which the file does not have", code(want))
	case line >= len(file):
		return len(file) - 1, fmt.Sprintf("The file ends after line %d, the passage goes on with %s", len(file), code(want))
	}
	have := trimEnd(file[line])
	how = fmt.Sprintf("Line %d is the first that differs: the file has %s, the passage %s", line+1, code(have), code(want))
	switch {
	case strings.TrimSpace(have) == strings.TrimSpace(want):
		how = fmt.Sprintf("Line %d is the first that differs: it is indented by %s, in the passage by %s",
			line+1, indentWords(have), indentWords(want))
	case unspaced(have) == unspaced(want):
		how += ", which differs in blanks only"
	case strings.EqualFold(have, want):
		how += ", which differs in upper and lower case only"
	}
	return line, how
}

func unspaced(s string) string { return strings.Join(strings.Fields(s), "") }

func indentWords(line string) string {
	indent := indentOf(line)
	switch tabs := strings.Count(indent, "\t"); tabs {
	case 0:
		return fmt.Sprintf("%d spaces", len(indent))
	case len(indent):
		return fmt.Sprintf("%d tabs", tabs)
	default:
		return fmt.Sprintf("%d tabs and %d spaces", tabs, len(indent)-tabs)
	}
}

// code quotes a line.
func code(line string) string {
	line = strings.TrimSpace(line)
	if line == "" {
		return "a blank line"
	}
	return "`" + clip(line, 100) + "`"
}

// clip cuts a line to a number of runes.
func clip(s string, runes int) string {
	n := 0
	for i := range s {
		if n++; n > runes {
			return s[:i] + "…"
		}
	}
	return s
}
