package engine

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"pitwall/agent/rig"
	"pitwall/internal/clean"
	"pitwall/runner"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/taskdata"
)

// sinkTo copies what happens in a run to streams of events.
type sinkTo struct {
	order   order
	job     runner.Job
	writers []*store.Writer
	runs    []int      // the run's number in each stream; empty until it has started
	known   sync.Mutex // held to change runs, and to read them from elsewhere

	clock  runner.Clock
	curve  []event.GhostPoint
	points int
	last   runner.Point // last validation
	total  int
	nan    string                 // a loss that was not a number, by its log line
	doomed func(event.GhostPoint) // looks at each point of the curve; may be nil
	strays string                 // the first line with metrics that is out of its order
	errors lastWords

	queued     func(why string)
	placed     func()
	connection func(broken error)
	// Of a run that an engine before this one began to follow, what is kept already: so
	// many log lines and points from its beginning.
	kept struct{ lines, points int }

	gpu *gpuRun // nil on a track without GPUs
}

// Queued, Started, Lines, Sample and Connection make it a runner.Sink.

// Queued keeps the reference, so that a run that waits can be found again.
func (s *sinkTo) Queued(ref runner.Ref, why string) {
	s.begun(ref)
	s.queued(why)
}

// Started opens the run.
func (s *sinkTo) Started(ref runner.Ref) {
	s.begun(ref)
	s.placed()
}

// Connection tells of the line.
func (s *sinkTo) Connection(broken error) { s.connection(broken) }

// goOn makes it the sink of a run that was begun before.
func (s *sinkTo) goOn(r fold.Run) {
	s.runs = []int{r.Run}
	s.kept.lines, s.kept.points = int(r.LastLine-r.FirstLine), r.LastPoint-r.FirstPoint
	s.job.ID, s.job.Env["PITWALL_SEED"] = r.Job, strconv.FormatInt(r.Seed, 10)
}

func (s *sinkTo) begun(ref runner.Ref) {
	if len(s.runs) > 0 {
		return
	}
	for _, w := range s.writers {
		run := len(w.State().Runs) + 1
		s.known.Lock()
		s.runs = append(s.runs, run)
		s.known.Unlock()
		w.Emit(event.RunStarted{
			Run: run, Node: s.order.node, Purpose: s.order.purpose, Job: s.job.ID, Seed: seedOf(s.job),
			Argv: s.job.Argv, Ref: string(ref), LimitMS: s.job.Limit.Milliseconds(),
		})
	}
}

// number gives the run's number in a stream, 0 until it has started.
func (s *sinkTo) number(stream int) int {
	s.known.Lock()
	defer s.known.Unlock()
	if stream >= len(s.runs) {
		return 0
	}
	return s.runs[stream]
}

func seedOf(j runner.Job) int64 {
	n, _ := strconv.ParseInt(j.Env["PITWALL_SEED"], 10, 64)
	return n
}

// Lines keeps lines and the points that they hold.
func (s *sinkTo) Lines(lines []runner.Line) {
	bodies := make([][]event.Body, len(s.runs))
	for _, l := range lines {
		p, metric := l.Metric()
		if metric {
			s.metric(l, p)
		}
		if l.Stderr {
			s.errors.add(l.Data)
		}
		if s.gpu != nil && l.Gap == 0 {
			s.gpu.doctor.Add(l.Data)
		}
		keepLine, keepPoint := !take(&s.kept.lines), metric && p.Kind != runner.Memory
		if keepPoint && take(&s.kept.points) {
			keepPoint = false
		}
		for i, run := range s.runs {
			if keepLine {
				bodies[i] = append(bodies[i], event.Log{Run: run, Stderr: l.Stderr, End: l.End, Gap: l.Gap, Data: l.Data})
			}
			if keepPoint {
				bodies[i] = append(bodies[i], rig.PointOf(run, p))
			}
		}
	}
	for i, b := range bodies {
		s.writers[i].Emit(b...)
	}
}

// take takes one of n where there is one.
func take(n *int) bool {
	if *n == 0 {
		return false
	}
	*n--
	return true
}

func (s *sinkTo) metric(l runner.Line, p runner.Point) {
	s.clock.Add(l.At, p)
	if s.gpu != nil {
		s.gpu.metric(l.At, p)
	}
	if p.Kind == runner.Memory {
		return
	}
	// Each step once and in order, and one validation at the end.
	next := s.points
	if p.Kind == runner.Validation {
		next = p.Total
	}
	if s.strays == "" && (p.Step != next || s.last.Kind == runner.Validation || p.Kind == runner.Validation && s.points != p.Total+1) {
		s.strays = fmt.Sprintf("line %d with metrics is of step %d", s.points+1, p.Step)
	}
	s.points++
	s.total = max(p.Total, 0)
	if p.Kind == runner.Validation {
		s.last = p
		if math.IsNaN(p.ValLoss) {
			s.nan = fmt.Sprintf("the validation loss at step %d is not a number", p.Step)
		}
	}
	if !math.IsNaN(p.TrainMS) {
		s.curve = append(s.curve, event.GhostPoint{Step: p.Step, TrainMS: p.TrainMS, TrainLoss: event.Float(p.TrainLoss), ValLoss: event.Float(p.ValLoss)})
		if s.doomed != nil {
			s.doomed(s.curve[len(s.curve)-1])
		}
	}
}

// Sample keeps how the machine is.
func (s *sinkTo) Sample(m runner.Sample) {
	for i, run := range s.runs {
		s.writers[i].Emit(event.Sample{Run: run, CPU: 100 * m.CPU, RSS: m.RSS, Procs: m.Procs, Load: m.Load, Foreign: 100 * m.Foreign})
	}
}

