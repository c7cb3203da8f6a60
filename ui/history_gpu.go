package ui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"pitwall/store"
	"pitwall/store/event"
)

// gpuColumn is the name of the column of GPU-hours.
const gpuColumn = "GPU h"

// extra is what a list shows of an attempt and its summary does not hold.
type extra struct {
	stand    string // of the attempt when it was read
	open     bool   // judged by its speedup
	speedup  *float64
	interval *[2]float64
	gpuHours float64
}

// toldMsg brings what is told of an attempt.
type toldMsg struct {
	id string
	extra
}

// tells reports whether more than its summary is to be read of an attempt: its
// GPU-hours, or how it ended without an FSR.
func tells(s store.Summary) bool { return gpusOf(s.Task) > 0 || s.Confirmed && s.FSR == nil }

// standOf changes when what is told of an attempt does, to within a run.
func standOf(s store.Summary) string {
	return fmt.Sprint(s.Status, " ", s.NodesDone, " ", s.Phase.Node, " ", s.Phase.Phase, " ", s.Confirmed)
}

// readTold reads one of the attempts that show, at a time: a long one takes a while.
func (l *history) readTold() tea.Cmd {
	if l.reading {
		return nil
	}
	list := l.visible
	if list == nil {
		list = l.shown()
	}
	for _, s := range list {
		stand := standOf(s)
		if !tells(s) || l.told[s.ID].stand == stand {
			continue
		}
		l.reading = true
		st, ctx := l.m.o.Store, l.m.ctx
		return func() tea.Msg {
			l.reads <- struct{}{}
			defer func() { <-l.reads }()
			t := extra{stand: stand}
			if state, err := st.StateAt(ctx, s.ID, 0); err == nil { // else nothing is told
				t.open, t.gpuHours = state.Attempt.Open(), state.Used().GPUHours
				if c := state.Confirmed; c != nil {
					t.speedup, t.interval = c.Speedup, c.SpeedupInterval
				}
			}
			return toldMsg{s.ID, t}
		}
	}
	return nil
}

// settle waits until nothing is read any more, for the store is about to be closed. What
// is read later finds its context ended.
func (l *history) settle() {
	l.reads <- struct{}{}
	<-l.reads
}

// score gives an attempt's FSR, or its speedup where its task is open, "–" where it has none.
func (l *history) score(s store.Summary) string {
	t := l.told[s.ID]
	switch {
	case s.FSR != nil:
		return number(s.FSR)
	case t.speedup != nil:
		return fmt.Sprintf("%.2f×", *t.speedup)
	case s.Status == event.StatusDone && s.BestNode < 0 && !t.open && (t.stand != "" || !tells(s)):
		return "0"
	}
	return "–"
}

// hours gives the GPU-hours of an attempt, "" where it took none.
func (l *history) hours(s store.Summary) string {
	if h := l.told[s.ID].gpuHours; h > 0 {
		return gpuHours(h)
	}
	return ""
}

// kindOf says why an attempt is none of the benchmark's, in a word or two.
func kindOf(s store.Summary) string {
	switch {
	case s.Benchmark:
		return ""
	case strings.Contains(s.Task, "@"):
		return plural(gpusOf(s.Task), "GPU")
	}
	return "practice"
}
