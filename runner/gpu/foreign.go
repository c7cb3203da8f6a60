package gpu

import (
	"context"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Process is a process that computes on GPUs.
type Process struct {
	PID    int
	Name   string  // of its program; "" where it cannot be seen from here, as in another container
	Memory float64 // MiB on all of them; NaN where nvidia-smi does not tell
	GPUs   []int   // indexes, in order; empty where they are not told
}

// Foreign gives the processes that compute on this machine's GPUs and are not
// ours, by process id: they slow a timed run down, and must end first. A nil
// ours means that none is. Inside a container nvidia-smi may not see those of
// others. Errors are as of List.
func Foreign(ctx context.Context, ours func(pid int) bool) ([]Process, error) {
	// The name comes last, for it may hold commas.
	t, err := query(ctx, "--query-compute-apps=", []string{"pid", "gpu_uuid", "used_memory", "process_name"})
	if err != nil {
		return nil, err
	}
	byPID := make(map[int]*Process)
	uuids := make(map[int][]string)
	for _, r := range t.rows {
		pid, err := strconv.Atoi(t.column(r, "pid"))
		if err != nil || pid <= 0 || ours != nil && ours(pid) {
			continue
		}
		p := byPID[pid]
		if p == nil {
			p = &Process{PID: pid, Memory: math.NaN()}
			byPID[pid] = p
		}
		if m := t.number(r, "used_memory"); math.IsNaN(p.Memory) {
			p.Memory = m
		} else if !math.IsNaN(m) {
			p.Memory += m
		}
		if name := t.text(r, "process_name"); name != "" {
			name, _, _ = strings.Cut(name, " ")
			p.Name = path.Base(strings.ReplaceAll(name, `\`, "/"))
		}
		uuids[pid] = append(uuids[pid], t.text(r, "gpu_uuid"))
	}
	if len(byPID) == 0 {
		return nil, nil
	}
	t, err = query(ctx, "--query-gpu=", []string{"index", "uuid"})
	if err != nil {
		return nil, err
	}
	index := make(map[string]int)
	for _, r := range t.rows {
		if n, ok := t.index(r); ok {
			index[t.text(r, "uuid")] = n
		}
	}
	out := make([]Process, 0, len(byPID))
	for pid, p := range byPID {
		for _, u := range uuids[pid] {
			if n, ok := index[u]; ok {
				p.GPUs = append(p.GPUs, n)
			}
		}
		slices.Sort(p.GPUs)
		p.GPUs = slices.Compact(p.GPUs)
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b Process) int { return a.PID - b.PID })
	return out, nil
}

// String names the process for people: "python3 (pid 4242), 71.2 GiB on GPU 0, 1".
func (p Process) String() string {
	s := fmt.Sprintf("%s (pid %d)", p.Name, p.PID)
	if p.Name == "" {
		s = fmt.Sprintf("pid %d, which cannot be seen from here", p.PID)
	}
	if !math.IsNaN(p.Memory) {
		s += fmt.Sprintf(", %.1f GiB", p.Memory/1024)
	}
	for i, n := range p.GPUs {
		if i == 0 {
			s += " on GPU "
		} else {
			s += ", "
		}
		s += strconv.Itoa(n)
	}
	return s
}

// maxNamed is how many processes a sentence holds.
const maxNamed = 3

// Words says in a line who computes on the GPUs, with the mend; it is "" where
// nobody does.
func Words(ps []Process) string {
	if len(ps) == 0 {
		return ""
	}
	var names []string
	for _, p := range ps[:min(len(ps), maxNamed)] {
		names = append(names, p.String())
	}
	s := "others compute on the GPUs: " + strings.Join(names, "; ")
	if more := len(ps) - maxNamed; more > 0 {
		s += fmt.Sprintf("; and %d more", more)
	}
	return s + " (wait until they end, or end them)"
}
