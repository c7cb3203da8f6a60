package ui

import (
	"fmt"
	"math"
	"strings"

	"pitwall/internal/clean"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// Sizes from which on each GPU has a cell of its own in the strip.
const (
	cellsWidth  = 140
	cellsHeight = 34
	cellLeast   = 16 // of one GPU
	cellMost    = 30
	cellRows    = 2 // of GPUs, at most
)

// stripRows gives the state of the machine that trains: of the GPUs where there are any.
func (a *attempt) stripRows(w, h int) []string {
	if !a.onGPUs() {
		return []string{a.hostRow(w)}
	}
	g := a.gpuState()
	rows := []string{a.gpuLine(w, g)}
	if g != nil && w >= cellsWidth && h >= cellsHeight && !a.st.Finished() && a.focus != paneGPU {
		rows = append(rows, a.gpuCells(w, g)...)
	}
	return rows
}

// gpuLine gives the GPUs on one row, and what they have cost so far.
func (a *attempt) gpuLine(w int, g *gpuState) string {
	th, st := a.m.frame.Theme, a.st
	r, right := cell.New(w).Gap(1), cell.New(w)
	if a.busy != "" {
		r.Put(th.Run, a.busy).Gap(2)
	}
	if used, _ := a.used(); used.GPUHours > 0 {
		right.Put("", gpuHours(used.GPUHours)).Put(th.Dim, " GPU-hours").Gap(1)
	}
	if st.Finished() {
		r.Put(th.Dim, a.cardWords())
		if st.Machine.Torch != "" && r.Left() > right.Used()+50 {
			r.Put(th.Dim, clean.Line(fmt.Sprintf(", driver %s, torch %s", st.Machine.Driver, st.Machine.Torch)))
		}
		return r.Rest(right).String()
	}
	if g == nil {
		r.Put(th.Dim, fmt.Sprintf("GPUs  no sample of %s yet", a.cardWords()))
		return r.Rest(right).String()
	}
	a.putGPUs(r.Put(th.Dim, "GPUs "), g)
	if full := cell.New(w).Put(th.Dim, a.cardWords()).Gap(2); full.Used()+right.Used()+1 <= r.Left() {
		return r.To(w-full.Used()-right.Used()).Put(th.Dim, a.cardWords()).Rest(right).String()
	}
	return r.Rest(right).String()
}

// putGPUs adds the figures of all GPUs together, those that fit.
func (a *attempt) putGPUs(r *cell.Row, g *gpuState) {
	th := a.m.frame.Theme
	plain, st := cell.Style(""), cell.Style("")
	if g.between || g.stale() {
		plain = th.Dim
	}
	if g.answer < g.expected {
		st = th.Bad
	}
	r.Put(st, fmt.Sprintf("%d of %d", g.answer, g.expected))
	add := func(label string, st cell.Style, text string) {
		if text != "" && clean.Width(label)+clean.Width(text)+2 <= r.Left() {
			r.Gap(2).Put(th.Dim, label).Put(st, text)
		}
	}
	if gone := g.gone(); gone != "" {
		add("", th.Bad, gone+" gone")
	}
	switch {
	case g.stale():
		add("", th.Warn, "no sample for "+frame.Long(msDuration(g.age)))
	case g.between:
		add("", th.Dim, "between runs")
	}
	add("use ", plain, figure("%.0f %%", g.mean(gpuUtil)))
	if d := g.most(gpuMem); d != nil {
		add("mem ", plain, ofMemory(d))
	}
	if d := g.most(gpuTemp); d != nil {
		add("hottest ", plain, figure("%.0f °C", d.Temp))
	}
	if n := g.slowed(); n > 0 {
		add("", th.Warn, fmt.Sprintf("%s %d held down", slowedSign, n))
	}
	add("", plain, powerWords(g.mean(gpuPower)*float64(g.answer)))
	r.Gap(2)
}

// slowedSign marks a GPU whose clocks are held down.
const slowedSign = "▾"

func powerWords(watts float64) string {
	if watts >= 1000 {
		return figure("%.1f kW", watts/1000)
	}
	return figure("%.0f W", watts)
}

// gpuHours gives GPU-hours, as short as they are.
func gpuHours(h float64) string {
	switch {
	case h >= 100:
		return fmt.Sprintf("%.0f", h)
	case h >= 10:
		return fmt.Sprintf("%.1f", h)
	}
	return fmt.Sprintf("%.2f", h)
}

// gpuCells gives each GPU a cell: how busy it is, and below that its memory, power and
// temperature. There are none where they do not fit.
func (a *attempt) gpuCells(w int, g *gpuState) []string {
	per := max(min((w-1)/cellLeast, len(g.devices)), 1)
	if len(g.devices) > cellRows*per {
		return nil
	}
	each := min((w-1)/per, cellMost)
	var rows []string
	for from := 0; from < len(g.devices); from += per {
		upper, lower := cell.New(w).Gap(1), cell.New(w).Gap(1)
		for i := from; i < min(from+per, len(g.devices)); i++ {
			a.putCell(upper, lower, &g.devices[i], each, g.between || g.stale())
			upper.To(1 + (i-from+1)*each)
			lower.To(1 + (i-from+1)*each)
		}
		rows = append(rows, upper.String(), lower.String())
	}
	return rows
}

// putCell adds one GPU in w cells, a gap at its end included.
func (a *attempt) putCell(upper, lower *cell.Row, d *device, w int, past bool) {
	th := a.m.frame.Theme
	name := fmt.Sprint(d.Index)
	at := len(name) + 1
	if d.gone {
		upper.Put(th.Bad, name).Gap(1).Put(th.Bad, "gone")
		lower.Gap(at).Put(th.Dim, sinceWords(d.seen))
		return
	}
	plain, use := cell.Style(""), th.This
	if past {
		plain, use = th.Dim, th.Faint
	}
	upper.Put(th.Dim, name).Gap(1)
	size := w - at - 8
	if known(d.Util) {
		n := size
		upper.Put(use, frame.Bar(d.Util/100, n)).Put(th.Faint, rest(d.Util/100, n)).Put(plain, fmt.Sprintf("%4.0f%%", d.Util))
	} else {
		upper.Put(th.Faint, strings.Repeat("·", size)).Put(th.Dim, "    –")
	}
	if d.Slowed {
		upper.Put(th.Warn, slowedSign)
	}
	gib, power, temp := figure("%.0f", d.MemUsed/1024), figure("%.0fW", d.Power), figure("%.0f°", d.Temp)
	switch size = w - at - 1; { // by the width alone, so that all look alike
	case size >= 26:
		lower.Gap(at).Put(plain, fmt.Sprintf("%-16s %4s %4s", ofMemory(&d.GPU), power, temp))
	case size >= 18:
		lower.Gap(at).Put(plain, fmt.Sprintf("%-7s %4s %4s", gib+figure("/%.0fG", d.MemTotal/1024), power, temp))
	default:
		lower.Gap(at).Put(plain, fmt.Sprintf("%3sG %4s %3s", gib, power, temp))
	}
}

// sinceWords says when a GPU gave its last sign.
func sinceWords(seen int64) string {
	if seen == 0 {
		return "long ago"
	}
	return "at " + frame.Clock(seen)
}

// gpuRows draws the pane of the GPUs: a row for each, with how busy it was lately.
func (a *attempt) gpuRows(w, h int) []string {
	th := a.m.frame.Theme
	g := a.gpuState()
	r := a.paneTitle(w, paneGPU)
	if g == nil {
		return []string{r.String(), cell.New(w).Gap(2).Put(th.Dim, "No sample yet: the GPUs show once a run has begun.").String()}
	}
	r.Gap(2)
	a.putGPUs(r, g)
	p := gpuColumns(w)
	head := cell.New(w).Gap(1).Put(th.Dim, frame.Pad("", 3, true)).Gap(1).Put(th.Dim, frame.Pad("use", 5, true)).Gap(2)
	if p.spark > 0 {
		head.Put(th.Dim, frame.Pad(frame.FirstFit(p.spark, fmt.Sprintf("the last %d s", p.spark), "lately"), p.spark, false)).Gap(2)
	}
	head.Put(th.Dim, frame.Pad("memory", p.memory, true)).Gap(2).Put(th.Dim, frame.Pad("power", 6, true)).Gap(2).Put(th.Dim, frame.Pad("temp", 6, true))
	if p.clock {
		head.Gap(2).Put(th.Dim, frame.Pad("clock", 9, true))
	}
	rows := []string{r.String(), head.String()}
	a.gpuTop = max(min(a.gpuTop, len(g.devices)-(h-len(rows))), 0)
	for i := a.gpuTop; i < len(g.devices) && len(rows) < h; i++ {
		rows = append(rows, a.gpuRow(&g.devices[i], p, w, g.between || g.stale()))
	}
	return rows
}

// gpuLayout is what a row of the pane has room for.
type gpuLayout struct {
	spark, memory int // cells
	clock         bool
}

func gpuColumns(w int) gpuLayout {
	p := gpuLayout{memory: 11, clock: w >= 86}
	if w >= 70 {
		p.memory = 16
	}
	left := w - 1 - 3 - 1 - 5 - 2 - p.memory - 2 - 6 - 2 - 6 - 2 - 9
	if p.clock {
		left -= 11
	}
	if left >= 8 {
		p.spark = min(left-2, 60)
	}
	return p
}

func (a *attempt) gpuRow(d *device, p gpuLayout, w int, past bool) string {
	th := a.m.frame.Theme
	r := cell.New(w).Gap(1)
	if d.gone {
		r.Put(th.Bad, frame.Pad(fmt.Sprint(d.Index), 3, true)).Gap(1).Put(th.Bad, frame.Pad("gone", 5, true)).Gap(2)
		if p.spark > 0 {
			r.Put(th.Faint, gaugeLine(a.usage(d.Index, p.spark), p.spark)).Gap(2)
		}
		return r.Put(th.Dim, "no answer; last seen "+sinceWords(d.seen)).String()
	}
	plain, use := cell.Style(""), th.This
	if past {
		plain, use = th.Dim, th.Faint
	}
	r.Put(th.Dim, frame.Pad(fmt.Sprint(d.Index), 3, true)).Gap(1).Put(plain, frame.Pad(figure("%.0f %%", d.Util), 5, true)).Gap(2)
	if p.spark > 0 {
		r.Put(use, gaugeLine(a.usage(d.Index, p.spark), p.spark)).Gap(2)
	}
	memory := frame.FirstFit(p.memory, ofMemory(&d.GPU), figure("%.0f", d.MemUsed/1024)+figure("/%.0f GiB", d.MemTotal/1024))
	r.Put(plain, frame.Pad(memory, p.memory, true)).Gap(2).Put(plain, frame.Pad(figure("%.0f W", d.Power), 6, true)).Gap(2).Put(plain, frame.Pad(figure("%.0f °C", d.Temp), 6, true))
	if p.clock {
		r.Gap(2).Put(plain, frame.Pad(figure("%.0f MHz", d.Clock), 9, true))
	}
	if d.Slowed {
		r.Gap(2).Put(th.Warn, frame.FirstFit(r.Left()-2, slowedSign+" held down", slowedSign+" held", slowedSign))
	}
	return r.String()
}

// gaugeLine draws percentages as blocks on one row of w cells, the newest at the right.
func gaugeLine(percent []float64, w int) string {
	blocks := []rune("▁▂▃▄▅▆▇█")
	out := []rune(strings.Repeat(" ", max(w, 0)))
	percent = percent[max(len(percent)-w, 0):]
	for i, p := range percent {
		if known(p) {
			out[w-len(percent)+i] = blocks[int(math.Round(max(0, min(p, 100))/100*7))]
		}
	}
	return string(out)
}
