package runner

import (
	"maps"
	"slices"
	"strings"

	"pitwall/internal/environ"
)

// runVar marks every process of a run.
const runVar = "PITWALL_RUN"

// fixed is the same in every run: output comes at once, nothing is left beside
// the script, and packages of the person's home do not slip in.
var fixed = map[string]string{
	"PYTHONUNBUFFERED":        "1",
	"PYTHONDONTWRITEBYTECODE": "1",
	"PYTHONNOUSERSITE":        "1",
}

// environOf is the environment of a job's script.
func environOf(parent []string, job Job) []string {
	extra := map[string]string{}
	for _, kv := range parent {
		if name, value, ok := strings.Cut(kv, "="); ok && Passes(job.Pass, name) {
			extra[name] = value
		}
	}
	maps.Copy(extra, job.Env)
	return Environ(parent, job.ID, extra)
}

// Passes reports whether one of some patterns (Job.Pass) lets a variable through: its
// name, or the beginning of it and a *. None lets one through that is called like a secret.
func Passes(patterns []string, name string) bool {
	return !environ.Secret(name) && slices.ContainsFunc(patterns, func(pattern string) bool {
		if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
			return strings.HasPrefix(name, prefix)
		}
		return name == pattern
	})
}

// Environ builds a script's environment out of parent (as of os.Environ): what
// any program may see, what every run gets, extra, and PITWALL_RUN=id. Later
// ones win, and PITWALL_RUN cannot be overridden. The result is sorted.
func Environ(parent []string, id string, extra map[string]string) []string {
	vars := make(map[string]string, 32)
	for _, kv := range environ.Plain(parent) {
		k, v, _ := strings.Cut(kv, "=")
		vars[k] = v
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
