package ui

import (
	"fmt"
	"slices"
	"strings"

	"pitwall/internal/clean"
	"pitwall/taskdata"
	"pitwall/taskdata/importer"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
	"pitwall/ui/widget"
)

// The repositories, for people who have no clone yet.
var repositories = [...]struct{ name, holds, url string }{
	{taskdata.ModdedNanoGPT, "the records: scripts, logs and times; nanogpt from 4 on, medium from 2 on", "https://github.com/KellerJordan/modded-nanogpt"},
	{taskdata.LLMSpeedrunner, "the benchmark: templates of nanogpt/1 to 21, the paper's hints, documents", "https://github.com/facebookresearch/llm-speedrunner"},
}

func (p *intake) Rows(w, h int) []string {
	rows := []string{p.m.frame.Header(w, "import", p.headInfo(w)), p.m.frame.Rule(w)}
	switch {
	case p.report != nil:
		rows = append(rows, p.reportRows(w, h-len(rows))...)
	case p.running:
		rows = append(rows, p.runningRows(w)...)
	default:
		rows = append(rows, p.askingRows(w, h-len(rows))...)
	}
	return cell.Fit(rows, w, h)
}

// headInfo names what was imported.
func (p *intake) headInfo(w int) *cell.Row {
	if p.report == nil || p.report.Source == "" {
		return nil
	}
	text := p.report.Source
	if c := p.report.Commit; len(c) > 12 {
		text += " at " + c[:12]
	}
	return cell.New(w).Put(p.m.frame.Theme.Dim, text).Gap(1)
}

// askingRows explains what can be imported, and shows how a path may go on.
func (p *intake) askingRows(w, h int) []string {
	th := p.m.frame.Theme
	airy := h >= 16
	var rows []string
	gap := func() {
		if airy {
			rows = append(rows, cell.New(w).String())
		}
	}
	text := func(st cell.Style, indent int, text string) {
		for _, l := range cell.Wrap(text, max(w-indent-2, 1)) {
			rows = append(rows, cell.New(w).Gap(indent).Put(st, l).String())
		}
	}
	if p.failed != "" {
		rows = append(rows, cell.New(w).String())
		for i, l := range cell.Wrap(p.failed, max(w-5, 1)) {
			sign := " "
			if i == 0 {
				sign = "✗"
			}
			rows = append(rows, cell.New(w).Gap(1).Put(th.Bad, sign).Gap(1).Put("", l).String())
		}
	}
	gap()
	text("", 1, "The scripts, logs and hints of the nanogpt tracks are taken from your own clone of one repository or both.")
	for _, r := range repositories {
		gap()
		indent := 18
		if indent+clean.Width(r.holds) <= w {
			rows = append(rows, cell.New(w).Gap(1).Put(th.Bold, r.name).To(indent).Put("", r.holds).String())
		} else {
			indent = 3
			rows = append(rows, cell.New(w).Gap(1).Put(th.Bold, r.name).String())
			text("", indent, r.holds)
		}
		rows = append(rows, cell.New(w).Gap(indent).Put(th.Accent, "git clone "+r.url).String())
	}
	gap()
	text(th.Dim, 1, "The clone is only read, through git: it may be bare, sparse or changed. What is taken stays in pitwall's own directory.")
	gap()
	if len(p.offers) == 0 {
		text(th.Dim, 1, "Type or paste the path of a clone below; tab completes it.")
		return rows
	}
	return append(rows, p.offerRows(w, h-len(rows))...)
}

// offerRows lists the directories that the path may go on with, a page of them where
// not all fit.
func (p *intake) offerRows(w, h int) (rows []string) {
	th, widest := p.m.frame.Theme, 0
	for _, name := range p.offers {
		widest = max(widest, clean.Width(name))
	}
	across := max((w-1)/(widest+3), 1)
	each := across * max(h, 1)
	if each < len(p.offers) {
		each = across * max(h-1, 1) // the last row says which page it is
	}
	p.pages.Set(len(p.offers), each)
	first, end := p.pages.Bounds()
	for i := first; i < end; i += across {
		row := cell.New(w).Gap(1)
		for k := i; k < min(i+across, end); k++ {
			row.To(1+(k-i)*(widest+3)).Put(th.Accent, p.offers[k])
		}
		rows = append(rows, row.String())
	}
	if p.pages.Several() {
		rows = append(rows, cell.New(w).Gap(1).Put(th.Dim, fmt.Sprintf("%d directories, page %s · tab turns it", len(p.offers), p.pages.Sign())).String())
	}
	return rows
}

