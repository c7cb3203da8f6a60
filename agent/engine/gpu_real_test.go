//go:build gpu

package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pitwall/agent"
	"pitwall/agent/rig"
	"pitwall/runner/gpu"
	"pitwall/runner/gputest"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// realScript trains a small model for 30 steps on as many GPUs as there are, in the
// manner of the speedrun's scripts.
const realScript = `import glob
import os
import time

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel as DDP

num_iterations = 30
val_loss_every = 10


class Hyperparameters:
    input_bin = "data/fineweb10B/fineweb_train_*.bin"
    input_val_bin = "data/fineweb10B/fineweb_val_*.bin"
    val_tokens = 10485760


args = Hyperparameters()
dist.init_process_group("nccl")
rank = int(os.environ["RANK"])
torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
torch.manual_seed(int(os.environ["PITWALL_SEED"]))
assert glob.glob(args.input_bin), "did not find any files that match the pattern " + args.input_bin
model = torch.nn.Sequential(torch.nn.Embedding(1024, 256), torch.nn.Linear(256, 1024), torch.nn.ReLU(), torch.nn.Linear(1024, 1024)).cuda()
model = DDP(torch.compile(model))
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)


def batch():
    x = torch.randint(0, 1024, (64, 128), device="cuda")
    return x, (x * 7 + 3) % 1024


def loss_of():
    x, y = batch()
    return F.cross_entropy(model(x).view(-1, 1024), y.view(-1))


training_time_ms = 0
torch.cuda.synchronize()
t0 = time.time()
for step in range(num_iterations + 1):
    if step == 10:
        training_time_ms = 0
        t0 = time.time()
    timed_steps = float("nan") if step <= 11 else (step - 10) + 1
    if step % val_loss_every == 0:
        torch.cuda.synchronize()
        training_time_ms += 1000 * (time.time() - t0)
        with torch.no_grad():
            val_loss = loss_of()
        if rank == 0:
            print(f"step:{step}/{num_iterations} val_loss:{val_loss:.4f} train_time:{training_time_ms:.0f}ms step_avg:{training_time_ms/(timed_steps-1):.2f}ms")
        torch.cuda.synchronize()
        t0 = time.time()
    if step == num_iterations:
        break
    train_loss = loss_of()
    train_loss.backward()
    opt.step()
    opt.zero_grad(set_to_none=True)
    torch.cuda.synchronize()
    approx_time = training_time_ms + 1000 * (time.time() - t0)
    if rank == 0:
        print(f"step:{step+1}/{num_iterations} train_loss:{train_loss.item():.4f} train_time:{approx_time:.0f}ms step_avg:{approx_time/timed_steps:.2f}ms")
if rank == 0:
    print(f"peak memory consumption: {torch.cuda.max_memory_allocated() // 1024 // 1024} MiB")
dist.destroy_process_group()
`

func TestThirtyRealSteps(t *testing.T) {
	cards, err := gpu.List(t.Context())
	if err != nil {
		t.Skipf("no NVIDIA GPU here: %v", err)
	}
	count := 1
	for 2*count <= min(len(cards), 8) {
		count *= 2
	}
	s := openStore(t)
	data := filepath.Join(s.Home(), "data")
	imports := filepath.Join(s.Home(), taskdata.ImportsName)
	err = errors.Join(gputest.Data(data, 70), os.WriteFile(filepath.Join(s.Home(), rig.ProfilesFile), []byte("[defaults]\ndata = \""+data+"\"\n"), 0o600))
	for number := 4; number <= 5; number++ {
		_, saveErr := taskdata.SaveRecord(imports, taskdata.ImportedRecord{
			Source: taskdata.ModdedNanoGPT, Commit: "c0ffee", Track: taskdata.NanoGPT, Number: number, Path: "somewhere", Script: realScript + fmt.Sprintf("# %d\n", number),
		})
		err = errors.Join(err, saveErr)
	}
	must(t, err)
	e := newTestEngine(s, nil)
	e.FindTask, e.Check = nil, nil
	e.Tasks, err = taskdata.OpenCatalog(imports)
	must(t, err)
	spec := gpuSpec(agent.Noop, 1)
	spec.Calibrate, spec.Confirm = 1, 0
	if count != 8 {
		spec.Task += fmt.Sprintf("@%dgpu", count)
	}
	if err := e.Preflight(t.Context(), spec); err != nil {
		t.Skipf("%d GPUs, and no training here: %v", len(cards), err)
	}
	st := runAttempt(t, e, spec)
	for _, r := range st.Runs {
		if end := r.Ended; end == nil || !end.Finished || end.CompileMS <= 0 || end.PeakMiB <= 0 || r.Step != 30 {
			t.Errorf("run %d ended %+v", r.Run, r.Ended)
		}
	}
	if len(st.GPUs) == 0 || len(st.GPUs[0].Devices) != count {
		t.Errorf("GPUs %+v", st.GPUs)
	}
	if st.Status != event.StatusDone || st.Machine.Torch == "" {
		t.Errorf("%s: %s, machine %+v", st.Status, st.Why, st.Machine)
	}
}
