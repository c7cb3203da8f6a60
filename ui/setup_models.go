package ui

import (
	"fmt"
	"math"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/internal/clean"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// models are the language models that can be chosen, as far as they are known.
type models struct {
	m      *Model
	all    []ModelChoice // those that are ready first
	asking bool
	known  bool   // an answer came
	err    string // why it is not whole
}

type modelsMsg struct {
	list []ModelChoice
	err  error
}

// priced reports whether a model's price is known.
func (c *ModelChoice) priced() bool { return !math.IsNaN(c.Input) && !math.IsNaN(c.Output) }

// find gives a model by its id, or by its name where one provider alone has it; nil
// where it is not in the list.
func (l *models) find(id string) *ModelChoice {
	var named *ModelChoice
	for i := range l.all {
		c := &l.all[i]
		if c.ID == id {
			return c
		}
		if _, name, _ := strings.Cut(c.ID, "/"); name == id && id != "" {
			if named != nil {
				return nil
			}
			named = c
		}
	}
	return named
}

// figures gives what is known of a model: the tokens that it takes in and its price.
func (l *models) figures(id string) string {
	c := l.find(id)
	switch {
	case id == "":
		return ""
	case c == nil && l.known && l.err == "":
		return "not in the list"
	case c == nil:
		return ""
	}
	return contextWords(c.Context) + " · " + priceWords(c)
}

// shortly gives the same in few cells.
func (l *models) shortly(id string) string {
	c := l.find(id)
	switch {
	case c == nil:
		return ""
	case !c.priced():
		return contextWords(c.Context)
	}
	return fmt.Sprintf("%s $%s/$%s", contextWords(c.Context), dollarsTyped(c.Input), dollarsTyped(c.Output))
}

// words gives the same in full.
func (l *models) words(id string) string {
	c := l.find(id)
	if c == nil {
		return "not in the list; its context and price are not known"
	}
	return contextTokens(c.Context) + " · " + priceLong(c)
}

// trouble says why a model cannot be used, "" where nothing is known against it.
func (l *models) trouble(id string) string {
	c := l.find(id)
	if c == nil || c.Ready {
		return ""
	}
	return notReady(c.Why)
}

// notReady gives why something is not ready.
func notReady(why string) string {
	if why == "" {
		return "it is not ready"
	}
	return clean.Line(why)
}

// contextWords gives a number of tokens that a model takes in.
func contextWords(n int) string {
	if n <= 0 {
		return "–"
	}
	return fmt.Sprintf("%dk", max(n/1000, 1))
}

func priceWords(c *ModelChoice) string {
	if !c.priced() {
		return "price unknown"
	}
	return fmt.Sprintf("%s in, %s out", price(c.Input), price(c.Output))
}

// price gives dollars a million tokens.
func price(usd float64) string {
	if math.IsNaN(usd) {
		return "–"
	}
	return fmt.Sprintf("$%.2f", usd)
}

// ask asks for the models where they are not known.
func (l *models) ask() tea.Cmd {
	ask := l.m.o.Models
	if ask == nil || l.asking || l.known && l.err == "" {
		return nil
	}
	l.asking = true
	ctx := l.m.frame.Context
	return func() tea.Msg {
		list, err := ask(ctx)
		return modelsMsg{list, err}
	}
}

// take takes up an answer: those that are ready come first.
func (l *models) take(msg modelsMsg) {
	l.asking, l.known, l.err = false, true, ""
	if msg.err != nil {
		l.err = oneLine(msg.err)
	}
	if len(msg.list) > 0 || msg.err == nil {
		l.all = slices.Clone(msg.list)
		slices.SortStableFunc(l.all, func(a, b ModelChoice) int {
			switch {
			case a.Ready && !b.Ready:
				return -1
			case b.Ready && !a.Ready:
				return 1
			}
			return 0
		})
	}
}

// askModels asks for the models where one is chosen here.
func (s *setup) askModels() tea.Cmd {
	if !s.sheet.agent().Model && s.sheet.spec.Judge == "" && s.list == nil {
		return nil
	}
	return s.sheet.models.ask()
}

func (s *setup) takeModels(msg modelsMsg) {
	s.sheet.models.take(msg)
	if s.list != nil {
		s.list.narrow()
	}
}

// modelList is the list of models while it is open. What is typed narrows it, and
// can be taken as it stands.
type modelList struct {
	frame.Input
	m      *Model
	models *models
	row    string // that it is for
	find   [][]rune
	rows   []listed
	at     int
	top    int
	page   int
}

// listed is a row of the list.
type listed struct {
	id    string
	model *ModelChoice // nil for none and for what was typed
}

// openList opens the list for a row.
func (s *setup) openList(row string) tea.Cmd {
	l := &modelList{Input: *frame.NewInput("name", "", frame.UsualBytes), m: s.m, models: &s.sheet.models, row: row, page: 1}
	now := s.sheet.spec.Model
	if row == rowJudge {
		now = s.sheet.spec.Judge
	}
	l.Change = func() { l.narrow(); l.at = l.named() }
	l.Done = func(keep bool) tea.Cmd {
		s.list = nil
		if keep && len(l.rows) > 0 {
			s.choose(l.row, l.rows[l.at].id)
		}
		return nil
	}
	l.narrow()
	l.at = max(slices.IndexFunc(l.rows, func(r listed) bool { return r.id == now }), 0)
	s.list = l
	return s.askModels()
}

// narrow takes up the models that have all the words that were typed; the one that
// was chosen stays so.
func (l *modelList) narrow() {
	was := ""
	if l.at < len(l.rows) {
		was = l.rows[l.at].id
	}
	text := strings.TrimSpace(l.Text())
	l.find = words(text)
	l.rows = nil
	if l.row == rowJudge && text == "" {
		l.rows = append(l.rows, listed{})
	}
	exact := false
	for i := range l.models.all {
		c := &l.models.all[i]
		exact = exact || c.ID == text
		name := lower(c.ID)
		if !slices.ContainsFunc(l.find, func(w []rune) bool { return within(name, w, 0) < 0 }) {
			l.rows = append(l.rows, listed{c.ID, c})
		}
	}
	if text != "" && !exact && !strings.ContainsAny(text, " \t") {
		l.rows = append(l.rows, listed{id: text})
	}
	l.at = max(slices.IndexFunc(l.rows, func(r listed) bool { return r.id == was }), 0)
}

// named gives the row of the model whose name was typed in full, else the first.
func (l *modelList) named() int {
	text := strings.TrimSpace(l.Text())
	return max(slices.IndexFunc(l.rows, func(r listed) bool {
		_, name, _ := strings.Cut(r.id, "/")
		return r.model != nil && (strings.EqualFold(r.id, text) || strings.EqualFold(name, text))
	}), 0)
}

// choose sets the model, or the judge.
func (s *setup) choose(row, id string) {
	missed := len(s.choices.problems()) > 0
	if row == rowJudge {
		s.sheet.spec.Judge = id
	} else {
		s.sheet.spec.Model = id
	}
	s.touch()
	if missed && len(s.choices.problems()) == 0 {
		s.choices.at = rowStart
	}
}

// take takes a key while the list is open.
func (l *modelList) take(k tea.KeyPressMsg) tea.Cmd {
	by, moves := map[string]int{"up": -1, "down": 1, "pgup": -l.page, "pgdown": l.page, "ctrl+p": -1, "ctrl+n": 1}[k.Keystroke()]
	switch {
	case moves:
		if n := len(l.rows); n > 0 && (by == 1 || by == -1) {
			l.at = (l.at + by + n) % n // round, to what was typed
		} else {
			l.at = max(min(l.at+by, n-1), 0)
		}
		return nil
	case k.Keystroke() == "ctrl+r":
		l.models.known = false
		return l.models.ask()
	}
	cmd, _ := l.Key(k)
	return cmd
}

// Widths of the list from which on it has a column.
const (
	withContext = 48
	withPrices  = 72
)

// view draws the open list.
func (l *modelList) view(w, h int) []string {
	th := l.m.frame.Theme
	what := "models"
	if l.row == rowJudge {
		what = "models to judge with"
	}
	head := cell.New(w).Gap(1).Put(th.Bold, what).Gap(2)
	switch {
	case l.m.o.Models == nil:
		head.Put(th.Dim, "there is no list here: type the name in full")
	case l.models.asking:
		head.Put(th.Run, l.m.spin.Sign()+" asking the endpoints…")
	case l.models.err == "":
		head.Put(th.Dim, frame.Plural(len(l.models.all), "model"))
	}
	rows := []string{head.String()}
	if l.models.err != "" && !l.models.asking {
		text := cell.Wrap("The list could not be read: "+l.models.err+"; type the name in full, or ctrl+r asks again.", max(w-4, 1))
		for _, t := range text[:min(len(text), 3)] {
			rows = append(rows, cell.New(w).Gap(1).Put(th.Bad, "▌").Gap(1).Put(th.Warn, t).String())
		}
	}
	foot := l.foot(w, max(min(h-len(rows)-3, 4), 0))
	room := max(h-len(rows)-len(foot), 1)
	if len(l.rows) == 0 {
		text := "Type a name, such as openai/gpt-5."
		if l.Text() != "" {
			text = "No model has these words; a name has no spaces."
		} else if l.models.asking {
			text = "They come in a moment; a name can be typed at once."
		}
		for _, t := range cell.Wrap(text, max(w-4, 1)) {
			rows = append(rows, cell.New(w).Gap(3).Put(th.Dim, t).String())
		}
	}
	l.page = max(room-1, 1)
	l.top = min(max(l.top, l.at-room+1, 0), l.at)
	l.top = max(min(l.top, len(l.rows)-room), 0)
	name := 8
	for _, r := range l.rows[l.top:min(l.top+room, len(l.rows))] {
		name = max(name, clean.Width(clean.Line(r.id)))
	}
	for i := l.top; i < min(l.top+room, len(l.rows)); i++ {
		rows = append(rows, l.viewRow(l.rows[i], i == l.at, min(name, modelWidth(w)), w))
	}
	return append(cell.Fit(rows, w, h-len(foot)), foot...)
}

// modelWidth is how many cells a model's name may take.
func modelWidth(w int) int {
	switch {
	case w >= withPrices:
		return max(w*2/5, w-70)
	case w >= withContext:
		return w - 14
	}
	return w - 4
}

func (l *modelList) viewRow(r listed, chosen bool, name, w int) string {
	th, base := l.m.frame.Theme, cell.Style("")
	if chosen {
		base = th.Selected
	}
	row := cell.On(w, base)
	if chosen {
		row.Put(th.Accent, "›")
	}
	row.To(3)
	switch c := r.model; {
	case r.id == "":
		return row.Put("", "none").String()
	case c == nil:
		return row.Put("", r.id).Gap(2).Put(th.Dim, "as it was typed").String()
	default:
		st := cell.Style("")
		if !c.Ready {
			st = th.Dim
		}
		putFound(th, row, st, frame.ModelName(r.id, name), l.find).To(3 + name)
		if w >= withContext {
			row.Put(th.Dim, frame.Pad(contextWords(c.Context), 8, true))
		}
		if w >= withPrices {
			row.Put("", frame.Pad(price(c.Input), 10, true)).Put(th.Dim, " in").Put("", frame.Pad(price(c.Output), 10, true)).Put(th.Dim, " out")
		}
		state := clean.Line(c.Why)
		if c.Ready {
			state = "ready"
		}
		if row.Left() >= 8 {
			stateStyle := th.Warn
			if c.Ready {
				stateStyle = th.Good
			}
			row.Gap(2).Put(stateStyle, cell.Cut(state, row.Left()-3))
		}
	}
	return row.String()
}

// foot tells of the chosen model what its row may have no room for, in at most
// h rows.
func (l *modelList) foot(w, h int) []string {
	th := l.m.frame.Theme
	if l.at >= len(l.rows) || h < 2 {
		return nil
	}
	var text []string
	st := th.Dim
	switch r := l.rows[l.at]; {
	case r.id == "":
		text = []string{"No model compares the best node with the human's change; lines are compared all the same."}
	case r.model == nil:
		text = []string{"“" + clean.Line(r.id) + "” as it was typed: its provider finds out whether it is there."}
	default:
		c := r.model
		text = []string{clean.Line(c.ID), l.models.words(c.ID)}
		if !c.Ready {
			text = append(text, "not ready: "+notReady(c.Why))
			st = th.Warn
		}
	}
	rows := []string{l.m.frame.Rule(w)}
	for i, t := range text {
		style := th.Dim
		if i == 2 {
			style = st
		}
		for _, line := range cell.Wrap(t, max(w-2, 1)) {
			if len(rows) < h {
				rows = append(rows, cell.New(w).Gap(1).Put(style, line).String())
			}
		}
	}
	return cell.Fit(rows, w, h)
}

func contextTokens(n int) string {
	if n <= 0 {
		return "context unknown"
	}
	return "takes in " + contextWords(n) + " tokens"
}

func priceLong(c *ModelChoice) string {
	if !c.priced() {
		return "price unknown"
	}
	return fmt.Sprintf("%s a million tokens in, %s out", price(c.Input), price(c.Output))
}
