package markdown

import "strings"

// between is the cells between the columns of a table.
const between = 2

// narrowest is the fewest cells of a column whose text is wrapped.
const narrowest = 6

// isTable reports whether two lines are the head of a table and the line under it.
func isTable(head, under string) bool {
	if !strings.Contains(head, "|") || !strings.Contains(under, "-") || strings.Trim(under, "|-: ") != "" {
		return false
	}
	return strings.Contains(under, "|") && len(cells(head)) == len(cells(under))
}

// cells splits a row of a table.
func cells(l string) []string {
	l = strings.TrimSpace(l)
	l = strings.TrimPrefix(l, "|")
	if strings.HasSuffix(l, "|") && !strings.HasSuffix(l, `\|`) {
		l = l[:len(l)-1]
	}
	var out []string
	from := 0
	for i := 0; i < len(l); i++ {
		switch l[i] {
		case '\\':
			i++
		case '|':
			out = append(out, cellText(l[from:i]))
			from = i + 1
		}
	}
	return append(out, cellText(l[from:]))
}

func cellText(s string) string {
	return strings.ReplaceAll(strings.TrimSpace(s), `\|`, "|")
}

type column struct {
	width int
	least int  // of the longest word
	right bool // its text stands at the right
}

func (d *document) table(lines []string) int {
	end := 2
	for end < len(lines) && strings.Contains(lines[end], "|") && !interrupts(lines[end]) {
		end++
	}
	under := cells(lines[1])
	columns := make([]column, len(under))
	for i, c := range under {
		columns[i].right = strings.HasSuffix(c, ":") && !strings.HasPrefix(c, ":")
	}
	var rows [][][]fragment
	for i, l := range lines[:end] {
		if i == 1 {
			continue
		}
		texts := cells(l)
		if n := len(columns); len(texts) > n { // more than there are columns: in the last
			texts = append(texts[:n-1], strings.Join(texts[n-1:], " | "))
		}
		row := make([][]fragment, len(texts))
		for k, t := range texts {
			row[k] = d.inline(t, "")
			columns[k].width = max(columns[k].width, wide(row[k]))
			columns[k].least = max(columns[k].least, longest(row[k]))
		}
		rows = append(rows, row)
	}
	if !fit(columns, d.room()) {
		d.stacked(rows)
		return end
	}
	for i, row := range rows {
		d.tableRow(row, columns, i == 0)
	}
	return end
}

// fit narrows the widest columns, though to no less than their longest word, until
// all find room beside each other, and reports whether they do.
func fit(columns []column, room int) bool {
	room -= (len(columns) - 1) * between
	sum := func(most int) int {
		n := 0
		for _, c := range columns {
			n += c.within(most)
		}
		return n
	}
	if sum(narrowest) > room {
		return false
	}
	most := narrowest
	for most < room && sum(most+1) <= room {
		most++
	}
	spare := room - sum(most)
	for i, c := range columns {
		columns[i].width = c.within(most)
		if columns[i].width < c.width && spare > 0 {
			columns[i].width++
			spare--
		}
	}
	return true
}

// within returns the column's width where most is asked for.
func (c column) within(most int) int { return max(min(c.width, most), c.least) }

func (d *document) tableRow(row [][]fragment, columns []column, head bool) {
	parts := make([][][]fragment, len(columns))
	high := 1
	for k := range row {
		text := row[k]
		if head {
			text = restyled(text, d.th.Strong)
		}
		parts[k] = wrapped(text, columns[k].width)
		high = max(high, len(parts[k]))
	}
	for i := range high {
		var line []fragment
		for k, c := range columns {
			var text []fragment
			if i < len(parts[k]) {
				text = parts[k][i]
			}
			pad := fragment{"", strings.Repeat(" ", max(c.width-wide(text), 0))}
			if c.right {
				line = append(append(line, pad), text...)
			} else {
				line = append(append(line, text...), pad)
			}
			if k < len(columns)-1 {
				line = append(line, fragment{"", strings.Repeat(" ", between)})
			}
		}
		d.put(line)
	}
	if head {
		var line []fragment
		for k, c := range columns {
			line = append(line, fragment{d.th.Sign, strings.Repeat("─", c.width)})
			if k < len(columns)-1 {
				line = append(line, fragment{"", strings.Repeat(" ", between)})
			}
		}
		d.put(line)
	}
}

// stacked draws a table whose columns find no room beside each other: each cell
// in a row of its own, behind the name of its column.
func (d *document) stacked(rows [][][]fragment) {
	for i, row := range rows {
		if i > 0 {
			d.blank = true
		}
		for k, text := range row {
			switch {
			case i == 0:
				text = restyled(text, d.th.Strong)
			case k < len(rows[0]):
				head := append(restyled(rows[0][k], d.th.Strong), fragment{"", " "})
				text = append(head, text...)
			}
			d.wrap(text)
		}
	}
}
