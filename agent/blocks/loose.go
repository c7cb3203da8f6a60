package blocks

import (
	"fmt"
	"slices"
	"strings"
)

// passage is a text as lines without their newline.
type passage struct {
	lines []string
	ended bool // the last line has one
}

func linesOf(text string) passage {
	if text == "" {
		return passage{ended: true}
	}
	ended := strings.HasSuffix(text, "\n")
	return passage{strings.Split(strings.TrimSuffix(text, "\n"), "\n"), ended}
}

// loosely finds a passage that does not stand in text to the byte.
func loosely(text, old, new string) (Match, error) {
	file, sought, put := linesOf(text), linesOf(old), linesOf(new)
	head, tail := blankEnds(sought.lines)
	for _, ends := range []bool{true, false} {
		if !ends {
			if head+tail == 0 {
				break
			}
			put = withoutBlankEnds(put, head, tail)
			sought.lines = sought.lines[head : len(sought.lines)-tail]
			sought.ended = sought.ended || tail > 0
		}
		for _, l := range levels(strings.Contains(text, "\t") || strings.Contains(old, "\t")) {
			at := l.find(file.lines, sought.lines)
			if len(at) > 1 {
				return Match{}, several(lineNumbers(at), ", blanks aside")
			}
			if len(at) == 1 {
				return fit(text, file, sought, put, at[0], !ends)
			}
		}
	}
	return Match{}, missing(text, file.lines, sought.lines, new)
}

// level is a way to compare lines.
type level struct {
	key    func(line string, tab int) string
	tabs   []int // widths of a tab to try
	shifts bool  // indentation may differ, by the same everywhere
}

// place is where a passage stands if a tab has a width.
type place struct{ at, tab int }

// levels are tried in their order, with several widths where there are tabs.
func levels(tabs bool) []level {
	one := []int{1}
	all := []level{
		{tabs: one, key: func(s string, _ int) string { return s }},
		{tabs: one, key: func(s string, _ int) string { return strings.TrimRight(s, " \t") }},
		{tabs: one, key: func(s string, _ int) string { return trimEnd(s) }},
	}
	widths := one
	if tabs {
		widths = []int{4, 8, 2}
		all = append(all, level{tabs: widths, key: func(s string, tab int) string {
			s = trimEnd(s)
			indent := indentOf(s)
			if strings.IndexByte(indent, '\t') < 0 {
				return s
			}
			return strings.Repeat(" ", columns(indent, tab)) + s[len(indent):]
		}})
	}
	return append(all, level{tabs: widths, shifts: true, key: func(s string, _ int) string {
		return strings.TrimLeft(trimEnd(s), " \t")
	}})
}

func trimEnd(line string) string { return strings.TrimRight(line, " \t\r") }

// find gives the places where the sought lines stand, each once.
func (l level) find(file, sought []string) []place {
	var found []place
	for _, tab := range l.tabs {
		keys := make([]string, len(file))
		for i, line := range file {
			keys[i] = l.key(line, tab)
		}
		want := make([]string, len(sought))
		for i, line := range sought {
			want[i] = l.key(line, tab)
		}
		runs := runsOf(keys, want)
		for _, at := range runs {
			if l.shifts && len(runs) < maxPlaces {
				if _, ok := shiftOf(file[at:at+len(sought)], sought, tab); !ok {
					continue
				}
			}
			if !slices.ContainsFunc(found, func(p place) bool { return p.at == at }) {
				found = append(found, place{at, tab})
			}
		}
	}
	slices.SortFunc(found, func(a, b place) int { return a.at - b.at })
	return found
}

// runsOf finds where want stands in keys, in time proportional to both (Knuth,
// Morris and Pratt).
func runsOf(keys, want []string) []int {
	if len(want) == 0 || len(want) > len(keys) {
		return nil
	}
	back := make([]int, len(want))
	for i, k := 1, 0; i < len(want); i++ {
		for k > 0 && want[i] != want[k] {
			k = back[k-1]
		}
		if want[i] == want[k] {
			k++
		}
		back[i] = k
	}
	var at []int
	k := 0
	for i, key := range keys {
		for k > 0 && key != want[k] {
			k = back[k-1]
		}
		if key == want[k] {
			k++
		}
		if k == len(want) {
			if at = append(at, i+1-k); len(at) == maxPlaces {
				break
			}
			k = back[k-1]
		}
	}
	return at
}

// shiftOf gives by how many columns the lines of a file are indented more than
// those that were sought, if it is the same for all.
func shiftOf(file, sought []string, width int) (by int, ok bool) {
	for i, line := range sought {
		if isBlank(line) {
			continue
		}
		d := columns(indentOf(file[i]), width) - columns(indentOf(line), width)
		if ok && d != by {
			return 0, false
		}
		by, ok = d, true
	}
	return by, ok
}

// columns is how wide an indentation is.
func columns(indent string, width int) int {
	n := 0
	for _, c := range []byte(indent) {
		if c == '\t' {
			n += width - n%width
		} else {
			n++
		}
	}
	return n
}

func blankEnds(lines []string) (head, tail int) {
	for head < len(lines) && isBlank(lines[head]) {
		head++
	}
	for tail < len(lines)-head && isBlank(lines[len(lines)-1-tail]) {
		tail++
	}
	return head, tail
}

