//go:build linux || darwin

package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"pitwall/internal/clean"
)

// Supported says in words why no run can be started here; it is nil.
func Supported() error { return nil }

// Start starts a job as a child of this process and returns once its script runs.
func (l *Local) Start(ctx context.Context, job Job) (Ref, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.runs[job.ID]; r != nil {
		return r.ref, nil
	}
	if err := job.check(); err != nil {
		return "", err
	}
	if l.Shim == nil {
		return "", errors.New("runner.Local has no Shim: set it to a command that calls runner.Shim")
	}
	if job.Confine != "" && job.Confine != NotConfined {
		return "", fmt.Errorf("job %s is to be confined (%s), which this machine cannot do: run it with %s", job.ID, job.Confine, NotConfined)
	}
	lock, ok := job.Hold.(*MachineLock)
	if job.Hold != nil && !ok {
		return "", fmt.Errorf("job %s brings the hold of another machine", job.ID)
	}
	if err := prepare(job); err != nil {
		return "", err
	}
	path, err := program(job)
	if err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("start %s: %w", job.ID, err)
	}
	grace := l.Grace
	if grace == 0 {
		grace = defaultGrace
	}
	r := &run{job: job, lock: lock, grace: grace, col: newCollector(job.Quota, time.Now()), stopped: make(chan struct{})}
	lock.note(job.ID)
	err = r.start(l.Shim, shimSpec{
		ID: job.ID, Dir: job.Dir, Path: path, Argv: job.Argv, Env: environOf(os.Environ(), job), Limit: job.Limit, Grace: grace,
	})
	if err == nil {
		err = r.begin(ctx)
	}
	if err != nil {
		lock.note("")
		return "", fmt.Errorf("start %s: %w", job.ID, err)
	}
	if l.runs == nil {
		l.runs = map[string]*run{}
	}
	l.runs[job.ID] = r
	return r.ref, nil
}

// Follow follows a run that this process started, from where it was left.
func (l *Local) Follow(ctx context.Context, ref Ref, from int64, sink Sink) (Result, error) {
	r, err := l.find(ref)
	if err != nil {
		return Result{Reason: Lost, ExitCode: -1, Err: err.Error(), ForeignLoad: math.NaN()}, err
	}
	if from != r.handed {
		return Result{}, fmt.Errorf("run %s was followed up to %d and cannot be from %d", r.job.ID, r.handed, from)
	}
	res, err := r.follow(ctx, sink)
	if r.over {
		l.mu.Lock()
		delete(l.runs, r.job.ID)
		l.mu.Unlock()
		r.lock.note("")
	}
	return res, err
}

// prepare makes what a job needs around its directory.
func prepare(job Job) error {
	for _, dir := range job.Dirs {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make a directory for the run: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(job.Links)) {
		if err := os.Symlink(job.Links[name], filepath.Join(job.Dir, name)); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("link %s into the run's directory: %w", name, err)
		}
	}
	return nil
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
	lock  *MachineLock // that the guard holds too; nil for a run that is not timed
	grace time.Duration
	col   *collector

	ref    Ref
	id     Identity
	zero   time.Duration // when it started, since col.epoch
	smp    *sampler
	seen   time.Time // when the script was last seen alive
	handed int64     // pieces of output that a sink has got
	over   bool      // nothing of it is left

	stopping sync.Once
	stopped  chan struct{} // closed when it was told to stop

	cmd     *exec.Cmd
	words   *limited // what the guarding process said on standard error
	control *os.File
	status  chan shimStatus // closed when the guarding process is gone
	outputs [2]*os.File
	readers sync.WaitGroup
}

