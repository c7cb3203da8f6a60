package ui

import (
	"image/color"

	"charm.land/lipgloss/v2"

	"pitwall/ui/cell"
	"pitwall/ui/code"
	"pitwall/ui/diffview"
	"pitwall/ui/markdown"
	"pitwall/ui/widget"
)

// theme is the styles of the screen. Each is a style of lipgloss, resolved once into
// the sequence that rows use. Colours are 24 bit; the terminal's renderer brings them
// down to what the terminal has, and NO_COLOR to none.
type theme struct {
	dark                                   bool
	accent, dim, faint, bold               cell.Style
	good, bad, run, gold, grey, this, warn cell.Style
	selected                               cell.Style // background of the chosen row
	hit                                    cell.Style // what a filter found, added to another style
	code                                   code.Theme
	prose                                  markdown.Theme
	diff                                   diffview.Theme
	help                                   widget.HelpStyles
	bar                                    widget.BarStyles
}

func newTheme(dark bool) *theme {
	lightDark, plain := lipgloss.LightDark(dark), lipgloss.NewStyle()
	pick := func(onDark, onLight string) color.Color {
		return lightDark(lipgloss.Color(onLight), lipgloss.Color(onDark))
	}
	ink := func(onDark, onLight string) lipgloss.Style { return plain.Foreground(pick(onDark, onLight)) }
	fg := func(onDark, onLight string) cell.Style { return widget.Opening(ink(onDark, onLight)) }
	bg := func(onDark, onLight string) cell.Style {
		return widget.Opening(plain.Background(pick(onDark, onLight)))
	}
	accent, dim, faint := ink("#5fafff", "#005abe"), ink("#92969e", "#5f636b"), ink("#4e525a", "#bec2ca")
	t := &theme{
		dark:     dark,
		accent:   widget.Opening(accent),
		dim:      widget.Opening(dim),
		faint:    widget.Opening(faint),
		bold:     widget.Opening(plain.Bold(true)),
		hit:      widget.Opening(plain.Bold(true).Underline(true)),
		good:     fg("#6ed287", "#147832"),
		bad:      fg("#ff7d78", "#be1e28"),
		run:      fg("#fad75f", "#916400"),
		warn:     fg("#ffb45a", "#aa5000"),
		gold:     fg("#e2aa32", "#a56e00"),
		grey:     fg("#96969e", "#7d7d84"),
		this:     fg("#78dceb", "#006e8c"),
		selected: bg("#262e3c", "#deeafa"),
		bar:      widget.BarStyles{Done: accent, Todo: faint},
		help:     widget.HelpStyles{Key: accent, Does: dim, Between: faint},
	}
	t.code = code.Theme{
		Keyword: fg("#c896f0", "#8232a0"),
		Name:    fg("#82b9ff", "#0050aa"),
		Builtin: fg("#78cdcd", "#006e78"),
		String:  fg("#aacd82", "#3c6e14"),
		Number:  fg("#ebaf6e", "#a05000"),
		Comment: fg("#7d828c", "#787c84"),
	}
	t.prose = markdown.Theme{
		Heading: t.accent + t.bold, Subheading: t.bold, Strong: t.bold, Emphasis: widget.Opening(plain.Italic(true)),
		Code: t.code.Builtin, Link: t.accent, Address: t.dim, Sign: t.dim, Script: t.code,
	}
	t.diff = diffview.Theme{
		Add: bg("#142e1e", "#e0f8e6"), AddWord: bg("#245c38", "#aae4ba"), AddSign: t.good,
		Del: bg("#38181c", "#ffebe9"), DelWord: bg("#70282e", "#ffc8c3"), DelSign: t.bad,
		Number: fg("#4e525a", "#969aa2"), Fold: t.dim, Caret: t.accent, Focus: t.accent,
	}
	return t
}
