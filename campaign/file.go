// Package campaign runs attempts in a series: it reads a campaign file, makes
// its cells, and drives an attempt for each of them to its end.
package campaign

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"pitwall/internal/tomlline"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// World is what a campaign file is read against.
type World struct {
	// Tasks are the tasks that there are; nil for those that are embedded.
	Tasks *taskdata.Catalog
	// Base gives what is chosen for an agent on a task where the file chooses nothing.
	Base func(task, agent string) (store.Spec, error)
	// Figures gives a scaffold's own figures, the zero value where it has none.
	Figures func(scaffold string) (event.Search, error)
	// Talks reports whether an agent is a language model: what is set for models
	// in general is left out of the others. Its error says that there is no such
	// agent, or why it can be in no campaign.
	Talks func(agent string) (bool, error)
	// Model gives the whole name of a model: "provider/name".
	Model func(name string) (string, error)
	// Check says what is missing here to run an attempt, with the mend.
	Check func(context.Context, store.Spec) error
}

// limits of what is read.
const (
	maxDocument = 256 << 10 // bytes
	maxCells    = 10_000
	maxLabel    = 40 // characters
)

// Read reads the campaign file at path and checks all of it. Its error joins
// everything that is wrong, each with file and line: a *Mistake where the file
// must be written otherwise, else what World.Check says.
func Read(ctx context.Context, path string, w World) (store.Campaign, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return store.Campaign{}, fmt.Errorf("read campaign: %w", err)
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return store.Campaign{}, fmt.Errorf("read campaign: %w", err)
	}
	values := map[string]any{}
	if _, err := toml.Decode(string(text), &values); err != nil {
		return store.Campaign{}, syntax(path, err)
	}
	d := &document{file: path, lines: lines{tomlline.Of(text)}}
	f := file{World: w, table: table{document: d, values: values}, dir: filepath.Dir(full), known: map[string]taskdata.Task{}}
	if f.Tasks == nil {
		f.Tasks = taskdata.Embedded()
	}
	for _, t := range append(f.Tasks.Tasks(""), f.Tasks.OpenTasks("")...) {
		f.known[t.ID()] = t
	}
	c := f.read()
	c.Plan.File = full
	f.check(ctx, c.Plan)
	if err := errors.Join(ctx.Err(), d.err()); err != nil {
		return store.Campaign{}, err
	}
	if n := len(c.Plan.Tasks) * len(c.Plan.Hints) * len(c.Plan.Agents) * len(c.Plan.Seeds); n > maxCells {
		return store.Campaign{}, &Mistake{path, 1, fmt.Sprintf("it has %d cells, more than %d: make several campaigns of it", n, maxCells)}
	}
	c.ID = ID(c.Plan)
	return c, nil
}

// syntax words what is no TOML.
func syntax(path string, err error) error {
	var pe toml.ParseError
	if errors.As(err, &pe) {
		return &Mistake{path, pe.Position.Line, fmt.Sprintf("this is no TOML: %s", strings.TrimSuffix(pe.Message, "."))}
	}
	return &Mistake{path, 1, fmt.Sprintf("this is no TOML: %v", err)}
}

// file is a campaign file while it is read.
type file struct {
	World
	table
	dir   string
	known map[string]taskdata.Task
	sound []int // agents that can be checked, by their place in the file
}

func (f *file) read() store.Campaign {
	var c store.Campaign
	c.Name, _ = get(&f.table, "name", aText, `name = "hints on the micro track"`)
	if c.Name = strings.TrimSpace(c.Name); c.Name == "" && len(f.wrong) == 0 {
		f.mistake("name", `a campaign needs a name: write name = "hints on the micro track"`)
	}
	p := &c.Plan
	p.Tasks = f.tasks()
	p.Hints = f.hints(p.Tasks)
	p.Seeds = []int64{1}
	if seeds, ok := get(&f.table, "seeds", integers, "seeds = [1, 2]"); ok {
		p.Seeds = seeds
		f.distinct("seeds", len(seeds), func(i int) string { return fmt.Sprint(seeds[i]) })
	}
	p.Order = f.order()
	if p.Cumulative, _ = get(&f.table, "cumulative", aTruth, "cumulative = true"); p.Cumulative {
		f.chain(p.Tasks)
	}
	p.Total = f.total()
	p.Agents = f.agents(p.Tasks)
	f.refuse("gate", "a sweep runs without a person who could answer: leave gate out")
	f.refuse("carry", "an attempt of a campaign starts from another's result with cumulative = true: write that, and leave carry out")
	f.refuse("agent", `agents stand in tables of their own: write [[agents]] on a line, and agent = "tuner" below it`)
	f.refuse("label", `a label belongs to an agent: write it below [[agents]]; what the campaign is called is its name`)
	f.close()
	return c
}

