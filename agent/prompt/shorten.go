package prompt

import (
	"fmt"
	"slices"
	"strings"
)

// cut is one thing to leave out.
type cut struct {
	kind cutKind
	at   int // of Data.History or Data.Documents; bytes that stay of logs and diffs
}

type cutKind int

const (
	cutDetails cutKind = iota // a node's error output and diff
	cutSummary
	cutNode
	cutDocument
	cutLogs
	cutDiffs
	cutKinds
)

// leastLog is what stays of a long log or diff at least, in bytes.
const leastLog = 400

// cutsOf lists what can be left out, in the order in which it is.
func cutsOf(d Data) []cut {
	var details, summaries, nodes []cut
	for i, p := range d.History {
		if p.Best || i >= len(d.History)-2 || d.Parent != nil && p.Node == d.Parent.Node {
			continue
		}
		if p.Diff != "" || p.ErrorTail != "" {
			details = append(details, cut{cutDetails, i})
		}
		if p.Summary != "" {
			summaries = append(summaries, cut{cutSummary, i})
		}
		nodes = append(nodes, cut{cutNode, i})
	}
	cuts := slices.Concat(details, summaries, nodes)
	for i := len(d.Documents) - 1; i >= 0; i-- {
		cuts = append(cuts, cut{cutDocument, i})
	}
	d = own(d)
	cuts = append(cuts, sizes(cutLogs, d.logs())...)
	return append(cuts, sizes(cutDiffs, d.diffs())...)
}

// sizes lists the cuts of long texts, each a quarter shorter than the one before.
func sizes(kind cutKind, texts []*string) (cuts []cut) {
	longest := 0
	for _, t := range texts {
		longest = max(longest, len(*t))
	}
	for size := longest * 3 / 4; size >= leastLog; size = size * 3 / 4 {
		cuts = append(cuts, cut{kind, size})
	}
	return cuts
}

// own gives a copy of d whose nodes and documents can be changed.
func own(d Data) Data {
	d.History, d.Documents = slices.Clone(d.History), slices.Clone(d.Documents)
	if d.Parent != nil {
		parent := *d.Parent
		d.Parent = &parent
	}
	return d
}

func (d *Data) logs() []*string {
	texts := []*string{&d.Log}
	for _, p := range d.past() {
		texts = append(texts, &p.ErrorTail)
	}
	return texts
}

// diffs are those that may be cut: a comparison of two needs them whole.
func (d *Data) diffs() []*string {
	var texts []*string
	if d.HumanDiff == "" {
		texts = append(texts, &d.Diff)
	}
	for _, p := range d.past() {
		texts = append(texts, &p.Diff)
	}
	return texts
}

func (d *Data) past() []*Past {
	var past []*Past
	if d.Parent != nil {
		past = append(past, d.Parent)
	}
	for i := range d.History {
		past = append(past, &d.History[i])
	}
	return past
}

// shorten makes cuts, and says in words what is left out by them.
func shorten(d Data, cuts []cut) (Data, []string) {
	d = own(d)
	var bare, mute, gone, documents []int
	size := map[cutKind]int{}
	for _, c := range cuts {
		switch c.kind {
		case cutDetails:
			bare = append(bare, c.at)
			d.History[c.at].Diff, d.History[c.at].ErrorTail = "", ""
		case cutSummary:
			mute = append(mute, c.at)
			d.History[c.at].Summary = ""
		case cutNode:
			gone = append(gone, c.at)
		case cutDocument:
			documents = append(documents, c.at)
		case cutLogs, cutDiffs:
			size[c.kind] = c.at
		}
	}
	there := func(at []int) []int {
		return slices.DeleteFunc(at, func(i int) bool { return slices.Contains(gone, i) })
	}
	var left []string
	for _, part := range []struct {
		what string
		of   []int
	}{{"diffs and error output", there(bare)}, {"summaries", there(mute)}, {"all", gone}} {
		if len(part.of) > 0 {
			left = append(left, part.what+" of "+d.nodes(part.of))
		}
	}
	if len(documents) > 0 {
		slices.Sort(documents)
		var titles []string
		for _, i := range documents {
			titles = append(titles, quote(d.Documents[i].Title))
		}
		left = append(left, "the documents "+strings.Join(titles, ", "))
		d.Documents = d.Documents[:documents[0]]
	}
	if n, ok := size[cutLogs]; ok && take(d.logs(), n) {
		left = append(left, "the middle of long output")
	}
	if n, ok := size[cutDiffs]; ok && take(d.diffs(), n) {
		left = append(left, "the middle of long diffs")
	}
	var stay []Past
	for i, p := range d.History {
		if !slices.Contains(gone, i) {
			stay = append(stay, p)
		}
	}
	d.History = stay
	return d, left
}

// take cuts texts to about a number of bytes, and reports whether one got shorter.
func take(texts []*string, size int) bool {
	shorter := false
	for _, t := range texts {
		less := middle(*t, size)
		shorter = shorter || len(less) < len(*t)
		*t = less
	}
	return shorter
}

// nodes names those at ascending places of the history: "nodes 1-4, 7".
func (d *Data) nodes(at []int) string {
	var spans []string
	for i := 0; i < len(at); {
		j := i
		for j+1 < len(at) && d.History[at[j+1]].Node == d.History[at[j]].Node+1 {
			j++
		}
		first, last := d.History[at[i]].Node, d.History[at[j]].Node
		span := fmt.Sprint(first)
		if last > first {
			span = fmt.Sprintf("%d-%d", first, last)
		}
		spans = append(spans, span)
		i = j + 1
	}
	word := "node "
	if len(at) > 1 {
		word = "nodes "
	}
	return word + strings.Join(spans, ", ")
}
