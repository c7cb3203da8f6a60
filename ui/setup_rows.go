package ui

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/internal/clean"
	"pitwall/internal/tokencount"
	"pitwall/taskdata"
	"pitwall/ui/frame"
)

// setupRow is a choice of the page: what it is now, and how it is changed.
type setupRow struct {
	key   string
	group string // of rows that belong together
	name  string
	value string
	quiet bool   // the value says that there is nothing
	bad   bool   // the value says that something is missing
	note  string // figures of the value
	short string // the same in few cells
	about string // what it means, in aboutWidth cells unless it comes from elsewhere
	more  string // the same for the chosen row; "" where there is no more to say

	turn func(dir int) tea.Cmd                     // to the next value or the one before; may be nil
	read func(text string) (set func(), err error) // nil where nothing can be typed
	text string                                    // that typing begins with
	list bool                                      // it is chosen from a list

	wrong string // what is wrong with it, and what would be right
}

// Keys of rows that are named elsewhere.
const (
	rowAgent    = "agent"
	rowModel    = "model"
	rowHint     = "hint"
	rowScaffold = "scaffold"
	rowNodes    = "nodes"
	rowJudge    = "judge"
	rowStart    = "start" // the last row, on which Enter starts
)

// Groups of rows.
const (
	groupWho    = "who"
	groupHere   = "here"
	groupSearch = "search"
	groupBudget = "at most"
	groupWatch  = "under way"
	groupResult = "result"
)

// form makes rows of a sheet: a row for each choice that applies to the agent.
type form struct {
	m         *Model
	sheet     *sheet
	turnAgent func(dir int) tea.Cmd
}

// rows gives the choices in their order; typed, unless it is nil, is being typed in
// the row with the key at.
func (f *form) rows(at string, typed *frame.Input) []setupRow {
	rows := f.whoRows()
	rows = append(rows, f.hereRows()...)
	rows = append(rows, f.searchRows()...)
	rows = append(rows, f.budgetRows()...)
	rows = append(rows, grouped(groupWatch, []setupRow{f.hopelessRow(), toggleRow("gate", "gate", "each edit waits for your yes", &f.sheet.spec.Gate)})...)
	rows = append(rows, f.resultRows()...)
	for i := range rows {
		r := &rows[i]
		if w, ok := f.sheet.wrong[r.key]; ok {
			r.value, r.quiet, r.note, r.text, r.wrong = clean.Line(w.text), false, "", w.text, w.why
		}
		if typed != nil && r.key == at && r.read != nil {
			r.wrong = ""
			if _, err := r.read(typed.Text()); err != nil {
				r.wrong = err.Error()
			}
		}
	}
	return rows
}

// whoRows says who edits, and what it is told.
func (f *form) whoRows() []setupRow {
	a := f.sheet.agent()
	who := setupRow{key: rowAgent, name: "agent", value: clean.Line(a.Name), about: clean.Line(a.About), turn: f.turnAgent}
	if !a.Ready && !a.Model {
		who.wrong = notReady(a.Why)
	}
	rows := []setupRow{who}
	if a.Model {
		rows = append(rows, f.modelRow())
	}
	hint := pickRow(rowHint, "hint", "what it is told of the next record", hintsOf(&f.sheet.task), &f.sheet.spec.Hint)
	hint.value, hint.quiet = frame.HintWords(f.sheet.spec.Hint), f.sheet.spec.Hint == string(taskdata.HintNone)
	rows = append(append(rows, hint), f.sourceRows()...)
	if a.Model {
		rows = append(append(rows, f.documentRows()...), f.talkRows()...)
	}
	return grouped(groupWho, rows)
}

func grouped(group string, rows []setupRow) []setupRow {
	for i := range rows {
		rows[i].group = group
	}
	return rows
}

func hintsOf(t *taskdata.Task) []string {
	all := []string{string(taskdata.HintNone)}
	if len(t.Hints) > 0 {
		all = nil
	}
	for _, h := range t.Hints {
		all = append(all, string(h))
	}
	return all
}

