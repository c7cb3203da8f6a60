package runner

import (
	"maps"
	"slices"
	"strings"
)

// runVar marks every process of a run.
const runVar = "PITWALL_RUN"

// passed are the variables of ours that a script may see. Whatever is not here
// stays out, API keys and proxies first of all.
var passed = map[string]bool{
	"PATH": true, "HOME": true, "USER": true, "LOGNAME": true, "TMPDIR": true, "TZ": true,
	"LANG": true, "LANGUAGE": true, "LD_LIBRARY_PATH": true,
	"VIRTUAL_ENV": true, "CONDA_PREFIX": true, "PYTHONHASHSEED": true,
	"CUDA_HOME": true, "CUDA_PATH": true, "CUDA_VISIBLE_DEVICES": true, "CUDA_DEVICE_ORDER": true,
	"NVIDIA_VISIBLE_DEVICES": true, "OMP_NUM_THREADS": true, "MKL_NUM_THREADS": true,
	"OPENBLAS_NUM_THREADS": true, "HF_HOME": true, "TORCH_HOME": true, "XDG_CACHE_HOME": true,
	"TRITON_CACHE_DIR": true, "TORCHINDUCTOR_CACHE_DIR": true,
}

// passedPrefixes let families through whose members are many and harmless.
var passedPrefixes = []string{"LC_", "NANOGPT_", "NCCL_"}

// fixed is the same in every run: output comes at once, nothing is left beside
// the script, and packages of the person's home do not slip in.
var fixed = map[string]string{
	"PYTHONUNBUFFERED":        "1",
	"PYTHONDONTWRITEBYTECODE": "1",
	"PYTHONNOUSERSITE":        "1",
}

// Environ builds a script's environment out of parent (as of os.Environ): the
// allow-listed variables, what every run gets, extra, and PITWALL_RUN=id. Later
// ones win, and PITWALL_RUN cannot be overridden. The result is sorted.
func Environ(parent []string, id string, extra map[string]string) []string {
	vars := make(map[string]string, 32)
	for _, kv := range parent {
		k, v, ok := strings.Cut(kv, "=")
		if ok && mayPass(k) {
			vars[k] = v
		}
	}
	maps.Copy(vars, fixed)
	maps.Copy(vars, extra)
	if id != "" {
		vars[runVar] = id
	}
	out := make([]string, 0, len(vars))
	for k, v := range vars {
		if k != "" && !strings.ContainsAny(k, "=\x00") && !strings.Contains(v, "\x00") {
			out = append(out, k+"="+v)
		}
	}
	slices.Sort(out)
	return out
}

func mayPass(name string) bool {
	if passed[name] {
		return true
	}
	for _, p := range passedPrefixes {
		if strings.HasPrefix(name, p) {
			for _, secret := range []string{"KEY", "TOKEN", "SECRET", "PASS"} {
				if strings.Contains(name, secret) {
					return false
				}
			}
			return true
		}
	}
	return false
}
