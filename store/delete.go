package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"
)

// Purging goes in steps that hold the write lock for no longer than stepTarget;
// a step is half as big after one that took longer than that.
const (
	stepTarget   = 20 * time.Millisecond
	firstRows    = 32
	maxRows      = 1024
	firstPages   = 64
	maxPages     = 4096
	purgingError = "attempt %s is being removed for good and cannot come back"
)

// Delete marks an attempt as deleted: it is left out of every list, and can be
// brought back with Undelete until it is purged. It fails with ErrLive while an
// engine runs it.
func (s *Store) Delete(ctx context.Context, id string) error {
	live := func() error {
		return &worded{fmt.Sprintf("attempt %s is running; stop it first with: pitwall stop %s", id, id), ErrLive}
	}
	if s.Alive(id) {
		return live()
	}
	return s.change(ctx, func(tx *sql.Tx) error {
		st, err := findStream(ctx, tx, id)
		if err != nil {
			return err
		}
		// An engine that takes the lease after this finds the mark.
		if s.Alive(id) {
			return live()
		}
		_, err = tx.ExecContext(ctx, `UPDATE streams SET deleted = ? WHERE n = ?`, time.Now().UnixMilli(), st.n)
		return err
	})
}

// Undelete brings a deleted attempt back, unless its purge has begun.
func (s *Store) Undelete(ctx context.Context, id string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		var purging bool
		err := tx.QueryRowContext(ctx, `SELECT purging FROM streams WHERE id = ?`, id).Scan(&purging)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound(id)
		}
		if err != nil {
			return err
		}
		if purging {
			return fmt.Errorf(purgingError, id)
		}
		_, err = tx.ExecContext(ctx, `UPDATE streams SET deleted = 0 WHERE id = ?`, id)
		return err
	})
}

// PurgeBefore removes the attempts that were deleted at t or before for good and gives
// their space back, in steps under 50 ms that leave room for engines in between. It ends
// early with ctx, and a later call goes on where it ended. Calibrations stay.
func (s *Store) PurgeBefore(ctx context.Context, t time.Time) error {
	removed := false
	for {
		id, n, err := s.nextPurge(ctx, t)
		if err != nil {
			return fmt.Errorf("purge: %w", err)
		}
		if id == "" {
			break
		}
		if err := s.purgeStream(ctx, id, n); err != nil {
			return fmt.Errorf("purge %s: %w", id, err)
		}
		removed = true
	}
	if err := s.vacuum(ctx, removed); err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	return nil
}

// nextPurge picks a deleted stream and marks it as beyond undoing.
func (s *Store) nextPurge(ctx context.Context, t time.Time) (id string, n int64, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `UPDATE streams SET purging = 1 WHERE n = (SELECT n FROM streams WHERE purging = 1 OR deleted > 0 AND deleted <= ? LIMIT 1)
			RETURNING id, n`, t.UnixMilli()).Scan(&id, &n)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return id, n, err
}

// discard removes one stream at once, whether it was deleted or not. Nobody may
// hold its lease.
func (s *Store) discard(ctx context.Context, id string) error {
	var n int64
	err := s.change(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `UPDATE streams SET deleted = ?, purging = 1 WHERE id = ? RETURNING n`, time.Now().UnixMilli(), id).Scan(&n)
	})
	if err != nil {
		return err
	}
	return s.purgeStream(ctx, id, n)
}

func (s *Store) purgeStream(ctx context.Context, id string, n int64) error {
	for _, table := range []string{"segments", "checkpoints", "orders"} {
		query := `DELETE FROM ` + table + ` WHERE rowid IN (SELECT rowid FROM ` + table + ` WHERE stream = ? LIMIT ?)`
		err := s.steps(ctx, firstRows, maxRows, func(tx *sql.Tx, size int) (bool, error) {
			res, err := tx.ExecContext(ctx, query, n, size)
			if err != nil {
				return false, err
			}
			gone, err := res.RowsAffected()
			return gone == int64(size), err
		})
		if err != nil {
			return err
		}
	}
	err := s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM streams WHERE n = ?`, n)
		return err
	})
	if err != nil {
		return err
	}
	// A lease needs the row, so nobody can want the lock any more.
	if err := os.Remove(lockPath(s.home, id)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// vacuum gives free pages back to the file system.
func (s *Store) vacuum(ctx context.Context, removed bool) error {
	if !removed {
		return nil
	}
	return s.steps(ctx, firstPages, maxPages, func(tx *sql.Tx, size int) (bool, error) {
		// Each row is one page: reading them all is what frees them.
		rows, err := tx.QueryContext(ctx, fmt.Sprintf(`PRAGMA incremental_vacuum(%d)`, size))
		if err != nil {
			return false, err
		}
		defer rows.Close()
		for rows.Next() {
		}
		if err := rows.Err(); err != nil {
			return false, err
		}
		var free int
		if err := tx.QueryRowContext(ctx, `PRAGMA freelist_count`).Scan(&free); err != nil {
			return false, err
		}
		return free > 0, nil
	})
}

// steps calls f in one transaction after the other while it says that there is
// more to do, with a size that keeps each near stepTarget, and leaves the
// database to others in between for as long as a step takes.
func (s *Store) steps(ctx context.Context, size, most int, f func(*sql.Tx, int) (more bool, err error)) error {
	for more := true; more; {
		// From when the write lock is had until it is given back.
		var began time.Time
		err := s.change(ctx, func(tx *sql.Tx) (err error) {
			began = time.Now()
			more, err = f(tx, size)
			return err
		})
		if err != nil {
			return err
		}
		took := time.Since(began)
		switch {
		case took > stepTarget:
			size = max(size/2, 1)
		case took < stepTarget/2:
			size = min(size*2, most)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(took):
		}
	}
	return nil
}