// runningRows shows how far an import has come.
func (p *intake) runningRows(w int) []string {
	th, at := p.m.frame.Theme, p.progress
	line := func() *cell.Row { return cell.New(w).Gap(1) }
	what := "opening the clone"
	if at.What != "" {
		what = "reading " + clean.Line(at.What)
	}
	if p.stopping {
		what = "stopping"
	}
	rows := []string{line().String(), line().Put(th.Run, p.m.spin.Sign()+" ").Put("", what+"…").String(), line().Gap(2).Put(th.Dim, frame.CutLeft(clean.Line(p.path), max(w-5, 1))).String(), line().String()}
	if at.Total == 0 {
		return rows
	}
	width := max(min(w-24, 60), 8)
	row := line().Gap(2)
	widget.NewProgress(th.Bar).Draw(row, width, float64(at.Done)/float64(at.Total))
	return append(rows, row.Gap(2).Put(th.Dim, fmt.Sprintf("%d of %d", at.Done, at.Total)).String())
}

// reportRows sums an import up, and lists what became of each item.
func (p *intake) reportRows(w, h int) []string {
	th := p.m.frame.Theme
	var rows []string
	if p.failed != "" {
		for _, l := range cell.Wrap(p.failed, max(w-5, 1)) {
			rows = append(rows, cell.New(w).Gap(1).Put(th.Bad, "▌ ").Put("", l).String())
		}
	}
	rows = append(rows, p.summaryRow(w), cell.New(w).String())
	columns := importColumns(w)
	log := "log time"
	if p.report.Source == taskdata.LLMSpeedrunner {
		log = "authors'"
	}
	rows = append(rows, columns.head(th, w, log))
	if d := &p.drawn; d.number != p.number || d.w != w || d.th != th {
		d.number, d.w, d.th, d.rows = p.number, w, th, nil
		for _, item := range sorted(p.report.Items) {
			d.rows = append(d.rows, columns.rows(th, w, item)...)
		}
	}
	p.h = max(h-len(rows), 0)
	p.top = max(min(p.top, len(p.drawn.rows)-p.h), 0)
	return append(rows, p.drawn.rows[p.top:min(p.top+p.h, len(p.drawn.rows))]...)
}

// summaryRow says in a line what an import did.
func (p *intake) summaryRow(w int) string {
	th, c := p.m.frame.Theme, p.report.Counts()
	row := cell.New(w).Gap(1).Put(th.Good, "✓ ").Put(th.Bold, frame.Plural(c.Scripts, "script")).Put("", " here")
	for _, part := range []struct {
		n    int
		word string
		st   cell.Style
	}{{c.Damaged, "damaged", th.Bad}, {c.Taken, "new", ""}, {c.Changed, "changed", ""}, {c.Unchanged, "as before", th.Dim}, {c.Skipped, "not taken", th.Dim}} {
		if part.n > 0 {
			row.Put(th.Faint, " · ").Put(part.st, fmt.Sprintf("%d %s", part.n, part.word))
		}
	}
	return row.String()
}

// importLine is a line of the report: an item, or several texts that went alike.
type importLine struct {
	importer.Item
	texts int
}

// sorted gives what a person should see first: what is damaged, then what is
// missing, then what has changed. Folders that belong to no record come last.
func sorted(items []importer.Item) []importLine {
	var lines []importLine
	for _, item := range items {
		text := item.Kind == importer.KindHint || item.Kind == importer.KindDocument
		if n := len(lines); text && n > 0 && item.Why == "" {
			if last := &lines[n-1]; last.Kind == item.Kind && last.Track == item.Track && last.Number == item.Number && last.State == item.State && last.Why == "" {
				last.texts++
				continue
			}
		}
		lines = append(lines, importLine{Item: item, texts: 1})
	}
	rank := func(l importLine) int {
		if l.Kind == importer.KindFolder {
			return 9
		}
		return slices.Index([]importer.State{importer.Damaged, importer.Skipped, importer.Changed, importer.Taken, importer.Unchanged}, l.State)
	}
	slices.SortStableFunc(lines, func(a, b importLine) int { return rank(a) - rank(b) })
	return lines
}

// stateWords tells what became of an item.
func stateWords(s importer.State) string {
	switch s {
	case importer.Taken:
		return "new"
	case importer.Unchanged:
		return "as before"
	case importer.Skipped:
		return "not taken"
	}
	return string(s)
}

// importTable is where the columns of a report end, script and state where they
// begin; 0 for one that is left out.
type importTable struct{ name, state, script, points, runs, log, published, torch, hardware int }

