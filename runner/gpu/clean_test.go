package gpu

import "testing"

func TestCleanTextCannotMoveATerminal(t *testing.T) {
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
		if got := clean(c.in, c.limit); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.in, got, c.want)
		}
	}
}
