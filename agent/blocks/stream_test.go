package blocks

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

func TestTextIsPassedOnAsSoonAsItIsSafe(t *testing.T) {
	r := &recorder{t: t}
	p := NewParser("train.py", standing(), r)
	for _, step := range []struct {
		piece string
		log   string // what is passed on then
	}{
		{"The", ""}, // could name a file
		{" rate is", "\n[prose] The rate is"},
		{" low", " low"},
		{"\ntrain", "\n"},
		{".py\n<<<<<<< SE", ""},
		{"ARCH\n", "\n[begin] train.py\n[reason] The rate is low"},
		{"l", "\n[old] l"},
		{"r = 0.1", "r = 0.1"},
		{"\n    ", "\n"}, // may be a marker's indentation
		{"y", "    y"},
		{"\n==", "\n"},
		{"=x", "===x"},
		{"\n=====", "\n"},
		{"==\n", ""},
		{">", ""},
		{">=1", "\n[new] >>=1"},
		{"\n=======\n", "\n"}, // may stand before the end
		{"z", "=======\nz"},
		{"\n>>>>>>> REPLACE", "\n"},
		{"\n", "\n[end] "},
	} {
		before := r.log.Len()
		p.Write(step.piece)
		if got := r.log.String()[before:]; got != step.log {
			t.Fatalf("after %q: %q, want %q", step.piece, got, step.log)
		}
	}
}

func TestAWholeFileIsPassedOnAsItComes(t *testing.T) {
	r := &recorder{t: t}
	p := NewParser("train.py", standing(), r)
	p.Write(fenced("train.py\n'''python\nimport ma"))
	if len(r.edits) != 1 || r.edits[0].New != "import ma" {
		t.Fatalf("so far: %s", r.log.String())
	}
}

func TestALongReasonKeepsItsLastParagraphs(t *testing.T) {
	block := "\n\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n"
	long := strings.Repeat("word ", 300)
	for _, tt := range []struct{ text, want string }{
		{long + "\n\nFirst.\n\nThen this.", "First.\n\nThen this."},
		{"Before.\n\n" + long, strings.TrimSpace(long[:600]) + " …"},
		{strings.Repeat("ö", 900), strings.Repeat("ö", 300) + " …"},
		{strings.Repeat("x", 9000) + "\n\n" + strings.Repeat("y", 600), strings.Repeat("y", 600)},
		{strings.Repeat("x", 9000) + "\n\n" + strings.Repeat("y", 599), strings.Repeat("y", 599)},
	} {
		r := parse(t, "train.py", nil, false, tt.text+block)
		if got := r.edits[0].Reason; got != tt.want {
			t.Errorf("reason of %.20q…: %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestBytesThatAreNoTextPassThrough(t *testing.T) {
	r := parse(t, "train.py", nil, false, "train.py\n<<<<<<< SEARCH\na\x00b\xff\n=======\n\xf0\x9f\n漢字\t\n>>>>>>> REPLACE\n")
	if e := r.edits[0]; e.Old != "a\x00b\xff\n" || e.New != "\xf0\x9f\n漢字\t\n" {
		t.Errorf("got %+v", e)
	}
}

func TestARuneIsNeverTornApart(t *testing.T) {
	var pieces []string
	for _, c := range []byte("train.py\n<<<<<<< SEARCH\nä漢🙂\n=======\n🙂\n>>>>>>> REPLACE\n") {
		pieces = append(pieces, string([]byte{c}))
	}
	sink := &tearing{recorder: recorder{t: t}}
	p := NewParser("train.py", nil, sink)
	for _, piece := range pieces {
		p.Write(piece)
	}
	p.Close(false)
	if e := sink.edits[0]; e.Old != "ä漢🙂\n" || e.New != "🙂\n" {
		t.Errorf("got %+v", e)
	}
}

// tearing fails where a piece is no whole text.
type tearing struct{ recorder }

func (s *tearing) Old(text string) {
	if strings.ToValidUTF8(text, "?") != text {
		s.t.Errorf("torn: %q", text)
	}
	s.recorder.Old(text)
}

// counting counts bytes and keeps none.
type counting struct{ prose, old, new, edits int }

func (c *counting) Begin(string)      {}
func (c *counting) Reason(string)     {}
func (c *counting) Old(text string)   { c.old += len(text) }
func (c *counting) New(text string)   { c.new += len(text) }
func (c *counting) End()              { c.edits++ }
func (c *counting) Abort(string)      {}
func (c *counting) Prose(text string) { c.prose += len(text) }
func (c *counting) total() int        { return c.prose + c.old + c.new }

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// Quadratic work on ten megabytes would outlast any patience; copies are counted.
func TestEndlessTextIsNotKept(t *testing.T) {
	for _, tt := range []struct{ name, head, text string }{
		{"prose", "", "x"},
		{"blanks", "", " "},
		{"blank lines", "", "\n"},
		{"marker characters", "", "<"},
		{"a passage", "train.py\n<<<<<<< SEARCH\n", "x"},
		{"blank lines of a passage", "train.py\n<<<<<<< SEARCH\n", "\n"},
		{"new text", "train.py\n<<<<<<< SEARCH\n=======\n", "lines\n"},
		{"dividers", "train.py\n<<<<<<< SEARCH\n=======\n", "=======\n"},
		{"a whole file", "muon.py\n```\n", "x"},
		{"an unnamed fence", "```\n", "x"},
		{"lines of a fence", "```\n", "x\n"},
		{"blank lines of a fence", "```\n", "\n"},
		{"a diff", "```diff\n@@ -1 +1 @@\n", "x"},
		{"lines of a diff", "```diff\n@@ -1 +1 @@\n", "+x\n"},
		{"empty lines of a diff", "```diff\n@@ -1 +1 @@\n", "\n"},
		{"a diff without hunks", "```diff\n", "x\n"},
		{"names", "", "train.py\n"},
	} {
		size, copies := 10<<20, 12
		if strings.HasSuffix(tt.text, "\n") {
			size, copies = 1<<17, 40 // small strings for short lines
		}
		for _, piece := range []int{64, size} {
			t.Run(fmt.Sprintf("%s in pieces of %d", tt.name, piece), func(t *testing.T) {
				text := strings.Repeat(tt.text, piece/len(tt.text))
				sink := &counting{}
				before := allocated()
				p := NewParser("train.py", map[string]string{"train.py": longScript()}, sink)
				p.Write(tt.head)
				for range size / piece {
					p.Write(text)
				}
				p.Close(true)
				if used := allocated() - before; used > uint64(copies*size) {
					t.Errorf("%d KiB allocated for %d", used>>10, size>>10)
				}
				// Empty lines at a hunk's end, and what names nothing new, may go.
				if got := sink.total(); got < size/2 && tt.name != "empty lines of a diff" {
					t.Errorf("%d bytes of %d passed on", got, size)
				}
			})
		}
	}
}
