//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// terminal is a terminal with the program in it. Its methods wait for what the
// screen comes to show, never for a time, and fail the test where it does not.
type terminal struct {
	t     *testing.T
	cmd   *exec.Cmd
	tty   *os.File
	ended chan struct{} // closed when the program is gone and all it wrote was read

	mu     sync.Mutex // guards what follows: the emulator is not safe for concurrent use
	screen *vt.Emulator
	w, h   int
	raw    bytes.Buffer // all that the program wrote
	titles []string
}

// open starts the program in a terminal of w by h cells.
func (p *place) open(w, h int, args ...string) *terminal {
	p.t.Helper()
	d := &terminal{t: p.t, screen: vt.NewEmulator(w, h), w: w, h: h, ended: make(chan struct{})}
	d.screen.SetCallbacks(vt.Callbacks{Title: func(s string) { d.titles = append(d.titles, s) }})
	d.cmd = exec.Command(built.program, args...)
	d.cmd.Env = p.env
	var err error
	if d.tty, err = pty.StartWithSize(d.cmd, size(w, h)); err != nil {
		p.t.Fatal(err)
	}
	replies := make(chan struct{})
	go func() {
		defer close(replies)
		d.answer()
	}()
	go func() {
		d.listen()
		_ = d.cmd.Wait() // how it ended is read from ProcessState
		d.hangUp()
		<-replies
		d.tty.Close()
		close(d.ended)
	}()
	p.t.Cleanup(d.Close)
	return d
}

func size(w, h int) *pty.Winsize { return &pty.Winsize{Rows: uint16(h), Cols: uint16(w)} }

// listen shows what the program writes, until it has no terminal any more.
func (d *terminal) listen() {
	buf := make([]byte, 64<<10)
	for {
		n, err := d.tty.Read(buf)
		d.mu.Lock()
		d.raw.Write(buf[:n])
		_, _ = d.screen.Write(buf[:n])
		d.mu.Unlock()
		if err != nil {
			return // EIO: the last process that had the terminal has closed it
		}
	}
}

// answer gives the program the terminal's replies to its questions. It takes no
// lock, and it goes on when the program is gone: the emulator waits, under the
// lock, until a reply is taken.
func (d *terminal) answer() {
	buf := make([]byte, 4<<10)
	for {
		n, err := d.screen.Read(buf)
		if err != nil {
			return
		}
		_, _ = d.tty.Write(buf[:n])
	}
}

// hangUp ends answer. It closes the pipe and not the emulator, whose own flag
// answer reads.
func (d *terminal) hangUp() {
	if c, ok := d.screen.InputPipe().(io.Closer); ok {
		_ = c.Close()
	}
}

// Escape is sent in the form that cannot be taken for Alt with the next key.
var keys = map[string]string{
	"enter": "\r", "esc": "\x1b[27u", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "backspace": "\x7f",
	"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
	"home": "\x1b[H", "end": "\x1b[F", "pgup": "\x1b[5~", "pgdown": "\x1b[6~", "ctrl+c": "\x03",
}

// Key presses keys in one go: names such as enter and left, and else text as typed.
func (d *terminal) Key(names ...string) *terminal {
	d.t.Helper()
	var typed strings.Builder
	for _, name := range names {
		if seq, ok := keys[name]; ok {
			name = seq
		}
		typed.WriteString(name)
	}
	if _, err := io.WriteString(d.tty, typed.String()); err != nil {
		d.fail("type %q: %v", names, err)
	}
	return d
}

// Rows gives the rows of the screen, without the spaces at their ends.
func (d *terminal) Rows() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rows()
}

func (d *terminal) rows() []string {
	rows := make([]string, d.h)
	var row strings.Builder
	for y := range rows {
		row.Reset()
		for x := 0; x < d.w; {
			c := d.screen.CellAt(x, y)
			if c == nil || c.Content == "" {
				row.WriteByte(' ')
			} else {
				row.WriteString(c.Content)
			}
			x++
			if c != nil && c.Width > 1 {
				x += c.Width - 1
			}
		}
		rows[y] = strings.TrimRight(row.String(), " ")
	}
	return rows
}

// Screen gives what the screen shows.
func (d *terminal) Screen() string { return strings.Join(d.Rows(), "\n") }

