package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// detached gives an engine a session of its own, without a terminal.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// keepExecutable has cmd start a copy of the program under home: under `go run`
// the program's own file goes away with the parent.
func keepExecutable(cmd *exec.Cmd, home string) error {
	in, err := os.Open(cmd.Path)
	if err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	defer in.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	dir := filepath.Join(home, "bin")
	path := filepath.Join(dir, "pitwall-"+hex.EncodeToString(sum.Sum(nil)[:8]))
	if _, err := os.Stat(path); err == nil {
		cmd.Path = path
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	out, err := os.CreateTemp(dir, "new-*")
	if err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	defer os.Remove(out.Name())
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return fmt.Errorf("copy program: %w", err)
	}
	if err := out.Chmod(0o700); err != nil {
		out.Close()
		return fmt.Errorf("copy program: %w", err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	if err := os.Rename(out.Name(), path); err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	cmd.Path = path
	return nil
}
