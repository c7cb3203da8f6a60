package ui

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/internal/clean"
	"pitwall/internal/tokencount"
	"pitwall/store"
	"pitwall/ui/frame"
)

// cost is what the chosen runs take on GPUs, in words.
type cost struct {
	m      *Model
	sheet  *sheet
	key    string // of the choices that it was asked for last
	number int    // of that request
	busy   bool
	text   string
	err    string // why it is not known
}

type costMsg struct {
	number int
	text   string
	err    error
}

// ask asks what the runs take, once more when the choices have changed that it
// depends on. Only the newest answer is taken.
func (c *cost) ask() tea.Cmd {
	ask := c.m.o.Cost
	if c.sheet.track.GPUs == 0 || ask == nil {
		return nil
	}
	spec := c.sheet.final()
	key := fmt.Sprint(spec.Task, " ", spec.Scripts, " ", spec.Nodes, " ", spec.Calibrate, " ", spec.Confirm)
	if key == c.key {
		return nil
	}
	c.key, c.busy = key, true
	c.number++
	number := c.number
	return func() tea.Msg {
		text, err := ask(spec)
		return costMsg{number, text, err}
	}
}

func (c *cost) take(msg costMsg) {
	if msg.number != c.number {
		return
	}
	c.busy, c.text, c.err = false, clean.Line(msg.text), ""
	if msg.err != nil {
		c.text, c.err = "", oneLine(msg.err)
	}
}

// words says what the runs take, or why that is not known.
func (c *cost) words() string {
	switch {
	case c.busy:
		return "what it takes is being worked out…"
	case c.err != "":
		return "what it takes is not known: " + c.err
	}
	return c.text
}

// question asks whether the runs are worth what they take.
func (s *setup) question() string {
	text := fmt.Sprintf("Start %s on %d GPUs?", s.sheet.task.ID(), s.sheet.track.GPUs)
	if s.m.o.Cost != nil {
		text += " " + strings.ToUpper(s.cost.words()[:1]) + s.cost.words()[1:] + "."
	}
	return text
}

// answer takes the key that answers the question. Nothing starts before the cost shows.
func (s *setup) answer(k tea.KeyPressMsg) tea.Cmd {
	switch k.Keystroke() {
	case "y", "Y":
		if s.m.o.Cost == nil || !s.cost.busy {
			return s.start()
		}
	case "n", "N", "esc", "q":
		s.asking = false
	case "ctrl+c":
		return tea.Quit
	}
	return nil
}

// sourceRows say where scripts and hints come from, where there is a choice.
func (f *form) sourceRows() (rows []setupRow) {
	home := f.sheet.choice
	if all := f.sheet.task.Sources(); len(all) > 1 {
		rows = append(rows, setupRow{
			key: "scripts", name: "scripts", value: scriptsWord(f.sheet.task.From.Source()), about: "as in the paper, or as published",
			more: "The benchmark's templates, which are the paper's ground, or the records' own scripts as they were published. Both records come from the same.",
			turn: func(dir int) tea.Cmd {
				home.scripts = around(all, f.sheet.task.From.Source(), dir)
				f.sheet.resource()
				return nil
			},
		})
	}
	if all := f.sheet.task.HintSources(); len(all) > 1 {
		rows = append(rows, setupRow{
			key: "hints", name: "hints by", value: hintsWord(f.sheet.task.HintSource()), about: "who wrote the hint",
			more: "Pitwall's own hints, or those of the paper as they were imported. A text of your own can be given on the command line: --hints FILE.",
			turn: func(dir int) tea.Cmd {
				home.hints = around(all, f.sheet.task.HintSource(), dir)
				f.sheet.resource()
				return nil
			},
		})
	}
	return rows
}

func has(docs []store.Document, title string) bool {
	return slices.ContainsFunc(docs, func(d store.Document) bool { return d.Title == title })
}

// titles names documents.
func titles(docs []store.Document) (names []string) {
	for _, d := range docs {
		names = append(names, d.Title)
	}
	return names
}

// documentRows let each document be given, or left out.
func (f *form) documentRows() (rows []setupRow) {
	all := f.sheet.documents()
	for i, d := range all {
		on := has(f.sheet.spec.Documents, d.Title)
		name := clean.Line(d.Title)
		r := setupRow{
			key: "document " + d.Title, name: frame.CutLeft(name, nameWidth-1), value: onOff(on), quiet: !on,
			about: fmt.Sprintf("a document, about %s tokens", frame.Tokens(int64(tokencount.Estimate(len(d.Text))))),
			more:  name + ": a document that it is given beside the hint.",
			turn: func(int) tea.Cmd {
				var keep []store.Document
				for k, d := range all {
					if k == i != has(f.sheet.spec.Documents, d.Title) {
						keep = append(keep, d)
					}
				}
				f.sheet.spec.Documents = keep
				return nil
			},
		}
		rows = append(rows, r)
	}
	return rows
}

// hereRows say what of the task's needs is on this machine. They stand in nobody's
// way: a start says itself what it lacks.
func (f *form) hereRows() (rows []setupRow) {
	if f.sheet.track.GPUs == 0 || f.m.o.Environment == nil {
		return nil
	}
	found, known := f.m.needs.here[f.sheet.task.ID()]
	if !known || found.err != "" {
		r := setupRow{key: "needs", name: "needs", value: "looking…", quiet: true}
		if known {
			r.value, r.quiet, r.bad, r.more = "not known", false, true, found.err
		}
		rows = append(rows, r)
	}
	for _, c := range found.checks {
		sign, _ := checkSign(f.m.frame.Theme, c)
		r := setupRow{key: "need " + c.Name, name: clean.Line(c.Name), value: sign + " " + clean.Line(c.Found), bad: !c.OK, more: clean.Line(c.Found)}
		if c.Mend != "" {
			r.more += " → " + clean.Line(c.Mend)
		}
		rows = append(rows, r)
	}
	return grouped(groupHere, rows)
}

// gpuHoursRow bounds the GPU-hours of all runs.
func (f *form) gpuHoursRow() setupRow {
	v := &f.sheet.spec.Budget.GPUHours
	r := setupRow{
		key: "gpuhours", name: "GPU-hours", value: orNone(*v > 0, gpuHoursTyped(*v)), quiet: *v == 0, about: "of all runs, the records' too",
		more: "Time times GPUs of all runs, the records' own too. No run begins that would begin over it.",
		turn: func(dir int) tea.Cmd { *v = rung(gpuHourRungs[:], *v, dir); return nil },
		read: func(text string) (func(), error) {
			text = strings.TrimSuffix(squeezed(text), "h")
			if isNone(text) {
				return func() { *v = 0 }, nil
			}
			f, err := strconv.ParseFloat(text, 64)
			if err != nil || !(f > 0 && f <= mostHours) {
				return nil, errors.New("write hours as 40 or 2.5, or none")
			}
			return func() { *v = f }, nil
		},
	}
	if *v > 0 {
		r.text = r.value
	}
	return r
}

// gpuHoursTyped gives GPU-hours as they are typed.
func gpuHoursTyped(h float64) string { return strconv.FormatFloat(h, 'f', -1, 64) }
