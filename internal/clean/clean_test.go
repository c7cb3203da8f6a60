package clean

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

func TestLineLeavesNothingToObey(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"step:1/84 val_loss:2.0", "step:1/84 val_loss:2.0"},
		{"\x1b[31mred\x1b[0m", "red"},
		{"\x1b[2Jgone", "␛[2Jgone"},
		{"\x1b]0;title\x07", "␛]0;title␇"},
		{"a\tb", "a   b"},
		{"50%\r100%", "50%␍100%"},
		{"user\u202etxt.exe", "user⟨U+202E⟩txt.exe"},
		{"bad\xff\xfe", "bad��"},
		{"\u0085\u009b2J", "��2J"},
		{"zero\u200bwidth\u00ad", "zerowidth"},
		{"損失 ok", "損失 ok"},
		{"e\u0301\u0301\u0301\u0301", "e\u0301\u0301"},
		{"👩‍👩‍👧", "👩👩👧"},
		{"a\u00a0b", "a b"},
	} {
		if got := Line(c.in); got != c.want {
			t.Errorf("Line(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestHeadReadsNoFurtherThanTheScreen(t *testing.T) {
	s := strings.Repeat("x", 1<<20)
	if got := Head(s, 80); len(got) != 81 {
		t.Errorf("%d bytes, want 81: one more than fits, so that the cut shows", len(got))
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{"", "\x1b[31m", "\x9b1m", "\x1b]8;;x\x1b\\", "\u202e", "e\u0301", "👩‍👧🇩🇪", "\t\t", "각", "\xf0\x9f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Line(s)
		if !utf8.ValidString(got) {
			t.Fatalf("Line(%q) is not UTF-8", s)
		}
		for _, r := range got {
			if r < 0x20 || r >= 0x7f && r < 0xa0 || bidi(r) || unicode.Is(unicode.Cf, r) {
				t.Fatalf("Line(%q) keeps %U", s, r)
			}
		}
		if ansi.Strip(got) != got {
			t.Fatalf("Line(%q) = %q keeps a sequence", s, got)
		}
		if again := Line(got); again != got {
			t.Fatalf("Line is not settled: %q, then %q", got, again)
		}
		if w, wc := ansi.StringWidth(got), ansi.StringWidthWc(got); w != wc {
			t.Skipf("terminals disagree on %q: %d, %d", got, w, wc)
		}
	})
}
