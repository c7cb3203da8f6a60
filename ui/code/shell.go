package code

import "strings"

// shell cuts scripts of the Bourne shell and its heirs.
type shell struct {
	*scanner
	start  bool // a command may begin here
	in     bool // the words "in" and "do" of a loop may come
	open   []opened
	awaits []heredoc // whose texts begin on the next line
}

// opened is what is left open: a text in double quotes or a command in it.
type opened struct {
	end   byte // what closes it: a quote, a bracket or a backtick
	depth int  // of round brackets, in a command
}

type heredoc struct {
	word string
	tabs bool // tabs may stand before the word that ends it
}

func (p *shell) step() {
	if n := len(p.open); n > 0 && p.open[n-1].end == '"' {
		p.within()
		return
	}
	c := p.look(0)
	switch {
	case c == '\n':
		p.gap()
		p.start, p.in = true, false
		p.heredocs()
	case p.gap():
	case c == '#' && (p.first || p.split()):
		p.line()
		p.emit(Comment)
	case c == '\'':
		p.single()
	case c == '"':
		p.start = false
		p.skip(1)
		p.emit(String)
		p.open = append(p.open, opened{end: '"'})
	case c == '$':
		p.start = false
		p.dollar()
	case c == '\\':
		p.escape()
		p.emit(Plain)
		if p.text[p.at-1] != '\n' {
			p.start = false
		}
	case c == '<' && p.look(1) == '<':
		p.redirect()
	case shellWord(c):
		p.name()
	default:
		p.sign(c)
	}
}

// split reports whether a word begins here: a space or a sign stands before.
func (p *shell) split() bool {
	c := p.look(-1)
	return c == 0 || space(c) || c == ';' || c == '&' || c == '|' || c == '(' || c == ')'
}

func (p *shell) single() {
	p.start = false
	p.skip(1)
	p.while(func(c byte) bool { return c != '\'' })
	p.skip(1)
	p.emit(String)
}

// within goes over what stands in double quotes, up to an expansion or the end.
func (p *shell) within() {
	for p.more() {
		switch c := p.look(0); c {
		case '\\':
			p.skip(2)
		case '"':
			p.skip(1)
			p.emit(String)
			p.open = p.open[:len(p.open)-1]
			return
		case '$':
			p.emit(String)
			p.dollar()
			return
		case '`':
			p.emit(String)
			p.sign(c)
			return
		default:
			p.skip(1)
		}
	}
	p.emit(String)
}

// dollar goes over an expansion; of a command's, over its opening.
func (p *shell) dollar() {
	quoted := len(p.open) > 0 && p.open[len(p.open)-1].end == '"'
	switch c := p.look(1); {
	case c == '(':
		p.skip(2)
		p.emit(Plain)
		p.open = append(p.open, opened{end: ')'})
		p.start = true
	case c == '{':
		p.while(func(c byte) bool { return c != '}' && c != '\n' && c != '"' && c != '\'' })
		if p.look(0) == '}' {
			p.skip(1)
		}
		p.emit(Name)
	case c == '\'' && !quoted:
		p.skip(2)
		for p.more() && p.look(0) != '\'' {
			if p.look(0) == '\\' {
				p.skip(1)
			}
			p.skip(1)
		}
		p.skip(1)
		p.emit(String)
	case wordStart(c):
		p.skip(1)
		p.word()
		p.emit(Name)
	case digit(c) || c == '@' || c == '*' || c == '#' || c == '?' || c == '!' || c == '$' || c == '-':
		p.skip(2)
		p.emit(Name)
	case quoted:
		p.skip(1)
		p.emit(String)
	default:
		p.skip(1)
		p.emit(Plain)
	}
}

