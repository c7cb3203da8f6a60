package engine

import (
	"context"
	"slices"
	"time"

	"pitwall/agent/rig"
	"pitwall/runner/gpu"
	"pitwall/runner/profile"
	"pitwall/store"
	"pitwall/store/event"
)

// foreignEvery is how often the GPUs are looked at while others compute on them.
const foreignEvery = 5 * time.Second

// clear waits until nobody else computes on the GPUs: a timed run would be slowed.
func (a *attempt) clear(ctx context.Context, o order) error {
	if a.rig == nil || len(a.rig.Cards) == 0 {
		return nil
	}
	for {
		others, _ := a.Machine.ForeignOnGPUs(ctx)
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		others = slices.DeleteFunc(others, func(p gpu.Process) bool {
			return len(p.GPUs) > 0 && !slices.ContainsFunc(p.GPUs, a.rig.Uses)
		})
		if len(others) == 0 { // also where the driver is gone: that shows in the run itself, in words
			a.placed()
			return nil
		}
		a.held(o, gpu.Words(others))
		if err := a.wait(ctx, foreignEvery); err != nil {
			return context.Cause(ctx)
		}
	}
}

// watchGPUs follows the GPUs of a run until ctx ends.
func (a *attempt) watchGPUs(ctx context.Context, emit func([]event.GPU)) {
	err := a.Machine.FollowGPUs(ctx, a.rig.Sees(), func(devices []gpu.Device) {
		list := make([]event.GPU, len(devices))
		for i, d := range devices {
			list[i] = event.GPU{Index: d.Index, Util: d.Util, MemUsed: d.MemUsed, MemTotal: d.MemTotal, Power: d.Power, Temp: d.Temp, Clock: d.Clock, Slowed: d.Slowed}
		}
		emit(list)
	})
	if err != nil && ctx.Err() == nil {
		a.w.Emit(event.Notice{Level: "warn", Text: "the GPUs cannot be followed any more: " + err.Error()})
	}
}

// Plan gives what the runs of an attempt of spec take, before anything starts. It is
// the zero Plan on a track without GPUs.
func (e *Engine) Plan(spec store.Spec) (profile.Plan, error) {
	task, track, err := e.findTask(spec)
	if err != nil || track.GPUs == 0 {
		return profile.Plan{}, err
	}
	p, err := rig.ProfileOf(e.Store.Home(), task, track)
	if err != nil {
		return profile.Plan{}, err
	}
	return rig.PlanOf(p, task, spec), nil
}
