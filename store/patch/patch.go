// Package patch compares texts line by line and writes what `git apply` takes.
package patch

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// Change says that lines [From, To) of the old text became lines
// [NewFrom, NewTo) of the new one. Lines count from 0.
type Change struct {
	From, To       int
	NewFrom, NewTo int
}

// Split cuts a text into lines that keep their terminators.
func Split(text string) []string {
	if text == "" {
		return nil
	}
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// Changes gives the places in which two texts differ, in order.
func Changes(before, after string) []Change {
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = 0
	// The library works on runes, and folds invalid bytes into one: such texts
	// are compared with their lines numbered instead.
	a, b := number(Split(before), Split(after))
	var changes []Change
	i, j := 0, 0
	open := false
	for _, d := range dmp.DiffMainRunes(a, b, false) {
		n := utf8.RuneCountInString(d.Text)
		if d.Type == diffmatchpatch.DiffEqual {
			i, j, open = i+n, j+n, false
			continue
		}
		if !open {
			changes = append(changes, Change{i, i, j, j})
			open = true
		}
		c := &changes[len(changes)-1]
		if d.Type == diffmatchpatch.DiffDelete {
			i += n
			c.To = i
		} else {
			j += n
			c.NewTo = j
		}
	}
	return changes
}

// number gives equal lines equal runes, whatever bytes they hold.
func number(a, b []string) (ra, rb []rune) {
	seen := map[string]rune{}
	next := rune(1)
	code := func(lines []string) []rune {
		out := make([]rune, len(lines))
		for i, l := range lines {
			r, ok := seen[l]
			if !ok {
				r = next
				seen[l] = r
				if next++; next == 0xD800 { // surrogates are no runes
					next = 0xE000
				}
			}
			out[i] = r
		}
		return out
	}
	return code(a), code(b)
}

// context is the number of unchanged lines around a change.
const context = 3

// Files gives the unified diff between two sets of files, by slash-separated
// path, in git's form; "" where they are the same.
func Files(before, after map[string]string) string {
	var names []string
	for n := range before {
		names = append(names, n)
	}
	for n := range after {
		if _, ok := before[n]; !ok {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	var out strings.Builder
	for _, n := range names {
		was, had := before[n]
		is, has := after[n]
		switch {
		case had && has && was == is:
			continue
		case had && has:
			fmt.Fprintf(&out, "diff --git a/%s b/%s\n--- a/%s\n+++ b/%s\n", n, n, n, n)
		case has:
			fmt.Fprintf(&out, "diff --git a/%s b/%s\nnew file mode 100644\n--- /dev/null\n+++ b/%s\n", n, n, n)
		default:
			fmt.Fprintf(&out, "diff --git a/%s b/%s\ndeleted file mode 100644\n--- a/%s\n+++ /dev/null\n", n, n, n)
		}
		hunks(&out, was, is)
	}
	return out.String()
}

func hunks(out *strings.Builder, before, after string) {
	a, b := Split(before), Split(after)
	changes := Changes(before, after)
	for len(changes) > 0 {
		n := 1
		for n < len(changes) && changes[n].From-changes[n-1].To <= 2*context {
			n++
		}
		first, last := changes[0], changes[n-1]
		lead := min(context, first.From)
		tail := min(context, len(a)-last.To)
		fmt.Fprintf(out, "@@ -%s +%s @@\n", span(first.From-lead, last.To+tail), span(first.NewFrom-lead, last.NewTo+tail))
		at := first.From - lead
		for _, c := range changes[:n] {
			write(out, ' ', a[at:c.From])
			write(out, '-', a[c.From:c.To])
			write(out, '+', b[c.NewFrom:c.NewTo])
			at = c.To
		}
		write(out, ' ', a[at:at+tail])
		changes = changes[n:]
	}
}

func span(from, to int) string {
	if to == from {
		return fmt.Sprintf("%d,0", from)
	}
	return fmt.Sprintf("%d,%d", from+1, to-from)
}

func write(out *strings.Builder, sign byte, lines []string) {
	for _, l := range lines {
		out.WriteByte(sign)
		out.WriteString(l)
		if !strings.HasSuffix(l, "\n") {
			out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}
