package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"pitwall/runner"
	"pitwall/store"
)

// launchPatience is what a detached engine gets to take its attempt over.
const launchPatience = 15 * time.Second

// launchEngine starts a detached engine on an attempt and returns when it has it. A
// pause that the attempt was left in ends where goOn is true.
func (a *app) launchEngine(ctx context.Context, s *store.Store, id string, goOn bool) error {
	path := engineLog(a.home(), id)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("start engine: %w", err)
	}
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("start engine: %w", err)
	}
	defer out.Close()
	args := []string{"_engine", id}
	if goOn {
		args = append(args, "--go")
	}
	cmd := runner.Self(args...)
	if err := keepExecutable(cmd, a.home()); err != nil {
		return err
	}
	cmd.Env = append(os.Environ(), "PITWALL_HOME="+a.home())
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Dir = a.home()
	cmd.SysProcAttr = detached()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start engine: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(launchPatience)
	defer limit.Stop()
	for !s.Alive(id) {
		select {
		case err := <-ended:
			if err == nil {
				return nil // it has come to its end already
			}
			return fmt.Errorf("the engine of attempt %s ended at once: %s", id, lastLine(path, err))
		case <-limit.C:
			return fmt.Errorf("the engine of attempt %s has not begun after %s; see %s", id, launchPatience, path)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// engineLog is where a detached engine's standard error goes.
func engineLog(home, id string) string { return filepath.Join(home, "logs", id+".log") }

// lastLine gives the last line of an engine's log, or err where it says nothing.
func lastLine(path string, err error) string {
	b, rerr := os.ReadFile(path)
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	if last := lines[len(lines)-1]; rerr == nil && len(last) > 0 {
		return string(last)
	}
	return err.Error()
}
