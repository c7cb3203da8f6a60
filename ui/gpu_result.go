package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pitwall/internal/clean"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/ui/cell"
	"pitwall/ui/frame"
)

func msDuration(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// compiling gives how long a run compiles by now, and whether it still does.
func (a *attempt) compiling(r *fold.Run) (ms int64, ok bool) {
	if a.st.Phase.Phase != event.PhaseCompiling || r == nil || !a.training(r) || a.st.LiveRun() != r {
		return 0, false
	}
	return max(a.moment()-a.st.PhaseSince, 0), true
}

// compileWords says what compiles.
func (a *attempt) compileWords(node func(string) string) string {
	r := a.st.LiveRun()
	switch {
	case r != nil && r.Purpose != event.PurposeNode:
		return "compiling: " + a.runName(r)
	case a.st.Phase.Node > 0:
		return node("compiling")
	case a.st.Phase.Detail != "":
		return "compiling " + clean.Line(a.st.Phase.Detail)
	}
	return "compiling"
}

// aside says why an attempt is none of the benchmark's: it is practice, or takes another
// number of GPUs; "" where it is one.
func (a *attempt) aside() (full, short string) {
	task := a.st.Attempt.Task
	if task == "" {
		task = a.snap.Summary.Task
	}
	name, _, variant := strings.Cut(task, "@")
	track, _, _ := strings.Cut(name, "/")
	switch {
	case isPractice(track):
		return "practice", "practice"
	case variant:
		n := frame.Plural(gpusOf(task), "GPU")
		return fmt.Sprintf("%s, not the benchmark's %d", n, gpusOf(name)), n + ", no benchmark"
	}
	return "", ""
}

// timesWords gives a speedup: "1.082×".
func timesWords(f float64) string { return fmt.Sprintf("%.3f×", f) }

// chance gives a p-value: "p .004", "p < .001".
func chance(p float64) string {
	switch {
	case p < 0.001:
		return "p < .001"
	case p < 0.095:
		return "p " + strings.TrimPrefix(fmt.Sprintf("%.3f", p), "0")
	case p < 0.995:
		return "p " + strings.TrimPrefix(fmt.Sprintf("%.2f", p), "0")
	}
	return "p 1"
}

// badgeP is the bar of the speedrun's own rules for the mean loss.
const badgeP = 0.01

// putBadge adds what the test of the mean loss against the target gave. It is a badge,
// and decides nothing.
func (a *attempt) putBadge(r *cell.Row, c *event.Confirmed, full bool) {
	th := a.m.frame.Theme
	if c.P == nil {
		return
	}
	if *c.P < badgeP {
		r.Put(th.Good, "✓ p < .01")
	} else {
		r.Put(th.Dim, "loss "+chance(*c.P))
	}
	if full {
		if *c.P < badgeP {
			r.Put(th.Dim, " ("+chance(*c.P)+")")
		} else {
			r.Put(th.Dim, ", no p < .01")
		}
		if c.Power != nil && known(*c.Power) {
			r.Put(th.Dim, fmt.Sprintf(", power %s with %s", strings.TrimPrefix(fmt.Sprintf("%.2f", *c.Power), "0"), frame.Plural(len(c.NodeLosses), "run")))
		}
	}
	r.Gap(1)
}

// putSpeedup adds how an open task ended: how many times as fast as the record.
func (a *attempt) putSpeedup(r *cell.Row, c *event.Confirmed, st cell.Style) {
	th := a.m.frame.Theme
	r.Put(th.Dim, "speedup ")
	if c.Speedup == nil {
		r.Put(th.Bold, "–").Gap(1)
		return
	}
	r.Put(st, timesWords(*c.Speedup)).Gap(1)
	if i := c.SpeedupInterval; i != nil {
		r.Put("", fmt.Sprintf("[%.3f, %.3f]", i[0], i[1])).Put(th.Dim, " 95 %").Gap(1)
	}
	if c.SpeedupP != nil {
		r.Put(th.Dim, chance(*c.SpeedupP)+" of no gain").Gap(1)
	}
}

// speedupWords says in a sentence what a speedup means.
func speedupWords(c *event.Confirmed, record int) string {
	switch {
	case c.Speedup == nil:
		return "How much faster it is cannot be told."
	case *c.Speedup <= 1:
		return fmt.Sprintf("No faster than record %d.", record)
	case c.SpeedupInterval != nil && c.SpeedupInterval[0] <= 1:
		return fmt.Sprintf("%.1f %% faster than record %d, which noise could explain.", 100*(*c.Speedup-1), record)
	}
	return fmt.Sprintf("%.1f %% faster than record %d, the newest.", 100*(*c.Speedup-1), record)
}

// gain gives how many times as fast as the record a node's one run was, 0 where that
// is not known.
func (a *attempt) gain(n *fold.Node) float64 {
	z := a.st.Node(0)
	if z == nil || !n.Valid() || n.ID == 0 || !z.TrainSeconds.Known() || !n.TrainSeconds.Known() || n.TrainSeconds <= 0 {
		return 0
	}
	return float64(z.TrainSeconds / n.TrainSeconds)
}

// beforeSecond ends the words on what the clock counted while the script compiled.
const beforeSecond = " of its time before the second step"

// runFacts says what is known of a run beside its loss and time, in parts.
func runFacts(e *event.RunEnded, why string) []string {
	if e == nil {
		return nil
	}
	var parts []string
	if e.CompileMS > 0 {
		parts = append(parts, "compiled in "+frame.Long(msDuration(e.CompileMS)))
	}
	if e.FirstMS > 0 {
		parts = append(parts, frame.Seconds(e.FirstMS/1000)+beforeSecond)
	}
	if e.PeakMiB > 0 {
		parts = append(parts, fmt.Sprintf("peak %.1f GiB a GPU", e.PeakMiB/1024))
	}
	if e.Rank != nil && !strings.Contains(why, fmt.Sprintf("rank %d ", *e.Rank)) {
		parts = append(parts, fmt.Sprintf("rank %d failed first", *e.Rank))
	}
	return parts
}

// flagsOf gives what was flagged in the runs of a node, each once.
func (a *attempt) flagsOf(n *fold.Node) []string {
	var flags []string
	for _, id := range n.Runs {
		r := a.st.Run(id)
		if r == nil || r.Ended == nil {
			continue
		}
		for _, f := range r.Ended.Flags {
			if text := "flagged: " + clean.Line(f); !slices.Contains(flags, text) {
				flags = append(flags, text)
			}
		}
	}
	return flags
}

// publishedWords gives the times of both records as they were published, for beside
// those that were measured here.
func (a *attempt) publishedWords() string {
	t, ok := a.task()
	if !ok || !a.onGPUs() {
		return ""
	}
	on := " on " + frame.MachineOf(clean.Line(t.From.MeasuredOn))
	if t.Open() {
		return t.From.Time() + on
	}
	return t.From.Time() + " → " + t.To.Time() + on + ", not mixed in"
}

// costRows gives on the card what the attempt took, and what was flagged in what its
// result rests on.
func (a *attempt) costRows(note func(cell.Style, string), put func(*cell.Row), line func() *cell.Row) {
	th := a.m.frame.Theme
	n := a.st.Node(a.st.Best())
	var facts []string
	if used := a.st.Used().GPUHours; used > 0 {
		facts = append(facts, gpuHours(used)+" GPU-hours")
	}
	if n != nil {
		if r := a.runOf(n.ID); r != nil {
			facts = append(facts, slices.DeleteFunc(runFacts(r.Ended, n.Why), func(f string) bool { return strings.HasSuffix(f, beforeSecond) })...)
		}
	}
	if len(facts) > 0 {
		put(line().Put(th.Dim, "took       ").Put("", strings.Join(facts, " · ")))
	}
	if n == nil || n.ID == 0 {
		return
	}
	for _, f := range append(breaches(n, true), a.flagsOf(n)...) {
		note(th.Warn, f)
	}
}
