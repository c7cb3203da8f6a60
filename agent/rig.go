package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"pitwall/runner"
	"pitwall/runner/gpu"
	"pitwall/runner/profile"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// ProfilesFile is where a person says, under PITWALL_HOME, how scripts run on GPUs here.
const ProfilesFile = "profiles.toml"

// foreignEvery is how often the GPUs are looked at while others compute on them.
const foreignEvery = 5 * time.Second

// torchPatience bounds how long an interpreter may take to say which torch it has.
const torchPatience = 2 * time.Minute

// rig is how the scripts of a GPU track run here.
type rig struct {
	profile profile.Profile
	gpus    int       // ranks
	cards   []gpu.GPU // that runs use; empty where a launcher takes them elsewhere
	driver  string
	torch   string // version; "" where it could not be found out
}

// Profile gives the environment profile that a task runs under, with the number of
// GPUs that its name says.
func (e *Engine) Profile(task taskdata.Task, track taskdata.Track) (profile.Profile, error) {
	set, err := profile.Load(filepath.Join(e.Store.Home(), ProfilesFile))
	if err != nil {
		return profile.Profile{}, err
	}
	p, err := set.For(task.From.Track, task.From.Number)
	if err != nil {
		return p, err
	}
	count := cmp.Or(task.GPUs(), track.GPUs)
	if task.GPUs() == 0 && p.GPUs != track.GPUs {
		return p, &ChoiceError{fmt.Errorf("profile %s has %d GPUs, and task %s is of %d: attempt %s, which is a task of its own, or mend %s",
			p.Name, p.GPUs, task.ID(), track.GPUs, task.ID()+profile.Suffix(p.GPUs), ProfilesFile)}
	}
	p.GPUs = count
	records := []int{task.From.Number}
	if !task.Open() {
		records = append(records, task.To.Number)
	}
	if count != track.GPUs {
		if _, err := profile.Fits(task.From.Track, count, records...); err != nil {
			return p, &ChoiceError{err}
		}
	}
	return p, nil
}

