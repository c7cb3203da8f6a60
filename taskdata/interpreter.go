package taskdata

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Interpreter is a CPython 3.9 or newer, here or on another machine, which runs
// programs of ours over the text of scripts. It never runs a script.
type Interpreter struct {
	Path string // what errors call it by
	// Ask runs Path with these arguments and input on its standard input. Its error says
	// that the program could not be run.
	Ask func(ctx context.Context, args []string, input []byte) (Answer, error)
}

// Answer is what a program of ours printed, and how it ended.
type Answer struct {
	Out    []byte
	Words  string // from the end of its standard error
	Exit   int
	Signal string // "SIGSEGV"; "" where it exited by itself
}

// Run runs a program apart from all that surrounds it: no variable, user's package or
// file beside it has a say.
func (p Interpreter) Run(ctx context.Context, program string, input []byte) (Answer, error) {
	return p.Ask(ctx, []string{"-I", "-c", program}, input)
}

// Err is nil where the program exited with 0; else it says how it ended, with its last words.
func (a Answer) Err() error {
	switch how := a.how(); {
	case how == "":
		return nil
	case strings.TrimSpace(a.Words) == "":
		return errors.New(how)
	default:
		return fmt.Errorf("%s: %s", how, strings.TrimSpace(a.Words))
	}
}

func (a Answer) how() string {
	switch {
	case a.Signal != "":
		return "ended by " + a.Signal
	case a.Exit != 0:
		return fmt.Sprintf("exit status %d", a.Exit)
	}
	return ""
}

// lastWords is the last line of what it said, else how it ended.
func (a Answer) lastWords() string {
	lines := strings.Split(strings.TrimSpace(a.Words), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return last
	}
	return a.how()
}
