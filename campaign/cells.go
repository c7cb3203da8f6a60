package campaign

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pitwall/store"
)

// Cell is one attempt of a campaign.
type Cell struct {
	Name  string // unique in the campaign, and the same in every run of it
	Task  store.PlanTask
	Hint  string
	Agent store.PlanAgent
	Seed  int64
	// Before is the cell whose result this one starts from, "" where it starts
	// from the record.
	Before string
}

// Cells gives the cells of a plan in the order in which they are run.
func Cells(p store.Plan) []Cell {
	sizes := map[string]int{"tasks": len(p.Tasks), "hints": len(p.Hints), "agents": len(p.Agents), "seeds": len(p.Seeds)}
	total := 1
	for _, n := range sizes {
		total *= n
	}
	var cells []Cell
	for i := range total {
		at := map[string]int{}
		for k := len(p.Order) - 1; k >= 0; k-- { // the innermost turns fastest
			n := sizes[p.Order[k]]
			at[p.Order[k]], i = i%n, i/n
		}
		c := Cell{Task: p.Tasks[at["tasks"]], Hint: p.Hints[at["hints"]], Agent: p.Agents[at["agents"]], Seed: p.Seeds[at["seeds"]]}
		c.Name = store.CellName(c.Task.ID, c.Hint, c.Agent.Label, c.Seed)
		if p.Cumulative && at["tasks"] > 0 {
			c.Before = store.CellName(p.Tasks[at["tasks"]-1].ID, c.Hint, c.Agent.Label, c.Seed)
		}
		cells = append(cells, c)
	}
	return cells
}

// Spec gives what the cell's attempt is made with, but for what it starts from.
func (c Cell) Spec() store.Spec { return specOf(c.Task, c.Hint, c.Agent, c.Seed) }

func specOf(t store.PlanTask, hint string, a store.PlanAgent, seed int64) store.Spec {
	s := a.Spec
	s.Task, s.Hint, s.Seed, s.Calibrate, s.Confirm = t.ID, hint, seed, t.Calibrate, t.Confirm
	if a.Calibrate != nil {
		s.Calibrate = *a.Calibrate
	}
	if a.Confirm != nil {
		s.Confirm = *a.Confirm
	}
	return s
}

// ID gives a plan's identity: a hash of what determines its cells and what their
// attempts are made with. The order in which they are run, the total and the
// file do not count; nor does the order of a list, but for the tasks of a
// cumulative campaign.
func ID(p store.Plan) string {
	id := p
	id.Order, id.Total, id.File = nil, store.PlanTotal{}, ""
	id.Hints = slices.Sorted(slices.Values(p.Hints))
	id.Seeds = slices.Sorted(slices.Values(p.Seeds))
	id.Agents = slices.SortedFunc(slices.Values(p.Agents), func(a, b store.PlanAgent) int { return cmp.Compare(a.Label, b.Label) })
	if !p.Cumulative {
		id.Tasks = slices.SortedFunc(slices.Values(p.Tasks), func(a, b store.PlanTask) int { return cmp.Compare(a.ID, b.ID) })
	}
	doc, err := json.Marshal(id)
	if err != nil {
		panic(err) // numbers that JSON cannot hold do not pass the reading of a file
	}
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:8])
}

// Differences says what of a plan makes it another campaign than the old one.
func Differences(old, now store.Plan) []string {
	var out []string
	for _, list := range []struct {
		what     string
		old, now []string
	}{
		{"task", taskIDs(old), taskIDs(now)},
		{"hint", old.Hints, now.Hints},
		{"agent", labels(old), labels(now)},
		{"seed", seedTexts(old), seedTexts(now)},
	} {
		out = append(out, news(list.what, "new", list.now, list.old)...)
		out = append(out, news(list.what, "gone", list.old, list.now)...)
	}
	switch {
	case old.Cumulative && !now.Cumulative:
		out = append(out, "it is no longer cumulative")
	case !old.Cumulative && now.Cumulative:
		out = append(out, "it is cumulative now")
	case now.Cumulative && len(out) == 0 && !slices.Equal(taskIDs(old), taskIDs(now)):
		out = append(out, "the tasks follow each other in another order")
	}
	for _, t := range now.Tasks {
		if i := slices.IndexFunc(old.Tasks, func(o store.PlanTask) bool { return o.ID == t.ID }); i >= 0 {
			out = append(out, changes("task "+t.ID, old.Tasks[i], t)...)
		}
	}
	for _, a := range now.Agents {
		if i := slices.IndexFunc(old.Agents, func(o store.PlanAgent) bool { return o.Label == a.Label }); i >= 0 {
			out = append(out, changes("agent "+a.Label, old.Agents[i], a)...)
		}
	}
	return out
}

func taskIDs(p store.Plan) (ids []string) {
	for _, t := range p.Tasks {
		ids = append(ids, t.ID)
	}
	return ids
}

func labels(p store.Plan) (labels []string) {
	for _, a := range p.Agents {
		labels = append(labels, a.Label)
	}
	return labels
}

func seedTexts(p store.Plan) (texts []string) {
	for _, s := range p.Seeds {
		texts = append(texts, fmt.Sprint(s))
	}
	return texts
}

// news names what is in one list and not in the other.
func news(what, how string, list, other []string) []string {
	var found []string
	for _, v := range list {
		if !slices.Contains(other, v) {
			found = append(found, v)
		}
	}
	switch len(found) {
	case 0:
		return nil
	case 1:
		return []string{fmt.Sprintf("%s %s is %s", what, found[0], how)}
	}
	return []string{fmt.Sprintf("%ss %s are %s", what, strings.Join(found, ", "), how)}
}

// changes compares two values of one type field by field, as they are kept.
func changes(of string, old, now any) []string {
	was, is := fields(old), fields(now)
	all := maps.Clone(was)
	maps.Copy(all, is)
	var out []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if a, b := was[name], is[name]; a != b {
			out = append(out, fmt.Sprintf("%s: %s %s, was %s", of, strings.TrimPrefix(name, "spec."), shown(b), shown(a)))
		}
	}
	return out
}

// fields gives the parts of a value by their paths: "spec.budget.cost" as "2.5".
func fields(v any) map[string]string {
	doc, err := json.Marshal(v)
	var tree any
	if err == nil {
		err = json.Unmarshal(doc, &tree)
	}
	if err != nil {
		return nil // as ID has it, that does not come here
	}
	out := map[string]string{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		if m, ok := v.(map[string]any); ok {
			for key, v := range m {
				walk(under(path, key), v)
			}
			return
		}
		text, _ := json.Marshal(v)
		out[path] = string(text)
	}
	walk("", tree)
	return out
}

// shown gives a part's value in a few words.
func shown(v string) string {
	switch r := []rune(v); {
	case v == "" || v == `""` || v == "null":
		return "not set"
	case len(r) > 40:
		return string(r[:39]) + "…"
	}
	return v
}
