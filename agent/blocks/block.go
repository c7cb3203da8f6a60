package blocks

import "strings"

// block is the open edit, and what is known of it where it is a block.
type block struct {
	path   string
	indent string // what its SEARCH marker is indented by
	dedent dedent
	lead   []byte // blank lines at the head of the passage
	any    bool   // the passage has text
	held   string // a second divider, which is text if more follows
}

// dedent tells whether a block's lines are indented with its markers, which its
// first line that is not blank decides.
type dedent int

const (
	undecided dedent = iota
	indented
	flush
)

func (p *Parser) beginBlock(indent, own string) {
	name := p.nameFor(own)
	switch p.mode {
	case maybeWhole:
		p.sayFenced(string(p.body.held))
	case wholeFile:
		p.abort("a SEARCH marker stands inside what began as the whole of " + p.block.path +
			": write either the file alone in a fence, or blocks alone")
	case search, replace:
		p.flushHeld()
		p.abort("a new SEARCH marker stands before this block's >>>>>>> REPLACE line: write the block again, whole")
	case diffing:
		p.endHunk()
		p.leaveDiff("")
	}
	p.begin(name)
	p.block.indent = indent
	p.mode = search
}

func (p *Parser) takeBlock(line string) {
	m, indent, own := markOf(line)
	// What is indented further than the SEARCH marker is text, as a heading's
	// underline in a docstring.
	aligned := strings.HasPrefix(p.block.indent, indent)
	switch {
	case p.mode == search && m == divider && aligned:
		if _, stands := p.standing(p.block.path); !p.block.any && p.files != nil && !stands {
			p.block.lead = nil // blank lines are not looked for in a file that does not exist
		}
		p.flushHeld()
		p.mode = replace
	case p.mode == search && m == endMark:
		p.flushHeld()
		p.abort("the block has no ======= line between the passage to replace and what takes its place: write the block again, whole")
	case p.mode == replace && m == divider && aligned:
		p.flushHeld()
		p.block.held = line
	case p.mode == replace && (m == endMark || m == bareEnd && aligned):
		p.end()
		if strings.Contains(own, "```") {
			p.fenced = false
		}
	default:
		p.text(line, true)
	}
}

func (p *Parser) blockText(s string, first bool) {
	b := &p.block
	blank := first && isBlank(s)
	if p.mode == search && blank && !b.any {
		b.lead = append(b.lead, s...)
		return
	}
	if first && !blank && b.dedent == undecided {
		b.dedent = flush
		if strings.HasPrefix(s, b.indent) {
			b.dedent = indented
		}
	}
	p.flushHeld()
	if first {
		s = b.cut(s)
	}
	if p.mode == search {
		b.any = true
		p.old(s)
	} else {
		p.new(s)
	}
}

// flushHeld passes on what was held back of an open block.
func (p *Parser) flushHeld() {
	b := &p.block
	for line := range strings.Lines(string(b.lead)) {
		p.old(b.cut(line))
	}
	if b.held != "" {
		p.new(b.cut(b.held))
	}
	b.lead, b.held = nil, ""
}

// cut takes from a line what the block is indented by.
func (b *block) cut(line string) string {
	if b.dedent == flush {
		return line
	}
	return cutIndent(line, b.indent)
}
