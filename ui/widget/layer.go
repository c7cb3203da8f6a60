package widget

import (
	"strings"

	"charm.land/lipgloss/v2"

	"pitwall/ui/cell"
)

// Over lays a box of rows over a screen with its first cell at column x of row y. The
// screen keeps its size: as many rows, each of w cells. It takes a millisecond or
// two, so it is for while something lies over the screen. A cursor of the box stays;
// one of the screen goes.
func Over(screen, box []string, w, x, y int) []string {
	h := len(screen)
	if h == 0 || w <= 0 {
		return screen
	}
	box = append([]string{}, box...)
	atX, atY, typing := cell.TakeCursor(box)
	canvas := lipgloss.NewCanvas(w, h)
	canvas.Compose(lipgloss.NewCompositor(
		lipgloss.NewLayer(strings.Join(screen, "\n")),
		lipgloss.NewLayer(strings.Join(box, "\n")).X(x).Y(y).Z(1),
	))
	drawn := strings.Split(canvas.Render(), "\n")
	rows := make([]string, h)
	for i := range rows {
		row := cell.New(w)
		if i < len(drawn) {
			row.Raw(drawn[i], min(lipgloss.Width(drawn[i]), w))
		}
		rows[i] = row.String()
	}
	if typing && y+atY < h {
		rows[y+atY] = cell.AtCursor(rows[y+atY], x+atX)
	}
	return rows
}

// Boxed puts a thin border around rows of w cells, with a title in it.
func Boxed(rows []string, w int, title string, border, heading cell.Style) []string {
	top := cell.New(w+2).Put(border, "╭─")
	if title != "" {
		top.Gap(1).Put(heading, cell.Cut(title, max(w-5, 0))).Gap(1)
	}
	boxed := []string{top.Put(border, strings.Repeat("─", max(top.Left()-1, 0))+"╮").String()}
	side := cell.New(1).Put(border, "│").String()
	for _, r := range rows {
		boxed = append(boxed, side+r+side)
	}
	return append(boxed, cell.New(w+2).Put(border, "╰"+strings.Repeat("─", w)+"╯").String())
}
