//go:build linux || darwin

package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"pitwall/internal/clean"
)

// Supported says in words why no run can be started here; it is nil.
func Supported() error { return nil }

// Run executes a job and follows it until nothing of it is left. Cancelling ctx
// stops it: the whole tree gets TERM, and KILL after a grace. The error is nil
// when the script ran, however it ended; the reason is in the result. It is not
// nil when nothing ran, or when the end of the script was not seen (Lost).
func (l *Local) Run(ctx context.Context, job Job, sink Sink) (Result, error) {
	failed := func(why Reason, err error) (Result, error) {
		return Result{Reason: why, ExitCode: -1, Err: err.Error(), ForeignLoad: math.NaN()}, err
	}
	if err := job.check(); err != nil {
		return failed(StartFailed, err)
	}
	if l.Shim == nil {
		return failed(StartFailed, errors.New("runner.Local has no Shim: set it to a command that calls runner.Shim"))
	}
	env := Environ(os.Environ(), job.ID, job.Env)
	path, err := program(job)
	if err != nil {
		return failed(StartFailed, err)
	}
	lock := job.Lock
	if lock == nil && job.Timed {
		label := job.Label
		if label == "" {
			label = job.ID
		}
		if lock, err = Acquire(ctx, l.LockPath, label, sink.Waiting); err != nil {
			if ctx.Err() != nil {
				return failed(Stopped, err)
			}
			return failed(StartFailed, err)
		}
		defer lock.Release()
	}
	if err := ctx.Err(); err != nil {
		return failed(Stopped, fmt.Errorf("start %s: %w", job.ID, err))
	}
	grace := l.Grace
	if grace == 0 {
		grace = defaultGrace
	}
	r := &run{sink: sink, job: job, grace: grace, col: newCollector(job.Quota, time.Now())}
	if lock != nil {
		lock.note(job.ID)
		defer lock.note("")
	}
	if err := r.start(l.Shim, lock, shimSpec{
		ID: job.ID, Dir: job.Dir, Path: path, Argv: job.Argv, Env: env, Limit: job.Limit, Grace: grace,
	}); err != nil {
		return failed(StartFailed, fmt.Errorf("start %s: %w", job.ID, err))
	}
	return r.follow(ctx)
}

// program finds what a job starts, and says early and in words what is missing.
func program(job Job) (string, error) {
	if !filepath.IsAbs(job.Dir) {
		return "", fmt.Errorf("job %s runs in %q, which is not an absolute path", job.ID, job.Dir)
	}
	if st, err := os.Stat(job.Dir); err != nil {
		return "", fmt.Errorf("job %s cannot run in its directory: %w (was it moved or deleted?)", job.ID, err)
	} else if !st.IsDir() {
		return "", fmt.Errorf("job %s cannot run in %s: not a directory", job.ID, job.Dir)
	}
	path := job.Argv[0]
	if strings.Contains(path, "/") && !filepath.IsAbs(path) {
		path = filepath.Join(job.Dir, path)
	}
	path, err := exec.LookPath(path)
	if err != nil {
		return "", fmt.Errorf("job %s cannot start its program: %w (install it, or set PITWALL_PYTHON)", job.ID, err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", fmt.Errorf("job %s cannot start its program: %w", job.ID, err)
	}
	return path, nil
}

// run is one run in progress, as the engine sees it.
type run struct {
	job   Job
	sink  Sink
	grace time.Duration
	col   *collector

	cmd     *exec.Cmd
	words   *limited // what the guarding process said on standard error
	control *os.File
	status  chan shimStatus // closed when the guarding process is gone
	outputs [2]*os.File
	readers sync.WaitGroup
}

// start brings the guarding process up and hands it the job.
func (r *run) start(shim func(...string) *exec.Cmd, lock *MachineLock, spec shimSpec) (err error) {
	var ours, theirs []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
		if err != nil {
			for _, f := range ours {
				f.Close()
			}
		}
	}()
	pipe := func() (r, w *os.File) {
		if err == nil {
			r, w, err = os.Pipe()
		}
		return r, w
	}
	controlR, control := pipe()
	status, statusW := pipe()
	out, outW := pipe()
	errs, errW := pipe()
	if err != nil {
		return fmt.Errorf("%w (too many open files? raise `ulimit -n`)", err)
	}
	ours = []*os.File{control, status, out, errs}
	theirs = []*os.File{controlR, statusW, outW, errW}
	growPipe(outW)
	growPipe(errW)

	r.cmd = shim()
	r.words = &limited{}
	r.cmd.Stdin, r.cmd.Stdout, r.cmd.Stderr = nil, nil, r.words
	r.cmd.ExtraFiles = []*os.File{controlR, statusW, outW, errW}
	if lock != nil {
		f := lock.file()
		if f == nil {
			return errors.New("the machine lock was released before the run")
		}
		r.cmd.ExtraFiles = append(r.cmd.ExtraFiles, f)
	}
	// It needs nothing of the environment, and what it does not have the script
	// cannot take from it.
	r.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "GOMAXPROCS=2", "GOTRACEBACK=single"}
	r.cmd.Dir = "/"
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	r.cmd.WaitDelay = time.Second
	if err = r.cmd.Start(); err != nil {
		return fmt.Errorf("%w (the program may have been moved while it ran: start it again)", err)
	}
	line, err := json.Marshal(spec)
	if err == nil {
		_, err = control.Write(append(line, '\n'))
	}
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		control.Close()
		_ = r.cmd.Wait()
		return err
	}
	err = nil
	r.control = control
	r.outputs = [2]*os.File{out, errs}
	for i, f := range r.outputs {
		r.readers.Go(func() { r.read(i, f) })
	}
	r.status = make(chan shimStatus, 2)
	go func() {
		dec := json.NewDecoder(status)
		for {
			var s shimStatus
			if dec.Decode(&s) != nil {
				break
			}
			r.status <- s
		}
		status.Close()
		close(r.status)
	}()
	return nil
}

