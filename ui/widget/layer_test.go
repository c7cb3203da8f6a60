package widget

import (
	"slices"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"pitwall/ui/cell"
)

func screenOf(w, h int, text string) []string {
	rows := make([]string, h)
	for i := range rows {
		rows[i] = cell.New(w).Put("\x1b[38;2;1;2;3m", text).Put("", text).To(w/2).Put("\x1b[1m", text).String()
	}
	return rows
}

func TestALayerLeavesTheScreenItsSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 50).Draw(t, "w"), rapid.IntRange(1, 12).Draw(t, "h")
		bw, bh := rapid.IntRange(1, w).Draw(t, "bw"), rapid.IntRange(1, h).Draw(t, "bh")
		x, y := rapid.IntRange(0, w-bw).Draw(t, "x"), rapid.IntRange(0, h-bh).Draw(t, "y")
		box := screenOf(bw, bh, rapid.StringMatching(`[a-z 損]{0,20}`).Draw(t, "box"))
		at := rapid.IntRange(0, bw-1).Draw(t, "cursor")
		box[bh-1] = cell.AtCursor(box[bh-1], at)
		rows := Over(screenOf(w, h, hostile().Draw(t, "text")), box, w, x, y)
		cx, cy, ok := cell.TakeCursor(rows)
		if !ok || cy != y+bh-1 || cx > x+at || cx < x+at-1 {
			t.Fatalf("the cursor is at %d,%d (%v), wanted %d,%d", cx, cy, ok, x+at, y+bh-1)
		}
		if len(rows) != h {
			t.Fatalf("%d rows of %d", len(rows), h)
		}
		for i, r := range rows {
			if n := ansi.StringWidth(r); n != w {
				t.Fatalf("row %d takes %d cells of %d: %q", i, n, w, r)
			}
			if i >= y && i < y+bh {
				if got, want := ansi.Strip(ansi.Cut(r, x, x+bw)), ansi.Strip(box[i-y]); strings.TrimSpace(got) != strings.TrimSpace(want) {
					t.Fatalf("row %d has %q where the box has %q", i, got, want)
				}
			}
		}
	})
}

func TestABoxIsAsWideAsItsRowsAndItsBorder(t *testing.T) {
	for w := 1; w < 40; w++ {
		rows := Boxed(screenOf(w, 2, "損失"), w, "keys of 損失", "\x1b[2m", "\x1b[1m")
		for _, r := range rows {
			if n := ansi.StringWidth(r); n != w+2 {
				t.Fatalf("%d cells, want %d: %q", n, w+2, r)
			}
		}
	}
}

func TestAnOpeningIsTheSequenceOfItsStyle(t *testing.T) {
	for _, c := range []struct {
		st   lipgloss.Style
		want cell.Style
	}{
		{lipgloss.NewStyle(), ""},
		{lipgloss.NewStyle().Bold(true), "\x1b[1m"},
		{lipgloss.NewStyle().Foreground(lipgloss.Color("#5fafff")), "\x1b[38;2;95;175;255m"},
		{lipgloss.NewStyle().Background(lipgloss.Color("#262e3c")), "\x1b[48;2;38;46;60m"},
	} {
		if got := Opening(c.st); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// BenchmarkSpan compares a row whose spans are rendered by lipgloss with one of
// sequences that were worked out once.
func BenchmarkSpan(b *testing.B) {
	st := lipgloss.NewStyle().Foreground(lipgloss.Color("#5fafff")).Bold(true)
	b.Run("render", func(b *testing.B) {
		for b.Loop() {
			_ = st.Render("val_loss 3.2801")
		}
	})
	b.Run("opening", func(b *testing.B) {
		opening := Opening(st)
		row := cell.New(1 << 30)
		for b.Loop() {
			row.Put(opening, "val_loss 3.2801")
		}
	})
}

// BenchmarkLayer measures an overlay on a screen of 140x42.
func BenchmarkLayer(b *testing.B) {
	screen, box := screenOf(140, 42, "some words of a row"), screenOf(60, 20, "keys")
	b.ReportAllocs()
	for b.Loop() {
		_ = Over(slices.Clone(screen), box, 140, 40, 10)
	}
}
