package engine

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"path"
	"strconv"

	"pitwall/runner"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// order is one run that the engine wants.
type order struct {
	node    int // -1: record i+1's script
	purpose string
	files   map[string]string
	hold    runner.Hold // the machine
	doomed  func(event.GhostPoint)
}

// outcome is what came of a run.
type outcome struct {
	event.RunEnded
	verdict string // event.VerdictFailed or VerdictInvalid where it can prove nothing, and Why says how; else ""
	curve   []event.GhostPoint
}

// maxTaken is how often a machine may take one run away.
const maxTaken = 5

// train runs a script once, in a directory of its own that is gone afterwards, and
// says what the run is worth. A run that its machine took away says nothing, and is
// run again. The error is not nil where nothing can be said of the script: the attempt
// was stopped, or the machine is at fault.
func (a *attempt) train(ctx context.Context, o order, also ...*store.Writer) (outcome, error) {
	for times := 1; ; times++ {
		out, err := a.trainOnce(ctx, o, also...)
		if err != nil || out.Reason != string(runner.Taken) {
			return out, err
		}
		if times == maxTaken {
			return out, fmt.Errorf("%s took the run away %d times: %s; resume when it can be had for longer", a.Machine.Name(), times, out.Why)
		}
		a.w.Emit(event.Notice{Level: "warn", Text: fmt.Sprintf("%s took the run away, and it is run again: %s", a.Machine.Name(), out.Why)})
	}
}

// job is what the machine is given for a run.
func (a *attempt) job(o order, run int) runner.Job {
	job := runner.Job{
		ID:      fmt.Sprintf("%s.%d.%d", a.id, a.epoch, run),
		Label:   a.label,
		Dir:     a.runDir(run),
		Argv:    []string{a.python.Path, "-u", a.task.From.ScriptName()},
		Env:     map[string]string{"PITWALL_SEED": strconv.FormatInt(freshSeed(a.id, a.epoch, run), 10)},
		Limit:   a.track.RunLimit,
		Hold:    o.hold,
		Confine: runner.NotConfined,
	}
	if o.node < 0 {
		job.Dir = a.answers(run)
	}
	if a.evaluable(o) {
		job.Env[taskdata.WeightsVariable] = path.Join(job.Dir, taskdata.WeightsName)
	}
	if a.rig != nil {
		a.rig.Equip(&job, a.Machine.Scratch(""))
	}
	return job
}

func (a *attempt) trainOnce(ctx context.Context, o order, also ...*store.Writer) (outcome, error) {
	run := a.runOf(o)
	job := a.job(o, run)
	s := &sinkTo{order: o, job: job, writers: append([]*store.Writer{a.w}, also...), doomed: o.doomed, queued: func(why string) { a.held(o, why) }, placed: a.placed, connection: a.connection}
	old, inherits := a.heir(run)
	if inherits {
		s.goOn(*old)
	} else if err := a.Machine.Put(ctx, job.Dir, o.files); err != nil {
		return outcome{}, err
	}
	defer a.discard(ctx, job.Dir)
	if a.rig != nil {
		var done func()
		ctx, s.gpu, done = a.onGPUs(ctx, s)
		defer done()
	}
	var res runner.Result
	var err error
	if inherits {
		res, err = runner.Follow(ctx, a.Machine, runner.Ref(old.Ref), s)
	} else {
		res, err = runner.Run(ctx, a.Machine, s.job, s)
	}
	if len(s.runs) == 0 {
		if cause := context.Cause(ctx); cause != nil {
			return outcome{}, cause
		}
		if err == nil {
			err = fmt.Errorf("the run did not start: %s", res.Err)
		}
		return outcome{}, err
	}
	if s.gpu != nil {
		s.gpu.close()
	}
	out := s.outcome(res, a.track)
	early := endedEarly(ctx)
	if early != "" {
		// Even where it came to its end by itself in the same moment.
		out.Finished, out.Reason, out.Why, out.verdict = false, string(runner.Stopped), early, event.VerdictFailed
	}
	var fault error // the machine's
	if a.evaluable(o) && context.Cause(ctx) == nil && out.verdict == "" && (o.purpose == event.PurposeConfirmNode || float64(out.ValLoss) <= a.track.Target) {
		if fault = a.evaluate(ctx, o, s.job, &out); fault != nil {
			out.Finished, out.Reason, out.Why = false, string(runner.Stopped), "stopped before its weights were evaluated"
		}
	}
	for i, run := range s.runs {
		end := out.RunEnded
		end.Run = run
		s.writers[i].Emit(end)
	}
	if cause := context.Cause(ctx); cause != nil && early == "" {
		return out, cause
	}
	if fault != nil {
		return out, fmt.Errorf("the weights of run %d could not be evaluated here: %w; mend the machine, then resume", run, fault)
	}
	return out, nil
}

// discard removes a directory of the machine, also when ctx is over. What stays is
// removed with the attempt's.
func (a *attempt) discard(ctx context.Context, dir string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sweepPatience)
	defer cancel()
	_ = a.Machine.Remove(ctx, dir)
}

// endedEarly says why a run was ended while the attempt goes on, "" where it was not.
func endedEarly(ctx context.Context) string {
	var early *earlyError
	var out *spentError
	switch cause := context.Cause(ctx); {
	case errors.As(cause, &early):
		return early.why
	case errors.As(cause, &out):
		return "stopped: " + out.Why
	}
	return ""
}

// freshSeed gives a run a seed that nobody could know when its script was written.
func freshSeed(id string, epoch int64, run int) int64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "seed %s %d %d", id, epoch, run))
	return int64(binary.BigEndian.Uint32(sum[:4]) >> 1)
}
