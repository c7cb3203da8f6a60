// Package rig is how a task's scripts run on a machine: the profile of their
// environment, the GPUs, the data and the torch that they need, what of that is
// missing, what it will cost, and how records and runs look as events. It starts no
// goroutine and keeps nothing.
package rig

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"pitwall/agent"
	"pitwall/runner"
	"pitwall/runner/gpu"
	"pitwall/runner/profile"
	"pitwall/store"
	"pitwall/taskdata"
)

// ProfilesFile is where a person says, under PITWALL_HOME, how scripts run on GPUs here.
const ProfilesFile = "profiles.toml"

// torchPatience bounds how long an interpreter may take to say which torch it has.
const torchPatience = 2 * time.Minute

// Rig is how the scripts of a GPU track run here.
type Rig struct {
	Profile profile.Profile
	Ranks   int       // ranks
	Cards   []gpu.GPU // that runs use; empty where a launcher takes them elsewhere
	Driver  string
	Torch   string // version; "" where it could not be found out
}

// ProfileOf gives the environment profile that a task runs under, with the number of
// GPUs that its name says.
// home is PITWALL_HOME.
func ProfileOf(home string, task taskdata.Task, track taskdata.Track) (profile.Profile, error) {
	set, err := profile.Load(filepath.Join(home, ProfilesFile))
	if err != nil {
		return profile.Profile{}, err
	}
	p, err := set.For(task.From.Track, task.From.Number)
	if err != nil {
		return p, err
	}
	count := cmp.Or(task.GPUs(), track.GPUs)
	if task.GPUs() == 0 && p.GPUs != track.GPUs {
		return p, &agent.ChoiceError{Err: fmt.Errorf("profile %s has %d GPUs, and task %s is of %d: attempt %s, which is a task of its own, or mend %s",
			p.Name, p.GPUs, task.ID(), track.GPUs, task.ID()+profile.Suffix(p.GPUs), ProfilesFile)}
	}
	p.GPUs = count
	records := []int{task.From.Number}
	if !task.Open() {
		records = append(records, task.To.Number)
	}
	if count != track.GPUs {
		if _, err := profile.Fits(task.From.Track, count, records...); err != nil {
			return p, &agent.ChoiceError{Err: err}
		}
	}
	return p, nil
}

