package markdown

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"pitwall/ui/cell"
	"pitwall/ui/code"
)

// marks shows styles as letters.
var marks = Theme{
	Heading: "\x1b[1m", Subheading: "\x1b[2m", Strong: "\x1b[3m", Emphasis: "\x1b[4m", Code: "\x1b[5m", Link: "\x1b[6m",
	Address: "\x1b[7m", Sign: "\x1b[8m", Script: code.Theme{Keyword: "\x1b[9m"},
}

var letters = strings.NewReplacer("\x1b[1m", "‹H ", "\x1b[2m", "‹h ", "\x1b[3m", "‹b ", "\x1b[4m", "‹i ", "\x1b[5m", "‹c ",
	"\x1b[6m", "‹l ", "\x1b[7m", "‹a ", "\x1b[8m", "‹s ", "\x1b[9m", "‹k ", "\x1b[m", "›")

func drawn(text string, w int) string {
	var out []string
	for _, r := range Rows(text, w, marks) {
		out = append(out, strings.TrimRight(letters.Replace(r), " "))
	}
	return strings.Join(out, "\n")
}

func plain(text string, w int) string {
	var out []string
	for _, r := range Rows(text, w, Theme{}) {
		out = append(out, strings.TrimRight(ansi.Strip(r), " "))
	}
	return strings.Join(out, "\n")
}

