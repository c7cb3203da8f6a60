#!/usr/bin/env python3
"""A stand-in for torchrun: plays the log that the script's figures ask for, in real time.

It is called as torchrun is. Of the script it reads the constants below; nothing of it runs. What it
prints has the form of the speedrun's logs from record 4 on: training lines, a validation every few
steps, a clock that is set back after step 10, and peak memory at the end.
"""

import os
import re
import sys
import time

argv = sys.argv[1:]
ranks = next(int(a.split("=")[1]) for a in argv if a.startswith("--nproc_per_node="))
if "--standalone" not in argv:
    sys.exit("torchrun: not called with --standalone")
script = argv[-1]
text = open(script).read()


def constant(name, default):
    m = re.search(r"^%s\s*=\s*(.+?)\s*(#.*)?$" % name, text, re.M)
    return type(default)(m.group(1).strip("'\"")) if m else default


steps = constant("num_iterations", 30)
step_ms = constant("step_ms", 20.0)
every = constant("val_loss_every", 10)
compile_ms = constant("compile_ms", 200.0)
start_loss, final_loss = 10.8, constant("final_loss", 3.27)
fail = constant("fail", "")
fail_step = constant("fail_step", 15)
seed = int(os.environ.get("PITWALL_SEED", "0"))
counted = constant("counted", 0)  # the clock counts what was to be slept for
timed_compile = constant("timed_compile", 0)  # the first three records time compilation


def say(line, to=sys.stdout):
    print(line, file=to, flush=True)


def err(line):
    say(line, sys.stderr)


def elastic(rank, code, pid=4242):
    err("torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ")
    err("=" * 60)
    err("train.py FAILED")
    err("-" * 60)
    err("Root Cause (first observed failure):")
    err("[0]:")
    err("  time      : 2026-01-01_00:00:00")
    err("  host      : node0")
    err("  rank      : %d (local_rank: %d)" % (rank, rank))
    err("  exitcode  : %d (pid: %d)" % (code, pid))
    err("  error_file: <N/A>")
    sys.exit(1)


if fail == "torch":
    err("Traceback (most recent call last):")
    err('  File "train.py", line 3, in <module>')
    err("    import torch")
    err("ModuleNotFoundError: No module named 'torch'")
    elastic(0, 1)
if fail == "data":
    err("[rank0]: Traceback (most recent call last):")
    err("[rank0]: AssertionError: did not find any files that match the pattern data/fineweb10B/fineweb_train_*.bin")
    elastic(0, 1)
if fail == "driver":
    err("[rank0]: RuntimeError: No CUDA GPUs are available")
    elastic(0, 1)

say("Running pytorch 2.7.1+cu126 compiled for CUDA 12.6")
for name in ("NANOGPT_TRAIN_FILES", "NANOGPT_VAL_FILES", "NANOGPT_VAL_TOKENS", "CUDA_VISIBLE_DEVICES"):
    say("environment %s=%s" % (name, os.environ.get(name, "")))
say("ranks %d" % ranks)
time.sleep(compile_ms / 1000)


def loss(step):
    # Falls quickly, then slowly, and ends at final_loss and a little of the seed's.
    x = step / steps
    wobble = ((seed * 2654435761) % 1000 / 1000 - 0.5) * 0.002
    return final_loss + (start_loss - final_loss) * (1 - x) ** 4 + wobble


clock = 0.0
slept = 0.0


def sleep(seconds):
    global slept
    slept += seconds
    time.sleep(seconds)


def read():
    return slept if counted else time.perf_counter()


t0 = read()


def now():
    return clock + 1000 * (read() - t0)


for step in range(steps + 1):
    if step == 10 and not timed_compile:
        clock, t0 = 0.0, read()
    timed_steps = float("nan") if step <= 11 else (step - 10) + 1
    last = step == steps
    if last or step % every == 0:
        clock = now()
        sleep(step_ms / 1000)  # the validation, off the clock
        tail = "" if timed_compile else " step_avg:%.2fms" % (clock / (timed_steps - 1))
        say("step:%d/%d val_loss:%.4f train_time:%.0fms%s" % (step, steps, loss(step), clock, tail))
        t0 = read()
    if last:
        break
    if fail and step == fail_step:
        if fail == "oom":
            err("[rank5]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 5 has a total capacity of 79.11 GiB of which 1.12 GiB is free. Including non-PyTorch memory, this process has 77.98 GiB memory in use.")
            err("[rank3]:[E1123 10:00:00.000000000 ProcessGroupNCCL.cpp:1784] [PG ID 0 PG GUID 0(default_pg) Rank 3] Exception (either an error or timeout) detected by watchdog at work: 812")
            elastic(5, 1)
        if fail == "nccl":
            err("[rank3]:[E1123 10:00:00.000000000 ProcessGroupNCCL.cpp:632] [Rank 3] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=812, OpType=ALLREDUCE, NumelIn=786432, NumelOut=786432, Timeout(ms)=600000) ran for 600028 milliseconds before timing out.")
            elastic(3, -6)
        if fail == "hang":
            time.sleep(3600)
    sleep((step_ms + (compile_ms if timed_compile and step == 0 else 0)) / 1000)
    if timed_compile:
        say("step %4d/%d | train loss %.6f | norm %.4f | lr %.2e | (%.2f ms | %.0f tok/s)" % (step + 1, steps, loss(step + 1), 1.0, 1e-3, step_ms, 5e5))
    else:
        approx = now()
        timed_after = float("nan") if step <= 10 else (step - 10) + 1
        say("step:%d/%d train_loss:%.4f train_time:%.0fms step_avg:%.2fms" % (step + 1, steps, loss(step + 1), approx, approx / timed_after))
say("peak memory consumption: 31563 MiB")
