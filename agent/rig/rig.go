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

	"pitwall/agent"
	"pitwall/runner"
	"pitwall/runner/gpu"
	"pitwall/runner/profile"
	"pitwall/store"
	"pitwall/taskdata"
)

// ProfilesFile is where a person says, under PITWALL_HOME, how scripts run on GPUs here.
const ProfilesFile = "profiles.toml"

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

// Rig gives how scripts run where nothing of Needs stops them, nil on a track without
// GPUs. A torch that could only be guessed is left out: times are compared by it.
func (f Facts) Rig() *Rig {
	if f.Profile.GPUs == 0 {
		return nil
	}
	r := &Rig{Profile: f.Profile, Ranks: f.Profile.GPUs, Cards: f.cards()}
	if len(r.Cards) > 0 {
		r.Driver = r.Cards[len(r.Cards)-1].Driver
	}
	if v := f.Torch.Version; !f.Torch.Guess && !strings.ContainsAny(v, "\n ") {
		r.Torch = v
	}
	return r
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