// read follows one stream until its last writer is gone.
func (r *run) read(stream int, f *os.File) {
	defer f.Close()
	buf := make([]byte, readSize)
	for {
		n, err := f.Read(buf)
		if n > 0 {
			r.col.feed(stream, buf[:n], time.Now())
		}
		if err != nil {
			return
		}
	}
}

// follow carries everything to the sink and waits for the end.
func (r *run) follow(ctx context.Context) (Result, error) {
	defer r.control.Close()
	var (
		id      *Identity
		res     *Result
		failure string
		zero    time.Duration
		smp     *sampler
		ready   <-chan struct{} // nil until started and while a batch would come too soon
		lastOut time.Time
		overdue <-chan time.Time
		tick    *time.Ticker
		ticks   <-chan time.Time
		stop    = ctx.Done()
		backup  <-chan time.Time
		seen    time.Time // when the script was last seen alive
	)
	pace := time.NewTimer(time.Hour)
	defer pace.Stop()
	if r.job.Limit > 0 {
		overdue = time.After(r.job.Limit + r.grace + shimPatience)
	}
	flush := func() {
		if lines := r.col.take(zero); len(lines) > 0 {
			r.sink.Lines(lines)
			lastOut = time.Now()
		}
	}
	for res == nil && failure == "" {
		select {
		case s, ok := <-r.status:
			switch {
			case !ok:
				failure = "the process that guards the run vanished"
			case s.Identity != nil:
				id, zero = s.Identity, time.Since(r.col.epoch)
				r.sink.Started(*id)
				smp = newSampler(id.ShimPID, id.PID)
				tick = time.NewTicker(sampleEvery)
				defer tick.Stop()
				ticks, ready, seen = tick.C, r.col.ready, time.Now()
			case s.Result != nil:
				res = s.Result
			default:
				failure = s.Err
			}
		case <-ready:
			if wait := batchEvery - time.Since(lastOut); wait > 0 {
				ready = nil
				pace.Reset(wait)
			} else {
				flush()
				if r.col.waitsForLF() {
					pace.Reset(batchEvery)
				}
			}
		case <-pace.C:
			r.col.flushCR()
			flush()
			ready = r.col.ready
		case <-ticks:
			r.sink.Sample(smp.sample(time.Since(r.col.epoch) - zero))
			if smp.sees(id.PID) {
				seen = time.Now()
			} else if time.Since(seen) > shimPatience {
				failure = "the process that guards the run did not tell its end"
			}
		case <-stop:
			stop = nil
			_, _ = io.WriteString(r.control, orderStop+"\n")
			backup = time.After(r.grace + shimPatience)
		case <-backup:
			failure = "the process that guards the run did not stop it"
		case <-overdue:
			failure = "the process that guards the run let its limit pass"
		}
	}
	r.control.Close()
	if failure != "" {
		_ = r.cmd.Process.Kill()
	}
	_ = r.cmd.Wait()
	swept := 0
	if res == nil && id != nil {
		swept = sweep(r.job.ID, *id, smp.last)
	}
	// Every writer is gone now; if one escaped, its output does not keep us.
	for _, f := range r.outputs {
		_ = f.SetReadDeadline(time.Now().Add(pipePatience))
	}
	read := make(chan struct{})
	go func() {
		r.readers.Wait()
		close(read)
	}()
	flush() // its wake-up may have been taken already
	for reading := true; reading; {
		select {
		case <-read:
			reading = false
		case <-r.col.ready: // a reader may be waiting for room
			flush()
		}
	}
	r.col.finish()
	flush()
	if id == nil {
		if said := strings.TrimSpace(r.words.String()); said != "" && res == nil && !strings.Contains(said, failure) {
			failure += ": " + clean.Plain(said, -1)
		}
		err := fmt.Errorf("start %s: %s", r.job.ID, failure)
		return Result{Reason: StartFailed, ExitCode: -1, Err: err.Error(), ForeignLoad: math.NaN()}, err
	}
	if res != nil {
		smp.ended(res.CPUUser + res.CPUSys)
	}
	r.sink.Sample(smp.sample(time.Since(r.col.epoch) - zero))
	var err error
	if res == nil {
		err = fmt.Errorf("run %s was lost: %s (look into the script: does it end other processes? was memory short?)", r.job.ID, failure)
		res = &Result{Reason: Lost, ExitCode: -1, Err: err.Error(), Wall: time.Since(r.col.epoch) - zero, Survivors: swept}
	}
	res.ForeignLoad = smp.meanForeign()
	res.LogBytes, res.Dropped = r.col.total, r.col.dropped
	return *res, err
}

