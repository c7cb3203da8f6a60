// Package markdown draws the Markdown that hints, documents and models' reasons
// are written in: headings, paragraphs, lists, quotes, code, tables and rules;
// within a line code, emphasis, links and images. TeX stays as it is written, and
// so does what is no Markdown of this kind, such as HTML: a person reads here what
// an agent is told, so no word is ever left out.
//
// A document goes one way: its lines become blocks (block.go), whose text becomes
// fragments in styles (inline.go), which are laid out in rows (wrap.go, table.go).
// Each of these takes time in proportion to the text, whatever it holds.
package markdown

import (
	"strings"

	"pitwall/internal/clean"
	"pitwall/ui/cell"
	"pitwall/ui/code"
)

// Theme is the styles of a document's parts.
type Theme struct {
	Heading, Subheading cell.Style // of levels 1 and 2, and of those below
	Strong, Emphasis    cell.Style
	Code                cell.Style // within a line
	Link, Address       cell.Style // a link's words, and where it leads
	Sign                cell.Style // bullets, numbers, rules, and the bar beside a quote
	Script              code.Theme // of code between fences
}

// Rows draws a document as rows of exactly w cells. Lines that are too long are
// wrapped, those of code and tables too. What a terminal would obey is made
// harmless. Below one cell there are no rows.
func Rows(text string, w int, th Theme) []string {
	if w < 1 {
		return nil
	}
	d := &document{w: w, th: th}
	d.blocks(clean.Lines(text), 0)
	for n := len(d.rows); n > 0 && strings.TrimSpace(d.rows[n-1]) == ""; n = len(d.rows) {
		d.rows = d.rows[:n-1]
	}
	return d.rows
}

// document is the picture under construction.
type document struct {
	w     int
	th    Theme
	rows  []string
	leads []lead
	blank bool // the source has empty lines before what comes next
}

// lead is what stands left of the rows of a block, one for each list and quote
// around it.
type lead struct {
	first, rest string // of the first row and of all others, of one width
	begun       bool
}

// push indents what follows. Signs that would find no room beside it get a row of
// their own.
func (d *document) push(first, rest string) {
	d.space()
	waiting := clean.Width(first)
	for _, l := range d.leads {
		if !l.begun {
			waiting += clean.Width(l.first)
		}
	}
	if waiting > d.w/2 && len(d.leads) > 0 && !d.leads[len(d.leads)-1].begun {
		d.put(nil)
	}
	d.leads = append(d.leads, lead{first: first, rest: rest})
}

// pop ends the innermost indentation. A list's sign shows even if nothing follows it.
func (d *document) pop() {
	if l := d.leads[len(d.leads)-1]; !l.begun && strings.TrimSpace(l.first) != "" {
		d.put(nil)
	}
	d.leads = d.leads[:len(d.leads)-1]
}

// shown returns from which on the leads are drawn, and their cells: from the
// innermost outwards as many as leave half of the width to the text.
func (d *document) shown() (from, cells int) {
	from = len(d.leads)
	for i := len(d.leads) - 1; i >= 0; i-- {
		n := clean.Width(d.leads[i].first)
		if cells+n > d.w/2 {
			break
		}
		from, cells = i, cells+n
	}
	return from, cells
}

// room returns the cells that a block's text may take.
func (d *document) room() int {
	_, cells := d.shown()
	return d.w - cells
}

// put adds a row.
func (d *document) put(text []fragment) {
	d.space()
	row := d.lead(true)
	for _, f := range text {
		row.Put(f.style, f.text)
	}
	d.rows = append(d.rows, row.String())
}

// space adds an empty row between blocks where the source has one.
func (d *document) space() {
	if d.blank && len(d.rows) > 0 {
		d.rows = append(d.rows, d.lead(false).String())
	}
	d.blank = false
}

// lead begins a row with what stands left of it: the signs of lists where it has text.
func (d *document) lead(text bool) *cell.Row {
	row := cell.New(d.w)
	from, _ := d.shown()
	for i := from; i < len(d.leads); i++ {
		l := &d.leads[i]
		if text && !l.begun {
			row.Put(d.th.Sign, l.first)
			l.begun = true
			continue
		}
		if strings.TrimSpace(l.rest) == "" {
			row.Gap(len(l.rest))
			continue
		}
		row.Put(d.th.Sign, l.rest)
	}
	return row
}
