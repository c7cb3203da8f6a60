package blocks

import (
	"strings"
	"unicode/utf8"
)

const (
	// maxReason is how many bytes of the text before an edit are its reason.
	maxReason = 600
	// keptReason is how many of them are looked at.
	keptReason = 4096
)

// reason gathers the text since the last edit.
type reason struct{ text []byte }

func (r *reason) add(s string) {
	if len(s) > keptReason {
		s = s[len(s)-keptReason:]
	}
	if len(r.text) > 2*keptReason {
		r.text = append(r.text[:0], r.text[len(r.text)-keptReason:]...)
	}
	r.text = append(r.text, s...)
}

// take gives the last paragraphs, as many as fit, and begins anew.
func (r *reason) take() string {
	kept := r.text[max(0, len(r.text)-keptReason):]
	for len(kept) > 0 && !utf8.RuneStart(kept[0]) {
		kept = kept[1:]
	}
	text := strings.TrimSpace(strings.ReplaceAll(string(kept), "\r\n", "\n"))
	r.text = r.text[:0]
	if len(text) <= maxReason {
		return text
	}
	if at := strings.Index(text[len(text)-maxReason:], "\n\n"); at >= 0 {
		return strings.TrimSpace(text[len(text)-maxReason+at:])
	}
	last := strings.TrimSpace(text[strings.LastIndex(text, "\n\n")+1:])
	if len(last) <= maxReason {
		return last
	}
	end := maxReason
	for end > 0 && !utf8.RuneStart(last[end]) {
		end--
	}
	if at := strings.LastIndexAny(last[:end], " \n"); at > maxReason/2 {
		end = at
	}
	return strings.TrimSpace(last[:end]) + " …"
}

// runes holds back the beginning of a rune whose rest is still to come.
type runes struct{ held string }

func (r *runes) next(piece string) string {
	s := r.held + piece
	r.held = ""
	for back := 1; back < utf8.UTFMax && back <= len(s); back++ {
		at := len(s) - back
		if utf8.RuneStart(s[at]) {
			if !utf8.FullRuneInString(s[at:]) {
				s, r.held = s[:at], s[at:]
			}
			break
		}
	}
	return s
}

func (r *runes) rest() string {
	s := r.held
	r.held = ""
	return s
}
