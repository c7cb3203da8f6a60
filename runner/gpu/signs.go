package gpu

import (
	"strconv"
	"strings"
)

const (
	memoryMend = "use less memory on each GPU: a smaller batch or sequence, fewer values kept for the backward pass; nvidia-smi shows whether others hold some"
	hostMend   = "look into `dmesg` for oom-kill; give the run more memory, or load less of the data at once"
	sharedMend = "give /dev/shm more room; with docker: --shm-size=16g or --ipc=host"
	lostMend   = "look into `dmesg` for Xid, reset the GPU or restart the machine; if it comes again, the GPU needs replacing"
	driverMend = "install a driver that this torch's CUDA can use (`nvidia-smi` shows what it has), or a torch for an older CUDA"
	ncclMend   = "look at the other ranks: usually one failed or hung before; NCCL_DEBUG=INFO tells more"
)

// match finds what an unindented line tells for itself.
func match(t string) (finding, bool) {
	for _, sign := range [...]func(string) (finding, bool){
		memory, system, driver, hardware, kernel, module, torchVersion, data, compilation, nccl,
	} {
		if f, ok := sign(t); ok {
			return f, true
		}
	}
	return none()
}

// has reports whether t contains any of the parts.
func has(t string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(t, p) {
			return true
		}
	}
	return false
}

// memory knows a GPU that is full.
func memory(t string) (finding, bool) {
	torch := has(t, "CUDA out of memory") && has(t, "Tried to allocate", "OutOfMemoryError: ", "RuntimeError: ")
	below := has(t, "CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED") || has(t, "Cuda failure") && has(t, "out of memory")
	if !torch && !below || has(t, "Ignoring this choice") { // the last of one kernel out of several that inductor tries
		return none()
	}
	what := "ran out of GPU memory"
	wanted := size(t, "Tried to allocate ")
	free, total := size(t, " of which "), size(t, "total capacity of ", "total capacty of ")
	gpu := number(t, "GPU ")
	if free == "" { // as torch 1 wrote it: (GPU 5; 79.11 GiB total capacity; …; 1.12 GiB free; …)
		free, total = sizeBefore(t, " free"), sizeBefore(t, " total capacity")
		gpu = number(t, "(GPU ")
	}
	if wanted != "" {
		what += ": tried to allocate " + wanted
	}
	if wanted != "" && free != "" {
		what += " with " + free + " free"
		_, unit, _ := strings.Cut(free, " ")
		if total != "" {
			what += " of " + strings.TrimSuffix(total, " "+unit)
		}
	}
	if _, other, ok := strings.Cut(t, ". Process "); ok {
		if pid, ok := leading(other); ok {
			if held := size(other, " has "); held != "" {
				what += "; process " + strconv.Itoa(pid) + " holds " + held
			}
		}
	}
	f, ok := about(OutOfMemory, cause, what, memoryMend)
	f.gpu = gpu
	return f, ok
}

// system knows what the host lacks: room, memory, a port.
func system(t string) (finding, bool) {
	full := has(t, "No space left on device", "Disk quota exceeded")
	switch {
	case has(t, "is killed by signal: Bus error", "shared memory (shm)", "shared memory(shm)", "out of shared memory", "creating shared memory segment"),
		full && has(t, "/dev/shm", "</torch_"):
		return about(SharedMemory, cause, "ran out of shared memory (/dev/shm)", sharedMend)
	case full:
		what := "the disk is full"
		if has(t, "quota") {
			what = "the disk quota is used up"
		}
		if file := quoted(t); file != "" {
			what += ": no room for " + file
		}
		return all(DiskFull, cause, what, "free some space there; compile caches and checkpoints are often the largest")
	case has(t, "is killed by signal: Killed", "oom_kill event", "oom-kill:", "Out of memory: Killed process"):
		return about(HostMemory, cause, "lost a process to the system's out-of-memory killer", hostMend)
	case strings.HasPrefix(t, "MemoryError"), has(t, "DefaultCPUAllocator: ", "Cannot allocate memory"):
		return about(HostMemory, cause, "got no memory from the host", hostMend)
	case has(t, "failed to listen on any local network address"),
		has(t, "EADDRINUSE", "Address already in use") && has(t, "Error: "):
		what := "the port on which the ranks meet is taken"
		if port := number(t, "port: "); port >= 0 {
			what = "port " + strconv.Itoa(port) + ", on which the ranks meet, is taken"
		}
		return all(PortInUse, cause, what, "end the other run, or launch with `torchrun --standalone`, which takes a free port")
	}
	return none()
}

