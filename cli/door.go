package cli

import (
	"errors"
	"io"
	"os"
	"sync"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"pitwall/internal/clean"
)

// door is the one way out for what commands write, standard output or standard error.
// On a terminal it lets through text, line breaks and tabs: much of what a command
// prints was written by a model, a script or a stranger. Elsewhere every byte passes.
type door struct {
	mu       sync.Mutex // progress is told beside what a command prints
	to       io.Writer
	clean    *clean.Writer // nil where to is no terminal
	terminal *os.File      // nil where to is no terminal
	draws    bool          // the terminal can renew a line
	raw      bool          // control sequences are wanted: see --raw
}

// newDoor gives a door to a file, or to another writer, which is no terminal.
func newDoor(to io.Writer, getenv func(string) string) *door {
	d := &door{to: to}
	if file, ok := to.(*os.File); ok && term.IsTerminal(file.Fd()) {
		enableSequences(file)
		d.terminal, d.clean, d.draws = file, clean.NewWriter(to), canDraw(getenv)
	}
	return d
}

// standard gives the doors to standard output and standard error.
func standard(getenv func(string) string) (out, err *door) {
	return newDoor(os.Stdout, getenv), newDoor(os.Stderr, getenv)
}

// Write passes text on, cleaned on a terminal.
func (d *door) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.clean == nil || d.raw {
		return d.to.Write(p)
	}
	return d.clean.Write(p)
}

// draw passes control sequences of our own on. Only clean text may stand among them.
func (d *door) draw(s string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _ = io.WriteString(d.to, s) // what is only shown on the way has nobody to hear that it was not
}

// size gives the terminal's size in cells, or what is given where it has none.
func (d *door) size(width, height int) (w, h int) {
	if d.terminal == nil {
		return width, height
	}
	if w, h, err := term.GetSize(d.terminal.Fd()); err == nil && w > 0 && h > 0 {
		return w, h
	}
	return width, height
}

// close writes what is left of a text that ended in the middle of something.
func (d *door) close() error {
	if d.clean == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.clean.Close()
}

// rawFlag lets a command's text through to a terminal as it is.
func (a *app) rawFlag(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&a.out.raw, "raw", false, "on a terminal, let control sequences through too (elsewhere every byte always is)")
	return cmd
}

// errDumb says which terminals the screen can be drawn on.
var errDumb = errors.New("TERM says that this terminal cannot be drawn on: set it to what yours is, as TERM=xterm-256color; without a screen use the commands, see pitwall --help")