// start brings the guarding process up and hands it the job.
func (r *run) start(shim func(...string) *exec.Cmd, spec shimSpec) (err error) {
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
	if r.lock != nil {
		f := r.lock.file()
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

// begin waits until the script runs. Where it does not, everything has been ended.
func (r *run) begin(ctx context.Context) error {
	failure := ""
	select {
	case <-ctx.Done():
		_ = r.control.Close() // the guard ends what it has started
		for range r.status {
		}
		r.end("")
		return ctx.Err()
	case s, ok := <-r.status:
		switch {
		case !ok:
			failure = guardVanished
		case s.Identity != nil:
			r.id, r.zero, r.seen = *s.Identity, time.Since(r.col.epoch), time.Now()
			r.ref = LocalRef(r.job.ID, r.id)
			r.smp = newSampler(r.id.ShimPID, r.id.PID)
			return nil
		default:
			failure = s.Err
		}
	}
	r.end(failure)
	if said := strings.TrimSpace(r.words.String()); said != "" && !strings.Contains(said, failure) {
		failure += ": " + clean.Plain(said, -1)
	}
	return errors.New(failure)
}

const guardVanished = "the process that guards the run vanished"

// stop tells the guard to end the run.
func (r *run) stop() {
	r.stopping.Do(func() {
		_, _ = io.WriteString(r.control, orderStop+"\n")
		close(r.stopped)
	})
}

// follow carries everything to the sink and waits for the end, or that of ctx.
func (r *run) follow(ctx context.Context, sink Sink) (Result, error) {
	var (
		res     *Result
		failure string
		lastOut time.Time
		overdue <-chan time.Time
		backup  <-chan time.Time
		ready   = (<-chan struct{})(r.col.ready) // nil while a batch would come too soon
		stopped = r.stopped
	)
	pace := time.NewTimer(time.Hour)
	defer pace.Stop()
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	if r.job.Limit > 0 {
		overdue = time.After(r.job.Limit + r.grace + shimPatience)
	}
	flush := func() {
		if lines := r.col.take(r.zero); len(lines) > 0 {
			for i := range lines {
				r.handed++
				lines[i].Next = r.handed
			}
			sink.Lines(lines)
			lastOut = time.Now()
		}
	}
	sink.Started(r.ref)
	flush() // what a follower before this one was woken for, and did not take
	for res == nil && failure == "" {
		select {
		case <-ctx.Done():
			return Result{}, ctx.Err()
		case s, ok := <-r.status:
			switch {
			case !ok:
				failure = guardVanished
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
		case <-tick.C:
			sink.Sample(r.smp.sample(time.Since(r.col.epoch) - r.zero))
			if r.smp.sees(r.id.PID) {
				r.seen = time.Now()
			} else if time.Since(r.seen) > shimPatience {
				failure = "the process that guards the run did not tell its end"
			}
		case <-stopped:
			stopped = nil
			backup = time.After(r.grace + shimPatience)
		case <-backup:
			failure = "the process that guards the run did not stop it"
		case <-overdue:
			failure = "the process that guards the run let its limit pass"
		}
	}
	r.halt(failure)
	swept := 0
	if res == nil {
		swept = sweep(r.job.ID, r.id, r.smp.last)
	}
	read := r.drain()
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
	r.over = true
	if res != nil {
		r.smp.ended(res.CPUUser + res.CPUSys)
	}
	sink.Sample(r.smp.sample(time.Since(r.col.epoch) - r.zero))
	var err error
	if res == nil {
		err = fmt.Errorf("run %s was lost: %s (look into the script: does it end other processes? was memory short?)", r.job.ID, failure)
		res = &Result{Reason: Lost, ExitCode: -1, Err: err.Error(), Wall: time.Since(r.col.epoch) - r.zero, Survivors: swept}
	}
	res.ForeignLoad = r.smp.meanForeign()
	res.LogBytes, res.Dropped = r.col.total, r.col.dropped
	return *res, err
}

// halt waits for the end of the guard, or makes it where it failed.
func (r *run) halt(failure string) {
	_ = r.control.Close()
	if failure != "" {
		_ = r.cmd.Process.Kill()
	}
	_ = r.cmd.Wait()
}

// drain gives a channel that is closed when all output has been read. Every writer is
// gone; if one escaped, its output does not keep us.
func (r *run) drain() <-chan struct{} {
	for _, f := range r.outputs {
		_ = f.SetReadDeadline(time.Now().Add(pipePatience))
	}
	read := make(chan struct{})
	go func() {
		r.readers.Wait()
		close(read)
	}()
	return read
}

// end ends a run that nobody follows.
func (r *run) end(failure string) {
	r.halt(failure)
	read := r.drain()
	for reading := true; reading; {
		select {
		case <-read:
			reading = false
		case <-r.col.ready:
			r.col.take(0)
		}
	}
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

func signalName(s syscall.Signal) string { return unix.SignalName(s) }
