package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"pitwall/store/event"
	"pitwall/store/fold"
)

// rowsOf wraps a text, however it came.
func rowsOf(w int, pieces ...string) []string {
	x := wrapped{w: w}
	text := ""
	for _, p := range pieces {
		text += p
		for x.feed(text, 64) {
			continue
		}
		x.tail(text) // must change nothing
	}
	return append(slices.Clip(x.rows), x.tail(text)...)
}

func TestTextIsWrappedAtSpaces(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"one two three four", []string{"one two", "three four"}},
		{"one\n\ntwo\n", []string{"one", "", "two"}},
		{"    if x:\n        return 1", []string{"    if x:", "        re", "turn 1"}},
		{"abcdefghijklmnopqrstuvwxyz", []string{"abcdefghij", "klmnopqrst", "uvwxyz"}},
		{"a abcdefghijklm", []string{"a", "abcdefghij", "klm"}},
		{"a\tb\r\nc\x1b[31md\x1b[2J", []string{"a   b", "cd␛[2J"}},
		{"損失損失損失", []string{"損失損失損", "失"}},
		{"0123456789 x", []string{"0123456789", "x"}},
		{"done 損失\xe6", []string{"done 損失"}}, // the last character has not come whole
	} {
		if got := rowsOf(10, c.in); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

func TestWrappingDependsOnNothingButTheText(t *testing.T) {
	piece := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z \n\t]{0,40}`),
		rapid.SampledFrom([]string{"\x1b[31m", "\x1b[2", "損失", "\n", " ", "\xff", "e\u0301", "👩‍👧", strings.Repeat("x", 300), strings.Repeat("長", 200), "\x9b1m"}))
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.IntRange(1, 30).Draw(t, "width")
		pieces := rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces")
		whole := strings.Join(pieces, "")
		want := rowsOf(w, whole)
		if got := rowsOf(w, pieces...); !slices.Equal(got, want) {
			t.Fatalf("%q in pieces:\n%q\nat once:\n%q", pieces, got, want)
		}
		for _, r := range want {
			if n := ansi.StringWidth(r); n > w {
				t.Fatalf("%q takes %d cells, want at most %d", r, n, w)
			}
			if strings.ContainsFunc(r, func(c rune) bool { return c < 0x20 || c >= 0x7f && c < 0xa0 }) {
				t.Fatalf("%q has control characters", r)
			}
		}
		// A replay that goes back, and on again.
		x := wrapped{w: w}
		for x.feed(whole, 1000) {
			continue
		}
		half := whole[:rapid.IntRange(0, len(whole)).Draw(t, "half")]
		for x.feed(half, 1000) {
			continue
		}
		if got := append(slices.Clip(x.rows), x.tail(half)...); !slices.Equal(got, rowsOf(w, half)) {
			t.Fatalf("gone back to %q: %q", half, got)
		}
		for x.feed(whole, 1000) {
			continue
		}
		if got := append(slices.Clip(x.rows), x.tail(whole)...); !slices.Equal(got, want) {
			t.Fatalf("gone back and on: %q, want %q", got, want)
		}
	})
}

// megabytes is an answer of 2 MB: prose, code and a line without an end.
func megabytes() string {
	var b strings.Builder
	for i := 0; b.Len() < 1<<20; i++ {
		fmt.Fprintf(&b, "    x%d = model(block[%d], step=%d)  # 損失 of line %d\n", i, i%17, i*3, i)
	}
	for b.Len() < 2<<20 {
		b.WriteString("0123456789abcdef")
	}
	return b.String()
}

// BenchmarkTalkOfTwoMegabytes draws the model's pane, following, while an answer of
// 2 MB grows by a few words a frame.
func BenchmarkTalkOfTwoMegabytes(b *testing.B) {
	for name, text := range map[string]string{"lines": strings.Repeat("a few words of prose on a line\n", 70_000), "mixed": megabytes()} {
		b.Run(name, func(b *testing.B) {
			a := race(b, 1, 0)
			c := &fold.Call{Call: event.Call{Call: 1}, Text: text[:len(text)/2], Reasoning: text}
			for a.sections(c, 60); a.talk.behind; a.sections(c, 60) {
				a.talk.behind = false
			}
			n := len(c.Text)
			for b.Loop() {
				if n += 24; n > len(text) {
					n = len(text) / 2
				}
				c.Text = text[:n]
				a.speechRows(c, 63, 40)
			}
		})
	}
}

// BenchmarkTalkOpens wraps an answer of 2 MB for the first time, and reports the
// 99th percentile of its frames.
func BenchmarkTalkOpens(b *testing.B) {
	text := megabytes()
	a := race(b, 1, 0)
	var took []float64
	for b.Loop() {
		a.talk = talkPane{}
		c := &fold.Call{Call: event.Call{Call: 1}, Text: text}
		for more := true; more; more = a.talk.behind {
			a.talk.behind = false
			took = append(took, clocked(func() { a.speechRows(c, 63, 40) }))
		}
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)*99/100], "p99-ms")
}
