package rig

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pitwall/runner/gpu"
	"pitwall/runner/profile"
	"pitwall/taskdata"
)

// facts draws what could be found of a machine, whatever it may be.
func facts(t *rapid.T, track taskdata.Track) Facts {
	flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
	wrong := func(name string) error {
		if !flag(name) {
			return nil
		}
		return errors.New(name)
	}
	f := Facts{Home: "/home", Unsupported: wrong("unsupported"), NoPython: wrong("no python")}
	if track.GPUs == 0 {
		return f
	}
	f.NoProfile, f.NoGPUs, f.NoData = wrong("no profile"), wrong("no GPUs"), wrong("no data")
	f.Profile = profile.Profile{Name: "p", GPUs: rapid.SampledFrom([]int{1, 4, 8}).Draw(t, "ranks")}
	if flag("launch") {
		f.Profile.Launch = []string{"srun"}
	}
	if flag("data") {
		f.Profile.Data = "/data"
	}
	f.Profile.Torch = rapid.SampledFrom([]string{"", "2.6.0", profile.AsRecord}).Draw(t, "wanted")
	if f.NoGPUs == nil {
		for i := range rapid.IntRange(0, 8).Draw(t, "GPUs") {
			f.GPUs = append(f.GPUs, gpu.GPU{Index: i, Name: "H100", MIG: rapid.IntRange(0, 20).Draw(t, "MIG") == 0, PowerLimit: math.NaN()})
		}
	}
	f.Visible = rapid.SampledFrom([]string{"", "0,1", "0,1,2,3,4,5,6,7"}).Draw(t, "visible")
	f.Torch = Torch{Program: "torchrun", Version: rapid.SampledFrom([]string{"", "2.6.0+cu124", "2.7.1", "two\nlines"}).Draw(t, "torch"), Guess: flag("guess"), Missing: wrong("no torchrun"), Silent: wrong("no torch")}
	f.DataElsewhere = flag("elsewhere")
	if flag("faults") {
		f.Data.Faults, f.Data.Mend = []string{"shard 3 is broken"}, "delete it"
	}
	return f
}

func TestNeedsSayWhatIsMissingAndNothingStartsWithoutIt(t *testing.T) {
	var tasks []taskdata.Task
	for _, track := range taskdata.Tracks() {
		tasks = append(tasks, taskdata.Embedded().Tasks(track.ID)...)
	}
	rapid.Check(t, func(r *rapid.T) {
		task := rapid.SampledFrom(tasks).Draw(r, "task")
		track, err := taskdata.FindTrack(task.From.Track)
		if err != nil {
			r.Fatal(err)
		}
		f := facts(r, track)
		needs := Needs(task, track, f)
		names := map[string]bool{}
		for _, n := range needs {
			if names[n.Name] {
				r.Errorf("%s is needed twice", n.Name)
			}
			names[n.Name] = true
			if !n.OK && (n.Found == "" || n.Stop == nil && n.Mend == "" && n.Name != "GPUs") {
				r.Errorf("%s is missing, and nothing is said of it: %+v", n.Name, n)
			}
			if n.OK && n.Stop != nil {
				r.Errorf("%s is there, and stops the start: %v", n.Name, n.Stop)
			}
		}
		stop := Stop(needs)
		for _, wrong := range []error{f.Unsupported, f.NoPython} {
			if wrong != nil && !errors.Is(stop, f.Unsupported) && !errors.Is(stop, f.NoPython) {
				r.Errorf("it would start without a system or a python: %v", stop)
			}
		}
		if track.GPUs == 0 {
			if (stop == nil) != (f.Unsupported == nil && f.NoPython == nil) {
				r.Errorf("a track without GPUs is stopped by %v", stop)
			}
			return
		}
		if stop != nil {
			return
		}
		rig := f.Rig()
		if len(f.Profile.Launch) == 0 && f.NoGPUs == nil && len(f.GPUs) > 0 && len(rig.Cards) != rig.Ranks {
			r.Errorf("it would start %d ranks on %d GPUs", rig.Ranks, len(rig.Cards))
		}
		if f.Torch.Guess && rig.Torch != "" || strings.ContainsAny(rig.Torch, " \n") {
			r.Errorf("times would compare under torch %q, which is a guess", rig.Torch)
		}
	})
}
