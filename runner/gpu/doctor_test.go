package gpu

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func diagnose(log string) (Diagnosis, bool) {
	var d Doctor
	for line := range strings.Lines(log) {
		d.Add([]byte(strings.TrimSuffix(line, "\n")))
	}
	return d.Diagnosis()
}

// torchrunEnd is what torchrun prints when a rank has failed.
func torchrunEnd(rank, code, traceback string) string {
	return `W1123 04:05:06.700000 9100 torch/distributed/elastic/multiprocessing/api.py:897] Sending process 9101 closing signal SIGTERM
E1123 04:05:07.800000 9100 torch/distributed/elastic/multiprocessing/api.py:869] failed (exitcode: ` + code + `) local_rank: ` + rank + ` (pid: 9111) of binary: /opt/env/bin/python3
Traceback (most recent call last):
  File "/opt/env/bin/torchrun", line 8, in <module>
    sys.exit(main())
torch.distributed.elastic.multiprocessing.errors.ChildFailedError: 
============================================================
train_gpt2.py FAILED
------------------------------------------------------------
Failures:
[1]:
  time      : 2024-11-23_04:05:07
  host      : node7
  rank      : 6 (local_rank: 6)
  exitcode  : -9 (pid: 9112)
  error_file: <N/A>
  traceback : Signal 9 (SIGKILL) received by PID 9112
------------------------------------------------------------
Root Cause (first observed failure):
[0]:
  time      : 2024-11-23_04:05:06
  host      : node7
  rank      : ` + rank + ` (local_rank: ` + rank + `)
  exitcode  : ` + code + ` (pid: 9111)
  error_file: <N/A>
  traceback : ` + traceback + `
============================================================
`
}

const (
	oom5 = `[rank5]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 5 has a total capacity of 79.11 GiB of which 1.12 GiB is free. Including non-PyTorch memory, this process has 77.98 GiB memory in use. Of the allocated memory 75.02 GiB is allocated by PyTorch, and 1.01 GiB is reserved by PyTorch but unallocated.
`
	ncclGone = `[rank2]:[E1123 04:05:06.789000 ProcessGroupNCCL.cpp:607] [Rank 2] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=71, OpType=ALLREDUCE, NumelIn=38597376, NumelOut=38597376, Timeout(ms)=600000) ran for 600028 milliseconds before timing out.
[rank2]:[E1123 04:05:06.790000 ProcessGroupNCCL.cpp:1664] [PG 0 (default_pg) Rank 2] Exception (either an error or timeout) detected by watchdog at work: 71, last enqueued NCCL work: 73, last completed NCCL work: 70.
`
)

// raised makes a traceback of a rank that has no prefix.
func raised(source, end string) string {
	return "Traceback (most recent call last):\n  File \"/runs/n3/train_gpt2.py\", line 310, in <module>\n    " + source + "\n    ^^^^^^\n" + end + "\n"
}

type failure struct {
	name, log string
	kind      Kind
	rank, gpu int
	words     string // a part of them, or all after "="
}

