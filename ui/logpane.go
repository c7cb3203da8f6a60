package ui

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"pitwall/internal/clean"
	"pitwall/store"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// searchPage is how many lines are read at a time in a search.
const searchPage = 5000

// logPane shows the lines of the run that is looked at. It keeps a window of
// them, read in the background.
type logPane struct {
	run    int
	follow bool
	top    int64 // first line shown, by index in the stream; where not following
	h      int
	left   int  // cells scrolled sideways
	across int  // cells for the text of a line
	more   bool // some line shown goes on to the right

	lines   []store.Line // consecutive, of all runs
	asked   [2]int64     // window under way; empty: none
	err     error
	term    string
	found   int64 // line of the last match, -1 none
	seeking bool
	only    rankLines // of one rank, where a person asked for them
}

type linesMsg struct {
	a        *attempt
	from, to int64
	lines    []store.Line
	err      error
}

type foundMsg struct {
	a    *attempt
	term string
	line int64  // -1: none
	cols [2]int // cells that the match takes in it
	err  error
}

// sidewaysMost bounds how far a line is scrolled, and with it what drawing it costs.
const sidewaysMost = 4000

// bounds gives the run's lines, as far as the position has come.
func (l *logPane) bounds(a *attempt) (first, last int64) {
	r := a.runShown()
	if r == nil {
		return 0, 0
	}
	return r.FirstLine, r.LastLine
}

// window gives the lines to show, and settles top.
func (l *logPane) window(a *attempt) (from, to int64) {
	first, last := l.bounds(a)
	h := int64(max(l.h, 1))
	if l.follow {
		l.top = last - h
	}
	l.top = max(min(l.top, last-h), first)
	return l.top, min(l.top+h, last)
}

// prepare reads the lines that are missing, and some around them.
func (l *logPane) prepare(a *attempt) tea.Cmd {
	run := a.runShown()
	if run == nil || a.player == nil {
		return nil
	}
	if l.run != run.Run {
		l.run, l.follow, l.found, l.left = run.Run, true, -1, 0
	}
	if l.only.on {
		return l.only.prepare(a, l)
	}
	from, to := l.window(a)
	if to <= from || l.has(from, to) || l.asked[1] > l.asked[0] {
		return nil
	}
	first, last := l.bounds(a)
	margin := int64(max(l.h, 20))
	from, to = max(from-margin, first), min(to+margin, last)
	l.asked = [2]int64{from, to}
	p, ctx := a.player, a.ctx
	return func() tea.Msg {
		lines, err := p.Lines(ctx, from, to)
		return linesMsg{a, from, to, lines, err}
	}
}

func (l *logPane) has(from, to int64) bool {
	n := len(l.lines)
	return n > 0 && l.lines[0].Index <= from && l.lines[n-1].Index >= to-1
}

func (l *logPane) update(a *attempt, msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case linesMsg:
		if msg.a != a {
			return nil
		}
		l.asked = [2]int64{}
		l.err = msg.err
		if msg.err == nil && len(msg.lines) > 0 {
			l.lines = msg.lines
		}
	case rankMsg:
		if msg.a == a {
			l.only.take(msg)
		}
	case foundMsg:
		if msg.a != a || msg.term != l.term {
			return nil
		}
		l.seeking = false
		if msg.err != nil {
			return a.m.frame.Complain("search the log", msg.err)
		}
		if msg.line < 0 {
			return a.m.frame.Say("no more “"+l.term+"” in this direction", false)
		}
		l.found, l.follow = msg.line, false
		l.top = msg.line - int64(l.h/2)
		if msg.cols[1] <= l.across {
			l.left = 0
		} else if msg.cols[0] < l.left || msg.cols[1] > l.left+l.across {
			l.left = max(min(msg.cols[0]-l.across/3, sidewaysMost), 0)
		}
	}
	return nil
}

func (l *logPane) scroll(a *attempt, n int64) {
	if l.only.on {
		l.only.scroll(a, l, n)
		return
	}
	first, last := l.bounds(a)
	h := int64(max(l.h, 1))
	l.follow = false
	l.top = max(min(l.top+n, last-h), first)
	if n > 0 && l.top+h >= last {
		l.follow = true
	}
}

// sideways scrolls long lines by half the pane.
func (l *logPane) sideways(dir int) {
	if dir > 0 && !l.more {
		return
	}
	l.left = max(min(l.left+dir*max(l.across/2, 1), sidewaysMost), 0)
}

func (a *attempt) startSearch() tea.Cmd {
	l := &a.log
	in := frame.NewInput("search", l.term, frame.UsualBytes)
	in.Done = func(keep bool) tea.Cmd {
		l.found = -1
		if !keep || in.Text() == "" {
			l.term = ""
			return nil
		}
		l.term = in.Text()
		return l.find(a, -1)
	}
	a.Input = in
	return nil
}

