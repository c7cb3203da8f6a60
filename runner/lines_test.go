package runner

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// slowLines is the obvious splitter: all bytes at once.
func slowLines(b []byte) (out []Line) {
	cont := false
	add := func(data []byte, end byte) {
		for len(data) > maxPiece {
			out = append(out, Line{Data: data[:maxPiece], Cont: cont})
			data, cont = data[maxPiece:], true
		}
		out = append(out, Line{Data: data, End: end, Cont: cont})
		cont = end == 0
	}
	from := 0
	for i, c := range b {
		if c == '\n' || (c == '\r' && (i+1 == len(b) || b[i+1] != '\n')) {
			add(b[from:i], c)
			from = i + 1
		}
	}
	if from < len(b) {
		add(b[from:], 0)
	}
	return out
}

// merged joins pieces, whose borders may depend on how reads fell.
func merged(lines []Line) (out []Line) {
	for _, l := range lines {
		if l.Cont && len(out) > 0 {
			last := &out[len(out)-1]
			last.Data, last.End = append(bytes.Clone(last.Data), l.Data...), l.End
			continue
		}
		out = append(out, Line{Data: bytes.Clone(l.Data), End: l.End})
	}
	return out
}

func FuzzSplitterDoesNotDependOnReads(f *testing.F) {
	f.Add([]byte("a\nb\r\nc\rd\r\r\n\n\n\rtail"), uint8(1), uint16(0))
	f.Add([]byte("xx\r"), uint8(2), uint16(0))
	f.Add([]byte("ab\r\ncd"), uint8(3), uint16(2000))
	f.Fuzz(func(t *testing.T, b []byte, step uint8, times uint16) {
		b = bytes.Repeat(b, 1+int(times)%4096)
		if len(b) > 1<<20 {
			b = b[:1<<20]
		}
		var got []Line
		var s splitter
		emit := func(l Line) {
			if len(l.Data) > maxPiece {
				t.Fatalf("a piece of %d bytes", len(l.Data))
			}
			got = append(got, l)
		}
		size := int(step) + 1
		if times%2 == 1 {
			size *= 1000
		}
		for at := 0; at < len(b); at += size {
			s.feed(b[at:min(len(b), at+size)], time.Duration(at), emit)
		}
		s.finish(emit)
		a, w := merged(got), merged(slowLines(b))
		if len(a) != len(w) {
			t.Fatalf("%d lines, want %d: %s", len(a), len(w), render(a))
		}
		for i := range a {
			if !bytes.Equal(a[i].Data, w[i].Data) || a[i].End != w[i].End {
				t.Fatalf("line %d is %q %d, want %q %d", i, a[i].Data, a[i].End, w[i].Data, w[i].End)
			}
		}
	})
}

func TestSplitterSurvivesPiecesThatEndAtATerminator(t *testing.T) {
	for _, tail := range []string{"\n", "\r", "\r\n", "\rx", ""} {
		for _, n := range []int{maxPiece - 1, maxPiece, maxPiece + 1} {
			text := []byte(strings.Repeat("x", n) + tail)
			for _, cut := range []int{0, 1, n - 1, n, n + 1} {
				cut = min(cut, len(text))
				var s splitter
				var got []Line
				emit := func(l Line) { got = append(got, l) }
				s.feed(text[:cut], 0, emit)
				s.feed(text[cut:], 0, emit)
				s.finish(emit)
				var back []byte
				for _, l := range got {
					if back = append(back, l.Data...); l.End != 0 {
						back = append(back, l.End)
					}
				}
				if !bytes.Equal(back, text) {
					t.Errorf("%d bytes and %q cut at %d: %s", n, tail, cut, render(got))
				}
			}
		}
	}
}

func TestASlowSinkMakesTheScriptWaitInsteadOfFillingMemory(t *testing.T) {
	c := newCollector(1<<40, time.Now())
	block := bytes.Repeat([]byte("x"), 1<<16)
	block[len(block)-1] = '\n'
	fed := make(chan int)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 1000 {
			c.feed(0, block, time.Now())
			select {
			case fed <- i:
			default:
			}
		}
	}()
	lines, peak := 0, 0
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-c.ready:
		}
		c.mu.Lock()
		peak = max(peak, c.weight)
		c.mu.Unlock()
		lines += len(c.take(0))
	}
	if lines != 1000 || peak > maxPending+2*len(block) {
		t.Errorf("%d lines, %d bytes pending", lines, peak)
	}
}

func BenchmarkSplitter(b *testing.B) {
	for name, line := range map[string]string{
		"80 bytes": strings.Repeat("x", 79) + "\n",
		"8 bytes":  "1234567\n",
		"progress": strings.Repeat("x", 79) + "\r",
		"10 MB":    strings.Repeat("x", 1<<20),
	} {
		b.Run(name, func(b *testing.B) {
			chunk := []byte(strings.Repeat(line, 1+readSize/len(line)))[:readSize]
			var s splitter
			b.SetBytes(int64(len(chunk)))
			b.ReportAllocs()
			for b.Loop() {
				s.feed(chunk, 0, func(Line) {})
			}
		})
	}
}

func BenchmarkFloodOverQuota(b *testing.B) {
	chunk := []byte(strings.Repeat(strings.Repeat("x", 79)+"\n", readSize/80))
	c := newCollector(1<<20, time.Now())
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		c.feed(0, chunk, time.Now())
		c.take(0)
	}
}

func render(lines []Line) string {
	var b strings.Builder
	for i, l := range lines {
		if i == 40 {
			fmt.Fprintf(&b, "... %d lines", len(lines))
			break
		}
		fmt.Fprintf(&b, "%q(%d,%d) ", l.Data[:min(len(l.Data), 80)], l.End, l.Gap)
	}
	return b.String()
}
