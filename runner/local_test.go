//go:build linux || darwin

package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestRunDeliversBothStreamsAndTheExitCode(t *testing.T) {
	t.Parallel()
	rec, res := execute(t, script(t, `
import sys
print("hello")
print("oops", file=sys.stderr)
sys.exit(3)
`))
	if rec.text(false) != "hello\n" || rec.text(true) != "oops\n" {
		t.Errorf("got %q and %q", rec.text(false), rec.text(true))
	}
	if res.Reason != Exited || res.ExitCode != 3 || res.Wall <= 0 || res.CPUUser <= 0 || res.MaxRSS < 1<<20 || res.Survivors != 0 {
		t.Errorf("got %+v", res)
	}
	if len(rec.started) != 1 || rec.started[0].Ticks == 0 || rec.started[0].ShimTicks == 0 {
		t.Errorf("identity %+v", rec.started)
	}
	if len(rec.samples) == 0 {
		t.Error("no sample at the end")
	}
}

func TestRunTellsWhichSignalCrashedTheScript(t *testing.T) {
	t.Parallel()
	_, res := execute(t, script(t, `
import os, signal
os.kill(os.getpid(), signal.SIGSEGV)
`))
	if res.Reason != Exited || res.Signal != "SIGSEGV" || res.ExitCode != -1 {
		t.Errorf("got %+v", res)
	}
}

func TestRunEndsAHangingScriptAtItsLimit(t *testing.T) {
	t.Parallel()
	job := script(t, "import time\nprint('up')\ntime.sleep(1000)\n")
	job.Limit = 400 * time.Millisecond
	_, res := execute(t, job)
	if res.Reason != Limit || res.Signal != "SIGTERM" || res.Wall < job.Limit {
		t.Errorf("got %+v", res)
	}
}

func TestStopLetsTheScriptSayGoodbye(t *testing.T) {
	t.Parallel()
	job := script(t, `
import signal, sys, time
def bye(*a):
    print("bye", end="")
    sys.exit(0)
signal.signal(signal.SIGTERM, bye)
print("up")
time.sleep(1000)
`)
	rec, res := stopAfter(t, job, "up")
	if res.Reason != Stopped || res.ExitCode != 0 || rec.text(false) != "up\nbye" {
		t.Errorf("got %+v, %q", res, rec.text(false))
	}
}

func TestStopKillsAScriptAndChildrenThatIgnoreTerm(t *testing.T) {
	t.Parallel()
	job := script(t, `
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
for i in range(3):
    if os.fork() == 0:
        os.setsid()
        break
print("up")
time.sleep(1000)
`)
	_, res := stopAfter(t, job, "up")
	if res.Reason != Stopped || res.Signal != "SIGKILL" {
		t.Errorf("got %+v", res)
	}
	nothingLeft(t, job.ID)
}

func TestStopEndsProcessesThatFlee(t *testing.T) {
	t.Parallel()
	// Each forks and leaves, again and again: no list of processes is ever true.
	job := script(t, `
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for i in range(4):
    if os.fork() == 0:
        os.setsid()
        while True:
            if os.fork():
                os._exit(0)
            time.sleep(0.0005)
print("up")
time.sleep(1000)
`)
	_, res := stopAfter(t, job, "up")
	if res.Reason != Stopped || res.Left != 0 {
		t.Errorf("got %+v", res)
	}
	nothingLeft(t, job.ID)
}

func TestChildrenLeftBehindAreEndedAndCounted(t *testing.T) {
	t.Parallel()
	job := script(t, `
import subprocess
p = subprocess.Popen(["sleep", "1000"], start_new_session=True)
print(p.pid)
`)
	rec, res := execute(t, job)
	if res.Reason != Exited || res.ExitCode != 0 || res.Survivors != 1 {
		t.Errorf("got %+v", res)
	}
	if res.Wall > 10*time.Second {
		t.Errorf("wall time holds the sweeping: %v", res.Wall)
	}
	gone(t, strings.TrimSpace(rec.text(false)))
}

func TestADaemonThatHidesItsMarkIsFoundAllTheSame(t *testing.T) {
	t.Parallel()
	if !sweepsOrphans {
		t.Skip("orphans in sessions of their own cannot be found on this system")
	}
	job := script(t, `
import os
r, w = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(w, str(os.getpid()).encode())
        for fd in range(3, 64):
            try: os.close(fd)
            except OSError: pass
        null = os.open("/dev/null", os.O_RDWR)
        for fd in range(3): os.dup2(null, fd)
        os.execve("/bin/sleep", ["sleep", "1000"], {})
    os._exit(0)
print(os.read(r, 100).decode())
`)
	rec, res := execute(t, job)
	if res.Reason != Exited || res.Survivors != 1 {
		t.Errorf("got %+v", res)
	}
	gone(t, strings.TrimSpace(rec.text(false)))
}

