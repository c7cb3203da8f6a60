package runner

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"pitwall/runner/gpu"
)

// A Machine is where scripts train: this one, or one at the end of a line. Whoever
// drives an attempt holds one and asks nothing else of a host, so a machine of
// another kind is an implementation of this and no more.
//
// Every path is one of the machine's own file system. Durations that a run is told
// with are by the machine's own clock. A method that could not ask the machine
// returns a *TransportError: that says nothing of the script.
type Machine interface {
	// Name is what people call it by, and what an attempt keeps.
	Name() string
	// Supported says in words why no run can be started there; nil where one can.
	Supported() error
	// Describe says what machine it is, and what of it moves times.
	Describe(ctx context.Context) (HostInfo, error)
	// Interpreter finds the Python that scripts and our own programs run with. Its
	// error tells what was tried, and the mend.
	Interpreter(ctx context.Context) (Python, error)
	// Getenv gives a variable of the environment that scripts there start from.
	Getenv(name string) string

	Files
	GPUs
	Runs

	// Ask runs a program of ours there to its end, beside any timed run: it is meant
	// for questions of a moment.
	Ask(ctx context.Context, q Question) (Answer, error)
	// Acquire waits until nobody else times a run there. While somebody does, onWait
	// (which may be nil) is told who, or why it is waited, at once and when that
	// changes. The caller must release the hold.
	Acquire(ctx context.Context, label string, onWait func(why string)) (Hold, error)
}

// Files are the files of a machine.
type Files interface {
	// Scratch gives the path of a directory of ours, by its slash-separated name. It
	// need not exist.
	Scratch(name string) string
	// Put makes the directory at path hold exactly these files, by slash-separated
	// relative path.
	Put(ctx context.Context, path string, files map[string]string) error
	// Get reads a regular file of at most limit bytes; others are ErrTooLarge and
	// ErrNotRegular, and one that is not there fs.ErrNotExist.
	Get(ctx context.Context, path string, limit int64) ([]byte, error)
	// Tree reads the machine's file system from its root: a path there without its
	// leading slash.
	Tree(ctx context.Context) fs.FS
	// Remove removes directories with all that is in them; one that is not there is
	// no error.
	Remove(ctx context.Context, paths ...string) error
	// Program finds a program by its path, or its name on the machine's PATH.
	Program(ctx context.Context, name string) (Program, error)
}

// ErrTooLarge is the error of Files.Get for a file that is larger than its limit.
var ErrTooLarge = errors.New("the file is larger than is read")

// ErrNotRegular is the error of Files.Get for what is no regular file: a link, a
// directory or a device.
var ErrNotRegular = errors.New("it is no regular file")

// Program is a program of a machine.
type Program struct {
	Path string // absolute
	Head string // its first bytes: a script's first line names its interpreter
}

// GPUs are the NVIDIA GPUs of a machine. Errors are as of package gpu.
type GPUs interface {
	// ListGPUs gives all of them, in order of index. Which of them scripts may see
	// CUDA_VISIBLE_DEVICES says (gpu.Visible).
	ListGPUs(ctx context.Context) ([]gpu.GPU, error)
	// ForeignOnGPUs gives the processes that compute on any of them.
	ForeignOnGPUs(ctx context.Context) ([]gpu.Process, error)
	// FollowGPUs is gpu.Follow there.
	FollowGPUs(ctx context.Context, visible []string, sink func([]gpu.Device)) error
}

// Runs are the runs of a machine. A run is started, followed, stopped and taken up
// again under its reference.
type Runs interface {
	// Start has a job started and returns what its run can be found again by, also by
	// another engine. A job whose run is there already is not started twice. Where
	// nothing was started the error says why.
	Start(ctx context.Context, job Job) (Ref, error)
	// Follow carries to the sink what happens in a run, from a position in its output
	// on (Line.Next; 0 is its beginning), until nothing of the run is left. It returns
	// the error of ctx where that ends first, and a *TransportError where the line
	// breaks; the run goes on, and can be followed again from where it was left. It
	// returns nil where the script ran, however it ended: the reason is in the result.
	Follow(ctx context.Context, ref Ref, from int64, sink Sink) (Result, error)
	// Stop has a run ended, with all that it started: TERM, then KILL after a grace.
	// Follow tells the end. Stopping twice, or what is over, is no error.
	Stop(ctx context.Context, ref Ref) error
	// TakeUp finds out what became of a run that another engine started: whether it can
	// be followed, and then under which hold it goes on, which is the caller's from now on.
	// Where it cannot, what is left of it has been ended.
	TakeUp(ctx context.Context, ref Ref) (hold Hold, followable bool, err error)
}

// Ref is what a machine finds a run again by. Only the machine reads it.
type Ref string

// Hold is the right to time runs on a machine.
type Hold interface {
	// Release gives it up. Runs that still go on under it keep the machine. It may be
	// called twice.
	Release() error
}

// Question is a program of ours for a machine to run.
type Question struct {
	Argv  []string // program and arguments; a bare program name is looked up on PATH
	Input []byte   // its standard input
}

// Answer is how it ended.
type Answer struct {
	Out    []byte // what it printed
	Words  string // what it said on standard error, from the end
	Exit   int    // -1 where a signal ended it
	Signal string // "SIGKILL"; "" where it exited by itself
}

// Confine says what a run may reach.
type Confine string

// NotConfined leaves a run all that the user may do.
const NotConfined Confine = "none"

// TransportError says that a machine could not be asked. What runs there goes on.
type TransportError struct {
	Err error
	// After is how long to wait before it is asked again; 0 where that is not known.
	After time.Duration
}

func (e *TransportError) Error() string { return "the line to the machine is down: " + e.Err.Error() }

// Unwrap gives what broke the line.
func (e *TransportError) Unwrap() error { return e.Err }
