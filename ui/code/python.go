package code

// python cuts Python, to the grammar of 3.14.
type python struct {
	*scanner
	naming bool // after def or class
	open   []field
}

// field is a place within an f-string that is left open: its text, an expression
// in braces, or the format after an expression's colon.
type field struct {
	part   part
	quote  byte
	quotes int
	raw    bool
	depth  int // of brackets within an expression
}

type part uint8

const (
	literal part = iota
	expression
	format
)

func (p *python) step() {
	if n := len(p.open); n > 0 && p.open[n-1].part != expression {
		p.within(&p.open[n-1])
		return
	}
	c := p.look(0)
	switch {
	case c == '\n':
		p.naming = false
		p.gap()
		p.endLine()
	case p.gap():
	case c == '#':
		p.line()
		p.emit(Comment)
	case c == '"' || c == '\'':
		p.quoted(c, p.quotes(), true)
		p.emit(String)
	case digit(c) || c == '.' && digit(p.look(1)) && p.prev != '.':
		p.number('_')
		p.emit(Number)
	case c == '@' && p.first:
		p.skip(1)
		p.while(func(c byte) bool { return inWord(c) || c == '.' })
		p.emit(Name)
	case wordStart(c):
		if n := p.prefix(); n > 0 {
			p.str(n)
			return
		}
		p.name()
	default:
		p.sign(c)
	}
}

// prefix returns how many letters stand before the quote of a string, 0 for a name.
func (p *python) prefix() int {
	quote := func(c byte) bool { return c == '"' || c == '\'' }
	a, b := p.look(0)|0x20, p.look(1)
	one := a == 'r' || a == 'b' || a == 'u' || a == 'f' || a == 't'
	if one && quote(b) {
		return 1
	}
	b |= 0x20
	two := a == 'r' && (b == 'b' || b == 'f' || b == 't') || b == 'r' && (a == 'b' || a == 'f' || a == 't')
	if two && quote(p.look(2)) {
		return 2
	}
	return 0
}

// str goes over a string with a prefix of n letters; of one with fields, over its
// opening.
func (p *python) str(n int) {
	f := field{}
	fields := false
	for range n {
		c := p.look(0) | 0x20
		f.raw = f.raw || c == 'r'
		fields = fields || c == 'f' || c == 't'
		p.skip(1)
	}
	f.quote, f.quotes = p.look(0), p.quotes()
	if !fields {
		p.quoted(f.quote, f.quotes, true)
		p.emit(String)
		return
	}
	if f.quotes == 1 && p.look(1) == f.quote {
		p.skip(2)
		p.emit(String)
		return
	}
	p.skip(f.quotes)
	p.emit(String)
	p.open = append(p.open, f)
}

// within goes over the text of an f-string, or over a format, up to where
// something else begins.
func (p *python) within(f *field) {
	for p.more() {
		switch c := p.look(0); {
		case c == '\n' && f.quotes == 1:
			p.emit(String)
			p.endLine()
			return
		case c == '\\':
			switch c := p.look(1); {
			case c == '{' || c == '}': // begins or ends a field all the same
				p.skip(1)
			case c == 'N' && p.look(2) == '{' && !f.raw: // a character's name
				p.skip(3)
			default:
				p.skip(2)
			}
		case c == f.quote && (f.quotes == 1 || p.look(1) == c && p.look(2) == c):
			p.skip(f.quotes)
			p.emit(String)
			p.close(f.quote, f.quotes)
			return
		case c == '{' && p.look(1) == '{' && f.part == literal:
			p.skip(2)
		case c == '{':
			p.emit(String)
			p.skip(1)
			p.emit(Plain)
			p.open = append(p.open, field{part: expression, quote: f.quote, quotes: f.quotes, raw: f.raw})
			return
		case c == '}' && f.part == format:
			p.emit(String)
			p.skip(1)
			p.emit(Plain)
			p.open = p.open[:len(p.open)-1]
			return
		default:
			p.skip(1)
		}
	}
	p.emit(String)
}

// close leaves the innermost f-string, with the format that it ended in.
func (p *python) close(quote byte, quotes int) {
	for n := len(p.open); n > 0; n = len(p.open) {
		f := p.open[n-1]
		p.open = p.open[:n-1]
		if f.part == literal && f.quote == quote && f.quotes == quotes {
			return
		}
	}
}