func TestAScriptThatClosesItsOutputGoesOn(t *testing.T) {
	t.Parallel()
	job := script(t, `
import os, time
os.write(1, b"last")
os.close(1); os.close(2)
time.sleep(0.3)
open("proof", "w").write("alive")
os._exit(7)
`)
	rec, res := execute(t, job)
	if res.ExitCode != 7 || rec.text(false) != "last" {
		t.Errorf("got %+v, %q", res, rec.text(false))
	}
	if _, err := os.Stat(filepath.Join(job.Dir, "proof")); err != nil {
		t.Error(err)
	}
}

func TestOutputIsExactByteForByte(t *testing.T) {
	t.Parallel()
	want := "a\r10%\r20%\r\nnext\x1b[31m\x00\xff\xfe\n\n" + strings.Repeat("x", 10<<20) + "\ntail"
	job := script(t, `
import os
data = b"a\r10%\r20%\r\nnext\x1b[31m\x00\xff\xfe\n\n" + b"x" * (10 << 20) + b"\ntail"
while data:
    data = data[os.write(1, data):]
`)
	rec, res := execute(t, job)
	if got := rec.text(false); got != want {
		t.Errorf("%d bytes, want %d: %s", len(got), len(want), render(rec.lines))
	}
	if res.LogBytes != int64(len(want)) || res.Dropped != 0 {
		t.Errorf("got %+v", res)
	}
	for i, l := range rec.lines {
		if len(l.Data) > maxPiece {
			t.Fatalf("a piece of %d bytes", len(l.Data))
		}
		if i > 0 && l.Cont != (rec.lines[i-1].End == 0) {
			t.Fatalf("line %d: Cont is %v", i, l.Cont)
		}
		if i > 0 && l.At < rec.lines[i-1].At {
			t.Fatalf("line %d went back in time", i)
		}
	}
}

func TestProgressShowsWhileTheScriptGoesOn(t *testing.T) {
	t.Parallel()
	job := script(t, "import time\nprint('10%', end='\\r')\ntime.sleep(1000)\n")
	_, res := stopAfter(t, job, "10%")
	if res.Reason != Stopped {
		t.Errorf("got %+v", res)
	}
}

func TestASinkThatLagsLosesNothingAtTheEnd(t *testing.T) {
	t.Parallel()
	const mib = 33
	job := script(t, `
import os
os.write(1, b"up\n")
block = (b"x" * 65535 + b"\n") * 16
for i in range(33):
    b = block
    while b: b = b[os.write(1, b):]
`)
	rec := newRecord()
	lag := &lagging{record: rec, t: t}
	if _, err := Run(ctx(t), local(t), job, lag); err != nil {
		t.Fatal(err)
	}
	if got := len(rec.text(false)); got != mib<<20+3 {
		t.Errorf("got %d bytes", got)
	}
}

// lagging is a sink that takes its first lines only after the script has ended.
type lagging struct {
	*record
	t    *testing.T
	once sync.Once
}

func (l *lagging) Lines(lines []Line) {
	id := l.started[0]
	l.once.Do(func() {
		eventually(l.t, "the script ends", func() bool { return !alive(id.PID, id.Ticks) })
	})
	l.record.Lines(lines)
}

func TestHelpersThatLeaveByThemselvesAreNoSurvivors(t *testing.T) {
	t.Parallel()
	_, res := execute(t, script(t, `
import multiprocessing as mp
from multiprocessing import shared_memory

def work(x): return x * x

if __name__ == "__main__":
    mp.set_start_method("spawn")
    shm = shared_memory.SharedMemory(create=True, size=1000)
    pool = mp.Pool(2)
    print(pool.map(work, range(4)))
    shm.close(); shm.unlink()
`))
	if res.ExitCode != 0 || res.Survivors != 0 {
		t.Errorf("got %+v", res)
	}
}