// Raw gives every byte that the program has written.
func (d *terminal) Raw() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.raw.String()
}

// Titles gives the window titles that the program has set.
func (d *terminal) Titles() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.titles)
}

// Until waits until the screen is as it should be.
func (d *terminal) Until(what string, ok func(screen string) bool) *terminal {
	d.t.Helper()
	met, over := false, false
	comesAbout(patience, func() bool {
		select {
		case <-d.ended:
			over = true
		default:
		}
		met = ok(d.Screen())
		return met || over
	})
	switch {
	case met:
	case over:
		d.fail("the program ended (%s) before the screen showed: %s", d.cmd.ProcessState, what)
	default:
		d.fail("the screen did not show in %s: %s", patience, what)
	}
	return d
}

// Sees waits until the screen has all the texts on it.
func (d *terminal) Sees(texts ...string) *terminal {
	d.t.Helper()
	return d.Until(strings.Join(texts, " and "), func(s string) bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(s, text) })
	})
}

// Misses waits until the screen has none of the texts on it.
func (d *terminal) Misses(texts ...string) *terminal {
	d.t.Helper()
	return d.Until("no more "+strings.Join(texts, " or "), func(s string) bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(s, text) })
	})
}

// Finds waits for a match of a regular expression on the screen, and gives its groups.
func (d *terminal) Finds(expr string) (groups []string) {
	d.t.Helper()
	re := regexp.MustCompile(expr)
	d.Until(expr, func(s string) bool {
		groups = re.FindStringSubmatch(s)
		return groups != nil
	})
	return groups
}

// Resize changes the size of the terminal under the program.
func (d *terminal) Resize(w, h int) *terminal {
	d.t.Helper()
	d.mu.Lock()
	d.screen.Resize(w, h)
	d.w, d.h = w, h
	err := pty.Setsize(d.tty, size(w, h))
	d.mu.Unlock()
	if err != nil {
		d.fail("resize: %v", err)
	}
	return d
}

// Leaves waits for the program to end by itself, with exit status 0 and the
// terminal as it was.
func (d *terminal) Leaves() {
	d.t.Helper()
	if !comesAbout(patience, d.over) {
		d.fail("the program has not ended in %s", patience)
	}
	if code := d.cmd.ProcessState.ExitCode(); code != 0 {
		d.fail("the program ended with %s", d.cmd.ProcessState)
	}
	raw := d.Raw()
	for _, mode := range []struct{ is, on, off string }{
		{"the alternate screen", "\x1b[?1049h", "\x1b[?1049l"},
		{"the hidden cursor", "\x1b[?25l", "\x1b[?25h"},
	} {
		if strings.LastIndex(raw, mode.on) > strings.LastIndex(raw, mode.off) {
			d.fail("the program left %s on", mode.is)
		}
	}
}

func (d *terminal) over() bool {
	select {
	case <-d.ended:
		return true
	default:
		return false
	}
}

// Kill9 kills the program and waits until it is gone.
func (d *terminal) Kill9() {
	d.t.Helper()
	if err := d.cmd.Process.Kill(); err != nil {
		d.fail("kill: %v", err)
	}
	if !comesAbout(patience, d.over) {
		d.fail("the program outlived a kill by %s", patience)
	}
}

// Close ends the program, however it stands, and looks for a crash.
func (d *terminal) Close() {
	if !d.over() {
		_ = d.cmd.Process.Kill()
		if !comesAbout(patience/9, d.over) {
			d.t.Error("the terminal does not close: something the program started has kept it")
		}
	}
	if raw := d.Raw(); strings.Contains(raw, "goroutine 1 [") || strings.Contains(raw, "Caught panic") {
		d.t.Errorf("the program crashed:\n%s", raw[max(0, len(raw)-8000):])
	}
}

// fail ends the test with the screen as it is.
func (d *terminal) fail(format string, args ...any) {
	d.t.Helper()
	d.mu.Lock()
	var dump strings.Builder
	edge := "+" + strings.Repeat("-", d.w) + "+"
	fmt.Fprintln(&dump, edge)
	for _, r := range d.rows() {
		fmt.Fprintf(&dump, "|%s\n", r)
	}
	fmt.Fprint(&dump, edge)
	d.mu.Unlock()
	d.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), dump.String())
}
