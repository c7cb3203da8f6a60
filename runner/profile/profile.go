// Package profile tells how a record's script is started on a machine with GPUs,
// what it needs there, and what its runs will cost.
package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AsRecord is a Profile's Torch where each record wants the version that its own
// published log names.
const AsRecord = "record"

// GPUs is how many GPUs the benchmark runs on: 8 H100 in one machine.
const GPUs = 8

// PaperLimit is what the benchmark's authors gave a run in all.
const PaperLimit = 60 * time.Minute

// A Profile is an environment that runs a span of a track's records. Paths are
// those of the machine that runs them, with slashes.
type Profile struct {
	Name  string
	Track string // "nanogpt"
	From  int    // first record
	To    int    // last record, itself included; 0 for all that follow

	Torch    string // version that must be there: "2.7.1", AsRecord, or "" for any
	CUDA     string // version that must be there: "12.6", or "" for any
	Python   string // interpreter, a path or a command; "" where Torchrun is enough
	Conda    string // name or directory of a conda environment to start in, or ""
	Torchrun string // path or command; "" for Python's torch.distributed.run, else torchrun
	GPUs     int    // ranks of a run

	// Launch is put before all else: srun, docker run, apptainer exec. In its words
	// {dir} is the run's directory, {data} is Data and {gpus} the number of ranks. The
	// word {env} becomes one --env=NAME for each variable that a run gets.
	Launch []string

	Data string            // directory that holds fineweb10B, or ""
	Pass []string          // names of our environment that a script may see: "CUDA_HOME", "NCCL_*"
	Env  map[string]string // more variables

	CacheDir    string // where shared compile caches lie, or ""
	EmptyCaches bool   // each run starts without what others compiled

	CompileLimit time.Duration // from a run's start to its step 0
	TrainLimit   time.Duration // training on 8 GPUs
	ProcessLimit time.Duration // all of a run on 8 GPUs

	Price    float64 // of one GPU for an hour; 0 where the user gave none
	Currency string  // "USD"
	Power    string  // the user's note on the GPUs' power limit: "500 W"
}

// Covers reports whether the profile's span has a record of a track.
func (p Profile) Covers(track string, record int) bool {
	return p.Track == track && p.From <= record && (p.To == 0 || record <= p.To)
}

// width is how many records the span has; the later of two open spans is narrower.
func (p Profile) width() int {
	if p.To == 0 {
		return math.MaxInt - p.From
	}
	return p.To - p.From + 1
}

