// Package runner is where training scripts run. It starts a script under a
// small process of ours that never lets anything outlive the run, follows both
// output streams byte for byte, samples the machine, parses metrics by rule and
// keeps the machine to one timed run at a time.
package runner

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// DefaultQuota is how many bytes of a run's log are kept when Job.Quota is 0.
const DefaultQuota = 64 << 20

// Job is one execution of a script.
type Job struct {
	ID    string            // unique; stands in the environment of everything the run starts as PITWALL_RUN
	Label string            // what people who wait for the machine are told; "" means ID
	Dir   string            // working directory, absolute
	Argv  []string          // program and arguments; a bare program name is looked up on PATH
	Env   map[string]string // added to the allow-listed environment, see Environ
	Limit time.Duration     // wall limit from the start of the script; 0 means none
	Quota int64             // bytes of log kept, 16 more counted per line; 0 means DefaultQuota
	// Dirs are made before the run starts, if need be; Links are made in Dir, by name,
	// and lead to the paths given.
	Dirs  []string
	Links map[string]string
	// Pass lets more of the machine's environment through to the script: names, a * at
	// the end for all that follows. None that speaks of a key or a password ever passes.
	Pass []string
	// Hold is the machine, which a timed run needs; the run leaves it held.
	Hold Hold
	// Confine is what the run may reach. A machine that cannot see to it does not start.
	Confine Confine
}

// Sink receives what happens in a run, in order, and never from two goroutines
// at once. Its methods must not block for long: the log waits for them.
type Sink interface {
	// Queued tells that the run has a reference and has not begun yet, and why; again
	// when the reason changes.
	Queued(ref Ref, why string)
	// Started tells that the script runs. It comes before Lines and Sample.
	Started(Ref)
	// Lines brings log lines in arrival order. The sink may keep them.
	Lines([]Line)
	// Sample comes once a second, and once more at the end.
	Sample(Sample)
	// Connection tells that the line to the machine broke, and, by nil, that it is
	// back. The run goes on meanwhile; what it said is told then.
	Connection(broken error)
}

// Line is one line of output, or a piece of a very long one.
type Line struct {
	Stderr bool
	Cont   bool          // continues the previous piece of the same stream
	End    byte          // '\n', '\r', or 0 where the line was cut or the output ended
	At     time.Duration // when it was read, since Started, monotonic
	Data   []byte        // the exact bytes without the terminator; "\r\n" leaves the '\r' in Data
	Gap    int64         // > 0: no line, but a mark that this many bytes were dropped here
	Next   int64         // the position behind it, for Runs.Follow; only the machine reads it
}

// Metric parses the line's metrics. Only whole lines of standard output count.
func (l Line) Metric() (Point, bool) {
	if l.Stderr || l.Cont || l.End == 0 || l.Gap > 0 {
		return Point{}, false
	}
	return Parser{}.Parse(l.Data)
}

// Identity is what a run can be found again by, also after the engine died.
type Identity struct {
	Boot      string    `json:"boot"`       // boot id of the machine; "" where unknown
	PID       int       `json:"pid"`        // of the script
	Ticks     uint64    `json:"ticks"`      // start time of PID in the system's own unit; only compared
	ShimPID   int       `json:"shim_pid"`   // of the process that guards the run
	ShimTicks uint64    `json:"shim_ticks"` // start time of ShimPID
	Program   string    `json:"program"`    // absolute path of what was started
	Start     time.Time `json:"start"`
}

// Reason tells why a run ended.
type Reason string

// The reasons. Only Exited can make a valid result.
const (
	Exited      Reason = "exited"       // by itself, whatever its exit code
	Stopped     Reason = "stopped"      // the context was cancelled
	Limit       Reason = "limit"        // Job.Limit passed
	StartFailed Reason = "start failed" // nothing ran
	Lost        Reason = "lost"         // the guarding process vanished; the end of the script was not seen
	Taken       Reason = "taken away"   // the machine ended it for reasons of its own; says nothing of the script
)

// Result is how a run ended.
type Result struct {
	Reason      Reason        `json:"reason"`
	ExitCode    int           `json:"exit_code"` // -1 when a signal ended it or it never ran
	Signal      string        `json:"signal"`    // "SIGKILL"; "" when it exited by itself
	Err         string        `json:"err"`       // why it could not start or was lost; "" otherwise
	Wall        time.Duration `json:"wall"`      // from start to the script's end, sweeping excluded
	CPUUser     time.Duration `json:"cpu_user"`  // of the script and of all its descendants that ended
	CPUSys      time.Duration `json:"cpu_sys"`
	MaxRSS      int64         `json:"max_rss"`      // bytes, the largest single process
	Survivors   int           `json:"survivors"`    // descendants that outlived the script and had to be ended
	Left        int           `json:"left"`         // descendants that could not be ended (stuck in the kernel)
	ForeignLoad float64       `json:"foreign_load"` // mean share of all processors that others used, 0 to 1; NaN where unknown
	LogBytes    int64         `json:"log_bytes"`    // bytes the script wrote
	Dropped     int64         `json:"dropped"`      // bytes of them over the quota
}

// Sample is the machine and the run over the last second. Fields that the
// system does not tell are NaN, counts -1.
type Sample struct {
	At      time.Duration `json:"at"`      // since Started
	CPU     float64       `json:"cpu"`     // processors the run's process tree kept busy: 1.5 is one and a half
	RSS     int64         `json:"rss"`     // bytes of resident memory, summed over the tree
	Procs   int           `json:"procs"`   // processes in the tree
	Load    float64       `json:"load"`    // the machine's load average over one minute
	Foreign float64       `json:"foreign"` // share of all processors that others used, 0 to 1
}

// MarshalJSON writes NaN as null.
func (r Result) MarshalJSON() ([]byte, error) {
	type plain Result
	return json.Marshal(struct {
		plain
		ForeignLoad *float64 `json:"foreign_load"`
	}{plain(r), known(r.ForeignLoad)})
}

// MarshalJSON writes NaN as null.
func (s Sample) MarshalJSON() ([]byte, error) {
	type plain Sample
	return json.Marshal(struct {
		plain
		CPU     *float64 `json:"cpu"`
		Load    *float64 `json:"load"`
		Foreign *float64 `json:"foreign"`
	}{plain(s), known(s.CPU), known(s.Load), known(s.Foreign)})
}

// known is nil for NaN.
func known(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

// check finds what makes a job impossible before anything is started.
func (j Job) check() error {
	switch {
	case j.ID == "" || strings.ContainsAny(j.ID, "\x00\n"):
		return fmt.Errorf("job id %q cannot mark a process: use letters and digits", j.ID)
	case len(j.Argv) == 0 || j.Argv[0] == "":
		return fmt.Errorf("job %s names no program: set Argv", j.ID)
	case j.Limit < 0 || j.Quota < 0:
		return fmt.Errorf("job %s has a negative limit or quota: use 0 for the default", j.ID)
	}
	return nil
}
