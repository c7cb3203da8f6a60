package fold

import "strings"

// growing is the end of a text that comes in pieces, kept so that a piece costs its
// own length and not the text's. A text that was given out never changes: what comes
// later is written behind it.
//
// Copies of a State share it. Each holds a beginning of what is in it, and only one
// that holds all of it may write on; the others begin anew with a copy of theirs.
type growing struct{ all *strings.Builder }

// add gives text with piece behind it. text is what add gave last, or any other text.
func (g *growing) add(text, piece string) string {
	if g.all == nil || g.all.Len() != len(text) {
		g.all = new(strings.Builder)
		g.all.Grow(2 * (len(text) + len(piece)))
		g.all.WriteString(text)
	}
	g.all.WriteString(piece)
	return g.all.String()
}
