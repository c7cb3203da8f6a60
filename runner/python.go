package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"pitwall/internal/clean"
)

// The oldest Python that the scripts are written for.
const (
	minMajor = 3
	minMinor = 9
)

// pythonPatience is what an interpreter gets to say its version.
const pythonPatience = 15 * time.Second

// Python is an interpreter that works.
type Python struct {
	Path    string `json:"path"`    // the interpreter itself, not a launcher in front of it
	Version string `json:"version"` // "3.12.4"
	Build   string `json:"build"`   // implementation and compiler; times depend on them
}

// FindPython finds an interpreter: PITWALL_PYTHON if getenv has it (then no
// other), else python3, else python on PATH, the first that starts and is at
// least 3.9. The error tells about each that was tried, and the mend.
func FindPython(ctx context.Context, getenv func(string) string) (Python, error) {
	if name := getenv("PITWALL_PYTHON"); name != "" {
		p, err := tryPython(ctx, name)
		if err != nil {
			return Python{}, fmt.Errorf("PITWALL_PYTHON: %w (set it to a Python %d.%d or newer, or unset it)", err, minMajor, minMinor)
		}
		return p, nil
	}
	var tried []string
	for _, name := range []string{"python3", "python"} {
		p, err := tryPython(ctx, name)
		if err == nil {
			return p, nil
		}
		if ctx.Err() != nil {
			return Python{}, fmt.Errorf("find python: %w", ctx.Err())
		}
		tried = append(tried, err.Error())
	}
	return Python{}, fmt.Errorf("no usable python: %s (install Python %d.%d or newer, or set PITWALL_PYTHON to one)",
		strings.Join(tried, "; "), minMajor, minMinor)
}

const pythonProbe = `import json,platform,sys
print(json.dumps({"path":sys.executable or "","version":platform.python_version(),
"build":platform.python_implementation()+" "+platform.python_compiler(),"v":list(sys.version_info[:2])}))`

func tryPython(ctx context.Context, name string) (Python, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return Python{}, fmt.Errorf("%s is not on PATH", name)
		}
		return Python{}, fmt.Errorf("%s cannot be started: %w", name, errors.Unwrap(err))
	}
	if path, err = filepath.Abs(path); err != nil {
		return Python{}, fmt.Errorf("%s cannot be started: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, pythonPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-I", "-c", pythonProbe)
	cmd.Env = Environ(os.Environ(), "", nil)
	cmd.WaitDelay = time.Second
	var words strings.Builder
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		why := err.Error()
		if ctx.Err() != nil {
			why = fmt.Sprintf("no answer in %v", pythonPatience)
		}
		said := strings.Split(strings.TrimSpace(words.String()), "\n")
		if last := clean.Plain(said[len(said)-1], -1); last != "" {
			why += ": " + last
		}
		return Python{}, fmt.Errorf("%s is broken: %s", path, why)
	}
	var got struct {
		Python
		V []int `json:"v"`
	}
	if err := json.Unmarshal(out, &got); err != nil || len(got.V) < 2 {
		return Python{}, fmt.Errorf("%s does not answer like a python", path)
	}
	if got.V[0] < minMajor || (got.V[0] == minMajor && got.V[1] < minMinor) {
		return Python{}, fmt.Errorf("%s is Python %s, too old", path, clean.Plain(got.Version, -1))
	}
	if !filepath.IsAbs(got.Path) {
		got.Path = path
	}
	return got.Python, nil
}
