// Package code colours scripts: Python, shell, TOML, JSON, and C with CUDA. A
// file takes about a millisecond, so it is to be called off the draw path and its
// result kept.
package code

import (
	"strings"

	"pitwall/internal/clean"
	"pitwall/ui/cell"
)

// Theme is the styles of a script's parts.
type Theme struct {
	Keyword, Name, Builtin, String, Number, Comment cell.Style
}

// Span is the style of the next Bytes bytes of a line.
type Span struct {
	Bytes int
	Style cell.Style
}

// Paint is the spans of lines, by the line's clean text. A line that is not in
// it has no colours yet.
type Paint map[string][]Span

// most is the length of the longest text that is coloured, in bytes.
const most = 1 << 20

// Highlight colours the lines of a file; its name says the language.
func Highlight(name, text string, th Theme) Paint {
	return Colour(ByFile(name), text, th)
}

// Colour colours the lines of a text in a language.
func Colour(l Language, text string, th Theme) Paint {
	paint := Paint{}
	if l == None || len(text) > most {
		return paint
	}
	text = clean.Text(text)
	from, at := 0, 0 // of the line, of the token
	var spans []Span
	put := func(n int, st cell.Style) {
		if n > 0 {
			spans = append(spans, Span{n, st})
		}
	}
	for _, tok := range Tokens(l, text) {
		st, end := th.of(tok.Kind), at+tok.Bytes
		for {
			i := strings.IndexByte(text[at:end], '\n')
			if i < 0 {
				break
			}
			put(i, st)
			paint[text[from:at+i]] = spans
			spans = nil
			at += i + 1
			from = at
		}
		put(end-at, st)
		at = end
	}
	if from < len(text) {
		paint[text[from:]] = spans
	}
	return paint
}

func (th Theme) of(k Kind) cell.Style {
	switch k {
	case Keyword:
		return th.Keyword
	case Builtin:
		return th.Builtin
	case Name:
		return th.Name
	case String:
		return th.String
	case Number:
		return th.Number
	case Comment:
		return th.Comment
	case Plain:
	}
	return ""
}

// Put adds a clean line to a row in its colours.
func (p Paint) Put(row *cell.Row, line string) {
	spans, ok := p[line]
	if !ok {
		row.Put("", line)
		return
	}
	at := 0
	for _, s := range spans {
		if row.Left() <= 0 {
			return
		}
		row.Put(s.Style, line[at:at+s.Bytes])
		at += s.Bytes
	}
}
