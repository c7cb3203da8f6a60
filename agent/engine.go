package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"pitwall/runner"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/taskdata"
)

// Engine drives attempts. Its fields are set before the first call and not
// changed afterwards.
type Engine struct {
	Store   *store.Store
	Runner  Runner
	Getenv  func(string) string // for the interpreter
	Lock    string              // path of the machine-wide lock of timed runs; "" for the default
	Version string              // of pitwall, kept with each attempt
	Pace    time.Duration       // between the pieces in which a ready edit is shown; 0 at once

	// Where tasks and agents come from and who checks the rules; nil for
	// package taskdata's and this package's own.
	FindTask func(id string) (taskdata.Task, taskdata.Track, error)
	NewAgent func(name string, task taskdata.Task, py runner.Python) (Agent, error)
	Check    func(ctx context.Context, python string, task taskdata.Task, dir string) ([]taskdata.Violation, error)
}

func (e *Engine) findTask(id string) (taskdata.Task, taskdata.Track, error) {
	if e.FindTask != nil {
		return e.FindTask(id)
	}
	task, err := taskdata.FindTask(id)
	if err != nil {
		return task, taskdata.Track{}, err
	}
	track, err := taskdata.FindTrack(task.From.Track)
	return task, track, err
}

func (e *Engine) newAgent(name string, task taskdata.Task, py runner.Python) (Agent, error) {
	if e.NewAgent != nil {
		return e.NewAgent(name, task, py)
	}
	return New(name, task, py)
}

func (e *Engine) rules(ctx context.Context, python string, task taskdata.Task, dir string) ([]taskdata.Violation, error) {
	if e.Check != nil {
		return e.Check(ctx, python, task, dir)
	}
	return taskdata.Check(ctx, python, task, dir)
}

// DefaultPace makes a ready edit readable while it is written.
const DefaultPace = 20 * time.Millisecond

// orderEvery is how often orders are looked for: an order is taken up within 200 ms.
const orderEvery = 100 * time.Millisecond

// Causes for which an attempt ends before its time.
var (
	// ErrStopped is the cause of a context that a person cancelled.
	ErrStopped = errors.New("stopped by order")
	// errStore: the store takes no more events; the attempt stays resumable.
	errStore = errors.New("the store cannot be written")
)

// attempt is an attempt in flight.
type attempt struct {
	*Engine
	id     string
	epoch  int64
	label  string // for those who wait for the machine
	dir    string // node and run directories, gone at the end
	w      *store.Writer
	spec   store.Spec
	task   taskdata.Task
	track  taskdata.Track
	agent  Agent
	python runner.Python
	host   runner.HostInfo
	cal    measured

	mu     sync.Mutex
	holder string // who was waited for last, "" when nobody is
}

// Preflight reports what is missing to run an attempt of spec here, with the mend.
func (e *Engine) Preflight(ctx context.Context, spec store.Spec) error {
	task, _, err := e.findTask(spec.Task)
	if err != nil {
		return err
	}
	if !task.Ready {
		return fmt.Errorf("task %s cannot be run yet: %s", task.ID(), task.Why)
	}
	if _, err := task.HintText(taskdata.Hint(spec.Hint)); err != nil {
		return &ChoiceError{err}
	}
	if _, err := scaffoldOf(spec.Scaffold); err != nil {
		return &ChoiceError{err}
	}
	if _, err := e.newAgent(spec.Agent, task, runner.Python{}); err != nil {
		return &ChoiceError{err}
	}
	switch {
	case spec.Nodes < 1 || spec.Nodes > 1000:
		return &ChoiceError{fmt.Errorf("%d nodes: choose between 1 and 1000", spec.Nodes)}
	case spec.Calibrate < 1 || spec.Confirm < 0:
		return &ChoiceError{fmt.Errorf("calibrate %d, confirm %d: at least 1 and 0 runs are needed", spec.Calibrate, spec.Confirm)}
	case spec.Runner != RunnerLocal:
		return &ChoiceError{fmt.Errorf("no runner %q; there is %s", spec.Runner, RunnerLocal)}
	}
	if err := runner.Supported(); err != nil {
		return err
	}
	_, err = runner.FindPython(ctx, e.Getenv)
	return err
}

// ChoiceError says that a value of a Spec is none of those that can be chosen.
type ChoiceError struct{ Err error }

func (e *ChoiceError) Error() string { return e.Err.Error() }

// Unwrap gives what is wrong with the value.
func (e *ChoiceError) Unwrap() error { return e.Err }