func (f *form) modelRow() setupRow {
	r := setupRow{
		key: rowModel, name: "model", value: clean.Line(f.sheet.spec.Model), note: f.sheet.models.figures(f.sheet.spec.Model), short: f.sheet.models.shortly(f.sheet.spec.Model),
		about: "who writes the edits; enter opens the list", list: true,
	}
	r.wrong = f.sheet.models.trouble(f.sheet.spec.Model)
	if f.sheet.spec.Model == "" {
		r.value, r.wrong = "none", "enter opens the list"
		if a := f.sheet.agent(); !a.Ready {
			r.wrong = notReady(a.Why)
		}
	}
	return r
}

// talkRows says how a language model is spoken with.
func (f *form) talkRows() []setupRow {
	t := &f.sheet.spec.Talk
	effort := pickRow("effort", "effort", "how hard it reasons", []string{"", "minimal", "low", "medium", "high"}, &t.Effort)
	if t.Effort == "" {
		effort.value, effort.quiet = "model's own", true
	}
	edits := pickRow("edits", "edits", "search/replace blocks in its text", []string{editsBlocks, editsTools}, &t.Edits)
	if t.Edits == editsTools {
		edits.about = "calls of the tools edit and view"
	}
	mend := wholeRow("reflections", "reflections", "times it may mend an answer", &t.Reflections, 0, 20)
	mend.more = "How often it is told what of its edits cannot be applied or breaks a rule, and may mend it."
	ideas := toggleRow("ideas", "ideas", "it proposes hypotheses first", &t.Ideas)
	ideas.more = "It proposes a hypothesis for each node first, other than those that were tried. Takes calls of its own."
	summaries := toggleRow("summaries", "summaries", "it says what happened in each run", &t.Summaries)
	summaries.more = "It says what happened in each run, for the nodes that follow. Takes a call a node."
	mend.turn = func(dir int) tea.Cmd { t.Reflections = max(min(t.Reflections+dir, 5), 0); return nil }
	return []setupRow{
		effort, f.warmthRow(), edits, mend, ideas, summaries,
	}
}

func (f *form) warmthRow() setupRow {
	v := float64(ownWarmth)
	r := setupRow{key: "temperature", name: "temperature", value: "model's own", quiet: true, about: "how far its answers vary"}
	if t := f.sheet.spec.Temperature; t != nil {
		v, r.quiet = *t, false
		r.text = strconv.FormatFloat(v, 'f', -1, 64)
		r.value = r.text
	}
	set := func(v float64) {
		f.sheet.spec.Temperature = nil
		if v >= 0 {
			f.sheet.spec.Temperature = &v
		}
	}
	r.turn = func(dir int) tea.Cmd { set(rung(warmthRungs[:], v, dir)); return nil }
	r.read = func(text string) (func(), error) {
		if t := squeezed(text); t == "" || t == "own" {
			return func() { set(ownWarmth) }, nil
		}
		f, err := readReal(text, 0, 2)
		if err != nil {
			err = fmt.Errorf("%w, or leave it empty for the model's own", err)
		}
		return func() { set(f) }, err
	}
	return r
}

// searchRows says how nodes are chosen, and how many.
func (f *form) searchRows() []setupRow {
	a := f.sheet.agent()
	var rows []setupRow
	if f.sheet.scaffolds() {
		rows = append(rows, f.scaffoldRows()...)
	}
	nodes := wholeRow(rowNodes, "nodes", "versions of the script to try", &f.sheet.spec.Nodes, 1, maxNodes)
	nodes.turn = func(dir int) tea.Cmd { f.sheet.count(f.sheet.spec.Nodes + dir); return nil }
	read := nodes.read
	nodes.read = func(text string) (func(), error) {
		set, err := read(text)
		return func() { set(); f.sheet.count(f.sheet.spec.Nodes) }, err
	}
	rows = append(rows, nodes)
	if a.Model {
		rows = append(rows, wholeRow("parallel", "parallel", "nodes written at a time", &f.sheet.spec.Parallel, 1, 16))
		rows[len(rows)-1].more = "Nodes under way at a time: one trains while others are written. Runs never share the machine."
	}
	seed := setupRow{
		key: "seed", name: "seed", value: strconv.FormatInt(f.sheet.spec.Seed, 10), about: "of what is drawn at random",
		turn: func(dir int) tea.Cmd {
			f.sheet.spec.Seed = max(f.sheet.spec.Seed, -int64(dir)) + int64(dir)
			return nil
		},
		read: func(text string) (func(), error) {
			n, err := readWhole(text, 0, math.MaxInt64)
			return func() { f.sheet.spec.Seed = n }, err
		},
	}
	seed.text = seed.value
	return grouped(groupSearch, append(rows, seed))
}

