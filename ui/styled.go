package ui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"pitwall/ui/cell"
)

// lines splits text without blank lines at its ends.
func lines(text string) []string {
	all := strings.Split(text, "\n")
	blank := func(s string) bool { return strings.TrimSpace(ansi.Strip(s)) == "" }
	for len(all) > 0 && blank(all[0]) {
		all = all[1:]
	}
	for len(all) > 0 && blank(all[len(all)-1]) {
		all = all[:len(all)-1]
	}
	return all
}

// fitStyled cuts or pads text that carries styles to w cells.
func fitStyled(s string, w int) string {
	n := ansi.StringWidth(s)
	if n > w {
		s = ansi.Truncate(s, w, "")
		n = ansi.StringWidth(s)
	}
	return s + "\x1b[m" + cell.New(w-n).String()
}
