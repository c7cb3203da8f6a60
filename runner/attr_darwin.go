package runner

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// scriptAttr gives the script a session of its own.
func scriptAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true}
}

// Harden refuses debuggers, which could read keys from this process's memory; one
// that is attached already ends it. Its environment stays readable to the same user.
func Harden() error {
	if err := unix.PtraceDenyAttach(); err != nil {
		return fmt.Errorf("protect this process from others: %w", err)
	}
	return nil
}

// growPipe has no counterpart here; pipes grow by themselves.
func growPipe(*os.File) {}