// RunnerLocal names the runner that trains on this machine.
const RunnerLocal = "local"

// Run drives the attempt id, from its beginning or from where an earlier engine
// left it, until it has a final status. Cancelling ctx stops it. It returns nil
// when the attempt is done, ErrStopped when it was stopped, and otherwise what
// went wrong; the attempt's status tells the same, except where the store itself
// failed: then it reads interrupted and can be resumed.
func (e *Engine) Run(ctx context.Context, id string) (err error) {
	w, err := e.Store.Lease(ctx, id)
	if err != nil {
		return err
	}
	defer func() {
		// The caller's context may be over; what happened is kept all the same.
		err = errors.Join(err, w.Close(context.WithoutCancel(ctx)))
	}()
	a := &attempt{Engine: e, id: id, w: w, dir: filepath.Join(e.Store.Home(), "work", id)}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a.sweep()
	defer a.sweep()
	var watch sync.WaitGroup
	watch.Go(func() { a.watch(ctx, cancel) })
	err = a.drive(ctx)
	if errors.Is(context.Cause(ctx), errStore) {
		err = w.Err()
	} else {
		err = a.finish(ctx, err)
	}
	cancel(nil)
	watch.Wait()
	return err
}

// watch takes up orders and notices when the store fails.
func (a *attempt) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(orderEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.w.Failed():
			cancel(errStore)
			return
		case <-tick.C:
		}
		orders, err := a.w.Orders(ctx)
		if err != nil {
			continue // a store that is gone shows in Failed
		}
		for _, o := range orders {
			a.w.Emit(event.Order{ID: o.ID, Name: o.Name})
			result := ""
			if o.Name == OrderStop {
				cancel(ErrStopped)
			} else {
				result = "this engine does not know the order"
			}
			// The order may just have ended ctx; that it was taken is kept all the same.
			if a.w.Finish(context.WithoutCancel(ctx), o.ID, result) != nil {
				break
			}
		}
	}
}

// OrderStop is the order that ends an attempt.
const OrderStop = "stop"

// finish gives the attempt its final status.
func (a *attempt) finish(ctx context.Context, err error) error {
	if err != nil && context.Cause(ctx) != nil {
		err = ErrStopped
	}
	switch {
	case err == nil:
		a.w.Emit(event.Phase{Phase: event.PhaseFinished}, event.Status{Status: event.StatusDone})
	case errors.Is(err, ErrStopped):
		a.w.Emit(event.Status{Status: event.StatusStopped, Why: "stopped by order"})
	default:
		a.w.Emit(event.Status{Status: event.StatusFailed, Why: err.Error()})
	}
	if ferr := a.w.Flush(context.WithoutCancel(ctx)); ferr != nil {
		return errors.Join(err, ferr)
	}
	return err
}

// drive is the loop of an attempt.
func (a *attempt) drive(ctx context.Context) error {
	if err := a.open(ctx); err != nil {
		return err
	}
	var calibrated chan error
	if found, err := a.recall(ctx); err != nil {
		return err
	} else if !found {
		// The first node needs nothing that calibration finds out, so the agent
		// writes it while the records train.
		calibrated = make(chan error, 1)
		var cal sync.WaitGroup
		defer cal.Wait()
		ctx, end := context.WithCancel(ctx)
		defer end()
		cal.Go(func() {
			err := a.calibrate(ctx)
			if n := a.w.State().Node(1); err == nil && n != nil && !n.Checked {
				a.w.Emit(event.Phase{Phase: event.PhaseWriting, Node: 1}) // that is what is waited for now
			}
			calibrated <- err
		})
	}
	for n := 1; n <= a.spec.Nodes; n++ {
		node := a.w.State().Node(n)
		if node == nil || !judged(*node) && !node.Checked {
			if err := a.write(ctx, n); err != nil {
				return err
			}
		}
		if calibrated != nil {
			if err := <-calibrated; err != nil {
				return err
			}
			calibrated = nil
		}
		if node = a.w.State().Node(n); judged(*node) {
			continue
		}
		if len(node.Violations) > 0 {
			a.w.Emit(breach(*node))
			continue
		}
		if err := a.try(ctx, n); err != nil {
			return err
		}
	}
	return a.confirm(ctx)
}

func judged(n fold.Node) bool {
	switch n.State {
	case event.VerdictProvisional, event.VerdictMissed, event.VerdictInvalid, event.VerdictFailed, event.VerdictEmpty:
		return true
	}
	return false
}

