package runner

import (
	"os"
	"syscall"
)

// scriptAttr gives the script a session of its own.
func scriptAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true}
}

// growPipe has no counterpart here; pipes grow by themselves.
func growPipe(*os.File) {}
