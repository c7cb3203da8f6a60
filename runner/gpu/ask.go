package gpu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"pitwall/internal/environ"
)

const (
	smi       = "nvidia-smi"
	patience  = 30 * time.Second       // without persistence mode eight GPUs take ten seconds to wake
	leave     = 500 * time.Millisecond // what a killed process may take to be gone
	maxAnswer = 1 << 20
)

// query asks nvidia-smi once for fields; those that it does not know are left
// out. What it answered comes also where there is an error.
func query(ctx context.Context, option string, fields []string) (table, error) {
	for {
		a, err := ask(ctx, option+strings.Join(fields, ","), "--format=csv,noheader,nounits")
		if err != nil {
			return table{fields: fields}, err
		}
		words := a.words + "\n" + a.out
		if name, ok := refusedField(words); ok && slices.Contains(fields, name) && len(fields) > 1 {
			fields = replaced(fields, name)
			continue
		}
		t := table{fields: fields}
		for line := range strings.Lines(a.out) {
			t.rows = append(t.rows, strings.TrimSpace(line))
		}
		if e := troubleOf(words, a.end); e != nil {
			return t, e
		}
		return t, nil
	}
}

// replaced leaves out a field that nvidia-smi does not know, or puts the name
// there that other drivers have for it.
func replaced(fields []string, name string) []string {
	out := slices.Clone(fields)
	i := slices.Index(out, name)
	if name == oldReasons {
		out[i] = newReasons
		return out
	}
	return slices.Delete(out, i, i+1)
}

// answer is what nvidia-smi printed, and how it ended.
type answer struct {
	out, words string
	end        error
}

// ask runs nvidia-smi once. The error is about an answer that did not come.
func ask(ctx context.Context, args ...string) (answer, error) {
	path, err := exec.LookPath(smi)
	if err != nil {
		return answer{}, notInstalled(err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return bounded(ctx, func() answer {
		// The system ends the child together with the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		var out, words capped
		cmd := command(ctx, path, args...)
		cmd.Stdout, cmd.Stderr = &out, &words
		err := cmd.Run()
		if errors.Is(err, exec.ErrWaitDelay) { // what it left behind held its output open
			err = nil
		}
		return answer{out.String(), words.String(), err}
	})
}

// bounded waits for an answer until ctx ends and a little longer, but not for a
// process in the hands of a driver that hangs, which even a kill does not end.
func bounded(ctx context.Context, run func() answer) (answer, error) {
	done := make(chan answer, 1)
	go func() { done <- run() }()
	select {
	case a := <-done:
		if ctx.Err() == nil {
			return a, nil
		}
	case <-ctx.Done():
		select {
		case <-done:
		case <-time.After(leave):
		}
	}
	if err := ctx.Err(); !errors.Is(err, context.DeadlineExceeded) {
		return answer{}, fmt.Errorf("ask %s: %w", smi, err)
	}
	return answer{}, hanging(ctx.Err())
}

// command makes a process that ends with ctx, with what it started.
func command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = environ.Plain(os.Environ())
	cmd.SysProcAttr = attr()
	cmd.Cancel = func() error { return end(cmd.Process) }
	cmd.WaitDelay = leave / 2
	return cmd
}

// capped keeps the head of what is written to it.
type capped struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (c *capped) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buf.Write(p[:min(len(p), maxAnswer-c.buf.Len())])
	return len(p), nil
}

func (c *capped) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buf.String()
}