// endLine leaves the strings that end with their line. (Within braces they need
// not, since 3.12; but a string that is still being written would take all that
// follows with it.)
func (p *python) endLine() {
	for n := len(p.open); n > 0 && p.open[n-1].quotes == 1; n = len(p.open) {
		p.open = p.open[:n-1]
	}
}

// sign goes over an operator or a bracket.
func (p *python) sign(c byte) {
	p.skip(1)
	p.emit(Plain)
	n := len(p.open)
	if n == 0 {
		return
	}
	f := &p.open[n-1]
	switch c {
	case '(', '[', '{':
		f.depth++
	case ')', ']':
		f.depth = max(f.depth-1, 0)
	case '}':
		if f.depth == 0 {
			p.open = p.open[:n-1]
			return
		}
		f.depth--
	case ':':
		if f.depth == 0 {
			f.part = format
		}
	}
}

func (p *python) name() {
	first, naming := p.first, p.naming
	attribute := p.look(-1) == '.' && p.look(-2) != '.' // not after an ellipsis
	w := p.word()
	p.naming = false
	kind := pythonWord(w)
	switch {
	case naming:
		kind = Name
	case attribute:
		kind = Plain
	case kind == Keyword:
		p.naming = w == "def" || w == "class"
	case first && (w == "match" || w == "case" || w == "type") && p.subject():
		kind = Keyword
	}
	p.emit(kind)
}

// subject reports whether what follows match, case or type makes a keyword of it.
func (p *python) subject() bool {
	if p.look(0) != ' ' {
		return false
	}
	c := p.look(1)
	if c == 'i' && (p.look(2) == 's' || p.look(2) == 'n') && p.look(3) == ' ' {
		return false // a name, in an expression
	}
	return inWord(c) || c == '"' || c == '\'' || c == '(' || c == '[' || c == '{'
}

func pythonWord(w string) Kind {
	switch w {
	case "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
		"def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in",
		"is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield":
		return Keyword
	case "abs", "aiter", "all", "anext", "any", "ascii", "bin", "bool", "breakpoint", "bytearray", "bytes",
		"callable", "chr", "classmethod", "compile", "complex", "delattr", "dict", "dir", "divmod",
		"enumerate", "eval", "exec", "filter", "float", "format", "frozenset", "getattr", "globals",
		"hasattr", "hash", "help", "hex", "id", "input", "int", "isinstance", "issubclass", "iter", "len",
		"list", "locals", "map", "max", "memoryview", "min", "next", "object", "oct", "open", "ord", "pow",
		"print", "property", "range", "repr", "reversed", "round", "set", "setattr", "slice", "sorted",
		"staticmethod", "str", "sum", "super", "tuple", "type", "vars", "zip", "__import__",
		"self", "cls", "Ellipsis", "NotImplemented", "__debug__",
		"ArithmeticError", "AssertionError", "AttributeError", "BaseException", "BaseExceptionGroup",
		"BlockingIOError", "BrokenPipeError", "BufferError", "BytesWarning", "ChildProcessError",
		"ConnectionAbortedError", "ConnectionError", "ConnectionRefusedError", "ConnectionResetError",
		"DeprecationWarning", "EOFError", "EncodingWarning", "EnvironmentError", "Exception",
		"ExceptionGroup", "FileExistsError", "FileNotFoundError", "FloatingPointError", "FutureWarning",
		"GeneratorExit", "IOError", "ImportError", "ImportWarning", "IndentationError", "IndexError",
		"InterruptedError", "IsADirectoryError", "KeyError", "KeyboardInterrupt", "LookupError",
		"MemoryError", "ModuleNotFoundError", "NameError", "NotADirectoryError", "NotImplementedError",
		"OSError", "OverflowError", "PendingDeprecationWarning", "PermissionError", "ProcessLookupError",
		"RecursionError", "ReferenceError", "ResourceWarning", "RuntimeError", "RuntimeWarning",
		"StopAsyncIteration", "StopIteration", "SyntaxError", "SyntaxWarning", "SystemError", "SystemExit",
		"TabError", "TimeoutError", "TypeError", "UnboundLocalError", "UnicodeDecodeError",
		"UnicodeEncodeError", "UnicodeError", "UnicodeTranslateError", "UnicodeWarning", "UserWarning",
		"ValueError", "Warning", "ZeroDivisionError":
		return Builtin
	}
	return Plain
}
