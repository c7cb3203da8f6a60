package code

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

var languages = []Language{None, Python, Shell, TOML, JSON, C}

// check holds what tokens promise of any text, and returns the looks it took.
func check(t interface {
	Helper()
	Fatalf(string, ...any)
}, l Language, text string,
) int {
	t.Helper()
	s := scan(l, text)
	at := 0
	for i, tok := range s.out {
		if tok.Bytes <= 0 || at+tok.Bytes > len(text) {
			t.Fatalf("language %d, %q: token %d at %d has %d bytes", l, text, i, at, tok.Bytes)
		}
		if i > 0 && s.out[i-1].Kind == tok.Kind {
			t.Fatalf("language %d, %q: tokens %d and %d are of one kind", l, text, i-1, i)
		}
		if utf8.ValidString(text) && !utf8.ValidString(text[at:at+tok.Bytes]) {
			t.Fatalf("language %d, %q: token %d cuts a character", l, text, i)
		}
		at += tok.Bytes
	}
	if at != len(text) {
		t.Fatalf("language %d, %q: the tokens have %d bytes of %d", l, text, at, len(text))
	}
	if most := 16*len(text) + 64; s.work > most {
		t.Fatalf("language %d: %d looks at %d bytes: %.200q", l, s.work, len(text), text)
	}
	return s.work
}

// pieces are what strings, comments and brackets of all the languages are made of.
var pieces = []string{
	"\"", "'", "\"\"\"", "'''", "f\"", "rb'", "f'''", "{", "}", "{{", "}}", "(", ")", "[", "]", ":", ":=", "!r",
	"\\", "\n", "\r\n", "\r", "\t", " ", "#", "//", "/*", "*/", "R\"x(", ")x\"", "<<", "<<-", "<<<", ">>>", "EOF",
	"$", "${", "$(", "$((", "`", "=", ",", ".", "1", "0x", "1e-5", "1_000", "def ", "class ", "@", "match x", "損",
	"é", "\xff", "\xe6", "\x00", "#include <", "#define ", "for ", "in ", "do", "[[", "]]", "x", "\\N{", "\u2028", "-", "+",
}

func TestTokensKeepEveryByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom(pieces)).Draw(t, "pieces"), "")
		if rapid.Bool().Draw(t, "random") {
			text = string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		}
		for _, l := range languages {
			check(t, l, text)
		}
	})
}

func FuzzTokens(f *testing.F) {
	for _, p := range pieces {
		f.Add(p + "x" + p)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, l := range languages {
			check(t, l, text)
		}
	})
}

// TestWorkGrowsWithTheTextAlone repeats each piece, and each after another, until
// looking for an end that never comes would show.
func TestWorkGrowsWithTheTextAlone(t *testing.T) {
	for _, a := range pieces {
		for _, b := range append([]string{""}, pieces...) {
			unit := a + b
			for _, l := range languages {
				check(t, l, strings.Repeat(unit, 300))
				check(t, l, a+strings.Repeat(b, 500))
			}
		}
	}
	word := strings.Repeat("a", 5000)
	check(t, Shell, "cat <<"+word+"\n"+strings.Repeat(word[1:]+"\n", 20))
	check(t, Shell, strings.Repeat("cat <<a ", 2000)+"\n")
	check(t, C, strings.Repeat(`R"aaaaaaaaaaaaaaa(`+strings.Repeat(")aaaaaaaaaaaaaa", 100), 20))
}

func TestScriptsOfThePracticeTrack(t *testing.T) {
	files, err := filepath.Glob("../../taskdata/micro/*.py")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range languages {
			check(t, l, string(b))
			for n := range 64 { // as they are while they are being written
				check(t, l, string(b[:len(b)*n/64]))
			}
		}
	}
}

func BenchmarkTokens(b *testing.B) {
	script, err := os.ReadFile("../../taskdata/micro/record_9.py")
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{
		"script":       string(script),
		"open strings": strings.Repeat("x = f'{a:{\"\n", 2000),
		"nested":       strings.Repeat("f'{", 8000),
		"quotes":       strings.Repeat("\"\"\"'''", 4000),
	} {
		b.Run(fmt.Sprintf("%s %d KB", name, len(text)/1000), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Tokens(Python, text)
			}
		})
	}
}
