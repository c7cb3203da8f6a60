// Package code colours scripts. It is slow (milliseconds for a file), so it is
// to be called off the draw path and its result kept.
package code

import (
	"path"
	"strings"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"

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

// Highlight colours the lines of a file; its name says the language.
func Highlight(name, text string, th Theme) Paint {
	lexer := lexers.Match(path.Base(name))
	if lexer == nil || len(text) > 1<<20 {
		return Paint{}
	}
	text = clean.Text(text)
	it, err := chroma.Coalesce(lexer).Tokenise(nil, text)
	if err != nil {
		return Paint{}
	}
	paint := Paint{}
	var line strings.Builder
	var spans []Span
	for tok := it(); tok != chroma.EOF; tok = it() {
		st := th.of(tok.Type)
		for i, part := range strings.Split(tok.Value, "\n") {
			if i > 0 {
				paint[line.String()] = spans
				line.Reset()
				spans = nil
			}
			if part != "" {
				line.WriteString(part)
				spans = append(spans, Span{len(part), st})
			}
		}
	}
	if line.Len() > 0 {
		paint[line.String()] = spans
	}
	return paint
}

func (th Theme) of(t chroma.TokenType) cell.Style {
	switch {
	case t.InCategory(chroma.Comment):
		return th.Comment
	case t.InCategory(chroma.Keyword), t == chroma.OperatorWord:
		return th.Keyword
	case t.InSubCategory(chroma.LiteralString):
		return th.String
	case t.InSubCategory(chroma.LiteralNumber):
		return th.Number
	case t == chroma.NameFunction, t == chroma.NameClass, t == chroma.NameDecorator:
		return th.Name
	case t == chroma.NameBuiltin, t == chroma.NameBuiltinPseudo, t == chroma.NameException:
		return th.Builtin
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
