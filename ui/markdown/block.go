package markdown

import (
	"strings"

	"pitwall/ui/code"
)

// deepest is how many lists and quotes may lie within each other; what lies
// deeper is drawn as text.
const deepest = 8

// blocks draws lines, which are clean, in containers that are depth deep.
func (d *document) blocks(lines []string, depth int) {
	for i := 0; i < len(lines); {
		l := lines[i]
		switch {
		case empty(l):
			d.blank = true
			i++
		case fence(l) != "":
			i += d.fenced(lines[i:])
		case indent(l) >= 4:
			i += d.indented(lines[i:])
		case environment(l):
			i += d.environment(lines[i:])
		case heading(l) > 0:
			d.heading(heading(l), headed(l))
			i++
		case ruled(l):
			d.rule()
			i++
		case depth < deepest && quoted(l):
			i += d.quote(lines[i:], depth)
		case depth < deepest && marker(l) > 0 && marker(l) <= max(d.w/2, 2):
			i += d.item(lines[i:], depth)
		case i+1 < len(lines) && isTable(l, lines[i+1]):
			i += d.table(lines[i:])
		default:
			i += d.paragraph(lines[i:])
		}
	}
}

func empty(l string) bool { return strings.TrimSpace(l) == "" }

// indent returns the number of spaces before a line.
func indent(l string) int { return len(l) - len(strings.TrimLeft(l, " ")) }

// strip takes up to n spaces from before a line.
func strip(l string, n int) string { return l[min(indent(l), n):] }

// fence returns the marks that open a block of code, "" where there are none.
func fence(l string) string {
	t := strings.TrimLeft(l, " ")
	for _, c := range []string{"`", "~"} {
		rest := strings.TrimLeft(t, c)
		if n := len(t) - len(rest); n >= 3 && len(l)-len(t) < 4 && (c == "~" || !strings.Contains(rest, c)) {
			return t[:n]
		}
	}
	return ""
}

// closes reports whether a line closes the code that was opened with marks.
func closes(l, marks string) bool {
	t := strings.TrimSpace(l)
	return len(t) >= len(marks) && strings.Trim(t, marks[:1]) == "" && indent(l) < 4
}

func environment(l string) bool { return strings.HasPrefix(strings.TrimSpace(l), `\begin{`) }

// heading returns a heading's level, 0 where a line is none.
func heading(l string) int {
	t := strings.TrimSpace(l)
	n := len(t) - len(strings.TrimLeft(t, "#"))
	if n > 6 || n < len(t) && t[n] != ' ' {
		return 0
	}
	return n
}

// headed returns a heading's text.
func headed(l string) string {
	t := strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(l), "#"))
	if end := strings.TrimRight(t, "#"); strings.HasSuffix(end, " ") || end == "" {
		return strings.TrimSpace(end)
	}
	return t
}

// ruled reports whether a line is a rule: three or more of one sign.
func ruled(l string) bool {
	t := strings.ReplaceAll(l, " ", "")
	return len(t) >= 3 && strings.IndexByte("-*_", t[0]) >= 0 && strings.Trim(t, t[:1]) == ""
}

func quoted(l string) bool { return strings.HasPrefix(strings.TrimLeft(l, " "), ">") }

// marker returns how many bytes, indentation left out, the sign of a list's item
// takes with the spaces after it; 0 where a line begins none.
func marker(l string) int {
	t := strings.TrimLeft(l, " ")
	n := 0
	for n < len(t) && n < 9 && t[n] >= '0' && t[n] <= '9' {
		n++
	}
	signs := ".)"
	if n == 0 {
		signs = "-*+"
	}
	if n == len(t) || !strings.Contains(signs, t[n:n+1]) {
		return 0
	}
	n++
	if n == len(t) {
		return n + 1
	}
	if t[n] != ' ' {
		return 0
	}
	if k := indent(t[n:]); k <= 4 {
		return n + k
	}
	return n + 1 // what stands further in is code
}

// interrupts reports whether a line ends the paragraph before it.
func interrupts(l string) bool {
	t := strings.TrimLeft(l, " ")
	if empty(l) || fence(l) != "" || environment(l) || heading(l) > 0 || ruled(l) || quoted(l) {
		return true
	}
	n := marker(l)
	// A line of a paragraph may well begin with a year.
	return n > 0 && n < len(t) && (t[0] < '0' || t[0] > '9' || strings.HasPrefix(t, "1.") || strings.HasPrefix(t, "1)"))
}

func (d *document) fenced(lines []string) int {
	marks, in := fence(lines[0]), indent(lines[0])
	word, _, _ := strings.Cut(strings.TrimSpace(strings.TrimLeft(lines[0], " "+marks[:1])), " ")
	end := 1
	for end < len(lines) && !closes(lines[end], marks) {
		end++
	}
	body := make([]string, 0, end)
	for _, l := range lines[1:end] {
		body = append(body, strip(l, in))
	}
	d.code(code.ByWord(strings.Trim(word, "{}.")), word, body)
	return min(end+1, len(lines))
}