// driver knows drivers and GPUs that torch cannot use.
func driver(t string) (finding, bool) {
	switch {
	case has(t, "Found no NVIDIA driver"):
		return all(DriverFailed, cause, "torch finds no NVIDIA driver", "install one, or start the container with its GPUs, such as --gpus all")
	case has(t, "NVIDIA driver on your system is too old", "driver version is insufficient", "forward compatibility was attempted"):
		return all(DriverFailed, cause, "the NVIDIA driver is too old for this torch", driverMend)
	case has(t, "system not yet initialized"):
		return all(DriverFailed, cause, "the GPUs' fabric is not ready", "start it with `sudo systemctl start nvidia-fabricmanager`, of the driver's own version")
	case has(t, "Driver/library version mismatch"):
		return all(DriverFailed, cause, "the NVIDIA driver was updated, and the kernel still runs the old one", "restart the machine")
	case has(t, "No CUDA GPUs are available", "no CUDA-capable device is detected"):
		return all(NoGPU, cause, "torch sees no GPU", "look at CUDA_VISIBLE_DEVICES and at `nvidia-smi`; start a container with its GPUs")
	case has(t, "busy or unavailable"):
		return about(NoGPU, cause, "may not use its GPU: another process has it for itself", "end that process, or set the compute mode with `sudo nvidia-smi -c DEFAULT`")
	case has(t, "invalid device ordinal", "Duplicate GPU detected"):
		return all(TooFewGPUs, cause, "there are more ranks than GPUs", "launch as many ranks as there are GPUs, and look at CUDA_VISIBLE_DEVICES")
	case has(t, "no kernel image is available"):
		return all(WrongTorch, cause, "this torch is not built for these GPUs", "install a torch build that lists their compute capability")
	case has(t, "Torch not compiled with CUDA enabled"):
		return all(WrongTorch, cause, "this torch is built without CUDA", "install the CUDA build of torch")
	}
	return none()
}

// hardware knows GPUs that failed.
func hardware(t string) (finding, bool) {
	if _, rest, ok := strings.Cut(t, "Xid (PCI:"); ok {
		_, code, _ := strings.Cut(rest, "): ")
		n, ok := leading(code)
		if !ok {
			return none()
		}
		bus, _, _ := strings.Cut(rest, ")")
		what := "the driver reported Xid " + strconv.Itoa(n) + " of GPU " + quote(bus)
		switch n {
		case 13, 31, 43, 45: // errors of a program, or its end
			return all(GPUFault, wrapper, what, "a kernel of the script failed: "+kernelMend)
		}
		return all(GPULost, cause, what, lostMend)
	}
	switch {
	case has(t, "ncorrectable ECC error"):
		return about(GPULost, cause, "met an uncorrectable memory (ECC) error on its GPU", lostMend)
	case has(t, "GPU is lost", "fallen off the bus"):
		return about(GPULost, cause, "lost its GPU: it does not answer any more", lostMend)
	}
	return none()
}

const kernelMend = "see whether the unchanged record runs; CUDA_LAUNCH_BLOCKING=1 shows the place"

// kernel knows kernels that failed on a GPU.
func kernel(t string) (finding, bool) {
	_, what, ok := strings.Cut(t, "CUDA error: ")
	if !ok {
		return none()
	}
	f, ok := about(GPUFault, wrapper, "met a CUDA error: "+quote(what), "a kernel failed, or the GPU did: "+kernelMend+"; `dmesg` tells of Xid")
	f.rank = number(t, " Rank ", "[Rank ")
	return f, ok
}