// rigFor finds all that runs of a GPU track need here, nil for another track.
func (e *Engine) rigFor(ctx context.Context, task taskdata.Task, track taskdata.Track) (*rig, error) {
	if track.GPUs == 0 {
		return nil, nil
	}
	p, err := e.Profile(task, track)
	if err != nil {
		return nil, err
	}
	r := &rig{profile: p, gpus: p.GPUs}
	if err := e.checkShards(p, task); err != nil {
		return nil, err
	}
	all, err := gpu.List(ctx)
	switch {
	case err != nil && len(p.Launch) > 0:
		all = nil // the launcher's machine has them
	case err != nil:
		return nil, fmt.Errorf("task %s trains on %d NVIDIA GPUs: %w", task.ID(), r.gpus, err)
	}
	if len(all) > 0 {
		if r.cards = gpu.Visible(all, e.Getenv("CUDA_VISIBLE_DEVICES")); len(r.cards) < r.gpus && len(p.Launch) == 0 {
			return nil, fmt.Errorf("task %s trains on %d GPUs, and %d can be seen here: run it on a machine with %d, or attempt another task by name, such as %s",
				task.ID(), r.gpus, len(r.cards), r.gpus, strings.TrimSuffix(task.ID(), task.Variant)+profile.Suffix(max(len(r.cards), 1)))
		}
		r.cards = r.cards[:min(len(r.cards), r.gpus)]
		for _, c := range r.cards {
			if c.MIG {
				return nil, fmt.Errorf("GPU %d is cut into instances (MIG), over which a script cannot train: switch that off with: nvidia-smi -mig 0", c.Index)
			}
			r.driver = c.Driver
		}
	}
	if len(p.Launch) == 0 {
		if err := r.findTorch(ctx); err != nil {
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
func (e *Engine) checkShards(p profile.Profile, task taskdata.Task) error {
	dir := p.ShardDir()
	if dir == "" {
		if profile.DataElsewhere(e.Getenv) {
			return nil
		}
		return fmt.Errorf("nothing says where the FineWeb shards lie: write data = \"/path/to/data\", which holds fineweb10B, under [defaults] in %s",
			filepath.Join(e.Store.Home(), ProfilesFile))
	}
	if len(p.Launch) > 0 {
		return nil // the path may be another machine's
	}
	need, err := Shards(task)
	if err != nil {
		return err
	}
	found, err := profile.CheckData(dir, need)
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
func (r *rig) findTorch(ctx context.Context) error {
	t, err := r.profile.FindTorch(taskdata.ScriptName)
	if err != nil {
		return fmt.Errorf("%w: install PyTorch %s, or name an interpreter that has it as python in %s", err, r.wantedTorch(), ProfilesFile)
	}
	if t.Guess {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, torchPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, t.Ask[0], t.Ask[1:]...)
	cmd.Env = runner.Environ(os.Environ(), "", nil)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if version := strings.TrimSpace(string(out)); err == nil && !strings.ContainsAny(version, "\n ") {
		r.torch = version
	}
	return nil // a run says itself, in words, that there is no torch
}

// wantedTorch is the version that the profile asks for, for people.
func (r *rig) wantedTorch() string {
	if r.profile.Torch == profile.AsRecord {
		return "(the version that the record's log names)"
	}
	return r.profile.Torch
}

// key gives what of the rig moves times.
func (r *rig) key() []string {
	if r == nil {
		return nil
	}
	parts := []string{r.profile.Key(), strconv.Itoa(r.gpus), r.driver, r.torch}
	for _, c := range r.cards {
		parts = append(parts, fmt.Sprintf("%s %.0f", c.Name, c.PowerLimit))
	}
	return parts
}

// labels names the GPUs for people.
func (r *rig) labels() []string {
	var list []string
	for _, c := range r.cards {
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

// equip makes a job start its script under torchrun, with the profile's environment
// and limits.
func (r *rig) equip(job *runner.Job, home string, environ []string) error {
	cmd := r.profile.Command(job.Dir, taskdata.ScriptName, r.gpus)
	job.Argv = cmd.Argv
	job.Limit = r.profile.Limits(r.gpus, false).Process
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok && cmd.Passes(name) {
			job.Env[name] = value
		}
	}
	maps.Copy(job.Env, cmd.Env)
	caches := r.profile.Caches(job.Dir, home)
	for _, dir := range caches {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make the directory of compile caches: %w", err)
		}
	}
	maps.Copy(job.Env, caches)
	if len(r.cards) > 0 {
		var indexes []string
		for _, c := range r.cards {
			indexes = append(indexes, strconv.Itoa(c.Index))
		}
		job.Env["CUDA_VISIBLE_DEVICES"] = strings.Join(indexes, ",")
		job.Env["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID" // as nvidia-smi counts
	}
	if r.profile.Data == "" && job.Env["NANOGPT_VAL_TOKENS"] == "" {
		job.Env["NANOGPT_VAL_TOKENS"] = strconv.Itoa(profile.ValTokens)
	}
	for _, name := range slices.Sorted(maps.Keys(cmd.Links)) {
		if err := os.Symlink(cmd.Links[name], filepath.Join(job.Dir, name)); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("link the data into the run's directory: %w", err)
		}
	}
	return nil
}

// sees gives what of CUDA_VISIBLE_DEVICES the sampler is told.
func (r *rig) sees() []string {
	var names []string
	for _, c := range r.cards {
		names = append(names, strconv.Itoa(c.Index))
	}
	return names
}

// clear waits until nobody else computes on the GPUs: a timed run would be slowed.
func (a *attempt) clear(ctx context.Context, o order) error {
	if a.rig == nil || len(a.rig.cards) == 0 {
		return nil
	}
	for {
		others, _ := gpu.Foreign(ctx, nil)
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		others = slices.DeleteFunc(others, func(p gpu.Process) bool {
			return len(p.GPUs) > 0 && !slices.ContainsFunc(p.GPUs, a.rig.uses)
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

func (r *rig) uses(index int) bool {
	return slices.ContainsFunc(r.cards, func(c gpu.GPU) bool { return c.Index == index })
}

// watchGPUs follows the GPUs of a run until ctx ends.
func (a *attempt) watchGPUs(ctx context.Context, emit func([]event.GPU)) {
	err := gpu.Follow(ctx, a.rig.sees(), func(devices []gpu.Device) {
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
	p, err := e.Profile(task, track)
	if err != nil {
		return profile.Plan{}, err
	}
	return planOf(p, task, spec), nil
}

// planOf gives what the runs of an attempt under a profile take.
func planOf(p profile.Profile, task taskdata.Task, spec store.Spec) profile.Plan {
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
