//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for something that is sure to come, on a machine
// that has other things to do as well.
const patience = 2 * time.Minute

// pace is how often a condition is looked at.
const pace = 15 * time.Millisecond

// built is what TestMain makes before the tests: the program, and a directory
// that lasts as long as they do.
var built struct{ dir, program string }

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "pitwall-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built.dir, built.program = dir, filepath.Join(dir, "pitwall")
	args := []string{"build", "-buildvcs=false", "-o", built.program}
	if raceDetector {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "pitwall")...)
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build pitwall:", err)
		return 1
	}
	status := m.Run()
	// A race in the program, in whichever of its processes, fails the tests.
	races, _ := filepath.Glob(filepath.Join(dir, "race.*"))
	for _, path := range races {
		report, _ := os.ReadFile(path)
		fmt.Fprintf(os.Stderr, "%s\n", report)
		status = 1
	}
	return status
}

// place is a store of its own with a machine lock of its own, and the
// environment that leads the program there.
type place struct {
	t    *testing.T
	home string
	env  []string
}

// newPlace makes an empty place. Extra variables are NAME=VALUE. What still runs
// in it at the end of the test is stopped, and must leave nothing behind.
func newPlace(t *testing.T, extra ...string) *place {
	t.Helper()
	dir := t.TempDir()
	p := &place{t: t, home: filepath.Join(dir, "home"), env: environment(dir, extra...)}
	t.Cleanup(p.clear)
	return p
}

// environment is that of a person at a good terminal.
func environment(dir string, extra ...string) []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch {
		case strings.HasPrefix(name, "PITWALL_"), strings.HasPrefix(name, "CLICOLOR"):
		case name == "TERM", name == "COLORTERM", name == "NO_COLOR", name == "TERM_PROGRAM", name == "TMUX", name == "CI", name == "GORACE":
		default:
			env = append(env, kv)
		}
	}
	return append(append(env, "TERM=xterm-256color", "COLORTERM=truecolor", "GORACE=log_path="+filepath.Join(built.dir, "race"),
		"PITWALL_HOME="+filepath.Join(dir, "home"), "PITWALL_LOCK="+filepath.Join(dir, "machine.lock")), extra...)
}

// calibrated gives a home in which micro/7 was measured once on this machine, so
// that attempts in copies of it need not do it again.
var calibrated = sync.OnceValues(func() (home string, err error) {
	dir := filepath.Join(built.dir, "calibrated")
	cmd := exec.Command(built.program, "calibrate", "micro/7", "-n", "1")
	cmd.Env = environment(dir)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("calibrate: %w\n%s", err, out)
	}
	return filepath.Join(dir, "home"), nil
})

// newCalibratedPlace is newPlace where micro/7 has been measured.
func newCalibratedPlace(t *testing.T) *place {
	t.Helper()
	from, err := calibrated()
	if err != nil {
		t.Fatal(err)
	}
	p := newPlace(t)
	if err := os.CopyFS(p.home, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return p
}

// try runs a command to its end and gives both outputs.
func (p *place) try(args ...string) (stdout, stderr string, err error) {
	// The context of a test is over when its cleanup runs.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, built.program, args...)
	cmd.Env = p.env
	cmd.WaitDelay = time.Second
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &words
	err = cmd.Run()
	return out.String(), words.String(), err
}

// do runs a command that must succeed, and gives its standard output.
func (p *place) do(args ...string) string {
	p.t.Helper()
	out, words, err := p.try(args...)
	if err != nil {
		p.t.Fatalf("pitwall %s: %v\n%s%s", strings.Join(args, " "), err, out, words)
	}
	return out
}

// attempt is what the tests read of an attempt's JSON document.
type attempt struct {
	ID     string
	Number int
	Agent  string
	Status string
	Why    string
	Budget int
	FSR    *float64
	Engine *struct{ PID int }
	Nodes  []node
}

type node struct {
	ID           int
	Status       string
	Why          string
	Origin       string
	Parent       *int
	TrainSeconds *float64 `json:"train_seconds"`
}

func (p *place) read(doc any, args ...string) {
	p.t.Helper()
	out := p.do(append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), doc); err != nil {
		p.t.Fatalf("pitwall %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (p *place) attempts() (list []attempt) {
	p.t.Helper()
	p.read(&list, "attempts")
	return list
}

func (p *place) show(id string) (a attempt) {
	p.t.Helper()
	p.read(&a, "show", id)
	return a
}

// begin starts a detached attempt on micro/7, without confirmation.
func (p *place) begin(agent string, nodes int) (a attempt) {
	p.t.Helper()
	p.read(&a, "attempt", "micro/7", "--agent", agent, "--nodes", fmt.Sprint(nodes), "--confirm", "0", "--detach")
	return a
}

// until waits for an attempt to come to a state.
func (p *place) until(id, what string, ok func(attempt) bool) attempt {
	p.t.Helper()
	var a attempt
	eventually(p.t, patience, fmt.Sprintf("attempt %s %s", id, what), func() bool {
		a = p.show(id)
		return ok(a)
	})
	return a
}

// ended waits for an attempt to be done.
func (p *place) ended(id string) attempt {
	p.t.Helper()
	return p.until(id, "ends", func(a attempt) bool {
		switch a.Status {
		case "failed", "stopped", "interrupted":
			p.t.Fatalf("attempt %s is %s: %s", id, a.Status, a.Why)
		}
		return a.Status == "done"
	})
}

// clear stops what runs, and checks that nothing of it is left.
func (p *place) clear() {
	if _, err := os.Stat(p.home); err != nil {
		return
	}
	out, words, err := p.try("attempts", "--json")
	var list []attempt
	if err == nil {
		err = json.Unmarshal([]byte(out), &list)
	}
	if err != nil {
		p.t.Errorf("list what runs: %v\n%s", err, words)
		return
	}
	for _, a := range list {
		if a.Engine != nil {
			if _, words, err := p.try("stop", a.ID); err != nil {
				p.t.Logf("stop attempt %d: %v\n%s", a.Number, err, words)
			}
			if !comesAbout(patience/3, func() bool { return !alive(a.Engine.PID) }) {
				p.t.Errorf("engine %d of attempt %d has not ended", a.Engine.PID, a.Number)
				_ = syscall.Kill(a.Engine.PID, syscall.SIGKILL)
			}
		}
		if !comesAbout(patience/9, func() bool { return len(runsOf(a.ID)) == 0 }) {
			p.t.Errorf("attempt %d left processes behind: %v", a.Number, runsOf(a.ID))
		}
	}
}

// runsOf lists the processes of an attempt's runs: they carry its id in their
// environment.
func runsOf(id string) []string {
	var found []string
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		env, err := os.ReadFile(filepath.Join(d, "environ"))
		if err == nil && bytes.Contains(env, []byte("PITWALL_RUN="+id+".")) {
			found = append(found, filepath.Base(d))
		}
	}
	return found
}

// alive reports whether a process runs; one that only waits to be reaped does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	after := stat[bytes.LastIndexByte(stat, ')')+1:]
	return !bytes.HasPrefix(after, []byte(" Z")) && !bytes.HasPrefix(after, []byte(" X"))
}

// comesAbout reports whether a condition came about in time.
func comesAbout(limit time.Duration, ok func() bool) bool {
	end := time.NewTimer(limit)
	defer end.Stop()
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for !ok() {
		select {
		case <-end.C:
			return ok()
		case <-tick.C:
		}
	}
	return true
}

func eventually(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	if !comesAbout(limit, ok) {
		t.Fatalf("never came about in %s: %s", limit, what)
	}
}