// open starts the stream, or takes it over from an engine that died.
func (a *attempt) open(ctx context.Context) error {
	sum, err := a.Store.Attempt(ctx, a.id)
	if err != nil {
		return err
	}
	spec := sum.Spec
	a.spec = spec
	a.label = fmt.Sprintf("attempt %d on %s", sum.Number, spec.Task)
	st := a.w.State()
	if len(st.Nodes) == 0 {
		// What can be said of the attempt is said first: it is shown even if nothing can run.
		if err := a.begin(); err != nil {
			return err
		}
	}
	if err := a.Preflight(ctx, spec); err != nil {
		return err
	}
	if a.python, err = runner.FindPython(ctx, a.Getenv); err != nil {
		return err
	}
	if a.task, a.track, err = a.findTask(spec.Task); err != nil {
		return err
	}
	if a.agent, err = a.newAgent(spec.Agent, a.task, a.python); err != nil {
		return err
	}
	a.host = runner.Host(ctx)
	a.epoch = st.Epoch
	if len(st.Nodes) > 0 {
		if err := a.takeOver(ctx, st); err != nil {
			return err
		}
	}
	a.w.Emit(a.machine(), event.Status{Status: event.StatusRunning})
	return nil
}

func (a *attempt) machine() event.Machine {
	return event.Machine{
		Key: a.machineKey(), Label: MachineLabel(a.host), Interpreter: "Python " + a.python.Version,
		Cores: a.host.Cores, MemoryBytes: a.host.Memory, Load: event.Float(a.host.Load),
	}
}

// begin emits what the attempt starts from.
func (a *attempt) begin() error {
	task, track, err := a.findTask(a.spec.Task)
	if err != nil {
		return err
	}
	hint, err := task.HintText(taskdata.Hint(a.spec.Hint))
	if err != nil {
		return err
	}
	a.w.Emit(event.Attempt{
		ID: a.id, Task: task.ID(), Track: track.ID, Benchmark: !track.Practice,
		From: task.From.Number, To: task.To.Number, FromTitle: task.From.Title, ToTitle: task.To.Title,
		Hint: a.spec.Hint, HintText: hint, Agent: a.spec.Agent, Scaffold: a.spec.Scaffold, Runner: a.spec.Runner,
		Nodes: a.spec.Nodes, Seed: a.spec.Seed, Target: track.Target, Unit: track.Unit,
		Calibrate: a.spec.Calibrate, Confirm: a.spec.Confirm, Version: a.Version,
	}, event.Node{ID: 0, Parent: -1}, event.Source{Path: task.From.ScriptName(), Text: task.From.Script()})
	for _, r := range []taskdata.Record{task.From, task.To} {
		a.w.Emit(referenceGhost(r, r.Number == task.To.Number))
	}
	return nil
}

func referenceGhost(r taskdata.Record, to bool) event.Ghost {
	g := event.Ghost{Record: r.Number, To: to, Title: r.Title, Source: r.MeasuredOn, Seconds: r.Seconds}
	for _, p := range r.Curve() {
		g.Points = append(g.Points, event.GhostPoint{Step: p.Step, TrainMS: p.TrainMS, TrainLoss: event.Float(p.TrainLoss), ValLoss: event.Float(p.ValLoss)})
	}
	return g
}

// takeOver ends what a dead engine left and voids what it left half done.
func (a *attempt) takeOver(ctx context.Context, st *fold.State) error {
	lost, void := 0, -1
	for _, r := range st.Runs {
		if !r.Live() {
			continue
		}
		lost = r.Run
		if _, err := runner.Reap(ctx, r.Job, runner.Identity{
			Boot: r.Boot, PID: r.PID, Ticks: uint64(r.Start), ShimPID: r.ShimPID, ShimTicks: uint64(r.ShimStart),
		}); err != nil {
			return fmt.Errorf("end what run %d left behind: %w", lost, err)
		}
	}
	for _, n := range st.Nodes {
		if n.ID > 0 && !judged(n) && !n.Checked {
			void = n.ID
			break
		}
	}
	if c := st.Calibration; c != nil && c.Key != a.machineKey() {
		return fmt.Errorf("the attempt was begun on %s with %s, whose times do not compare with those of this machine and interpreter: resume it there, or start another here",
			st.Machine.Label, st.Machine.Interpreter)
	}
	a.epoch++
	a.w.Emit(event.Resumed{Epoch: a.epoch, Run: lost, Node: void})
	return nil
}

