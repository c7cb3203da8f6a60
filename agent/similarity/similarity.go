// Package similarity measures how much of the human's change between two records a
// node has, line by line.
//
// It is cheap, and anyone can check it with a diff; it knows nothing of meaning. The
// same change in other words counts as missing: under other names, in another file,
// cut into lines otherwise, or written as a loop. So a low figure says little, and
// compares nodes of one task rather than tasks. A line that many changes would have,
// as "import math", counts like one with the idea in it. Nor can it see that lines
// changed their order or their depth of indentation.
package similarity

import (
	"math"
	"strings"

	"pitwall/store/patch"
)

// Score says how much of the human's change a node has.
type Score struct {
	Recall    float64 // share of the human's changed lines that the node changed alike
	Precision float64 // share of the node's changed lines that the human changed alike
	F1        float64 // harmonic mean of the two; all three are NaN where the human changed no line
	Human     int     // lines that the human removed or added
	Node      int     // lines that the node removed or added
	Common    float64 // those of both; one that differs in numbers only is half a line
	Groups    []Group // the human's change, place by place, from the top
}

// Group is the human's change at one place.
type Group struct {
	Line           int     // of the record's script, from 1: the first removed, or that before which lines were added
	Removed, Added int     // lines
	Reproduced     float64 // share of them that the node has, 0 to 1
	Text           string  // the first line added, else the first removed
}

// Lines compares the change from a record to the next, which the human made, with
// the change from the same record to a node.
//
// Blanks, comments, and lines of nothing but brackets and the like do not count. A
// line is removed by a change where the new script has it less often, and added
// where it has it more often: one that only moved is neither. Removed and added
// lines are counted apart, as often as they come; the node has each of the human's
// as often as both changed it, wherever that stands in the script.
//
// An added line that the node has but for the value of numbers counts half: "lr =
// 0.02" for "lr = 0.04". So does any other that happens to have that form, as
// "return 0" for "return 1".
func Lines(record, human, node string) Score {
	was, is, got := read(record), read(human), read(node)
	gone, come := surplus(was, is), surplus(is, was)
	nodeGone, nodeCome := surplus(was, got), surplus(got, was)
	score := Score{Node: total(nodeGone) + total(nodeCome), Recall: math.NaN(), Precision: math.NaN(), F1: math.NaN()}
	score.Human = total(gone) + total(come)
	if score.Human == 0 {
		return score
	}
	places := placesOf(record, was, is, gone, come)
	for _, p := range places {
		p.found = take(nodeGone, p.removed) + take(nodeCome, p.added)
	}
	near := forms(nodeCome)
	for _, p := range places {
		p.found += p.nearly(near) / 2
		score.Common += p.found
		score.Groups = append(score.Groups, p.group())
	}
	score.Recall, score.Precision = score.Common/float64(score.Human), 0
	if score.Node > 0 {
		score.Precision = score.Common / float64(score.Node)
	}
	score.F1 = 2 * score.Common / float64(score.Human+score.Node)
	return score
}

// changed is a line that the human changed.
type changed struct {
	line

	found bool // the node has it just so
}

// place is where the human changed something.
type place struct {
	at             int
	removed, added []changed
	found          float64
}

// placesOf finds where the lines were changed that are gone and have come.
func placesOf(record string, was, is []line, gone, come map[string]int) []*place {
	var places []*place
	for _, c := range patch.Changes(text(was), text(is)) {
		p := &place{removed: draw(gone, was[c.From:c.To]), added: draw(come, is[c.NewFrom:c.NewTo])}
		switch {
		case len(p.removed)+len(p.added) == 0:
			continue // what stood here only moved
		case len(p.removed) > 0:
			p.at = p.removed[0].number
		case c.From < len(was):
			p.at = was[c.From].number
		default:
			p.at = len(patch.Split(record)) + 1
		}
		places = append(places, p)
	}
	return places
}

// draw takes those of the lines that are in the bag out of it.
func draw(bag map[string]int, lines []line) []changed {
	var drawn []changed
	for _, l := range lines {
		if bag[l.key] > 0 {
			bag[l.key]--
			drawn = append(drawn, changed{line: l})
		}
	}
	return drawn
}

// take marks the lines that the node's bag has, takes them out of it and counts them.
func take(bag map[string]int, lines []changed) float64 {
	n := 0.0
	for i, l := range lines {
		if bag[l.key] > 0 {
			bag[l.key]--
			lines[i].found = true
			n++
		}
	}
	return n
}

// nearly counts the added lines that the node has with other numbers.
func (p *place) nearly(near map[string]int) float64 {
	n := 0.0
	for _, l := range p.added {
		form, ok := formOf(l.key)
		if ok && !l.found && near[form] > 0 {
			near[form]--
			n++
		}
	}
	return n
}

func (p *place) group() Group {
	g := Group{Line: p.at, Removed: len(p.removed), Added: len(p.added)}
	g.Reproduced = p.found / float64(g.Removed+g.Added)
	first := p.removed
	if len(p.added) > 0 {
		first = p.added
	}
	g.Text = strings.TrimSpace(first[0].text)
	return g
}

// surplus is what a has more often than b.
func surplus(a, b []line) map[string]int {
	bag := map[string]int{}
	for _, l := range a {
		bag[l.key]++
	}
	for _, l := range b {
		if bag[l.key] > 0 {
			bag[l.key]--
		}
	}
	return bag
}

// forms counts the lines of a bag without the value of their numbers.
func forms(bag map[string]int) map[string]int {
	near := map[string]int{}
	for key, n := range bag {
		if form, ok := formOf(key); ok {
			near[form] += n
		}
	}
	return near
}

func total(bag map[string]int) int {
	n := 0
	for _, m := range bag {
		n += m
	}
	return n
}
