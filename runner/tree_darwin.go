package runner

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// listProcs reads every process of the machine. Processor time and memory are
// not told without cgo.
func listProcs() ([]proc, error) {
	infos, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	const zombie = 5
	list := make([]proc, 0, len(infos))
	for _, in := range infos {
		p := proc{
			pid:   int(in.Proc.P_pid),
			ppid:  int(in.Eproc.Ppid),
			pgid:  int(in.Eproc.Pgid),
			start: uint64(in.Proc.P_starttime.Sec)*1e6 + uint64(in.Proc.P_starttime.Usec),
		}
		if in.Proc.P_stat == zombie {
			p.state = 'Z'
		}
		list = append(list, p)
	}
	return list, nil
}

// marked finds nothing: the environment of others is not readable here.
func marked(string) []proc { return nil }

// treeOf lists what runs below a guarding process, and the script's process
// group: an orphan leaves the tree, but stays in its group.
func treeOf(list []proc, shim, group int) []proc {
	out := below(list, shim)
	in := make(map[int]bool, len(out))
	for _, p := range out {
		in[p.pid] = true
	}
	for _, p := range list {
		if group > 1 && p.pgid == group && p.state != 'Z' && !in[p.pid] {
			out = append(out, p)
		}
	}
	return out
}

func bootID() string {
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return id
}

// becomeSubreaper has no counterpart here.
func becomeSubreaper() error { return nil }
