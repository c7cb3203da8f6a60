// Package environ says what of our environment the programs that we start may see.
// Some of it is API keys, and whoever runs as the same user can read the environment
// of a program that does not hide it.
package environ

import (
	"slices"
	"strings"
)

// plain are the variables that any program may see.
func plain(name string) bool {
	switch name {
	case "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LANG", "LANGUAGE", "LD_LIBRARY_PATH",
		"VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHASHSEED",
		"CUDA_HOME", "CUDA_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "NVIDIA_VISIBLE_DEVICES",
		"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS",
		"HF_HOME", "TORCH_HOME", "XDG_CACHE_HOME", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR":
		return true
	}
	// Families whose members are many and harmless.
	for _, family := range []string{"LC_", "NANOGPT_", "NCCL_"} {
		if strings.HasPrefix(name, family) {
			return !Secret(name)
		}
	}
	return false
}

// Plain gives what of parent, as of os.Environ, any program may see: whatever it does
// not know stays out, API keys and proxies first of all. More names can be let through.
func Plain(parent []string, more ...string) []string {
	return keep(parent, func(name string) bool { return plain(name) || slices.Contains(more, name) })
}

// WithoutSecrets gives parent without the named variables and those that are called
// like a secret, for programs of a person's own choice, which need all else.
func WithoutSecrets(parent []string, names ...string) []string {
	return keep(parent, func(name string) bool { return !Secret(name) && !slices.Contains(names, name) })
}

// Secret reports whether a variable is called like one that holds a secret.
func Secret(name string) bool {
	return slices.ContainsFunc([]string{"KEY", "TOKEN", "SECRET", "PASS", "CREDENTIAL", "JWT"}, func(word string) bool {
		return strings.Contains(strings.ToUpper(name), word)
	})
}

func keep(parent []string, ok func(name string) bool) []string {
	kept := make([]string, 0, len(parent))
	for _, kv := range parent {
		if name, _, found := strings.Cut(kv, "="); found && ok(name) {
			kept = append(kept, kv)
		}
	}
	return kept
}