// Find finds all that runs of a GPU track need here, nil for another track.
func Find(ctx context.Context, m runner.Machine, home string, task taskdata.Task, track taskdata.Track) (*Rig, error) {
	if track.GPUs == 0 {
		return nil, nil
	}
	p, err := ProfileOf(home, task, track)
	if err != nil {
		return nil, err
	}
	r := &Rig{Profile: p, Ranks: p.GPUs}
	if err := checkShards(ctx, m, home, p, task); err != nil {
		return nil, err
	}
	all, err := m.ListGPUs(ctx)
	switch {
	case err != nil && len(p.Launch) > 0:
		all = nil // the launcher's machine has them
	case err != nil:
		return nil, fmt.Errorf("task %s trains on %d NVIDIA GPUs: %w", task.ID(), r.Ranks, err)
	}
	if len(all) > 0 {
		if r.Cards = gpu.Visible(all, m.Getenv("CUDA_VISIBLE_DEVICES")); len(r.Cards) < r.Ranks && len(p.Launch) == 0 {
			return nil, fmt.Errorf("task %s trains on %d GPUs, and %d can be seen here: run it on a machine with %d, or attempt another task by name, such as %s",
				task.ID(), r.Ranks, len(r.Cards), r.Ranks, strings.TrimSuffix(task.ID(), task.Variant)+profile.Suffix(max(len(r.Cards), 1)))
		}
		r.Cards = r.Cards[:min(len(r.Cards), r.Ranks)]
		for _, c := range r.Cards {
			if c.MIG {
				return nil, fmt.Errorf("GPU %d is cut into instances (MIG), over which a script cannot train: switch that off with: nvidia-smi -mig 0", c.Index)
			}
			r.Driver = c.Driver
		}
	}
	if len(p.Launch) == 0 {
		if err := r.findTorch(ctx, m); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Shards gives the data that both records of a task read: that of the hungrier one.
func Shards(task taskdata.Task) (profile.Need, error) {
	need, err := profile.Shards(task.From.Track, task.From.Number)
	if err != nil || task.Open() {
		return need, err
	}
	next, err := profile.Shards(task.To.Track, task.To.Number)
	if next.Shards > need.Shards {
		return next, err
	}
	return need, err
}

// checkShards finds out whether the data is there. With too few shards a script
// repeats tokens silently.
func checkShards(ctx context.Context, m runner.Machine, home string, p profile.Profile, task taskdata.Task) error {
	dir := p.ShardDir()
	if dir == "" {
		if profile.DataElsewhere(m.Getenv) {
			return nil
		}
		return fmt.Errorf("nothing says where the FineWeb shards lie: write data = \"/path/to/data\", which holds fineweb10B, under [defaults] in %s",
			filepath.Join(home, ProfilesFile))
	}
	if len(p.Launch) > 0 {
		return nil // the path may be another machine's
	}
	need, err := Shards(task)
	if err != nil {
		return err
	}
	found, err := profile.CheckData(m.Tree(ctx), dir, need)
	if err != nil {
		return err
	}
	if len(found.Faults) > 0 {
		return fmt.Errorf("the data of task %s in %s: %s; %s", task.ID(), found.Dir, strings.Join(found.Faults, "; "), found.Mend)
	}
	return nil
}

// findTorch looks for what starts the ranks, and asks its interpreter which torch
// it has. It does not guess: times are compared by it.
func (r *Rig) findTorch(ctx context.Context, m runner.Machine) error {
	t, err := r.Profile.FindTorch(ctx, m, taskdata.ScriptName)
	if err != nil {
		return fmt.Errorf("%w: install PyTorch %s, or name an interpreter that has it as python in %s", err, r.wantedTorch(), ProfilesFile)
	}
	if t.Guess {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, torchPatience)
	defer cancel()
	answer, err := m.Ask(ctx, runner.Question{Argv: t.Ask})
	if version := strings.TrimSpace(string(answer.Out)); err == nil && answer.Exit == 0 && !strings.ContainsAny(version, "\n ") {
		r.Torch = version
	}
	return nil // a run says itself, in words, that there is no torch
}

// wantedTorch is the version that the profile asks for, for people.
func (r *Rig) wantedTorch() string {
	if r.Profile.Torch == profile.AsRecord {
		return "(the version that the record's log names)"
	}
	return r.Profile.Torch
}

// Key gives what of the rig moves times.
func (r *Rig) Key() []string {
	if r == nil {
		return nil
	}
	parts := []string{r.Profile.Key(), strconv.Itoa(r.Ranks), r.Driver, r.Torch}
	for _, c := range r.Cards {
		parts = append(parts, fmt.Sprintf("%s %.0f", c.Name, c.PowerLimit))
	}
	return parts
}

// Labels names the GPUs for people.
func (r *Rig) Labels() []string {
	var list []string
	for _, c := range r.Cards {
		label := c.Name
		if !math.IsNaN(c.Memory) {
			label += fmt.Sprintf(", %.0f GiB", c.Memory/1024)
		}
		if !math.IsNaN(c.PowerLimit) {
			label += fmt.Sprintf(", %.0f W", c.PowerLimit)
		}
		list = append(list, label)
	}
	return list
}

// Equip makes a job start its script under torchrun, with the profile's environment
// and limits. home is where caches are kept that runs share, on the machine.
func (r *Rig) Equip(job *runner.Job, home string) {
	cmd := r.Profile.Command(job.Dir, taskdata.ScriptName, r.Ranks)
	job.Argv = cmd.Argv
	job.Limit = r.Profile.Limits(r.Ranks, false).Process
	job.Pass = cmd.Pass
	maps.Copy(job.Env, cmd.Env)
	caches := r.Profile.Caches(job.Dir, home)
	job.Dirs = slices.Sorted(maps.Values(caches))
	maps.Copy(job.Env, caches)
	if len(r.Cards) > 0 {
		var indexes []string
		for _, c := range r.Cards {
			indexes = append(indexes, strconv.Itoa(c.Index))
		}
		job.Env["CUDA_VISIBLE_DEVICES"] = strings.Join(indexes, ",")
		job.Env["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID" // as nvidia-smi counts
	}
	if r.Profile.Data == "" && job.Env["NANOGPT_VAL_TOKENS"] == "" {
		job.Env["NANOGPT_VAL_TOKENS"] = strconv.Itoa(profile.ValTokens)
	}
	job.Links = cmd.Links
}

// Interpreter is a machine's, as those use it who read scripts and never run them.
func Interpreter(m runner.Machine, py runner.Python) taskdata.Interpreter {
	return taskdata.Interpreter{Path: py.Path, Ask: func(ctx context.Context, args []string, input []byte) (taskdata.Answer, error) {
		a, err := m.Ask(ctx, runner.Question{Argv: append([]string{py.Path}, args...), Input: input})
		return taskdata.Answer(a), err
	}}
}

// Sees gives what of CUDA_VISIBLE_DEVICES the sampler is told.
func (r *Rig) Sees() []string {
	var names []string
	for _, c := range r.Cards {
		names = append(names, strconv.Itoa(c.Index))
	}
	return names
}

// Uses reports whether runs train on the GPU of that index.
func (r *Rig) Uses(index int) bool {
	return slices.ContainsFunc(r.Cards, func(c gpu.GPU) bool { return c.Index == index })
}

// PlanOf gives what the runs of an attempt under a profile take.
func PlanOf(p profile.Profile, task taskdata.Task, spec store.Spec) profile.Plan {
	from, to := task.From.LatestSeconds(), task.To.Seconds
	if about, ok := task.From.Imported(taskdata.LLMSpeedrunner); ok && task.From.Source() == taskdata.LLMSpeedrunner && about.Seconds > 0 {
		from = about.Seconds // of the very script that trains
	}
	if task.Open() {
		to = from
	}
	compile, validate := profile.Overhead(task.From.Track, task.From.Number)
	return profile.Plan{
		From: from, To: to, Compile: compile, Validate: validate, Shared: !p.EmptyCaches,
		Nodes: spec.Nodes, Calibrate: spec.Calibrate, Confirm: spec.Confirm,
		GPUs: p.GPUs, Limits: p.Limits(p.GPUs, false), Rate: p.Price, Currency: p.Currency,
	}
}
