// Package cli is the command line: it wires the rooms, and what the screen can
// start it starts without one.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
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

// Main is the program: it executes the command line of this process and returns
// its exit status. The version is that of a release, "" for what the build
// information says.
func Main(version string) int {
	// Before anything else: while a script trains it can read what it likes of any
	// process of its user that does not hide it, and ours hold keys.
	hidden := runner.Harden()
	// A guard of a run is started often and must be quick and small.
	if hidden == nil && len(os.Args) > 1 && os.Args[1] == "_run" {
		return runner.Shim(os.Args[2:])
	}
	a := &app{getenv: os.Getenv, version: buildVersion(version)}
	a.out, a.err = standard(os.Getenv)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return a.run(ctx, hidden, os.Args[1:])
}

// run executes the command line and returns the exit status. Nothing is done where
// this process could not be hidden.
func (a *app) run(ctx context.Context, hidden error, args []string) int {
	err := hidden
	if err == nil {
		err = absolutePaths()
	}
	if err == nil {
		root := newRoot(a)
		root.SetArgs(args)
		err = root.ExecuteContext(ctx)
	}
	if closed := a.out.close(); closed != nil && err == nil {
		err = fmt.Errorf("write: %w", closed)
	}
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			fmt.Fprintf(a.err, "pitwall: %s\n", clean.Line(line))
		}
	}
	var usage *usageError
	var choice *agent.ChoiceError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage), errors.As(err, &choice), strings.HasPrefix(err.Error(), "unknown command"):
		return 2
	}
	return 1
}

// absolutePaths makes what the environment names hold wherever an engine works.
func absolutePaths() error {
	for _, name := range []string{"PITWALL_HOME", "PITWALL_LOCK", "PITWALL_PYTHON"} {
		path := os.Getenv(name)
		if path == "" || filepath.IsAbs(path) || name == "PITWALL_PYTHON" && !strings.ContainsRune(path, filepath.Separator) {
			continue
		}
		path, err := filepath.Abs(path)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.Setenv(name, path); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// usageError is a wrong use of the command line.
type usageError struct{ error }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// app is what the commands share.
type app struct {
	out, err *door
	getenv   func(string) string
	version  string
	json     bool
	catalog  atomic.Pointer[taskdata.Catalog] // see tasks
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

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "pitwall",
		Short: "Watch agents speed up language-model training",
		Long: "pitwall lets an agent attempt a task of the Automated LLM Speedrunning Benchmark: to make the training " +
			"script of one speedrun record as fast as the next record. It shows the edits, the training log and the " +
			"loss as they come, and keeps every attempt to be replayed.\n\nWithout a command it opens the screen.",
		Example: "pitwall\npitwall attempt micro/7 --agent tuner --nodes 3\npitwall attempts\npitwall replay 1 --speed 4",
		Version: a.version,
		Args:    args(0, 0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.screen(cmd.Context(), screenOptions{}) },
		// What is wrong is said once, by run.
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { a.help(cmd) })
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print one JSON document on standard output")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.AddCommand(
		a.tasksCmd(), a.attemptCmd(), a.attemptsCmd(), a.showCmd(), a.watchCmd(), a.replayCmd(),
		a.diffCmd(), a.logCmd(), a.scriptCmd(), a.stopCmd(), a.pauseCmd(), a.resumeCmd(), a.deleteCmd(),
		a.approveCmd(), a.editCmd(), a.steerCmd(), a.branchCmd(), a.modelsCmd(), a.promptCmd(),
		a.exportCmd(), a.importCmd(), a.calibrateCmd(), a.repeatCmd(), a.scoreCmd(), a.sweepCmd(), a.doctorCmd(), a.engineCmd(),
	)
	return root
}

// args takes between least and most arguments.
func args(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, got []string) error {
		if len(got) < least || len(got) > most {
			if len(got) > 0 && !cmd.HasParent() {
				return usagef("unknown command %q; see pitwall --help", got[0])
			}
			return usagef("use it as: %s; see pitwall --help", cmd.UseLine())
		}
		return nil
	}
}

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
	lock := a.getenv("PITWALL_LOCK")
	return &engine.Engine{
		Store:   s,
		Runner:  &runner.Local{Shim: func(args ...string) *exec.Cmd { return runner.Self(append([]string{"_run"}, args...)...) }, LockPath: lock},
		Getenv:  a.getenv,
		Lock:    lock,
		Version: a.version,
		Pace:    agent.DefaultPace,
		Tasks:   a.tasks(),
	}
}

// buildVersion gives a release's version, else what the build information says.
func buildVersion(release string) string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel " + s.Value[:12]
		}
	}
	return "devel"
}
