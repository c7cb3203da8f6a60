package markdown

import (
	"strings"

	"pitwall/ui/cell"
)

// fragment is a piece of text in a style.
type fragment struct {
	style cell.Style
	text  string
}

// newline, as a fragment's text, is a break that the source asks for; a line feed
// is but a space. Clean text holds none.
const newline = "\r"

// inline reads what stands within a line: text of one or more lines, in style base.
func (d *document) inline(text string, base cell.Style) []fragment {
	r := &reader{th: d.th, text: text}
	r.match()
	r.read()
	return r.styled(base)
}

// reader cuts text into pieces, once from its beginning to its end.
type reader struct {
	th     Theme
	text   string
	pieces []piece
	from   int // of the text that is in no piece yet

	pair    map[int]int    // brackets that belong together
	ticks   map[int]int    // a run of backticks and the next one that is as long
	openers map[string]int // marks of emphasis that wait for their end: their piece
	deaf    [3]int         // up to where no formula ends, by its number of dollars
	link    int            // where the words of a link end, 0 outside
	looks   int            // at bytes ahead and behind, to hold them to the length of the text
}

type piece struct {
	text  string
	style cell.Style
	on    int // emphases that begin (>0) or end (<0) here: bit 1 for emphasis, 2 for strong
}

// match finds the brackets that belong together, and the ends of code, in one pass.
func (r *reader) match() {
	r.pair, r.ticks, r.openers = map[int]int{}, map[int]int{}, map[string]int{}
	var square, round []int
	last := map[int]int{} // length of a run of backticks: where the last one began
	for i := 0; i < len(r.text); i++ {
		switch r.text[i] {
		case '\\':
			i++
		case '[':
			square = append(square, i)
		case ']':
			if n := len(square); n > 0 {
				r.pair[square[n-1]] = i
				square = square[:n-1]
			}
		case '(':
			round = append(round, i)
		case ')':
			if n := len(round); n > 0 {
				r.pair[round[n-1]] = i
				round = round[:n-1]
			}
		case ' ', '\n':
			round = round[:0] // an address has no spaces
		}
	}
	for i := 0; i < len(r.text); i++ {
		if n := run(r.text[i:], '`'); n > 0 {
			if at, ok := last[n]; ok {
				r.ticks[at] = i
			}
			last[n] = i
			i += n - 1
		}
	}
}

// run returns how many bytes c s begins with.
func run(s string, c byte) int {
	n := 0
	for n < len(s) && s[n] == c {
		n++
	}
	return n
}

func (r *reader) read() {
	for i := 0; i < len(r.text); {
		if r.link > 0 && i >= r.link {
			i = r.endLink()
			continue
		}
		switch c := r.text[i]; c {
		case '\\':
			i = r.escape(i)
		case '`':
			i = r.code(i)
		case '$':
			i = r.formula(i)
		case '!', '[', '<':
			i = r.address(i)
		case '*', '_':
			i = r.emphasis(i, c)
		case ' ', '\n':
			i = r.space(i)
		default:
			i++
		}
	}
	r.flush(len(r.text))
}

// flush makes a piece of the text before to.
func (r *reader) flush(to int) {
	if to > r.from {
		r.add(r.text[r.from:to], "")
	}
	r.from = to
}

func (r *reader) add(text string, st cell.Style) {
	if r.link > 0 {
		st = r.th.Link + st
	}
	r.pieces = append(r.pieces, piece{text: text, style: st})
}

// escape reads a backslash: before punctuation it hides itself, at the end of a
// line it breaks it, and else, as in TeX, it stays.
func (r *reader) escape(i int) int {
	if i+1 == len(r.text) {
		return i + 1
	}
	switch c := r.text[i+1]; {
	case c == '\n':
		r.flush(i)
		r.from = i + 2
		r.add(newline, "")
		return i + 2
	case strings.IndexByte("*_`[]()#+-.!<>|$~", c) >= 0:
		r.flush(i)
		r.from = i + 1
	}
	return i + 2
}

func (r *reader) code(i int) int {
	n := run(r.text[i:], '`')
	end, ok := r.ticks[i]
	if !ok || r.link > 0 && end > r.link {
		return i + n
	}
	r.flush(i)
	body := strings.ReplaceAll(r.text[i+n:end], "\n", " ")
	if t := strings.TrimSpace(body); t != "" {
		body = t
	}
	r.add(body, r.th.Code)
	r.from = end + n
	return r.from
}

// formula goes over TeX between dollars, in which nothing is Markdown.
func (r *reader) formula(i int) int {
	n := run(r.text[i:], '$')
	if n > 2 || i < r.deaf[n] || i+n == len(r.text) || n == 1 && spaced(r.text[i+n]) {
		return i + n
	}
	most := len(r.text)
	if r.link > 0 {
		most = r.link
	}
	for k := i + n; k < most; k++ {
		r.looks++
		if r.text[k] == '\\' {
			k++
			continue
		}
		m := run(r.text[k:], '$')
		if m == n && k+n <= most && (n == 2 || !spaced(r.text[k-1]) && (k+1 == len(r.text) || !digit(r.text[k+1]))) {
			r.flush(i)
			body := r.text[i : k+n]
			r.add(strings.ReplaceAll(body, "\n", " "), "")
			r.from = k + n
			return r.from
		}
		k += max(m-1, 0)
	}
	r.deaf[n] = most
	return i + n
}

