package blocks

import (
	"fmt"
	"strings"
)

// Parser parses an answer piece by piece. However the answer is cut into pieces,
// the texts that are passed on are the same once they are put together.
type Parser struct {
	script string
	files  map[string]string
	sink   Sink

	mode   mode
	whole  runes
	begun  bool
	closed bool

	line  []byte // of the current line, as long as it may be more than text
	loose bool   // the current line is text: its rest passes through
	plain bool   // the current line is text
	cur   []byte // the current line's beginning
	prev  string // the last line that is neither blank nor a fence nor a marker

	name   string // the file in force where none is named
	reason reason
	pend   string // lines that name a file or open a fence, held until what follows tells
	blanks int    // blank lines in pend
	about  naming // what pend names

	fence  fence
	fenced bool
	first  string // what is held of the fence's beginning
	inside naming // what that names

	block block
	body  body
	diff  diff
}

// mode is where in an answer a parser stands.
type mode int

const (
	outside    mode = iota // in free text, or between the blocks of a fence
	opening                // before the first line of a fence that tells what it holds
	sample                 // in a fence that holds no edit
	maybeWhole             // in an unnamed fence that may be the script
	wholeFile              // in a fence that is a file
	search                 // between <<<<<<< and =======
	replace                // between ======= and >>>>>>>
	diffing                // in a fence that holds a diff
)

// NewParser gives a parser that tells sink what it finds. Script is the file that
// is meant where an answer names none. Files are the texts that stand before the
// edits, by path; without them no unnamed fence is taken for a whole file, and
// hunks that only insert find no place.
func NewParser(script string, files map[string]string, sink Sink) *Parser {
	return &Parser{script: script, files: files, sink: sink}
}

// Write takes the next piece of the answer and passes on all that can be told.
func (p *Parser) Write(piece string) {
	if !p.closed {
		p.feed(p.whole.next(piece))
	}
}

// Close ends the answer; cut tells that its author had not finished.
func (p *Parser) Close(cut bool) {
	if p.closed {
		return
	}
	p.feed(p.whole.rest())
	p.closed = true
	if len(p.line) > 0 {
		line := string(p.line)
		if p.mode == replace && mayBeMark(line) && strings.HasPrefix(strings.TrimLeft(line, " \t"), ">>>>>") {
			p.end() // an end marker that was cut off marks the end as well
		} else {
			p.take(line)
		}
	} else if p.loose {
		p.endLine()
	}
	switch p.mode {
	case outside:
		p.flushPend()
	case opening:
		p.sayFenced(p.pend + p.first)
	case maybeWhole:
		p.sayFenced(string(p.body.held))
	case wholeFile:
		p.abort(unfinished(cut, fmt.Sprintf("the fence around %s is closed", p.block.path)))
	case search, replace:
		p.flushHeld()
		p.abort(unfinished(cut, "its >>>>>>> REPLACE line"))
	case diffing:
		p.closeDiff(cut)
	}
}

func unfinished(cut bool, before string) string {
	if cut {
		return "the answer was cut off inside this edit: write the edit again, whole, with less text around it"
	}
	return "the answer ended before " + before + ": write the edit again, whole"
}

// feed takes text that ends with a whole rune.
func (p *Parser) feed(s string) {
	if !p.begun && s != "" {
		p.begun = true
		if rest, ok := strings.CutPrefix(s, "\ufeff"); ok {
			p.sink.Prose("\ufeff")
			s = rest
		}
	}
	for s != "" {
		n := strings.IndexByte(s, '\n') + 1
		if n == 0 {
			n = len(s)
		}
		if p.loose {
			p.note(s[:n])
			p.text(s[:n], false)
			if s[n-1] == '\n' {
				p.endLine()
			}
			s = s[n:]
			continue
		}
		if p.mode != diffing {
			n = min(n, maxHeld+1-len(p.line))
		}
		p.line = append(p.line, s[:n]...)
		s = s[n:]
		switch {
		case p.line[len(p.line)-1] == '\n':
			line := string(p.line)
			p.line = p.line[:0]
			p.take(line)
		case p.mode != diffing && !p.mayMatter(p.line):
			line := string(p.line)
			p.line = p.line[:0]
			p.loose = true
			p.note(line)
			p.text(line, true)
		}
	}
}

// mayMatter is false once the line that begins so is text, whatever follows.
func (p *Parser) mayMatter(line []byte) bool {
	if len(line) > maxHeld {
		return false
	}
	prefix := string(line)
	if isBlank(prefix) || mayBeMark(prefix) {
		return true
	}
	switch p.mode {
	case search, replace:
		return false
	case outside:
		return mayBeFence(prefix) || p.mayBeName(prefix)
	case opening:
		return mayBeFence(prefix) || p.mayBeName(prefix) || mayBeDiff(p.unfence(prefix))
	}
	return mayBeFence(prefix)
}

// take takes a line as a whole; only the answer's last one may lack its end.
func (p *Parser) take(line string) {
	p.note(line)
	if m, indent, own := markOf(line); m == searchMark {
		p.beginBlock(indent, own)
	} else {
		p.takeIn(line)
	}
	p.endLine()
}

