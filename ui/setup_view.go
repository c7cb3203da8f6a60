package ui

import (
	"fmt"

	"pitwall/internal/clean"
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
		rows = append(rows, s.list.view(w, body)...)
	case left < w:
		rows = append(rows, cell.Beside(th.faint, s.choiceRows(left, body), s.told.rows(right, body))...)
	case s.told.focus:
		rows = append(rows, s.told.rows(right, body)...)
	default:
		rows = append(rows, s.choiceRows(left, body)...)
	}
	return cell.Fit(rows, w, h)
}

// headRow names the task and its two times.
func (s *setup) headRow(w int) string {
	th, t, tr := s.m.th, &s.sheet.task, s.sheet.track
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

// choicesLeast is how many rows the choices keep, whatever stands under them.
const choicesLeast = 5

// choiceRows draws the choices, and under them what comes of them.
func (s *setup) choiceRows(w, h int) []string {
	return s.choices.rows(w, h, s.footRows(w, h), !s.told.focus)
}

// footRows says under the choices what the chosen one means, what will happen, why
// nothing can be started, and starts.
func (s *setup) footRows(w, h int) []string {
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
	plan := take("", 5, s.outlook.lines()...)
	if room >= 9 && len(plan) > 0 {
		plan = append(plan, cell.New(w).String())
		room--
	}
	text, st, most := s.choices.aboutChosen(s.failed)
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
	case s.m.preflight.blocked != "":
		return []string{"No run can be started here: " + s.m.preflight.blocked}
	}
	return nil
}

func (s *setup) startRow(w int) string {
	th := s.m.th
	chosen := s.choices.at == rowStart && !s.told.focus
	base, mark := cell.Style(""), " "
	if chosen {
		base, mark = th.selected, "›"
	}
	row := cell.On(w, base).Put(th.accent, mark).Gap(1)
	_, why := s.refusal()
	switch {
	case s.starting:
		return row.Put(th.run, s.m.spin.Sign()).Gap(1).Put("", "starting…").String()
	case why != "":
		return row.Put(th.dim, "start").Gap(2).Put(th.warn, why).String()
	case s.asking:
		return row.Put(th.warn+th.bold, "start?").Gap(2).Put(th.accent, "y").Put("", " yes").Gap(2).Put(th.accent, "n").Put("", " no").String()
	case chosen:
		row.Put(th.accent+th.bold, "start").Gap(2).Put(th.accent, "enter")
	default:
		row.Put("", "start").Gap(2).Put(th.accent, "S")
	}
	return row.Put(th.dim, firstFit(row.Left()-1, " starts "+clean.Line(s.sheet.agent().Name)+" on "+s.sheet.task.ID(), " starts", "")).String()
}

// line gives the last line while something is typed.
func (s *setup) line(w int) string {
	th := s.m.th
	in, keep, back := s.choices.input, "keep", "as it was"
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
	in.field.Draw(r, max(r.Left()-hint.Used()-1, r.Left()/2), s.choices.typedStyle(), th.dim)
	return r.Rest(hint).String()
}