// Key is the same for profiles whose runs can be compared: 16 hexadecimal digits of
// a hash over everything here that moves times. The machine itself, its driver and
// the script are not in it.
func (p Profile) Key() string {
	// A map's keys come sorted.
	text, err := json.Marshal(map[string]any{
		"torch": p.Torch, "cuda": p.CUDA, "python": p.Python, "conda": p.Conda, "torchrun": p.Torchrun,
		"gpus": p.GPUs, "launch": p.Launch, "data": p.Data, "pass": slices.Sorted(slices.Values(p.Pass)),
		"env": p.Env, "empty_caches": p.EmptyCaches, "power": p.Power,
	})
	if err != nil {
		panic("profile: " + err.Error()) // texts, numbers and lists of them
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// A Command is what starts a run.
type Command struct {
	Argv  []string          // program and arguments
	Env   map[string]string // set for the run, over what is passed
	Pass  []string          // names of our environment that may be passed, a * at the end for all that follows
	Links map[string]string // names in the run's directory to link before it starts, and what to
}

// The variables that the benchmark's templates read their data from, and how many
// tokens they validate on.
const (
	envTrain     = "NANOGPT_TRAIN_FILES"
	envVal       = "NANOGPT_VAL_FILES"
	envValTokens = "NANOGPT_VAL_TOKENS"
	envData      = "DATA_PATH" // of the repository's later scripts

	// ValTokens is how many tokens the target is measured on.
	ValTokens = 10_485_760
)

// DataElsewhere reports whether the environment tells scripts where their data lies,
// for a profile that does not.
func DataElsewhere(getenv func(string) string) bool {
	return getenv(envTrain) != "" && getenv(envVal) != "" || getenv(envData) != ""
}

// Where the three compilers keep what they made.
const (
	envInductor = "TORCHINDUCTOR_CACHE_DIR"
	envTriton   = "TRITON_CACHE_DIR"
	envCUDA     = "CUDA_CACHE_PATH"
)

const (
	// Python holds its output back when nobody watches, and the log could not be followed.
	envUnbuffered = "PYTHONUNBUFFERED"

	// What a run's processes are known by.
	envRun = "PITWALL_RUN"
)

// ours are the names that a profile's env cannot set, and what sets them.
func ours() map[string]string {
	return map[string]string{
		envTrain: "data", envVal: "data", envValTokens: "the benchmark",
		envInductor: "caches", envTriton: "caches", envCUDA: "caches", envUnbuffered: "pitwall",
	}
}

// Command gives what starts a script in the directory dir on some GPUs, as many as
// the profile says where gpus is 0. The script's path is passed on as it is. The
// scripts of records look for data/fineweb10B beside themselves, hence the link;
// the benchmark's templates are told by the environment.
func (p Profile) Command(dir, script string, gpus int) Command {
	if gpus <= 0 {
		gpus = p.GPUs
	}
	c := Command{Env: map[string]string{}, Pass: slices.Clone(p.Pass), Links: map[string]string{}}
	maps.Copy(c.Env, p.Env)
	c.Env[envUnbuffered] = "1"
	if p.Data != "" {
		c.Env[envTrain] = path.Join(p.ShardDir(), "fineweb_train_*.bin")
		c.Env[envVal] = path.Join(p.ShardDir(), "fineweb_val_*.bin")
		c.Env[envValTokens] = strconv.Itoa(ValTokens)
		c.Links["data"] = p.Data
	}
	c.Argv = p.launch(dir, gpus, c.Env)
	switch {
	case p.Torchrun != "":
		c.Argv = append(c.Argv, p.Torchrun)
	case p.Python != "":
		c.Argv = append(c.Argv, p.Python, "-m", "torch.distributed.run")
	default:
		c.Argv = append(c.Argv, "torchrun")
	}
	c.Argv = append(c.Argv, "--standalone", "--nproc_per_node="+strconv.Itoa(gpus), script)
	return c
}

// Ask gives what runs a line of Python where scripts run, for one that tells its
// versions: in the same container or conda environment, by Python, else by what lies
// beside Torchrun, else by python3.
func (p Profile) Ask(dir, code string) []string {
	python := "python3"
	switch {
	case p.Python != "":
		python = p.Python
	case strings.Contains(p.Torchrun, "/"):
		python = path.Join(path.Dir(p.Torchrun), "python")
	}
	return append(p.launch(dir, p.GPUs, nil), python, "-c", code)
}

// launch gives the words that come before the interpreter.
func (p Profile) launch(dir string, gpus int, env map[string]string) []string {
	var words []string
	fill := strings.NewReplacer("{dir}", dir, "{data}", p.Data, "{gpus}", strconv.Itoa(gpus))
	for _, word := range p.Launch {
		if word != "{env}" {
			words = append(words, fill.Replace(word))
			continue
		}
		names := slices.AppendSeq([]string{envInductor, envTriton, envCUDA, envRun}, maps.Keys(env))
		slices.Sort(names)
		for _, name := range names {
			words = append(words, "--env="+name)
		}
	}
	switch {
	case strings.Contains(p.Conda, "/"):
		words = append(words, "conda", "run", "--no-capture-output", "-p", p.Conda)
	case p.Conda != "":
		words = append(words, "conda", "run", "--no-capture-output", "-n", p.Conda)
	}
	return words
}

// ShardDir is the directory that holds the shards, "" where Data is not known.
func (p Profile) ShardDir() string {
	if p.Data == "" {
		return ""
	}
	return path.Join(p.Data, "fineweb10B")
}

// Caches gives the directories of compile caches by the variables that set them:
// in the run's own directory where each run starts with empty ones, else in
// CacheDir, else in home.
func (p Profile) Caches(runDir, home string) map[string]string {
	dir := path.Join(home, "caches")
	switch {
	case p.EmptyCaches:
		dir = path.Join(runDir, "caches")
	case p.CacheDir != "":
		dir = p.CacheDir
	}
	return map[string]string{
		envInductor: path.Join(dir, "inductor"),
		envTriton:   path.Join(dir, "triton"),
		envCUDA:     path.Join(dir, "cuda"),
	}
}

// Limits are what a run may take.
type Limits struct {
	Compile time.Duration // from its start to step 0
	Train   time.Duration // training
	Process time.Duration // all of it
}

// Limits gives the limits of a run on some GPUs. The limit of training counts for 8
// GPUs and grows as they get fewer; that of the process grows by as much. Under the
// paper's reading a run has PaperLimit in all, whatever it runs on.
func (p Profile) Limits(gpus int, paper bool) Limits {
	if gpus <= 0 {
		gpus = p.GPUs
	}
	l := Limits{Compile: p.CompileLimit, Train: p.TrainLimit * GPUs / time.Duration(gpus), Process: p.ProcessLimit}
	l.Process += max(0, l.Train-p.TrainLimit)
	if paper {
		l = Limits{Compile: min(l.Compile, PaperLimit), Train: min(l.Train, PaperLimit), Process: PaperLimit}
	}
	return l
}

// timesCompiling reports whether a record's own clock runs while it compiles: that
// of nanogpt's first three templates starts before their first step.
func timesCompiling(track string, record int) bool {
	return track == trackSmall && record >= 1 && record <= 3
}

var (
	envName     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	passPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*\*?$`)
	placeholder = regexp.MustCompile(`\{[a-z]+\}`)
)
