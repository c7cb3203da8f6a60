// Package gpu is what pitwall knows of the NVIDIA GPUs of this machine, by
// nvidia-smi, and of what goes wrong when PyTorch trains on several of them.
package gpu

import (
	"context"
	"math"
	"strconv"
	"strings"

	"pitwall/internal/clean"
)

// GPU is a GPU that nvidia-smi lists. What it does not tell is "" or NaN.
type GPU struct {
	Index      int     // as nvidia-smi counts
	UUID       string  // "GPU-…"
	Name       string  // model
	Memory     float64 // MiB
	Driver     string  // version
	PowerLimit float64 // W
	Compute    string  // compute capability, "9.0"
	MIG        bool    // cut into instances, which training over several GPUs cannot use
}

// List gives the GPUs of this machine in the order of their indexes: at least
// one, or an error, which is an *Error unless ctx was cancelled. Where one GPU is
// lost, the error comes beside those that nvidia-smi still lists. It waits until
// the deadline of ctx, at most half a minute, and is not kept longer by an
// nvidia-smi that cannot even be killed.
func List(ctx context.Context) ([]GPU, error) {
	t, err := query(ctx, "--query-gpu=", []string{
		"index", "uuid", "memory.total", "driver_version", "power.limit",
		"compute_cap", "mig.mode.current", "name",
	})
	var gpus []GPU
	for _, r := range t.rows {
		index, ok := t.index(r)
		if !ok {
			continue
		}
		gpus = append(gpus, GPU{
			Index:      index,
			UUID:       t.text(r, "uuid"),
			Name:       t.text(r, "name"),
			Memory:     t.number(r, "memory.total"),
			Driver:     t.text(r, "driver_version"),
			PowerLimit: t.number(r, "power.limit"),
			Compute:    t.text(r, "compute_cap"),
			MIG:        t.text(r, "mig.mode.current") == "Enabled",
		})
	}
	if err == nil && len(gpus) == 0 {
		err = noDevices()
	}
	return gpus, err
}

// Visible gives those of the GPUs that CUDA_VISIBLE_DEVICES names, in its order: all
// where names is "".
func Visible(all []GPU, names string) []GPU {
	if names == "" {
		return all
	}
	var some []GPU
	for name := range strings.SplitSeq(names, ",") {
		name = strings.TrimSpace(name)
		for _, g := range all {
			if name == strconv.Itoa(g.Index) || strings.HasPrefix(name, "GPU-") && strings.HasPrefix(g.UUID, name) {
				some = append(some, g)
			}
		}
	}
	return some
}

// table is what nvidia-smi answered, with the names of its columns.
type table struct {
	fields []string
	rows   []string
}

// column gives one column of a row, which is "" where the row has too few. The
// last column takes what is left, commas too.
func (t table) column(row, field string) string {
	for i, f := range t.fields {
		cell, rest, more := strings.Cut(row, ",")
		if i == len(t.fields)-1 {
			cell = row
		}
		if f == field {
			return strings.TrimSpace(cell)
		}
		if !more {
			break
		}
		row = rest
	}
	return ""
}

// text gives a column for people, and "" where nvidia-smi has no value.
func (t table) text(row, field string) string {
	s := t.column(row, field)
	if unknown(s) {
		return ""
	}
	return clean.Plain(s, 100)
}

// number gives a column's value, a unit after it left out, and NaN where
// nvidia-smi has none.
func (t table) number(row, field string) float64 {
	s, _, _ := strings.Cut(t.column(row, field), " ")
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(v, 0) || v < 0 {
		return math.NaN()
	}
	return v
}

// maxIndex is more than any machine has; what claims more is not a row.
const maxIndex = 1 << 16

// index gives the GPU that a row is of. What is no row but a warning or an error
// has none.
func (t table) index(row string) (int, bool) {
	n, err := strconv.Atoi(t.column(row, "index"))
	return n, err == nil && n >= 0 && n < maxIndex
}

// unknown reports what nvidia-smi writes in place of a value: "[N/A]", "[Not
// Supported]", "[GPU is lost]" and the like.
func unknown(s string) bool {
	return s == "" || s == "N/A" || s == "ERR!" || strings.HasPrefix(s, "[")
}
