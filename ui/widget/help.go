package widget

import (
	"slices"
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

// Help draws keys: a line of some, a list of all. It keeps the last line that it
// drew, since a screen asks for the same one with each frame and drawing it anew
// takes as long as a whole screen without it.
type Help struct {
	short, full help.Model
	of          string // what the kept line shows, and in how many cells
	line        string
}

// NewHelp returns a help in its styles.
func NewHelp(st HelpStyles) *Help {
	m := help.New()
	m.Styles = help.Styles{
		ShortKey: st.Key, ShortDesc: st.Does, ShortSeparator: st.Between, Ellipsis: st.Between,
		FullKey: st.Key, FullDesc: lipgloss.NewStyle(), FullSeparator: st.Between,
	}
	m.ShortSeparator = " · "
	return &Help{short: m, full: m}
}

// Line gives one row of w cells: as many of the keys as fit, from the first on, and
// always the last one. help.Model would run over a width that it is given.
func (h *Help) Line(keys []Key, last Key, w int) string {
	between := clean.Width(h.short.ShortSeparator)
	size := func(k Key) int { return clean.Width(clean.Line(k.Show)) + 1 + clean.Width(clean.Line(k.Does)) }
	left, n := w-1-size(last)-1, 0
	for ; n < len(keys) && size(keys[n])+between <= left; n++ {
		left -= size(keys[n]) + between
	}
	if size(last) > w-1 {
		return cell.New(w).String()
	}
	show := slices.Concat(keys[:n], []Key{last})
	of := signature(show, w)
	if of != h.of || h.line == "" {
		drawn := h.short.ShortHelpView(bindings(show))
		h.of, h.line = of, cell.New(w).Gap(1).Raw(drawn, ansi.StringWidth(drawn)).String()
	}
	return h.line
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

func signature(keys []Key, w int) string {
	var b strings.Builder
	b.WriteRune(rune(w))
	for _, k := range keys {
		b.WriteString(k.Show)
		b.WriteByte(0)
		b.WriteString(k.Does)
		b.WriteByte(0)
	}
	return b.String()
}
