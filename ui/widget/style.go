package widget

import (
	"strings"

	"charm.land/lipgloss/v2"

	"pitwall/ui/cell"
)

// Opening gives the sequence that switches a style on, as a row uses it. It is worked
// out once per theme: Render for each span of a row costs more than ten times as much.
func Opening(st lipgloss.Style) cell.Style {
	opening, _, _ := strings.Cut(st.Render("x"), "x")
	return cell.Style(strings.Replace(opening, ";4;4m", ";4m", 1)) // an underline is named twice: for words and for spaces
}
