package rig

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"pitwall/runner/gpu"
	"pitwall/runner/profile"
	"pitwall/taskdata"
)

// Need is one thing that a task's runs need of a machine, and what of it is there.
type Need struct {
	Name  string // "system", "python", "profile", "GPUs", "torch" or "data"
	OK    bool
	Found string
	Mend  string // what to do; also where it is OK and could be better
	Stop  error  // why nothing can start; nil where it can, although something may be amiss
}

// Needs says what the runs of a task need of a machine, in the order in which it is
// best mended. It goes by the facts alone.
func Needs(task taskdata.Task, track taskdata.Track, f Facts) []Need {
	needs := Basics(f)
	if track.GPUs == 0 {
		return needs
	}
	p := profileNeed(f)
	needs = append(needs, p)
	if !p.OK {
		return append(needs, CardsNeed(profile.Profile{GPUs: track.GPUs}, f))
	}
	cards := CardsNeed(f.Profile, f)
	cards.Stop = cardsStop(task, f)
	return append(needs, cards, torchNeed(task, f), DataNeed(task, f))
}

// Basics says what every run needs of a machine.
func Basics(f Facts) []Need {
	system := Need{Name: "system", OK: f.Unsupported == nil, Stop: f.Unsupported}
	if !system.OK {
		system.Found = f.Unsupported.Error()
		return []Need{system}
	}
	python := Need{Name: "python", OK: f.NoPython == nil, Stop: f.NoPython}
	if python.OK {
		python.Found = fmt.Sprintf("%s (%s)", f.Python.Version, f.Python.Path)
	} else {
		python.Found, python.Mend = f.NoPython.Error(), "install Python 3.9 or newer, or set PITWALL_PYTHON to one"
	}
	return []Need{system, python}
}

// Stop gives the first reason for which nothing can start, nil where all is there.
func Stop(needs []Need) error {
	for _, n := range needs {
		if n.Stop != nil {
			return n.Stop
		}
	}
	return nil
}

func profileNeed(f Facts) Need {
	if f.NoProfile != nil {
		return Need{Name: "profile", Found: f.NoProfile.Error(), Mend: "mend " + filepath.Join(f.Home, ProfilesFile), Stop: f.NoProfile}
	}
	p := f.Profile
	text := fmt.Sprintf("%s: %d GPUs", p.Name, p.GPUs)
	if p.EmptyCaches {
		text += ", each run compiles with empty caches"
	}
	if len(p.Launch) > 0 {
		text += ", started by " + p.Launch[0]
	}
	return Need{Name: "profile", OK: true, Found: text}
}

// CardsNeed says whether a profile's GPUs are there.
func CardsNeed(p profile.Profile, f Facts) Need {
	n := Need{Name: "GPUs"}
	if trouble := new(gpu.Error); errors.As(f.NoGPUs, &trouble) {
		n.Found, n.Mend = trouble.Found, trouble.Mend
	} else if f.NoGPUs != nil {
		n.Found = f.NoGPUs.Error()
	}
	switch {
	case f.NoGPUs != nil && len(p.Launch) > 0:
		return Need{Name: "GPUs", OK: true, Found: fmt.Sprintf("%d, where %s takes them", p.GPUs, p.Launch[0])}
	case f.NoGPUs != nil:
		return n
	}
	n.Found = cardWords(f.GPUs)
	for _, g := range f.GPUs {
		if g.MIG {
			n.Mend = "switch off its instances (MIG), over which a script cannot train: nvidia-smi -mig 0"
			return n
		}
	}
	seen := gpu.Visible(f.GPUs, f.Visible)
	if len(seen) < len(f.GPUs) {
		n.Found += fmt.Sprintf(", of which CUDA_VISIBLE_DEVICES leaves %d", len(seen))
	}
	if n.OK = len(seen) >= p.GPUs || len(p.Launch) > 0; !n.OK {
		n.Found += fmt.Sprintf("; a run takes %d", p.GPUs)
		n.Mend = fmt.Sprintf("run it on a machine with %d, or attempt it on fewer as a task of its own, by name: pitwall attempt TASK%s", p.GPUs, profile.Suffix(len(seen)))
	}
	return n
}

// cardsStop says why a task cannot start on a machine's GPUs.
func cardsStop(task taskdata.Task, f Facts) error {
	launched := len(f.Profile.Launch) > 0
	if f.NoGPUs != nil {
		if launched {
			return nil // the launcher's machine has them
		}
		return fmt.Errorf("task %s trains on %d NVIDIA GPUs: %w", task.ID(), f.Profile.GPUs, f.NoGPUs)
	}
	seen := gpu.Visible(f.GPUs, f.Visible)
	if count := f.Profile.GPUs; len(seen) < count && len(f.GPUs) > 0 && !launched {
		return fmt.Errorf("task %s trains on %d GPUs, and %d can be seen here: run it on a machine with %d, or attempt another task by name, such as %s",
			task.ID(), count, len(seen), count, strings.TrimSuffix(task.ID(), task.Variant)+profile.Suffix(max(len(seen), 1)))
	}
	for _, c := range f.cards() {
		if c.MIG {
			return fmt.Errorf("GPU %d is cut into instances (MIG), over which a script cannot train: switch that off with: nvidia-smi -mig 0", c.Index)
		}
	}
	return nil
}

