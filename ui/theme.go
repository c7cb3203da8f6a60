package ui

import (
	"pitwall/ui/cell"
	"pitwall/ui/code"
	"pitwall/ui/diffview"
)

// theme is the styles of the screen. Colours are 24 bit; the terminal's
// renderer brings them down to what the terminal has, and NO_COLOR to none.
type theme struct {
	dark                                   bool
	accent, dim, faint, bold               cell.Style
	good, bad, run, gold, grey, this, warn cell.Style
	selected                               cell.Style // background of the chosen row
	hit                                    cell.Style // what a filter found, added to another style
	code                                   code.Theme
	diff                                   diffview.Theme
}

func newTheme(dark bool) *theme {
	pick := func(onDark, onLight cell.Style) cell.Style {
		if dark {
			return onDark
		}
		return onLight
	}
	fg := func(d, l string) cell.Style {
		return pick(cell.Style("\x1b[38;2;"+d+"m"), cell.Style("\x1b[38;2;"+l+"m"))
	}
	bg := func(d, l string) cell.Style {
		return pick(cell.Style("\x1b[48;2;"+d+"m"), cell.Style("\x1b[48;2;"+l+"m"))
	}
	t := &theme{
		dark:     dark,
		accent:   fg("95;175;255", "0;90;190"),
		dim:      fg("146;150;158", "95;99;107"),
		faint:    fg("78;82;90", "190;194;202"),
		bold:     "\x1b[1m",
		hit:      "\x1b[1;4m",
		good:     fg("110;210;135", "20;120;50"),
		bad:      fg("255;125;120", "190;30;40"),
		run:      fg("250;215;95", "145;100;0"),
		warn:     fg("255;180;90", "170;80;0"),
		gold:     fg("226;170;50", "165;110;0"),
		grey:     fg("150;150;158", "125;125;132"),
		this:     fg("120;220;235", "0;110;140"),
		selected: bg("38;46;60", "222;234;250"),
	}
	t.code = code.Theme{
		Keyword: fg("200;150;240", "130;50;160"),
		Name:    fg("130;185;255", "0;80;170"),
		Builtin: fg("120;205;205", "0;110;120"),
		String:  fg("170;205;130", "60;110;20"),
		Number:  fg("235;175;110", "160;80;0"),
		Comment: fg("125;130;140", "120;124;132"),
	}
	t.diff = diffview.Theme{
		Add: bg("20;46;30", "224;248;230"), AddWord: bg("36;92;56", "170;228;186"), AddSign: t.good,
		Del: bg("56;24;28", "255;235;233"), DelWord: bg("112;40;46", "255;200;195"), DelSign: t.bad,
		Number: t.faint, Fold: t.dim, Caret: t.accent, Focus: t.accent,
	}
	if !dark {
		t.diff.Number = "\x1b[38;2;150;154;162m"
	}
	return t
}
