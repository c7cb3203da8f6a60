// Package scaffold is how the next nodes are chosen: the five search scaffolds of
// arXiv 2506.22419, as pure functions of the nodes so far.
package scaffold

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"pitwall/store/event"
	"pitwall/store/fold"
)

// Scaffold is a way in which the next nodes are chosen.
type Scaffold struct {
	Name   string
	About  string // half a line for people
	Search event.Search
}

// Names of the scaffolds.
const (
	Flat      = "flat"
	Tree      = "tree"
	Forest    = "forest"
	AIDE      = "aide"
	MultiAIDE = "multi-aide"
)

// Scaffolds lists the scaffolds with the figures of arXiv 2506.22419, the default
// first. Flat has no figures: all its nodes start from the record.
func Scaffolds() []Scaffold {
	return []Scaffold{
		{Flat, "every node starts from the record; the best counts", event.Search{}},
		{Tree, "one first node, then three from the best so far", event.Search{Initial: 1, Branch: 3}},
		{Forest, "three first nodes, then three from the best so far", event.Search{Initial: 3, Branch: 3}},
		{AIDE, "three first nodes, then one from the best so far, or to mend a failed one", event.Search{Initial: 3, Branch: 1, Debug: 0.5, DebugDepth: 5}},
		{MultiAIDE, "three first nodes, then three from the best so far, or to mend a failed one", event.Search{Initial: 3, Branch: 3, Debug: 0.5, DebugDepth: 5}},
	}
}

func scaffoldNames() string {
	var names []string
	for _, s := range Scaffolds() {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

// SearchOf gives the figures that a scaffold works with: its own, where nothing
// else was chosen.
func SearchOf(scaffold string, chosen event.Search) (event.Search, error) {
	for _, s := range Scaffolds() {
		if s.Name != scaffold {
			continue
		}
		own := s.Search
		own.Released = chosen.Released
		if chosen != (event.Search{Released: chosen.Released}) {
			own = chosen
		}
		return own, checkSearch(scaffold, own)
	}
	return event.Search{}, fmt.Errorf("no scaffold %q; there is %s", scaffold, scaffoldNames())
}

func checkSearch(scaffold string, s event.Search) error {
	switch {
	case scaffold == Flat && s != event.Search{}:
		return fmt.Errorf("the scaffold flat has no figures to set: every node starts from the record")
	case scaffold == Flat:
		return nil
	case s.Initial < 1 || s.Initial > 100 || s.Branch < 1 || s.Branch > 100:
		return fmt.Errorf("%d first nodes, %d from each chosen one: choose between 1 and 100", s.Initial, s.Branch)
	case !(s.Debug >= 0 && s.Debug <= 1):
		return fmt.Errorf("a probability of %g to mend a failed node: choose between 0 and 1", s.Debug)
	case s.DebugDepth < 0:
		return fmt.Errorf("a depth of %d for mending: choose 0 or more", s.DebugDepth)
	}
	return nil
}

// Plan is the nodes that come next: they start from one parent, are chosen
// together, and know nothing of each other.
type Plan struct {
	Parent int
	Count  int
	Mend   bool // they are to mend the parent, which failed
}

// Next chooses the nodes after those in nodes, all of which are judged. root is
// the node that the search starts from: 0, or one carried over. At most left
// nodes are left. The choice depends on nothing but the arguments.
//
// Flat takes them all from the root. The others begin with Initial nodes from
// the root. After that, Branch nodes start from one parent: with probability
// Debug from a failed leaf, drawn at random among those within DebugDepth, else
// from the best node so far, the root among them.
func Next(scaffold string, s event.Search, nodes []fold.Node, root, left int, seed int64) Plan {
	begun := 0
	for _, n := range nodes[root+1:] {
		if chosen(n) {
			begun++
		}
	}
	switch {
	case scaffold == Flat:
		return Plan{Parent: root, Count: left}
	case begun < s.Initial:
		return Plan{Parent: root, Count: min(s.Initial-begun, left)}
	}
	rng := rand.New(rand.NewPCG(uint64(seed), uint64(len(nodes))))
	p := Plan{Count: min(s.Branch, left)}
	failed := debuggable(s, nodes, root)
	if mend := rng.Float64() < s.Debug; mend && len(failed) > 0 {
		p.Parent, p.Mend = failed[rng.IntN(len(failed))], true
		return p
	}
	among := nodes[root:]
	if s.Released {
		among = nearby(nodes, root)
	}
	p.Parent = Best(among, root)
	return p
}

// buggy reports whether a node's run failed or its result is not valid. A node
// without an edit that stands is none that could be mended.
func buggy(n fold.Node) bool {
	switch n.State {
	case event.VerdictFailed, event.VerdictInvalid, event.VerdictMissed:
		return true
	}
	return false
}

// debuggable gives the failed leaves at which no more than DebugDepth attempts at
// mending were made in a row.
func debuggable(s event.Search, nodes []fold.Node, root int) []int {
	leaf := make([]bool, len(nodes))
	for i := range leaf {
		leaf[i] = true
	}
	depth := make([]int, len(nodes))
	for i, n := range nodes {
		if n.Parent < 0 {
			continue
		}
		leaf[n.Parent] = false
		if n.Origin == event.OriginDebug {
			depth[i] = depth[n.Parent] + 1
		}
	}
	var ids []int
	for i, n := range nodes {
		if i > root && leaf[i] && buggy(n) && depth[i] <= s.DebugDepth {
			ids = append(ids, i)
		}
	}
	return ids
}

// nearby gives the nodes among which the released code looks: the root, the node
// that the last ones started from, and these. After a failed attempt at mending it
// falls back to the root.
func nearby(nodes []fold.Node, root int) []fold.Node {
	last := nodes[len(nodes)-1]
	among := []fold.Node{nodes[root]}
	children := nodes[len(nodes)-1:]
	for i := len(nodes) - 1; i > root && nodes[i].Batch == last.Batch; i-- {
		children = nodes[i:]
	}
	if last.Origin == event.OriginDebug && Best(children, -1) < 0 {
		return among
	}
	if last.Parent > root {
		among = append(among, nodes[last.Parent])
	}
	return append(among, children...)
}

// Best gives the id of the fastest valid node; the root counts with its measured
// time, and is the answer where there is no other.
func Best(nodes []fold.Node, root int) int {
	best, seconds := root, event.NaN()
	for _, n := range nodes {
		if n.ID != root && !n.Valid() || !n.TrainSeconds.Known() {
			continue
		}
		if !seconds.Known() || n.TrainSeconds < seconds {
			best, seconds = n.ID, n.TrainSeconds
		}
	}
	return best
}

// Root gives the node that the search starts from.
func Root(nodes []fold.Node) int {
	if len(nodes) > 1 && nodes[1].Origin == event.OriginCarried {
		return 1
	}
	return 0
}

// chosen reports whether the scaffold chose the node.
func chosen(n fold.Node) bool {
	return n.Origin == event.OriginScaffold || n.Origin == event.OriginDebug
}

// OpenBatch gives the first node of those that the scaffold chose last, 0 if it
// has chosen none.
func OpenBatch(nodes []fold.Node, root int) int {
	for i := len(nodes) - 1; i > root; i-- {
		if chosen(nodes[i]) {
			return nodes[i].Batch
		}
	}
	return 0
}

// Taken is how many nodes of a batch there are already.
func Taken(nodes []fold.Node, batch int) int {
	count := 0
	for _, n := range nodes {
		if n.ID > 0 && n.Batch == batch && chosen(n) {
			count++
		}
	}
	return count
}
