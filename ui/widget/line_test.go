package widget

import (
	"strings"
	"testing"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"pitwall/internal/clean"
	"pitwall/ui/cell"
)

// hostile draws text that people paste: plain, wide, joined, and what a terminal obeys.
func hostile() *rapid.Generator[string] {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{
			"a", "word ", "  ", "損失", "é", "e\u0301\u0301\u0301", "\u0301", "👩‍👩‍👧", "🇩🇪", "👍🏽", "각", "\t", "\n", "\r\n", "\r", "\u2028",
			"\x1b[31m", "\x1b[2J", "\x1b]0;title\x07", "\x1b]52;c;aGk=\x1b\\", "\x1b", "\u009b2J", "\u202e", "\u2066", "\u200f", "\x00", "\x7f", "\xff", "�", "ﬁ", "क्षि", "שלום", "\u00a0", "\u3000", "⟨", "ﾊﾟ",
		}),
		rapid.String(),
	)
	return rapid.Map(rapid.SliceOfN(piece, 0, 12), func(s []string) string { return strings.Join(s, "") })
}

// keys are those that a field knows, and some that it does not.
func keys() *rapid.Generator[tea.KeyPressMsg] {
	var all []tea.KeyPressMsg
	for _, code := range []rune{tea.KeyLeft, tea.KeyRight, tea.KeyUp, tea.KeyDown, tea.KeyHome, tea.KeyEnd, tea.KeyBackspace, tea.KeyDelete, tea.KeyPgUp, tea.KeyPgDown, tea.KeyTab, tea.KeyF1} {
		for _, mod := range []tea.KeyMod{0, tea.ModAlt, tea.ModCtrl, tea.ModShift, tea.ModCtrl | tea.ModShift} {
			all = append(all, tea.KeyPressMsg{Code: code, Mod: mod})
		}
	}
	for _, r := range "abcdefghklmnptuvw<>" {
		for _, mod := range []tea.KeyMod{tea.ModAlt, tea.ModCtrl} {
			all = append(all, tea.KeyPressMsg{Code: r, Mod: mod})
		}
	}
	return rapid.SampledFrom(all)
}

// isClean fails where text has something in it that a field keeps out.
func isClean(t *rapid.T, text string) {
	t.Helper()
	for _, line := range strings.Split(text, "\n") {
		if clean.Line(line) != line || ansi.Strip(line) != line {
			t.Fatalf("%q is not clean", line)
		}
	}
	for _, r := range text {
		if r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			t.Fatalf("%q holds %U", text, r)
		}
	}
}

func TestALineHoldsCleanTextInExactlyItsCellsWhateverIsTyped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 60).Draw(t, "most")
		l := NewLine(most)
		l.Placeholder = hostile().Draw(t, "placeholder")
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				l.Set(hostile().Draw(t, "set"))
			case 1, 2:
				l.Insert(hostile().Draw(t, "paste"))
			case 3:
				l.Key(tea.KeyPressMsg{Text: hostile().Draw(t, "typed")})
			default:
				l.Key(keys().Draw(t, "key"))
			}
			isClean(t, l.Text())
			if strings.Contains(l.Text(), "\n") || len(l.Text()) > most {
				t.Fatalf("%q in a line of %d bytes", l.Text(), most)
			}
			before := string([]rune(l.Text())[:l.in.Position()])
			for w := 1; w <= 24; w++ {
				row := cell.New(30).Gap(2)
				l.Draw(row, w, "\x1b[1m", "\x1b[2m")
				if row.Used() != 2+w {
					t.Fatalf("%q takes %d cells of %d", l.Text(), row.Used()-2, w)
				}
				rows := []string{row.String()}
				x, y, ok := cell.TakeCursor(rows)
				if !ok || y != 0 || x < 2 || x >= 2+w {
					t.Fatalf("the cursor is at %d,%d (%v) of a field of %d cells", x, y, ok, w)
				}
				if n := ansi.StringWidth(rows[0]); n != 30 {
					t.Fatalf("the row takes %d cells of 30: %q", n, rows[0])
				}
				text := ansi.Strip(rows[0])
				isClean(t, text)
				if total := clean.Width(l.Text()); total < w && l.Text() != "" {
					if !strings.HasPrefix(text[2:], l.Text()) || x != 2+clean.Width(before) {
						t.Fatalf("%q with the cursor at %d shows as %q with it at %d", l.Text(), clean.Width(before), text, x-2)
					}
				}
			}
		}
	})
}

