package model

import (
	"net/url"
	"slices"
	"strings"
	"sync"
)

// hidden stands where a key stood.
const hidden = "[key]"

// leastKey is how long a secret must be to be looked for. What is shorter is a
// placeholder such as "none", and hiding it would garble ordinary words.
const leastKey = 8

// Mask hides keys in text: those it knows, and what looks like one (sk-…, sk-ant-…,
// AIza…, gsk_…, xai-…, hf_…, bearer tokens, the headers that carry keys, keys and
// passwords in URLs). The zero Mask, and nil, know no key. It is safe for use by
// several goroutines.
type Mask struct {
	mu   sync.RWMutex
	keys []string // longest first
}

// add makes a secret known, in the forms in which it may come back.
func (m *Mask) add(secret string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := slices.Clone(m.keys)
	forms := strings.FieldsFunc(secret, func(r rune) bool { return r < ' ' || r == 0x7f })
	if scheme, token, ok := strings.Cut(secret, " "); ok && isScheme(scheme) {
		forms = append(forms, strings.TrimSpace(token))
	}
	forms = append(forms, secret)
	for _, f := range forms {
		for _, f := range []string{f, url.QueryEscape(f), url.PathEscape(f)} {
			if len(f) >= leastKey && !slices.Contains(keys, f) {
				keys = append(keys, f)
			}
		}
	}
	slices.SortStableFunc(keys, func(a, b string) int { return len(b) - len(a) })
	m.keys = keys
}

