package runner

import (
	"context"
	"os"
	"strings"
)

// fill adds what Linux tells; Machine is left as the bare id.
func (h *HostInfo) fill(context.Context) {
	h.Kernel = firstLine("/proc/sys/kernel/osrelease")
	h.Boot = bootID()
	if h.Machine = firstLine("/etc/machine-id"); h.Machine == "" {
		h.Machine = firstLine("/var/lib/dbus/machine-id")
	}
	h.Load = loadAverage(make([]byte, 128))
	cpu := fields("/proc/cpuinfo")
	for _, key := range []string{"model name", "Model", "Hardware", "cpu model"} {
		if h.CPU = cpu[key]; h.CPU != "" {
			break
		}
	}
	h.Memory = number([]byte(fields("/proc/meminfo")["MemTotal"])) << 10
}

func firstLine(path string) string {
	b, _ := os.ReadFile(path)
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSpace(line)
}

// fields reads "key : value" lines; of equal keys the first counts.
func fields(path string) map[string]string {
	b, _ := os.ReadFile(path)
	out := map[string]string{}
	for line := range strings.Lines(string(b)) {
		k, v, _ := strings.Cut(line, ":")
		if k = strings.TrimSpace(k); out[k] == "" {
			out[k] = strings.TrimSpace(v)
		}
	}
	return out
}
