package clean

import (
	"bytes"
	"io"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Writer passes text on to a terminal as Text would give it, but for tabs, which stay.
// It may be cut into writes anywhere. Close writes what the last one left unfinished.
type Writer struct {
	to    io.Writer
	held  []byte // of a character or a sequence that is not whole yet
	marks int    // combining marks on the last character
	inked bool   // there is a character on this line that marks can stand on
	out   bytes.Buffer
}

// NewWriter gives a Writer to a terminal.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Write cleans p and passes it on. The error is that of the terminal; n is then 0.
func (w *Writer) Write(p []byte) (n int, err error) {
	text := p
	if len(w.held) > 0 {
		text = slices.Concat(w.held, p)
	}
	w.out.Reset()
	rest := w.take(text, false)
	w.held = append(w.held[:0], rest...)
	if _, err := w.to.Write(w.out.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close writes what is held back. The terminal stays open, and so does the Writer.
func (w *Writer) Close() error {
	w.out.Reset()
	w.take(w.held, true)
	w.held = w.held[:0]
	if w.out.Len() == 0 {
		return nil
	}
	_, err := w.to.Write(w.out.Bytes())
	return err
}

// take cleans text into out, and gives what cannot be told before more has come;
// at the end nothing is left.
func (w *Writer) take(text []byte, end bool) (rest []byte) {
	for len(text) > 0 {
		if c := text[0]; c >= 0x20 && c < 0x7f {
			n := 1
			for n < len(text) && text[n] >= 0x20 && text[n] < 0x7f {
				n++
			}
			w.out.Write(text[:n])
			w.marks, w.inked = 0, true
			text = text[n:]
			continue
		}
		if !end && !utf8.FullRune(text) {
			return text
		}
		r, size := utf8.DecodeRune(text)
		switch {
		case r == '\n' || r == '\t':
			w.out.WriteByte(byte(r))
			w.marks, w.inked = 0, r == '\t'
		case r == '\r' && len(text) == 1 && !end:
			return text
		case r == '\r' && (len(text) == 1 || text[1] == '\n'):
			// It belongs to the break.
		case r == 0x1b:
			n, open := colourIn(text)
			if open && !end {
				return text
			}
			if n > 0 {
				size = n
				break
			}
			w.put(visible(r))
		case unicode.In(r, unicode.Mn, unicode.Me):
			if w.marks++; w.marks <= maxMarks && w.inked {
				w.out.Write(text[:size])
			}
		case r == utf8.RuneError && size == 1:
			w.put("\uFFFD")
		default:
			w.put(visible(r))
		}
		text = text[size:]
	}
	return nil
}

func (w *Writer) put(text string) {
	w.out.WriteString(text)
	w.marks, w.inked = 0, w.inked || Width(text) > 0
}

// colourIn gives the length of the colour sequence that text begins with, else 0, and
// whether more of it may be to come.
func colourIn(text []byte) (n int, open bool) {
	if n = colour(string(text[:min(len(text), maxColour)])); n > 0 || len(text) >= maxColour {
		return n, false
	}
	for i, c := range text {
		if i == 1 && c != '[' || i > 1 && (c < '0' || c > '9') && c != ';' && c != ':' {
			return 0, false
		}
	}
	return 0, true
}
