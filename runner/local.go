package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"pitwall/runner/gpu"
)

// NameLocal is the name of the machine that pitwall itself runs on.
const NameLocal = "local"

// Local is this machine. Its runs are children of this process: they end with it,
// and no other can follow them. Each run has three goroutines, two that read its
// output and one that reads what its guard tells; they end with the run. Its fields
// are set before the first call.
type Local struct {
	// Shim makes the command that runs this program's hidden `_run` with the
	// given further arguments. Its environment and descriptors are set by Run.
	Shim func(args ...string) *exec.Cmd
	// LockPath is the machine-wide lock of timed runs; "" means DefaultLockPath.
	LockPath string
	// Root is the directory under which everything of ours lies, absolute: PITWALL_HOME.
	Root string
	// Env gives variables of the environment; nil means os.Getenv.
	Env func(string) string
	// Grace is how long a stopped script may take to end after TERM; 0 means 2 s.
	Grace time.Duration

	mu   sync.Mutex
	runs map[string]*run // those that nobody has followed to their end, by job
}

var _ Machine = (*Local)(nil)

// Name is NameLocal.
func (l *Local) Name() string { return NameLocal }

// Supported is the function Supported.
func (l *Local) Supported() error { return Supported() }

// Describe describes this machine. It never fails.
func (l *Local) Describe(ctx context.Context) (HostInfo, error) { return Host(ctx), nil }

// Interpreter is FindPython.
func (l *Local) Interpreter(ctx context.Context) (Python, error) { return FindPython(ctx, l.Getenv) }

// Getenv gives a variable of this process's environment.
func (l *Local) Getenv(name string) string {
	if l.Env != nil {
		return l.Env(name)
	}
	return os.Getenv(name)
}

// Scratch gives a directory under Root.
func (l *Local) Scratch(name string) string { return filepath.Join(l.Root, filepath.FromSlash(name)) }

// Put makes a directory hold exactly files.
func (l *Local) Put(_ context.Context, path string, files map[string]string) error {
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("clear run directory: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("make run directory: %w", err)
	}
	root, err := os.OpenRoot(path) // so that no name leads out of it
	if err != nil {
		return fmt.Errorf("open run directory: %w", err)
	}
	defer root.Close()
	for name, text := range files {
		name = filepath.FromSlash(name)
		if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return fmt.Errorf("make the folder of %s: %w", name, err)
		}
		if err := root.WriteFile(name, []byte(text), 0o600); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// Get reads a file of this machine.
func (l *Local) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	tree := l.Tree(ctx)
	name := inTree(path)
	info, err := fs.Lstat(tree, name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", path, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("read %s: %w", path, ErrNotRegular)
	case info.Size() > limit:
		return nil, fmt.Errorf("read %s: %w: %d bytes", path, ErrTooLarge, info.Size())
	}
	f, err := tree.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", path, err)
	case int64(len(b)) > limit:
		return nil, fmt.Errorf("read %s: %w", path, ErrTooLarge)
	}
	return b, nil
}

// inTree is a path's name in Files.Tree.
func inTree(path string) string { return strings.TrimPrefix(path, "/") }

// Tree is this machine's file system.
func (l *Local) Tree(context.Context) fs.FS { return os.DirFS("/") }

// Remove removes directories.
func (l *Local) Remove(_ context.Context, paths ...string) error {
	var errs []error
	for _, path := range paths {
		errs = append(errs, os.RemoveAll(path))
	}
	return errors.Join(errs...)
}

// headSize is how much of a program is looked at.
const headSize = 256

// Program looks a program up on this process's PATH.
func (l *Local) Program(_ context.Context, name string) (Program, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return Program{}, fmt.Errorf("%s is not here", name)
	}
	p := Program{Path: path}
	f, err := os.Open(path)
	if err != nil {
		return p, nil // a program that can be started and not read
	}
	defer f.Close()
	head, _ := io.ReadAll(io.LimitReader(f, headSize)) // what cannot be read says nothing
	p.Head = string(head)
	return p, nil
}

// ListGPUs is gpu.List.
func (l *Local) ListGPUs(ctx context.Context) ([]gpu.GPU, error) { return gpu.List(ctx) }

// ForeignOnGPUs is gpu.Foreign.
func (l *Local) ForeignOnGPUs(ctx context.Context) ([]gpu.Process, error) {
	return gpu.Foreign(ctx, nil)
}

// FollowGPUs is gpu.Follow.
func (l *Local) FollowGPUs(ctx context.Context, visible []string, sink func([]gpu.Device)) error {
	return gpu.Follow(ctx, visible, sink)
}

// Bounds of an answer, in bytes.
const (
	maxAnswer = 16 << 20
	maxWords  = 16 << 10
)

