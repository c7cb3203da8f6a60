//go:build !linux && !darwin

package runner

// Harden does nothing where no script can be run.
func Harden() error { return nil }
