package frame

import (
	"image/color"

	"charm.land/lipgloss/v2"

	"pitwall/ui/cell"
	"pitwall/ui/code"
	"pitwall/ui/diffview"
	"pitwall/ui/markdown"
	"pitwall/ui/widget"
)

// Theme is the styles of the screen. Each is a style of lipgloss, resolved once into
// the sequence that rows use. Colours are 24 bit; the terminal's renderer brings them
// down to what the terminal has, and NO_COLOR to none.
type Theme struct {
	Dark                                   bool
	Accent, Dim, Faint, Bold               cell.Style
	Good, Bad, Run, Gold, Grey, This, Warn cell.Style
	Selected                               cell.Style // background of the chosen row
	Hit                                    cell.Style // what a filter found, added to another style
	Code                                   code.Theme
	Prose                                  markdown.Theme
	Diff                                   diffview.Theme
	Help                                   widget.HelpStyles
	Bar                                    widget.BarStyles
}

// NewTheme makes the styles for a dark or a light terminal.
func NewTheme(dark bool) *Theme {
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
	t := &Theme{
		Dark:     dark,
		Accent:   widget.Opening(accent),
		Dim:      widget.Opening(dim),
		Faint:    widget.Opening(faint),
		Bold:     widget.Opening(plain.Bold(true)),
		Hit:      widget.Opening(plain.Bold(true).Underline(true)),
		Good:     fg("#6ed287", "#147832"),
		Bad:      fg("#ff7d78", "#be1e28"),
		Run:      fg("#fad75f", "#916400"),
		Warn:     fg("#ffb45a", "#aa5000"),
		Gold:     fg("#e2aa32", "#a56e00"),
		Grey:     fg("#96969e", "#7d7d84"),
		This:     fg("#78dceb", "#006e8c"),
		Selected: bg("#262e3c", "#deeafa"),
		Bar:      widget.BarStyles{Done: accent, Todo: faint},
		Help:     widget.HelpStyles{Key: accent, Does: dim, Between: faint},
	}
	t.Code = code.Theme{
		Keyword: fg("#c896f0", "#8232a0"),
		Name:    fg("#82b9ff", "#0050aa"),
		Builtin: fg("#78cdcd", "#006e78"),
		String:  fg("#aacd82", "#3c6e14"),
		Number:  fg("#ebaf6e", "#a05000"),
		Comment: fg("#7d828c", "#787c84"),
	}
	t.Prose = markdown.Theme{
		Heading: t.Accent + t.Bold, Subheading: t.Bold, Strong: t.Bold, Emphasis: widget.Opening(plain.Italic(true)),
		Code: t.Code.Builtin, Link: t.Accent, Address: t.Dim, Sign: t.Dim, Script: t.Code,
	}
	t.Diff = diffview.Theme{
		Add: bg("#142e1e", "#e0f8e6"), AddWord: bg("#245c38", "#aae4ba"), AddSign: t.Good,
		Del: bg("#38181c", "#ffebe9"), DelWord: bg("#70282e", "#ffc8c3"), DelSign: t.Bad,
		Number: fg("#4e525a", "#969aa2"), Fold: t.Dim, Caret: t.Accent, Focus: t.Accent,
	}
	return t
}
