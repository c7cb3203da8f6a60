package profile

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pitwall/runner"
)

func TestACommandIsExactlyThis(t *testing.T) {
	data := map[string]string{
		"NANOGPT_TRAIN_FILES": "/d/fineweb10B/fineweb_train_*.bin",
		"NANOGPT_VAL_FILES":   "/d/fineweb10B/fineweb_val_*.bin",
		"NANOGPT_VAL_TOKENS":  "10485760",
		"PYTHONUNBUFFERED":    "1",
	}
	for _, c := range []struct {
		name  string
		p     Profile
		gpus  int
		argv  string
		env   map[string]string
		links map[string]string
	}{
		{
			"nothing known",
			Profile{GPUs: 8},
			0,
			"torchrun|--standalone|--nproc_per_node=8|train.py",
			map[string]string{"PYTHONUNBUFFERED": "1"},
			nil,
		},
		{
			"its own number of GPUs",
			Profile{GPUs: 4, Data: "/d"},
			0,
			"torchrun|--standalone|--nproc_per_node=4|train.py", data,
			map[string]string{"data": "/d"},
		},
		{
			"fewer than it has",
			Profile{GPUs: 8, Torchrun: "/v/bin/torchrun", Python: "/v/bin/python"},
			1,
			"/v/bin/torchrun|--standalone|--nproc_per_node=1|train.py",
			map[string]string{"PYTHONUNBUFFERED": "1"},
			nil,
		},
		{
			"only python",
			Profile{GPUs: 8, Python: "/v/bin/python", Env: map[string]string{"NCCL_DEBUG": "WARN"}},
			0,
			"/v/bin/python|-m|torch.distributed.run|--standalone|--nproc_per_node=8|train.py",
			map[string]string{"PYTHONUNBUFFERED": "1", "NCCL_DEBUG": "WARN"},
			nil,
		},
		{
			"a conda environment by name, under srun",
			Profile{GPUs: 8, Conda: "speed", Launch: []string{"srun", "--gpus={gpus}"}},
			2,
			"srun|--gpus=2|conda|run|--no-capture-output|-n|speed|torchrun|--standalone|--nproc_per_node=2|train.py",
			map[string]string{"PYTHONUNBUFFERED": "1"},
			nil,
		},
		{
			"a conda environment by place",
			Profile{GPUs: 8, Conda: "/c/speed", Python: "python"},
			0,
			"conda|run|--no-capture-output|-p|/c/speed|python|-m|torch.distributed.run|--standalone|--nproc_per_node=8|train.py",
			map[string]string{"PYTHONUNBUFFERED": "1"},
			nil,
		},
		{
			"a container",
			Profile{GPUs: 8, Data: "/d", Launch: []string{"docker", "run", "{env}", "-v", "{dir}:{dir}", "-v", "{data}:{data}", "-w", "{dir}", "my/image"}},
			0,
			"docker|run|--env=CUDA_CACHE_PATH|--env=NANOGPT_TRAIN_FILES|--env=NANOGPT_VAL_FILES|--env=NANOGPT_VAL_TOKENS|" +
				"--env=PITWALL_RUN|--env=PYTHONUNBUFFERED|--env=TORCHINDUCTOR_CACHE_DIR|--env=TRITON_CACHE_DIR|-v|/run/7:/run/7|-v|/d:/d|-w|/run/7|my/image|" +
				"torchrun|--standalone|--nproc_per_node=8|train.py",
			data,
			map[string]string{"data": "/d"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.p.Command("/run/7", "train.py", c.gpus)
			if argv := strings.Join(got.Argv, "|"); argv != c.argv {
				t.Errorf("argv\n got %s\nwant %s", argv, c.argv)
			}
			if !maps.Equal(got.Env, c.env) {
				t.Errorf("env %v, want %v", got.Env, c.env)
			}
			if !maps.Equal(got.Links, c.links) {
				t.Errorf("links %v, want %v", got.Links, c.links)
			}
		})
	}
}

func TestPythonIsAskedWhereScriptsRun(t *testing.T) {
	for _, c := range []struct {
		p    Profile
		want string
	}{
		{Profile{}, "python3|-c|import torch"},
		{Profile{Torchrun: "torchrun"}, "python3|-c|import torch"},
		{Profile{Torchrun: "/v/bin/torchrun"}, "/v/bin/python|-c|import torch"},
		{Profile{Torchrun: "/v/bin/torchrun", Python: "/w/python"}, "/w/python|-c|import torch"},
		{Profile{GPUs: 8, Launch: []string{"srun", "-D{dir}", "--gpus={gpus}"}, Conda: "speed"}, "srun|-D/tmp/x|--gpus=8|conda|run|--no-capture-output|-n|speed|python3|-c|import torch"},
	} {
		if got := strings.Join(c.p.Ask("/tmp/x", "import torch"), "|"); got != c.want {
			t.Errorf("%+v\n got %s\nwant %s", c.p, got, c.want)
		}
	}
}

func TestACommandLeavesTheProfileAlone(t *testing.T) {
	p := Profile{GPUs: 8, Data: "/d", Env: map[string]string{"A": "b"}, Pass: []string{"NCCL_*"}, Launch: []string{"srun"}}
	c := p.Command("/run", "train.py", 8)
	c.Env["A"], c.Pass[0], c.Argv[0] = "", "", ""
	if len(p.Env) != 1 || p.Env["A"] != "b" || p.Pass[0] != "NCCL_*" || p.Launch[0] != "srun" {
		t.Errorf("it is now %+v", p)
	}
}

