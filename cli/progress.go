package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"pitwall/internal/clean"
	"pitwall/report"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
)

// follow shows how a stream comes along, on standard error: a line that renews
// itself on a terminal, else a line a phase. The returned function ends it.
func (a *app) follow(ctx context.Context, s *store.Store, id string) (end func()) {
	p, err := s.Play(context.WithoutCancel(ctx), id, store.PlayOptions{})
	if err != nil {
		fmt.Fprintf(a.err, "pitwall: progress cannot be shown: %v\n", err)
		return func() {}
	}
	live := a.err.draws
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		defer p.Close()
		said := ""
		tell := func(st *fold.State) {
			line := clean.Line(progressLine(st, live))
			if line == said || line == "" {
				return
			}
			said = line
			if live {
				width, _ := a.err.size(80, 0)
				a.err.draw("\r\x1b[K" + ansi.Truncate(line, max(width-1, 10), "…"))
			} else {
				fmt.Fprintln(a.err, line)
			}
		}
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				tell(p.Snapshot().State)
			case <-done:
				if st, err := s.StateAt(context.WithoutCancel(ctx), id, 0); err == nil {
					tell(st)
				}
				if live {
					fmt.Fprintln(a.err)
				}
				return
			}
		}
	}()
	return func() { close(done); <-gone }
}

// progressLine says in one line where an attempt stands; with figures where the
// line renews itself.
func progressLine(st *fold.State, figures bool) string {
	if st == nil || st.Seq == 0 {
		return ""
	}
	var parts []string
	switch {
	case st.Status.Over():
		parts = append(parts, string(st.Status))
		if st.Confirmed != nil && st.Confirmed.FSR != nil {
			parts = append(parts, fmt.Sprintf("FSR %.2f%s", *st.Confirmed.FSR, report.Aside(st.Attempt.Task, st.Attempt.Benchmark)))
		}
		if st.Why != "" {
			parts = append(parts, st.Why)
		}
		return strings.Join(parts, " · ")
	case st.Status == event.StatusQueued:
		if st.Why == "" {
			return ""
		}
		return "queued · " + st.Why
	}
	switch st.Phase.Phase {
	case event.PhaseApproving:
		parts = append(parts, fmt.Sprintf("edit %s of node %d waits for your word: pitwall approve, or pitwall watch", editWords(st), st.Phase.Node))
	case event.PhaseAwaiting:
		parts = append(parts, fmt.Sprintf("node %d is yours to write: pitwall edit, or pitwall watch", st.Phase.Node))
	case event.PhaseWriting, event.PhaseChecking, event.PhaseTraining, event.PhaseEvaluating, event.PhaseJudging:
		parts = append(parts, fmt.Sprintf("%s node %d of %d", st.Phase.Phase, st.Phase.Node, st.Attempt.Nodes))
	default:
		parts = append(parts, strings.TrimSpace(st.Phase.Phase+" "+st.Phase.Detail))
	}
	if st.Paused {
		parts = append(parts, "paused; go on with: pitwall resume")
	}
	if r := st.LiveRun(); r != nil && figures {
		parts = append(parts, runWords(*r)+report.Aside(st.Attempt.Task, st.Attempt.Benchmark))
	}
	if st.Usage.Total() > 0 && figures {
		parts = append(parts, fmt.Sprintf("%dk tokens", (st.Usage.Total()+500)/1000))
		if st.Unpriced == 0 {
			parts = append(parts, fmt.Sprintf("$%.2f", st.Cost))
		}
	}
	return strings.Join(parts, " · ")
}

// editWords names the edit that waits.
func editWords(st *fold.State) string {
	if w := st.Awaited(); w != nil {
		return fmt.Sprint(w.Edit)
	}
	return "?"
}

func runWords(r fold.Run) string {
	text := fmt.Sprintf("step %d/%d", r.Step, r.Total)
	if r.TrainLoss.Known() {
		text += fmt.Sprintf(" · loss %.3f", float64(r.TrainLoss))
	}
	if r.TrainMS.Known() {
		text += fmt.Sprintf(" · %.1f s", float64(r.TrainMS)/1000)
	}
	return text
}
