package runner

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// scriptAttr gives the script a session of its own, and ends it with its guard.
func scriptAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// Harden keeps other processes of the same user from reading this process's
// environment and memory, or attaching to it. What it starts afterwards is not
// affected. /proc/self/exe can still be started; /proc/self/environ and the
// like can no longer be opened without root.
func Harden() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("protect this process from others: %w", err)
	}
	return nil
}

// growPipe makes a pipe as large as the system lets everyone, so that a script
// that prints in bursts seldom waits for its reader.
func growPipe(w *os.File) {
	_, _ = unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, 1<<20)
}