func importColumns(w int) importTable {
	t := importTable{name: 22, state: 33, script: 41, log: 53}
	if w < 60 {
		return importTable{name: 20, state: 31, script: 38}
	}
	if w >= 76 {
		t.published = 65
		if w >= 80 {
			t.runs = 71
		}
	}
	if w >= 120 {
		t.points, t.torch = 79, 105
	}
	if w >= 160 {
		t.hardware = 118
	}
	return t
}

// head names the columns; log is what the times of the clone are.
func (t importTable) head(th *frame.Theme, w int, log string) string {
	row := cell.New(w).Gap(3).Put(th.Dim, "of").To(t.name+1).Put(th.Dim, "state").To(t.state).Put(th.Dim, "script")
	t.figures(row, th.Dim, log, "published", "runs", "points", "torch", "on")
	return row.String()
}

// figures adds the figures of a row, the numbers ending in their columns.
func (t importTable) figures(row *cell.Row, st cell.Style, log, published, runs, points, torch, hardware string) {
	for _, c := range []struct {
		end  int
		text string
	}{{t.log, log}, {t.published, published}, {t.runs, runs}, {t.points, points}} {
		if c.end > 0 && c.text != "" {
			row.To(c.end-clean.Width(c.text)).Put(st, c.text)
		}
	}
	for _, c := range []struct {
		end, before int
		text        string
	}{{t.torch, t.points, torch}, {t.hardware, t.torch, hardware}} {
		if c.end > 0 && c.text != "" {
			row.To(c.before+2).Put(st, cell.Cut(c.text, c.end-c.before-2))
		}
	}
}

// rows gives a line of the report, with why below it where that does not fit beside.
func (t importTable) rows(th *frame.Theme, w int, l importLine) []string {
	sign, st := "✓", th.Good
	switch l.State {
	case importer.Damaged:
		sign, st = "✗", th.Bad
	case importer.Skipped:
		sign, st = "·", th.Warn
	case importer.Unchanged:
		st = th.Dim
	}
	if l.Kind == importer.KindFolder {
		st = th.Dim
	}
	of := clean.Line(l.Name)
	if l.Number > 0 {
		of = fmt.Sprintf("%s/%d", l.Track, l.Number)
	}
	switch l.Kind {
	case importer.KindTemplate:
		of += " template"
	case importer.KindHint:
		of += " " + pluralOf(l.texts, "hint")
	case importer.KindDocument:
		of += " " + pluralOf(l.texts, "document")
	case importer.KindFolder, importer.KindWorkspace:
		of = frame.CutLeft(of, t.name-3)
	}
	row := cell.New(w).Gap(1).Put(st, sign).Gap(1).Put("", cell.Cut(of, t.name-3)).To(t.name+1).Put(st, stateWords(l.State))
	if l.Script {
		row.To(t.state).Put("", "yes")
	}
	why := clean.Line(l.Why)
	if !l.Script && l.Seconds == 0 && l.State == importer.Skipped && t.state+clean.Width(why)+1 <= w {
		return []string{row.To(t.state).Put(th.Dim, why).String()}
	}
	count := func(n int) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprint(n)
	}
	took := func(s float64) string {
		if s == 0 {
			return ""
		}
		return fmt.Sprintf("%.1f s", s)
	}
	t.figures(row, "", took(l.Seconds), took(l.PublishedSeconds), count(l.Runs), count(l.CurvePoints), clean.Line(l.Torch), hardwareWords(l.Hardware))
	if why == "" {
		return []string{row.String()}
	}
	if clean.Width(why)+3 <= row.Left() {
		return []string{row.Gap(2).Put(th.Dim, why).String()}
	}
	rows := []string{row.String()}
	for _, part := range cell.Wrap(why, max(w-6, 1)) {
		rows = append(rows, cell.New(w).Gap(5).Put(th.Dim, part).String())
	}
	return rows
}

// pluralOf names n things without their number where there is one alone.
func pluralOf(n int, one string) string {
	if n == 1 {
		return one
	}
	return frame.Plural(n, one)
}

// hardwareWords shortens what a log says of its GPUs: "8x H100".
func hardwareWords(text string) string {
	text = clean.Line(text)
	short := strings.ReplaceAll(text, "NVIDIA ", "")
	if count, rest, ok := strings.Cut(short, "x "); ok {
		if name, _, more := strings.Cut(rest, " "); more && strings.ContainsAny(name, "0123456789") {
			return count + "x " + name
		}
	}
	return short
}