func (m *Mask) known() []string {
	if m == nil {
		return nil
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.keys
}

// Text gives s with "[key]" in the place of every key. A known key of which only the
// beginning (8 characters or more) stands at the very end is hidden too: it may have
// been cut there.
func (m *Mask) Text(s string) string {
	ms := m.Stream()
	return ms.Write(s) + ms.End()
}

// Stream gives a mask for text that comes in pieces.
func (m *Mask) Stream() *MaskStream { return &MaskStream{mask: m} }

// MaskStream hides keys in text that comes in pieces, wherever it is split. All that
// Write and End give, put together, is what Mask.Text gives of the whole.
type MaskStream struct {
	mask *Mask
	held string          // may be the beginning of a key
	prev byte            // before held; 0 at the start
	hide func(byte) bool // the characters of the key that is passing by; nil outside of one
}

// Write takes the next piece and gives what can be shown by now. Only what may be the
// beginning of a key is held back.
func (ms *MaskStream) Write(piece string) string { return ms.pass(ms.held+piece, false) }

// End gives what was held back.
func (ms *MaskStream) End() string { return ms.pass(ms.held, true) }

func (ms *MaskStream) pass(s string, last bool) string {
	keys := ms.mask.known()
	var out strings.Builder
	i := 0
	for i < len(s) {
		n, more := knownKey(keys, s[i:], last)
		if more {
			break
		}
		if n > 0 {
			if ms.hide == nil {
				out.WriteString(hidden)
			}
			ms.prev = s[i+n-1]
			i += n
			continue
		}
		if ms.hide != nil {
			if ms.hide(s[i]) {
				ms.prev = s[i]
				i++
				continue
			}
			ms.hide = nil
		}
		l := likeness(s[i:], ms.prev, last)
		if l.more {
			break
		}
		if l.class != nil {
			out.WriteString(s[i : i+l.start])
			out.WriteString(hidden)
			if l.start > 0 {
				ms.prev = s[i+l.start-1]
			}
			i += l.start
			ms.hide = l.class
			continue
		}
		out.WriteByte(s[i])
		ms.prev = s[i]
		i++
	}
	ms.held = s[i:]
	return out.String()
}

// knownKey gives how many bytes at the start of s are a known key, or says that more
// of s is needed to know.
func knownKey(keys []string, s string, last bool) (n int, more bool) {
	for _, k := range keys {
		switch {
		case strings.HasPrefix(s, k):
			return len(k), false
		case len(s) < len(k) && strings.HasPrefix(k, s):
			if !last {
				return 0, true
			}
			if len(s) >= leastKey {
				return len(s), false
			}
		}
	}
	return 0, false
}

// look is what s may be the beginning of: with class set, a key whose characters are
// of that class begins at start; with more set, more of s is needed to know.
type look struct {
	start int
	class func(byte) bool
	more  bool
}

// likeness tells whether s, which stands behind prev, begins with what looks like a
// key, or with words that announce one.
func likeness(s string, prev byte, last bool) look {
	switch s[0] {
	case 's', 'A', 'g', 'x', 'h', 'b', 'B', 'a', 'X':
		if isWord(prev) {
			return look{}
		}
	case ':':
		return inURL(s, last)
	case '?', '&':
		return inQuery(s, last)
	default:
		return look{}
	}
	var maybe bool
	for _, f := range []func(string, bool) look{likeToken, likeBearer, likeHeader} {
		l := f(s, last)
		if l.class != nil {
			return l
		}
		maybe = maybe || l.more
	}
	return look{more: maybe}
}

// shape is how the keys of some providers look.
type shape struct {
	prefix string
	class  func(byte) bool
	least  int // characters of the class behind the prefix
}

func shapes() [5]shape {
	return [5]shape{
		{"sk-", func(b byte) bool { return isWord(b) || b == '*' }, 16},
		{"AIza", isWord, 30},
		{"gsk_", isAlnum, 20},
		{"xai-", isAlnum, 20},
		{"hf_", isAlnum, 20},
	}
}

func likeToken(s string, last bool) look {
	var maybe bool
	for _, sh := range shapes() {
		if !strings.HasPrefix(s, sh.prefix) {
			maybe = maybe || !last && strings.HasPrefix(sh.prefix, s)
			continue
		}
		rest := s[len(sh.prefix):]
		n := run(rest, sh.class, sh.least)
		switch {
		case n == sh.least && mixed(rest[:n]):
			return look{class: func(b byte) bool { return isWord(b) || b == '*' }}
		case n < sh.least && n == len(rest) && !last:
			maybe = true
		}
	}
	return look{more: maybe}
}

// likeBearer finds a token behind the word bearer.
func likeBearer(s string, last bool) look {
	const least = 16
	p := phrase{s: s, last: last}
	if !p.word("bearer") || !p.blanks(1) {
		return look{more: p.more}
	}
	rest := s[p.at:]
	n := run(rest, isToken, least)
	switch {
	case n == least && mixed(rest[:n]):
		return look{start: p.at, class: isToken}
	case n < least && n == len(rest) && !last:
		return look{more: true}
	}
	return look{}
}

// likeHeader finds the value of a header that carries a key: written as a line, or in
// JSON, where an unquoted value would be the name of a variable.
func likeHeader(s string, last bool) look {
	var maybe bool
	for _, name := range []string{"authorization", "x-api-key", "api-key", "x-goog-api-key"} {
		p := phrase{s: s, last: last}
		if !p.word(name) {
			maybe = maybe || p.more
			continue
		}
		quoted := p.any(`"'`)
		if !p.blanks(0) || !p.one(":=") || !p.blanks(0) {
			maybe = maybe || p.more
			continue
		}
		if p.any(`"'`) != quoted {
			maybe = maybe || p.at == len(s) && !last
			continue
		}
		for _, scheme := range schemes() {
			q := p
			if q.word(scheme) && q.blanks(1) {
				p = q
			} else if q.more {
				return look{more: true}
			}
		}
		rest := s[p.at:]
		n := run(rest, isToken, leastKey)
		switch {
		case n == leastKey:
			return look{start: p.at, class: isToken}
		case n == len(rest) && !last:
			maybe = true
		}
	}
	return look{more: maybe}
}

// inQuery finds a key in the query of a URL.
func inQuery(s string, last bool) look {
	class := func(b byte) bool { return b > ' ' && !strings.ContainsRune("&#\"'<>`", rune(b)) }
	var maybe bool
	for _, name := range []string{"key=", "api_key=", "api-key=", "apikey=", "access_token=", "token="} {
		p := phrase{s: s, at: 1, last: last}
		if !p.word(name) {
			maybe = maybe || p.more
			continue
		}
		rest := s[p.at:]
		n := run(rest, class, leastKey)
		switch {
		case n == leastKey:
			return look{start: p.at, class: class}
		case n == len(rest) && !last:
			maybe = true
		}
	}
	return look{more: maybe}
}

// inURL finds the name and password in a URL.
func inURL(s string, last bool) look {
	const longest = 256
	p := phrase{s: s, last: last}
	if !p.word("://") {
		return look{more: p.more}
	}
	class := func(b byte) bool { return b > ' ' && !strings.ContainsRune("/@\"'<>`?#", rune(b)) }
	rest := s[p.at:]
	n := run(rest, class, longest)
	switch {
	case n == longest:
	case n == len(rest):
		return look{more: !last}
	case rest[n] == '@' && strings.Contains(rest[:n], ":"):
		return look{start: p.at, class: class}
	}
	return look{}
}

// phrase reads words at the start of s. Where it ends too early, more is set unless
// that was the last of it.
type phrase struct {
	s    string
	at   int
	last bool
	more bool
}

// word reads w, whatever its case.
func (p *phrase) word(w string) bool {
	rest := p.s[p.at:]
	if len(rest) < len(w) {
		p.more = !p.last && strings.EqualFold(rest, w[:len(rest)])
		return false
	}
	if !strings.EqualFold(rest[:len(w)], w) {
		return false
	}
	p.at += len(w)
	return true
}

// blanks reads at least so many blanks, and at most a few.
func (p *phrase) blanks(least int) bool {
	n := run(p.s[p.at:], func(b byte) bool { return b == ' ' || b == '\t' }, 4)
	p.at += n
	if p.at == len(p.s) {
		p.more = !p.last
		return false
	}
	return n >= least
}

func (p *phrase) one(of string) bool {
	if p.at == len(p.s) {
		p.more = !p.last
		return false
	}
	return p.any(of)
}

func (p *phrase) any(of string) bool {
	if p.at < len(p.s) && strings.IndexByte(of, p.s[p.at]) >= 0 {
		p.at++
		return true
	}
	return false
}

func schemes() []string { return []string{"bearer", "basic", "token"} }

func isScheme(s string) bool { return slices.Contains(schemes(), strings.ToLower(s)) }

// run counts the bytes of a class at the start of s, up to most.
func run(s string, class func(byte) bool, most int) int {
	n := 0
	for n < len(s) && n < most && class(s[n]) {
		n++
	}
	return n
}

// mixed tells a key from words: it has digits or capitals, or a provider's asterisks.
func mixed(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || r == '*' })
}

func isAlnum(b byte) bool {
	return '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z'
}

func isWord(b byte) bool { return isAlnum(b) || b == '_' || b == '-' }

func isToken(b byte) bool { return isWord(b) || strings.IndexByte(".~+/=*", b) >= 0 }
