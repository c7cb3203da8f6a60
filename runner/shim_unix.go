//go:build linux || darwin

package runner

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Descriptors that a guarding process is started with.
const (
	fdControl = 3 + iota // spec as a line of JSON, then orders; its end means that the engine is gone
	fdStatus             // shimStatus, a line of JSON each
	fdOut                // the script's standard output
	fdErr                // the script's standard error
	fdLock               // the machine lock, held by being open; may be missing
)

const orderStop = "stop"

type shimSpec struct {
	ID    string        `json:"id"`
	Dir   string        `json:"dir"`
	Path  string        `json:"path"`
	Argv  []string      `json:"argv"`
	Env   []string      `json:"env"`
	Limit time.Duration `json:"limit"`
	Grace time.Duration `json:"grace"`
}

// shimStatus is one report: first Identity or Err, at the end Result.
type shimStatus struct {
	Identity *Identity `json:"identity,omitempty"`
	Err      string    `json:"err,omitempty"`
	Result   *Result   `json:"result,omitempty"`
}

// Shim is the body of the hidden command `pitwall _run`, which Local starts: it
// runs one script and lets nothing outlive it. It returns the exit status of
// the process, which must end with it.
func Shim([]string) int {
	// PDEATHSIG fires when the thread that started the script ends, so this
	// goroutine keeps its thread.
	runtime.LockOSThread()
	for fd := fdControl; fd <= fdLock; fd++ {
		unix.CloseOnExec(fd)
	}
	status := json.NewEncoder(os.NewFile(fdStatus, "status"))
	if err := guard(status); err != nil {
		_ = status.Encode(shimStatus{Err: err.Error()})
		fmt.Fprintln(os.Stderr, "pitwall _run:", err)
		return 1
	}
	return 0
}

// ending is how the script itself ended.
type ending struct {
	status syscall.WaitStatus
	at     time.Time
}

// usage adds up what ended children used.
type usage struct {
	user, sys time.Duration
	maxRSS    int64
}

func (u *usage) add(r *syscall.Rusage) {
	u.user += time.Duration(r.Utime.Nano())
	u.sys += time.Duration(r.Stime.Nano())
	u.maxRSS = max(u.maxRSS, rssBytes(r))
}

func rssBytes(r *syscall.Rusage) int64 {
	if runtime.GOOS == "linux" {
		return r.Maxrss << 10
	}
	return r.Maxrss
}

func guard(status *json.Encoder) error {
	control := os.NewFile(fdControl, "control")
	if control == nil {
		return errors.New("started by hand; it is for pitwall's own use")
	}
	in := bufio.NewReader(control)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return errors.New("the engine said nothing; `_run` is for pitwall's own use")
	}
	var spec shimSpec
	if err := json.Unmarshal(line, &spec); err != nil {
		return fmt.Errorf("read job: %w", err)
	}
	if err := becomeSubreaper(); err != nil {
		return fmt.Errorf("guard descendants: %w", err)
	}
	_ = Harden() // so that the script cannot attach to its guard
	stops := make(chan os.Signal, 1)
	signal.Notify(stops, syscall.SIGTERM, syscall.SIGINT)
	// Caught and forgotten; ignored, they would be ignored in the script too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGPIPE)

	null, err := os.Open(os.DevNull)
	if err != nil {
		return fmt.Errorf("open standard input: %w", err)
	}
	start := time.Now()
	pid, err := syscall.ForkExec(spec.Path, spec.Argv, &syscall.ProcAttr{
		Dir:   spec.Dir,
		Env:   spec.Env,
		Files: []uintptr{null.Fd(), fdOut, fdErr},
		Sys:   scriptAttr(),
	})
	if err != nil {
		return fmt.Errorf("start %s in %s: %w", spec.Path, spec.Dir, err)
	}
	unix.Close(fdOut)
	unix.Close(fdErr)
	_ = status.Encode(shimStatus{Identity: identify(pid, spec.Path, start)})

	// From here on, every child that ends is waited for, adopted ones too. When
	// there is none left, nothing of the run is left.
	ended := make(chan ending, 1)
	empty := make(chan usage, 1)
	go func() {
		var total usage
		for {
			var ws syscall.WaitStatus
			var ru syscall.Rusage
			got, err := syscall.Wait4(-1, &ws, 0, &ru)
			switch {
			case errors.Is(err, syscall.EINTR):
			case err != nil:
				empty <- total
				return
			default:
				total.add(&ru)
				if got == pid {
					ended <- ending{ws, time.Now()}
				}
			}
		}
	}()
	orders := make(chan bool, 4) // true: the engine is gone
	go func() {
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				orders <- true
				return
			}
			if line == orderStop+"\n" {
				orders <- false
			}
		}
	}()

	targets := func() []proc {
		list, _ := listProcs()
		return treeOf(list, os.Getpid(), pid)
	}
	res := Result{Reason: Exited}
	var limit, kill <-chan time.Time
	if spec.Limit > 0 {
		limit = time.After(spec.Limit)
	}
	end := func(why Reason, grace time.Duration) {
		if res.Reason == Exited {
			res.Reason = why
		}
		limit = nil
		if grace > 0 {
			list := targets()
			signalAll(list, unix.SIGTERM)
			signalAll(list, unix.SIGCONT)
		}
		kill = time.After(grace)
	}
	var script ending
	for running := true; running; {
		select {
		case script = <-ended:
			running = false
		case gone := <-orders:
			grace := spec.Grace
			if gone {
				grace = 0
			}
			end(Stopped, grace)
		case <-stops:
			end(Stopped, spec.Grace)
		case <-limit:
			end(Limit, spec.Grace)
		case <-kill:
			_, _ = killAll(targets)
			kill = time.After(time.Second)
		}
	}
	res.Wall = script.at.Sub(start)
	res.ExitCode, res.Signal = script.status.ExitStatus(), ""
	if script.status.Signaled() {
		res.ExitCode, res.Signal = -1, unix.SignalName(script.status.Signal())
	}

	// What is left gets a moment, or the rest of its grace, and is then ended.
	if kill == nil {
		kill = time.After(leaveTime)
	}
	var used usage
	for left := true; left; {
		select {
		case used = <-empty:
			left = false
		case gone := <-orders:
			if gone {
				kill = time.After(0)
			}
		case <-kill:
			res.Survivors, res.Left = killAll(targets)
			select {
			case used = <-empty:
			case <-time.After(time.Second):
			}
			left = false
		}
	}
	// The second line: what left the tree but still carries the mark.
	met, stuck := killAll(func() []proc { return marked(spec.ID) })
	res.Survivors += met
	res.Left += stuck
	res.CPUUser, res.CPUSys, res.MaxRSS = used.user, used.sys, used.maxRSS
	_ = status.Encode(shimStatus{Result: &res})
	return nil
}

// identify names the script's process and our own.
func identify(pid int, path string, start time.Time) *Identity {
	id := &Identity{Boot: bootID(), PID: pid, ShimPID: os.Getpid(), Program: path, Start: start.Round(0)}
	list, _ := listProcs()
	for _, p := range list {
		switch p.pid {
		case id.PID:
			id.Ticks = p.start
		case id.ShimPID:
			id.ShimTicks = p.start
		}
	}
	return id
}