func TestInline(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a **b c** *d* _e_ __f g__ ***h***", "a ‹b b c› ‹i d› ‹i e› ‹b f g› ‹i ›"},
		{"the `x * y` of ``a ` b``", "the ‹c x * y› of ‹c a ` b›"},
		{"**a `b` c**", "‹b a ›‹b ‹c b›‹b  c›"},
		{"2 * 3 * 4, 5*6*7, 2**3, *args, **kwargs", "2 * 3 * 4, 5*6*7, 2**3, *args, **kwargs"},
		{"attn_block_size, __init__ and _x", "attn_block_size, __init__ and _x"},
		{"$G_t * x$ and $a_b$, not $5 or $6_a_", "$G_t * x$ and $a_b$, not $5 or $6_a_"},
		{"$$\\arg\\min\\_O \\{ \\|O\\| \\}$$ *b*", "$$\\arg\\min\\_O \\{ \\|O\\| \\}$$ ‹i b›"},
		{"see [the *log*](https://a.b/c_d_e).", "see ‹l the ›‹i ‹l log› ‹a https://a.b/c_d_e›."},
		{"Results[#](#results) [[x](y)] [z] (q)", "Results‹l #› [‹l x› ‹a y›] [z] (q)"},
		{"![](/a.png) ![curve](b.png) !", "‹i image› ‹a /a.png› ‹i curve› ‹a b.png› !"},
		{"<https://a.b> [https://a.b](https://a.b) <b>", "‹l https://a.b› ‹l https://a.b› <b>"},
		{`\*a\* \_b\_ c\d \\{ 1\. x\`, `*a* _b_ c\d \\{ 1. x\`},
		{"a *b\nc* d", "a ‹i b c› d"},
		{"a  \nb\\\nc", "a\nb\nc"},
		{"*a **b", "*a **b"},
		{"`a", "`a"},
		{"[a](b c) [d", "[a](b c) [d"},
	} {
		if got := drawn(c.text, 90); got != strings.ReplaceAll(c.want, "‹i ›", "‹i ‹b h›") {
			t.Errorf("%q\n  is %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestBlocks(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"headings", "# A\nb\n\n### C# ##\nD\n---\nE\n==", "‹H A›\nb\n\n‹h C#›\n‹H D›\n‹H E›"},
		{"no headings", "#tag\n####### x", "#tag ####### x"},
		{"paragraphs", "a\nb\n\n\n  c", "a b\n\nc"},
		{"bullets", "a:\n- b\n  c\n* d\n\n  e\n+ f", "a:\n‹s • ›b c\n‹s • ›d\n\n  e\n‹s • ›f"},
		{"numbers", "1. a\n2) b\n10. c", "‹s 1. ›a\n‹s 2) ›b\n‹s 10. ›c"},
		{"nested lists", "1. a\n   - b\n     1. c\n  - d\n2. e", "‹s 1. ›a\n   ‹s • ›b\n     ‹s 1. ›c\n   ‹s • ›d\n‹s 2. ›e"},
		{"item that begins with a list", "- 1. a", "‹s • ›‹s 1. ›a"},
		{"item without text", "-\n- a\n-", "‹s • ›\n‹s • ›a\n‹s • ›"},
		{"a year begins no list", "in the year\n1986. That", "in the year 1986. That"},
		{"code in an item", "1. **A**:\n   ```\n   x\n     y\n   ```\n2. b", "‹s 1. ›‹b A›:\n     x\n       y\n‹s 2. ›b"},
		{"code ends a list", "1. a\n```python\nif x:\n\n  y\n```\n2. b", "‹s 1. ›a\n  ‹k if› x:\n\n    y\n‹s 2. ›b"},
		{"code of another language", "~~~latex\n\\a *b*\n~~~", "  ‹s latex›\n  \\a *b*"},
		{"code that is open", "```\na\n\n# b", "  a\n\n  # b"},
		{"indented code", "a\n\n    x *y*\n\n      z\n\nb", "a\n\n  x *y*\n\n    z\n\nb"},
		{"quote", "> a\nb\n> - c\n\nd", "‹s │ ›a b\n‹s │ ›‹s • ›c\n\nd"},
		{"rules", "a\n\n***\n\n- - -", "a\n\n‹s ────────────────────────────────────────›\n\n‹s ────────────────────────────────────────›"},
		{"TeX over lines", "a\n\\begin{align*}\nG' &= aG \\\\\n&= *b*\n\\end{align*}\nc", "a\n  \\begin{align*}\n  G' &= aG \\\\\n  &= *b*\n  \\end{align*}\nc"},
		{"HTML", "<!-- a *b* -->\n<div>", "<!-- a ‹i b› --> <div>"},
		{"table", "x:\n| a | **b** |\n|-|-:|\n| `c\\|d` | 10 |\n| e | 9 | f |\n", "x:\n‹b a›        ‹b ‹b b›\n‹s ───›  ‹s ─────›\n‹c c|d›     10\ne    9 | f"},
		{"no table", "a | b\nc", "a | b c"},
		{"control characters", "a\x1b[2Jb **\x9bc**", "a␛[2Jb ‹b �c›"},
	} {
		if got := drawn(c.text, 40); got != c.want {
			t.Errorf("%s\n  is\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestTablesThatAreTooWide(t *testing.T) {
	const table = "| name | what it does |\n|-|-|\n| alpha | goes over a long way |\n| b | |\n"
	if got, want := plain(table, 24), "name   what it does\n─────  ─────────────────\nalpha  goes over a long\n       way\nb"; got != want {
		t.Errorf("wrapped:\n%s\nwant\n%s", got, want)
	}
	if got, want := plain(table, 12), "name\nwhat it does\n\nname alpha\nwhat it does\ngoes over a\nlong way\n\nname b\nwhat it does"; got != want {
		t.Errorf("stacked:\n%s\nwant\n%s", got, want)
	}
}

func TestLongLinesOfCode(t *testing.T) {
	got := plain("```\nif a:\n    return compute(first, second)\n```", 24)
	if want := "  if a:\n      return\n          compute(first,\n"; !strings.HasPrefix(got, "  if a:\n      return") || !strings.Contains(got, "second)") {
		t.Errorf("is\n%s\nwant\n%s", got, want)
	}
}

// word draws a word that no rule of Markdown changes.
func word(t *rapid.T) string {
	return rapid.StringMatching(`[a-z0-9äß損失値π]{1,14}`).Draw(t, "word")
}

// document draws a document and gives the words in it.
func generate(t *rapid.T, depth int) (string, []string) {
	var words []string
	take := func() string {
		w := word(t)
		words = append(words, w)
		return w
	}
	text := func() string {
		var out []string
		for range rapid.IntRange(1, 8).Draw(t, "words") {
			form := rapid.SampledFrom([]string{"%s", "%s", "%s", "**%s**", "*%s*", "_%s_", "`%s`", "[%s](u)", "$%s$", "(%s)", "%s,", "\\*%s", "*%s", "`%s", "[%s", "%s_", "__%s__"})
			out = append(out, fmt.Sprintf(form.Draw(t, "form"), take()))
		}
		return strings.Join(out, rapid.SampledFrom([]string{" ", " ", "\n", "  \n", "   "}).Draw(t, "between"))
	}
	var blocks []string
	for range rapid.IntRange(1, 4).Draw(t, "blocks") {
		var b string
		switch rapid.IntRange(0, 7).Draw(t, "block") {
		case 0:
			b = "## " + take()
		case 1:
			b = "```python\n" + text() + "\n```"
		case 2:
			b = "    " + take() + "   " + take()
		case 3:
			n := rapid.IntRange(1, 5).Draw(t, "columns")
			for i := range 3 {
				if i == 1 {
					b += strings.Repeat("|-", n) + "|\n"
					continue
				}
				for range n {
					b += "| " + take() + " "
				}
				b += "|\n"
			}
		case 4, 5:
			if depth < 4 {
				inner, more := generate(t, depth+1)
				words = append(words, more...)
				first, rest := "> ", "> "
				if rapid.Bool().Draw(t, "list") {
					first, rest = rapid.SampledFrom([]string{"- ", "1. "}).Draw(t, "sign"), "   "
				}
				b = first + strings.ReplaceAll(inner, "\n", "\n"+rest)
				break
			}
			b = text()
		default:
			b = text()
		}
		blocks = append(blocks, b)
	}
	return strings.Join(blocks, rapid.SampledFrom([]string{"\n\n", "\n"}).Draw(t, "gap")), words
}

// letter leaves the letters and figures of a text.
func letter(r rune) rune {
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return r
	}
	return -1
}

func TestNoWordIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, words := generate(t, 0)
		w := rapid.IntRange(10, 200).Draw(t, "w")
		rows := Rows(text, w, marks)
		all := strings.Map(letter, ansi.Strip(strings.Join(rows, "")))
		for _, want := range words {
			_, after, found := strings.Cut(all, strings.Map(letter, want))
			if !found {
				t.Fatalf("%q is not in its place in\n%s\nof\n%s", want, plain(text, w), text)
			}
			all = after
		}
		for _, r := range rows {
			if ansi.StringWidth(r) != w {
				t.Fatalf("%q is not %d cells", r, w)
			}
		}
	})
}

