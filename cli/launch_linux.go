package cli

import (
	"os/exec"
	"syscall"
)

// detached gives an engine a session of its own, without a terminal.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// keepExecutable does nothing: /proc/self/exe outlives the program's file.
func keepExecutable(*exec.Cmd, string) error { return nil }
