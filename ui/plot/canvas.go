package plot

import (
	"math"
	"strings"

	"pitwall/ui/cell"
)

// canvas is a grid of cells of 2 by 4 dots each.
type canvas struct {
	w, h   int // cells
	dots   []uint8
	style  []uint8 // index into styles
	glyph  []rune  // in place of the dots where it is not 0
	styles []cell.Style
}

func newCanvas(w, h int) *canvas {
	n := w * h
	return &canvas{w: w, h: h, dots: make([]uint8, n), style: make([]uint8, n), glyph: make([]rune, n), styles: []cell.Style{""}}
}

// pen gives a style a number.
func (c *canvas) pen(st cell.Style) uint8 {
	for i, s := range c.styles {
		if s == st {
			return uint8(i)
		}
	}
	if len(c.styles) == 256 {
		return 0
	}
	c.styles = append(c.styles, st)
	return uint8(len(c.styles) - 1)
}

// bits[y][x] is the bit of a dot in a braille cell.
var bits = [4][2]uint8{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

func (c *canvas) dot(x, y int, pen uint8) {
	if x < 0 || y < 0 || x >= c.w*2 || y >= c.h*4 {
		return
	}
	i := y/4*c.w + x/2
	c.claim(i, pen)
	c.dots[i] |= bits[y%4][x%2]
}

// claim gives a cell to a curve. A cell has one colour, so that the dots of the
// curve that had it before would pass for the new one's: they go.
func (c *canvas) claim(i int, pen uint8) {
	if c.style[i] != pen {
		c.dots[i], c.style[i] = 0, pen
	}
}

// column draws dots lo to hi of dot column x.
func (c *canvas) column(x, lo, hi int, pen uint8) {
	if lo > hi {
		lo, hi = hi, lo
	}
	lo, hi = max(lo, 0), min(hi, c.h*4-1)
	if x < 0 || x >= c.w*2 {
		return
	}
	for y := lo; y <= hi; {
		i := y/4*c.w + x/2
		end := min(y|3, hi)
		c.claim(i, pen)
		for ; y <= end; y++ {
			c.dots[i] |= bits[y%4][x%2]
		}
	}
}

// mark puts a glyph of one cell where dot (x, y) lies.
func (c *canvas) mark(x, y int, glyph rune, pen uint8) {
	if x < 0 || y < 0 || x >= c.w*2 || y >= c.h*4 {
		return
	}
	i := y/4*c.w + x/2
	c.glyph[i], c.style[i] = glyph, pen
}

// row writes row y, a style switch only where the style changes.
func (c *canvas) row(b *strings.Builder, y int) {
	var now uint8
	for i := y * c.w; i < (y+1)*c.w; i++ {
		r := ' '
		if c.glyph[i] != 0 {
			r = c.glyph[i]
		} else if c.dots[i] != 0 {
			r = 0x2800 + rune(c.dots[i])
		}
		if st := c.style[i]; r != ' ' && st != now {
			if now != 0 {
				b.WriteString("\x1b[m")
			}
			b.WriteString(string(c.styles[st]))
			now = st
		}
		b.WriteRune(r)
	}
	if now != 0 {
		b.WriteString("\x1b[m")
	}
}

// Spark returns a curve of w cells and one row of block characters from the
// last values of ys, scaled to their own range.
func Spark(ys []float64, w int) string {
	const blocks = "▁▂▃▄▅▆▇█"
	runes := []rune(blocks)
	if w <= 0 {
		return ""
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, y := range ys {
		if !math.IsNaN(y) && !math.IsInf(y, 0) {
			lo, hi = min(lo, y), max(hi, y)
		}
	}
	out := make([]rune, 0, w)
	n := min(w, len(ys))
	for i := range n {
		y := ys[i*len(ys)/n]
		if i == n-1 {
			y = ys[len(ys)-1]
		}
		k := 0
		if math.IsNaN(y) || math.IsInf(y, 0) {
			out = append(out, ' ')
			continue
		}
		if hi > lo {
			k = int((y - lo) / (hi - lo) * 7.99)
		}
		out = append(out, runes[k])
	}
	return string(out)
}
