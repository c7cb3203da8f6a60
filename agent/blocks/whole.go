package blocks

import (
	"fmt"
	"strings"
)

const (
	// maxUnsure is how many bytes of an unnamed fence are held back.
	maxUnsure = 1 << 20
	// A file of smallFile lines or more of which less than 1/pieceOf is given was
	// hardly meant to shrink that much: a piece of it was shown.
	smallFile = 40
	pieceOf   = 4
)

// body is a fence that is, or may be, a file as a whole.
type body struct {
	target string // the file that an unnamed fence may be
	need   int    // how many lines that has
	held   []byte // what is held of an unnamed fence, with what stands before it
	from   int    // where in held the text begins
	lines  int    // how many there are so far
	depth  int    // fences open inside of it
	left   string // a line that stands for what was left out
}

// enter decides what a fence holds that begins with text.
func (p *Parser) enter() {
	name := p.infoName(p.fence.info)
	if name == "" && !p.about.vague {
		name = p.about.path
	}
	content := p.first
	if p.inside.path != "" && !p.inside.head && (name == "" || name == p.inside.path) {
		content = "" // a name that is no comment is not part of the file
	}
	p.body = body{}
	target, ok := p.target()
	switch {
	case name != "" && (!isOutput(p.fence.lang()) || !strings.HasSuffix(name, ".py")):
		p.beginWhole(name, content)
	case name == "" && ok:
		held := p.pend + p.first
		text, _ := p.standing(target)
		p.body = body{
			target: target, need: countLines(text),
			held: []byte(held), from: len(held) - len(content), lines: strings.Count(content, "\n"),
		}
		p.mode = maybeWhole
	default:
		p.sayFenced(p.pend + p.first)
		p.mode = sample
	}
	p.dropPend()
}

// target gives the file that an unnamed fence may hold as a whole.
func (p *Parser) target() (string, bool) {
	name := p.script
	if p.inside.path != "" {
		name = p.inside.path
	}
	text, _ := p.standing(name)
	switch p.fence.lang() {
	case "", "py", "python", "python3":
		return name, text != ""
	}
	return "", false
}

// isOutput tells that a fence of the language shows commands or what they print.
func isOutput(lang string) bool {
	switch lang {
	case "bash", "sh", "shell", "zsh", "console", "terminal", "output", "log", "traceback", "pycon":
		return true
	}
	return false
}

// beginWhole opens an edit that is a whole file, with the whole lines that there
// are of it so far.
func (p *Parser) beginWhole(name, content string) {
	p.body = body{depth: p.body.depth}
	p.begin(name)
	p.mode = wholeFile
	for line := range strings.Lines(content) {
		p.new(p.unfence(line))
		p.countBody(line)
	}
}

func (p *Parser) takeBody(line string) {
	f, isFence := fenceOf(line)
	closes := p.fence.closedBy(line, closeSlack)
	switch {
	case closes && p.body.depth == 0 && p.mode == maybeWhole:
		p.sayFenced(string(p.body.held) + line)
		p.body = body{}
		p.leaveFence()
		return
	case closes && p.body.depth == 0:
		p.endWhole()
		return
	case closes:
		p.body.depth--
	case isFence && f.char == p.fence.char && f.size >= p.fence.size && f.info != "":
		p.body.depth++
	}
	p.text(line, true)
}

func (p *Parser) bodyText(s string, first bool) {
	if p.mode == wholeFile {
		if first {
			s = p.unfence(s)
		}
		p.new(s)
		return
	}
	p.body.held = append(p.body.held, s...)
	if len(p.body.held) > maxUnsure {
		p.sayFenced(string(p.body.held))
		p.body = body{}
		p.mode = sample
	}
}

// countBody counts a line of a file's text.
func (p *Parser) countBody(line string) {
	b := &p.body
	switch p.mode {
	case wholeFile:
		b.lines++
		if line = strings.TrimSpace(line); b.left == "" && isElision(line) {
			if text, _ := p.standing(p.block.path); !strings.Contains(text, line) {
				b.left = line
			}
		}
	case maybeWhole:
		if b.lines++; 2*b.lines > b.need {
			p.beginWhole(b.target, string(b.held[b.from:]))
		}
	}
}

func (p *Parser) endWhole() {
	p.fenced = false
	stands, _ := p.standing(p.block.path)
	lines := countLines(stands)
	switch {
	case p.body.left != "":
		p.abort(fmt.Sprintf("%s was given with a part left out (%q): give all of it, or only what changes, in SEARCH/REPLACE blocks",
			p.block.path, p.body.left))
	case lines >= smallFile && pieceOf*p.body.lines < lines:
		p.abort(fmt.Sprintf("the fence under %s holds %d lines of the file's %d: to change a part of it write a SEARCH/REPLACE block, "+
			"to replace all of it a block with an empty SEARCH part", p.block.path, p.body.lines, lines))
	default:
		p.end()
	}
}

// isElision tells whether a line is a comment that stands for code left out.
func isElision(line string) bool {
	text := strings.ToLower(strings.TrimLeft(line, "#/ "))
	if text == strings.ToLower(line) {
		return false
	}
	bare := strings.TrimLeft(text, "([<")
	dots := strings.Contains(text, "...") || strings.Contains(text, "…")
	if strings.HasPrefix(bare, "...") || strings.HasPrefix(bare, "…") {
		return containsAny(text, "rest", "remain", "unchanged", "existing", "omitted", "same as", "previous code")
	}
	return (dots || bare != text) && containsAny(text, "rest of the code", "rest of the file", "rest of the script",
		"rest of the function", "existing code", "code omitted", "unchanged", "same as before")
}
