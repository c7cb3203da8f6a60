//go:build linux || darwin

package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/spf13/cobra"
)

// typed is what a person types while a command runs: the next one.
const typed = "the next command\n"

// silent runs the real program in a terminal that never answers, into which a person
// types. It gives the exit status, what the program wrote, and what it left unread.
func silent(t *testing.T, env []string, args ...string) (code int, wrote, left string) {
	t.Helper()
	us, them, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer us.Close()
	defer them.Close()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "pitwall")
	if err := os.Symlink(exe, program); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(us, typed); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "PITWALL_LOCK=" + filepath.Join(t.TempDir(), "lock")}, env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = them, them, them
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	const end = "\x00the end\x00" // NUL is no text of ours
	said := make(chan []byte)
	go func() {
		var all []byte
		buf := make([]byte, 32<<10)
		for !bytes.HasSuffix(all, []byte(end)) {
			n, err := us.Read(buf)
			all = append(all, buf[:n]...)
			if err != nil {
				break
			}
		}
		said <- bytes.TrimSuffix(all, []byte(end))
	}()
	err = cmd.Wait()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(them, end); err != nil {
		t.Fatal(err)
	}
	wrote = strings.Replace(string(<-said), strings.ReplaceAll(typed, "\n", "\r\n"), "", 1) // the terminal's echo
	buf := make([]byte, 1024)
	fd := int(them.Fd())
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	n, _ := syscall.Read(fd, buf)
	return code, wrote, string(buf[:max(n, 0)])
}

var colours = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// asks reports whether what the program wrote holds a sequence other than a colour:
// none asks the terminal anything but by one.
func asks(wrote string) bool { return strings.Contains(colours.ReplaceAllString(wrote, ""), "\x1b") }

func TestACommandThatDrawsNoScreenAsksTheTerminalNothingAndReadsNoKey(t *testing.T) {
	var each func(cmd *cobra.Command, path []string)
	each = func(cmd *cobra.Command, path []string) {
		for _, more := range []string{"--help", "--no-such-flag", "zzz"} {
			args := append(slices.Clone(path), more)
			t.Run(strings.Join(args, " "), func(t *testing.T) {
				t.Parallel()
				code, wrote, left := silent(t, []string{"TERM=xterm-256color"}, args...)
				if asks(wrote) {
					t.Errorf("it wrote %q", wrote)
				}
				if left != typed {
					t.Errorf("of what was typed ahead, %q was left", left)
				}
				if more == "--no-such-flag" && code != 2 || more == "--help" && code != 0 {
					t.Errorf("exit status %d\n%s", code, wrote)
				}
			})
		}
		for _, sub := range cmd.Commands() {
			each(sub, append(slices.Clone(path), sub.Name()))
		}
	}
	a, _ := onTerminal(t.TempDir())
	root := newRoot(a)
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	each(root, nil)
}

func TestTheScreenIsRefusedInWordsWhereTheTerminalCannotDrawIt(t *testing.T) {
	for _, env := range [][]string{{"TERM=dumb"}, {"TERM="}, nil} {
		for _, args := range [][]string{nil, {"watch", "1"}, {"replay", "1"}} {
			code, wrote, left := silent(t, env, args...)
			if code != 2 || !strings.Contains(wrote, "TERM=xterm-256color") {
				t.Errorf("pitwall %q with %q: exit status %d, %q", args, env, code, wrote)
			}
			if strings.Contains(wrote, "\x1b") || left != typed {
				t.Errorf("pitwall %q with %q wrote %q and left %q", args, env, wrote, left)
			}
		}
	}
}