// distinct makes a mistake of an empty list, and of what stands in it twice.
func (f *file) distinct(key string, n int, at func(int) string) {
	seen := map[string]bool{}
	for i := range n {
		if v := at(i); seen[v] {
			f.mistake(key, "%s has %s twice: leave one out", key, v)
		} else {
			seen[v] = true
		}
	}
	if n == 0 {
		f.mistake(key, "%s is empty: name at least one", key)
	}
}

// tasks gives the tasks that there are, ready or not.
func (f *file) tasks() (plan []store.PlanTask) {
	const example = `tasks = ["micro/7", "micro/8"], or tasks = ["micro/*"] for all of a track`
	names, ok := get(&f.table, "tasks", texts, example)
	if !ok {
		if _, there := f.values["tasks"]; !there {
			f.mistake("tasks", "a campaign needs tasks: write %s", example)
		}
		return nil
	}
	f.distinct("tasks", len(names), func(i int) string { return names[i] })
	add := func(t taskdata.Task) {
		if slices.ContainsFunc(plan, func(p store.PlanTask) bool { return p.ID == t.ID() }) {
			return // named, and one of a track that is too
		}
		base, err := f.Base(t.ID(), "")
		track, err2 := taskdata.FindTrack(t.From.Track)
		if err = errors.Join(err, err2); err != nil {
			f.mistake("tasks", "%v", err)
			return
		}
		plan = append(plan, store.PlanTask{ID: t.ID(), Benchmark: !track.Practice, Calibrate: base.Calibrate, Confirm: base.Confirm})
	}
	for _, name := range names {
		id, all := strings.CutSuffix(name, "/*")
		if !all {
			if t, ok := f.known[name]; ok {
				add(t)
			} else if _, err := f.Tasks.FindTask(name); err != nil {
				f.mistake("tasks", "%v", err)
			}
			continue
		}
		if _, err := taskdata.FindTrack(id); err != nil {
			f.mistake("tasks", "%v", err)
			continue
		}
		before, why := len(plan), ""
		for _, t := range f.Tasks.Tasks(id) {
			if t.Ready {
				add(t)
			} else {
				why = t.Why
			}
		}
		if len(plan) == before && why != "" {
			f.trouble("tasks", fmt.Errorf("no task of track %s can be run yet: %s", id, why))
		}
	}
	return plan
}

func (f *file) hints(tasks []store.PlanTask) []string {
	hints := []string{string(taskdata.HintNone)}
	if names, ok := get(&f.table, "hints", texts, `hints = ["0", "1"]`); ok {
		hints = names
		f.distinct("hints", len(hints), func(i int) string { return fmt.Sprintf("%q", hints[i]) })
	}
	for _, h := range hints {
		if _, err := taskdata.ParseHint(h); err != nil {
			f.mistake("hints", "%v", err)
			continue
		}
		for _, t := range tasks {
			task := f.known[t.ID]
			if !task.Ready {
				continue // which is told later
			}
			if _, err := task.HintText(taskdata.Hint(h)); err != nil {
				f.mistake("hints", "%v", err)
			}
		}
	}
	return hints
}

func (f *file) order() []string {
	all := []string{"tasks", "hints", "agents", "seeds"}
	named, _ := get(&f.table, "order", texts, `order = ["seeds", "tasks", "hints", "agents"]`)
	var order []string
	for _, o := range named {
		switch {
		case !slices.Contains(all, o):
			f.mistake("order", "%q is nothing that cells are made of: write some of %s, the outermost first", o, strings.Join(all, ", "))
		case slices.Contains(order, o):
			f.mistake("order", "order has %q twice: leave one out", o)
		default:
			order = append(order, o)
		}
	}
	for _, o := range all {
		if !slices.Contains(order, o) {
			order = append(order, o)
		}
	}
	return order
}

