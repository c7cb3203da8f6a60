package clean

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

// hostile makes text as a model, a script or a name may hold it.
func hostile() *rapid.Generator[[]byte] {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{
			"\x1b]52;c;cm0gLXJmIH4=\x07", "\x1b]0;title\x1b\\", "\x1b[2J", "\x1b[31m", "\x1b[0m", "\x1b[38:2::1:2:3m", "\x1b[", "\x1b", "\x1b[1", "\x1bc",
			"\x1b[" + strings.Repeat("1;", 40) + "m", "\x9b2J", "\u009b2J", "\u0085", "\u202e", "\u2066", "\u200b", "\r", "\r\n", "\n", "\a\b\v\f\x00\x7f",
			"e\u0301\u0301\u0301", "\u0301", "損失", "\xe6\x90", "\xf0\x9f", "👩‍👩‍👧", "\ufeff", "\U000e0041", "\x1bP1$r\x1b\\", "\x1b_x\x1b\\", "\x1b[?1049h", "\x1b[6n", "\x1b[c",
		}),
		rapid.StringN(0, 5, 20), rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 6), func(b []byte) string { return string(b) }),
	)
	return rapid.Map(rapid.SliceOfN(piece, 0, 12), func(parts []string) []byte { return []byte(strings.Join(parts, "")) })
}

// through writes text in pieces that the test draws.
func through(t *rapid.T, text []byte, cuts string) string {
	var out bytes.Buffer
	w := NewWriter(&out)
	for len(text) > 0 {
		n := rapid.IntRange(1, len(text)).Draw(t, cuts)
		if wrote, err := w.Write(text[:n]); wrote != n || err != nil {
			t.Fatalf("Write: %d of %d, %v", wrote, n, err)
		}
		text = text[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestNothingThatATerminalWouldObeyGetsThroughAWriter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := hostile().Draw(t, "text")
		got := through(t, text, "cut")
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
		for _, r := range got {
			if (r < 0x20 && r != '\n' && r != '\t') || r >= 0x7f && r < 0xa0 || bidi(r) || unicode.Is(unicode.Cf, r) {
				t.Fatalf("%q of %q keeps %U", got, text, r)
			}
		}
		if flat := strings.NewReplacer("\n", "", "\t", "").Replace(got); ansi.Strip(flat) != flat {
			t.Fatalf("%q of %q keeps a sequence", got, text)
		}
		if again := through(t, text, "another cut"); again != got {
			t.Fatalf("cut otherwise, %q becomes %q and not %q", text, again, got)
		}
	})
}

func TestAWriterGivesWhatTextGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := bytes.ReplaceAll(hostile().Draw(t, "text"), []byte("\t"), nil)
		want := Text(string(text))
		if bytes.HasSuffix(text, []byte("\n")) {
			want += "\n" // Text drops the last one
		}
		if got := through(t, text, "cut"); got != want {
			t.Fatalf("%q becomes %q, as text %q", text, got, want)
		}
	})
}

func TestAWriterHoldsNothingBackThatIsWhole(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	for _, c := range []struct{ in, want string }{
		{"Start? [y/N] ", "Start? [y/N] "}, {"損", "損"}, {"a\tb", "a\tb"}, {"\x1b", ""}, {"[3", ""}, {"1mred\x1b[m", "red"}, {"\x1b", ""}, {"]0;x", "␛]0;x"},
	} {
		out.Reset()
		if _, err := w.Write([]byte(c.in)); err != nil {
			t.Fatal(err)
		}
		if out.String() != c.want {
			t.Errorf("after %q the terminal got %q, want %q", c.in, out.String(), c.want)
		}
	}
}
