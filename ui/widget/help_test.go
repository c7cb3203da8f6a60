package widget

import (
	"fmt"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

func testHelp() *Help {
	return NewHelp(HelpStyles{Key: lipgloss.NewStyle().Foreground(lipgloss.Color("#5fafff")), Does: lipgloss.NewStyle().Faint(true), Between: lipgloss.NewStyle()})
}

func TestHelpTakesExactlyItsCellsAndAlwaysNamesItself(t *testing.T) {
	h := testHelp()
	rapid.Check(t, func(t *rapid.T) {
		var keys []Key
		for range rapid.IntRange(0, 12).Draw(t, "keys") {
			keys = append(keys, Key{rapid.OneOf(hostile(), rapid.StringMatching(`[a-z]{0,3}`)).Draw(t, "show"), hostile().Draw(t, "does")})
		}
		w := rapid.IntRange(1, 120).Draw(t, "w")
		row := h.Line(keys, Key{"?", "help"}, w)
		if n := ansi.StringWidth(row); n != w || strings.Contains(row, "\n") {
			t.Fatalf("%d cells of %d: %q", n, w, row)
		}
		text := ansi.Strip(row)
		isClean(t, text)
		if w >= 7 && !strings.Contains(text, "? help") {
			t.Fatalf("%q does not name the help", text)
		}
		rows := h.List(keys, w)
		if len(rows) < len(keys) {
			t.Fatalf("%d rows for %d keys", len(rows), len(keys))
		}
		for _, r := range rows {
			if n := ansi.StringWidth(r); n != w {
				t.Fatalf("%d cells of %d: %q", n, w, r)
			}
			isClean(t, ansi.Strip(r))
		}
	})
}

func TestHelpShowsTheKeysThatFit(t *testing.T) {
	keys := []Key{{"enter", "start"}, {"h", "hint"}, {"a", "agent"}}
	h := testHelp()
	for w, want := range map[int]string{41: " enter start · h hint · a agent · ? help", 36: " enter start · h hint · ? help", 12: " ? help"} {
		if got := strings.TrimRight(ansi.Strip(h.Line(keys, Key{"?", "help"}, w)), " "); got != want {
			t.Errorf("at %d: %q, want %q", w, got, want)
		}
	}
	rows := h.List([]Key{{"enter", "start an attempt"}, {"h", "next hint"}}, 20)
	for i, want := range []string{"enter  start an", "       attempt", "h      next hint"} {
		if got := strings.TrimRight(ansi.Strip(rows[i]), " "); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// BenchmarkHelpLine measures the last line of a screen: drawn anew, and kept.
func BenchmarkHelpLine(b *testing.B) {
	var keys []Key
	for i := range 15 {
		keys = append(keys, Key{fmt.Sprint(i), "does it"})
	}
	h := testHelp()
	b.Run("anew", func(b *testing.B) {
		for b.Loop() {
			clear(h.drawn)
			_ = h.Line(keys, Key{"?", "help"}, 140)
		}
	})
	b.Run("kept", func(b *testing.B) {
		for b.Loop() {
			_ = h.Line(keys, Key{"?", "help"}, 140)
		}
	})
}
