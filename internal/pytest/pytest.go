// Package pytest spares tests the shims of version managers, which start a shell or two
// before each interpreter, at several times its cost.
package pytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"pitwall/internal/environ"
)

// Unshim puts the directory of the interpreter behind python3 first on PATH where python3
// is found elsewhere. Without an interpreter it does nothing: a test that needs one says so.
// Call it in TestMain, before the tests run.
func Unshim() error {
	found, err := exec.LookPath("python3")
	if err != nil {
		return nil //nolint:nilerr // a machine without Python has nothing to mend
	}
	cmd := exec.Command(found, "-I", "-c", "import sys; print(sys.executable)")
	cmd.Env = environ.Plain(os.Environ())
	out, err := cmd.Output()
	if err != nil {
		return nil //nolint:nilerr // the test that needs it tells what is wrong with it
	}
	dir := filepath.Dir(strings.TrimSpace(string(out)))
	direct, err := os.Stat(filepath.Join(dir, "python3"))
	if err != nil {
		return nil //nolint:nilerr // it has another name there
	}
	if shim, err := os.Stat(found); err != nil || os.SameFile(shim, direct) {
		return err
	}
	return os.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
}
