//go:build linux || darwin

package runner

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain makes the test binary its own guard and its own engine.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "_run":
			os.Exit(Shim(os.Args[2:]))
		case "_engine":
			os.Exit(engine(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}

func shim(args ...string) *exec.Cmd { return Self(append([]string{"_run"}, args...)...) }

// record is a sink that keeps everything and wakes who waits for it.
type record struct {
	mu   sync.Mutex
	cond *sync.Cond
	Quiet
	waiting []string
	started []Identity
	lines   []Line
	batches int
	samples []Sample
}

func newRecord() *record {
	r := &record{}
	r.cond = sync.NewCond(&r.mu)
	return r
}

func (r *record) change(f func()) {
	r.mu.Lock()
	f()
	r.cond.Broadcast()
	r.mu.Unlock()
}

func (r *record) wait(holder string) { r.change(func() { r.waiting = append(r.waiting, holder) }) }
func (r *record) Started(ref Ref) {
	id, err := ref.identity()
	if err != nil {
		panic(err)
	}
	r.change(func() { r.started = append(r.started, id.Identity) })
}
func (r *record) Sample(s Sample) { r.change(func() { r.samples = append(r.samples, s) }) }
func (r *record) Lines(l []Line) {
	r.change(func() { r.lines = append(r.lines, l...); r.batches++ })
}

// until waits for a condition on what was recorded.
func (r *record) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late := time.AfterFunc(20*time.Second, func() { r.change(func() {}) })
	defer late.Stop()
	deadline := time.Now().Add(20 * time.Second)
	r.mu.Lock()
	defer r.mu.Unlock()
	for !ok() {
		if !time.Now().Before(deadline) {
			t.Fatalf("never happened: %s; lines: %s", what, render(r.lines))
		}
		r.cond.Wait()
	}
}

// text puts one stream together again.
func (r *record) text(stderr bool) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	for _, l := range r.lines {
		if l.Gap == 0 && l.Stderr == stderr {
			b.Write(l.Data)
			if l.End != 0 {
				b.WriteByte(l.End)
			}
		}
	}
	return b.String()
}

func (r *record) saw(text string) func() bool {
	return func() bool {
		for _, l := range r.lines {
			if strings.Contains(string(l.Data), text) {
				return true
			}
		}
		return false
	}
}

// eventually polls for what gives no signal.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
		<-tick.C
	}
}

var python = sync.OnceValues(func() (Python, error) {
	return FindPython(context.Background(), os.Getenv)
})

// script makes a job out of Python source.
func script(t *testing.T, source string) Job {
	t.Helper()
	py, err := python()
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "train.py")
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return Job{
		ID:   fmt.Sprintf("%s-%d-%d", strings.ReplaceAll(t.Name(), "/", "-"), os.Getpid(), time.Now().UnixNano()),
		Dir:  dir,
		Argv: []string{py.Path, "-u", "train.py"},
	}
}

func local(t *testing.T) *Local {
	return &Local{Shim: shim, LockPath: filepath.Join(t.TempDir(), "lock"), Grace: 500 * time.Millisecond}
}

func ctx(t *testing.T) context.Context {
	c, cancel := context.WithTimeout(t.Context(), 50*time.Second)
	t.Cleanup(cancel)
	return c
}

// run executes a job to its end.
func execute(t *testing.T, job Job) (*record, Result) {
	t.Helper()
	rec := newRecord()
	res, err := Run(ctx(t), local(t), job, rec)
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	return rec, res
}
