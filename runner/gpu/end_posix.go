//go:build linux || darwin

package gpu

import (
	"errors"
	"os"
	"syscall"
)

// end kills a child of ours and what it started.
func end(p *os.Process) error {
	err := syscall.Kill(-p.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
