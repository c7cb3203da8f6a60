package ui

import (
	"fmt"
	"strings"
	"time"

	"pitwall/internal/clean"
	"pitwall/internal/tokencount"
	"pitwall/ui/cell"
)

// Widths of the page.
const (
	setupTwo    = 96 // from here on choices and prompt stand side by side
	setupGutter = 80 // width of the choices from which on their groups are named
	gutterWidth = 11
	nameWidth   = 14 // of a row's name
	valueWidth  = 18
	aboutWidth  = 34
)

// columns gives the widths of the choices and of what the agent is told; both are w
// where one of them shows.
func (s *setup) columns(w int) (left, right int) {
	if w < setupTwo || s.told.zoom {
		return w, w
	}
	left = min(max(w/2, 50), 96)
	return left, w - left - 1
}

func (s *setup) rows(w, h int) []string {
	th := s.m.th
	rows := []string{s.headRow(w), s.m.rule(w)}
	body := h - len(rows)
	left, right := s.columns(w)
	switch {
	case s.list != nil:
		rows = append(rows, s.listRows(w, body)...)
	case left < w:
		rows = append(rows, cell.Beside(th.faint, s.choiceRows(left, body), s.toldRows(right, body))...)
	case s.told.focus:
		rows = append(rows, s.toldRows(right, body)...)
	default:
		rows = append(rows, s.choiceRows(left, body)...)
	}
	return cell.Fit(rows, w, h)
}

// headRow names the task and its two times.
func (s *setup) headRow(w int) string {
	th, t, tr := s.m.th, &s.task, s.track
	name := taskName(t)
	info := cell.New(w).Put(th.bold, name).Gap(2)
	if t.Open() {
		info.Put(th.gold, tr.time(&t.From))
	} else {
		info.Put(th.grey, tr.length(t.From.LatestSeconds())).Put(th.dim, " → ").Put(th.gold, tr.time(&t.To))
	}
	if tr.Practice {
		info.Gap(2).Put(th.warn, "practice")
	}
	if info.Used() > w-clean.Width("pitwall   set up")-5 {
		info = cell.New(w).Put(th.bold, name)
	}
	return s.m.header(w, "set up", info.Gap(1))
}

// choiceRows draws the choices, and under them what comes of them.
func (s *setup) choiceRows(w, h int) []string {
	all := s.rowsNow()
	foot := s.footRows(w, h, all)
	room := max(h-len(foot), 0)
	groups := 1
	for i := 1; i < len(all); i++ {
		if all[i].group != all[i-1].group {
			groups++
		}
	}
	airy := room >= len(all)+groups-1
	if airy {
		room = min(room, len(all)+groups) // what comes of the choices stands near them
	}
	s.page = max(room-1, 1)
	if airy {
		s.top = 0
	} else if at := s.index(all); at < len(all) {
		s.top = min(max(s.top, at-room+1), at)
	}
	s.top = max(min(s.top, len(all)-room), 0)
	var rows []string
	for i := s.top; i < len(all) && len(rows) < room; i++ {
		first := i == s.top || all[i].group != all[i-1].group
		if airy && first && i > 0 {
			rows = append(rows, cell.New(w).String())
		}
		edge := " "
		switch {
		case i == s.top && s.top > 0:
			edge = "↑"
		case len(rows) == room-1 && i < len(all)-1:
			edge = "↓"
		}
		rows = append(rows, s.choiceRow(all[i], first, edge, w))
	}
	return cell.Fit(append(cell.Fit(rows, w, room), foot...), w, h)
}

func (s *setup) choiceRow(r setupRow, first bool, edge string, w int) string {
	th, chosen := s.m.th, r.key == s.at
	base := cell.Style("")
	if chosen {
		base = th.selected
	}
	row := cell.On(w, base)
	gutter := 0
	if w >= setupGutter {
		gutter = gutterWidth
		if row.Gap(1); first {
			row.Put(th.dim, r.group)
		}
	}
	row.To(gutter)
	switch {
	case chosen && !s.told.focus:
		row.Put(th.accent, "›")
	default:
		row.Put(th.dim, edge)
	}
	name := th.dim
	if chosen {
		name = th.bold
	}
	row.Gap(1).Put(name, r.name).To(gutter + 2 + nameWidth)
	s.putValue(row, r, chosen)
	if r.wrong != "" {
		return row.Gap(1).Put(th.bad, "✗ ").Put(th.bad, r.wrong).String()
	}
	if note := firstFit(row.Left()-2, r.note, r.short, ""); note != "" {
		row.Gap(1).Put(th.dim, note)
	}
	about := gutter + 2 + nameWidth + valueWidth
	if w-about < aboutWidth {
		return row.String() // all or none: what the chosen row means stands below
	}
	if row.Used() >= about {
		row.Gap(2)
	}
	if row.To(about).Left() > aboutWidth || r.note == "" {
		row.Put(th.dim, cell.Cut(r.about, row.Left()-1))
	}
	return row.String()
}