// pieces are what Markdown is made of.
var pieces = []string{
	"*", "**", "_", "__", "`", "``", "```", "~~~", "[", "]", "(", ")", "](", "![", "<", ">", "<http://", "$", "$$", "\\", "\n", "\n\n", "  ",
	"    ", "|", "|-|", "|-", "-", "- ", "1. ", "# ", "> ", "=", "---", "\\begin{a}", "\\end{a}", "a", "損", "1", "e\u0301\u0301\u0301", "\xff", "\x1b[m",
	"\x1b]0;", "\u202e", "\t", "\r",
}

func TestAnythingIsDrawn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom(pieces)).Draw(t, "pieces"), "")
		w := rapid.IntRange(0, 60).Draw(t, "w")
		for _, r := range Rows(text, w, Theme{Strong: "\x1b[1m"}) {
			if ansi.StringWidth(r) != w {
				t.Fatalf("%q of %q is not %d cells", r, text, w)
			}
			if rest := ansi.Strip(r); strings.ContainsFunc(rest, unicode.IsControl) {
				t.Fatalf("%q of %q keeps a control character", r, text)
			}
		}
	})
}

// TestLooksGrowWithTheTextAlone repeats each piece after each other, until looking
// for an end that never comes would show.
func TestLooksGrowWithTheTextAlone(t *testing.T) {
	for _, a := range pieces {
		for _, b := range pieces {
			for _, text := range []string{strings.Repeat(a+b, 300), a + strings.Repeat(b, 500), strings.Repeat(a+"x1"+b+"_", 200)} {
				r := &reader{text: text}
				r.match()
				r.read()
				if most := 8*len(text) + 64; r.looks > most {
					t.Fatalf("%d looks at %d bytes: %.80q", r.looks, len(text), text)
				}
			}
		}
	}
}

func TestHintsKeepTheirWords(t *testing.T) {
	files, err := filepath.Glob("../../taskdata/*/hints/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no hints: %v", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range []int{10, 37, 60, 98} {
			all := strings.Map(letter, ansi.Strip(strings.Join(Rows(string(b), w, marks), "")))
			for l := range strings.Lines(string(b)) {
				for f := range strings.FieldsFuncSeq(l, func(r rune) bool { return letter(r) < 0 }) {
					_, after, found := strings.Cut(all, f)
					if !found {
						t.Fatalf("%s at %d cells: %q is not in its place", name, w, f)
					}
					if !strings.HasPrefix(l, "|") { // cells are wrapped beside each other
						all = after
					}
				}
			}
		}
	}
}

// TestStylesEndWithTheirRow: what stands beside the picture keeps its own style.
func TestStylesEndWithTheirRow(t *testing.T) {
	for _, r := range Rows("**a b c d e f g h i j k l m n** `o p q r s t u v w x`", 12, marks) {
		if i := strings.LastIndex(r, "\x1b["); i >= 0 && !strings.HasPrefix(r[i:], "\x1b[m") {
			t.Errorf("%q does not end its style", r)
		}
	}
}

func BenchmarkRows(b *testing.B) {
	hint, err := os.ReadFile("../../taskdata/micro/hints/6_3.md")
	if err != nil {
		b.Fatal(err)
	}
	th := marks
	th.Sign = cell.Style("\x1b[2m")
	for name, text := range map[string]string{
		"hint": string(hint), "stars": strings.Repeat("*a ", 10000), "brackets": strings.Repeat("[a](", 8000),
		"ticks": strings.Repeat("` `` ", 6000), "dollars": strings.Repeat("$1", 15000), "word": strings.Repeat("a", 32000),
		"quotes": strings.Repeat(strings.Repeat("> ", 20)+"a\n", 800), "fences": strings.Repeat("```\n", 8000), "table": strings.Repeat("|-|-\n", 6000),
	} {
		b.Run(fmt.Sprintf("%s %d KB", name, len(text)/1000), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Rows(text, 60, th)
			}
		})
	}
}