func failures() []failure {
	return []failure{
		{"out of memory", oom5, OutOfMemory, 5, 5, "=rank 5 ran out of GPU memory: tried to allocate 2.00 GiB with 1.12 GiB free of 79.11"},
		{"of torch 2.1", "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 64.00 MiB. GPU 2 has a total capacty of 39.39 GiB of which 12.06 MiB is free. Process 4411 has 30.50 GiB memory in use.", OutOfMemory, -1, 2, "=the rank on GPU 2 ran out of GPU memory: tried to allocate 64.00 MiB with 12.06 MiB free of 39.39 GiB; process 4411 holds 30.50 GiB"},
		{"of torch 1", "RuntimeError: CUDA out of memory. Tried to allocate 1.50 GiB (GPU 3; 23.70 GiB total capacity; 20.01 GiB already allocated; 0.94 GiB free; 21.00 GiB reserved in total by PyTorch)", OutOfMemory, -1, 3, "tried to allocate 1.50 GiB with 0.94 GiB free of 23.70"},
		{"all of it", "[rank0]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 79.11 GiB of which 0 bytes is free.", OutOfMemory, 0, 0, "with 0 bytes free of 79.11 GiB"},
		{"below torch", "[rank1]: RuntimeError: CUDA error: out of memory", OutOfMemory, 1, -1, "=rank 1 ran out of GPU memory"},
		{"below NCCL", "node7:910:933 [1] misc.cc:40 NCCL WARN Cuda failure 2 'out of memory'", OutOfMemory, -1, -1, "=a rank ran out of GPU memory"},
		{"of cuBLAS", "[rank4]: RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", OutOfMemory, 4, -1, "ran out of GPU memory"},

		{"NCCL timeout", ncclGone, NCCLTimeout, 2, -1, "=rank 2 waited 600 s in vain for the other ranks (NCCL ALLREDUCE)"},
		{"NCCL timeout, no prefix", "[E ProcessGroupNCCL.cpp:475] [Rank 3] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=9, OpType=_ALLGATHER_BASE, Timeout(ms)=1800000) ran for 1800512 milliseconds before timing out.", NCCLTimeout, 3, -1, "1800 s in vain for the other ranks (NCCL _ALLGATHER_BASE)"},
		{"NCCL standstill", "[rank7]:[F1123 04:05:06 ProcessGroupNCCL.cpp:1306] [PG 0 Rank 7] ProcessGroupNCCL's watchdog got stuck for 480 seconds without making progress", NCCLTimeout, 7, -1, "standstill"},
		{"NCCL error", "[rank1]: torch.distributed.DistBackendError: NCCL error in: ../torch/csrc/distributed/c10d/NCCLUtils.hpp:317, unhandled cuda error (run with NCCL_DEBUG=INFO for details), NCCL version 2.21.5", NCCLError, 1, -1, "=rank 1 could not talk to the others: NCCL error: unhandled cuda error"},
		{"NCCL's own words", "ncclSystemError: System call (socket, malloc) failed.", NCCLError, -1, -1, "ncclSystemError: System call"},
		{"peer gone", "[rank6]: RuntimeError: [gloo/transport/tcp/pair.cc:553] Connection closed by peer [10.0.0.7]:4711", NCCLError, 6, -1, "lost the others"},
		{"store gone", "[rank6]: torch.distributed.DistStoreError: Timed out after 601 seconds waiting for clients. 7/8 clients joined.", NCCLError, 6, -1, "7/8 clients joined"},

		{"no driver", "RuntimeError: Found no NVIDIA driver on your system. Please check it.", DriverFailed, -1, -1, "no NVIDIA driver"},
		{"old driver", "RuntimeError: The NVIDIA driver on your system is too old (found version 11080).", DriverFailed, -1, -1, "too old"},
		{"fabric", "RuntimeError: Unexpected error from cudaGetDeviceCount(). Error 802: system not yet initialized", DriverFailed, -1, -1, "fabric"},
		{"no GPUs", "[rank0]: RuntimeError: No CUDA GPUs are available", NoGPU, 0, -1, "=torch sees no GPU"},
		{"busy", "[rank3]: RuntimeError: CUDA error: CUDA-capable device(s) is/are busy or unavailable", NoGPU, 3, -1, "another process has it"},
		{"more ranks than GPUs", "[rank5]: RuntimeError: CUDA error: invalid device ordinal", TooFewGPUs, 5, -1, "more ranks than GPUs"},
		{"shared GPU", "Duplicate GPU detected : rank 1 and rank 0 both on CUDA device 4b000", TooFewGPUs, -1, -1, "more ranks than GPUs"},
		{"assertion on the world", raised("assert world_size == 8 # this is made for a node of eight", "AssertionError"), TooFewGPUs, -1, -1, "assert world_size == 8"},

		{"ECC", "[rank2]: RuntimeError: CUDA error: uncorrectable ECC error encountered", GPULost, 2, -1, "=rank 2 met an uncorrectable memory (ECC) error on its GPU"},
		{"Xid", "[ 4711.081500] NVRM: Xid (PCI:0000:5d:00): 79, pid=9111, GPU has fallen off the bus.", GPULost, -1, -1, "=the driver reported Xid 79 of GPU 0000:5d:00"},
		{"Xid of a program", "[ 4711.081500] NVRM: Xid (PCI:0000:5d:00): 31, pid=9111, MMU Fault", GPUFault, -1, -1, "Xid 31"},
		{"launch failure", "[rank4]: RuntimeError: CUDA error: unspecified launch failure", GPUFault, 4, -1, "=rank 4 met a CUDA error: unspecified launch failure"},
		{"illegal access", "[rank4]: torch.AcceleratorError: CUDA error: an illegal memory access was encountered", GPUFault, 4, -1, "illegal memory access"},
		{"told by the watchdog", "terminate called after throwing an instance of 'c10::DistBackendError'\n  what():  [PG 0 Rank 3] Process group watchdog thread terminated with exception: CUDA error: an illegal memory access was encountered", GPUFault, 3, -1, "illegal memory access"},

		{"no shards", "[rank0]: AssertionError: did not find any files that match the pattern data/fineweb10B/fineweb_train_*.bin", DataMissing, 0, -1, "=the training data is missing: no file matches data/fineweb10B/fineweb_train_*.bin"},
		{"no shard", "FileNotFoundError: [Errno 2] No such file or directory: 'data/fineweb10B/fineweb_val_000000.bin'", DataMissing, -1, -1, "=the training data is missing: data/fineweb10B/fineweb_val_000000.bin"},
		{"no file", "FileNotFoundError: [Errno 2] No such file or directory: '/etc/recipe.json'", DataMissing, -1, -1, "=a file is missing: /etc/recipe.json"},
		{"shards ran out", "[rank3]: " + strings.ReplaceAll(strings.TrimSpace(raised("file = next(files)", "StopIteration")), "\n", "\n[rank3]: "), DataMissing, 3, -1, "ran out"},
		{"shards ran out in a generator", raised("x, y = next(train_loader)", "RuntimeError: generator raised StopIteration"), DataMissing, -1, -1, "ran out"},
		{"damaged shard", "AssertionError: magic number mismatch in the data .bin file", DataMissing, -1, -1, "damaged"},
		{"damaged shard, printed", "ERROR: magic number mismatch in the data .bin file!", DataMissing, -1, -1, "damaged"},

		{"no torch", "ModuleNotFoundError: No module named 'torch'", NoTorch, -1, -1, "=torch is not installed for this Python"},
		{"no torch to launch", "/opt/env/bin/python3.12: No module named torch.distributed.run", NoTorch, -1, -1, "torch is not installed"},
		{"no torch to find", "/usr/bin/python3: Error while finding module specification for 'torch.distributed.run' (ModuleNotFoundError: No module named 'torch')", NoTorch, -1, -1, "torch is not installed"},
		{"no torchrun", "bash: line 1: torchrun: command not found", NoTorch, -1, -1, "torchrun is not installed"},
		{"other module", "[rank0]: ModuleNotFoundError: No module named 'tiktoken'", NoTorch, 0, -1, "module tiktoken"},
		{"no flex attention", "ModuleNotFoundError: No module named 'torch.nn.attention.flex_attention'", WrongTorch, -1, -1, "has no torch.nn.attention.flex_attention"},
		{"other flex attention", "ImportError: cannot import name 'flex_attention' from 'torch.nn.attention' (unknown location)", WrongTorch, -1, -1, "cannot import name"},
		{"other arguments", "[rank0]: TypeError: flex_attention() got an unexpected keyword argument 'enable_gqa'", WrongTorch, 0, -1, "enable_gqa"},
		{"other attributes", "AttributeError: module 'torch._inductor' has no attribute 'config'", WrongTorch, -1, -1, "no attribute"},
		{"broken torch", "ImportError: libcudnn.so.9: cannot open shared object file: No such file or directory", WrongTorch, -1, -1, "libcudnn.so.9"},
		{"CPU torch", "AssertionError: Torch not compiled with CUDA enabled", WrongTorch, -1, -1, "without CUDA"},
		{"other GPU", "RuntimeError: CUDA error: no kernel image is available for execution on the device", WrongTorch, -1, -1, "not built for these GPUs"},

		{"inductor", "[rank0]: torch._inductor.exc.InductorError: LoweringException: AttributeError: no such node", Compile, 0, -1, "=rank 0 could not compile the model: InductorError: LoweringException: AttributeError: no such node"},
		{"backend", "[rank0]: torch._dynamo.exc.BackendCompilerFailed: backend='inductor' raised:\n[rank0]: CompilationError: at 12:15: tl.dot", Compile, 0, -1, "backend='inductor' raised: CompilationError: at 12:15: tl.dot"},
		{"Triton", "triton.compiler.errors.CompilationError: at 4:11:", Compile, -1, -1, "CompilationError: at 4:11:"},
		{"Triton's resources", "[rank1]: triton.runtime.errors.OutOfResources: out of resource: shared memory, Required: 245760, Hardware limit: 232448.", Compile, 1, -1, "Required: 245760"},
		{"no compiler", "RuntimeError: Failed to find C compiler. Name one.", Compile, -1, -1, "C compiler"},
		{"no compiler to start", "FileNotFoundError: [Errno 2] No such file or directory: 'gcc'", Compile, -1, -1, "gcc"},

		{"port", "torch.distributed.DistNetworkError: The server socket has failed to listen on any local network address. port: 29500, useIpv6: 0, code: -98, name: EADDRINUSE, message: address already in use", PortInUse, -1, -1, "=port 29500, on which the ranks meet, is taken"},
		{"disk", "OSError: [Errno 28] No space left on device: '/home/ada/.cache/kernels/k'", DiskFull, -1, -1, "=the disk is full: no room for /home/ada/.cache/kernels/k"},
		{"quota", "OSError: [Errno 122] Disk quota exceeded", DiskFull, -1, -1, "quota"},
		{"shared memory", "RuntimeError: DataLoader worker (pid 4711) is killed by signal: Bus error. It may be out of shared memory.", SharedMemory, -1, -1, "/dev/shm"},
		{"shared memory for NCCL", "node7:1:2 [0] NCCL WARN Error while creating shared memory segment /dev/shm/nccl-a1b2c3 (size 9637888)", SharedMemory, -1, -1, "/dev/shm"},
		{"shared memory full", "RuntimeError: unable to write to file </torch_11_22_3>: No space left on device (28)", SharedMemory, -1, -1, "/dev/shm"},
		{"host memory", "slurmstepd: error: Detected 1 oom_kill event in StepId=88.0.", HostMemory, -1, -1, "out-of-memory killer"},
		{"host memory, asked", "[rank2]: RuntimeError: [enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried to allocate 900 bytes.", HostMemory, 2, -1, "got no memory"},

		{"killed", torchrunEnd("3", "-9", "Signal 9 (SIGKILL) received by PID 9111"), HostMemory, 3, -1, "=rank 3 was killed (SIGKILL), most likely by the system for want of memory"},
		{"killed under a shell", torchrunEnd("3", "137", "none"), HostMemory, 3, -1, "SIGKILL"},
		{"bus error", torchrunEnd("3", "-7", "Signal 7 (SIGBUS) received by PID 9111"), SharedMemory, 3, -1, "SIGBUS"},
		{"crashed", torchrunEnd("0", "-11", "Signal 11 (SIGSEGV) received by PID 9111"), WorkerFailed, 0, -1, "=rank 0 crashed (SIGSEGV)"},
		{"exit code alone", torchrunEnd("4", "1", "To enable traceback see the docs"), WorkerFailed, 4, -1, "=rank 4 ended with exit code 1"},
		{"another exception", raised("loss = x @ y", "ValueError: shapes 3 and 4 do not fit") + torchrunEnd("1", "1", "none"), Raised, 1, -1, "=rank 1 stopped with ValueError: shapes 3 and 4 do not fit"},
		{"a bare assertion", raised("assert len(x) == 3", "AssertionError"), Raised, -1, -1, "=a rank stopped with AssertionError at `assert len(x) == 3`"},
		{"syntax", "  File \"train_gpt2.py\", line 12\n    def f(\n         ^\nSyntaxError: '(' was never closed", Raised, -1, -1, "SyntaxError: '(' was never closed"},
	}
}

