// Package cli is the command line: it wires the rooms, and what the screen can
// start it starts without one.
//
// A command is a file. It says in its cobra.Command how it is used, opens the store
// (withStore, onStore) for as long as it lasts, and does its work in a method of app,
// which is all that commands share. What it prints goes out by one of two doors, as a
// document (package report) where --json is given, else as a table or lines; nothing is
// written past them, and nobody but the screen asks the terminal anything. Errors are
// returned, and said once, by run, which makes exit statuses of them.
//
// Attempts are begun by a starter, and by nothing else. An engine is this process itself
// (drive) or one of its own (launchEngine). A goroutine beside a command belongs to the
// function that started it, which ends it before it returns: follow's tells how a stream
// comes along, the screen's tidies up. Agree's alone may be left waiting for a line at the
// end of the program, for a read from a terminal cannot be ended.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"pitwall/agent"
	"pitwall/internal/clean"
	"pitwall/runner"
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
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.screen(cmd.Context(), opening{}) },
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