// MachineLabel describes a machine in one line for people.
func MachineLabel(h runner.HostInfo) string {
	parts := []string{}
	if h.CPU != "" {
		parts = append(parts, h.CPU)
	}
	parts = append(parts, fmt.Sprintf("%d cores", h.Cores), h.OS+"/"+h.Arch)
	return strings.Join(parts, ", ")
}

// write has the agent edit node n, shows it as it goes, and checks the rules.
func (a *attempt) write(ctx context.Context, n int) error {
	st := a.w.State()
	choose, err := scaffoldOf(a.spec.Scaffold)
	if err != nil {
		return err
	}
	parent := choose(st)
	if begun := st.Node(n); begun != nil {
		parent = begun.Parent
	} else {
		a.w.Emit(event.Node{ID: n, Parent: parent})
	}
	if n == 1 && st.Calibration == nil {
		a.w.Emit(event.Notice{Level: "info", Text: "the agent writes node 1 while the records are measured"})
	} else {
		a.w.Emit(event.Phase{Phase: event.PhaseWriting, Node: n})
	}
	files := st.Files(parent)
	ws, err := NewWorkspace(filepath.Join(a.dir, "nodes", fmt.Sprint(n)), files)
	if err != nil {
		return err
	}
	defer ws.Close()
	ed := &Editor{node: n, ws: ws, emit: a.w.Emit, pace: a.Pace}
	hint, err := a.task.HintText(taskdata.Hint(a.spec.Hint))
	if err != nil {
		return err
	}
	brief := Brief{
		Script: a.task.From.ScriptName(), Steps: a.task.From.Steps, Target: a.track.Target, Hint: hint,
		Node: n, Nodes: a.spec.Nodes, Parent: parent, Seed: a.spec.Seed,
		Files: files, Past: outcomes(st), RecordSeconds: a.task.From.Seconds, RecordLoss: lastLoss(st.Ghost(false)), Try: a.check,
	}
	if st.Calibration != nil {
		brief.RecordSeconds = sample(st.Calibration.From).mean()
	}
	var refused *Refusal
	switch err := a.agent.Propose(ctx, brief, ed); {
	case context.Cause(ctx) != nil:
		return context.Cause(ctx)
	case errors.As(err, &refused):
		a.w.Emit(event.Notice{Level: "warn", Text: fmt.Sprintf("node %d: %s", n, refused.Why)})
	case err != nil:
		return fmt.Errorf("agent %s: %w", a.spec.Agent, err)
	}
	if ed.stood == 0 && !a.agent.RunsUnchanged() {
		a.w.Emit(event.Checked{Node: n}, event.Judged{Node: n, Verdict: event.VerdictEmpty, Why: "the agent made no edit that could be applied", ValLoss: event.NaN(), TrainSeconds: event.NaN()})
		return a.w.Flush(ctx)
	}
	if st.Calibration != nil {
		a.w.Emit(event.Phase{Phase: event.PhaseChecking, Node: n})
	}
	violations, err := a.rules(ctx, a.python.Path, a.task, ws.Dir())
	if err != nil {
		return fmt.Errorf("check the rules of track %s: %w", a.track.ID, err)
	}
	checked := event.Checked{Node: n}
	for _, v := range violations {
		checked.Violations = append(checked.Violations, event.Violation{Rule: v.Rule, Line: v.Line, What: v.What})
	}
	a.w.Emit(checked)
	if len(violations) > 0 {
		a.w.Emit(breach(*a.w.State().Node(n)))
	}
	return a.w.Flush(ctx)
}

// breach is the verdict on a node that breaks the rules.
func breach(n fold.Node) event.Judged {
	return event.Judged{Node: n.ID, Verdict: event.VerdictInvalid, Why: broken(n.Violations), ValLoss: event.NaN(), TrainSeconds: event.NaN()}
}

// broken says in one line which rules were broken.
func broken(vs []event.Violation) string {
	first := vs[0]
	text := fmt.Sprintf("breaks the rule %q: %s", first.Rule, first.What)
	if first.Line > 0 {
		text = fmt.Sprintf("breaks the rule %q in line %d: %s", first.Rule, first.Line, first.What)
	}
	if len(vs) > 1 {
		text += fmt.Sprintf(" (and %d more)", len(vs)-1)
	}
	return text
}

