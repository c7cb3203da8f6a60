package plot

import (
	"math"
	"strconv"
	"strings"

	"pitwall/internal/clean"
	"pitwall/ui/cell"
)

// Line is a curve of a chart: the first N points of a series (all where N is 0).
type Line struct {
	Series *Series
	N      int
	Style  cell.Style
	Every  int  // draws one dot column of that many: 0 and 1 solid, 2 and 3 dotted
	Mark   rune // at every point, where not 0; a glyph of one cell
	Points bool // only the marks, no curve
}

// Level is a line across the chart at one y.
type Level struct {
	Y     float64
	Style cell.Style
	Label string
}

// Chart is a plot with axes. Later lines lie above earlier ones.
type Chart struct {
	Lines  []Line
	Levels []Level
	X0, X1 float64 // range of x; where X1 <= X0 that of the lines
	Zero   bool    // the x axis begins at 0 where no range is given
	Top    float64 // highest y shown, where > 0 and lower than the highest there is
	LogY   bool
	XUnit  string // after the numbers of the x axis
	XTicks bool   // whole numbers only on the x axis
	Dates  bool   // x is a Day: months and years on the x axis
	Axis   cell.Style
	Faint  cell.Style // of the axis lines
}

func (l Line) n() int {
	if l.Series == nil {
		return 0
	}
	if l.N <= 0 || l.N > l.Series.Len() {
		return l.Series.Len()
	}
	return l.N
}

// bounds gives the ranges to show; ok is false where there is nothing to draw.
func (c *Chart) bounds() (x0, x1, y0, y1 float64, ok bool) {
	x0, x1 = math.Inf(1), math.Inf(-1)
	y0, y1 = math.Inf(1), math.Inf(-1)
	for _, l := range c.Lines {
		n := l.n()
		if n == 0 {
			continue
		}
		x0, x1 = min(x0, l.Series.xs[0]), max(x1, l.Series.xs[n-1])
		lo, hi := l.Series.Range(0, n)
		y0, y1 = min(y0, lo), max(y1, hi)
	}
	if c.X1 > c.X0 {
		x0, x1 = c.X0, c.X1
	}
	if c.Zero && c.X1 <= c.X0 {
		x0 = min(x0, 0)
	}
	if math.IsInf(x0, 0) || math.IsInf(y0, 0) {
		return 0, 0, 0, 0, false
	}
	for _, l := range c.Levels {
		y0, y1 = min(y0, l.Y), max(y1, l.Y)
	}
	if c.Top > 0 && c.Top > y0 {
		y1 = min(y1, c.Top)
	}
	if x1 <= x0 {
		x1 = x0 + 1
	}
	if c.LogY && y0 > 0 {
		f := math.Pow(y1/y0, 0.06)
		y0, y1 = y0/max(f, 1.01), y1*max(f, 1.01)
	} else {
		pad := (y1 - y0) * 0.06
		if pad <= 0 {
			pad = max(math.Abs(y0)*0.05, 0.01)
		}
		y0, y1 = y0-pad, y1+pad
	}
	return x0, x1, y0, y1, true
}

// Rows draws the chart in exactly h rows of exactly w cells.
func (c *Chart) Rows(w, h int) []string {
	x0, x1, y0, y1, ok := c.bounds()
	if w < 4 || h < 2 || !ok {
		return cell.Blank(w, h)
	}
	logY := c.LogY && y0 > 0
	ph := h
	if h >= 5 {
		ph = h - 2
	}
	ys := yTicks(y0, y1, max(ph/3, 2), logY)
	gutter := 0
	labels := map[int]string{}
	scaleY := func(y float64) int { // dot row
		f := (y - y0) / (y1 - y0)
		if logY {
			if y <= 0 {
				return ph * 4
			}
			f = math.Log(y/y0) / math.Log(y1/y0)
		}
		return int(math.Round((1 - max(min(f, 4), -4)) * float64(ph*4-1)))
	}
	if w >= 24 {
		for _, y := range ys {
			if row := scaleY(y) / 4; row >= 0 && row < ph {
				labels[row] = number(y)
				gutter = max(gutter, len(labels[row])+2)
			}
		}
		gutter = max(gutter, 4)
	}
	pw := w - gutter
	cv := newCanvas(pw, ph)
	scaleX := func(x float64) int { return int(math.Round((x - x0) / (x1 - x0) * float64(pw*2-1))) }

	for _, l := range c.Levels {
		y, pen := scaleY(l.Y), cv.pen(l.Style)
		for x := 0; x < pw*2; x += 3 {
			cv.dot(x, y, pen)
		}
	}
	for _, l := range c.Lines {
		if !l.Points {
			cv.curve(l, x0, x1, scaleX, scaleY)
		}
	}
	for _, l := range c.Lines {
		if l.Mark != 0 && l.n() <= 4*pw {
			pen := cv.pen(l.Style)
			for i := range l.n() {
				cv.mark(scaleX(l.Series.xs[i]), scaleY(l.Series.ys[i]), l.Mark, pen)
			}
		}
	}
	for _, l := range c.Levels {
		cv.label(l, scaleY(l.Y)/4)
	}

	rows := make([]string, 0, h)
	for y := range ph {
		var b strings.Builder
		if gutter > 0 {
			tick := " │"
			if s, ok := labels[y]; ok {
				b.WriteString(strings.Repeat(" ", gutter-2-len(s)))
				b.WriteString(string(c.Axis) + s + "\x1b[m")
				tick = " ┤"
			} else {
				b.WriteString(strings.Repeat(" ", gutter-2))
			}
			b.WriteString(string(c.Faint) + tick + "\x1b[m")
		}
		cv.row(&b, y)
		rows = append(rows, b.String())
	}
	if ph < h {
		rows = append(rows, c.axis(gutter, pw, x0, x1)...)
	}
	return rows
}

