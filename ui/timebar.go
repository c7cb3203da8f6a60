package ui

import (
	"fmt"
	"slices"
	"strings"

	"pitwall/store/fold"
	"pitwall/ui/cell"
)

// timeBar gives the replay's time bar: what lies where, and the position.
func (a *attempt) timeBar(w int) string {
	th, s := a.m.th, a.snap
	row := cell.New(w).Gap(1)
	sign := "‖ "
	if s.Playing {
		sign = "▶ "
	}
	speed := fmt.Sprintf("%g×", s.Speed)
	row.Put(th.accent+th.bold, sign+speed).Gap(1).Put("", clock(s.Position)).Gap(1)
	legend := cell.New(w)
	if w >= 110 {
		if slices.ContainsFunc(s.Marks, func(m fold.Mark) bool { return m.Kind == fold.MarkHand }) {
			legend.Put(th.warn, "◈").Put(th.dim, " by hand  ")
		}
		legend.Put(th.this, "◆").Put(th.dim, " edit  ").Put(th.good, "✓").Put(th.bad, "✗").Put(th.dim, " result  ").
			Put(th.dim, "· validation  ").Put(th.accent, "●").Put(th.dim, " now")
	}
	if s.IdleCut {
		legend.Gap(2).Put(th.run, "idle cut")
	}
	end := clock(s.Duration)
	bw := row.Left() - len(end) - 2 - legend.Used() - 2
	if bw < 8 {
		return row.Put(th.dim, "of "+end).String()
	}
	track := []rune(strings.Repeat("─", bw))
	style := make([]cell.Style, bw)
	rank := make([]int, bw)
	for i := range style {
		style[i] = th.faint
	}
	at := func(ms int64) int {
		if s.Duration <= 0 {
			return 0
		}
		return int(max(min(ms*int64(bw-1)/s.Duration, int64(bw-1)), 0))
	}
	put := func(ms int64, r rune, st cell.Style, k int) {
		if i := at(ms); k >= rank[i] {
			track[i], style[i], rank[i] = r, st, k
		}
	}
	for _, m := range s.Marks {
		switch m.Kind {
		case fold.MarkValidation:
			put(m.Active, '·', th.dim, 1)
		case fold.MarkNode:
			put(m.Active, '┼', th.dim, 2)
		case fold.MarkEdit:
			st := th.this
			if !m.Good {
				st = th.bad
			}
			put(m.Active, '◆', st, 3)
		case fold.MarkHand:
			put(m.Active, '◈', th.warn, 3)
		case fold.MarkResult:
			if m.Good {
				put(m.Active, '✓', th.good, 4)
			} else {
				put(m.Active, '✗', th.bad, 4)
			}
		}
	}
	put(s.Position, '●', th.accent+th.bold, 5)
	for i := 0; i < bw; {
		j := i
		for j < bw && style[j] == style[i] {
			j++
		}
		row.Put(style[i], string(track[i:j]))
		i = j
	}
	return row.Gap(1).Put("", end).Rest(legend.Gap(1)).String()
}