func TestALineScrollsSoThatTheCharacterAtTheCursorShows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := NewLine(400)
		l.Set(rapid.StringMatching(`[a-z損失 ]{0,60}`).Draw(t, "text"))
		w := rapid.IntRange(6, 30).Draw(t, "width")
		for range rapid.IntRange(1, 30).Draw(t, "keys") {
			l.Key(tea.KeyPressMsg{Code: rapid.SampledFrom([]rune{tea.KeyLeft, tea.KeyRight, tea.KeyHome, tea.KeyEnd, tea.KeyBackspace}).Draw(t, "key")})
			shown, at := l.window(w)
			rs := []rune(l.Text())
			if l.in.Position() == len(rs) {
				if rest := strings.TrimRight(shown[cutAt(shown, at):], " "); rest != "" {
					t.Fatalf("behind the end of %q stands %q", l.Text(), rest)
				}
				continue
			}
			want := string(rs[l.in.Position()])
			if got := shown[cutAt(shown, at):]; !strings.HasPrefix(got, want) {
				t.Fatalf("the cursor is on %q of %q, and %q shows there (window %q)", want, l.Text(), got, shown)
			}
		}
	})
}

func TestALineIsEditedWhereTheCursorIs(t *testing.T) {
	alt := func(r rune) tea.KeyPressMsg { return tea.KeyPressMsg{Code: r, Mod: tea.ModAlt} }
	ctrl := func(r rune) tea.KeyPressMsg { return tea.KeyPressMsg{Code: r, Mod: tea.ModCtrl} }
	code := func(r rune) tea.KeyPressMsg { return tea.KeyPressMsg{Code: r} }
	typed := func(s string) tea.KeyPressMsg { return tea.KeyPressMsg{Text: s} }
	for _, c := range []struct {
		name string
		keys []tea.KeyPressMsg
		want string
	}{
		{"left", []tea.KeyPressMsg{code(tea.KeyLeft), typed("X")}, "one twXo"},
		{"home and right", []tea.KeyPressMsg{code(tea.KeyHome), code(tea.KeyRight), typed("X")}, "oXne two"},
		{"a word to the left", []tea.KeyPressMsg{alt(tea.KeyLeft), typed("X")}, "one Xtwo"},
		{"a word to the right", []tea.KeyPressMsg{code(tea.KeyHome), ctrl(tea.KeyRight), typed("X")}, "oneX two"},
		{"end", []tea.KeyPressMsg{code(tea.KeyHome), code(tea.KeyEnd), typed("X")}, "one twoX"},
		{"the word before", []tea.KeyPressMsg{ctrl('w')}, "one "},
		{"the word behind", []tea.KeyPressMsg{code(tea.KeyHome), alt('d')}, " two"},
		{"the last character as a word", []tea.KeyPressMsg{code(tea.KeyLeft), alt('d')}, "one tw"},
		{"all before", []tea.KeyPressMsg{ctrl('u')}, ""},
		{"all behind", []tea.KeyPressMsg{code(tea.KeyHome), ctrl('k')}, ""},
		{"what spells a key", []tea.KeyPressMsg{typed("home"), typed("enter")}, "one twohomeenter"},
		{"several lines", []tea.KeyPressMsg{typed("\na\r\nb\n")}, "one two a b "},
		{"nothing from the clipboard", []tea.KeyPressMsg{ctrl('v')}, "one two"},
	} {
		l := NewLine(100)
		l.Set("one two")
		for _, k := range c.keys {
			l.Key(k)
		}
		if got := l.Text(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
