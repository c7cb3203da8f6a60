package adopt

import (
	"fmt"
	"iter"
	"math"
	"strings"

	"pitwall/agent/rig"
	"pitwall/runner"
	"pitwall/store/event"
	"pitwall/taskdata/importer"
)

// Bounds of a log, beside runner.DefaultQuota. Beyond that its tail and its lines with metrics are kept.
const (
	linePiece = 64 << 10 // bytes; longer lines come in pieces
	lineCost  = 16       // counted per line beside its bytes
	logTail   = 1 << 20
)

// reading is what a log says by rule, as far as it was read.
type reading struct {
	points  int
	total   int          // steps
	last    runner.Point // validation
	nan     string
	peak    float64 // MiB
	offset  float64 // milliseconds that the clock had counted before it was set back
	clock   float64
	strange bool // it does not begin with the version's script
}

// validated reports whether there is a validation.
func (r *reading) validated() bool { return r.last.Kind == runner.Validation }

// elapsed is the time of training by the log, what was counted before a restart too, in milliseconds.
func (r *reading) elapsed() int64 { return int64(min(r.offset+r.clock, mostMS)) }

func (r *reading) add(p runner.Point) {
	if p.Kind == runner.Memory {
		r.peak = max(r.peak, p.PeakMiB)
		return
	}
	r.points++
	r.total = max(p.Total, 0)
	if p.Kind == runner.Validation {
		r.last = p
		if math.IsNaN(p.ValLoss) {
			r.nan = fmt.Sprintf("the validation loss at step %d is not a number", p.Step)
		}
	}
	if ms := min(p.TrainMS, mostMS); ms >= 0 { // not NaN
		if ms < r.clock {
			r.offset += r.clock
		}
		r.clock = ms
	}
}

// fault names the first thing for which a run proves nothing, "" if there is none.
func (r *reading) fault(v importer.Version) (verdict, why string) {
	failed := func(format string, args ...any) (string, string) {
		return event.VerdictFailed, fmt.Sprintf(format, args...)
	}
	completed := v.Status == "" || strings.EqualFold(v.Status, "COMPLETED")
	switch {
	case v.Log == "" && !completed:
		return failed("its job is %s by its results.json, and left no log of its own", clip(v.Status, 40))
	case v.Log == "":
		return failed("its run left no log of its own")
	case !completed:
		return failed("its job is %s by its results.json", clip(v.Status, 40))
	case r.nan != "":
		return failed("%s", r.nan)
	case r.points == 0:
		return failed("its log has no line with metrics")
	case !r.validated():
		return failed("its log has no validation loss")
	case r.last.Step != r.total || r.total == 0:
		return failed("the last validation of its log is of step %d of %d", r.last.Step, r.total)
	case math.IsNaN(r.last.TrainMS):
		return failed("the last validation of its log gives no train_time")
	case r.last.TrainMS <= 0 || r.last.ValLoss < 0:
		return event.VerdictInvalid, "the last validation of its log gives a time or loss below zero"
	}
	return "", ""
}

// train emits a version's run: its log to the byte, at the pace of the script's own clock.
func (a *adoption) train(i int, v importer.Version) reading {
	purpose := event.PurposeNode
	if i == 0 {
		purpose = event.PurposeCalibrateFrom
	}
	a.runs++
	run, start := a.runs, a.active
	a.emit(event.Phase{Phase: event.PhaseTraining, Node: i}, event.RunStarted{Run: run, Node: i, Purpose: purpose})
	var r reading
	source := sourceEnd(v.Log, v.Files[theirScript])
	r.strange = source == 0
	left, tail, gap := runner.DefaultQuota, len(v.Log)-logTail, int64(0)
	for l := range logLines(v.Log) {
		var p runner.Point
		metric := false
		if l.at >= source { // what the script's own text says of metrics is none
			p, metric = l.Metric()
		}
		left -= len(l.Data) + lineCost
		if left < 0 && l.at < tail && !metric {
			gap += int64(len(l.Data)) + int64(min(l.End, 1))
			continue
		}
		if metric {
			r.add(p)
			a.active = max(a.active, start+r.elapsed())
		}
		if gap > 0 {
			a.emit(event.Log{Run: run, Gap: gap})
			gap = 0
		}
		a.emit(event.Log{Run: run, End: l.End, Data: l.Data})
		if metric && p.Kind != runner.Memory {
			a.emit(rig.PointOf(run, p))
		}
		if a.stopped {
			return r
		}
	}
	a.emit(r.ended(run, v))
	return r
}

// ended closes the run of a log.
func (r *reading) ended(run int, v importer.Version) event.RunEnded {
	end := event.RunEnded{
		Run: run, Exit: -1, Reason: string(runner.Lost), WallMS: r.elapsed(), EngineMS: event.NaN(), Foreign: event.NaN(),
		ValLoss: event.NaN(), TrainMS: event.NaN(), PeakMiB: r.peak,
		Flags: []string{"its clock could not be checked: nobody timed the lines of its log as they came"},
	}
	if r.strange {
		end.Flags = append(end.Flags, "its log does not begin with the version's script: it may be another's")
	}
	if r.validated() {
		end.ValLoss, end.TrainMS = event.Float(r.last.ValLoss), event.Float(r.last.TrainMS)
	}
	var verdict string
	if verdict, end.Why = r.fault(v); verdict == "" {
		end.Exit, end.Reason, end.Finished = 0, string(runner.Exited), true
	}
	return end
}

// sourceEnd gives where the script's text ends with which a log begins, 0 where there is none. The
// scripts of the first records write a separator before it.
func sourceEnd(log, script string) int {
	if script == "" {
		return 0
	}
	start := 0
	if strings.HasPrefix(log, "=") {
		start = strings.IndexByte(log, '\n') + 1
	}
	if strings.HasPrefix(log[start:], script) {
		return start + len(script)
	}
	return 0
}

// logLine is a line of a log, and where it begins.
type logLine struct {
	runner.Line
	at int
}

// logLines gives the lines of a log to the byte, cut as a run's own output is: '\n', and '\r' where
// no '\n' follows, end a line, and one that is very long comes in pieces.
func logLines(log string) iter.Seq[logLine] {
	return func(yield func(logLine) bool) {
		next := -1 // the newline at or after pos; len(log) if there is none
		for pos := 0; pos < len(log); {
			if next < pos {
				if next = strings.IndexByte(log[pos:], '\n'); next < 0 {
					next = len(log)
				} else {
					next += pos
				}
			}
			end, term := next, byte('\n')
			if next == len(log) {
				term = 0
			}
			if cr := strings.IndexByte(log[pos:next], '\r'); cr >= 0 && (pos+cr+1 < next || next == len(log)) {
				end, term = pos+cr, '\r'
			}
			cont := false
			for ; end-pos > linePiece; pos += linePiece {
				if !yield(logLine{runner.Line{Cont: cont, Data: []byte(log[pos : pos+linePiece])}, pos}) {
					return
				}
				cont = true
			}
			if !yield(logLine{runner.Line{Cont: cont, End: term, Data: []byte(log[pos:end])}, pos}) {
				return
			}
			pos = end + 1
		}
	}
}