func TestFailuresAreRecognised(t *testing.T) {
	for _, c := range failures() {
		t.Run(c.name, func(t *testing.T) {
			d, ok := diagnose(c.log)
			if !ok || d.Kind != c.kind || d.Rank != c.rank || d.GPU != c.gpu {
				t.Fatalf("%v %+v", ok, d)
			}
			if want, whole := strings.CutPrefix(c.words, "="); whole && d.Words != want || !strings.Contains(d.Words, want) {
				t.Errorf("it says %q", d.Words)
			}
			if d.Mend == "" || d.Line == "" {
				t.Errorf("no mend or no line: %+v", d)
			}
		})
	}
}

func TestTheRootCauseWins(t *testing.T) {
	nccl := "[rank1]: " + strings.ReplaceAll(strings.TrimSpace(raised("dist.all_reduce(g)", "torch.distributed.DistBackendError: NCCL error in: NCCLUtils.hpp:317, remote process exited or there was a network error")), "\n", "\n[rank1]: ") + "\n"
	for _, c := range []struct {
		name, log string
		kind      Kind
		rank      int
	}{
		{"memory before NCCL", oom5 + nccl + ncclGone + torchrunEnd("5", "1", "none"), OutOfMemory, 5},
		{"NCCL before memory", nccl + ncclGone + oom5 + torchrunEnd("5", "1", "none"), OutOfMemory, 5},
		{"two of a kind", strings.ReplaceAll(strings.ReplaceAll(oom5, "rank5", "rank3"), "GPU 5", "GPU 3") + oom5, OutOfMemory, 3},
		{"a killed rank", nccl + ncclGone + torchrunEnd("6", "-9", "Signal 9"), HostMemory, 6},
		{"a crashed rank", nccl + torchrunEnd("6", "-11", "Signal 11"), WorkerFailed, 6},
		{"an aborted rank says less than NCCL", ncclGone + torchrunEnd("2", "-6", "Signal 6"), NCCLTimeout, 2},
		{"an exception", nccl + raised("f(x)", "KeyError: 'lr'"), Raised, -1},
		{"memory inside the compiler", "[rank0]: torch._dynamo.exc.BackendCompilerFailed: backend='inductor' raised:\n" + strings.ReplaceAll(oom5, "rank5", "rank0"), OutOfMemory, 0},
		{"memory inside NCCL", nccl + "ncclUnhandledCudaError: Call to CUDA failed.\nLast error:\nCuda failure 2 'out of memory'\n", OutOfMemory, -1},
		{"the first of a chain", raised("import torch", "ModuleNotFoundError: No module named 'torch'") + "\nDuring handling of the above exception, another exception occurred:\n\n" + raised("main()", "RuntimeError: no luck"), NoTorch, -1},
		{"an unnamed rank is torchrun's", raised("model = GPT()", "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.00 GiB.") + torchrunEnd("7", "1", "none"), OutOfMemory, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d, ok := diagnose(c.log); !ok || d.Kind != c.kind || d.Rank != c.rank {
				t.Errorf("%v %+v", ok, d)
			}
		})
	}
}

