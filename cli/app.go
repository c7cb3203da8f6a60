package cli

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"

	"pitwall/agent"
	"pitwall/agent/engine"
	"pitwall/internal/clean"
	"pitwall/runner"
	"pitwall/store"
	"pitwall/taskdata"
)

// app is what the commands share.
type app struct {
	out, err *door
	getenv   func(string) string
	version  string
	json     bool
	launch   func(ctx context.Context, s *store.Store, id string, goOn bool) error // starts an engine of its own; nil: a process of this program
	catalog  atomic.Pointer[taskdata.Catalog]                                      // see tasks
}

// tasks gives the tasks with what was imported. Where that cannot be read, what is
// embedded is there all the same.
func (a *app) tasks() *taskdata.Catalog {
	if c := a.catalog.Load(); c != nil {
		return c
	}
	return a.reload()
}

// reload looks for what was imported anew.
func (a *app) reload() *taskdata.Catalog {
	c := taskdata.Embedded()
	if !a.homeless() {
		imported, err := taskdata.OpenCatalog(a.imports())
		if err == nil {
			c = imported
		}
		a.warn(err)
	}
	a.catalog.Store(c)
	return c
}

// imports is where imported scripts and hints are kept.
func (a *app) imports() string { return filepath.Join(a.home(), taskdata.ImportsName) }

// home is where everything is kept.
func (a *app) home() string {
	if h := a.getenv("PITWALL_HOME"); h != "" {
		return h
	}
	return filepath.Join(xdg.DataHome, "pitwall")
}

// homeless reports whether nothing says where home is.
func (a *app) homeless() bool {
	return runtime.GOOS != "windows" && a.getenv("PITWALL_HOME") == "" && a.getenv("XDG_DATA_HOME") == "" && a.getenv("HOME") == ""
}

// withStore opens the store for f.
func (a *app) withStore(ctx context.Context, f func(*store.Store) error) error {
	if a.homeless() {
		return errors.New("there is no place for what pitwall keeps: set HOME, or PITWALL_HOME to a directory")
	}
	s, err := store.Open(ctx, a.home())
	if err != nil {
		return err
	}
	catalog := sync.OnceValues(a.engine(s).Catalog)
	s.Mask = func(text string) string {
		c, err := catalog()
		if err != nil {
			return text // whoever needs a model is told what is wrong
		}
		return c.Mask().Text(text)
	}
	return errors.Join(f(s), s.Close())
}

// onStore makes a command of what is done with the store.
func (a *app) onStore(do func(ctx context.Context, s *store.Store, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		return a.withStore(cmd.Context(), func(s *store.Store) error { return do(cmd.Context(), s, args) })
	}
}

// undoPeriod is how long a deleted attempt can be brought back.
const undoPeriod = time.Hour

// tidy removes for good what was deleted before the undo period, and what killed
// engines left on the disk, until ctx ends. What is left is tried again next time.
func tidy(ctx context.Context, s *store.Store) error {
	purged := s.PurgeBefore(ctx, time.Now().Add(-undoPeriod))
	if ctx.Err() != nil {
		purged = nil // it was cut short, which is no trouble
	}
	if err := errors.Join(purged, engine.SweepWork(s)); err != nil {
		return fmt.Errorf("tidy up %s: %w", s.Home(), err)
	}
	return nil
}

// warn tells of an error that changes nothing of what was asked for.
func (a *app) warn(err error) {
	if err != nil {
		fmt.Fprintf(a.err, "pitwall: %s\n", clean.Line(err.Error()))
	}
}

// engine wires an engine that trains on this machine.
func (a *app) engine(s *store.Store) *engine.Engine {
	return &engine.Engine{
		Store:   s,
		Machine: a.machine(),
		Getenv:  a.getenv,
		Version: a.version,
		Pace:    agent.DefaultPace,
		Tasks:   a.tasks(),
	}
}

// machine is the one that scripts train on.
func (a *app) machine() runner.Machine {
	return &runner.Local{
		Shim: func(args ...string) *exec.Cmd { return runner.Self(append([]string{"_run"}, args...)...) },
		Root: a.home(), LockPath: a.getenv("PITWALL_LOCK"), Env: a.getenv,
	}
}
