//go:build !linux && !darwin

package gpu

import (
	"os"
	"syscall"
)

// attr has nothing to set here. When its parent dies, the child ends at its next
// line, for want of a reader.
func attr() *syscall.SysProcAttr { return nil }

// end kills a child of ours.
func end(p *os.Process) error { return p.Kill() }