// find looks for the next match on (dir 1) or back from the last one.
func (l *logPane) find(a *attempt, dir int64) tea.Cmd {
	if l.seeking || l.term == "" {
		return nil
	}
	first, last := l.bounds(a)
	at := l.found + dir
	if l.found < 0 {
		at = l.top + int64(l.h) - 1
		if dir > 0 {
			at = l.top
		}
	}
	at = min(at, last-1)
	l.seeking = true
	p, ctx, term, run, only, rank := a.player, a.ctx, l.term, l.run, l.only.on, l.only.rank
	return func() tea.Msg {
		match := matcher(term)
		for at >= first && at < last {
			from, to := at, min(at+searchPage, last)
			if dir < 0 {
				from, to = max(at-searchPage+1, first), at+1
			}
			lines, err := p.Lines(ctx, from, to)
			if err != nil {
				return foundMsg{a: a, term: term, line: -1, err: err}
			}
			for i := range lines {
				line := &lines[i]
				if dir < 0 {
					line = &lines[len(lines)-1-i]
				}
				if n, _ := rankOf(line.Data); only && n != rank {
					continue
				}
				if at := match(line.Data); line.Run == run && at >= 0 {
					from := clean.Width(clean.Line(string(line.Data[:min(at, len(line.Data))])))
					return foundMsg{a: a, term: term, line: line.Index, cols: [2]int{from, from + clean.Width(term)}}
				}
			}
			if at = to; dir < 0 {
				at = from - 1
			}
		}
		return foundMsg{a: a, term: term, line: -1}
	}
}

// matcher gives where a term begins, -1 where it is not there, without regard to
// case unless it has capitals.
func matcher(term string) func([]byte) int {
	want := []byte(term)
	if strings.ContainsFunc(term, unicode.IsUpper) {
		return func(b []byte) int { return bytes.Index(b, want) }
	}
	return func(b []byte) int { return bytes.Index(bytes.ToLower(b), want) }
}

// logRows draws the log pane.
func (a *attempt) logRows(w, h int) []string {
	th, l := a.m.frame.Theme, &a.log
	l.h, l.across, l.more = max(h-1, 0), max(w-1, 1), false
	run := a.runShown()
	r := a.paneTitle(w, paneLog)
	if run == nil {
		return []string{r.String(), cell.New(w).Gap(2).Put(th.Dim, "No run yet: its output shows here.").String()}
	}
	from, to := l.window(a)
	first, last := l.bounds(a)
	r.Gap(2).Put("", a.runName(run)).Gap(2)
	state := cell.New(w)
	if l.left > 0 {
		state.Put(th.Dim, fmt.Sprintf("from column %d", l.left+1)).Gap(2)
	}
	switch {
	case l.seeking:
		state.Put(th.Run, "searching …")
	case l.follow && a.training(run):
		state.Put(th.Good, "following")
	case last > first && !l.only.on:
		state.Put(th.Dim, fmt.Sprintf("line %d of %d", to-first, last-first))
	}
	if l.only.on {
		r.Put(th.This, fmt.Sprintf("rank %d", l.only.rank)).Put(th.Dim, " alone").Gap(2)
	}
	if l.term != "" {
		r.Put(th.Dim, "“"+l.term+"”")
	}
	r.Rest(state.Gap(1))
	rows := []string{r.String()}
	if last <= first {
		text := "Nothing printed yet."
		if !run.Live() {
			text = "This run printed nothing."
		}
		return append(rows, cell.New(w).Gap(2).Put(th.Dim, text).String())
	}
	if l.err != nil {
		return append(rows, cell.New(w).Gap(2).Put(th.Bad, "The log cannot be read: "+clean.Line(l.err.Error())).String())
	}
	match := func([]byte) int { return -1 }
	if l.term != "" {
		match = matcher(l.term)
	}
	if l.only.on {
		return append(rows, l.only.rows(a, l, w, h-1, match)...)
	}
	lines := l.lines
	if !l.has(from, to) && len(lines) > l.h && l.follow {
		lines = lines[len(lines)-l.h:] // the newest there are, until newer ones come
		from, to = lines[0].Index, lines[len(lines)-1].Index+1
	}
	for _, line := range lines {
		if line.Index < from || line.Index >= to || line.Run != l.run || len(rows) >= h {
			continue
		}
		rows = append(rows, a.logRow(line, w, match(line.Data) >= 0))
	}
	return rows
}

func (a *attempt) logRow(line store.Line, w int, hit bool) string {
	th, l := a.m.frame.Theme, &a.log
	base := cell.Style("")
	if hit || line.Index == l.found && l.term != "" {
		base = th.Selected
	}
	r := cell.On(w, base)
	text, before, after := l.part(line)
	switch {
	case line.Index == l.found && l.term != "":
		r.Put(th.Accent, "›")
	case before && line.Gap == 0:
		r.Put(th.Accent, "…")
	default:
		r.Gap(1)
	}
	if line.Gap > 0 {
		return r.Put(th.Warn, fmt.Sprintf("⋯ %s left out here: the log's quota was used up ⋯", frame.Bytes(line.Gap))).String()
	}
	l.more = l.more || after
	if l.left > 0 {
		st := cell.Style("")
		if line.Stderr {
			st = th.Warn
		}
		return r.Put(st, text).String()
	}
	if rank, n := rankOf(line.Data); rank >= 0 && n < len(text) {
		st := th.This
		if run := a.st.Run(line.Run); run != nil && run.Ended != nil && run.Ended.Rank != nil && *run.Ended.Rank == rank {
			st = th.Bad + th.Bold
		}
		r.Put(st, text[:n])
		text = text[n:]
	}
	return r.Put(lineStyle(th, strings.TrimLeft(text, " "), line.Stderr), text).String()
}

// part gives the text of a line from the column on from which lines are shown, and
// whether something was left out before it and goes on behind it.
func (l *logPane) part(line store.Line) (text string, before, after bool) {
	end := l.left + l.across
	text = clean.Head(string(line.Data[:min(len(line.Data), 4*end+64)]), end)
	after = clean.Width(text) > end
	if l.left > 0 {
		before = text != ""
		text = ansi.TruncateLeft(text, l.left, "")
	}
	return text, before, after
}
