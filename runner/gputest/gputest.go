// Package gputest puts stand-ins for torchrun and nvidia-smi on PATH, for tests on
// machines without GPUs. They keep to the real tools' arguments and formats; the figures
// are made up.
package gputest

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed torchrun.py
var torchrun []byte

//go:embed nvidia-smi.py
var nvidiaSMI []byte

// Install writes the stand-ins into a directory, which the caller puts on PATH.
//
// Torchrun plays a log in real time; what a script says as constants of its top level
// decides how: num_iterations, step_ms, val_loss_every, compile_ms, final_loss,
// timed_compile, counted (the clock counts what was to be slept for, so that a busy machine
// does not change it), and fail with fail_step, which is one of torch, data, driver, oom, nccl
// and hang. Nvidia-smi has eight GPUs; Set changes it.
func Install(dir string) error {
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "torchrun"), torchrun, 0o700),
		os.WriteFile(filepath.Join(dir, "nvidia-smi"), nvidiaSMI, 0o700),
	)
}

// Set changes what the installed nvidia-smi says: "gone" takes the driver away, "count"
// is how many GPUs there are, "others" are lines of compute processes.
func Set(dir, name, value string) error {
	return os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600)
}

// Data makes a directory that holds fineweb10B with shards of the right form and size,
// which take no room on the disk.
func Data(dir string, shards int) error {
	const tokens = 100_000_000
	into := filepath.Join(dir, "fineweb10B")
	if err := os.MkdirAll(into, 0o700); err != nil {
		return err
	}
	names := []string{"fineweb_val_000000.bin"}
	for i := range shards {
		names = append(names, fmt.Sprintf("fineweb_train_%06d.bin", i+1))
	}
	for _, name := range names {
		head := make([]byte, 1024)
		for i, v := range []uint32{20240520, 1, tokens} {
			binary.LittleEndian.PutUint32(head[4*i:], v)
		}
		path := filepath.Join(into, name)
		if err := errors.Join(os.WriteFile(path, head, 0o600), os.Truncate(path, 1024+2*tokens)); err != nil {
			return err
		}
	}
	return nil
}

// Script is a record's script of our own, which the stand-in can play and the rules of
// the nanogpt tracks can check. Lines, each with its end, go before its constants: of two
// the stand-in takes the first.
func Script(lines string) string {
	return `import os, sys, time
import torch
` + lines + `num_iterations = 60
step_ms = 30.0
val_loss_every = 10
compile_ms = 800.0
final_loss = 3.27
class Hyperparameters:
    input_bin = "data/fineweb10B/fineweb_train_*.bin"
    input_val_bin = "data/fineweb10B/fineweb_val_*.bin"
    val_tokens = 10485760
args = Hyperparameters()
training_time_ms = 0
torch.cuda.synchronize()
t0 = time.time()
for step in range(num_iterations + 1):
    if step == 10:
        training_time_ms = 0
        t0 = time.time()
    if step % val_loss_every == 0:
        torch.cuda.synchronize()
        training_time_ms += 1000 * (time.time() - t0)
        print(f"step:{step}/{num_iterations} val_loss:{val_loss:.4f} train_time:{training_time_ms:.0f}ms step_avg:{training_time_ms/(timed_steps-1):.2f}ms")
        torch.cuda.synchronize()
        t0 = time.time()
    approx_time = training_time_ms + 1000 * (time.time() - t0)
    print(f"step:{step+1}/{num_iterations} train_loss:{train_loss.item():.4f} train_time:{approx_time:.0f}ms step_avg:{approx_time/timed_steps:.2f}ms")
print(f"peak memory consumption: {torch.cuda.max_memory_allocated() // 1024 // 1024} MiB")
`
}