// Ask runs a program with the environment that scripts get. It is ended with ctx.
func (l *Local) Ask(ctx context.Context, q Question) (Answer, error) {
	if len(q.Argv) == 0 {
		return Answer{}, errors.New("ask a machine: no program is named")
	}
	cmd := exec.CommandContext(ctx, q.Argv[0], q.Argv[1:]...)
	cmd.Env = Environ(os.Environ(), "", nil)
	cmd.Stdin = bytes.NewReader(q.Input)
	cmd.WaitDelay = time.Second
	out, words := &tail{room: maxAnswer}, &tail{room: maxWords}
	cmd.Stdout, cmd.Stderr = out, words
	err := cmd.Run()
	a := Answer{Out: out.bytes, Words: strings.TrimSpace(string(words.bytes))}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return a, fmt.Errorf("ask %s: %w", q.Argv[0], ctx.Err())
	case errors.As(err, &exit):
		a.Exit = exit.ExitCode()
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			a.Signal = signalName(status.Signal())
		}
	case err != nil:
		return a, fmt.Errorf("ask %s: %w", q.Argv[0], err)
	case out.lost:
		return a, fmt.Errorf("ask %s: it printed more than %d MiB", q.Argv[0], maxAnswer>>20)
	}
	return a, nil
}

// tail keeps the end of what is written to it.
type tail struct {
	room  int
	bytes []byte
	lost  bool // something is missing from the front
}

func (t *tail) Write(p []byte) (int, error) {
	t.bytes = append(t.bytes, p...)
	if over := len(t.bytes) - t.room; over > 0 {
		t.lost, t.bytes = true, append(t.bytes[:0], t.bytes[over:]...)
	}
	return len(p), nil
}

// Acquire waits for the machine-wide lock of timed runs.
func (l *Local) Acquire(ctx context.Context, label string, onWait func(string)) (Hold, error) {
	lock, err := Acquire(ctx, l.LockPath, label, func(h Holder) {
		if onWait != nil {
			onWait(h.String())
		}
	})
	if err != nil {
		return nil, err
	}
	return lock, nil
}

// LocalRef is what Local calls a run by: that of a job, and the processes by which it
// is known.
func LocalRef(job string, id Identity) Ref {
	b, err := json.Marshal(localRef{job, id})
	if err != nil {
		panic("runner: " + err.Error()) // texts and numbers
	}
	return Ref(b)
}

type localRef struct {
	Job string `json:"job"`
	Identity
}

// identity reads a reference.
func (r Ref) identity() (localRef, error) {
	var v localRef
	if err := json.Unmarshal([]byte(r), &v); err != nil || v.Job == "" {
		return v, fmt.Errorf("%q names no run of this machine", string(r))
	}
	return v, nil
}

// find gives a run that this process started.
func (l *Local) find(ref Ref) (*run, error) {
	id, err := ref.identity()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.runs[id.Job]
	if r == nil {
		return nil, fmt.Errorf("run %s is not under way in this process", id.Job)
	}
	return r, nil
}

// Stop has a run of this process ended.
func (l *Local) Stop(_ context.Context, ref Ref) error {
	if r, err := l.find(ref); err == nil {
		r.stop()
	}
	return nil // it is over
}

// TakeUp ends what an engine that died has left of a run: its guard does that by
// itself, and Reap where it did not.
func (l *Local) TakeUp(ctx context.Context, ref Ref) (Hold, bool, error) {
	id, err := ref.identity()
	if err != nil {
		return nil, false, err
	}
	_, err = Reap(ctx, id.Job, id.Identity)
	return nil, false, err
}

// Self makes a command that starts this very program. On Linux it does so even
// after the program's file was moved or deleted (as under `go run`), and after
// Harden.
func Self(args ...string) *exec.Cmd {
	path, err := os.Executable()
	if runtime.GOOS == "linux" || err != nil {
		path = "/proc/self/exe"
	}
	cmd := exec.Command(path, args...)
	cmd.Args[0] = os.Args[0]
	return cmd
}

const (
	defaultGrace = 2 * time.Second
	batchEvery   = 50 * time.Millisecond // lines go to the sink at most this late and this often
	sampleEvery  = time.Second
	readSize     = 128 << 10
	// leaveTime is what children get to leave by themselves after the script:
	// helpers of a multiprocessing pool notice its end a little later.
	leaveTime = time.Second
	// killPatience is how long processes are swept that a kill does not end.
	killPatience = 10 * time.Second
	// shimPatience is what a guarding process gets beyond grace and sweeps
	// before it counts as lost.
	shimPatience = 2*killPatience + 5*time.Second
	// pipePatience is how long output is read on after everything has ended.
	pipePatience = time.Second
)
