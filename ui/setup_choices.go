package ui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// choices is the list of what is chosen: one row stands out, and is turned or typed.
type choices struct {
	m       *Model
	sheet   *sheet
	form    *form
	touched func() // a person has chosen something

	at    string       // key of the chosen row
	top   int          // first row that shows
	page  int          // rows that show
	input *frame.Input // what is typed in the chosen row, nil for nothing
	fresh bool         // the next key writes over what stands in the input
}

// settle goes to the row to start from, or to the first that stands in its way.
func (c *choices) settle() {
	c.at, c.top = rowStart, 0
	if p := c.problems(); len(p) > 0 {
		c.at = p[0].key
	}
}

// move goes n rows on; the last row, which starts, is followed by the first.
func (c *choices) move(n int) func() tea.Cmd {
	return func() tea.Cmd {
		all := c.all()
		at, count := c.index(all), len(all)+1
		if n == 1 || n == -1 {
			at = (at + n + count) % count
		} else {
			at = max(min(at+n, count-1), 0)
		}
		c.at = rowStart
		if at < len(all) {
			c.at = all[at].key
		}
		return nil
	}
}

// turn changes the value of a row, wherever one is.
func (c *choices) turn(key string, dir int) func() tea.Cmd {
	return func() tea.Cmd {
		for _, r := range c.all() {
			if r.key != key || r.turn == nil {
				continue
			}
			delete(c.sheet.wrong, key)
			cmd := r.turn(dir)
			if key != rowAgent {
				c.touched()
			}
			return cmd
		}
		return nil
	}
}

// openInput opens a line for a row's value: with text as its beginning, or with the
// value that is there, which the first key writes over.
func (c *choices) openInput(r setupRow, text string) tea.Cmd {
	c.fresh = text == ""
	if c.fresh {
		text = r.text
	}
	in := frame.NewInput(strings.TrimSpace(r.name), text, frame.UsualBytes)
	in.Done = func(keep bool) tea.Cmd {
		if keep {
			c.enter(r, in.Text())
		}
		return nil
	}
	c.input = in
	return nil
}

// enter takes what was typed. What cannot be stays in its row, marked.
func (c *choices) enter(r setupRow, text string) {
	set, err := r.read(text)
	if err != nil {
		c.sheet.wrong[r.key] = wrongText{text, err.Error()}
	} else {
		delete(c.sheet.wrong, r.key)
		set()
	}
	c.touched()
}

// rows draws the choices with foot under them; active says that they have the keys.
func (c *choices) rows(w, h int, foot []string, active bool) []string {
	all := c.all()
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
	c.page = max(room-1, 1)
	if airy {
		c.top = 0
	} else if at := c.index(all); at < len(all) {
		c.top = min(max(c.top, at-room+1), at)
	}
	c.top = max(min(c.top, len(all)-room), 0)
	var rows []string
	for i := c.top; i < len(all) && len(rows) < room; i++ {
		first := i == c.top || all[i].group != all[i-1].group
		if airy && first && i > 0 {
			rows = append(rows, cell.New(w).String())
		}
		edge := " "
		switch {
		case i == c.top && c.top > 0:
			edge = "↑"
		case len(rows) == room-1 && i < len(all)-1:
			edge = "↓"
		}
		rows = append(rows, c.row(all[i], first, active, edge, w))
	}
	return cell.Fit(append(cell.Fit(rows, w, room), foot...), w, h)
}

func (c *choices) row(r setupRow, first, active bool, edge string, w int) string {
	th, chosen := c.m.frame.Theme, r.key == c.at
	base := cell.Style("")
	if chosen {
		base = th.Selected
	}
	row := cell.On(w, base)
	gutter := 0
	if w >= setupGutter {
		gutter = gutterWidth
		if row.Gap(1); first {
			row.Put(th.Dim, r.group)
		}
	}
	row.To(gutter)
	switch {
	case chosen && active:
		row.Put(th.Accent, "›")
	default:
		row.Put(th.Dim, edge)
	}
	name := th.Dim
	if chosen {
		name = th.Bold
	}
	row.Gap(1).Put(name, r.name).To(gutter + 2 + nameWidth)
	c.putValue(row, r, chosen)
	if r.wrong != "" {
		return row.Gap(1).Put(th.Bad, "✗ ").Put(th.Bad, r.wrong).String()
	}
	if note := frame.FirstFit(row.Left()-2, r.note, r.short, ""); note != "" {
		row.Gap(1).Put(th.Dim, note)
	}
	about := gutter + 2 + nameWidth + valueWidth
	if w-about < aboutWidth {
		return row.String() // all or none: what the chosen row means stands below
	}
	if row.Used() >= about {
		row.Gap(2)
	}
	if row.To(about).Left() > aboutWidth || r.note == "" {
		row.Put(th.Dim, cell.Cut(r.about, row.Left()-1))
	}
	return row.String()
}

// putValue adds a row's value, or what is being typed in its place.
func (c *choices) putValue(row *cell.Row, r setupRow, chosen bool) {
	th := c.m.frame.Theme
	st := cell.Style("")
	switch {
	case r.wrong != "" || r.bad:
		st = th.Bad
	case chosen:
		st = th.Accent + th.Bold
	case r.quiet:
		st = th.Dim
	}
	if in := c.input; chosen && in != nil {
		in.Field.Draw(row.Gap(2), min(in.Field.Cells(), row.Left()-3), c.typedStyle(), th.Dim)
		return
	}
	value := r.value
	if r.key == rowModel || r.key == rowJudge {
		room := row.Left() - 5
		if r.wrong != "" {
			room /= 2
		}
		value = frame.ModelName(value, max(room, 8))
	}
	if chosen && r.turn != nil {
		row.Put(th.Accent, "‹ ").Put(st, value).Put(th.Accent, " ›")
		return
	}
	row.Gap(2).Put(st, value).Gap(2)
}

// all gives the rows as they stand.
func (c *choices) all() []setupRow { return c.form.rows(c.at, c.input) }

// problems gives the rows that stand in the way of a start.
func (c *choices) problems() []setupRow {
	return slices.DeleteFunc(c.all(), func(r setupRow) bool { return r.wrong == "" })
}

// index gives where the chosen row stands; all of them are counted for the last.
func (c *choices) index(all []setupRow) int {
	for i := range all {
		if all[i].key == c.at {
			return i
		}
	}
	return len(all)
}

// aboutChosen says what the chosen row means, or what is wrong with it, and in how
// many rows at most. failed is why the last start was refused.
func (c *choices) aboutChosen(failed string) (text string, st cell.Style, most int) {
	th, all := c.m.frame.Theme, c.all()
	i := c.index(all)
	if i == len(all) {
		return c.sheet.origin, th.Dim, 2
	}
	r := all[i]
	text = r.about
	switch {
	case r.wrong != "" && strings.HasSuffix(failed, r.wrong):
		return "", th.Dim, 2 // it is told below
	case r.wrong != "":
		return r.wrong, th.Bad, 4
	case r.more != "":
		text = r.more
	case r.key == rowScaffold && r.note != "":
		text = "N0/N/debug/depth " + r.note + ": " + text
	case r.key == rowModel && r.note != "":
		text = r.value + ": " + c.sheet.models.words(c.sheet.spec.Model)
	}
	return text, th.Dim, 2
}

// typedStyle is the look of what is being typed: marked where the next key writes
// over it.
func (c *choices) typedStyle() cell.Style {
	if c.fresh && c.input != nil {
		return c.m.frame.Theme.Selected
	}
	return ""
}
