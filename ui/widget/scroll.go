package widget

import (
	"strings"

	"charm.land/bubbles/v2/viewport"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"pitwall/ui/cell"
)

// Scroll shows a part of a few finished rows, with the keys of bubbles' viewport:
// arrows, j and k, page up and down, half pages, first and last. It is for a hundred
// rows or two: each frame measures all of them, 2.4 ms for 2,000, so scripts and logs
// scroll otherwise.
type Scroll struct{ in viewport.Model }

// NewScroll returns a scroll at its first row.
func NewScroll() *Scroll {
	in := viewport.New()
	in.KeyMap.Left.SetEnabled(false) // rows are no wider than what shows
	in.KeyMap.Right.SetEnabled(false)
	return &Scroll{in}
}

// Set gives it what it shows: rows of at most w cells, in h rows.
func (s *Scroll) Set(rows []string, w, h int) {
	s.in.SetWidth(max(w, 0))
	s.in.SetHeight(max(h, 0))
	s.in.SetContentLines(rows)
	s.in.SetYOffset(s.in.YOffset()) // within what there is
}

// Key scrolls where the key says so.
func (s *Scroll) Key(k tea.KeyPressMsg) {
	switch k.String() {
	case "g", "home":
		s.in.GotoTop()
	case "G", "end":
		s.in.GotoBottom()
	default:
		s.in, _ = s.in.Update(k)
	}
}

// Moves reports whether there is more than shows.
func (s *Scroll) Moves() bool { return s.in.TotalLineCount() > s.in.Height() }

// Rows gives what shows: exactly as many rows and cells as it was set to.
func (s *Scroll) Rows() []string {
	w, h := s.in.Width(), s.in.Height()
	drawn := strings.Split(s.in.View(), "\n")
	rows := make([]string, 0, h)
	for _, r := range drawn[:min(len(drawn), h)] {
		if ansi.StringWidth(r) > w {
			r = ansi.Truncate(r, w, "")
		}
		rows = append(rows, cell.New(w).Raw(r, ansi.StringWidth(r)).String())
	}
	return cell.Fit(rows, w, h)
}