func (d *document) indented(lines []string) int {
	end := 0
	for i, l := range lines {
		if empty(l) {
			continue
		}
		if indent(l) < 4 {
			break
		}
		end = i + 1
	}
	body := make([]string, 0, end)
	for _, l := range lines[:end] {
		body = append(body, strip(l, 4))
	}
	d.code(code.None, "", body)
	return end
}

// environment draws a formula of TeX over several lines as it is written.
func (d *document) environment(lines []string) int {
	end := 0
	for end < len(lines) && !empty(lines[end]) {
		end++
		if strings.Contains(lines[end-1], `\end{`) {
			break
		}
	}
	d.code(code.None, "", lines[:end])
	return end
}

// code draws lines as they are. Where the language has no colours its name is said.
func (d *document) code(l code.Language, name string, lines []string) {
	for len(lines) > 0 && empty(lines[0]) {
		lines = lines[1:]
	}
	for len(lines) > 0 && empty(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	d.push("  ", "  ")
	d.leads[len(d.leads)-1].begun = true
	if l == code.None && name != "" {
		d.wrap([]fragment{{d.th.Sign, name}})
	}
	paint := code.Colour(l, strings.Join(lines, "\n"), d.th.Script)
	for _, l := range lines {
		var text []fragment
		at := 0
		for _, s := range paint[l] {
			text = append(text, fragment{s.Style, l[at : at+s.Bytes]})
			at += s.Bytes
		}
		d.wrapExact(append(text, fragment{"", l[at:]}), indent(l)+2)
	}
	d.pop()
}

func (d *document) heading(level int, text string) {
	st := d.th.Heading
	if level > 2 {
		st = d.th.Subheading
	}
	d.wrap(d.inline(text, st))
}

func (d *document) rule() {
	d.put([]fragment{{d.th.Sign, strings.Repeat("─", d.room())}})
}

func (d *document) quote(lines []string, depth int) int {
	var body []string
	end := 0
	for ; end < len(lines); end++ {
		l := lines[end]
		if !quoted(l) {
			if interrupts(l) || end > 0 && empty(body[end-1]) {
				break
			}
			body = append(body, l) // a paragraph goes on without the sign
			continue
		}
		l = strings.TrimLeft(l, " ")[1:]
		body = append(body, strip(l, 1))
	}
	d.push("│ ", "│ ")
	d.blocks(body, depth+1)
	d.pop()
	return end
}

// item draws an item of a list.
func (d *document) item(lines []string, depth int) int {
	own, n := indent(lines[0]), marker(lines[0])
	t := strings.TrimLeft(lines[0], " ")
	sign := strings.TrimSpace(t[:min(n, len(t))])
	if len(sign) == 1 {
		sign = "•"
	}
	body := []string{t[min(n, len(t)):]}
	open := fence(body[0])
	end := 1
	for ; end < len(lines); end++ {
		l := lines[end]
		in := indent(l)
		switch {
		case empty(l):
			if end+1 < len(lines) && !empty(lines[end+1]) && indent(lines[end+1]) < own+2 {
				in = -1 // the next line is none of this item
			}
		case in >= own+n || in >= own+2 && marker(l) > 0:
		case in >= own+2 && fence(l) != "": // less far in than it should be
		case open == "" && !empty(lines[end-1]) && !interrupts(l) && marker(l) == 0:
		default:
			in = -1
		}
		if in < 0 {
			break
		}
		l = strip(l, own+n)
		switch {
		case open == "":
			open = fence(l)
		case closes(l, open):
			open = ""
		}
		body = append(body, l)
	}
	if empty(body[0]) {
		body = body[1:]
	}
	d.push(sign+" ", strings.Repeat(" ", len([]rune(sign))+1))
	d.blocks(body, depth+1)
	d.pop()
	return end
}

// paragraph draws lines of text as one, and a heading that is underlined.
func (d *document) paragraph(lines []string) int {
	end, level := 1, 0
	for ; end < len(lines) && level == 0; end++ {
		l := lines[end]
		switch t := strings.TrimSpace(l); {
		case len(t) > 1 && strings.Trim(t, "=") == "":
			level = 1
		case len(t) > 1 && strings.Trim(t, "-") == "":
			level = 2
		}
		if level > 0 {
			break
		}
		if interrupts(l) || end+1 < len(lines) && isTable(l, lines[end+1]) {
			break
		}
	}
	if level > 0 {
		d.heading(level, strings.Join(lines[:end], "\n"))
		return end + 1
	}
	d.wrap(d.inline(strings.Join(lines[:end], "\n"), ""))
	return end
}
