//go:build linux || darwin

package runner

import (
	"time"

	"golang.org/x/sys/unix"
)

// proc is one process as the system lists it.
type proc struct {
	pid, ppid, pgid int
	state           byte // 'Z' is a zombie
	start           uint64
	cpu             uint64 // ticks, of itself
	childCPU        uint64 // ticks, of children it has waited for
	rss             int64  // bytes
}

// below returns the processes below root in the list, zombies excluded, without
// root itself.
func below(list []proc, root int) []proc {
	children := make(map[int][]int, len(list))
	for i := range list {
		children[list[i].ppid] = append(children[list[i].ppid], i)
	}
	var out []proc
	queue := []int{root}
	seen := map[int]bool{root: true}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, i := range children[at] {
			p := list[i]
			if seen[p.pid] {
				continue
			}
			seen[p.pid] = true
			queue = append(queue, p.pid)
			if p.state != 'Z' {
				out = append(out, p)
			}
		}
	}
	return out
}

// find returns the live process with that pid and start time.
func find(list []proc, pid int, start uint64) (proc, bool) {
	for _, p := range list {
		if p.pid == pid && p.start == start && p.state != 'Z' {
			return p, true
		}
	}
	return proc{}, false
}

func signalAll(list []proc, sig unix.Signal) {
	for _, p := range list {
		_ = unix.Kill(p.pid, sig)
	}
}

// killAll ends what targets lists, which it asks for again and again until
// nothing is left or killPatience is over. Everything is stopped before anything is
// killed: what cannot run cannot fork. It returns how many distinct processes
// it met and how many were left.
func killAll(targets func() []proc) (met, left int) {
	type key struct {
		pid   int
		start uint64
	}
	seen := map[key]bool{}
	deadline := time.Now().Add(killPatience)
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		list := targets()
		for round := 0; round < 10; round++ {
			signalAll(list, unix.SIGSTOP)
			again := targets()
			grown := len(again) > len(list)
			list = again
			if !grown {
				break
			}
		}
		if len(list) == 0 {
			return len(seen), 0
		}
		for _, p := range list {
			seen[key{p.pid, p.start}] = true
		}
		signalAll(list, unix.SIGKILL)
		if time.Now().After(deadline) {
			return len(seen), len(list)
		}
		time.Sleep(wait)
	}
}
