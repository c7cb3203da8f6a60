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
	list func() tea.Cmd                            // opens a list; may be nil

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

// rowsNow gives the choices that apply to the agent, in their order.
func (s *setup) rowsNow() []setupRow {
	rows := s.whoRows()
	rows = append(rows, s.hereRows()...)
	rows = append(rows, s.searchRows()...)
	rows = append(rows, s.budgetRows()...)
	rows = append(rows, grouped(groupWatch, []setupRow{s.hopelessRow(), s.toggle("gate", "gate", "each edit waits for your yes", &s.spec.Gate)})...)
	rows = append(rows, s.resultRows()...)
	for i := range rows {
		r := &rows[i]
		if w, ok := s.wrong[r.key]; ok {
			r.value, r.quiet, r.note, r.text, r.wrong = clean.Line(w.text), false, "", w.text, w.why
		}
		if s.input != nil && r.key == s.at && r.read != nil {
			r.wrong = ""
			if _, err := r.read(s.input.text()); err != nil {
				r.wrong = err.Error()
			}
		}
	}
	return rows
}

// problems gives the rows that stand in the way of a start.
func (s *setup) problems() []setupRow {
	return slices.DeleteFunc(s.rowsNow(), func(r setupRow) bool { return r.wrong == "" })
}

// whoRows says who edits, and what it is told.
func (s *setup) whoRows() []setupRow {
	a := s.agent()
	who := setupRow{key: rowAgent, name: "agent", value: clean.Line(a.Name), about: clean.Line(a.About), turn: s.turnAgent}
	if !a.Ready && !a.Model {
		who.wrong = notReady(a.Why)
	}
	rows := []setupRow{who}
	if a.Model {
		rows = append(rows, s.modelRow())
	}
	hint := s.pick(rowHint, "hint", "what it is told of the next record", hintsOf(&s.task), &s.spec.Hint)
	hint.value, hint.quiet = hintWords(s.spec.Hint), s.spec.Hint == string(taskdata.HintNone)
	rows = append(append(rows, hint), s.sourceRows()...)
	if a.Model {
		rows = append(append(rows, s.documentRows()...), s.talkRows()...)
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

func (s *setup) modelRow() setupRow {
	r := setupRow{
		key: rowModel, name: "model", value: clean.Line(s.spec.Model), note: s.model.figures(s.spec.Model), short: s.model.shortly(s.spec.Model),
		about: "who writes the edits; enter opens the list", list: func() tea.Cmd { return s.openList(rowModel) },
	}
	r.wrong = s.model.trouble(s.spec.Model)
	if s.spec.Model == "" {
		r.value, r.wrong = "none", "enter opens the list"
		if a := s.agent(); !a.Ready {
			r.wrong = notReady(a.Why)
		}
	}
	return r
}

// talkRows says how a language model is spoken with.
func (s *setup) talkRows() []setupRow {
	t := &s.spec.Talk
	effort := s.pick("effort", "effort", "how hard it reasons", []string{"", "minimal", "low", "medium", "high"}, &t.Effort)
	if t.Effort == "" {
		effort.value, effort.quiet = "model's own", true
	}
	edits := s.pick("edits", "edits", "search/replace blocks in its text", []string{editsBlocks, editsTools}, &t.Edits)
	if t.Edits == editsTools {
		edits.about = "calls of the tools edit and view"
	}
	mend := s.whole("reflections", "reflections", "times it may mend an answer", &t.Reflections, 0, 20)
	mend.more = "How often it is told what of its edits cannot be applied or breaks a rule, and may mend it."
	ideas := s.toggle("ideas", "ideas", "it proposes hypotheses first", &t.Ideas)
	ideas.more = "It proposes a hypothesis for each node first, other than those that were tried. Takes calls of its own."
	summaries := s.toggle("summaries", "summaries", "it says what happened in each run", &t.Summaries)
	summaries.more = "It says what happened in each run, for the nodes that follow. Takes a call a node."
	mend.turn = func(dir int) tea.Cmd { t.Reflections = max(min(t.Reflections+dir, 5), 0); return nil }
	return []setupRow{
		effort, s.warmthRow(), edits, mend, ideas, summaries,
	}
}

func (s *setup) warmthRow() setupRow {
	v := float64(ownWarmth)
	r := setupRow{key: "temperature", name: "temperature", value: "model's own", quiet: true, about: "how far its answers vary"}
	if t := s.spec.Temperature; t != nil {
		v, r.quiet = *t, false
		r.text = strconv.FormatFloat(v, 'f', -1, 64)
		r.value = r.text
	}
	set := func(v float64) {
		s.spec.Temperature = nil
		if v >= 0 {
			s.spec.Temperature = &v
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
func (s *setup) searchRows() []setupRow {
	a := s.agent()
	var rows []setupRow
	if s.scaffolds() {
		rows = append(rows, s.scaffoldRows()...)
	}
	nodes := s.whole(rowNodes, "nodes", "versions of the script to try", &s.spec.Nodes, 1, maxNodes)
	nodes.turn = func(dir int) tea.Cmd { s.count(s.spec.Nodes + dir); return nil }
	read := nodes.read
	nodes.read = func(text string) (func(), error) {
		set, err := read(text)
		return func() { set(); s.count(s.spec.Nodes) }, err
	}
	rows = append(rows, nodes)
	if a.Model {
		rows = append(rows, s.whole("parallel", "parallel", "nodes written at a time", &s.spec.Parallel, 1, 16))
		rows[len(rows)-1].more = "Nodes under way at a time: one trains while others are written. Runs never share the machine."
	}
	seed := setupRow{
		key: "seed", name: "seed", value: strconv.FormatInt(s.spec.Seed, 10), about: "of what is drawn at random",
		turn: func(dir int) tea.Cmd { s.spec.Seed = max(s.spec.Seed, -int64(dir)) + int64(dir); return nil },
		read: func(text string) (func(), error) {
			n, err := readWhole(text, 0, math.MaxInt64)
			return func() { s.spec.Seed = n }, err
		},
	}
	seed.text = seed.value
	return grouped(groupSearch, append(rows, seed))
}

// scaffoldRows gives the scaffold and its figures.
func (s *setup) scaffoldRows() []setupRow {
	f := &s.spec.Search
	var names []string
	for _, o := range s.m.o.Scaffolds {
		names = append(names, o.Name)
	}
	row := s.pick(rowScaffold, "scaffold", "how the next node is chosen", names, &s.spec.Scaffold)
	next := row.turn
	row.turn = func(dir int) tea.Cmd {
		cmd := next(dir)
		s.ownFigures()
		for _, k := range []string{"initial", "branch", "debug", "depth"} {
			delete(s.wrong, k)
		}
		return cmd
	}
	if own := s.scaffold(); own != nil {
		row.about = clean.Line(own.About)
	}
	if s.spec.Scaffold == scaffoldFlat {
		return []setupRow{row}
	}
	row.note = fmt.Sprintf("%d/%d/%g/%d", f.Initial, f.Branch, f.Debug, f.DebugDepth)
	row.short = row.note
	rows := append([]setupRow{row},
		s.whole("initial", "  initial N0", "nodes from the record at the start", &f.Initial, 1, 100),
		s.whole("branch", "  branch N", "nodes from each one chosen after", &f.Branch, 1, 100),
		debugRow(&f.Debug))
	if f.Debug > 0 {
		rows = append(rows, s.whole("depth", "  debug depth", "attempts at mending in a row", &f.DebugDepth, 0, 1000))
	}
	choice := s.toggle("choice", "  choice", "as in the paper's text", &f.Released)
	choice.value, choice.quiet = "paper", false
	if f.Released {
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
func (s *setup) budgetRows() []setupRow {
	b := &s.spec.Budget
	var rows []setupRow
	if s.agent().Model {
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
			if c := s.model.find(s.spec.Model); c != nil && !c.priced() {
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
	if s.track.GPUs > 0 {
		rows = append(rows, s.gpuHoursRow())
	}
	rows = append(rows,
		s.span("wall", "wall time", "of the search, pauses left out", &b.WallMS, wallRungs[:]),
		s.span("run", "run time", "of the nodes' runs together", &b.RunMS, runRungs[:]))
	return grouped(groupBudget, rows)
}

func (s *setup) hopelessRow() setupRow {
	v := s.spec.Hopeless
	r := setupRow{
		key: "hopeless", name: "early stop", value: "off", quiet: true, about: "of runs far behind the record",
		more: "Stops a run that needs this many times as long as the record for the same loss. It never counts.",
		turn: func(dir int) tea.Cmd { s.spec.Hopeless = rung(hopelessRungs[:], v, dir); return nil },
		read: func(text string) (func(), error) {
			t := strings.TrimRight(squeezed(text), "x×")
			if isNone(t) {
				return func() { s.spec.Hopeless = 0 }, nil
			}
			f, err := readReal(t, 1.05, 100)
			if err != nil {
				err = fmt.Errorf("%w, or off", err)
			}
			return func() { s.spec.Hopeless = f }, err
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
func (s *setup) resultRows() []setupRow {
	judge := setupRow{
		key: rowJudge, name: "judge", value: orNone(s.spec.Judge != "", clean.Line(s.spec.Judge)), quiet: s.spec.Judge == "",
		about: "compares with the human's change", more: "A model that says how much of the human's change the best node has. It is told the answer; the agent never is.",
		list: func() tea.Cmd { return s.openList(rowJudge) },
	}
	if s.spec.Judge != "" {
		judge.wrong = s.model.trouble(s.spec.Judge)
	}
	return grouped(groupResult, []setupRow{
		s.whole("calibrate", "calibrate", "runs of both records, once here", &s.spec.Calibrate, 1, 100),
		s.whole("confirm", "confirm", "fresh runs of best node and record", &s.spec.Confirm, 0, 100),
		judge,
	})
}

// pick is a row that goes round a few words.
func (s *setup) pick(key, name, about string, words []string, v *string) setupRow {
	if *v != "" && !slices.Contains(words, *v) { // from an attempt that the command line started
		words = append(slices.Clone(words), *v)
	}
	return setupRow{
		key: key, name: name, value: clean.Line(*v), about: about,
		turn: func(dir int) tea.Cmd { *v = around(words, *v, dir); return nil },
	}
}

func (s *setup) toggle(key, name, about string, v *bool) setupRow {
	return setupRow{key: key, name: name, value: onOff(*v), quiet: !*v, about: about, turn: func(int) tea.Cmd { *v = !*v; return nil }}
}

// whole is a row with a whole number between low and high.
func (s *setup) whole(key, name, about string, v *int, low, high int) setupRow {
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

// span is a row with a length of time in milliseconds, 0 for none.
func (s *setup) span(key, name, about string, v *int64, ladder []float64) setupRow {
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
