package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"pitwall/agent"
	"pitwall/agent/engine"
	"pitwall/agent/scaffold"
	"pitwall/internal/tokencount"
	"pitwall/runner"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// choices are the flags of an attempt.
type choices struct {
	spec        store.Spec
	calibrate   int
	confirm     int
	temperature float64
	tokens      string
	wall, run   time.Duration
	carry       string
	documents   []string
	hints       string
}

// add declares the flags.
func (c *choices) add(f *pflag.FlagSet) {
	s := &c.spec
	f.StringVar(&s.Hint, "hint", string(taskdata.HintNone), "what the agent is told: "+hintList())
	f.StringVar(&c.hints, "hints", taskdata.HintsOwn, "whose hints: pitwall, paper (imported from llm-speedrunner), or a text file of your own that stands in for the hint")
	f.StringVar(&s.Scripts, "scripts", "", "where both records' scripts come from: llm-speedrunner or modded-nanogpt (default: the first, as in the paper, where both were imported)")
	f.StringVar(&s.Agent, "agent", agent.Tuner, "who edits: "+agentList())
	f.StringVar(&s.Model, "model", "", "the language model of agent llm, as provider/name or a name; see pitwall models")
	f.StringVar(&s.Scaffold, "scaffold", scaffold.Flat, "how the next node is chosen: "+scaffoldList())
	f.IntVar(&s.Search.Initial, "initial", 0, "nodes from the record at the start (default: the scaffold's)")
	f.IntVar(&s.Search.Branch, "branch", 0, "nodes from each node chosen after that (default: the scaffold's)")
	f.Float64Var(&s.Search.Debug, "debug", 0, "probability of mending a failed node (default: the scaffold's)")
	f.IntVar(&s.Search.DebugDepth, "debug-depth", 0, "attempts at mending in a row (default: the scaffold's)")
	f.BoolVar(&s.Search.Released, "released", false, "choose as the benchmark's released code does, where it differs from the paper's text")
	f.IntVar(&s.Nodes, "nodes", defaultNodes, "how many nodes to try")
	f.IntVar(&s.Parallel, "parallel", 0, "nodes under way at a time: one trains, others are written (default: 2 for llm)")
	f.Int64Var(&s.Seed, "seed", 1, "the agent's seed")
	f.StringVar(&s.Runner, "runner", runner.NameLocal, "where scripts train")
	f.IntVar(&c.calibrate, "calibrate", 0, "runs of each record that calibration needs (default: the track's)")
	f.IntVar(&c.confirm, "confirm", 0, "fresh runs of the best node and of the record (default: the track's)")
	f.Float64Var(&c.temperature, "temperature", 0, "of the model, 0 to 2 (default: the model's own)")
	f.StringVar(&s.Effort, "effort", "", "how hard the model reasons: "+strings.Join(engine.Efforts(), ", ")+" (default: the model's own)")
	f.StringVar(&s.Edits, "edits", agent.EditsBlocks, "how the model gives its edits: blocks or tools")
	f.IntVar(&s.Reflections, "reflections", agent.DefaultReflections, "how often the model may mend its answer for a node")
	f.BoolVar(&s.Ideas, "ideas", false, "have the model propose hypotheses first, and write a node for each")
	f.BoolVar(&s.Summaries, "summaries", false, "have the model say what happened in each run")
	f.StringVar(&s.Judge, "judge", "", "a model that compares the best node with the human's change")
	f.StringArrayVar(&c.documents, "document", nil, "a text that the agent is given beside the hint: a file, or muon, flexattention, fp8, or paper:NAME as imported; may be repeated")
	f.BoolVar(&s.Gate, "gate", false, "each edit waits for your yes or no")
	f.Float64Var(&s.Hopeless, "hopeless", 0, "stop a run that takes this many times as long as the record for the same loss (default: never)")
	f.StringVar(&c.tokens, "budget-tokens", "", "tokens that the search may take, as 500k or 2M")
	f.Float64Var(&s.Budget.Cost, "budget-cost", 0, "US dollars that the search may take")
	f.DurationVar(&c.wall, "budget-wall", 0, "time that the search may take, as 2h or 45m")
	f.DurationVar(&c.run, "budget-run", 0, "time that the nodes' runs may take")
	f.Float64Var(&s.Budget.GPUHours, "budget-gpu-hours", 0, "GPU-hours that all runs may take together, the records' own too")
	f.StringVar(&c.carry, "carry", "", "start from the best node of this attempt, which is on the task before")
}

