package widget

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"pitwall/ui/cell"
)

func TestAnAreaHoldsCleanTextInExactlyItsCellsWhateverIsTyped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 200).Draw(t, "most")
		a := NewArea(most)
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0:
				a.Set(hostile().Draw(t, "set"))
			case 1, 2:
				a.Insert(hostile().Draw(t, "paste"))
			case 3:
				a.Key(tea.KeyPressMsg{Text: hostile().Draw(t, "typed")})
			case 4:
				a.Break()
			default:
				a.Key(keys().Draw(t, "key"))
			}
			isClean(t, a.Text())
			if len(a.Text()) > most {
				t.Fatalf("%d bytes in an area of %d", len(a.Text()), most)
			}
			w, h := rapid.IntRange(1, 24).Draw(t, "width"), rapid.IntRange(1, 6).Draw(t, "height")
			rows := a.Rows(w, h, "\x1b[1m")
			x, y, ok := cell.TakeCursor(rows)
			if !ok || x < 0 || x >= w || y < 0 || y >= h || len(rows) != h {
				t.Fatalf("the cursor is at %d,%d (%v) of %dx%d cells, %d rows", x, y, ok, w, h, len(rows))
			}
			for _, r := range rows {
				if n := ansi.StringWidth(r); n != w {
					t.Fatalf("a row takes %d cells of %d: %q of %q", n, w, r, a.Text())
				}
				isClean(t, ansi.Strip(r))
			}
		}
	})
}

func TestAnAreaTakesSeveralLinesAndIsEditedInAllOfThem(t *testing.T) {
	a := NewArea(100)
	a.Insert("one\r\ntwo\u202e\nthree")
	a.Key(tea.KeyPressMsg{Code: tea.KeyUp})
	a.Key(tea.KeyPressMsg{Code: tea.KeyHome})
	a.Key(tea.KeyPressMsg{Text: "X"})
	a.Break()
	if got, want := a.Text(), "one\nX\ntwo\nthree"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	rows := a.Rows(8, 6, "")
	if x, y, ok := cell.TakeCursor(rows); x != 0 || y != 2 || !ok {
		t.Errorf("the cursor is at %d,%d", x, y)
	}
	if got, want := strings.Join(rows, "|"), "one     |X       |two     |three   |        |        "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	a.Key(tea.KeyPressMsg{Code: 'v', Mod: tea.ModCtrl})
	a.Key(tea.KeyPressMsg{Code: tea.KeyEnter})
	if got := strings.Count(a.Text(), "\n"); got != 3 {
		t.Errorf("enter, which is the room's, made %d line breaks of 3", got)
	}
}
