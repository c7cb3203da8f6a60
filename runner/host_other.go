//go:build !linux && !darwin

package runner

import (
	"context"
	"math"
)

func (h *HostInfo) fill(context.Context) { h.Load = math.NaN() }
