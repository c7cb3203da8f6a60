package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"pitwall/agent/engine"
	"pitwall/agent/rig"
	"pitwall/runner/profile"
	"pitwall/taskdata"
	"pitwall/ui"
)

// environment says what the runs of a task need here, and what of it is there.
func (a *app) environment(ctx context.Context, e *engine.Engine, s *surveyor, id string) ([]ui.EnvCheck, error) {
	task, err := a.tasks().FindTask(id)
	if err != nil {
		return nil, err
	}
	track, err := taskdata.FindTrack(task.From.Track)
	if err != nil || track.GPUs == 0 {
		return nil, err
	}
	p, wrong := rig.ProfileOf(e.Store.Home(), task, track)
	c := a.checkProfile(p, wrong)
	if !c.OK {
		return []ui.EnvCheck{c, s.checkCards(ctx, profile.Profile{GPUs: track.GPUs})}, nil
	}
	return []ui.EnvCheck{c, s.checkCards(ctx, p), s.checkTorch(ctx, p, wantedTorch(p, task.From)), a.checkData(ctx, p, task)}, nil
}

// checkProfile tells a profile, or what is wrong with it.
func (a *app) checkProfile(p profile.Profile, wrong error) ui.EnvCheck {
	if wrong != nil {
		return ui.EnvCheck{Name: "profile", Found: wrong.Error(), Mend: "mend " + filepath.Join(a.home(), rig.ProfilesFile)}
	}
	text := fmt.Sprintf("%s: %d GPUs", p.Name, p.GPUs)
	if p.EmptyCaches {
		text += ", each run compiles with empty caches"
	}
	if len(p.Launch) > 0 {
		text += ", started by " + p.Launch[0]
	}
	return ui.EnvCheck{Name: "profile", OK: true, Found: text}
}

// wantedTorch is the version that a record should run with, "" for any, and where
// nothing says which.
func wantedTorch(p profile.Profile, rec taskdata.Record) string {
	if p.Torch != profile.AsRecord {
		return p.Torch
	}
	about, _ := rec.Imported(taskdata.ModdedNanoGPT)
	return about.Torch
}

// checkTorch says whether the torch that scripts run with is the one that is wanted.
func (s *surveyor) checkTorch(ctx context.Context, p profile.Profile, wanted string) ui.EnvCheck {
	c := ui.EnvCheck{Name: "torch"}
	version, by, err := s.torch(ctx, p)
	asked := "any version will do"
	if wanted != "" {
		asked = wanted + " is wanted"
	}
	switch {
	case err != nil:
		c.Found = fmt.Sprintf("none (%v); %s", err, asked)
		c.Mend = install(wanted) + ", or name an interpreter that has it as python in " + rig.ProfilesFile
	case version == "":
		c.OK, c.Found = true, fmt.Sprintf("%s; what %s brings is not looked at", asked, by)
	case wanted == "" || release(version) == release(wanted):
		c.OK, c.Found = true, fmt.Sprintf("%s; %s", version, asked)
	default:
		c.OK, c.Found = true, fmt.Sprintf("%s; %s", version, asked)
		c.Mend = "times with another version are not the record's: " + install(wanted)
	}
	return c
}

// install says how to get a version of torch. Nightly builds are not kept for long.
func install(wanted string) string {
	switch {
	case wanted == "":
		return "pip install torch"
	case strings.Contains(wanted, ".dev"):
		return fmt.Sprintf("pip install torch==%s, the release after that nightly build, which is not kept", release(wanted))
	}
	return "pip install torch==" + release(wanted)
}

// release gives a version without its build: "2.6.0" of "2.6.0.dev20241203+cu124".
func release(version string) string {
	version, _, _ = strings.Cut(version, "+")
	version, _, _ = strings.Cut(version, ".dev")
	return version
}

// checkData says whether the shards of a task are there.
func (a *app) checkData(ctx context.Context, p profile.Profile, task taskdata.Task) ui.EnvCheck {
	c := ui.EnvCheck{Name: "data"}
	n, err := rig.Shards(task)
	if err != nil {
		c.Found = err.Error()
		return c
	}
	dir := p.ShardDir()
	switch {
	case dir == "" && profile.DataElsewhere(a.getenv):
		c.OK, c.Found = true, n.String()+" needed; where the environment says, not looked at"
		return c
	case dir == "":
		c.Found = n.String() + " needed; nothing says where they lie"
		c.Mend = fmt.Sprintf("in a clone of modded-nanogpt run: python data/cached_fineweb10B.py %d, and write data = \"…/data\" under [defaults] in %s",
			n.Shards, filepath.Join(a.home(), rig.ProfilesFile))
		return c
	case len(p.Launch) > 0:
		c.OK, c.Found = true, fmt.Sprintf("%s needed in %s, where %s runs it; not looked at", n, dir, p.Launch[0])
		return c
	}
	found, err := profile.CheckData(a.machine().Tree(ctx), dir, n)
	switch {
	case err != nil:
		c.Found = err.Error()
	case len(found.Faults) > 0:
		c.Found, c.Mend = fmt.Sprintf("%d of %s in %s: %s", min(found.Train, n.Shards), n, dir, strings.Join(found.Faults, "; ")), found.Mend
	default:
		c.OK, c.Found = true, fmt.Sprintf("%s needed; %d in %s", n, found.Train, dir)
	}
	return c
}