// sweep ends what a vanished guard has left: what was last seen in its tree, and
// what carries the run's mark.
func sweep(jobID string, id Identity, last []proc) int {
	n, _ := killAll(func() []proc {
		list, _ := listProcs()
		var out []proc
		if p, ok := find(list, id.PID, id.Ticks); ok {
			out = append(append(out, p), treeOf(list, p.pid, p.pid)...)
		}
		for _, old := range last {
			if p, ok := find(list, old.pid, old.start); ok && old.pid != id.PID {
				out = append(append(out, p), below(list, p.pid)...)
			}
		}
		return append(out, marked(jobID)...)
	})
	return n
}

// Reap ends what an engine that died has left of a run, guard and script and
// all, and returns how many processes that were. It first gives the guard until
// ctx ends, at most a few seconds, to do so itself. A run of an earlier boot
// leaves nothing. Processes are recognized by start time or by their mark, never
// by number alone.
func Reap(ctx context.Context, jobID string, id Identity) (int, error) {
	if jobID == "" {
		return 0, errors.New("reap: no job id")
	}
	if id.Boot != "" && id.Boot != bootID() {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var tree []proc
	for waiting := id.ShimPID > 0; waiting; {
		list, err := listProcs()
		if err != nil {
			return 0, fmt.Errorf("reap %s: %w", jobID, err)
		}
		shim, ok := find(list, id.ShimPID, id.ShimTicks)
		if !ok {
			break
		}
		tree = append([]proc{shim}, treeOf(list, shim.pid, id.PID)...)
		select {
		case <-ctx.Done():
			waiting = false
		case <-tick.C:
		}
	}
	n := sweep(jobID, id, tree)
	if left := len(marked(jobID)); left > 0 {
		return n, fmt.Errorf("reap %s: %d processes do not end (look for them with `ps`, or restart the machine)", jobID, left)
	}
	return n, nil
}

// limited keeps the first few KiB of what is written to it.
type limited struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *limited) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if room := 4<<10 - l.buf.Len(); room > 0 {
		l.buf.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (l *limited) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
