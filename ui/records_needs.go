package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/internal/clean"
	"pitwall/taskdata"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// checkSign gives how a check is marked.
func checkSign(th *frame.Theme, c EnvCheck) (string, cell.Style) {
	switch {
	case !c.OK:
		return "✗", th.Bad
	case c.Mend != "":
		return "!", th.Warn
	}
	return "✓", th.Good
}

// needsRows says what of a task's needs is here, in at most so many rows: each with
// its mend where all fit, else in a row together with the first trouble.
func (d *recordDetail) needsRows(w, most int, task string) []string {
	th := d.m.frame.Theme
	s, known := d.m.needs.here[task]
	head := func() *cell.Row { return cell.New(w).Gap(1).Put(th.Dim, "here").To(8) }
	switch {
	case most <= 0:
		return nil
	case !known:
		return []string{head().Put(th.Dim, "looking at GPUs, torch and data…").String()}
	case s.err != "":
		return noted(th, w, 8, most, "here", th.Warn, s.err)
	}
	if rows := checkRows(th, w, s.checks); len(rows) <= most {
		return rows
	}
	row := head()
	var first *EnvCheck
	for i, c := range s.checks {
		sign, st := checkSign(th, c)
		row.Put(st, sign+" ").Put("", clean.Line(c.Name)).Gap(1)
		if !c.OK && first == nil {
			first = &s.checks[i]
		}
	}
	rows := []string{row.String()}
	if first != nil && most > 1 {
		text := first.Found
		if first.Mend != "" {
			text += " → " + first.Mend
		}
		rows = append(rows, noted(th, w, 8, most-1, "", th.Warn, text)...)
	}
	return rows
}

// noted gives text in rows that begin at a column, with a name before the first.
func noted(th *frame.Theme, w, indent, most int, name string, st cell.Style, text string) []string {
	var rows []string
	lines := cell.Wrap(clean.Line(text), max(w-indent-1, 1))
	for i, l := range lines[:min(len(lines), max(most, 0))] {
		row := cell.New(w).Gap(1)
		if i == 0 {
			row.Put(th.Dim, name)
		}
		if i == most-1 && len(lines) > most {
			l = cell.Cut(l+" …", w-indent-1)
		}
		rows = append(rows, row.To(indent).Put(st, l).String())
	}
	return rows
}

// checkRows lists checks, each with what was found and its mend.
func checkRows(th *frame.Theme, w int, checks []EnvCheck) []string {
	var rows []string
	const indent = 20
	for i, c := range checks {
		sign, st := checkSign(th, c)
		name := ""
		if i == 0 {
			name = "here"
		}
		for k, l := range cell.Wrap(clean.Line(c.Found), max(w-indent-1, 1)) {
			row := cell.New(w).Gap(1).Put(th.Dim, name).To(8)
			if k == 0 {
				row.Put(st, sign+" ").Put("", clean.Line(c.Name))
			}
			rows = append(rows, row.To(indent).Put(th.Dim, l).String())
			name = ""
		}
		if c.Mend != "" {
			for k, l := range cell.Wrap(clean.Line(c.Mend), max(w-indent-3, 1)) {
				row := cell.New(w).Gap(indent)
				if k == 0 {
					row.Put(th.Accent, "→")
				}
				rows = append(rows, row.To(indent+2).Put("", l).String())
			}
		}
	}
	return rows
}

// Sources of scripts and hints in a word or two.
func scriptsWord(source string) string {
	switch source {
	case taskdata.LLMSpeedrunner:
		return "template"
	case taskdata.ModdedNanoGPT:
		return "record's own"
	}
	return clean.Line(source)
}

// hintsBy says whose a task's hints are, where that can be chosen.
func hintsBy(t *taskdata.Task) string {
	if len(t.HintSources()) < 2 {
		return ""
	}
	return ", hints of " + hintsWord(t.HintSource())
}

func hintsWord(source string) string {
	if source == taskdata.HintsPaper {
		return "the paper"
	}
	return clean.Line(source)
}

// sourceActions are the keys that choose among sources, where there is a choice.
func (r *records) sourceActions(t *taskdata.Task, add addAction) {
	if all := t.Sources(); len(all) > 1 {
		add("t", "t", "scripts", "the scripts: the benchmark's template, or the record's own", func() tea.Cmd {
			r.choice.scripts = around(all, t.From.Source(), 1)
			return nil
		})
	}
	if all := t.HintSources(); len(all) > 1 && len(t.Hints) > 1 {
		add("b", "b", "hints by", "whose hints: pitwall's own, or the paper's", func() tea.Cmd {
			r.choice.hints = around(all, t.HintSource(), 1)
			return nil
		})
	}
}

// sourceRow says where scripts and hints come from, nil where nothing was imported.
func (d *recordDetail) sourceRow(w int, t *taskdata.Task) []string {
	th := d.m.frame.Theme
	scripts, hints := t.Sources(), t.HintSources()
	if len(scripts) == 0 {
		return nil
	}
	put := func(row *cell.Row, all []string, chosen string, word func(string) string) {
		for _, name := range all {
			switch {
			case len(all) == 1:
				row.Put("", word(name)).Gap(2)
			case name == chosen:
				row.Put(th.Accent+th.Bold, "["+word(name)+"]")
			default:
				row.Gap(1).Put(th.Dim, word(name)).Gap(1)
			}
		}
	}
	scriptsAs, hintsAs := scriptsWord, hintsWord
	if w < 56 {
		scriptsAs = func(s string) string { return strings.TrimPrefix(scriptsWord(s), "record's ") }
		hintsAs = func(s string) string { return strings.TrimPrefix(hintsWord(s), "the ") }
	}
	row := cell.New(w).Gap(1).Put(th.Dim, "from").To(8)
	put(row, scripts, t.From.Source(), scriptsAs)
	if len(hints) > 1 && len(t.Hints) > 1 {
		row.Put(th.Dim, "by").Gap(1)
		put(row, hints, t.HintSource(), hintsAs)
	}
	return []string{row.String()}
}

// needsReader shows what a task needs here on the whole screen.
func needsReader(m *Model, task string) *reader {
	return &reader{
		m: m, name: "what " + task + " needs here", label: "What its runs need on this machine, and what of it is there.",
		made: func(w int) []string {
			s := m.needs.here[task]
			if s.err != "" {
				return noted(m.frame.Theme, w, 1, 20, "", m.frame.Theme.Warn, s.err)
			}
			return slices.Concat([]string{cell.New(w).String()}, checkRows(m.frame.Theme, w, s.checks))
		},
	}
}

// taskName names a task for people: "nanogpt/4 → 5", "nanogpt/89 open".
func taskName(t *taskdata.Task) string {
	if t.Open() {
		return t.ID() + " open"
	}
	return fmt.Sprintf("%s → %d", t.ID(), t.To.Number)
}
