package profile

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func load(t *testing.T, text string) (Set, string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "profiles.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := Load(path)
	return set, path, err
}

func TestTheBuiltInProfilesCoverBothTracks(t *testing.T) {
	set, err := Load(filepath.Join(t.TempDir(), "none.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		track          string
		record         int
		name, torch    string
		empty          bool
		train, process time.Duration
	}{
		{"nanogpt", 1, "nanogpt-1-11", "2.7.1", true, time.Hour, 2 * time.Hour},
		{"nanogpt", 3, "nanogpt-1-11", "2.7.1", true, time.Hour, 2 * time.Hour},
		{"nanogpt", 4, "nanogpt-1-11", "2.7.1", false, time.Hour, 2 * time.Hour},
		{"nanogpt", 12, "nanogpt-12-18", "2.7.1", false, time.Hour, 2 * time.Hour},
		{"nanogpt", 18, "nanogpt-12-18", "2.7.1", false, time.Hour, 2 * time.Hour},
		{"nanogpt", 19, "nanogpt-19-21", "record", false, time.Hour, 2 * time.Hour},
		{"nanogpt", 22, "nanogpt-22", "record", false, time.Hour, 2 * time.Hour},
		{"nanogpt", 89, "nanogpt-22", "record", false, time.Hour, 2 * time.Hour},
		{"nanogpt-medium", 1, "nanogpt-medium-1", "record", false, 7 * time.Hour, 8 * time.Hour},
		{"nanogpt-medium", 18, "nanogpt-medium-2", "record", false, time.Hour, 2 * time.Hour},
	} {
		p, err := set.For(c.track, c.record)
		if err != nil {
			t.Errorf("%s/%d: %v", c.track, c.record, err)
			continue
		}
		if p.Name != c.name || p.Torch != c.torch || p.EmptyCaches != c.empty || p.TrainLimit != c.train || p.ProcessLimit != c.process {
			t.Errorf("%s/%d: %+v", c.track, c.record, p)
		}
		if p.GPUs != 8 || p.Price != 0 || p.CompileLimit != 30*time.Minute || !slices.Contains(p.Pass, "NCCL_*") {
			t.Errorf("%s/%d: %+v", c.track, c.record, p)
		}
	}
	want := "nanogpt-1-11 nanogpt-12-18 nanogpt-19-21 nanogpt-22 nanogpt-medium-1 nanogpt-medium-2"
	var names []string
	for _, e := range set.entries {
		names = append(names, e.Name)
	}
	if got := strings.Join(names, " "); got != want {
		t.Errorf("the names are %s", got)
	}
	for _, c := range []struct {
		track  string
		record int
		want   string
	}{
		{"micro", 3, `no profile covers record 3 of micro; in profiles.toml write [profiles.NAME] with track = "micro" and from = 3`},
		{"nanogpt", 0, `no profile covers record 0 of nanogpt; in profiles.toml write [profiles.NAME] with track = "nanogpt" and from = 0`},
	} {
		if _, err := set.For(c.track, c.record); err == nil || err.Error() != c.want {
			t.Errorf("%s/%d: %v", c.track, c.record, err)
		}
	}
}

func TestEveryEntryIsExplained(t *testing.T) {
	for _, key := range append(settings(), span()...) {
		if !regexp.MustCompile(`(?m)^#.*\b` + key + ` =|^` + key + ` =`).MatchString(defaultText) {
			t.Errorf("the defaults do not show %s", key)
		}
	}
}

func TestAUsersFileChangesWhatItSays(t *testing.T) {
	set, _, err := load(t, `
[defaults]
python = "/opt/py/bin/python"
data = "/data/fw/"
price = 3
currency = "EUR"
train_limit = "50m"
torch = "2.9.0"

[profiles.nanogpt-1-11]
torch = "2.5.1"
env = { NCCL_DEBUG = "WARN", "OMP_PLACES" = "cores" }
price = 1.5

[profiles.mine]
track = "nanogpt"
from = 7
to = 8
launch = ["srun", "--gpus={gpus}"]
conda = "speed"
cuda = "12.6"
torchrun = "torchrun"
caches = "/scratch/c"
pass = []
gpus = 16
empty_caches = true
compile_limit = "90s"
power = "500 W"
`)
	if err != nil {
		t.Fatal(err)
	}
	four, err := set.For("nanogpt", 4)
	if err != nil {
		t.Fatal(err)
	}
	if four.Name != "nanogpt-1-11" || four.Torch != "2.5.1" || four.Python != "/opt/py/bin/python" || four.Data != "/data/fw" ||
		four.Price != 1.5 || four.Currency != "EUR" || four.TrainLimit != 50*time.Minute || four.ProcessLimit != 2*time.Hour ||
		four.Env["NCCL_DEBUG"] != "WARN" || four.Env["OMP_PLACES"] != "cores" || four.From != 1 || four.To != 11 {
		t.Errorf("record 4 runs under %+v", four)
	}
	for _, n := range []int{7, 8} {
		p, err := set.For("nanogpt", n)
		if err != nil {
			t.Fatal(err)
		}
		if p.Name != "mine" || p.Torch != "2.9.0" || strings.Join(p.Launch, " ") != "srun --gpus={gpus}" || p.Conda != "speed" ||
			p.CUDA != "12.6" || p.Torchrun != "torchrun" || p.CacheDir != "/scratch/c" || len(p.Pass) != 0 || p.GPUs != 16 ||
			!p.EmptyCaches || p.CompileLimit != 90*time.Second || p.Power != "500 W" || p.Price != 3 || p.Python != "/opt/py/bin/python" {
			t.Errorf("record %d runs under %+v", n, p)
		}
	}
	for n, want := range map[int]string{6: "nanogpt-1-11", 9: "nanogpt-1-11", 12: "nanogpt-12-18", 25: "nanogpt-22"} {
		if p, err := set.For("nanogpt", n); err != nil || p.Name != want {
			t.Errorf("record %d runs under %s (%v), want %s", n, p.Name, err, want)
		}
	}
	// What is built in for one profile comes before what the user says of all.
	if p, err := set.For("nanogpt-medium", 1); err != nil || p.TrainLimit != 7*time.Hour {
		t.Errorf("the medium track's first record trains for %v (%v)", p.TrainLimit, err)
	}
	if p, err := set.For("nanogpt", 14); err != nil || p.Torch != "2.7.1" {
		t.Errorf("record 14 has torch %v (%v)", p.Torch, err)
	}
}

func TestTheLaterOfTwoOpenSpansIsNarrower(t *testing.T) {
	set, _, err := load(t, "[profiles.new]\ntrack = \"nanogpt\"\nfrom = 60\n")
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{59: "nanogpt-22", 60: "new", 1000: "new"} {
		if p, err := set.For("nanogpt", n); err != nil || p.Name != want {
			t.Errorf("record %d runs under %s (%v), want %s", n, p.Name, err, want)
		}
	}
}

func TestAFaultNamesItsLineAndTheMend(t *testing.T) {
	const own = "[profiles.own]\ntrack = \"nanogpt\"\nfrom = 30\nto = 35\n" // its next line is 5
	for _, c := range []struct{ name, text, want string }{
		{"syntax", "[defaults]\n\ngpus = = 8\n", ":3: this is no TOML: "},
		{"a key twice", "[defaults]\ngpus = 8\ngpus = 8\n", ":3: this is no TOML: "},
		{"an unknown section", "# mine\n[default]\ngpus = 8\n", ":2: default: there is no such entry; did you mean defaults?"},
		{"a section that is none", "defaults = 8\n", ":1: defaults: must be a table, as [defaults]"},
		{"a profile that is none", "[profiles]\nown = 8\n", ":2: profiles.own: must be a table, as [profiles.own]"},
		{"a profile's name", "[profiles.\"my own\"]\ngpus = 8\n", ":1: profiles.my own: a profile's name has letters, digits, - and _ only, as [profiles.my-node]"},
		{"an unknown default", "[defaults]\n\nprocess_limits = \"2h\"\n", ":3: defaults.process_limits: there is no such entry; did you mean process_limit?"},
		{"an unknown entry", own + "gpu = 8\n", ":5: profiles.own.gpu: there is no such entry; did you mean gpus?"},
		{"a span for all", "[defaults]\nfrom = 1\n", ":2: defaults.from: belongs to a profile, under [profiles.NAME]"},

		{"the track's type", "[profiles.own]\ntrack = 7\nfrom = 1\n", ":2: profiles.own.track: must be the name of a track, as track = \"nanogpt\""},
		{"a record that is none", "[profiles.own]\ntrack = \"nanogpt\"\nfrom = 0\n", ":3: profiles.own.from: must be the number of a record, as from = 4"},
		{"a record in quotes", "[profiles.own]\ntrack = \"nanogpt\"\nfrom = 1\nto = \"3\"\n", ":4: profiles.own.to: must be the number of a record, as to = 9"},
		{"torch's version", own + "torch = 2.7\n", ":5: profiles.own.torch: must be a version, or \"record\" for that of each record's log, as torch = \"2.7.1\""},
		{"CUDA's version", own + "cuda = \"cu126\"\n", ":5: profiles.own.cuda: must be a version, as cuda = \"12.6\""},
		{"an empty python", own + "python = \"\"\n", ":5: profiles.own.python: must be a path or a command, as python = \"/opt/speedrun/bin/python\""},
		{"an empty conda", own + "conda = \" x\"\n", ":5: profiles.own.conda: must be a name or a directory, as conda = \"speedrun\""},
		{"a list for torchrun", own + "torchrun = [\"torchrun\"]\n", ":5: profiles.own.torchrun: must be a path or a command, as torchrun = \"/opt/speedrun/bin/torchrun\""},
		{"GPUs in words", own + "gpus = \"8\"\n", ":5: profiles.own.gpus: must be how many GPUs a run takes, as gpus = 8"},
		{"no GPUs", own + "gpus = 0\n", ":5: profiles.own.gpus: no run takes 0 GPUs: write 1 to 8, or 16 and more of one machine, as gpus = 8"},
		{"nine GPUs", own + "gpus = 9\n", ":5: profiles.own.gpus: no run takes 9 GPUs: "},
		{"fifteen GPUs", "[defaults]\ngpus = 15\n", ":2: defaults.gpus: no run takes 15 GPUs: "},
		{"negative GPUs", own + "gpus = -8\n", ":5: profiles.own.gpus: no run takes -8 GPUs: "},
		{"a launch that is no list", own + "launch = \"srun\"\n", ":5: profiles.own.launch: must be a list of texts, as launch = [\"srun\", \"--gpus={gpus}\"]"},
		{"an empty word", own + "launch = [\n  \"srun\", # x = \"[\"\n  \"\",\n]\n", ":5: profiles.own.launch: word 2 of the list is empty; leave it out"},
		{"an unknown stand-in", own + "launch = [\"srun\", \"-D{cwd}\"]\n", ":5: profiles.own.launch: nothing is known of {cwd}; there are {dir}, {data}, {gpus} and {env}"},
		{"{env} within a word", own + "launch = [\"docker\", \"-e{env}\"]\n", ":5: profiles.own.launch: {env} stands for several words and must be one of its own"},
		{"{data} of nothing", own + "power = \"1 W\"\nlaunch = [\"docker\", \"-v{data}:/x\"]\n", ":6: profiles.own.launch: {data} stands for the directory of the data, which is not known; write data = "},
		{"a directory from nowhere", own + "data = \"data\"\n", ":5: profiles.own.data: must be a directory's whole path, as data = \"/data/modded-nanogpt/data\""},
		{"caches nowhere", own + "caches = true\n", ":5: profiles.own.caches: must be a directory's whole path, as caches = \"/scratch/caches\""},
		{"a name that is none", own + "pass = [\"NCCL_*\", \"A-B\"]\n", ":5: profiles.own.pass: \"A-B\" is no name of a variable, nor the start of one with * after it"},
		{"everything", own + "pass = [\"*\"]\n", ":5: profiles.own.pass: \"*\" is no name of a variable"},
		{"nearly everything", own + "pass = [\"C*\"]\n", ":5: profiles.own.pass: C* would pass nearly everything; write more of the names"},
		{"a secret passed", own + "pass = [\"HF_TOKEN\"]\n", ":5: profiles.own.pass: HF_TOKEN looks like the name of a secret, and scripts get none; leave it out"},
		{"secrets passed", own + "pass = [\"aws_secret*\"]\n", ":5: profiles.own.pass: aws_secret* looks like the name of a secret"},
		{"env that is no table", own + "env = [\"A=b\"]\n", ":5: profiles.own.env: must be a table, as env = { NCCL_DEBUG = \"WARN\" }"},
		{"a secret set", own + "[profiles.own.env]\nA = \"b\"\nWANDB_API_KEY = \"x\"\n", ":7: profiles.own.env.WANDB_API_KEY: WANDB_API_KEY looks like the name of a secret"},
		{"a secret set in line", own + "env = { DB_PASS = \"x\" }\n", ":5: profiles.own.env.DB_PASS: DB_PASS looks like the name of a secret"},
		{"a number set", own + "env = { OMP_NUM_THREADS = 4 }\n", ":5: profiles.own.env.OMP_NUM_THREADS: must be a text"},
		{"a name that is none set", own + "env = { \"A B\" = \"4\" }\n", ":5: profiles.own.env.A B: \"A B\" is no name that a script's variable can have"},
		{"our own name set", own + "env = { PITWALL_RUN = \"4\" }\n", ":5: profiles.own.env.PITWALL_RUN: \"PITWALL_RUN\" is no name"},
		{"the data set", own + "env = { NANOGPT_TRAIN_FILES = \"x\" }\n", ":5: profiles.own.env.NANOGPT_TRAIN_FILES: NANOGPT_TRAIN_FILES is set by data; leave it out"},
		{"the caches set", own + "env = { TRITON_CACHE_DIR = \"x\" }\n", ":5: profiles.own.env.TRITON_CACHE_DIR: TRITON_CACHE_DIR is set by caches; leave it out"},
		{"caches in words", own + "empty_caches = \"yes\"\n", ":5: profiles.own.empty_caches: must be true or false, as empty_caches = true"},
		{"a negative limit", own + "train_limit = \"-1h\"\n", ":5: profiles.own.train_limit: must be a time above 0, as train_limit = \"60m\""},
		{"a limit of nothing", own + "compile_limit = \"0s\"\n", ":5: profiles.own.compile_limit: must be a time above 0, as compile_limit = \"30m\""},
		{"a limit without a unit", own + "process_limit = 120\n", ":5: profiles.own.process_limit: must be a time above 0, as process_limit = \"2h\""},
		{"a negative price", own + "price = -1\n", ":5: profiles.own.price: must be what one GPU costs for an hour, 0 or more, as price = 2.5"},
		{"a price that is none", own + "price = nan\n", ":5: profiles.own.price: must be what one GPU costs"},
		{"a currency's sign", own + "currency = \"€\"\n", ":5: profiles.own.currency: must be three capital letters, as currency = \"EUR\""},
		{"a power in numbers", own + "power = 500\n", ":5: profiles.own.power: must be a note on the GPUs' power limit, as power = \"500 W\""},

		{"no track", "\n[profiles.own]\nfrom = 3\n", ":2: profiles.own.track: a new profile needs a track, as track = \"nanogpt\"; to change one that is there write one of nanogpt-1-11, "},
		{"no first record", "[profiles.own]\ntrack = \"nanogpt\"\nto = 3\n", ":1: profiles.own.from: a new profile needs its first record, as from = 1"},
		{"a span that ends before it starts", "[profiles.own]\ntrack = \"nanogpt\"\nfrom = 9\nto = 4\n", ":4: profiles.own.to: the span ends at record 4 before it starts at record 9; leave to out for all that follow"},
		{"a built-in span turned round", "[profiles.nanogpt-12-18]\nto = 4\n", ":2: profiles.nanogpt-12-18.to: the span ends at record 4 before it starts at record 12"},
		{
			"two as wide", own + "\n[profiles.own2]\ntrack = \"nanogpt\"\nfrom = 33\nto = 38\n",
			":8: profiles.own2.from: records 33 to 38 are those of own too, which has as many, and neither would be taken before the other; give one of them fewer, or write [profiles.own] to change that one",
		},
		{
			"two as wide, the other way round", "[profiles.b]\ntrack = \"nanogpt\"\nfrom = 33\nto = 38\n[profiles.a]\ntrack = \"nanogpt\"\nfrom = 30\nto = 35\n",
			":7: profiles.a.from: records 30 to 35 are those of b too",
		},
		{
			"as wide as a built-in one", "[profiles.own]\ntrack = \"nanogpt\"\nfrom = 19\nto = 21\n",
			":3: profiles.own.from: records 19 to 21 are those of nanogpt-19-21 too",
		},
		{
			"never taken", "[profiles.own]\ntrack = \"nanogpt\"\nfrom = 1\nto = 21\n",
			":3: profiles.own.from: no record would ever run under it: other profiles cover records 1 to 21 more narrowly; change those by name, or write it under [defaults]",
		},
		{
			"shared caches where compilation is timed", "[profiles.own]\ntrack = \"nanogpt\"\nfrom = 3\nto = 6\nempty_caches = false\n",
			":5: profiles.own.empty_caches: records 1 to 3 of nanogpt time their compilation, so each run of them must start with empty caches; write empty_caches = true, or from = 4",
		},
		{"shared caches for all", "[defaults]\nempty_caches = false\n", ":2: defaults.empty_caches: records 1 to 3 of nanogpt time their compilation"},
		{"a process shorter than training", own + "process_limit = \"30m\"\n", ":5: profiles.own.process_limit: a process that ends after 30 min cannot train for 60 min (profile own); write process_limit above train_limit"},
		{"training longer than the process", "[defaults]\ntrain_limit = \"150m\"\n", ":2: defaults.train_limit: a process that ends after 120 min cannot train for 150 min (profile nanogpt-1-11)"},
		{"the first of several", own + "gpus = 0\ntorch = 1\n[defaults]\nprice = \"x\"\n", ":5: profiles.own.gpus: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, path, err := load(t, c.text)
			if err == nil {
				t.Fatal("it was taken")
			}
			if !strings.HasPrefix(err.Error(), path+c.want) {
				t.Errorf("\n got %s\nwant %s", strings.TrimPrefix(err.Error(), path), c.want)
			}
		})
	}
}

func TestAFileThatCannotBeReadIsSaid(t *testing.T) {
	if _, err := Load(t.TempDir()); err == nil || !strings.HasPrefix(err.Error(), "read profiles: ") {
		t.Errorf("a directory: %v", err)
	}
}
