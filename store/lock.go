package store

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/gofrs/flock"
)

// leaseTries is how often, leaseWait apart, a lease is asked for: a probe by
// Alive holds the lock for an instant.
const (
	leaseTries = 20
	leaseWait  = 5 * time.Millisecond
)

// held reports whether somebody holds the lock at path. It takes a shared lock
// for an instant: probes do not get into each other's way.
func held(path string) bool {
	if _, err := os.Stat(path); err != nil {
		return false
	}
	l := flock.New(path, flock.SetFlag(os.O_RDONLY))
	defer l.Close()
	ok, err := l.TryRLock()
	return err == nil && !ok
}

// Alive reports whether an engine holds the lease of stream id.
func (s *Store) Alive(id string) bool { return held(lockPath(s.home, id)) }

// takeLock takes the lock of stream id, or fails with ErrLeased.
func (s *Store) takeLock(ctx context.Context, id string) (*flock.Flock, error) {
	l := flock.New(lockPath(s.home, id), flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	for try := 0; ; try++ {
		ok, err := l.TryLock()
		if err != nil {
			return nil, fmt.Errorf("lease %s: %w; check the permissions of %s", id, err, s.home)
		}
		if ok {
			return l, nil
		}
		if try == leaseTries {
			return nil, fmt.Errorf("lease %s: %w; stop it with: pitwall stop %[1]s", id, ErrLeased)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(leaseWait):
		}
	}
}