func (p *Parser) takeIn(line string) {
	switch p.mode {
	case outside:
		p.takeOutside(line)
	case opening:
		p.takeOpening(line)
	case sample:
		p.sayFenced(line)
		if p.fence.closedBy(line, closeSlack) {
			p.leaveFence()
		}
	case maybeWhole, wholeFile:
		p.takeBody(line)
	case search, replace:
		p.takeBlock(line)
	case diffing:
		p.takeDiff(line)
	}
}

// text takes a line, or a piece of one, that means nothing to the mode. First
// tells that the line begins with it; then it holds all of the line's indentation.
func (p *Parser) text(s string, first bool) {
	p.plain = true
	switch p.mode {
	case outside:
		p.flushPend()
		p.say(s)
	case opening:
		p.enter()
		p.text(s, first)
	case sample:
		p.sayFenced(s)
	case maybeWhole, wholeFile:
		p.bodyText(s, first)
	case search, replace:
		p.blockText(s, first)
	}
}

// note keeps the beginning of the current line.
func (p *Parser) note(s string) {
	p.cur = append(p.cur, s[:min(len(s), maxHeld-len(p.cur))]...)
}

func (p *Parser) endLine() {
	line, plain := string(p.cur), p.plain
	p.cur, p.loose, p.plain = p.cur[:0], false, false
	if plain {
		p.countBody(line)
	}
	_, isFence := fenceOf(line)
	if m, _, _ := markOf(line); m == noMark && !isFence && !isBlank(line) {
		p.prev = line
	}
}

func (p *Parser) takeOutside(line string) {
	if p.fenced && p.fence.closedBy(line, closeSlack) {
		p.flushPend()
		p.leaveFence()
		return
	}
	if f, ok := fenceOf(line); ok {
		p.openFence(f, line)
		return
	}
	if n, ok := p.nameOf(line); ok {
		p.flushPend()
		p.pend, p.about = line, n
		if n.head {
			p.name = n.path
		}
		return
	}
	if isBlank(line) && p.pend != "" && p.blanks < 2 {
		p.pend += line
		p.blanks++
		return
	}
	p.text(line, true)
}

func (p *Parser) openFence(f fence, line string) {
	p.fence, p.fenced = f, true
	p.pend += line
	p.first, p.inside = "", naming{}
	p.mode = opening
	switch f.lang() {
	case "diff", "patch", "udiff":
		p.beginDiff()
	}
}

// takeOpening takes a line of a fence of which it is not known yet what it holds.
func (p *Parser) takeOpening(line string) {
	if p.fence.closedBy(line, closeSlack) {
		p.sayFenced(p.pend + p.first + line)
		p.dropPend()
		p.leaveFence()
		return
	}
	if len(p.first) <= maxHeld {
		if isBlank(line) {
			p.first += line
			return
		}
		if n, ok := p.nameOf(line); ok && p.inside.path == "" {
			p.first += line
			p.inside = n
			return
		}
		if p.isDiffHead(p.unfence(line)) {
			p.beginDiff()
			p.takeDiff(line)
			return
		}
	}
	p.enter()
	p.takeIn(line)
}

// unfence takes from a line what the fence around it is indented by.
func (p *Parser) unfence(line string) string { return cutIndent(line, p.fence.indent) }

// cutIndent takes from a line as much of an indentation as it has.
func cutIndent(line, indent string) string {
	n := 0
	for n < len(indent) && n < len(line) && line[n] == indent[n] {
		n++
	}
	return line[n:]
}

func (p *Parser) leaveFence() {
	p.fenced = false
	p.mode = outside
}

// begin opens an edit of the file at path.
func (p *Parser) begin(path string) {
	p.dropPend()
	p.block = block{path: path}
	p.name = path
	p.sink.Begin(path)
	if why := p.reason.take(); why != "" {
		p.sink.Reason(why)
	}
}

func (p *Parser) end() {
	p.sink.End()
	p.close()
}

func (p *Parser) abort(why string) {
	p.sink.Abort(why)
	p.close()
}

// close leaves an edit. Its last line names no file for what follows.
func (p *Parser) close() {
	p.mode, p.prev = outside, ""
	p.cur = p.cur[:0]
}

func (p *Parser) old(s string) {
	if s != "" {
		p.sink.Old(s)
	}
}

func (p *Parser) new(s string) {
	if s != "" {
		p.sink.New(s)
	}
}

// say passes on free text, which is the reason of the edit that follows.
func (p *Parser) say(s string) {
	if s != "" {
		p.sink.Prose(s)
		p.reason.add(s)
	}
}

// sayFenced passes on text that is no edit's reason.
func (p *Parser) sayFenced(s string) {
	if s != "" {
		p.sink.Prose(s)
	}
}

func (p *Parser) flushPend() {
	s := p.pend
	p.dropPend()
	p.say(s)
}

func (p *Parser) dropPend() { p.pend, p.blanks, p.about = "", 0, naming{} }