// chain makes a mistake of tasks that do not lead to each other.
func (f *file) chain(tasks []store.PlanTask) {
	for i := 1; i < len(tasks); i++ {
		before, now := f.known[tasks[i-1].ID], f.known[tasks[i].ID]
		if before.From.Track != now.From.Track || before.To.Number != now.From.Number {
			f.mistake("tasks", `%s cannot start from a result on %s: a cumulative campaign names tasks that lead to each other, as in tasks = ["micro/7", "micro/8"]`, now.ID(), before.ID())
		}
	}
}

func (f *file) total() (total store.PlanTotal) {
	t := f.sub("total")
	if t == nil {
		return total
	}
	tokens, cost, wall := t.bounds()
	total.Tokens, total.Cost, total.WallMS = tokens, cost, wall
	t.close()
	return total
}

// bounds reads what a budget and the total have in common.
func (t *table) bounds() (tokens int64, cost float64, wallMS int64) {
	tokens, _ = get(t, "tokens", aTokens, `tokens = 2000000 or "2M", or leave it out for no bound`)
	cost, _ = get(t, "cost", anAmount, "cost = 2.5, in US dollars, or leave it out for no bound")
	wall, _ := get(t, "wall", aSpan, `wall = "30m", or leave it out for no bound`)
	return tokens, cost, wall.Milliseconds()
}

// agents reads the agents, each with what is set for all.
func (f *file) agents(tasks []store.PlanTask) []store.PlanAgent {
	common := f.settings(f.dir)
	const example = `[[agents]] on a line, and agent = "tuner" below it`
	list, ok := get(&f.table, "agents", tables, example)
	if len(list) == 0 {
		if _, there := f.values["agents"]; ok || !there {
			f.mistake("agents", "a campaign needs agents: write %s", example)
		}
		return nil
	}
	var plan []store.PlanAgent
	labels := map[string]int{}
	for i, values := range list {
		t := &table{document: f.document, path: fmt.Sprintf("agents[%d]", i), heading: "[[agents]]", values: values}
		a, sound := f.agent(t, f.someTask(tasks), common)
		if first, ok := labels[a.Label]; ok && a.Label != "" {
			f.mistake(t.path, "the agent of line %d is called %q too: give one of them a label of its own", f.lines.of(fmt.Sprintf("agents[%d]", first)), a.Label)
		}
		labels[a.Label] = i
		if sound {
			f.sound = append(f.sound, i)
		}
		plan = append(plan, a)
	}
	return plan
}

// someTask gives a task for what is the same for all.
func (f *file) someTask(tasks []store.PlanTask) string {
	for _, p := range tasks {
		if f.known[p.ID].Ready {
			return p.ID
		}
	}
	for _, t := range f.Tasks.Tasks("") {
		if t.Ready {
			return t.ID()
		}
	}
	return ""
}

