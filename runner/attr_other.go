//go:build !linux

package runner

// Harden keeps other processes of the same user from reading this process's
// environment and memory. It does nothing but on Linux.
func Harden() error { return nil }