func TestWhatIsNoFailureIsNotTakenForOne(t *testing.T) {
	for _, log := range []string{
		"step:125/1750 val_loss:4.5101 train_time:23014ms step_avg:200.12ms",
		"[rank0]: step:125/1750 train_loss:nan",
		"peak memory consumption: 31200 MiB",
		`assert world_size == 8`,
		`    assert header[0] == 20240520, "magic number mismatch in the data .bin file"`,
		`        print("ERROR: magic number mismatch in the data .bin file!")`,
		`except FileNotFoundError as e:`,
		`    raise RuntimeError("CUDA out of memory")`,
		`if "CUDA out of memory" in str(e):`,
		"StopIteration",
		"W1123 torch/_inductor/select_algorithm.py:1] out of resource: shared memory, Required: 245760, Hardware limit: 232448",
		"torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 9.00 GiB. Ignoring this choice.",
		"[W1123 socket.cpp:464] [c10d] The server socket has failed to bind to [::]:29500 (errno: 98 - Address already in use).",
		"WARNING: flash_attn cannot be used: No module named 'flash_attn'",
		"Traceback (most recent call last):\n  File \"x\", line 1\n    wait()\nKeyboardInterrupt",
		"Traceback (most recent call last):\n  File \"x\", line 1\n    wait()\ntorch.distributed.elastic.multiprocessing.api.SignalException: Process 9100 got signal: 15",
		"W1123 torch/distributed/elastic/multiprocessing/api.py:897] Sending process 9101 closing signal SIGTERM",
		"node7:1:2 [0] NCCL INFO Bootstrap : Using eth0:10.0.0.7<0>",
		"",
	} {
		if d, ok := diagnose(log); ok {
			t.Errorf("%q is taken for %+v", log, d)
		}
	}
}