func TestNoSecretIsPassed(t *testing.T) {
	c := Command{Pass: []string{"LD_LIBRARY_PATH", "NCCL_*", "HF_*", "CUDA_VISIBLE_DEVICES"}}
	for name, want := range map[string]bool{
		"LD_LIBRARY_PATH": true, "NCCL_DEBUG": true, "HF_HOME": true, "CUDA_VISIBLE_DEVICES": true,
		"LD_LIBRARY_PATHS": false, "CUDA_HOME": false, "nccl_debug": false,
		"HF_TOKEN": false, "HF_api_key": false, "NCCL_SECRET": false, "HF_PASSWORD": false, "HF_CREDENTIALS": false,
	} {
		if runner.Passes(c.Pass, name) != want {
			t.Errorf("%s passes: %v, want %v", name, !want, want)
		}
	}
}

func TestCachesLieInTheRunWhereTheyMustBeEmpty(t *testing.T) {
	for _, c := range []struct {
		p    Profile
		want string
	}{
		{Profile{}, "/home/caches"},
		{Profile{CacheDir: "/scratch"}, "/scratch"},
		{Profile{EmptyCaches: true}, "/run/7/caches"},
		{Profile{EmptyCaches: true, CacheDir: "/scratch"}, "/run/7/caches"},
	} {
		want := map[string]string{
			"TORCHINDUCTOR_CACHE_DIR": c.want + "/inductor",
			"TRITON_CACHE_DIR":        c.want + "/triton",
			"CUDA_CACHE_PATH":         c.want + "/cuda",
		}
		if got := c.p.Caches("/run/7", "/home"); !maps.Equal(got, want) {
			t.Errorf("%+v: %v, want %v", c.p, got, want)
		}
	}
}

func TestLimitsGrowAsGPUsGetFewer(t *testing.T) {
	p := Profile{GPUs: 8, CompileLimit: 30 * time.Minute, TrainLimit: time.Hour, ProcessLimit: 2 * time.Hour}
	for _, c := range []struct {
		gpus                    int
		paper                   bool
		compile, train, process time.Duration
	}{
		{8, false, 30 * time.Minute, time.Hour, 2 * time.Hour},
		{0, false, 30 * time.Minute, time.Hour, 2 * time.Hour},
		{4, false, 30 * time.Minute, 2 * time.Hour, 3 * time.Hour},
		{1, false, 30 * time.Minute, 8 * time.Hour, 9 * time.Hour},
		{16, false, 30 * time.Minute, 30 * time.Minute, 2 * time.Hour},
		{8, true, 30 * time.Minute, time.Hour, time.Hour},
		{1, true, 30 * time.Minute, time.Hour, time.Hour},
	} {
		if got, want := p.Limits(c.gpus, c.paper), (Limits{c.compile, c.train, c.process}); got != want {
			t.Errorf("%d GPUs, paper %v: %v, want %v", c.gpus, c.paper, got, want)
		}
	}
}

func TestTheKeyFollowsWhatMovesTimes(t *testing.T) {
	p := Profile{
		Name: "a", Track: "nanogpt", From: 1, To: 9, Torch: "2.7.1", GPUs: 8, Launch: []string{"srun"},
		Pass: []string{"A_*", "B"}, Env: map[string]string{"C": "d"}, TrainLimit: time.Hour,
	}
	key := p.Key()
	if len(key) != 16 {
		t.Errorf("the key is %q", key)
	}
	for name, change := range map[string]func(*Profile){
		"its name":             func(p *Profile) { p.Name = "b" },
		"its span":             func(p *Profile) { p.From, p.To, p.Track = 2, 3, "x" },
		"a limit":              func(p *Profile) { p.TrainLimit = 2 * time.Hour },
		"the price":            func(p *Profile) { p.Price, p.Currency = 3, "EUR" },
		"where caches lie":     func(p *Profile) { p.CacheDir = "/x" },
		"the order of passing": func(p *Profile) { p.Pass = []string{"B", "A_*"} },
	} {
		q := p
		if change(&q); q.Key() != key {
			t.Errorf("%s moves the key", name)
		}
	}
	seen := []string{key}
	for name, change := range map[string]func(*Profile){
		"torch":    func(p *Profile) { p.Torch = "2.8.0" },
		"CUDA":     func(p *Profile) { p.CUDA = "12.6" },
		"python":   func(p *Profile) { p.Python = "/p" },
		"conda":    func(p *Profile) { p.Conda = "/p" },
		"torchrun": func(p *Profile) { p.Torchrun = "/p" },
		"GPUs":     func(p *Profile) { p.GPUs = 4 },
		"launch":   func(p *Profile) { p.Launch = []string{"srun", "-n1"} },
		"data":     func(p *Profile) { p.Data = "/d" },
		"passing":  func(p *Profile) { p.Pass = []string{"A_*"} },
		"env":      func(p *Profile) { p.Env = map[string]string{"C": "e"} },
		"caches":   func(p *Profile) { p.EmptyCaches = true },
		"power":    func(p *Profile) { p.Power = "500 W" },
	} {
		q := p
		change(&q)
		if slices.Contains(seen, q.Key()) {
			t.Errorf("%s does not move the key", name)
		}
		seen = append(seen, q.Key())
	}
}