// settle makes a spec for a task out of the flags.
func (c *choices) settle(cmd *cobra.Command, tasks *taskdata.Catalog, task string) (store.Spec, error) {
	base, err := newSpec(tasks, task, c.spec.Agent)
	if err != nil {
		return store.Spec{}, err
	}
	spec := c.spec
	set := cmd.Flags().Changed
	spec.Task, spec.Calibrate, spec.Confirm = base.Task, base.Calibrate, base.Confirm
	if set("calibrate") {
		spec.Calibrate = c.calibrate
	}
	if set("confirm") {
		spec.Confirm = c.confirm
	}
	if set("temperature") {
		spec.Temperature = &c.temperature
	}
	if !set("parallel") {
		spec.Parallel = base.Parallel
	}
	if !agent.KindOf(spec.Agent).Talks {
		for _, name := range []string{"temperature", "effort", "edits", "reflections"} {
			if set(name) {
				return spec, usagef("--%s is for agent %s", name, agent.LLM)
			}
		}
		spec.Edits, spec.Reflections = "", 0
	}
	if spec.Search, err = searchFigures(set, spec); err != nil {
		return spec, err
	}
	if spec.Budget.Tokens, err = tokenCount(c.tokens); err != nil {
		return spec, err
	}
	spec.Budget.WallMS, spec.Budget.RunMS = c.wall.Milliseconds(), c.run.Milliseconds()
	switch c.hints {
	case taskdata.HintsOwn:
	case taskdata.HintsPaper:
		spec.Hints = c.hints
	default:
		own, err := readDocument(c.hints)
		if err != nil {
			return spec, fmt.Errorf("hints of your own: %w; or choose %s or %s", err, taskdata.HintsOwn, taskdata.HintsPaper)
		}
		if spec.Hint == string(taskdata.HintNone) {
			return spec, usagef("--hints %s stands in for a hint, and --hint says none: choose another", c.hints)
		}
		spec.OwnHint = &own
	}
	spec.Documents, err = readDocuments(tasks, task, c.documents)
	return spec, err
}

// searchFigures gives the scaffold's own figures where no other was set.
func searchFigures(set func(string) bool, spec store.Spec) (event.Search, error) {
	own, err := scaffold.SearchOf(spec.Scaffold, event.Search{})
	if err != nil {
		return own, err
	}
	given := spec.Search
	for name, put := range map[string]func(){
		"initial": func() { own.Initial = given.Initial }, "branch": func() { own.Branch = given.Branch },
		"debug": func() { own.Debug = given.Debug }, "debug-depth": func() { own.DebugDepth = given.DebugDepth },
	} {
		if set(name) {
			put()
		}
	}
	own.Released = given.Released
	_, err = scaffold.SearchOf(spec.Scaffold, own)
	return own, err
}

// tokenCount reads a bound of tokens; "" is none.
func tokenCount(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, ok := tokencount.Read(text)
	if !ok {
		return 0, usagef("%q is no number of tokens: write it as 500k or 2M", text)
	}
	return n, nil
}

// maxDocument bounds a document beside the hint, in bytes.
const maxDocument = 256 << 10

// readDocuments reads files, and what stands under the names of the catalog's documents.
func readDocuments(tasks *taskdata.Catalog, task string, names []string) ([]store.Document, error) {
	if len(names) == 0 {
		return nil, nil
	}
	t, err := tasks.FindTask(task)
	if err != nil {
		return nil, err
	}
	there, err := tasks.Documents(t)
	if err != nil {
		return nil, err
	}
	var docs []store.Document
	for _, name := range names {
		if i := slices.IndexFunc(there, func(d taskdata.Document) bool { return d.Name == name }); i >= 0 {
			docs = append(docs, store.Document{Title: name, Text: there[i].Text})
			continue
		}
		d, err := readDocument(name)
		if err != nil {
			var known []string
			for _, d := range there {
				known = append(known, d.Name)
			}
			if len(known) > 0 {
				err = fmt.Errorf("%w; without a file there is %s", err, strings.Join(known, ", "))
			}
			return nil, err
		}
		docs = append(docs, d)
	}
	return docs, nil
}

func readDocument(path string) (store.Document, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxDocument {
		err = fmt.Errorf("it has %d bytes, more than %d", info.Size(), maxDocument)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return store.Document{}, fmt.Errorf("document %s: %w", path, err)
	}
	return store.Document{Title: filepath.Base(path), Text: strings.ToValidUTF8(string(text), "\uFFFD")}, nil
}

func scaffoldList() string {
	var parts []string
	for _, s := range scaffold.Scaffolds() {
		parts = append(parts, s.Name+" ("+s.About+")")
	}
	return strings.Join(parts, ", ")
}

func hintList() string {
	var parts []string
	for _, h := range taskdata.AllHints() {
		parts = append(parts, string(h)+" "+h.Title())
	}
	return strings.Join(parts, ", ")
}

func agentList() string {
	var parts []string
	for _, k := range agent.Kinds() {
		parts = append(parts, k.Name+" ("+k.About+")")
	}
	return strings.Join(parts, ", ")
}
