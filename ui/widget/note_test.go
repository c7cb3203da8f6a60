package widget

import (
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"pitwall/ui/cell"
)

func TestANoteLeavesTheScreenItsSizeAndHasTheCursor(t *testing.T) {
	n := NewNote("note on 損失", "begun\u202e", 100)
	if closed, _ := n.Key(tea.KeyPressMsg{Code: tea.KeyEnter, Mod: tea.ModAlt}); closed {
		t.Fatal("a new line closes it")
	}
	n.Key(tea.KeyPressMsg{Text: "esc"}) // pasted
	if got, want := n.Text(), "begun\nesc"; got != want {
		t.Fatalf("%q, want %q", got, want)
	}
	for w := 1; w < 90; w += 3 {
		for h := 1; h < 14; h++ {
			rows := n.Over(screenOf(w, h, "a row"), w, "\x1b[2m", "\x1b[1m")
			x, y, typing := cell.TakeCursor(rows)
			if fits := w > 4 && h > 2; typing != fits || typing && (x < 2 || x > w-3 || y < 1 || y > h-2) {
				t.Fatalf("the cursor is at %d,%d (%v) of %dx%d", x, y, typing, w, h)
			}
			for _, r := range rows {
				if ansi.StringWidth(r) != w || len(rows) != h {
					t.Fatalf("%d rows, one of %d cells, at %dx%d", len(rows), ansi.StringWidth(r), w, h)
				}
			}
		}
	}
	if closed, keep := n.Key(tea.KeyPressMsg{Code: tea.KeyEscape}); !closed || keep {
		t.Error("esc keeps it")
	}
	if closed, keep := n.Key(tea.KeyPressMsg{Code: tea.KeyEnter}); !closed || !keep {
		t.Error("enter does not keep it")
	}
}
