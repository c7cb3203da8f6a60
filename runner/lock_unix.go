//go:build linux || darwin

package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// lockPoll is how often a waiter asks again.
const lockPoll = 100 * time.Millisecond

// DefaultLockPath is the lock file that everyone on this machine shares,
// whatever their PITWALL_HOME and TMPDIR. PITWALL_LOCK overrides it.
func DefaultLockPath() string {
	if p := os.Getenv("PITWALL_LOCK"); p != "" {
		return p
	}
	return "/tmp/pitwall-timed-run.lock"
}

// MachineLock is the right to time a run on this machine.
type MachineLock struct {
	mu     sync.Mutex
	f      *os.File
	holder Holder
}

// Acquire waits for the machine-wide lock at path ("" means DefaultLockPath)
// until ctx ends. While someone else holds it, onWait (which may be nil) is told
// who, at once and when that changes. The lock is also held by every run that
// was started under it until its last process is gone, so it outlives a holder
// that is killed. The caller must Release it.
func Acquire(ctx context.Context, path, label string, onWait func(Holder)) (*MachineLock, error) {
	if path == "" {
		path = DefaultLockPath()
	}
	var told *Holder
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("wait for the machine: %w", err)
		}
		f, err := openLock(path)
		if err != nil {
			return nil, fmt.Errorf("open machine lock: %w (remove the file, or set PITWALL_LOCK to another path for everyone on this machine)", err)
		}
		err = flock(f)
		if err == nil && samePath(f, path) {
			l := &MachineLock{f: f, holder: Holder{PID: os.Getpid(), Label: label, Since: time.Now().Round(0)}}
			l.note("")
			return l, nil
		}
		if err != nil && !errors.Is(err, unix.EWOULDBLOCK) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w (set PITWALL_LOCK to a path on a local disk)", path, err)
		}
		if err != nil && onWait != nil {
			if h := readHolder(f); told == nil || *told != h {
				told = &h
				onWait(h)
			}
		}
		f.Close()
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// Release gives the lock up. Runs that still go on under it keep the machine.
// It may be called twice, and on nil.
func (l *MachineLock) Release() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return nil
	}
	l.write(nil)
	// Closing, not unlocking: a guarding process may hold the same lock.
	err := l.f.Close()
	l.f = nil
	return err
}

// note writes into the file who holds the lock, for those who wait. A file of
// someone else's may not be writable; then waiters are not told.
func (l *MachineLock) note(job string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return
	}
	l.holder.Job = job
	if b, err := json.Marshal(l.holder); err == nil && len(b) < holderSize {
		l.write(b)
	}
}

// write replaces the file's text in one go, padded, so that a reader never sees
// half of it.
func (l *MachineLock) write(b []byte) {
	pad := bytes.Repeat([]byte{' '}, holderSize)
	copy(pad, b)
	pad[holderSize-1] = '\n'
	_, _ = l.f.WriteAt(pad, 0)
}

// file is what a guarding process inherits; nil once released.
func (l *MachineLock) file() *os.File {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.f
}

// openLock never opens an existing file with O_CREAT: in a sticky directory the
// kernel refuses that for files of other users (fs.protected_regular).
func openLock(path string) (*os.File, error) {
	const base = unix.O_NOFOLLOW | unix.O_NONBLOCK
	for range 3 {
		f, err := os.OpenFile(path, os.O_RDWR|base, 0)
		if errors.Is(err, fs.ErrPermission) {
			f, err = os.OpenFile(path, os.O_RDONLY|base, 0)
		}
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|base, 0o666)
		if err == nil {
			_ = f.Chmod(0o666) // past the umask: others must be able to wait and to say who they are
			return f, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s comes and goes", path)
}

func flock(f *os.File) error {
	for {
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// samePath tells whether f is still what path names; a cleaner may have removed it.
func samePath(f *os.File, path string) bool {
	a, err1 := f.Stat()
	b, err2 := os.Lstat(path)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}

func readHolder(f *os.File) Holder {
	b := make([]byte, holderSize)
	n, _ := f.ReadAt(b, 0)
	return parseHolder(b[:n])
}
