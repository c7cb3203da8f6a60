package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pitwall/agent/rig"
	"pitwall/agent/scaffold"
	"pitwall/runner"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/taskdata"
)

// open starts the stream, or takes it over from an engine that died.
func (a *attempt) open(ctx context.Context) error {
	sum, err := a.Store.Attempt(ctx, a.id)
	if err != nil {
		return err
	}
	a.spec = sum.Spec
	if st := a.w.State(); len(st.Nodes) > 0 && a.spec.Scripts == "" {
		a.spec.Scripts = st.Attempt.Scripts // whatever has been imported since
	}
	a.label = fmt.Sprintf("attempt %d on %s", sum.Number, sum.Task)
	st := a.w.State()
	if len(st.Nodes) == 0 {
		// What can be said of the attempt is said first: it is shown even if nothing can run.
		if err := a.begin(); err != nil {
			return err
		}
	}
	if a.means, err = a.prepare(ctx, a.spec); err != nil {
		return err
	}
	if a.host, err = a.Machine.Describe(ctx); err != nil {
		return err
	}
	a.epoch = st.Epoch
	if len(st.Nodes) > 0 {
		if err := a.takeOver(ctx, st); err != nil {
			return err
		}
	}
	if err := a.bind(st); err != nil {
		return err
	}
	if err := a.carryOver(ctx, a.w.State()); err != nil {
		return err
	}
	a.hand.set(st.Paused && !a.Go)
	if st.Paused && a.Go {
		a.w.Emit(event.Paused{Paused: false})
	}
	a.w.Emit(a.machine(), event.Status{Status: event.StatusRunning})
	return nil
}

func (a *attempt) machine() event.Machine {
	m := event.Machine{
		Key: a.machineKey(), Label: MachineLabel(a.host), Interpreter: "Python " + a.python.Version,
		Cores: a.host.Cores, MemoryBytes: a.host.Memory, Load: event.Float(a.host.Load),
	}
	if a.rig != nil {
		m.GPUs, m.Driver, m.Torch = a.rig.Labels(), a.rig.Driver, a.rig.Torch
	}
	return m
}

// gpus is how many GPUs a run takes, 0 on a track without.
func (m means) gpus() int {
	if m.rig == nil {
		return 0
	}
	return m.rig.Ranks
}

func (m means) profileName() string {
	if m.rig == nil {
		return ""
	}
	return m.rig.Profile.Name
}

// begin emits what the attempt starts from.
func (a *attempt) begin() error {
	task, track, err := a.findTask(a.spec)
	if err != nil {
		return err
	}
	hint, err := task.HintText(taskdata.Hint(a.spec.Hint))
	if err != nil {
		return err
	}
	figures, err := scaffold.SearchOf(a.spec.Scaffold, a.spec.Search)
	if err != nil {
		return err
	}
	count, name := 0, ""
	if track.GPUs > 0 {
		p, err := rig.ProfileOf(a.Store.Home(), task, track)
		if err != nil {
			return err
		}
		count, name = p.GPUs, p.Name
	}
	a.w.Emit(event.Attempt{
		ID: a.id, Task: task.ID(), Track: track.ID, Benchmark: !track.Practice && task.Variant == "",
		From: task.From.Number, To: task.To.Number, FromTitle: task.From.Title, ToTitle: task.To.Title,
		Hint: a.spec.Hint, HintText: hint, Agent: a.spec.Agent, Scaffold: a.spec.Scaffold, Runner: a.spec.Runner,
		Nodes: a.spec.Nodes, Seed: a.spec.Seed, Target: track.Target, Unit: track.Unit,
		Calibrate: a.spec.Calibrate, Confirm: a.spec.Confirm, Version: a.Version,
		Scripts: task.From.Source(), Hints: task.HintSource(), GPUs: count, Profile: name,
		Model: a.spec.Model, Search: figures, Budget: a.spec.Budget, Parallel: a.spec.Parallel, Gate: a.spec.Gate, Hopeless: a.spec.Hopeless,
	}, event.Node{ID: 0, Parent: -1})
	files := task.From.Files()
	for _, path := range slices.Sorted(maps.Keys(files)) {
		a.w.Emit(event.Source{Path: path, Text: files[path]})
	}
	a.w.Emit(rig.ReferenceGhost(task.From, false))
	if !task.Open() {
		a.w.Emit(rig.ReferenceGhost(task.To, true))
	}
	return nil
}

// takeOver ends what a dead engine left and voids what it left half done.
func (a *attempt) takeOver(ctx context.Context, st *fold.State) error {
	lost, void := 0, -1
	for _, r := range st.Runs {
		if !r.Live() {
			continue
		}
		lost = r.Run
		taken, err := a.inherit(ctx, r)
		switch {
		case err != nil:
			return fmt.Errorf("end what run %d left behind: %w", lost, err)
		case taken:
			lost = 0
		}
	}
	if a.inherited.run == 0 {
		if err := a.clean(ctx); err != nil {
			return err
		}
	}
	for _, n := range st.Nodes {
		if n.ID > 0 && !n.Judged() && !n.Checked {
			void = n.ID
			break
		}
	}
	if c := st.Calibration; c != nil && c.Key != a.machineKey() {
		return fmt.Errorf("the attempt was begun on %s with %s, whose times do not compare with those of this machine and interpreter: resume it there, or start another here",
			st.Machine.Label, st.Machine.Interpreter)
	}
	a.epoch++
	a.w.Emit(event.Resumed{Epoch: a.epoch, Run: lost, Node: void, GoesOn: a.inherited.run})
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

// runDir is where a run of a node has its files on the machine.
func (a *attempt) runDir(run int) string {
	return a.Machine.Scratch(fmt.Sprintf("work/%s/runs/%d", a.id, run))
}

// answers is where the next record trains: in no directory that a node's script
// could come upon by going up from its own.
func (a *attempt) answers(run int) string {
	return a.Machine.Scratch(fmt.Sprintf("work/%s-records/%d", a.id, run))
}

// clean removes what runs left on the machine. All that was in it is in the store.
func (a *attempt) clean(ctx context.Context) error {
	return a.Machine.Remove(ctx, a.Machine.Scratch("work/"+a.id), a.Machine.Scratch("work/"+a.id+"-records"))
}

// sweepPatience bounds how long an attempt that is over waits for its machine.
const sweepPatience = 10 * time.Second

// sweep removes the attempt's directories, also when ctx is over.
func (a *attempt) sweep(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sweepPatience)
	defer cancel()
	// What cannot be removed now is removed by the next engine or SweepWork.
	_ = errors.Join(a.disown(ctx), os.RemoveAll(a.dir), a.clean(ctx))
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