// scaffoldRows gives the scaffold and its figures.
func (f *form) scaffoldRows() []setupRow {
	v := &f.sheet.spec.Search
	var names []string
	for _, o := range f.m.o.Scaffolds {
		names = append(names, o.Name)
	}
	row := pickRow(rowScaffold, "scaffold", "how the next node is chosen", names, &f.sheet.spec.Scaffold)
	next := row.turn
	row.turn = func(dir int) tea.Cmd {
		cmd := next(dir)
		f.sheet.ownFigures()
		for _, k := range []string{"initial", "branch", "debug", "depth"} {
			delete(f.sheet.wrong, k)
		}
		return cmd
	}
	if own := f.sheet.scaffold(); own != nil {
		row.about = clean.Line(own.About)
	}
	if f.sheet.spec.Scaffold == scaffoldFlat {
		return []setupRow{row}
	}
	row.note = fmt.Sprintf("%d/%d/%g/%d", v.Initial, v.Branch, v.Debug, v.DebugDepth)
	row.short = row.note
	rows := append([]setupRow{row},
		wholeRow("initial", "  initial N0", "nodes from the record at the start", &v.Initial, 1, 100),
		wholeRow("branch", "  branch N", "nodes from each one chosen after", &v.Branch, 1, 100),
		debugRow(&v.Debug))
	if v.Debug > 0 {
		rows = append(rows, wholeRow("depth", "  debug depth", "attempts at mending in a row", &v.DebugDepth, 0, 1000))
	}
	choice := toggleRow("choice", "  choice", "as in the paper's text", &v.Released)
	choice.value, choice.quiet = "paper", false
	if v.Released {
		choice.value, choice.about = "released code", "looks near the last nodes only"
	}
	choice.more = "The paper's text takes the best of all nodes to go on from; the released code looks at the last ones only."
	return append(rows, choice)
}

func debugRow(v *float64) setupRow {
	text := strconv.FormatFloat(*v, 'g', -1, 64)
	return setupRow{
		key: "debug", name: "  debug", value: text, text: text, about: "chance of mending a failed node",
		turn: func(dir int) tea.Cmd { *v = rung(debugRungs[:], *v, dir); return nil },
		read: func(text string) (func(), error) {
			f, err := readReal(text, 0, 1)
			return func() { *v = f }, err
		},
	}
}

// budgetRows bounds what the search may take.
func (f *form) budgetRows() []setupRow {
	b := &f.sheet.spec.Budget
	var rows []setupRow
	if f.sheet.agent().Model {
		dollars := setupRow{
			key: "dollars", name: "dollars", value: orNone(b.Cost > 0, "$"+dollarsTyped(b.Cost)), quiet: b.Cost == 0, about: "looked at before each call",
			more: "Looked at before each call of the model, so the last one may go over it. The search ends there; confirmation follows.",
			turn: func(dir int) tea.Cmd { b.Cost = rung(dollarRungs[:], b.Cost, dir); return nil },
			read: func(text string) (func(), error) {
				f, err := readDollars(text)
				return func() { b.Cost = f }, err
			},
		}
		if b.Cost > 0 {
			dollars.text = dollarsTyped(b.Cost)
			if c := f.sheet.models.find(f.sheet.spec.Model); c != nil && !c.priced() {
				dollars.wrong = "the model has no known price: bound the tokens"
			}
		}
		count := setupRow{
			key: "tokens", name: "tokens", value: orNone(b.Tokens > 0, tokencount.Exact(b.Tokens)), quiet: b.Tokens == 0, about: "sent and answered together",
			turn: func(dir int) tea.Cmd { b.Tokens = int64(rung(tokenRungs[:], float64(b.Tokens), dir)); return nil },
			read: func(text string) (func(), error) {
				n, err := readTokens(text)
				return func() { b.Tokens = n }, err
			},
		}
		if b.Tokens > 0 {
			count.text = tokencount.Exact(b.Tokens)
		}
		rows = append(rows, dollars, count)
	}
	if f.sheet.track.GPUs > 0 {
		rows = append(rows, f.gpuHoursRow())
	}
	rows = append(rows,
		spanRow("wall", "wall time", "of the search, pauses left out", &b.WallMS, wallRungs[:]),
		spanRow("run", "run time", "of the nodes' runs together", &b.RunMS, runRungs[:]))
	return grouped(groupBudget, rows)
}

