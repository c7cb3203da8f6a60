package main

import (
	"context"
	"os/exec"
	"strings"
	"time"

	"pitwall/taskdata"
	"pitwall/ui/clean"
)

// listGPUs gives the NVIDIA GPUs that nvidia-smi sees, one line each: name,
// memory and driver. It gives none where that takes longer than the limit.
func listGPUs(ctx context.Context, limit time.Duration) []string {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader")
	cmd.WaitDelay = 100 * time.Millisecond // what it left behind may hold its output open
	answer := make(chan []byte, 1)
	go func() {
		out, err := cmd.Output()
		if err != nil {
			out = nil
		}
		answer <- out
	}()
	var out []byte
	select {
	case out = <-answer:
	case <-time.After(limit + time.Second): // a driver that hangs can keep even what was killed
	}
	var gpus []string
	for _, line := range strings.Split(string(out), "\n") {
		if line = clean.Line(strings.TrimSpace(line)); strings.Count(line, ",") >= 2 { // "No devices were found" is said here too
			gpus = append(gpus, line)
		}
	}
	return gpus
}

// gpuWait bounds how long home may change its track after it has opened.
const gpuWait = 2 * time.Second

// homeTrack gives the track that the screen opens on: the benchmark's where there
// are GPUs to run it on, else none in particular.
func homeTrack(ctx context.Context) string {
	if len(listGPUs(ctx, gpuWait)) > 0 {
		return taskdata.NanoGPT
	}
	return ""
}
