package runner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"runtime"
	"strings"
)

// HostInfo is the machine that runs train on, and what moves their times. What
// the system does not tell is "" or 0, the load NaN.
type HostInfo struct {
	OS      string  `json:"os"`      // as of runtime.GOOS
	Arch    string  `json:"arch"`    // as of runtime.GOARCH
	Kernel  string  `json:"kernel"`  // release of the kernel
	Name    string  `json:"name"`    // host name
	CPU     string  `json:"cpu"`     // model
	Cores   int     `json:"cores"`   // logical processors that this process may use
	Memory  int64   `json:"memory"`  // bytes
	Machine string  `json:"machine"` // a hash that stays the same on one machine
	Boot    string  `json:"boot"`    // this boot
	Load    float64 `json:"load"`    // average over one minute
}

// MarshalJSON writes NaN as null.
func (h HostInfo) MarshalJSON() ([]byte, error) {
	type plain HostInfo
	return json.Marshal(struct {
		plain
		Load *float64 `json:"load"`
	}{plain(h), known(h.Load)})
}

// Host describes this machine.
func Host(ctx context.Context) HostInfo {
	h := HostInfo{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU()}
	h.Name, _ = os.Hostname()
	h.fill(ctx)
	id := h.Machine
	if id == "" {
		id = h.Name + "\n" + h.CPU
	}
	// Hashed with our name, so that the machine's id itself is not given away.
	sum := sha256.Sum256([]byte("pitwall\n" + strings.TrimSpace(id)))
	h.Machine = hex.EncodeToString(sum[:8])
	return h
}
