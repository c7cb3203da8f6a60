package scaffold

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"pitwall/store/event"
	"pitwall/store/fold"
)

// grown makes a search tree: a word for each node after the record, of its parent,
// verdict, seconds and origin, as "0 provisional 8.5" or "3 failed - debug".
func grown(t rapid.TB, batches ...[]string) []fold.Node {
	t.Helper()
	nodes := []fold.Node{{ID: 0, Parent: -1, State: fold.NodeRecord, TrainSeconds: 10}}
	for _, batch := range batches {
		first := len(nodes)
		for _, word := range batch {
			n := fold.Node{ID: len(nodes), Batch: first, TrainSeconds: event.NaN()}
			var seconds string
			if _, err := fmt.Sscanf(word, "%d %s %s", &n.Parent, &n.State, &seconds); err != nil {
				t.Fatalf("%q: %v", word, err)
			}
			if seconds != "-" {
				var s float64
				if _, err := fmt.Sscan(seconds, &s); err != nil {
					t.Fatal(err)
				}
				n.TrainSeconds = event.Float(s)
			}
			if len(word) > 6 && word[len(word)-5:] == "debug" {
				n.Origin = event.OriginDebug
			}
			nodes = append(nodes, n)
		}
	}
	return nodes
}

func figures(t testing.TB, scaffold string) event.Search {
	t.Helper()
	s, err := SearchOf(scaffold, event.Search{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestScaffoldsChooseAsThePaperSays(t *testing.T) {
	none := [][]string{}
	good := []string{"0 provisional 9", "0 provisional 8", "0 failed -"}
	for _, c := range []struct {
		name     string
		scaffold string
		tree     [][]string
		left     int
		want     Plan
	}{
		{"flat takes all from the record", Flat, none, 20, Plan{0, 20, false}},
		{"flat goes on from the record", Flat, [][]string{{"0 provisional 8"}}, 19, Plan{0, 19, false}},
		{"tree begins with one", Tree, none, 20, Plan{0, 1, false}},
		{"tree goes on with three from the best", Tree, [][]string{{"0 provisional 9"}}, 19, Plan{1, 3, false}},
		{"tree goes on from the record where nothing is valid", Tree, [][]string{{"0 failed -"}}, 19, Plan{0, 3, false}},
		{"tree never mends", Tree, [][]string{{"0 failed -"}, {"0 missed 7", "0 invalid 6", "0 failed -"}}, 16, Plan{0, 3, false}},
		{"tree goes back to an earlier node that is better", Tree, [][]string{{"0 provisional 8"}, {"1 provisional 8.5", "1 failed -", "1 missed 3"}}, 16, Plan{1, 3, false}},
		{"a node slower than the record is no best node", Tree, [][]string{{"0 provisional 11"}}, 19, Plan{0, 3, false}},
		{"tree ends with what is left", Tree, [][]string{{"0 provisional 9"}}, 2, Plan{1, 2, false}},
		{"forest begins with three", Forest, none, 20, Plan{0, 3, false}},
		{"forest fills its first nodes up", Forest, [][]string{{"0 provisional 9"}}, 19, Plan{0, 2, false}},
		{"forest goes on with three from the best", Forest, [][]string{good}, 17, Plan{2, 3, false}},
		{"aide begins with three", AIDE, none, 20, Plan{0, 3, false}},
		{"aide goes on with one", AIDE, [][]string{{"0 provisional 9", "0 provisional 8", "0 provisional 9"}}, 17, Plan{2, 1, false}},
		{"multi-aide begins with three", MultiAIDE, none, 20, Plan{0, 3, false}},
		{"multi-aide goes on with three", MultiAIDE, [][]string{{"0 provisional 9", "0 provisional 7", "0 provisional 8"}}, 17, Plan{2, 3, false}},
	} {
		nodes := grown(t, c.tree...)
		for seed := range int64(20) {
			if got := Next(c.scaffold, figures(t, c.scaffold), nodes, 0, c.left, seed); got != c.want {
				t.Errorf("%s: seed %d gives %+v, want %+v", c.name, seed, got, c.want)
				break
			}
		}
	}
}

func TestFailedLeavesAreMendedHalfTheTime(t *testing.T) {
	for _, scaffold := range []string{AIDE, MultiAIDE} {
		nodes := grown(t, []string{"0 provisional 8", "0 failed -", "0 missed 7"})
		s := figures(t, scaffold)
		picked := map[Plan]int{}
		const draws = 2000
		for seed := range int64(draws) {
			picked[Next(scaffold, s, nodes, 0, 17, seed)]++
		}
		best := Plan{1, s.Branch, false}
		if n := picked[best]; n < draws*45/100 || n > draws*55/100 {
			t.Errorf("%s goes on from the best %d times of %d, want about half", scaffold, n, draws)
		}
		for _, leaf := range []int{2, 3} {
			if n := picked[Plan{leaf, s.Branch, true}]; n < draws*20/100 || n > draws*30/100 {
				t.Errorf("%s mends node %d %d times of %d, want about a quarter", scaffold, leaf, n, draws)
			}
		}
	}
}

func TestOnlyFailedLeavesWithinTheDepthAreMended(t *testing.T) {
	s := event.Search{Initial: 1, Branch: 1, Debug: 1, DebugDepth: 2}
	chain := [][]string{{"0 failed -"}, {"1 failed - debug"}, {"2 failed - debug"}}
	for _, c := range []struct {
		name string
		tree [][]string
		want []int
	}{
		{"a leaf", chain[:1], []int{1}},
		{"not its parent", chain[:2], []int{2}},
		{"at the depth", chain[:3], []int{3}},
		{"beyond the depth", append(slices.Clone(chain), []string{"3 failed - debug"}), nil},
		{"no valid node", [][]string{{"0 provisional 8"}}, nil},
		{"what missed the target or broke a rule", [][]string{{"0 missed 8", "0 invalid 8"}}, []int{1, 2}},
		{"no node without an edit", [][]string{{"0 empty -"}}, nil},
		{"the record never", nil, nil},
	} {
		if got := debuggable(s, grown(t, c.tree...), 0); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestTheReleasedCodeLooksNearby(t *testing.T) {
	s := event.Search{Initial: 1, Branch: 2, Released: true}
	for _, c := range []struct {
		name string
		tree [][]string
		want int
	}{
		{"among the last node and its children", [][]string{{"0 provisional 8"}, {"1 provisional 7", "1 failed -"}}, 2},
		{"not further back", [][]string{{"0 provisional 5"}, {"0 provisional 9", "0 provisional 8"}, {"3 provisional 7.5", "3 failed -"}}, 4},
		{"the parent stays in", [][]string{{"0 provisional 5"}, {"1 provisional 9", "1 failed -"}}, 1},
		{"back to the record after a failed mending", [][]string{{"0 provisional 5"}, {"1 failed -", "1 failed -"}, {"2 failed - debug", "2 failed - debug"}}, 0},
		{"on from a mending that worked", [][]string{{"0 provisional 9"}, {"1 failed -", "1 failed -"}, {"2 provisional 8 debug", "2 failed - debug"}}, 4},
	} {
		if got := Next("tree", s, grown(t, c.tree...), 0, 9, 1); got.Parent != c.want {
			t.Errorf("%s: from node %d, want %d", c.name, got.Parent, c.want)
		}
	}
}

func TestAChoiceDependsOnTheSeedAndTheTreeAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var batch []string
		for range rapid.IntRange(0, 12).Draw(t, "nodes") {
			batch = append(batch, rapid.SampledFrom([]string{"0 provisional 8", "0 provisional 7.5", "0 failed -", "0 missed 7", "0 empty -"}).Draw(t, "node"))
		}
		nodes := grown(t, batch)
		s := rapid.SampledFrom(Scaffolds()).Draw(t, "scaffold")
		seed := rapid.Int64().Draw(t, "seed")
		left := rapid.IntRange(1, 20).Draw(t, "left")
		a, b := Next(s.Name, s.Search, nodes, 0, left, seed), Next(s.Name, s.Search, slices.Clone(nodes), 0, left, seed)
		if a != b {
			t.Fatalf("%+v and %+v", a, b)
		}
		if a.Count < 1 || a.Count > left || a.Parent < 0 || a.Parent >= len(nodes) {
			t.Fatalf("%+v of %d nodes with %d left", a, len(nodes), left)
		}
		if a.Mend && !buggy(nodes[a.Parent]) {
			t.Fatalf("node %d is to be mended and has not failed", a.Parent)
		}
	})
}

func TestFiguresOfAScaffold(t *testing.T) {
	if s, err := SearchOf(AIDE, event.Search{Released: true}); err != nil || s != (event.Search{Initial: 3, Branch: 1, Debug: 0.5, DebugDepth: 5, Released: true}) {
		t.Errorf("%+v, %v", s, err)
	}
	for name, s := range map[string]event.Search{
		"bonsai": {}, Flat: {Branch: 2}, Tree: {Initial: 0, Branch: 3}, Forest: {Initial: 3, Branch: 3, Debug: 1.5}, AIDE: {Initial: 3, Branch: 1, DebugDepth: -1},
	} {
		if _, err := SearchOf(name, s); err == nil {
			t.Errorf("%s with %+v was taken", name, s)
		}
	}
}
