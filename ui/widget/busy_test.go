package widget

import (
	"math"
	"testing"

	"charm.land/bubbles/v2/spinner"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"pitwall/ui/cell"
)

func TestASpinnerTicksOnlyWhileSomethingSpins(t *testing.T) {
	s := NewSpinner()
	if cmd := s.Update("a key", false); cmd != nil {
		t.Fatal("it ticks while nothing spins")
	}
	start := s.Update("a key", true)
	if start == nil {
		t.Fatal("it does not begin to spin")
	}
	if again := s.Update("a key", true); again != nil {
		t.Fatal("a second tick beside the first")
	}
	first := s.Sign()
	tick, ok := start().(spinner.TickMsg)
	if !ok {
		t.Fatalf("it begins with %T", start())
	}
	next := s.Update(tick, true)
	if next == nil || s.Sign() == first {
		t.Fatalf("it stands still at %q", s.Sign())
	}
	later, _ := next().(spinner.TickMsg)
	if s.Update(later, true) == nil || s.Update(later, true) != nil {
		t.Fatal("a tick that comes twice is followed by two")
	}
	if cmd := s.Update(later, false); cmd != nil {
		t.Fatal("it ticks on when nothing spins any more")
	}
	if cmd := s.Update("a key", true); cmd == nil {
		t.Fatal("it does not begin once more")
	}
	for range 12 {
		if n := ansi.StringWidth(s.Sign()); n != 1 {
			t.Fatalf("%q takes %d cells", s.Sign(), n)
		}
	}
}

func TestAProgressBarTakesExactlyItsCells(t *testing.T) {
	p := NewProgress(BarStyles{Done: lipgloss.NewStyle().Foreground(lipgloss.Color("#5fafff"))})
	for w := -1; w < 70; w++ {
		for _, share := range []float64{-1, 0, 0.001, 0.5, 0.999, 1, 7, math.NaN(), math.Inf(1)} {
			row := cell.New(60)
			p.Draw(row, w, share)
			if want := min(max(w, 0), 60); row.Used() != want || ansi.StringWidth(row.String()) != 60 {
				t.Fatalf("%v takes %d cells of %d", share, row.Used(), want)
			}
		}
	}
}

// BenchmarkProgress measures a bar, which is drawn with each frame while work goes on.
func BenchmarkProgress(b *testing.B) {
	p := NewProgress(BarStyles{Done: lipgloss.NewStyle().Foreground(lipgloss.Color("#5fafff"))})
	for b.Loop() {
		p.Draw(cell.New(60), 60, 0.4)
	}
}
