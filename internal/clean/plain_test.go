package clean

import (
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestPlainTextCannotMoveATerminal(t *testing.T) {
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"\x1b[1;31mred\x1b[0m and \x1b]0;a title\x07plain", 50, "red and plain"},
		{"\x1b]8;;http://x\x1b\\link", 50, `\link`},
		{"\x1bPdcs without an end", 50, ""},
		{"a\x1b", 50, "a"},
		{"\x1bcreset", 50, "creset"},
		{"\x1b[", 50, "["},
		{" a\t\tb\r\nc\u00a0d ", 50, "a b c d"},
		{"a\u202eb\u200bc\u0301\x9bd", 50, "abc\uFFFDd"},
		{"12345", 5, "12345"},
		{"12345   ", 5, "12345"},
		{"123456", 5, "12345…"},
		{"ünïç", 3, "ünï…"},
	} {
		if got := Plain(c.in, c.limit); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.in, got, c.want)
		}
	}
}

func TestPlainTextIsOneLineThatNobodyObeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := string(hostile().Draw(t, "text"))
		got := Plain(text, -1)
		for _, r := range got {
			if !unicode.IsPrint(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%q of %q keeps %U", got, text, r)
			}
		}
		if again := Plain(got, -1); again != got {
			t.Fatalf("%q is not settled: then %q", got, again)
		}
		if short := Plain(text, 3); utf8.RuneCountInString(short) > 4 {
			t.Fatalf("%q has more than 3 characters and a mark", short)
		}
	})
}
