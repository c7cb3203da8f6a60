package code

// toml cuts TOML.
type toml struct {
	*scanner
	value bool   // right of an equals sign
	open  []byte // brackets of arrays and inline tables
}

func (t *toml) step() {
	c, head := t.look(0), t.first && len(t.open) == 0
	if c == '\n' && len(t.open) == 0 {
		t.value = false
	}
	switch {
	case t.gap():
	case c == '#':
		t.line()
		t.emit(Comment)
	case c == '[' && head:
		t.table()
	case c == '"' || c == '\'':
		t.quoted(c, t.quotes(), c == '"')
		t.emit(t.key(String))
	case c == '=':
		t.value = true
		t.skip(1)
		t.emit(Plain)
	case c == '[' || c == '{':
		t.open = append(t.open, c)
		t.value = c == '['
		t.skip(1)
		t.emit(Plain)
	case c == ']' || c == '}':
		if n := len(t.open); n > 0 {
			t.open = t.open[:n-1]
		}
		t.value = true
		t.skip(1)
		t.emit(Plain)
	case c == ',':
		n := len(t.open)
		t.value = n == 0 || t.open[n-1] == '['
		t.skip(1)
		t.emit(Plain)
	case wordStart(c) || digit(c) || c == '+' || c == '-':
		t.bare()
	default:
		t.skip(1)
		t.emit(Plain)
	}
}

// key gives the kind of a key's part where one stands, else k.
func (t *toml) key(k Kind) Kind {
	if t.value {
		return k
	}
	return Name
}

// table goes over a table's heading: up to a comment, or the end of the line.
func (t *toml) table() {
	for t.more() {
		switch c := t.look(0); c {
		case '\n', '#':
			t.emit(Keyword)
			return
		case '"', '\'':
			t.quoted(c, 1, c == '"')
		default:
			t.skip(1)
		}
	}
	t.emit(Keyword)
}

// bare goes over a key, or over a value without quotes: a number, a date, a truth.
func (t *toml) bare() {
	if !t.value {
		t.while(func(c byte) bool { return inWord(c) || c == '-' || c == '+' })
		t.emit(Name)
		return
	}
	from := t.at
	t.while(func(c byte) bool { return inWord(c) || c == '-' || c == '+' || c == '.' || c == ':' })
	switch w := t.text[from:t.at]; {
	case w == "true" || w == "false":
		t.emit(Keyword)
	case w == "inf" || w == "nan" || !wordStart(w[0]):
		t.emit(Number)
	default:
		t.emit(Plain)
	}
}

// json cuts JSON, and takes comments and the numbers that Python writes.
type json struct {
	*scanner
	value bool
	open  []byte
}

func (j *json) step() {
	c := j.look(0)
	switch {
	case j.gap():
	case c == '/' && j.look(1) == '/':
		j.line()
		j.emit(Comment)
	case c == '"':
		key := !j.value && len(j.open) > 0 && j.open[len(j.open)-1] == '{'
		j.quoted(c, 1, true)
		if key {
			j.emit(Name)
			return
		}
		j.emit(String)
	case digit(c) || c == '-' && (digit(j.look(1)) || j.look(1) == 'I'):
		j.skip(1)
		j.while(func(c byte) bool { return inWord(c) || c == '.' || c == '+' || c == '-' })
		j.emit(Number)
	case wordStart(c):
		switch j.word() {
		case "true", "false", "null":
			j.emit(Keyword)
		case "NaN", "Infinity":
			j.emit(Number)
		default:
			j.emit(Plain)
		}
	default:
		j.sign(c)
	}
}

func (j *json) sign(c byte) {
	switch c {
	case '{', '[':
		j.open = append(j.open, c)
		j.value = false
	case '}', ']':
		if n := len(j.open); n > 0 {
			j.open = j.open[:n-1]
		}
	case ':':
		j.value = true
	case ',':
		j.value = false
	}
	j.skip(1)
	j.emit(Plain)
}
