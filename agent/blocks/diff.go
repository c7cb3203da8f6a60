package blocks

import (
	"fmt"
	"strings"
)

// diff is a fence that holds a unified diff.
type diff struct {
	before string // lines that name a file and open the fence
	name   string // the file where no header names one
	raw    []byte // what stands before the first hunk
	seen   bool   // there was a hunk
	path   string // as the headers name it
	gone   bool   // the headers remove it
	minus  string // a held line that is a header if one with +++ follows

	open    bool
	from    int  // the hunk's first line in the old file, as it says
	count   int  // how many of the old file it says to have
	counted bool // it says both
	old     bool // it has some
	new     []byte
	blanks  []byte // empty lines that may be the hunk's end
}

// placeless is why a hunk that only inserts cannot be an edit.
const placeless = "the hunk has no line of the file in it, so its place is not known: write a few lines of context around what is new"

// mayBeDiff is false once no line that begins with prefix opens a diff.
func mayBeDiff(prefix string) bool {
	for _, head := range []string{"--- ", "diff --git ", "@@ -"} {
		if strings.HasPrefix(prefix, head) || strings.HasPrefix(head, prefix) {
			return true
		}
	}
	return false
}

// isDiffHead tells whether a line opens a diff in a fence that is not said to
// hold one.
func (p *Parser) isDiffHead(line string) bool {
	if name, ok := strings.CutPrefix(line, "--- "); ok {
		word, _, _ := strings.Cut(strings.TrimSpace(name), "\t")
		return p.isFile(word, false)
	}
	number, ok := strings.CutPrefix(line, "@@ -")
	return ok && number != "" && '0' <= number[0] && number[0] <= '9' || strings.HasPrefix(line, "diff --git ")
}

func (p *Parser) beginDiff() {
	p.diff = diff{before: p.pend + p.first, name: p.nameFor("")}
	p.dropPend()
	p.mode = diffing
}

func (p *Parser) takeDiff(raw string) {
	d := &p.diff
	if p.fence.closedBy(raw, 0) {
		p.endHunk()
		p.leaveDiff(raw)
		p.leaveFence()
		return
	}
	line := p.unfence(raw)
	if d.minus != "" && strings.HasPrefix(line, "+++ ") {
		minus := d.minus
		d.minus = ""
		p.endHunk()
		if d.path, d.gone = p.headerPath(line), false; d.path == "/dev/null" {
			d.path, d.gone = p.headerPath(minus), true
		}
		p.betweenHunks(minus)
		p.betweenHunks(line)
		return
	}
	p.flushMinus()
	switch {
	case strings.HasPrefix(line, "@@"):
		p.endHunk()
		p.beginHunk(line)
	case strings.HasPrefix(line, "--- "):
		d.minus = line
	case strings.HasPrefix(line, "diff --git "):
		p.endHunk()
		d.path, d.gone = "", false
		p.betweenHunks(line)
	default:
		p.diffText(line)
	}
}

// headerPath gives the file that a line with --- or +++ names.
func (p *Parser) headerPath(line string) string {
	name, _, _ := strings.Cut(strings.TrimSpace(line[len("+++ "):]), "\t")
	name = strings.Trim(name, "\"")
	if len(name) > 2 && (name[:2] == "a/" || name[:2] == "b/") && !p.knows(name) {
		name = name[2:]
	}
	return name
}

func (p *Parser) beginHunk(head string) {
	d := &p.diff
	if !d.seen {
		d.seen = true
		for line := range strings.Lines(string(d.raw)) {
			p.betweenHunks(line)
		}
		d.raw = nil
	}
	path := d.path
	if path == "" {
		path = d.name
	}
	p.begin(path)
	if d.gone {
		p.abort(path + " cannot be removed: change what uses it, and leave the file")
		p.mode = diffing
		return
	}
	p.mode = diffing
	d.open, d.old, d.new = true, false, nil
	d.from, d.count = 0, 0
	n, _ := fmt.Sscanf(head, "@@ -%d,%d", &d.from, &d.count) // what it lacks is not relied on
	d.counted = n == 2
}