// address reads the opening of a link, a whole image, or an address in angle
// brackets.
func (r *reader) address(i int) int {
	at := i
	if r.text[i] == '<' {
		return r.angled(i)
	}
	if r.text[i] == '!' {
		if at++; at == len(r.text) || r.text[at] != '[' {
			return at
		}
	}
	end, ok := r.pair[at]
	if !ok || r.link > 0 || end+1 >= len(r.text) || r.text[end+1] != '(' {
		return at + 1
	}
	to, ok := r.pair[end+1]
	if !ok {
		return at + 1
	}
	r.flush(i)
	if at == i {
		r.from, r.link = at+1, end
		return at + 1
	}
	alt := r.text[at+1 : end]
	if alt == "" {
		alt = "image"
	}
	r.add(strings.ReplaceAll(alt, "\n", " "), r.th.Emphasis)
	r.add(" ", "")
	r.add(r.text[end+2:to], r.th.Address)
	r.from = to + 1
	return r.from
}

// angled reads an address in angle brackets.
func (r *reader) angled(i int) int {
	rest := r.text[i+1:]
	if !strings.HasPrefix(rest, "http://") && !strings.HasPrefix(rest, "https://") {
		return i + 1
	}
	n := strings.IndexAny(rest, "<> \n") // no further than where another may begin
	if n < 0 {
		r.looks += len(rest)
		return i + 1
	}
	r.looks += n
	if rest[n] != '>' || r.link > 0 {
		return i + 1
	}
	r.flush(i)
	r.add(rest[:n], r.th.Link)
	r.from = i + n + 2
	return r.from
}

// endLink says after the words of a link where it leads; a place within the
// document, where nobody can go, is left out.
func (r *reader) endLink() int {
	r.flush(r.link)
	at := r.link + 1
	r.link = 0
	to := r.pair[at]
	if url := r.text[at+1 : to]; url != "" && url[0] != '#' {
		if n := len(r.pieces); n == 0 || r.pieces[n-1].text != url {
			r.add(" ", "")
			r.add(url, r.th.Address)
		}
	}
	r.from = to + 1
	return r.from
}

// emphasis reads a run of marks. It begins an emphasis before a word and ends the
// last one that began with as many; one that does neither is text, as are the
// underscores of a name such as __init__ or a_b.
func (r *reader) emphasis(i int, c byte) int {
	n := run(r.text[i:], c)
	if n > 3 {
		return i + n
	}
	before, after := byte(' '), byte(' ')
	if i > 0 {
		before = r.text[i-1]
	}
	if i+n < len(r.text) {
		after = r.text[i+n]
	}
	begins := !spaced(after) && !wordly(before)
	ends := !spaced(before) && (c == '*' || !wordly(after))
	key := r.text[i : i+n]
	at, open := r.openers[key]
	if c == '_' && n == 2 && ends && open && len(r.pieces) == at+1 && r.identifier(i) {
		delete(r.openers, key)
		return i + n
	}
	switch {
	case ends && open:
		r.flush(i)
		r.pieces[at].on, r.pieces[at].text = n, ""
		r.pieces = append(r.pieces, piece{on: -n})
		delete(r.openers, key)
	case begins:
		r.flush(i)
		r.openers[key] = len(r.pieces)
		r.add(key, "")
	default:
		return i + n
	}
	r.from = i + n
	return r.from
}

// identifier reports whether the word that ends at i begins with two underscores,
// as names of Python do.
func (r *reader) identifier(i int) bool {
	from := i
	for from > 0 && wordly(r.text[from-1]) {
		from--
	}
	r.looks += i - from
	return strings.HasPrefix(r.text[from:i], "__")
}

// space reads spaces: two before the end of a line break it.
func (r *reader) space(i int) int {
	n := run(r.text[i:], ' ')
	if i+n == len(r.text) || r.text[i+n] != '\n' {
		return i + n
	}
	if n >= 2 {
		r.flush(i)
		r.add(newline, "")
		r.from = i + n + 1
	}
	return i + n + 1
}

// styled gives the pieces their styles.
func (r *reader) styled(base cell.Style) []fragment {
	out := make([]fragment, 0, len(r.pieces))
	var emphasised, strong int
	for _, p := range r.pieces {
		sign := 1
		if p.on < 0 {
			sign, p.on = -1, -p.on
		}
		emphasised += sign * (p.on & 1)
		strong += sign * (p.on >> 1)
		if p.text == "" {
			continue
		}
		st := base
		if emphasised > 0 {
			st += r.th.Emphasis
		}
		if strong > 0 {
			st += r.th.Strong
		}
		out = append(out, fragment{st + p.style, p.text})
	}
	return out
}

func spaced(c byte) bool { return c == ' ' || c == '\n' }

func digit(c byte) bool { return c >= '0' && c <= '9' }

func wordly(c byte) bool {
	return c == '_' || c >= 0x80 || digit(c) || c|0x20 >= 'a' && c|0x20 <= 'z'
}