// putValue adds a row's value, or what is being typed in its place.
func (s *setup) putValue(row *cell.Row, r setupRow, chosen bool) {
	th := s.m.th
	st := cell.Style("")
	switch {
	case r.wrong != "" || r.bad:
		st = th.bad
	case chosen:
		st = th.accent + th.bold
	case r.quiet:
		st = th.dim
	}
	if in := s.input; chosen && in != nil {
		in.field.Draw(row.Gap(2), min(in.field.Cells(), row.Left()-3), s.typedStyle(), th.dim)
		return
	}
	value := r.value
	if r.key == rowModel || r.key == rowJudge {
		room := row.Left() - 5
		if r.wrong != "" {
			room /= 2
		}
		value = modelName(value, max(room, 8))
	}
	if chosen && r.turn != nil {
		row.Put(th.accent, "‹ ").Put(st, value).Put(th.accent, " ›")
		return
	}
	row.Gap(2).Put(st, value).Gap(2)
}

// index gives where the chosen row stands; all of them are counted for the last.
func (s *setup) index(all []setupRow) int {
	for i := range all {
		if all[i].key == s.at {
			return i
		}
	}
	return len(all)
}

// choicesLeast is how many rows the choices keep, whatever stands under them.
const choicesLeast = 5

// footRows says under the choices what the chosen one means, what will happen, why
// nothing can be started, and starts.
func (s *setup) footRows(w, h int, all []setupRow) []string {
	th := s.m.th
	room := h - 2 - choicesLeast
	take := func(st cell.Style, most int, texts ...string) (rows []string) {
		for _, text := range texts {
			for _, l := range cell.Wrap(text, max(w-3, 1)) {
				if len(rows) < min(most, room) {
					rows = append(rows, cell.New(w).Gap(2).Put(st, l).String())
				}
			}
		}
		room -= len(rows)
		return rows
	}
	why := take(th.bad, 4, s.whyNot()...)
	plan := take("", 5, s.plan()...)
	if room >= 9 && len(plan) > 0 {
		plan = append(plan, cell.New(w).String())
		room--
	}
	text, st, most := s.aboutChosen(all)
	about := take(st, most, text)
	if n := 2 - len(about); n > 0 && room >= n { // so that the choices stand still
		about = cell.Fit(about, w, 2)
	}
	rows := []string{s.m.rule(w)}
	rows = append(append(append(rows, about...), plan...), why...)
	return append(rows, s.startRow(w))
}

// whyNot says why the attempt was not started, or cannot be.
func (s *setup) whyNot() []string {
	switch {
	case s.failed != "":
		return []string{s.failed}
	case s.m.home.blocked != "":
		return []string{"No run can be started here: " + s.m.home.blocked}
	}
	return nil
}

// aboutChosen says what the chosen row means, or what is wrong with it, and in how
// many rows at most.
func (s *setup) aboutChosen(all []setupRow) (text string, st cell.Style, most int) {
	th, i := s.m.th, s.index(all)
	if i == len(all) {
		return s.origin, th.dim, 2
	}
	r := all[i]
	text = r.about
	switch {
	case r.wrong != "" && strings.HasSuffix(s.failed, r.wrong):
		return "", th.dim, 2 // it is told below
	case r.wrong != "":
		return r.wrong, th.bad, 4
	case r.more != "":
		text = r.more
	case r.key == rowScaffold && r.note != "":
		text = "N0/N/debug/depth " + r.note + ": " + text
	case r.key == rowModel && r.note != "":
		text = r.value + ": " + s.model.words(s.spec.Model)
	}
	return text, th.dim, 2
}

func (s *setup) startRow(w int) string {
	th := s.m.th
	chosen := s.at == rowStart && !s.told.focus
	base, mark := cell.Style(""), " "
	if chosen {
		base, mark = th.selected, "›"
	}
	row := cell.On(w, base).Put(th.accent, mark).Gap(1)
	_, why := s.refusal()
	switch {
	case s.starting:
		return row.Put(th.run, "●").Gap(1).Put("", "starting…").String()
	case why != "":
		return row.Put(th.dim, "start").Gap(2).Put(th.warn, why).String()
	case s.asking:
		return row.Put(th.warn+th.bold, "start?").Gap(2).Put(th.accent, "y").Put("", " yes").Gap(2).Put(th.accent, "n").Put("", " no").String()
	case chosen:
		row.Put(th.accent+th.bold, "start").Gap(2).Put(th.accent, "enter")
	default:
		row.Put("", "start").Gap(2).Put(th.accent, "S")
	}
	return row.Put(th.dim, firstFit(row.Left()-1, " starts "+clean.Line(s.agent().Name)+" on "+s.task.ID(), " starts", "")).String()
}

// answerTokens is what an answer of a model is taken to come to, for a guess.
const answerTokens = 3000

