package gpu

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"pitwall/internal/clean"
)

// Trouble says why nvidia-smi did not answer.
type Trouble uint8

// The troubles with nvidia-smi.
const (
	NotInstalled Trouble = iota + 1 // there is no nvidia-smi on PATH
	DriverGone                      // it does not reach the driver
	Mismatch                        // the driver was updated under a running kernel module
	Lost                            // a GPU does not answer any more
	NoDevices                       // it works and sees no GPU
	Hanging                         // it did not answer in time
	Refused                         // it failed in another way
)

// Error is a trouble with nvidia-smi in words.
type Error struct {
	Trouble Trouble
	Found   string // what is wrong, in one line
	Mend    string // what to do about it

	cause error
}

// Error gives what is wrong with the mend.
func (e *Error) Error() string { return e.Found + " (" + e.Mend + ")" }

// Unwrap gives the error of the system behind it, if any.
func (e *Error) Unwrap() error { return e.cause }

func notInstalled(cause error) *Error {
	return &Error{NotInstalled, "nvidia-smi is not installed", "install the NVIDIA driver, or put nvidia-smi on PATH", cause}
}

func noDevices() *Error {
	return &Error{NoDevices, "nvidia-smi finds no GPU", "look for one with `lspci`; inside a container, start it with its GPUs, such as --gpus all", nil}
}

func hanging(cause error) *Error {
	return &Error{Hanging, "nvidia-smi does not answer", "look with `ps` for an nvidia-smi in state D and into `dmesg` for Xid; such a driver needs a restart of the machine", cause}
}

// troubleOf reads what nvidia-smi said where it should have answered, and how it
// ended. It is nil where it ended well and complained of nothing.
func troubleOf(words string, end error) *Error {
	has := func(s string) bool { return strings.Contains(words, s) }
	code := 0
	if exit := new(exec.ExitError); errors.As(end, &exit) {
		code = exit.ExitCode()
	}
	switch {
	case has("version mismatch"):
		return &Error{Mismatch, "the NVIDIA driver was updated, and the kernel still runs the old one", "restart the machine", end}
	case has("GPU is lost"), has("Unable to determine the device handle"), has("fallen off the bus"), code == 15:
		return &Error{Lost, lostGPU(words) + " is lost: it does not answer its driver any more", "look into `dmesg` for Xid, and restart the machine", end}
	case has("Failed to initialize NVML: Unknown Error"):
		return &Error{DriverGone, "nvidia-smi was cut off from the GPUs", "restart the container; outside of one, restart the machine", end}
	case has("Insufficient Permissions"), code == 4:
		return &Error{DriverGone, "this user may not use the GPUs", "look at the permissions of /dev/nvidia*, or ask for access to the GPUs", end}
	case has("communicate with the NVIDIA driver"), has("Failed to initialize NVML"), has("libnvidia-ml"), has("NVML shared library"), code == 9, code == 12:
		return &Error{DriverGone, "nvidia-smi does not reach the NVIDIA driver", "load it with `sudo modprobe nvidia`, or install a driver for the running kernel and restart", end}
	case has("No devices were found"):
		return noDevices()
	case end != nil:
		said := "and did not say why"
		if line := firstLine(words); line != "" {
			said = "and said: " + line
		}
		return &Error{Refused, fmt.Sprintf("nvidia-smi failed (%v) %s", end, said), "run nvidia-smi by hand to see more", end}
	}
	return nil
}

// lostGPU names the GPU of a complaint by its address on the bus, if it tells it.
func lostGPU(words string) string {
	_, rest, ok := strings.Cut(words, "device handle for GPU")
	if !ok {
		return "a GPU"
	}
	rest = strings.TrimLeft(rest, " ")
	n := strings.IndexFunc(rest, func(r rune) bool {
		return !strings.ContainsRune("0123456789abcdefABCDEF:.", r)
	})
	if n < 0 {
		n = len(rest)
	}
	if bus := strings.TrimRight(rest[:n], ":."); bus != "" {
		return "GPU " + clean.Plain(bus, 20)
	}
	return "a GPU"
}

// firstLine gives the first line that says something, for people.
func firstLine(words string) string {
	for line := range strings.Lines(words) {
		if line = clean.Plain(line, 200); line != "" {
			return line
		}
	}
	return ""
}

// refusedField gives the field of a query that this nvidia-smi does not know.
func refusedField(words string) (string, bool) {
	before, _, ok := strings.Cut(words, `" is not a valid field`)
	if !ok {
		return "", false
	}
	i := strings.LastIndexByte(before, '"')
	return before[i+1:], i >= 0
}
