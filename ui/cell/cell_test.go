package cell

import (
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

func TestRowTakesExactlyItsWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.IntRange(0, 40).Draw(t, "width")
		r := On(w, Style(rapid.SampledFrom([]string{"", "\x1b[48;2;1;2;3m"}).Draw(t, "base")))
		for _, s := range rapid.SliceOfN(rapid.String(), 0, 6).Draw(t, "pieces") {
			r.Put(Style(rapid.SampledFrom([]string{"", "\x1b[1m"}).Draw(t, "style")), s)
			r.Gap(rapid.IntRange(-1, 3).Draw(t, "gap"))
		}
		r.Rest(New(w).Put("", rapid.String().Draw(t, "rest")))
		if got := ansi.StringWidth(r.String()); got != w {
			t.Fatalf("%d cells, want %d: %q", got, w, r.String())
		}
	})
}
