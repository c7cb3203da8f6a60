package ui

import (
	"fmt"

	"pitwall/internal/clean"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
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

func (s *setup) Rows(w, h int) []string {
	th := s.m.frame.Theme
	rows := []string{s.headRow(w), s.m.frame.Rule(w)}
	body := h - len(rows)
	left, right := s.columns(w)
	switch {
	case s.list != nil:
		rows = append(rows, s.list.view(w, body)...)
	case left < w:
		rows = append(rows, cell.Beside(th.Faint, s.choiceRows(left, body), s.told.rows(right, body))...)
	case s.told.focus:
		rows = append(rows, s.told.rows(right, body)...)
	default:
		rows = append(rows, s.choiceRows(left, body)...)
	}
	return cell.Fit(rows, w, h)
}

// headRow names the task and its two times.
func (s *setup) headRow(w int) string {
	th, t, tr := s.m.frame.Theme, &s.sheet.task, s.sheet.track
	name := taskName(t)
	info := cell.New(w).Put(th.Bold, name).Gap(2)
	if t.Open() {
		info.Put(th.Gold, tr.time(&t.From))
	} else {
		info.Put(th.Grey, tr.length(t.From.LatestSeconds())).Put(th.Dim, " → ").Put(th.Gold, tr.time(&t.To))
	}
	if tr.Practice {
		info.Gap(2).Put(th.Warn, "practice")
	}
	if info.Used() > w-clean.Width("pitwall   set up")-5 {
		info = cell.New(w).Put(th.Bold, name)
	}
	return s.m.frame.Header(w, "set up", info.Gap(1))
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
	th := s.m.frame.Theme
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
	why := take(th.Bad, 4, s.whyNot()...)
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
	rows := []string{s.m.frame.Rule(w)}
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
	th := s.m.frame.Theme
	chosen := s.choices.at == rowStart && !s.told.focus
	base, mark := cell.Style(""), " "
	if chosen {
		base, mark = th.Selected, "›"
	}
	row := cell.On(w, base).Put(th.Accent, mark).Gap(1)
	_, why := s.refusal()
	switch {
	case s.starting:
		return row.Put(th.Run, s.m.spin.Sign()).Gap(1).Put("", "starting…").String()
	case why != "":
		return row.Put(th.Dim, "start").Gap(2).Put(th.Warn, why).String()
	case s.asking:
		return row.Put(th.Warn+th.Bold, "start?").Gap(2).Put(th.Accent, "y").Put("", " yes").Gap(2).Put(th.Accent, "n").Put("", " no").String()
	case chosen:
		row.Put(th.Accent+th.Bold, "start").Gap(2).Put(th.Accent, "enter")
	default:
		row.Put("", "start").Gap(2).Put(th.Accent, "S")
	}
	return row.Put(th.Dim, frame.FirstFit(row.Left()-1, " starts "+clean.Line(s.sheet.agent().Name)+" on "+s.sheet.task.ID(), " starts", "")).String()
}

// line gives the last line while something is typed.
func (s *setup) Line(w int) string {
	th := s.m.frame.Theme
	in, keep, back := s.choices.input, "keep", "as it was"
	note := ""
	switch {
	case s.list != nil:
		l := s.list
		in, keep, back = &l.Input, "choose", "back"
		note = fmt.Sprintf("%d of %d", min(l.at+1, len(l.rows)), len(l.rows))
	case s.asking:
		return (&frame.Ask{Text: s.question(), Yes: "start", No: "not now"}).Row(s.m.frame.Theme, w)
	case in == nil:
		return ""
	}
	hint := cell.New(w).Put(th.Dim, note).Gap(2).Put(th.Accent, "enter").Put(th.Dim, " "+keep+" · ").Put(th.Accent, "esc").Put(th.Dim, " "+back).Gap(1)
	r := cell.New(w).Gap(1).Put(th.Accent, in.Name).Gap(1)
	in.Field.Draw(r, max(r.Left()-hint.Used()-1, r.Left()/2), s.choices.typedStyle(), th.Dim)
	return r.Rest(hint).String()
}