// plan says what will happen, what it may cost at most, and how long it takes about.
func (s *setup) plan() []string {
	spec, a := s.final(), s.agent()
	does := fmt.Sprintf("%s tries %s", clean.Line(a.Name), plural(spec.Nodes, "node"))
	if a.Model && spec.Model != "" {
		name := clean.Line(spec.Model)
		does = fmt.Sprintf("%s writes %s", cell.Cut(name[strings.LastIndexByte(name, '/')+1:], 40), plural(spec.Nodes, "node"))
	}
	if s.scaffolds() {
		does += ", " + clean.Line(spec.Scaffold)
	}
	if spec.Parallel > 1 {
		does += fmt.Sprintf(", %d at a time", spec.Parallel)
	}
	if spec.Gate {
		does += "; you approve each edit"
	}
	lines := []string{does}
	if a.Model {
		lines = append(lines, s.costWords())
	}
	return append(lines, s.timeWords()...)
}

// costWords says what the attempt may cost.
func (s *setup) costWords() string {
	spec := s.final()
	var bounds []string
	if spec.Budget.Cost > 0 {
		bounds = append(bounds, "$"+dollarsTyped(spec.Budget.Cost))
	}
	if spec.Budget.Tokens > 0 {
		bounds = append(bounds, tokencount.Exact(spec.Budget.Tokens)+" tokens")
	}
	guess, known := s.guess()
	switch most := "at most " + strings.Join(bounds, " or "); {
	case len(bounds) > 0 && known && (spec.Budget.Cost == 0 || guess < spec.Budget.Cost):
		return most + "; a guess is " + money(guess)
	case len(bounds) > 0:
		return most
	case known:
		return "about " + money(guess) + ", a guess; no budget bounds it"
	}
	return "cost unknown; no budget bounds it"
}

// guess gives what the calls of the model may come to in dollars: the first prompt
// and an answer for each, at the model's price.
func (s *setup) guess() (usd float64, known bool) {
	spec, c, p := s.final(), s.model.find(s.spec.Model), s.told.prompt
	if c == nil || !c.priced() || p == nil {
		return 0, false
	}
	calls := spec.Nodes
	if spec.Summaries {
		calls += spec.Nodes
	}
	if spec.Ideas {
		calls++
		if f := spec.Search; f.Branch > 0 {
			calls += (max(spec.Nodes-f.Initial, 0) + f.Branch - 1) / f.Branch
		}
	}
	return float64(calls) * (float64(p.Tokens)*c.Input + answerTokens*c.Output) / 1e6, true
}

// timeWords says how long the runs take, at the records' own speed.
func (s *setup) timeWords() (lines []string) {
	spec := s.final()
	if s.track.GPUs > 0 && s.m.o.Cost != nil {
		lines = append(lines, s.cost.words())
	} else if from, to := s.task.From.LatestSeconds(), s.task.To.LatestSeconds(); from > 0 && (to > 0 || s.task.Open()) {
		nodes := float64(spec.Nodes) * from
		if b := float64(spec.Budget.RunMS) / 1000; b > 0 {
			nodes = min(nodes, b)
		}
		kind := "runs"
		if s.track.Practice {
			kind = "practice runs"
		}
		text := fmt.Sprintf("about %s of %s", roughly(nodes+float64(spec.Calibrate)*(from+to)+2*float64(spec.Confirm)*from), kind)
		if s.agent().Model {
			text += ", beside the model's writing"
		}
		lines = append(lines, text)
	}
	if b := spec.Budget.GPUHours; b > 0 {
		lines = append(lines, "all runs at most "+gpuHoursTyped(b)+" GPU-hours")
	}
	if spec.Budget.WallMS > 0 {
		lines = append(lines, "the search at most "+timeTyped(spec.Budget.WallMS))
	}
	return lines
}

// roughly gives a length of time in seconds without more digits than a guess has.
func roughly(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < 100*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 100*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}

// line gives the last line while something is typed.
func (s *setup) line(w int) string {
	th := s.m.th
	in, keep, back := s.input, "keep", "as it was"
	note := ""
	switch {
	case s.list != nil:
		l := s.list
		in, keep, back = &l.input, "choose", "back"
		note = fmt.Sprintf("%d of %d", min(l.at+1, len(l.rows)), len(l.rows))
	case s.asking:
		return s.m.askRow(&ask{text: s.question(), yes: "start", no: "not now"}, w)
	case in == nil:
		return ""
	}
	hint := cell.New(w).Put(th.dim, note).Gap(2).Put(th.accent, "enter").Put(th.dim, " "+keep+" · ").Put(th.accent, "esc").Put(th.dim, " "+back).Gap(1)
	r := cell.New(w).Gap(1).Put(th.accent, in.prompt).Gap(1)
	in.field.Draw(r, max(r.Left()-hint.Used()-1, r.Left()/2), s.typedStyle(), th.dim)
	return r.Rest(hint).String()
}

// typedStyle is the look of what is being typed: marked where the next key writes
// over it.
func (s *setup) typedStyle() cell.Style {
	if s.fresh && s.input != nil {
		return s.m.th.selected
	}
	return ""
}
