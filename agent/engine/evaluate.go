package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"pitwall/runner"
	"pitwall/store/event"
	"pitwall/taskdata"
)

const (
	maxWeightsBytes = 8 << 20 // that a script may write for its evaluation
	maxAnswerBytes  = 64 << 10
	// A machine may run out of memory or be suspended once; what fails twice is the script's.
	evaluationTries = 2
)

// evaluable reports whether a run's weights are judged outside its script: those
// on which a result would rest.
func (a *attempt) evaluable(o order) bool {
	return a.track.Evaluator != nil && (o.purpose == event.PurposeNode || o.purpose == event.PurposeConfirmNode)
}

// evaluate lets the track's evaluator judge the weights that a run left in its
// directory, and puts what it finds into out. The error is not nil where nothing
// can be said of the script: the attempt was stopped, or the machine is at fault.
func (a *attempt) evaluate(ctx context.Context, o order, trained runner.Job, out *outcome) error {
	ev := *a.track.Evaluator
	if before := a.w.State().Phase; before.Phase == event.PhaseConfirming {
		defer a.w.Emit(before)
	}
	a.w.Emit(event.Phase{Phase: event.PhaseEvaluating, Node: o.node, Detail: "outside its script"})
	invalid := func(why string) error {
		out.verdict, out.Why = event.VerdictInvalid, why
		return nil
	}
	weights, err := a.Machine.Get(ctx, path.Join(trained.Dir, taskdata.WeightsName), maxWeightsBytes)
	switch {
	case errors.Is(err, runner.ErrTooLarge):
		return invalid(fmt.Sprintf("it wrote more than %d bytes of weights", maxWeightsBytes))
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, runner.ErrNotRegular):
		return invalid("it wrote no weights that could be evaluated outside the script")
	case err != nil:
		return fmt.Errorf("take the weights: %w", err)
	}
	files := ev.Files(a.task, o.files[a.task.From.ScriptName()])
	files[taskdata.WeightsName] = string(weights)
	dir := a.Machine.Scratch("work/" + a.id + "/evaluation")
	if err := a.Machine.Put(ctx, dir, files); err != nil {
		return err
	}
	defer a.discard(ctx, dir)
	var s *evaluationSink
	var res runner.Result
	for range evaluationTries {
		s = &evaluationSink{word: rand.Text()}
		// It belongs to the run: who ends the one ends the other.
		job := runner.Job{ID: trained.ID, Dir: dir, Limit: ev.Limit, Hold: o.hold}
		job.Argv = append([]string{a.python.Path}, ev.Args(s.word, freshSeed(trained.ID, a.epoch, 0))...)
		res, err = runner.Run(ctx, a.Machine, job, s)
		if context.Cause(ctx) != nil {
			return context.Cause(ctx)
		}
		if err == nil && s.answers == 1 && res.Reason == runner.Exited && res.ExitCode == 0 {
			break
		}
	}
	switch {
	case err != nil:
		return err
	case res.Reason == runner.Limit:
		return invalid(fmt.Sprintf("its evaluation outside the script was stopped after %s, twice", ev.Limit))
	case res.Signal != "":
		return invalid("its evaluation outside the script ended by " + res.Signal + ", twice")
	case s.answers != 1 || res.ExitCode != 0:
		return invalid("its evaluation outside the script gave no answer" + s.errors.words())
	}
	v := s.answer
	out.Evaluation = &event.Evaluation{
		Loss: event.Float(v.Loss), OtherLoss: event.Float(v.OtherLoss), Characters: v.Characters,
		ShortLoss: event.Float(v.ShortLoss), FullLoss: event.Float(v.FullLoss), BlankLoss: event.Float(v.BlankLoss), EarlyLoss: event.Float(v.EarlyLoss),
		WallMS: res.Wall.Milliseconds(),
	}
	if why := ev.Judge(v, float64(out.ValLoss)); why != "" {
		return invalid(why)
	}
	return nil
}

// evaluationSink waits for the evaluator's answer.
type evaluationSink struct {
	runner.Quiet
	word    string
	line    []byte
	answer  taskdata.Evaluation
	answers int
	errors  lastWords
}

// Lines makes it a runner.Sink.
func (s *evaluationSink) Lines(ls []runner.Line) {
	for _, l := range ls {
		if l.Stderr {
			s.errors.add(l.Data)
			continue
		}
		if !l.Cont {
			s.line = s.line[:0]
		}
		s.line = append(s.line, l.Data[:min(len(l.Data), maxAnswerBytes-len(s.line))]...)
		if l.End == 0 {
			continue
		}
		if v, ok := taskdata.ReadEvaluation(bytes.TrimSpace(s.line), s.word); ok {
			s.answer = v
			s.answers++
		}
	}
}