func (p *Parser) flushMinus() {
	line := p.diff.minus
	p.diff.minus = ""
	if line != "" {
		p.diffText(line)
	}
}

func (p *Parser) diffText(line string) {
	if p.diff.open {
		p.hunkLine(line)
	} else {
		p.betweenHunks(line)
	}
}

// betweenHunks takes headers, and prose where a diff has no business with it.
func (p *Parser) betweenHunks(line string) {
	if !p.diff.seen {
		p.diff.raw = append(p.diff.raw, line...)
		return
	}
	if isBlank(line) {
		return
	}
	for _, head := range []string{
		"--- ", "+++ ", "diff ", "index ", "new file mode ", "deleted file mode ", "old mode ", "new mode ",
		"similarity index ", "rename ", "Index: ", "=====",
	} {
		if strings.HasPrefix(line, head) {
			return
		}
	}
	p.sayFenced(line)
}

// hunkLine takes a line of a hunk. Models forget the blank before context lines.
func (p *Parser) hunkLine(line string) {
	d := &p.diff
	if strings.Trim(line, "\r\n") == "" {
		d.blanks = append(d.blanks, line...)
		return
	}
	p.context(string(d.blanks))
	d.blanks = nil
	switch line[0] {
	case ' ':
		p.context(line[1:])
	case '-':
		d.old = true
		p.old(line[1:])
	case '+':
		d.new = append(d.new, line[1:]...)
	case '\\':
	default:
		p.context(line)
	}
}

func (p *Parser) context(text string) {
	if text != "" {
		p.diff.old = true
		p.old(text)
		p.diff.new = append(p.diff.new, text...)
	}
}

// endHunk closes a hunk. What takes the passage's place is passed on now, since
// the lines of both come mixed.
func (p *Parser) endHunk() {
	p.flushMinus()
	d := &p.diff
	if !d.open {
		return
	}
	d.open, d.blanks = false, nil
	added := string(d.new)
	text, stands := p.standing(p.block.path)
	why := ""
	switch {
	case d.old:
	case added == "":
		why = "the hunk is empty"
	case stands && text != "":
		old, new, ok := insertion(text, d.from, added)
		if !ok || !d.counted || d.count != 0 {
			why = placeless
			break
		}
		p.old(old)
		added = new
	case p.files == nil && d.from > 0:
		why = placeless
	}
	p.new(added)
	if why == "" {
		p.end()
	} else {
		p.abort(why)
	}
	p.mode = diffing
}

// insertion makes of lines that go in after a line of text, 0 for its head, a
// passage that stands there once and what takes its place.
func insertion(text string, after int, added string) (old, new string, ok bool) {
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	if after < 0 || after > len(lines) {
		return "", "", false
	}
	at := len(strings.Join(lines[:after], ""))
	start, end := 0, len(lines[0])
	if after > 0 {
		start, end = at-len(lines[after-1]), at
	}
	if at > 0 && text[at-1] != '\n' {
		added = "\n" + strings.TrimSuffix(added, "\n")
	}
	start, end = widen(text, start, end)
	return text[start:end], text[start:at] + added + text[at:end], true
}

// leaveDiff gives back what was held where no hunk came; line closes the fence.
func (p *Parser) leaveDiff(line string) {
	if !p.diff.seen {
		p.sayFenced(p.diff.before + string(p.diff.raw) + line)
	}
	p.diff = diff{}
}

// closeDiff closes a diff that the answer's end cuts off.
func (p *Parser) closeDiff(cut bool) {
	p.flushMinus()
	if !p.diff.open {
		p.leaveDiff("")
		return
	}
	p.new(string(p.diff.new))
	p.abort(unfinished(cut, "the fence around the diff is closed"))
}
