package widget

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"pitwall/ui/cell"
)

func TestAScrollIsOfItsSizeAndShowsRowsInTheirOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := NewScroll()
		var all []string
		for i := range rapid.IntRange(0, 30).Draw(t, "rows") {
			all = append(all, cell.New(30).Put("\x1b[1m", fmt.Sprint(i, " ")).Put("", hostile().Draw(t, "text")).String())
		}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			w, h := rapid.IntRange(0, 40).Draw(t, "w"), rapid.IntRange(0, 12).Draw(t, "h")
			s.Set(all, w, h)
			s.Key(keys().Draw(t, "key"))
			rows := s.Rows()
			if len(rows) != h {
				t.Fatalf("%d rows of %d", len(rows), h)
			}
			for _, r := range rows {
				if n := ansi.StringWidth(r); n != w || strings.Contains(r, "\n") {
					t.Fatalf("%d cells of %d: %q", n, w, r)
				}
			}
			if w >= 30 && h > 0 && len(all) > 0 {
				plain := func(r string) string { return strings.TrimRight(ansi.Strip(r), " ") }
				from := slices.IndexFunc(all, func(r string) bool { return plain(r) == plain(rows[0]) })
				if from < 0 || from > max(len(all)-h, 0) {
					t.Fatalf("it begins at row %d of %d", from, len(all))
				}
				for i := range min(h, len(all)-from) {
					if plain(rows[i]) != plain(all[from+i]) {
						t.Fatalf("row %d is %q, want %q", i, rows[i], all[from+i])
					}
				}
			}
		}
	})
}

func TestAScrollGoesToItsEndsAndByPages(t *testing.T) {
	s := NewScroll()
	var all []string
	for i := range 30 {
		all = append(all, fmt.Sprint(i))
	}
	s.Set(all, 10, 8)
	for _, c := range []struct {
		key  tea.KeyPressMsg
		want string
	}{
		{tea.KeyPressMsg{Code: 'j', Text: "j"}, "1"},
		{tea.KeyPressMsg{Code: tea.KeyPgDown}, "9"},
		{tea.KeyPressMsg{Code: tea.KeyUp}, "8"},
		{tea.KeyPressMsg{Code: 'g', ShiftedCode: 'G', Mod: tea.ModShift, Text: "G"}, "22"},
		{tea.KeyPressMsg{Code: 'g', Text: "g"}, "0"},
		{tea.KeyPressMsg{Code: tea.KeyEnd}, "22"},
		{tea.KeyPressMsg{Code: tea.KeyHome}, "0"},
	} {
		s.Key(c.key)
		if got := strings.TrimSpace(s.Rows()[0]); got != c.want {
			t.Errorf("%s: begins at %s, want %s", c.key, got, c.want)
		}
	}
	if !s.Moves() {
		t.Error("30 rows in 8 do not scroll")
	}
}

// BenchmarkScroll measures a frame by the number of rows behind it: why what can be
// long does not scroll this way.
func BenchmarkScroll(b *testing.B) {
	for _, n := range []int{100, 2_000, 100_000} {
		rows := screenOf(80, n, "step:1/84 val_loss:2.0")
		b.Run(fmt.Sprint(n, " rows"), func(b *testing.B) {
			s := NewScroll()
			for b.Loop() {
				s.in.SetWidth(80)
				s.in.SetHeight(40)
				s.in.SetContentLines(rows)
				_ = s.Rows()
			}
		})
	}
}
