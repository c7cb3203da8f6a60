//go:build !linux && !darwin

package runner

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// Supported says in words why no run can be started here; browse and replay work.
func Supported() error {
	name := runtime.GOOS
	if name == "windows" {
		name = "Windows"
	}
	return fmt.Errorf("starting a run is not supported on %s; browse and replay work (to run, use Linux, macOS or WSL)", name)
}

// run is never made here.
type run struct{}

func (*run) stop() {}

// Start refuses: starting a run is not supported on this system.
func (l *Local) Start(context.Context, Job) (Ref, error) { return "", Supported() }

// Follow refuses: no run can have been started.
func (l *Local) Follow(context.Context, Ref, int64, Sink) (Result, error) {
	err := Supported()
	return Result{Reason: Lost, ExitCode: -1, Err: err.Error(), ForeignLoad: math.NaN()}, err
}

// Shim refuses: starting a run is not supported on this system.
func Shim([]string) int {
	fmt.Fprintln(os.Stderr, "pitwall _run:", Supported())
	return 1
}

// Reap finds nothing: no run can have been started here.
func Reap(context.Context, string, Identity) (int, error) { return 0, nil }

// MachineLock is the right to time a run on this machine.
type MachineLock struct{}

// DefaultLockPath is the lock file that everyone on this machine shares.
func DefaultLockPath() string {
	if p := os.Getenv("PITWALL_LOCK"); p != "" {
		return p
	}
	return filepath.Join(os.TempDir(), "pitwall-timed-run.lock")
}

// Acquire refuses: starting a run is not supported on this system.
func Acquire(context.Context, string, string, func(Holder)) (*MachineLock, error) {
	return nil, Supported()
}

// Release does nothing.
func (l *MachineLock) Release() error { return nil }

func signalName(s syscall.Signal) string { return s.String() }
