package campaign

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"pitwall/internal/tokencount"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// Table gives a row a cell under a row of headings.
func (r Report) Table() [][]string {
	rows := [][]string{{"TASK", "KIND", "HINT", "AGENT", "SEED", "ATTEMPT", "STATUS", "NODES", "BEST", "FSR", "TOKENS", "COST", "WHY"}}
	for _, row := range r.Rows {
		c := entryOf(row)
		rows = append(rows, []string{c.task, c.kind, c.hint, c.agent, c.seed, c.attempt, c.status, c.nodes, c.best, c.fsr + c.interval, c.tokens, c.cost, row.Why})
	}
	return rows
}

// Bounds gives a row a cell with what it can use at most, under a row of headings.
func (r Report) Bounds() [][]string {
	rows := [][]string{{"TASK", "KIND", "HINT", "AGENT", "SEED", "STATUS", "NODES", "COST AT MOST", "TOKENS AT MOST", "SEARCH AT MOST"}}
	for _, row := range r.Rows {
		c, m := entryOf(row), row.AtMost()
		cost, tokens, wall := "not bounded", "not bounded", "not bounded"
		if m.Cost >= 0 {
			cost = fmt.Sprintf("$%.2f", m.Cost)
		}
		if m.Tokens >= 0 {
			tokens = tokencount.Short(int64(m.Tokens))
		}
		if m.Seconds >= 0 {
			wall = words(seconds(m.Seconds))
		}
		rows = append(rows, []string{c.task, c.kind, c.hint, c.agent, c.seed, string(row.Status()), fmt.Sprint(row.Agent.Spec.Nodes), cost, tokens, wall})
	}
	return rows
}

// entry is the texts of a row.
type entry struct {
	task, kind, hint, agent, seed, attempt, status, nodes, best, fsr, interval, tokens, cost string
}

func entryOf(row Row) entry {
	c := entry{
		task: row.Task.ID, kind: taskdata.Aside(row.Task.ID, row.Task.Benchmark), hint: row.Hint, agent: row.Agent.Label, seed: fmt.Sprint(row.Seed), attempt: "–", status: string(row.Status()),
		nodes: fmt.Sprintf("0/%d", row.Agent.Spec.Nodes), best: "–", fsr: "–", tokens: "–", cost: "–",
	}
	a := row.Attempt
	if a == nil {
		return c
	}
	c.attempt, c.nodes = fmt.Sprint(a.Number), fmt.Sprintf("%d/%d", a.NodesDone, a.Nodes)
	if a.Status == event.StatusRunning && a.Phase.Phase != "" {
		c.status = a.Phase.Phase
		if a.Phase.Node > 0 {
			c.status += fmt.Sprintf(" node %d", a.Phase.Node)
		}
	}
	if a.BestNode >= 0 && a.BestSeconds.Known() {
		c.best = fmt.Sprintf("%.2f s", float64(a.BestSeconds))
	}
	if a.FSR != nil {
		c.fsr = fmt.Sprintf("%.2f", *a.FSR)
		if !a.Confirmed && *a.FSR != 0 {
			c.fsr += " provisional"
		}
		if a.Interval != nil {
			c.interval = fmt.Sprintf(" [%.2f, %.2f]", a.Interval[0], a.Interval[1])
		}
	}
	if a.Tokens > 0 {
		c.tokens, c.cost = tokencount.Short(a.Tokens), "not known"
		if a.Cost.Known() {
			c.cost = fmt.Sprintf("$%.2f", float64(a.Cost))
		}
	}
	return c
}

// Line says in one line how far the campaign is, and what is left of its total.
func (r Report) Line() string {
	t, p := r.Totals(), r.Campaign.Plan.Total
	parts := []string{fmt.Sprintf("%d of %d cells done", t.Done, t.Cells)}
	for _, n := range []struct {
		n    int
		what string
	}{{t.Live, "in flight"}, {t.Failed, "failed"}, {t.Stopped, "stopped"}} {
		if n.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n.n, n.what))
		}
	}
	if t.Left > 0 && t.Done < t.Cells {
		parts = append(parts, "about "+words(t.Left)+" left")
	}
	of := func(text, bound string, bounded bool) string {
		if bounded {
			return text + " of " + bound
		}
		return text
	}
	if t.Tokens > 0 || p.Tokens > 0 {
		parts = append(parts, of(tokencount.Short(t.Tokens), tokencount.Short(p.Tokens), p.Tokens > 0)+" tokens")
	}
	if t.Cost > 0 || p.Cost > 0 || t.Unpriced > 0 {
		cost := of(fmt.Sprintf("$%.2f", t.Cost), fmt.Sprintf("$%.2f", p.Cost), p.Cost > 0)
		if t.Unpriced > 0 {
			cost += " and what is not known"
		}
		parts = append(parts, cost)
	}
	if p.WallMS > 0 {
		parts = append(parts, of(words(t.Active), words(seconds(float64(p.WallMS)/1000)), true))
	}
	return strings.Join(parts, " · ")
}

