package runner

import (
	"os"
	"os/exec"
	"runtime"
	"time"
)

// Local runs scripts on this machine.
type Local struct {
	// Shim makes the command that runs this program's hidden `_run` with the
	// given further arguments. Its environment and descriptors are set by Run.
	Shim func(args ...string) *exec.Cmd
	// LockPath is the machine-wide lock of timed runs; "" means DefaultLockPath.
	LockPath string
	// Grace is how long a stopped script may take to end after TERM; 0 means 2 s.
	Grace time.Duration
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