// cards are the GPUs that runs use.
func (f Facts) cards() []gpu.GPU {
	seen := gpu.Visible(f.GPUs, f.Visible)
	return seen[:min(len(seen), f.Profile.GPUs)]
}

// cardWords says which GPUs there are: "8x NVIDIA H100, 700 W, driver 570".
func cardWords(all []gpu.GPU) string {
	if len(all) == 0 {
		return "none"
	}
	var names []string
	count := map[string]int{}
	for _, g := range all {
		if count[g.Name]++; count[g.Name] == 1 {
			names = append(names, g.Name)
		}
	}
	for i, name := range names {
		names[i] = fmt.Sprintf("%dx %s", count[name], name)
	}
	text := strings.Join(names, " and ")
	if g := all[0]; !math.IsNaN(g.PowerLimit) {
		text += fmt.Sprintf(", %.0f W", g.PowerLimit)
	}
	if d := all[0].Driver; d != "" {
		text += ", driver " + d
	}
	return text
}

// torchNeed says whether the torch that scripts run with is the one that is wanted.
func torchNeed(task taskdata.Task, f Facts) Need {
	n := Need{Name: "torch"}
	wanted, t := WantedTorch(f.Profile, task.From), f.Torch
	asked := "any version will do"
	if wanted != "" {
		asked = wanted + " is wanted"
	}
	if t.Missing != nil {
		version := f.Profile.Torch
		if version == profile.AsRecord {
			version = "(the version that the record's log names)"
		}
		n.Stop = fmt.Errorf("%w: install PyTorch %s, or name an interpreter that has it as python in %s", t.Missing, version, ProfilesFile)
	}
	switch err := errors.Join(t.Missing, t.Silent); {
	case err != nil: // a run says itself, in words, that there is no torch
		n.Found = fmt.Sprintf("none (%v); %s", err, asked)
		n.Mend = InstallTorch(wanted) + ", or name an interpreter that has it as python in " + ProfilesFile
	case t.Version == "":
		n.OK, n.Found = true, fmt.Sprintf("%s; what %s brings is not looked at", asked, t.Program)
	case SameTorch(t.Version, wanted):
		n.OK, n.Found = true, fmt.Sprintf("%s; %s", t.Version, asked)
	default:
		n.OK, n.Found = true, fmt.Sprintf("%s; %s", t.Version, asked)
		n.Mend = "times with another version are not the record's: " + InstallTorch(wanted)
	}
	return n
}

// WantedTorch is the version that a record should run with under a profile, "" for
// any, and where nothing says which.
func WantedTorch(p profile.Profile, rec taskdata.Record) string {
	if p.Torch != profile.AsRecord {
		return p.Torch
	}
	about, _ := rec.Imported(taskdata.ModdedNanoGPT)
	return about.Torch
}

// SameTorch reports whether a version is the one that is wanted, whatever its build;
// any is where none is.
func SameTorch(version, wanted string) bool {
	return wanted == "" || release(version) == release(wanted)
}

// InstallTorch says how to get a version of torch. Nightly builds are not kept for long.
func InstallTorch(wanted string) string {
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

// DataNeed says whether the shards of a task are there. With too few of them a script
// repeats tokens silently.
func DataNeed(task taskdata.Task, f Facts) Need {
	n := Need{Name: "data"}
	stop := func(found, mend string, err error) Need {
		n.Found, n.Mend, n.Stop = found, mend, err
		return n
	}
	need, err := Shards(task)
	if err != nil {
		return stop(err.Error(), "", err)
	}
	fine := func(format string, args ...any) Need {
		n.OK, n.Found = true, need.String()+" needed"+fmt.Sprintf(format, args...)
		return n
	}
	file, dir := filepath.Join(f.Home, ProfilesFile), f.Profile.ShardDir()
	switch {
	case dir == "" && f.DataElsewhere:
		return fine("; where the environment says, not looked at")
	case dir == "":
		return stop(need.String()+" needed; nothing says where they lie",
			fmt.Sprintf("in a clone of modded-nanogpt run: python data/cached_fineweb10B.py %d, and write data = \"…/data\" under [defaults] in %s", need.Shards, file),
			fmt.Errorf("nothing says where the FineWeb shards lie: write data = \"/path/to/data\", which holds fineweb10B, under [defaults] in %s", file))
	case len(f.Profile.Launch) > 0: // the path may be another machine's
		return fine(" in %s, where %s runs it; not looked at", dir, f.Profile.Launch[0])
	case f.NoData != nil:
		return stop(f.NoData.Error(), "", f.NoData)
	case len(f.Data.Faults) > 0:
		faults := strings.Join(f.Data.Faults, "; ")
		return stop(fmt.Sprintf("%d of %s in %s: %s", min(f.Data.Train, need.Shards), need, dir, faults), f.Data.Mend,
			fmt.Errorf("the data of task %s in %s: %s; %s", task.ID(), f.Data.Dir, faults, f.Data.Mend))
	}
	return fine("; %d in %s", f.Data.Train, dir)
}