// Aside says which of a plan's figures are none of the benchmark's, and why; "" for none.
func Aside(p store.Plan) string {
	return taskdata.Asides(func(yield func(string, bool) bool) {
		for _, t := range p.Tasks {
			if !yield(t.ID, t.Benchmark) {
				return
			}
		}
	})
}

// Board draws the report for a terminal of w by h cells: lines that are narrower,
// one less than it is high at most. Clean makes a text safe to be shown.
func (r Report) Board(w, h int, clean func(string) string) []string {
	head := []string{r.Campaign.Name, r.Campaign.ID}
	if p := Aside(r.Campaign.Plan); p != "" {
		head = append(head, p)
	}
	lines := []string{clean(strings.Join(head, " · "))}
	tail := []string{clean(r.Line())}
	models := slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Agent.Spec.Model != "" || row.Agent.Spec.Judge != "" })
	table := [][]string{{"TASK", "HINT", "AGENT", "SEED", "STATUS", "NODES", "BEST", "FSR"}}
	if models {
		table[0] = append(table[0], "TOKENS", "COST")
	}
	table[0] = append(table[0], "WHY")
	room := max(h-1-len(lines)-len(tail)-1, 0)
	for _, row := range r.window(room) {
		c := entryOf(row)
		fsr := c.fsr
		if w >= 140 {
			fsr += c.interval
		}
		line := []string{c.task, c.hint, c.agent, c.seed, c.status, c.nodes, c.best, fsr}
		if models {
			line = append(line, c.tokens, c.cost)
		}
		table = append(table, append(line, row.Why))
	}
	widths := make([]int, len(table[0]))
	for _, line := range table {
		for i := range line {
			line[i] = clean(line[i])
			if table[0][i] == "AGENT" {
				line[i] = ansi.Truncate(line[i], 20, "…")
			}
			widths[i] = max(widths[i], ansi.StringWidth(line[i]))
		}
	}
	for _, line := range table {
		var b strings.Builder
		for i, text := range line {
			b.WriteString(text)
			b.WriteString(strings.Repeat(" ", widths[i]-ansi.StringWidth(text)+2))
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	lines = append(lines, tail...)
	for i := range lines {
		lines[i] = ansi.Truncate(lines[i], max(w-1, 0), "…")
	}
	return lines[:min(len(lines), max(h-1, 0))]
}

// window gives n of the rows: those in flight, and what lies around them.
func (r Report) window(n int) []Row {
	if len(r.Rows) <= n {
		return r.Rows
	}
	at := slices.IndexFunc(r.Rows, func(row Row) bool { return row.Attempt != nil && alive(*row.Attempt) })
	if at < 0 {
		at = slices.IndexFunc(r.Rows, func(row Row) bool { return row.Status() != event.StatusDone })
	}
	from := max(min(at-n/3, len(r.Rows)-n), 0)
	return r.Rows[from : from+n]
}

// Changes says what is another than it was, a line a cell. Of the first report it
// leaves out what was done before.
func Changes(before, now Report) []string {
	was := map[string]string{}
	for _, row := range before.Rows {
		was[row.Name] = stands(row)
	}
	var out []string
	for _, row := range now.Rows {
		begins := len(before.Rows) == 0 && row.Status() == event.StatusDone
		if is := stands(row); is != was[row.Name] && row.Status() != StatusMissing && !begins {
			out = append(out, row.Name+": "+is)
		}
	}
	return out
}

// stands says how a cell stands, without what changes all the time.
func stands(row Row) string {
	parts := []string{string(row.Status())}
	if a := row.Attempt; a != nil {
		c := entryOf(row)
		parts = append(parts, "attempt "+c.attempt)
		if a.NodesDone > 0 {
			parts = append(parts, "nodes "+c.nodes)
		}
		for _, f := range []struct{ what, text string }{{"best ", c.best}, {"FSR ", c.fsr}} {
			if f.text != "–" {
				parts = append(parts, strings.TrimSpace(f.what+f.text+" "+c.kind))
			}
		}
	}
	if row.Why != "" {
		parts = append(parts, row.Why)
	}
	return strings.Join(parts, " · ")
}
