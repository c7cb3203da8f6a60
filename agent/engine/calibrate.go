package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"

	"pitwall/agent"
	"pitwall/agent/scaffold"
	"pitwall/runner"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// measured holds both records' times on this machine.
type measured struct {
	from, to   sample
	noise      noise
	unresolved string // why FSR cannot be computed; "" where it can
}

// machineKey names everything that moves a time, the task's scripts included.
func (a *attempt) machineKey() string {
	h, py := a.host, a.python
	sum := sha256.New()
	parts := []string{h.Machine, h.OS, h.Arch, h.Kernel, h.CPU, fmt.Sprint(h.Cores), py.Path, py.Version, py.Build, a.task.From.Script(), a.task.Answer()}
	for _, part := range append(parts, a.rig.Key()...) {
		fmt.Fprintf(sum, "%d:%s\n", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

// recall takes the calibration over that this attempt has already, or one that
// the store keeps under the same key. It reports whether there was one.
func (a *attempt) recall(ctx context.Context) (bool, error) {
	if c := a.w.State().Calibration; c != nil {
		a.cal = a.measure(c.From, c.To)
		return true, nil
	}
	row, ok, err := a.Store.Calibration(ctx, a.spec.Task, a.machineKey())
	if err != nil || !ok || len(row.From) < a.spec.Calibrate || !a.task.Open() && len(row.To) < a.spec.Calibrate {
		return false, err
	}
	return true, a.calibrated(ctx, row, true)
}

// calibrate trains both records in turn. Node 0's run is the first run of record i.
func (a *attempt) calibrate(ctx context.Context) error {
	a.w.Emit(event.Phase{Phase: event.PhaseCalibrating, Detail: runsOfEach(a.spec.Calibrate)})
	hold, err := a.acquire(ctx, order{node: 0, purpose: event.PurposeCalibrateFrom})
	if err != nil {
		return err
	}
	defer hold.Release()
	// Somebody may have measured them while this attempt waited for the machine.
	if found, err := a.recall(ctx); found || err != nil {
		return err
	}
	id, err := a.Store.CreateCalibration(ctx, a.spec.Task, a.machineKey())
	if err != nil {
		return err
	}
	cw, err := a.Store.Lease(ctx, id)
	if err != nil {
		return err
	}
	defer cw.Close(context.WithoutCancel(ctx))
	st := a.w.State()
	about := st.Attempt
	about.ID = id
	cw.Emit(about, event.Node{ID: 0, Parent: -1}, st.Machine)
	row, err := a.measureRecords(ctx, id, a.spec.Calibrate, hold, cw)
	if err != nil {
		cw.Emit(event.Status{Status: event.StatusFailed, Why: err.Error()})
		return err
	}
	cw.Emit(a.figures(row, false), event.Status{Status: event.StatusDone})
	if err := cw.Flush(ctx); err != nil {
		return err
	}
	return a.calibrated(ctx, row, false)
}

// runsOfEach words how much a calibration or confirmation runs.
func runsOfEach(n int) string {
	if n == 1 {
		return "1 run of each"
	}
	return fmt.Sprintf("%d runs of each", n)
}

// measureRecords trains both records n times each, in turn, and keeps the figures
// in the store under the calibration id.
func (a *attempt) measureRecords(ctx context.Context, id string, n int, hold runner.Hold, also ...*store.Writer) (store.CalibrationRow, error) {
	row := store.CalibrationRow{ID: id, Task: a.task.ID(), Key: a.machineKey()}
	from := order{
		node: 0, purpose: event.PurposeCalibrateFrom, hold: hold,
		files: a.task.From.Files(),
	}
	to := order{
		node: -1, purpose: event.PurposeCalibrateTo, hold: hold,
		files: a.task.AnswerFiles(),
	}
	for range n {
		out, err := a.trainRecord(ctx, from, also...)
		if err != nil {
			return row, err
		}
		row.From, row.GhostFrom = append(row.From, float64(out.TrainMS)/1000), orKeep(row.GhostFrom, out.curve)
		row.FromFirst = appendKnown(row.FromFirst, out.FirstMS/1000)
		if a.task.Open() {
			continue
		}
		if out, err = a.trainRecord(ctx, to, also...); err != nil {
			return row, err
		}
		row.To, row.GhostTo = append(row.To, float64(out.TrainMS)/1000), orKeep(row.GhostTo, out.curve)
		row.ToFirst = appendKnown(row.ToFirst, out.FirstMS/1000)
	}
	return row, a.Store.SaveCalibration(ctx, row)
}

// trainRecord trains one of the two records once. That it missed the target by
// the luck of its seed does not matter to its time.
func (a *attempt) trainRecord(ctx context.Context, o order, also ...*store.Writer) (outcome, error) {
	out, err := a.train(ctx, o, also...)
	if err == nil && out.verdict != "" {
		number := a.task.From.Number
		if o.node < 0 {
			number = a.task.To.Number
		}
		err = fmt.Errorf("record %d itself could not be measured here: %s; look at its log, mend the machine, then resume", number, out.Why)
	}
	return out, err
}

func orKeep(have, got []event.GhostPoint) []event.GhostPoint {
	if have != nil {
		return have
	}
	return got
}

// appendKnown appends a figure that is not 0.
func appendKnown(list []float64, v float64) []float64 {
	if v == 0 {
		return list
	}
	return append(list, v)
}

// figures judges what was measured.
func (a *attempt) figures(row store.CalibrationRow, reused bool) event.Calibration {
	m := a.measure(row.From, row.To)
	return event.Calibration{
		ID: row.ID, Key: row.Key, From: row.From, To: row.To, Reused: reused,
		Resolved: m.unresolved == "", Why: m.unresolved, SD: m.noise.sd, SDSource: m.noise.source,
		FromFirst: row.FromFirst, ToFirst: row.ToFirst,
	}
}

func (a *attempt) measure(from, to sample) measured {
	m := measured{from: from, to: to}
	m.noise = pooledNoise(a.track.SpreadOf(a.task.From), from, to)
	if a.task.Open() {
		m.unresolved = fmt.Sprintf("record %d is the newest: the result is judged by its speedup", a.task.From.Number)
		return m
	}
	m.unresolved = unresolved(from, to, m.noise)
	return m
}

// calibrated takes the figures over into the attempt.
func (a *attempt) calibrated(ctx context.Context, row store.CalibrationRow, reused bool) error {
	a.cal = a.measure(row.From, row.To)
	for _, g := range []struct {
		record taskdata.Record
		to     bool
		points []event.GhostPoint
		times  sample
	}{{a.task.From, false, row.GhostFrom, row.From}, {a.task.To, true, row.GhostTo, row.To}} {
		if len(g.points) > 0 && len(g.times) > 0 {
			a.w.Emit(event.Ghost{Record: g.record.Number, To: g.to, Title: g.record.Title, Source: "measured here", Seconds: g.times.mean(), Points: g.points})
		}
	}
	a.w.Emit(a.figures(row, reused))
	return a.w.Flush(ctx)
}

// Calibrate measures both records of a task n times each, in turn, and keeps the
// figures for later attempts. Started is told the id of the stream to follow.
func (e *Engine) Calibrate(ctx context.Context, taskID string, n int, started func(id string)) (event.Calibration, error) {
	var none event.Calibration
	a, err := e.measuring(ctx, "a calibration of "+taskID, store.Spec{Task: taskID, Calibrate: n})
	if err != nil {
		return none, err
	}
	defer a.sweep(ctx)
	started(a.id)
	fig, err := a.calibrateAlone(ctx, n)
	if err != nil {
		a.w.Emit(event.Status{Status: event.StatusFailed, Why: err.Error()})
	} else {
		a.w.Emit(fig, event.Status{Status: event.StatusDone})
	}
	return fig, errors.Join(err, a.w.Close(context.WithoutCancel(ctx)))
}

// measuring opens a stream in which scripts of a task are measured outside any attempt.
// The caller sweeps it, and closes its writer.
func (e *Engine) measuring(ctx context.Context, label string, spec store.Spec) (*attempt, error) {
	spec.Hint, spec.Agent, spec.Scaffold, spec.Runner, spec.Nodes = string(taskdata.HintNone), agent.Noop, scaffold.Flat, e.Machine.Name(), 1
	a := &attempt{label: label, spec: spec}
	a.Engine = e.patient(a.connection)
	var err error
	if a.means, err = e.prepare(ctx, spec); err != nil {
		return nil, err
	}
	if a.host, err = e.Machine.Describe(ctx); err != nil {
		return nil, err
	}
	if a.id, err = e.Store.CreateCalibration(ctx, spec.Task, a.machineKey()); err != nil {
		return nil, err
	}
	if a.w, err = e.Store.Lease(ctx, a.id); err != nil {
		return nil, err
	}
	a.dir = filepath.Join(e.Store.Home(), "work", a.id)
	a.w.Emit(event.Attempt{
		ID: a.id, Task: a.task.ID(), Track: a.track.ID, Benchmark: !a.track.Practice && a.task.Variant == "", From: a.task.From.Number, To: a.task.To.Number,
		GPUs: a.gpus(), Profile: a.profileName(), FromTitle: a.task.From.Title, ToTitle: a.task.To.Title, Runner: e.Machine.Name(),
		Target: a.track.Target, Unit: a.track.Unit, Calibrate: spec.Calibrate, Version: e.Version, Scripts: a.task.From.Source(),
	}, event.Node{ID: 0, Parent: -1}, a.machine())
	return a, nil
}

func (a *attempt) calibrateAlone(ctx context.Context, n int) (event.Calibration, error) {
	hold, err := a.acquire(ctx, order{node: 0, purpose: event.PurposeCalibrateFrom})
	if err != nil {
		return event.Calibration{}, err
	}
	defer hold.Release()
	row, err := a.measureRecords(ctx, a.id, n, hold)
	if err != nil {
		return event.Calibration{}, err
	}
	return a.figures(row, false), nil
}