// nccl knows what ranks say of other ranks.
func nccl(t string) (finding, bool) {
	f, ok := none()
	switch {
	case has(t, "Watchdog caught collective operation timeout"):
		what := "gave up waiting for the other ranks"
		if ms := number(t, " ran for "); ms >= 0 {
			what = "waited " + strconv.Itoa(ms/1000) + " s in vain for the other ranks"
		}
		if op := word(t, "OpType="); op != "" {
			what += " (NCCL " + op + ")"
		}
		f, ok = about(NCCLTimeout, consequence, what, "one rank hung, or takes another way through the script than the others; "+ncclMend)
	case has(t, "watchdog got stuck"):
		f, ok = about(NCCLTimeout, consequence, "hung: its NCCL watchdog came to a standstill", ncclMend)
	case has(t, "NCCL error"):
		_, rest, _ := strings.Cut(t, "NCCL error")
		if _, why, ok := strings.Cut(rest, ", "); ok {
			rest = why
		}
		rest, _, _ = strings.Cut(rest, " (run with")
		rest, _, _ = strings.Cut(rest, ", NCCL version")
		f, ok = about(NCCLError, consequence, "could not talk to the others: NCCL error: "+quote(strings.Trim(rest, ": ")), ncclMend)
	case has(t, "ncclUnhandledCudaError", "ncclSystemError", "ncclInternalError", "ncclRemoteError", "ncclInvalidUsage"):
		f, ok = about(NCCLError, consequence, "could not talk to the others: "+quote(t), ncclMend)
	case has(t, "DistBackendError: ", "DistNetworkError: ", "DistStoreError: ", "Connection closed by peer", "Connection reset by peer", "Connection was likely closed"):
		_, said, _ := pythonError(t)
		if said == "" {
			said = t
		}
		f, ok = about(NCCLError, consequence, "lost the others: "+quote(said), ncclMend)
	}
	if ok {
		f.rank = number(t, " Rank ", "[Rank ")
	}
	return f, ok
}

// number reads the integer after the first of the marks that has one; -1 where
// none has.
func number(t string, marks ...string) int {
	for _, m := range marks {
		for rest := t; ; {
			var ok bool
			if _, rest, ok = strings.Cut(rest, m); !ok {
				break
			}
			if n, ok := leading(rest); ok && n >= 0 {
				return n
			}
		}
	}
	return -1
}

// size reads an amount of memory, "1.12 GiB", after the first of the marks that
// has one.
func size(t string, marks ...string) string {
	for _, m := range marks {
		for rest := t; ; {
			var ok bool
			if _, rest, ok = strings.Cut(rest, m); !ok {
				break
			}
			n, after, _ := strings.Cut(rest, " ")
			unit := strings.TrimRight(firstWord(after), ".,;)")
			if amount(n, unit) {
				return n + " " + unit
			}
		}
	}
	return ""
}

// sizeBefore reads the amount of memory that stands before a mark.
func sizeBefore(t, mark string) string {
	before, _, ok := strings.Cut(t, mark)
	if !ok {
		return ""
	}
	words := strings.Fields(before)
	if len(words) < 2 {
		return ""
	}
	n, unit := words[len(words)-2], words[len(words)-1]
	if !amount(n, unit) {
		return ""
	}
	return n + " " + unit
}

func amount(n, unit string) bool {
	if n == "" || len(n) > 12 || strings.Trim(n, "0123456789.") != "" {
		return false
	}
	switch unit {
	case "bytes", "KiB", "MiB", "GiB", "TiB":
		return true
	}
	return false
}

// word reads letters, digits and underscores after a mark.
func word(t, mark string) string {
	_, rest, _ := strings.Cut(t, mark)
	n := strings.IndexFunc(rest, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	if n < 0 {
		n = len(rest)
	}
	return quote(rest[:n])
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return w
}

// quoted gives what stands between single quotes.
func quoted(t string) string {
	_, rest, ok := strings.Cut(t, "'")
	if !ok {
		return ""
	}
	s, _, ok := strings.Cut(rest, "'")
	if !ok {
		return ""
	}
	return quote(s)
}
