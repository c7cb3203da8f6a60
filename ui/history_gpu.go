package ui

import (
	"fmt"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/ui/frame"
)

// gpuColumn is the name of the column of GPU-hours.
const gpuColumn = "GPU h"

// score gives an attempt's FSR, or its speedup where its task is open, "–" where it has none.
func score(s store.Summary) string {
	switch {
	case s.FSR != nil:
		return frame.Number(s.FSR)
	case s.Speedup != nil:
		return fmt.Sprintf("%.2f×", *s.Speedup)
	case s.Status == event.StatusDone && s.BestNode < 0 && !s.Open:
		return "0"
	}
	return "–"
}

// hours gives the GPU-hours of an attempt, "" where it took none.
func hours(s store.Summary) string {
	if s.GPUHours > 0 {
		return gpuHours(float64(s.GPUHours))
	}
	return ""
}
