//go:build !linux && !darwin

package engine

import "pitwall/runner"

// newFar makes no machine: no run can be started here.
func newFar(string) runner.Machine { return &runner.Local{} }