// redirect goes over << and what it names: the word that ends the text which
// begins on the next line.
func (p *shell) redirect() {
	if p.look(2) == '<' {
		p.skip(3)
		p.emit(Plain)
		return
	}
	p.skip(2)
	h := heredoc{}
	if p.look(0) == '-' {
		h.tabs = true
		p.skip(1)
	}
	p.while(func(c byte) bool { return c == ' ' || c == '\t' })
	p.emit(Plain)
	from := p.at
	if c := p.look(0); c == '"' || c == '\'' {
		p.quoted(c, 1, false)
		h.word = p.text[from+1 : max(p.at-1, from+1)]
	} else {
		if c == '\\' {
			p.skip(1)
			from++
		}
		p.while(shellWord)
		h.word = p.text[from:p.at]
	}
	p.emit(String)
	if h.word != "" {
		p.awaits = append(p.awaits, h)
	}
}

// heredocs goes over the texts that begin on this line.
func (p *shell) heredocs() {
	for _, h := range p.awaits {
		for p.more() {
			if h.tabs {
				p.while(func(c byte) bool { return c == '\t' })
			}
			from := p.at
			p.line()
			if strings.TrimSuffix(p.text[from:p.at], "\r") == h.word {
				break
			}
			p.skip(1)
		}
		p.emit(String)
	}
	p.awaits, p.start = nil, true
}

func (p *shell) name() {
	from := p.at
	start, alone := p.start, p.split() || p.prev == '='
	p.while(shellWord)
	w := p.text[from:p.at]
	c := p.look(0)
	kind := Plain
	p.start = false
	switch {
	case start && (c == '=' || c == '+' && p.look(1) == '='):
		kind = Name // another assignment or the command follows the value
		p.emit(kind)
		p.skip(1)
		if c == '+' {
			p.skip(1)
		}
		p.emit(Plain)
		p.start = space(p.look(0))
		return
	case start:
		kind = shellCommand(w)
		p.start = kind == Keyword && w != "for" && w != "case" && w != "select" && w != "function" && w != "in"
		p.in = w == "for" || w == "case" || w == "select"
		if kind == Plain && c == '(' && p.look(1) == ')' {
			kind = Name
		}
	case p.in && w == "in":
		kind, p.in = Keyword, false
	case alone && number(w) && !inWord(c):
		kind = Number
	}
	p.emit(kind)
}

// number reports whether a word of the shell, which is not empty, is one.
func number(w string) bool {
	if !digit(w[0]) {
		return false
	}
	for i := range len(w) {
		if !digit(w[i]) && w[i] != '.' {
			return false
		}
	}
	return true
}

// sign goes over an operator or a bracket.
func (p *shell) sign(c byte) {
	n := len(p.open)
	switch c {
	case '`':
		if n > 0 && p.open[n-1].end == '`' {
			p.open = p.open[:n-1]
			p.start = false
		} else {
			p.open = append(p.open, opened{end: '`'})
			p.start = true
		}
	case '(':
		if n > 0 {
			p.open[n-1].depth++
		}
		p.start = true
	case ')':
		p.start = n == 0 // the pattern of a case
		if n > 0 && p.open[n-1].depth > 0 {
			p.open[n-1].depth--
		} else if n > 0 && p.open[n-1].end == ')' {
			p.open = p.open[:n-1]
		}
	case ';', '&', '|', '{', '!':
		p.start = true
	case '[':
		p.start = false
	}
	p.skip(1)
	p.emit(Plain)
}

func shellWord(c byte) bool {
	return inWord(c) || c == '-' || c == '.' || c == '/' || c == ':' || c == '@'
}

func shellCommand(w string) Kind {
	switch w {
	case "if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac", "in",
		"select", "function", "time", "coproc":
		return Keyword
	case "alias", "bg", "break", "builtin", "cd", "command", "continue", "declare", "dirs", "disown",
		"echo", "enable", "eval", "exec", "exit", "export", "false", "fg", "getopts", "hash", "jobs",
		"kill", "let", "local", "mapfile", "popd", "printf", "pushd", "pwd", "read", "readonly", "return",
		"set", "shift", "shopt", "source", "test", "times", "trap", "true", "type", "typeset", "ulimit",
		"umask", "unalias", "unset", "wait":
		return Builtin
	}
	return Plain
}
