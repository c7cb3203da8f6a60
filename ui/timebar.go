package ui

import (
	"fmt"
	"slices"
	"strings"

	"pitwall/store/fold"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

// timeBar gives the replay's time bar: what lies where, and the position.
func (a *attempt) timeBar(w int) string {
	th, s := a.m.frame.Theme, a.snap
	row := cell.New(w).Gap(1)
	sign := "‖ "
	if s.Playing {
		sign = "▶ "
	}
	speed := fmt.Sprintf("%g×", s.Speed)
	row.Put(th.Accent+th.Bold, sign+speed).Gap(1).Put("", frame.Clock(s.Position)).Gap(1)
	legend := cell.New(w)
	if w >= 110 {
		if slices.ContainsFunc(s.Marks, func(m fold.Mark) bool { return m.Kind == fold.MarkHand }) {
			legend.Put(th.Warn, "◈").Put(th.Dim, " by hand  ")
		}
		legend.Put(th.This, "◆").Put(th.Dim, " edit  ").Put(th.Good, "✓").Put(th.Bad, "✗").Put(th.Dim, " result  ").
			Put(th.Dim, "· validation  ").Put(th.Accent, "●").Put(th.Dim, " now")
	}
	if s.IdleCut {
		legend.Gap(2).Put(th.Run, "idle cut")
	}
	end := frame.Clock(s.Duration)
	bw := row.Left() - len(end) - 2 - legend.Used() - 2
	if bw < 8 {
		return row.Put(th.Dim, "of "+end).String()
	}
	track := []rune(strings.Repeat("─", bw))
	style := make([]cell.Style, bw)
	rank := make([]int, bw)
	for i := range style {
		style[i] = th.Faint
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
			put(m.Active, '·', th.Dim, 1)
		case fold.MarkNode:
			put(m.Active, '┼', th.Dim, 2)
		case fold.MarkEdit:
			st := th.This
			if !m.Good {
				st = th.Bad
			}
			put(m.Active, '◆', st, 3)
		case fold.MarkHand:
			put(m.Active, '◈', th.Warn, 3)
		case fold.MarkResult:
			if m.Good {
				put(m.Active, '✓', th.Good, 4)
			} else {
				put(m.Active, '✗', th.Bad, 4)
			}
		}
	}
	put(s.Position, '●', th.Accent+th.Bold, 5)
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