// label writes a level's name over its line, at the right end, where the cells are free.
func (cv *canvas) label(l Level, row int) {
	s := []rune(" " + l.Label + " ")
	if l.Label == "" || row < 0 || row >= cv.h || len(s) > cv.w/2 {
		return
	}
	at, pen := row*cv.w+cv.w-len(s), cv.pen(l.Style)
	for i, r := range s {
		cv.glyph[at+i], cv.style[at+i] = r, pen
	}
}

// curve draws a line: in each dot column the range of its points, joined to the
// column before.
func (cv *canvas) curve(l Line, x0, x1 float64, scaleX func(float64) int, scaleY func(float64) int) {
	n, s, pen := l.n(), l.Series, cv.pen(l.Style)
	px, py := math.MinInt, 0
	every := max(l.Every, 1)
	cols := cv.w * 2
	step := (x1 - x0) / float64(cols-1)
	i := max(s.Find(x0, n)-1, 0)
	for i < n && s.xs[i] <= x1 {
		x := scaleX(s.xs[i])
		j := i + 1
		if s.Len() > cols { // all points that fall into column x
			j = max(s.Find(x0+(float64(x)+0.5)*step, n), i+1)
		}
		lo, hi := s.Range(i, j)
		first, last := scaleY(s.ys[i]), scaleY(s.ys[j-1])
		if px == x && x%every == 0 { // a step up or down
			cv.column(x, py, first, pen)
		}
		if px != math.MinInt && x > px {
			prev := py
			for k := px + 1; k <= x; k++ {
				y := py + (first-py)*(k-px)/(x-px)
				if k >= 0 && k < cols && k%every == 0 {
					cv.column(k, prev+sign(y-prev), y, pen)
				}
				prev = y
			}
		}
		if x%every == 0 {
			cv.column(x, scaleY(hi), scaleY(lo), pen)
		}
		px, py, i = x, last, j
	}
}

func sign(n int) int {
	switch {
	case n > 0:
		return 1
	case n < 0:
		return -1
	}
	return 0
}

// axis gives the two rows below the canvas.
func (c *Chart) axis(gutter, pw int, x0, x1 float64) []string {
	line := []rune(strings.Repeat("─", pw))
	text := []rune(strings.Repeat(" ", pw))
	free := 0
	for _, t := range c.ticks(x0, x1, pw) {
		at := int((t.x - x0) / (x1 - x0) * float64(pw-1))
		s := []rune(t.label)
		from := min(max(at-len(s)/2, 0), pw-len(s))
		if from < free || from < 0 {
			continue
		}
		copy(text[from:], s)
		line[at] = '┴'
		free = from + len(s) + 1
	}
	corner := ""
	if gutter > 0 {
		corner = strings.Repeat(" ", gutter-1) + "└"
	}
	return []string{
		string(c.Faint) + corner + string(line) + "\x1b[m",
		cell.New(gutter+pw).Gap(gutter).Put(c.Axis, string(text)).String(),
	}
}

// tick is a place on the x axis.
type tick struct {
	x     float64
	label string
}

// ticks gives the places on an x axis of w cells that are labelled, in order.
func (c *Chart) ticks(x0, x1 float64, w int) []tick {
	if c.Dates {
		return months(x0, x1, max(w/7, 2))
	}
	step := nice((x1 - x0) / float64(max(w/12, 2)))
	if c.XTicks {
		step = max(1, math.Round(step))
	}
	var ts []tick
	for x := math.Ceil(x0/step) * step; x <= x1+step*1e-9; x += step {
		ts = append(ts, tick{x, number(x) + c.XUnit})
	}
	return ts
}

func yTicks(lo, hi float64, n int, log bool) []float64 {
	var ys []float64
	if log {
		for e := math.Floor(math.Log10(lo)); e <= math.Ceil(math.Log10(hi)); e++ {
			for _, m := range []float64{1, 2, 5} {
				if y := m * math.Pow(10, e); y >= lo && y <= hi {
					ys = append(ys, y)
				}
			}
		}
		return ys
	}
	step := nice((hi - lo) / float64(n))
	for y := math.Ceil(lo/step) * step; y <= hi && len(ys) < 50; y += step {
		ys = append(ys, math.Round(y/step)*step)
	}
	return ys
}

// nice returns the smallest of 1, 2 and 5 times a power of ten that is at least x.
func nice(x float64) float64 {
	if x <= 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return 1
	}
	p := math.Pow(10, math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 2, 5} {
		if m*p >= x*0.999 {
			return m * p
		}
	}
	return 10 * p
}

func number(x float64) string {
	s := strconv.FormatFloat(x, 'g', 4, 64)
	if math.Abs(x) >= 1000 && math.Abs(x) < 1e7 {
		s = strconv.FormatFloat(x, 'f', 0, 64)
	}
	if clean.Width(s) > 8 {
		return s[:8]
	}
	return s
}