// agent reads one agent. It is sound where all that it sets is of the right type.
func (f *file) agent(t *table, task string, common settings) (a store.PlanAgent, sound bool) {
	before := len(f.wrong)
	name, ok := get(t, "agent", aText, `agent = "tuner"`)
	if _, there := t.values["agent"]; ok && name == "" || !there {
		t.mistake(t.path, `it does not say which agent: write agent = "tuner"`)
	}
	label, labelled := get(t, "label", aText, `label = "gpt-5 tree"`)
	own := t.settings(f.dir)
	for _, key := range []string{"task", "tasks", "hint", "hints", "seed", "seeds"} {
		many := strings.TrimSuffix(key, "s") + "s"
		t.refuse(key, "a campaign takes "+many+" with every agent: write "+many+" at the head of the file, above the first [table]")
	}
	t.refuse("gate", "a sweep runs without a person who could answer: leave gate out")
	t.refuse("carry", "an attempt of a campaign starts from another's result with cumulative = true: write that at the head of the file")
	t.close()
	if name == "" {
		return a, false
	}
	talks, err := f.Talks(name)
	var base store.Spec
	if err == nil {
		base, err = f.Base(task, name)
	}
	if err != nil {
		t.mistake(under(t.path, "agent"), "%v", err)
		return a, false
	}
	for _, key := range own.keys(talking) {
		if !talks {
			t.mistake(under(t.path, key), "agent %s is no language model: leave %s out", name, key)
		}
	}
	a.Spec = base
	a.Spec.Agent = name
	a.Spec.Task, a.Spec.Hint, a.Spec.Seed, a.Spec.Calibrate, a.Spec.Confirm = "", "", 0, 0, 0
	for _, of := range []area{general, scaffolding, talking} {
		if of == general || talks {
			common.apply(&a, of)
		}
		own.apply(&a, of)
	}
	if talks && a.Spec.Model == "" {
		t.mistake(t.path, `agent %s needs a model, so that all its attempts have the same: write model = "openai/gpt-5"; pitwall models lists those there are`, name)
	} else if talks {
		id, err := f.Model(a.Spec.Model)
		if err != nil {
			t.mistake(t.common("model"), "%v", err)
		}
		a.Spec.Model = id
	}
	sound = len(f.wrong) == before
	a.Label = strings.TrimSpace(label)
	if !labelled {
		a.Label = usualLabel(a.Spec, base.Scaffold)
	}
	if n := len([]rune(a.Label)); n == 0 || n > maxLabel {
		t.mistake(under(t.path, "label"), "a label has 1 to %d characters, and %q has %d: write label = \"gpt-5 tree\", or the like", maxLabel, a.Label, n)
	}
	if usual, err := f.Figures(a.Spec.Scaffold); err != nil {
		t.mistake(t.common("scaffold"), "%v", err)
		a.Spec.Scaffold = base.Scaffold // so that the rest can be checked
	} else {
		figures(&a, usual, common, own)
	}
	return a, sound
}

// figures sets those of a scaffold's figures that were chosen, and leaves the
// zero value where that comes to the usual ones.
func figures(a *store.PlanAgent, usual event.Search, common, own settings) {
	a.Spec.Search = usual
	if usual != (event.Search{}) {
		common.apply(a, searching) // a scaffold without figures has no use for them
	}
	own.apply(a, searching)
	if a.Spec.Search == usual {
		a.Spec.Search = event.Search{}
	}
}

// usualLabel names an agent by what mostly tells it from others.
func usualLabel(s store.Spec, usualScaffold string) string {
	name := s.Agent
	if s.Model != "" {
		name = s.Model[strings.LastIndexByte(s.Model, '/')+1:]
	}
	if s.Scaffold != usualScaffold {
		name += " " + s.Scaffold
	}
	return name
}

// check looks for what is missing here for the plan. The same trouble is told once.
func (f *file) check(ctx context.Context, p store.Plan) {
	var tasks []store.PlanTask // one a track
	tracks := map[string]bool{}
	for _, t := range p.Tasks {
		task := f.known[t.ID]
		switch {
		case !task.Ready:
			f.trouble("tasks", fmt.Errorf("task %s cannot be run yet: %s", t.ID, task.Why))
		case !tracks[task.From.Track]:
			tracks[task.From.Track] = true
			tasks = append(tasks, t)
		}
	}
	if len(tasks) == 0 { // the agents are checked all the same
		id := f.someTask(nil)
		base, err := f.Base(id, "")
		if err != nil {
			f.trouble("tasks", err)
			return
		}
		tasks = []store.PlanTask{{ID: id, Calibrate: base.Calibrate, Confirm: base.Confirm}}
	}
	told := map[string]bool{}
	for _, i := range f.sound {
		for _, t := range tasks {
			spec := specOf(t, string(taskdata.HintNone), p.Agents[i], 1)
			if spec.Budget.Cost == 0 {
				spec.Budget.Cost = p.Total.Cost // what bounds a cost must know the price
			}
			if err := f.Check(ctx, spec); err != nil && ctx.Err() == nil && !told[err.Error()] {
				told[err.Error()] = true
				f.trouble(fmt.Sprintf("agents[%d]", i), fmt.Errorf("agent %s: %w", p.Agents[i].Label, err))
			}
		}
	}
}
