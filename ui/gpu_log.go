package ui

import (
	"bytes"
	"fmt"
	"sort"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// rankOf gives the rank of torchrun that wrote a line, by the prefix that torch
// ("[rank5]:") or torchrun ("[default5]:") puts before it, and the bytes that its
// prefixes take. Of several the last counts. A line without one has rank -1.
func rankOf(line []byte) (rank, prefix int) {
	rank = -1
	for range 4 {
		rest := line[prefix:]
		after, ok := bytes.CutPrefix(rest, []byte("[rank"))
		if !ok {
			if after, ok = bytes.CutPrefix(rest, []byte("[default")); !ok {
				break
			}
		}
		end := bytes.Index(after[:min(len(after), 8)], []byte("]:"))
		if end < 1 {
			break
		}
		n, err := strconv.Atoi(string(after[:end]))
		if err != nil || n < 0 {
			break
		}
		rank, prefix = n, prefix+len(rest)-len(after)+end+2
	}
	return rank, prefix
}

// lineStyle gives the style of a line's text behind its ranks: what fails stands out
// from the many words of warning that torch and torchrun have.
func lineStyle(th *frame.Theme, text string, stderr bool) cell.Style {
	switch {
	case len(text) > 5 && strings.IndexByte("IWEF", text[0]) >= 0 && digits(text[1:4]):
		if text[0] == 'E' || text[0] == 'F' {
			return th.Bad
		}
		return th.Dim
	case !stderr:
		return ""
	case strings.Trim(text, "-=* ") == "":
		return th.Faint
	case strings.HasPrefix(text, "Traceback") || strings.Contains(text, "Error: ") || strings.HasSuffix(text, " FAILED"):
		return th.Bad
	}
	return th.Warn
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// rankLines are the lines of one rank, as far as the log was looked through.
type rankLines struct {
	on    bool
	rank  int
	run   int
	lines []store.Line
	from  int64 // the stream's lines from … up to to were looked through
	to    int64
	busy  bool
	err   error
}

// rankMsg is a part of the log that was looked through.
type rankMsg struct {
	a         *attempt
	run, rank int
	from, to  int64
	lines     []store.Line
	err       error
}

// startRank asks which rank's lines are to be shown.
func (a *attempt) startRank() tea.Cmd {
	l := &a.log
	now := ""
	if l.only.on {
		now = fmt.Sprint(l.only.rank)
	}
	in := frame.NewInput("rank", now, 6)
	in.Keep, in.Drop = "show its lines alone", "all ranks"
	in.Done = func(keep bool) tea.Cmd {
		rank, err := strconv.Atoi(strings.TrimSpace(in.Text()))
		l.only = rankLines{}
		switch {
		case !keep || in.Text() == "":
			return nil
		case err != nil || rank < 0:
			return a.m.frame.Say("a rank is a number from 0 on, as in [rank5]:", true)
		}
		l.only.on, l.only.rank = true, rank
		l.follow, l.left = true, 0
		return nil
	}
	a.Input = in
	return nil
}

// shown gives those lines that have come by the position, and the first that shows.
func (f *rankLines) shown(l *logPane, last int64) (lines []store.Line, top int) {
	lines = f.lines[:sort.Search(len(f.lines), func(i int) bool { return f.lines[i].Index >= last })]
	top = len(lines) - l.h
	if !l.follow {
		top = min(top, sort.Search(len(lines), func(i int) bool { return lines[i].Index >= l.top }))
	}
	return lines, max(top, 0)
}

// prepare looks through more of the log: what is new, else what comes before.
func (f *rankLines) prepare(a *attempt, l *logPane) tea.Cmd {
	first, last := l.bounds(a)
	if f.run != l.run {
		*f = rankLines{on: true, rank: f.rank, run: l.run, from: last, to: last}
	}
	if f.busy || f.err != nil {
		return nil
	}
	from, to := f.to, min(f.to+searchPage, last)
	if to <= from {
		_, top := f.shown(l, last)
		if f.from <= first || top >= l.h && (l.follow || l.top >= f.from) {
			return nil
		}
		from, to = max(f.from-searchPage, first), f.from
	}
	f.busy = true
	p, ctx, run, rank := a.player, a.ctx, f.run, f.rank
	return func() tea.Msg {
		lines, err := p.Lines(ctx, from, to)
		own := lines[:0]
		for _, line := range lines {
			if n, _ := rankOf(line.Data); n == rank && line.Run == run {
				own = append(own, line)
			}
		}
		return rankMsg{a, run, rank, from, to, own, err}
	}
}

func (f *rankLines) take(msg rankMsg) {
	if !f.on || msg.run != f.run || msg.rank != f.rank {
		return
	}
	f.busy, f.err = false, msg.err
	switch {
	case msg.err != nil:
	case msg.from == f.to:
		f.lines, f.to = append(f.lines, msg.lines...), msg.to
	case msg.to == f.from:
		f.lines, f.from = append(msg.lines, f.lines...), msg.from
	}
}

// scroll goes n lines of the rank on.
func (f *rankLines) scroll(a *attempt, l *logPane, n int64) {
	_, last := l.bounds(a)
	lines, top := f.shown(l, last)
	if len(lines) == 0 {
		return
	}
	end := max(len(lines)-l.h, 0)
	to := max(min(int64(top)+n, int64(end)), 0)
	l.follow = n > 0 && int(to) == end
	l.top = lines[to].Index
}

// rows gives the rank's lines.
func (f *rankLines) rows(a *attempt, l *logPane, w, h int, match func([]byte) int) []string {
	th := a.m.frame.Theme
	first, last := l.bounds(a)
	lines, top := f.shown(l, last)
	var rows []string
	for i := top; i < len(lines) && len(rows) < h; i++ {
		rows = append(rows, a.logRow(lines[i], w, match(lines[i].Data) >= 0))
	}
	if len(rows) == 0 {
		text := fmt.Sprintf("Rank %d has printed nothing of its own.", f.rank)
		switch {
		case f.err != nil:
			text = "The log cannot be read: " + f.err.Error()
		case f.from > first || f.to < last:
			text = "looking through the log …"
		}
		rows = append(rows, cell.New(w).Gap(2).Put(th.Dim, text).String())
	}
	return rows
}