// lastLoss is the validation loss that a curve ends with, NaN where it has none.
func lastLoss(g *event.Ghost) float64 {
	loss := math.NaN()
	if g != nil {
		for _, p := range g.Points {
			if p.ValLoss.Known() {
				loss = float64(p.ValLoss)
			}
		}
	}
	return loss
}

// check is Brief.Try.
func (a *attempt) check(ctx context.Context, files map[string]string) ([]taskdata.Violation, error) {
	ws, err := NewWorkspace(filepath.Join(a.dir, "try"), files)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(ws.Dir())
	defer ws.Close()
	return a.rules(ctx, a.python.Path, a.task, ws.Dir())
}

// outcomes is what the agent is told of earlier nodes.
func outcomes(st *fold.State) []Outcome {
	var past []Outcome
	for _, n := range st.Nodes {
		if n.ID == 0 || !judged(n) {
			continue
		}
		o := Outcome{Node: n.ID, Verdict: n.State, Why: n.Why, ValLoss: float64(n.ValLoss), TrainSeconds: float64(n.TrainSeconds)}
		if n.Valid() {
			o.Why = "" // it can only speak of the next record's time, which is no agent's to know
		}
		for _, i := range n.Edits {
			if e := st.Edits[i]; e.Applied {
				o.Edits = append(o.Edits, AppliedEdit{Hunk{e.Path, e.Old, e.New}, e.Reason})
			}
		}
		past = append(past, o)
	}
	return past
}

// try trains node n once and judges it.
func (a *attempt) try(ctx context.Context, n int) error {
	a.w.Emit(event.Phase{Phase: event.PhaseTraining, Node: n})
	out, err := a.train(ctx, order{node: n, purpose: event.PurposeNode, files: a.w.State().Files(n)})
	if err != nil {
		return err
	}
	a.w.Emit(event.Phase{Phase: event.PhaseJudging, Node: n}, a.judge(n, out))
	return a.w.Flush(ctx)
}

// judge gives the verdict on a node's run.
func (a *attempt) judge(n int, out outcome) event.Judged {
	j := event.Judged{Node: n, ValLoss: out.ValLoss, TrainSeconds: out.TrainMS / 1000}
	switch {
	case out.bad:
		j.Verdict, j.Why = out.kind, out.Why
	case float64(out.ValLoss) > a.track.Target:
		j.Verdict = event.VerdictMissed
		j.Why = fmt.Sprintf("validation loss %.4f is above the target of %.2f %s", float64(out.ValLoss), a.track.Target, a.track.Unit)
	default:
		j.Verdict = event.VerdictProvisional
		if a.cal.unresolved == "" {
			f := fraction(a.cal.from, sample{float64(j.TrainSeconds)}, a.cal.from, a.cal.to)
			j.FSR = &f
		} else {
			j.Why = a.cal.unresolved
		}
	}
	return j
}

// waiting shows that a run waits for the machine.
func (a *attempt) waiting(o order, h runner.Holder) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if who := h.String(); who != a.holder {
		a.holder = who
		a.w.Emit(event.Waiting{Node: o.node, Purpose: o.purpose, Holder: who},
			event.Status{Status: event.StatusQueued, Why: "waits for the machine: " + who})
	}
}

// acquire takes the machine for several runs in a row.
func (a *attempt) acquire(ctx context.Context, o order) (*runner.MachineLock, error) {
	lock, err := runner.Acquire(ctx, a.Lock, a.label, func(h runner.Holder) { a.waiting(o, h) })
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, err
	}
	a.placed()
	return lock, nil
}

// placed ends waiting.
func (a *attempt) placed() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.holder != "" {
		a.holder = ""
		a.w.Emit(event.Status{Status: event.StatusRunning})
	}
}

// answers is where the next record trains: in no directory that a node's script
// could come upon by going up from its own.
func (a *attempt) answers() string { return a.dir + "-records" }

// sweep removes the attempt's directories. All that was in them is in the store.
func (a *attempt) sweep() {
	// What cannot be removed now is removed by the next engine or SweepWork.
	_ = errors.Join(os.RemoveAll(a.dir), os.RemoveAll(a.answers()))
}

// SweepWork removes the directories that engines of this store left behind when
// they were killed and that no later engine came to remove.
func SweepWork(s *store.Store) error {
	entries, err := os.ReadDir(filepath.Join(s.Home(), "work"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if id := strings.TrimSuffix(e.Name(), "-records"); !s.Alive(id) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(s.Home(), "work", e.Name())))
		}
	}
	return err
}