func TestAFloodKeepsHeadTailAndMetrics(t *testing.T) {
	t.Parallel()
	job := script(t, `
import os
os.write(1, b"first\n")
block = b"".join(b"flood %08d\n" % i for i in range(65536))
def put(b):
    while b: b = b[os.write(1, b):]
for i in range(100):
    put(block)
    if i == 50: put(b"step:50/100 val_loss:3.3 train_time:5ms step_avg:1ms\n")
put(b"step:100/100 val_loss:3.2 train_time:9ms step_avg:1ms\nlast\n")
`)
	job.Quota = 1 << 20
	rec, res := execute(t, job)
	kept, gaps := int64(0), int64(0)
	steps := []int{}
	for _, l := range rec.lines {
		kept += int64(len(l.Data)) + lineCost
		gaps += l.Gap
		if p, ok := l.Metric(); ok {
			steps = append(steps, p.Step)
		}
	}
	if kept > job.Quota+job.Quota/8 {
		t.Errorf("kept %d bytes of a quota of %d", kept, job.Quota)
	}
	if gaps != res.Dropped || int64(len(rec.text(false)))+gaps != res.LogBytes {
		t.Errorf("%d kept, %d in gaps, %d dropped, of %d", len(rec.text(false)), gaps, res.Dropped, res.LogBytes)
	}
	if string(rec.lines[0].Data) != "first" || string(rec.lines[len(rec.lines)-1].Data) != "last" {
		t.Errorf("head or tail is missing: %s", render(rec.lines))
	}
	if fmt.Sprint(steps) != "[50 100]" {
		t.Errorf("metric lines kept: %v", steps)
	}
}

func TestScriptsSeeOnlyTheAllowedEnvironment(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "secret")
	t.Setenv("https_proxy", "secret")
	t.Setenv("NCCL_API_TOKEN", "secret")
	t.Setenv("LC_ALL", "C")
	job := script(t, `
import os, signal, sys
for k in sorted(os.environ): print(k + "=" + os.environ[k])
ppid = os.getppid()
try: print(open("/proc/%d/environ" % ppid, "rb").read())
except OSError: pass
print("stdin", repr(sys.stdin.read()))
print("hup", signal.getsignal(signal.SIGHUP) == signal.SIG_DFL)
`)
	job.Env = map[string]string{"PITWALL_SEED": "7", "PITWALL_RUN": "forged"}
	rec, _ := execute(t, job)
	got := rec.text(false)
	for _, want := range []string{"LC_ALL=C\n", "PITWALL_SEED=7\n", "PITWALL_RUN=" + job.ID + "\n", "PYTHONUNBUFFERED=1\n", "stdin ''\n", "hup True\n", "PATH="} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	if strings.Contains(got, "secret") {
		t.Errorf("a secret came through: %s", got)
	}
}

func TestWhatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	good := script(t, "print(1)")
	script := filepath.Join(good.Dir, "train.py")
	noInterpreter := filepath.Join(good.Dir, "noint")
	if err := os.WriteFile(noInterpreter, []byte("#!/no/such/interpreter\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Job)
		says   string
	}{
		"dir":            {func(j *Job) { j.Dir = filepath.Join(j.Dir, "gone") }, "no such file"},
		"file as dir":    {func(j *Job) { j.Dir = script }, "not a directory"},
		"relative":       {func(j *Job) { j.Dir = "." }, "not an absolute path"},
		"program":        {func(j *Job) { j.Argv = []string{"no-such-python"} }, "PITWALL_PYTHON"},
		"not executable": {func(j *Job) { j.Argv = []string{script} }, "permission denied"},
		"interpreter":    {func(j *Job) { j.Argv = []string{noInterpreter} }, "no such file"},
		"argv":           {func(j *Job) { j.Argv = nil }, "names no program"},
		"id":             {func(j *Job) { j.ID = "" }, "cannot mark"},
	} {
		job := good
		c.change(&job)
		rec := newRecord()
		res, err := Run(ctx(t), local(t), job, rec)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if res.Reason != StartFailed || res.Err == "" || len(rec.started) != 0 {
			t.Errorf("%s: %+v", name, res)
		}
	}
}

func TestAScriptThatKillsItsGuardIsLostAndLeavesNothing(t *testing.T) {
	t.Parallel()
	if !sweepsOrphans {
		t.Skip("orphans cannot be found on this system")
	}
	job := script(t, `
import os, signal, subprocess, time
p = subprocess.Popen(["sleep", "1000"], start_new_session=True)
print(p.pid)
os.kill(os.getppid(), signal.SIGKILL)
time.sleep(1000)
`)
	rec := newRecord()
	res, err := Run(ctx(t), local(t), job, rec)
	if err == nil || res.Reason != Lost || !strings.Contains(err.Error(), "lost") {
		t.Errorf("got %+v, %v", res, err)
	}
	nothingLeft(t, job.ID)
	gone(t, strings.TrimSpace(rec.text(false)))
}

