package runner

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"

	"pitwall/internal/environ"
)

// fill adds what macOS tells; Machine is left as the bare id.
func (h *HostInfo) fill(ctx context.Context) {
	h.Kernel, _ = unix.Sysctl("kern.osrelease")
	h.CPU, _ = unix.Sysctl("machdep.cpu.brand_string")
	if n, err := unix.SysctlUint64("hw.memsize"); err == nil {
		h.Memory = int64(n)
	}
	h.Boot = bootID()
	h.Load = loadAverage()
	cmd := exec.CommandContext(ctx, "/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice")
	cmd.Env = environ.Plain(os.Environ())
	out, _ := cmd.Output()
	for line := range strings.Lines(string(out)) {
		if k, v, ok := strings.Cut(line, "="); ok && strings.Contains(k, "IOPlatformUUID") {
			h.Machine = strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
}

// loadAverage reads struct loadavg: three fixed-point numbers and their scale.
func loadAverage() float64 {
	b, err := unix.SysctlRaw("vm.loadavg")
	if err != nil || len(b) < 24 {
		return math.NaN()
	}
	scale := binary.LittleEndian.Uint64(b[16:])
	if scale == 0 {
		return math.NaN()
	}
	return float64(binary.LittleEndian.Uint32(b)) / float64(scale)
}