func TestTracebacksOfSeveralRanksInterleave(t *testing.T) {
	d, ok := diagnose(`[rank1]: Traceback (most recent call last):
[rank3]: Traceback (most recent call last):
[rank1]:   File "a.py", line 1, in <module>
[rank3]:   File "a.py", line 9, in <module>
step:3/10 train_loss:3.2
[rank1]:     x = 1
[rank3]:     assert world_size == 8
[rank0]: a line of another rank
[rank3]: AssertionError
[rank1]: KeyError: 'x'
`)
	if !ok || d.Kind != TooFewGPUs || d.Rank != 3 {
		t.Errorf("%+v", d)
	}
}

func TestTheErrorFileIsNamed(t *testing.T) {
	log := strings.ReplaceAll(torchrunEnd("4", "1", "none"), "error_file: <N/A>", "error_file: /logs/4/error.json")
	if d, _ := diagnose(log); d.Kind != WorkerFailed || !strings.Contains(d.Mend, "/logs/4/error.json") {
		t.Errorf("%+v", d)
	}
}

func TestStrangeBytesAreCleanedAndBounded(t *testing.T) {
	line := append([]byte("[rank1]: FileNotFoundError: [Errno 2] No such file: '\x1b[31m\xff\xfe\u202e\x07data/x.bin"), bytes.Repeat([]byte("\x00y\xf0 "), 3<<20)...)
	var d Doctor
	d.Add(line)
	got, ok := d.Diagnosis()
	if !ok || got.Kind != DataMissing || got.Rank != 1 {
		t.Fatalf("%+v", got)
	}
	for _, s := range []string{got.Words, got.Line, got.Mend} {
		if len(s) > 2000 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x202e }) {
			t.Errorf("%d bytes, %q", len(s), s)
		}
	}
	if !strings.Contains(got.Words, "data/x.bin") {
		t.Errorf("it says %q", got.Words)
	}
}

