package widget

import (
	"charm.land/bubbles/v2/progress"
	"charm.land/bubbles/v2/spinner"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"pitwall/ui/cell"
)

// Spinner is the one sign of all work that is under way: everything that spins shows
// the same frame, so that one tick serves all. No tick runs while nothing spins.
type Spinner struct {
	in      spinner.Model
	ticking bool
}

// NewSpinner returns a spinner that stands still.
func NewSpinner() *Spinner {
	return &Spinner{in: spinner.New(spinner.WithSpinner(spinner.MiniDot))}
}

// Sign gives the present frame, one cell wide.
func (s *Spinner) Sign() string { return ansi.Strip(s.in.View()) }

// Update takes each message of the program; spinning says whether something that
// spins shows. What it returns is the next tick, nil where there is none to wait for.
func (s *Spinner) Update(msg tea.Msg, spinning bool) tea.Cmd {
	_, tick := msg.(spinner.TickMsg)
	switch {
	case tick && !spinning:
		s.ticking = false
		return nil
	case tick:
		var next tea.Cmd
		s.in, next = s.in.Update(msg)
		return next
	case spinning && !s.ticking:
		s.ticking = true
		return s.in.Tick
	}
	return nil
}

// Progress is a bar for work whose end is known. It stands as it is told, without an
// animation of its own.
type Progress struct{ in progress.Model }

// BarStyles are the colours of what is done and of what is left.
type BarStyles struct{ Done, Todo lipgloss.Style }

// NewProgress returns a bar.
func NewProgress(st BarStyles) *Progress {
	in := progress.New(progress.WithoutPercentage(), progress.WithFillCharacters('━', '─'))
	in.FullColor, in.EmptyColor = st.Done.GetForeground(), st.Todo.GetForeground()
	return &Progress{in}
}

// Draw adds a bar of w cells to a row, filled up to share, which goes from 0 to 1.
func (p *Progress) Draw(row *cell.Row, w int, share float64) {
	w = min(max(w, 0), row.Left())
	p.in.SetWidth(w)
	drawn := p.in.ViewAs(min(max(share, 0), 1))
	row.Raw(drawn, ansi.StringWidth(drawn))
}