func (f *form) hopelessRow() setupRow {
	v := f.sheet.spec.Hopeless
	r := setupRow{
		key: "hopeless", name: "early stop", value: "off", quiet: true, about: "of runs far behind the record",
		more: "Stops a run that needs this many times as long as the record for the same loss. It never counts.",
		turn: func(dir int) tea.Cmd { f.sheet.spec.Hopeless = rung(hopelessRungs[:], v, dir); return nil },
		read: func(text string) (func(), error) {
			t := strings.TrimRight(squeezed(text), "x×")
			if isNone(t) {
				return func() { f.sheet.spec.Hopeless = 0 }, nil
			}
			times, err := readReal(t, 1.05, 100)
			if err != nil {
				err = fmt.Errorf("%w, or off", err)
			}
			return func() { f.sheet.spec.Hopeless = times }, err
		},
	}
	if v > 0 {
		r.text = strconv.FormatFloat(v, 'f', -1, 64)
		r.value, r.quiet = r.text+"×", false
		r.about = "of runs at " + r.value + " the record's time"
	}
	return r
}

// resultRows says how the result is measured.
func (f *form) resultRows() []setupRow {
	judge := setupRow{
		key: rowJudge, name: "judge", value: orNone(f.sheet.spec.Judge != "", clean.Line(f.sheet.spec.Judge)), quiet: f.sheet.spec.Judge == "",
		about: "compares with the human's change", more: "A model that says how much of the human's change the best node has. It is told the answer; the agent never is.",
		list: true,
	}
	if f.sheet.spec.Judge != "" {
		judge.wrong = f.sheet.models.trouble(f.sheet.spec.Judge)
	}
	return grouped(groupResult, []setupRow{
		wholeRow("calibrate", "calibrate", "runs of both records, once here", &f.sheet.spec.Calibrate, 1, 100),
		wholeRow("confirm", "confirm", "fresh runs of best node and record", &f.sheet.spec.Confirm, 0, 100),
		judge,
	})
}

// pickRow is a row that goes round a few words.
func pickRow(key, name, about string, words []string, v *string) setupRow {
	if *v != "" && !slices.Contains(words, *v) { // from an attempt that the command line started
		words = append(slices.Clone(words), *v)
	}
	return setupRow{
		key: key, name: name, value: clean.Line(*v), about: about,
		turn: func(dir int) tea.Cmd { *v = around(words, *v, dir); return nil },
	}
}

func toggleRow(key, name, about string, v *bool) setupRow {
	return setupRow{key: key, name: name, value: onOff(*v), quiet: !*v, about: about, turn: func(int) tea.Cmd { *v = !*v; return nil }}
}

// wholeRow is a row with a whole number between low and high.
func wholeRow(key, name, about string, v *int, low, high int) setupRow {
	r := setupRow{
		key: key, name: name, value: strconv.Itoa(*v), about: about,
		turn: func(dir int) tea.Cmd { *v = max(min(*v+dir, high), low); return nil },
		read: func(text string) (func(), error) {
			n, err := readWhole(text, int64(low), int64(high))
			return func() { *v = int(n) }, err
		},
	}
	r.text = r.value
	if *v < low || *v > high {
		_, err := r.read(r.value)
		r.wrong = err.Error()
	}
	return r
}

// spanRow is a row with a length of time in milliseconds, 0 for none.
func spanRow(key, name, about string, v *int64, ladder []float64) setupRow {
	r := setupRow{
		key: key, name: name, value: orNone(*v > 0, timeTyped(*v)), quiet: *v == 0, about: about,
		turn: func(dir int) tea.Cmd { *v = int64(rung(ladder, float64(*v), dir)); return nil },
		read: func(text string) (func(), error) {
			ms, err := readTime(text)
			return func() { *v = ms }, err
		},
	}
	if *v > 0 {
		r.text = r.value
	}
	return r
}