func TestATracebackThatNeverEndsIsForgotten(t *testing.T) {
	var d Doctor
	d.Add([]byte("Traceback (most recent call last):"))
	for range maxTrace + 1 {
		d.Add([]byte("a line"))
	}
	if len(d.traces) != 0 {
		t.Error("it is followed still")
	}
	d.Add([]byte("ValueError: of something else"))
	if got, ok := d.Diagnosis(); ok {
		t.Errorf("%+v", got)
	}
}

func TestRanksAreReadOffPrefixes(t *testing.T) {
	for _, c := range []struct {
		line string
		rank int
		rest string
	}{
		{"[rank5]: Traceback", 5, "Traceback"},
		{"[rank5]:   File", 5, "  File"},
		{"[default12]:step:1/9", 12, "step:1/9"},
		{"[default1]:[rank9]: x", 9, "x"},
		{"[rank5]:[E1123 04:05:06 x.cpp:1] [Rank 5] y", 5, "[E1123 04:05:06 x.cpp:1] [Rank 5] y"},
		{"[rank5]:", 5, ""},
		{"[rank]: x", -1, "[rank]: x"},
		{"[rank1234567]: x", -1, "[rank1234567]: x"},
		{"[rank-1]: x", -1, "[rank-1]: x"},
		{"[rank5] x", -1, "[rank5] x"},
		{"[rank5", -1, "[rank5"},
		{"rank5: x", -1, "rank5: x"},
		{"", -1, ""},
	} {
		if rank, rest := RankOf([]byte(c.line)); rank != c.rank || string(rest) != c.rest {
			t.Errorf("%q gives %d, %q", c.line, rank, rest)
		}
	}
}

// TestTheQuickLookLosesNothing holds it against a doctor that reads every line.
func TestTheQuickLookLosesNothing(t *testing.T) {
	for _, c := range failures() {
		var slow Doctor
		for line := range strings.Lines(c.log) {
			rank, text := RankOf([]byte(strings.TrimSuffix(line, "\n")))
			slow.read(rank, string(text))
		}
		want, _ := slow.Diagnosis()
		if got, _ := diagnose(c.log); got != want {
			t.Errorf("%s: %+v, want %+v", c.name, got, want)
		}
	}
}

func BenchmarkDoctor(b *testing.B) {
	for _, c := range []struct{ name, line string }{
		{"training", "step:1250/1750 train_loss:3.4419 train_time:231104ms step_avg:185.12ms"},
		{"validation", "[rank0]: step:1250/1750 val_loss:3.4419 train_time:231104ms step_avg:185.12ms"},
		{"other", "W1123 04:05:06.700000 9100 torch/_inductor/utils.py:1137] [0/0] Not enough SMs to use max_autotune_gemm mode on this device"},
		{"failure", strings.TrimSpace(oom5)},
		{"long", strings.Repeat("a long line of no import ", 40000)},
	} {
		b.Run(c.name, func(b *testing.B) {
			var d Doctor
			line := []byte(c.line)
			b.ReportAllocs()
			for b.Loop() {
				d.Add(line)
			}
		})
	}
}
