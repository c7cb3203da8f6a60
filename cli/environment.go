package cli

import (
	"context"
	"time"

	"pitwall/agent/rig"
	"pitwall/runner"
	"pitwall/taskdata"
	"pitwall/ui"
)

// homeWait is how long the machine may take to tell of its GPUs before home stays on the
// track that it has opened on.
const homeWait = 2 * time.Second

// surveyor looks at the machine on behalf of who looks on.
func (a *app) surveyor() *rig.Surveyor { return rig.NewSurveyor(a.machine(), a.home(), rig.TorchWait) }

// environment says what the runs of a task need here beyond what every run needs, and
// what of it is there.
func (a *app) environment(ctx context.Context, s *rig.Surveyor, id string) ([]ui.EnvCheck, error) {
	task, err := a.tasks().FindTask(id)
	if err != nil {
		return nil, err
	}
	track, err := taskdata.FindTrack(task.From.Track)
	if err != nil {
		return nil, err
	}
	facts := s.Look(ctx, task, track)
	var list []ui.EnvCheck
	for _, n := range rig.Needs(task, track, facts)[len(rig.Basics(facts)):] {
		list = append(list, ui.EnvCheck{Name: n.Name, OK: n.OK, Found: n.Found, Mend: n.Mend})
	}
	return list, nil
}

// homeTrack gives the track that the screen opens on: the benchmark's where there
// are GPUs to run it on, else none in particular.
func homeTrack(ctx context.Context, m runner.Machine) string {
	ctx, cancel := context.WithTimeout(ctx, homeWait)
	defer cancel()
	if gpus, _ := m.ListGPUs(ctx); len(gpus) > 0 {
		return taskdata.NanoGPT
	}
	return ""
}
