package ui

import (
	"fmt"
	"strings"

	"pitwall/internal/clean"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// column is a column of the history.
type column struct {
	name  string
	width int
	right bool
	least int // width of the screen from which on it shows
	text  func(l *history, s store.Summary) (string, cell.Style)
}

// kindFrom is the width of the screen from which on a column marks practice.
const kindFrom = 79

// Widths of the column of tasks.
const (
	taskLeast = 10
	taskMost  = 20
)

// historyColumns gives the columns for a screen of w cells and the attempts that it lists.
func historyColumns(w int, list []store.Summary) []column {
	widest, kinds, onGPUs := taskLeast, false, false
	for _, s := range list {
		widest = max(widest, min(clean.Width(s.Task), taskMost))
		kinds, onGPUs = kinds || !s.Benchmark, onGPUs || gpusOf(s.Task) > 0
	}
	all := []column{
		{"#", 4, true, 0, func(l *history, s store.Summary) (string, cell.Style) {
			return fmt.Sprint(s.Number), l.m.frame.Theme.Bold
		}},
		{"task", taskLeast, false, 0, func(_ *history, s store.Summary) (string, cell.Style) { return s.Task, "" }},
		{"hint", 5, false, 64, func(_ *history, s store.Summary) (string, cell.Style) { return frame.ShortHint(s.Hint), "" }},
		{"agent", 8, false, 0, func(_ *history, s store.Summary) (string, cell.Style) { return s.Agent, "" }},
		{"nodes", 5, true, 88, func(_ *history, s store.Summary) (string, cell.Style) {
			return fmt.Sprintf("%d/%d", s.NodesDone, s.Nodes), ""
		}},
		{"status", 12, false, 56, func(l *history, s store.Summary) (string, cell.Style) { return statusWords(s), l.statusStyle(s.Status) }},
		{"best", 8, true, 74, func(_ *history, s store.Summary) (string, cell.Style) {
			if !s.BestSeconds.Known() || s.BestNode < 0 {
				return "–", ""
			}
			return frame.Seconds(float64(s.BestSeconds)), ""
		}},
		{"FSR", 5, true, 0, func(l *history, s store.Summary) (string, cell.Style) {
			return score(s), l.m.frame.Theme.Bold
		}},
		{"95 % interval", 14, false, 118, func(l *history, s store.Summary) (string, cell.Style) {
			if s.Speedup != nil {
				return frame.Interval(s.SpeedupInterval), l.m.frame.Theme.Dim
			}
			return frame.Interval(s.Interval), l.m.frame.Theme.Dim
		}},
		{gpuColumn, 6, true, 126, func(_ *history, s store.Summary) (string, cell.Style) { return hours(s), "" }},
		{"kind", 8, false, kindFrom, func(l *history, s store.Summary) (string, cell.Style) {
			return taskdata.Aside(s.Task, s.Benchmark), l.m.frame.Theme.Warn
		}},
		{"when", 11, false, 102, func(l *history, s store.Summary) (string, cell.Style) {
			return frame.Ago(l.m.frame.Now(), s.Created), l.m.frame.Theme.Dim
		}},
		{"why, note", 60, false, 170, func(l *history, s store.Summary) (string, cell.Style) {
			return l.m.remark(s)
		}},
	}
	var cols []column
	if w >= 134 {
		all[3].width = 18
	}
	used := 3
	for _, c := range all {
		if w < c.least || c.name == "kind" && !kinds || c.name == gpuColumn && !onGPUs {
			continue
		}
		if c.name == "why, note" {
			c.width = 0
		}
		used += c.width + 2
		cols = append(cols, c)
	}
	grow := max(min(widest-taskLeast, w-used+1), 0) // the last column needs no gap
	for i := range cols {
		switch cols[i].name {
		case "task":
			cols[i].width += grow
		case "why, note":
			cols[i].width = max(w-used-grow+1, 0)
		}
	}
	return cols
}

// remark gives a person's note on an attempt, else why it stands as it does.
func (m *Model) remark(s store.Summary) (string, cell.Style) {
	if s.Note != "" {
		return strings.ReplaceAll(s.Note, "\n", " · "), ""
	}
	return s.Why, m.frame.Theme.Dim
}

// remarkWidth is the width of a column that shows the usual remark whole; where
// there is less, that of the chosen attempt stands below the list.
const remarkWidth = 72

// footRows gives what did not fit into the row of the chosen attempt.
func (l *history) footRows(s *store.Summary, cols []column, w, h int) []string {
	last := cols[len(cols)-1]
	if h < 14 || last.name == "why, note" && last.width >= remarkWidth {
		return nil
	}
	name := attemptName(*s)
	text, st := l.m.remark(*s)
	rows := []string{l.m.frame.Rule(w)}
	lines := cell.Wrap(clean.Line(text), max(w-len(name)-6, 1))
	for i := range 1 + min(remarkWidth/max(w-len(name)-6, 1), 1) { // always as many, so that the list stands still
		r := cell.New(w).Gap(3)
		if i == 0 && text != "" {
			r.Put(l.m.frame.Theme.Bold, name)
		}
		if i < len(lines) {
			r.To(5+len(name)).Put(st, lines[i])
		}
		rows = append(rows, r.String())
	}
	return rows
}

func (l *history) statusStyle(s event.Standing) cell.Style {
	th := l.m.frame.Theme
	switch {
	case s.Live():
		return th.Run
	case s == event.StatusDone:
		return th.Good
	case s == event.StatusFailed:
		return th.Bad
	}
	return th.Warn
}

// statusWords gives an attempt's status in a list, with the node it is at.
func statusWords(s store.Summary) string {
	if s.Status == event.StatusRunning && s.Phase.Phase == event.PhaseCompiling {
		return event.PhaseCompiling
	}
	if s.Status == event.StatusRunning && s.Phase.Node > 0 {
		return fmt.Sprintf("node %d of %d", s.Phase.Node, max(s.Nodes, s.Phase.Node))
	}
	if s.Status == event.StatusRunning && s.Phase.Phase != "" {
		return s.Phase.Phase
	}
	return string(s.Status)
}

func (l *history) row(s store.Summary, cols []column, w int, chosen bool) string {
	th := l.m.frame.Theme
	base := cell.Style("")
	if chosen {
		base = th.Selected
	}
	r := cell.On(w, base)
	if chosen {
		r.Put(th.Accent, "›")
	} else {
		r.Gap(1)
	}
	if s.Star {
		r.Put(th.Gold, "★")
	} else {
		r.Gap(1)
	}
	r.Gap(1)
	for _, c := range cols {
		text, st := c.text(l, s)
		r.Put(st, frame.Pad(clean.Head(text, c.width+1), c.width, c.right)).Gap(2)
	}
	return r.String()
}