func TestSamplesSeeTheWholeTree(t *testing.T) {
	t.Parallel()
	job := script(t, `
import os, time
os.fork()
x = bytearray(30 << 20)
end = time.time() + 1000
while time.time() < end: pass
`)
	c, cancel := context.WithCancel(ctx(t))
	defer cancel()
	rec := newRecord()
	done := make(chan Result)
	go func() {
		res, _ := Run(c, local(t), job, rec)
		done <- res
	}()
	rec.until(t, "a sample of both processes at work", func() bool {
		for _, s := range rec.samples {
			if s.Procs == 2 && (!measuresCPU || (s.CPU > 0.05 && s.RSS > 60<<20 && s.Foreign >= 0 && s.Foreign <= 1)) {
				return true
			}
		}
		return false
	})
	cancel()
	res := <-done
	if measuresCPU && !(res.ForeignLoad >= 0 && res.ForeignLoad <= 1) {
		t.Errorf("foreign load %v", res.ForeignLoad)
	}
	if res.CPUUser+res.CPUSys < 100*time.Millisecond {
		t.Errorf("got %+v", res)
	}
}

func TestOurOwnWorkIsNotForeignLoad(t *testing.T) {
	t.Parallel()
	if !measuresCPU {
		t.Skip("not measured on this system")
	}
	// The run ends between two samples, after work that only its end tells.
	job := script(t, "import time\nt = time.process_time() + 0.5\nwhile time.process_time() < t: pass\n")
	rec, res := execute(t, job)
	last := rec.samples[len(rec.samples)-1]
	if last.CPU*last.At.Seconds() < 0.4 && len(rec.samples) == 1 {
		t.Errorf("the work is missing: %+v", last)
	}
	if math.IsNaN(res.ForeignLoad) {
		t.Errorf("got %+v", res)
	}
}

func TestFindPythonTellsWhatItTried(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("python3", "#!/bin/sh\necho 'libpython is missing' >&2\nexit 127\n")
	old := write("python", "#!/bin/sh\necho '{\"path\":\"/x/python\",\"version\":\"3.8.1\",\"build\":\"\",\"v\":[3,8]}'\n")
	t.Setenv("PATH", dir)
	none := func(string) string { return "" }
	_, err := FindPython(ctx(t), none)
	for _, want := range []string{"libpython is missing", "3.8.1, too old", "install Python 3.9"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
	_, err = FindPython(ctx(t), func(string) string { return old })
	if err == nil || !strings.Contains(err.Error(), "PITWALL_PYTHON") {
		t.Errorf("got %v", err)
	}
	write("python", "#!/bin/sh\necho '{\"path\":\"/x/python\",\"version\":\"3.13.1\",\"build\":\"CPython\",\"v\":[3,13]}'\n")
	p, err := FindPython(ctx(t), none)
	if err != nil || p.Path != "/x/python" || p.Version != "3.13.1" {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestUnknownNumbersAreNullInJSON(t *testing.T) {
	b, err := json.Marshal([]any{
		Result{Reason: Exited, ForeignLoad: math.NaN()}, Sample{CPU: math.NaN(), Load: 1}, HostInfo{Load: math.NaN()},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"foreign_load":null`, `"reason":"exited"`, `"cpu":null`, `"load":1`, `"load":null`} {
		if strings.Count(string(b), want) != 1 {
			t.Errorf("no %s in %s", want, b)
		}
	}
}

func TestHostKnowsThisMachine(t *testing.T) {
	h := Host(ctx(t))
	if h.Cores < 1 || h.Memory < 1<<20 || h.Boot == "" || len(h.Machine) != 16 || h.Machine != Host(ctx(t)).Machine {
		t.Errorf("got %+v", h)
	}
}

// stopAfter runs a job and cancels it once text shows.
func stopAfter(t *testing.T, job Job, text string) (*record, Result) {
	t.Helper()
	c, cancel := context.WithCancel(ctx(t))
	defer cancel()
	rec := newRecord()
	type ended struct {
		res Result
		err error
	}
	done := make(chan ended, 1)
	l := local(t)
	go func() {
		res, err := Run(c, l, job, rec)
		done <- ended{res, err}
	}()
	rec.until(t, text+" shows", rec.saw(text))
	cancel()
	e := <-done
	if e.err != nil {
		t.Fatal(e.err)
	}
	return rec, e.res
}

// nothingLeft asserts that no process carries the run's mark.
func nothingLeft(t *testing.T, id string) {
	t.Helper()
	if left := marked(id); len(left) != 0 {
		t.Errorf("left behind: %+v", left)
	}
}

// gone asserts that the process has ended.
func gone(t *testing.T, pid string) {
	t.Helper()
	n, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatalf("no pid: %q", pid)
	}
	list, err := listProcs()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if p.pid == n && p.state != 'Z' {
			t.Errorf("process %d lives", n)
		}
	}
}