// outcome sums a run up. Failed: nothing to go by. Invalid: it ran, but broke
// what a result needs.
func (s *sinkTo) outcome(res runner.Result, track taskdata.Track) outcome {
	reading := s.clock.Read()
	out := outcome{curve: s.curve, RunEnded: event.RunEnded{
		Exit: res.ExitCode, Signal: res.Signal, Reason: string(res.Reason),
		WallMS: res.Wall.Milliseconds(), CPUMS: (res.CPUUser + res.CPUSys).Milliseconds(),
		EngineMS: event.Float(float64(reading.Engine.Microseconds()) / 1000), MaxRSS: res.MaxRSS,
		Survivors: res.Survivors, Foreign: event.Float(100 * res.ForeignLoad), ValLoss: event.NaN(), TrainMS: event.NaN(),
	}}
	if s.last.Kind == runner.Validation {
		out.ValLoss, out.TrainMS = event.Float(s.last.ValLoss), event.Float(s.last.TrainMS)
	}
	out.Finished = res.Reason == runner.Exited && res.ExitCode == 0 && s.last.Kind == runner.Validation &&
		s.total > 0 && s.last.Step == s.total && out.ValLoss.Known() && out.TrainMS.Known()
	if s.gpu != nil {
		s.gpu.sumUp(&out.RunEnded, reading)
	}
	out.verdict, out.Why = s.fault(res, reading, track)
	return out
}

// fault names the first thing that is wrong with a run, "" if nothing is.
func (s *sinkTo) fault(res runner.Result, reading runner.Reading, track taskdata.Track) (verdict, why string) {
	switch {
	case res.Reason == runner.Stopped:
		return event.VerdictFailed, "stopped before its end"
	case res.Reason == runner.Limit:
		return event.VerdictFailed, fmt.Sprintf("still running after the limit of %s, and stopped", s.job.Limit)
	case res.Reason != runner.Exited:
		return event.VerdictFailed, "its end was not seen: " + res.Err
	case s.gpu != nil && (res.Signal != "" || res.ExitCode != 0) && s.gpu.why() != "":
		return event.VerdictFailed, s.gpu.why()
	case res.Signal != "":
		return event.VerdictFailed, "ended by " + res.Signal + s.errors.words()
	case res.ExitCode != 0:
		return event.VerdictFailed, fmt.Sprintf("crashed with exit status %d%s", res.ExitCode, s.errors.words())
	case s.nan != "":
		return event.VerdictFailed, s.nan
	case s.points == 0:
		return event.VerdictFailed, "printed no line with metrics"
	case s.last.Kind != runner.Validation:
		return event.VerdictFailed, "printed no validation loss"
	case s.last.Step != s.total || s.total == 0:
		return event.VerdictFailed, fmt.Sprintf("its last validation is of step %d of %d", s.last.Step, s.total)
	case math.IsNaN(s.last.TrainMS):
		return event.VerdictFailed, "its last validation gives no train_time"
	case track.GPUs == 0 && (res.Survivors > 0 || res.Left > 0):
		return event.VerdictInvalid, fmt.Sprintf("left %d processes behind; a script must end its own", res.Survivors+res.Left)
	case busy(res, track.Cores):
		return event.VerdictInvalid, fmt.Sprintf("kept %.1f processors busy where the track allows %d", (res.CPUUser+res.CPUSys).Seconds()/res.Wall.Seconds(), track.Cores)
	case s.last.TrainMS <= 0 || s.last.ValLoss < 0:
		return event.VerdictInvalid, "its last validation gives a time or loss below zero"
	case track.Practice && s.strays != "":
		return event.VerdictInvalid, "its log does not have each step once and one validation at its end: " + s.strays
	case track.Practice && reading.Restarts > 0:
		return event.VerdictInvalid, "its train_time went back, which no record of this track does"
	case reading.Spans == 0:
		return event.VerdictInvalid, "it logged no two lines by which its clock could be checked: log each step as it ends"
	case track.Practice && reading.From > 0:
		return event.VerdictInvalid, fmt.Sprintf("its first timed line is that of step %d: log step 0 when the clock starts", reading.From)
	case reading.Unchecked > unchecked(track, reading):
		return event.VerdictInvalid, fmt.Sprintf("%.2f s of its train_time lie between a step and its validation, where nothing checks them", reading.Unchecked.Seconds())
	}
	if err := s.clock.Check(track.Clock.Share, track.Clock.Slack); err != nil {
		return event.VerdictInvalid, err.Error()
	}
	return "", ""
}

// unchecked is how much of a run's train_time may lie where nothing checks it. Ranks
// of GPUs run behind the program that logs: what is left of a step ends up between its
// line and that of the validation.
func unchecked(track taskdata.Track, reading runner.Reading) time.Duration {
	if track.GPUs == 0 {
		return track.Clock.Slack
	}
	return max(track.Clock.Slack, time.Duration(track.Clock.Share*float64(reading.Script+reading.Unchecked)))
}

// busy reports whether a run used more processor time than cores could give it,
// by 5 % and half a second for what starts and ends a process.
func busy(res runner.Result, cores int) bool {
	return cores > 0 && float64(res.CPUUser+res.CPUSys) > 1.05*float64(cores)*float64(res.Wall)+float64(500*time.Millisecond)
}

// lastWords are the last lines of a standard error.
type lastWords []string

func (w *lastWords) add(line []byte) {
	if len(strings.TrimSpace(string(line))) > 0 {
		*w = append((*w)[max(0, len(*w)-9):], string(line[:min(len(line), 2000)]))
	}
}

// words gives the last line that says something, for people.
func (w lastWords) words() string {
	for i := len(w) - 1; i >= 0; i-- {
		if text := clean.Plain(w[i], 200); text != "" {
			return ": " + text // a reason is one plain line
		}
	}
	return ""
}