// withoutBlankEnds takes away as many blank lines as the passage lost.
func withoutBlankEnds(p passage, head, tail int) passage {
	h, t := blankEnds(p.lines)
	h = min(h, head)
	t = min(t, tail, len(p.lines)-h)
	return passage{p.lines[h : len(p.lines)-t], p.ended || t > 0}
}

// fit makes a match of the lines of a file, from at on, that answer to what was
// sought; dropped tells that blank lines at its ends were left out.
func fit(text string, file, sought, put passage, where place, dropped bool) (Match, error) {
	at, width := where.at, where.tab
	found := file.lines[at : at+len(sought.lines)]
	by, _ := shiftOf(found, sought.lines, width)
	d := differences(found, sought.lines, by)
	how := d.words()
	if dropped {
		how = append(how, "blank lines at its ends ignored")
	}
	switch {
	case by > 0:
		how = append(how, fmt.Sprintf("indented by %d more", by))
	case by < 0:
		how = append(how, fmt.Sprintf("indented by %d less", -by))
	}
	if by != 0 || d.tabs {
		learned := map[string]string{}
		for i, line := range sought.lines {
			if indent := indentOf(line); !isBlank(line) {
				learned[indent] = indentOf(found[i])
			}
		}
		lines, ok := reindent(put.lines, by, width, tabbed(found), learned)
		if !ok {
			return Match{}, &NoMatch{Why: fmt.Sprintf("the passage to replace stands at line %d, indented by %d less, "+
				"and what takes its place has lines that cannot be: write both as the file is indented", at+1, -by)}
		}
		put.lines = lines
	}
	if sought.ended && len(put.lines) > 0 {
		put.ended = true // whole lines give way to whole lines
	}
	start := 0
	for _, line := range file.lines[:at] {
		start += len(line) + 1
	}
	end := start
	for _, line := range found {
		end += len(line) + 1
	}
	last := at+len(found) == len(file.lines)
	switch {
	case sought.ended && last && !file.ended:
		end-- // there is no newline to replace, and none to add
		put.ended = false
		how = append(how, "no line end at the file's end")
	case !sought.ended:
		end -= 1 + len(found[len(found)-1]) - len(strings.TrimSuffix(found[len(found)-1], "\r"))
	}
	m := replacing(text, start, end, put.join(mostly(text)))
	m.How = strings.Join(how, ", ")
	return m, nil
}

// difference is in what lines differ beside how far they are indented.
type difference struct{ blanks, ends, tabs bool }

func differences(found, sought []string, by int) (d difference) {
	for i, f := range found {
		s := sought[i]
		if f == s {
			continue
		}
		fr, sr := strings.TrimSuffix(f, "\r"), strings.TrimSuffix(s, "\r")
		d.ends = d.ends || len(f)-len(fr) != len(s)-len(sr)
		d.blanks = d.blanks || fr[len(trimEnd(fr)):] != sr[len(trimEnd(sr)):]
		if !isBlank(f) {
			was, is := indentOf(s), indentOf(f)
			d.tabs = d.tabs || was != is && by == 0 || strings.Contains(was, "\t") != strings.Contains(is, "\t")
		}
	}
	return d
}

func (d difference) words() (how []string) {
	if d.blanks {
		how = append(how, "blanks at line ends ignored")
	}
	if d.ends {
		how = append(how, "line ends as in the file")
	}
	if d.tabs {
		how = append(how, "tabs and spaces as in the file")
	}
	return how
}

func tabbed(lines []string) bool {
	for _, line := range lines {
		if !isBlank(line) && strings.Contains(indentOf(line), "\t") {
			return true
		}
	}
	return false
}

// reindent moves lines by columns and writes their indentation as the file does.
// Indentation that the passage had too becomes what the file has for it. It is
// not ok if a line would have to stand left of the margin.
func reindent(lines []string, by, width int, tabs bool, learned map[string]string) ([]string, bool) {
	moved := make([]string, len(lines))
	for i, line := range lines {
		if isBlank(line) {
			moved[i] = line
			continue
		}
		was := indentOf(line)
		indent, known := learned[was]
		if !known {
			n := columns(was, width) + by
			if n < 0 {
				return nil, false
			}
			if indent = strings.Repeat(" ", n); tabs {
				indent = strings.Repeat("\t", n/width) + strings.Repeat(" ", n%width)
			}
		}
		moved[i] = indent + line[len(was):]
	}
	return moved, true
}

// mostly is the line end that most lines of a text have.
func mostly(text string) string {
	if 2*strings.Count(text, "\r\n") > strings.Count(text, "\n") {
		return "\r\n"
	}
	return "\n"
}

// join writes the lines with a line end.
func (p passage) join(end string) string {
	if len(p.lines) == 0 {
		return ""
	}
	var b strings.Builder
	for i, line := range p.lines {
		b.WriteString(strings.TrimSuffix(line, "\r"))
		if i < len(p.lines)-1 || p.ended {
			b.WriteString(end)
		}
	}
	return b.String()
}

func lineNumbers(places []place) []int {
	lines := make([]int, len(places))
	for i, p := range places {
		lines[i] = p.at + 1
	}
	return lines
}
