package widget

import (
	"strings"

	"charm.land/bubbles/v2/help"
	"charm.land/bubbles/v2/key"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"pitwall/internal/clean"
	"pitwall/ui/cell"
)

// Key is a key as people read it, and what it does in a few words.
type Key struct{ Show, Does string }

// HelpStyles are the colours of keys, of what they do, and of what stands between.
type HelpStyles struct{ Key, Does, Between lipgloss.Style }

// Help draws keys: a line of some, a list of all. It keeps the keys that it drew, for
// a screen asks for nearly the same line with each frame, and drawing all of them
// anew takes a good part of what a whole screen takes.
type Help struct {
	short, full help.Model
	drawn       map[Key]piece
	between     piece
}

// piece is something drawn, and the cells that it takes.
type piece struct {
	text  string
	cells int
}

// keptKeys bounds the keys that are kept; a screen has some dozens.
const keptKeys = 512

// NewHelp returns a help in its styles.
func NewHelp(st HelpStyles) *Help {
	m := help.New()
	m.Styles = help.Styles{
		ShortKey: st.Key, ShortDesc: st.Does, ShortSeparator: st.Between, Ellipsis: st.Between,
		FullKey: st.Key, FullDesc: lipgloss.NewStyle(), FullSeparator: st.Between,
	}
	between := st.Between.Render(" · ")
	return &Help{short: m, full: m, drawn: map[Key]piece{}, between: piece{between, ansi.StringWidth(between)}}
}

// key draws a key, once.
func (h *Help) key(k Key) piece {
	p, ok := h.drawn[k]
	if !ok {
		if len(h.drawn) >= keptKeys {
			clear(h.drawn)
		}
		text := h.short.ShortHelpView(bindings([]Key{k}))
		p = piece{text, ansi.StringWidth(text)}
		h.drawn[k] = p
	}
	return p
}

// Line gives one row of w cells: as many of the keys as fit, from the first on, and
// always the last one. help.Model would run over a width that it is given.
func (h *Help) Line(keys []Key, last Key, w int) string {
	row, end := cell.New(w).Gap(1), h.key(last)
	for _, k := range keys {
		p := h.key(k)
		if p.cells+h.between.cells > row.Left()-end.cells-1 {
			break
		}
		row.Raw(p.text, p.cells).Raw(h.between.text, h.between.cells)
	}
	return row.Raw(end.text, end.cells).String()
}

// List gives rows of w cells for each key, as many as its words take.
func (h *Help) List(keys []Key, w int) []string {
	if len(keys) == 0 {
		return nil
	}
	widest := 0
	for _, k := range keys {
		widest = max(widest, clean.Width(clean.Line(k.Show)))
	}
	var wrapped []Key
	for _, k := range keys {
		for i, part := range cell.Wrap(clean.Line(k.Does), max(w-widest-2, 1)) {
			if i > 0 {
				k.Show = ""
			}
			wrapped = append(wrapped, Key{k.Show, part})
		}
	}
	h.full.Styles.FullKey = h.full.Styles.FullKey.Width(widest + 1)
	drawn := strings.Split(h.full.FullHelpView([][]key.Binding{bindings(wrapped)}), "\n")
	for i, row := range drawn {
		if n := ansi.StringWidth(row); n > w {
			row = ansi.Truncate(row, w, "…")
		}
		drawn[i] = cell.New(w).Raw(row, ansi.StringWidth(row)).String()
	}
	return drawn
}

// bindings gives keys as bubbles has them. What they match is the room's to say: its
// actions answer the keys.
func bindings(keys []Key) []key.Binding {
	out := make([]key.Binding, len(keys))
	for i, k := range keys {
		show := clean.Line(k.Show)
		out[i] = key.NewBinding(key.WithKeys(show), key.WithHelp(show, clean.Line(k.Does)))
	}
	return out
}
