package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"pitwall/store/event"
)

// kindAdopting is an attempt that Adopt has not whole yet: no list has it, and it has no number.
const kindAdopting = "adopting"

// DerivedID gives an id that is the same wherever it is made of the same: a ULID in lower case of t,
// the zero time where none is known, and of sum, a hash of 10 bytes or more. t lies between 1970 and
// 10889.
func DerivedID(t time.Time, sum []byte) string {
	var ms uint64
	if !t.IsZero() {
		ms = ulid.Timestamp(t)
	}
	id := ulid.ULID{byte(ms >> 40), byte(ms >> 32), byte(ms >> 24), byte(ms >> 16), byte(ms >> 8), byte(ms)}
	copy(id[6:], sum)
	return strings.ToLower(id.String())
}

// Adopt stores an attempt that no engine of ours ran, under an id that is not made here (see
// DerivedID) and a new number: whole, or not at all, also where this process is killed. Its events
// must end with a final status. created is when it was begun, now where it is the zero time. Where the
// store has the attempt nothing changes, no event is asked for, and added is false; one that was
// deleted is made anew.
func (s *Store) Adopt(ctx context.Context, id string, spec Spec, created time.Time, events iter.Seq2[event.Times, event.Body]) (added bool, err error) {
	if added, err = s.adopt(ctx, id, spec, created, events); err != nil {
		return added, fmt.Errorf("take attempt %s in: %w", id, err)
	}
	return added, nil
}

func (s *Store) adopt(ctx context.Context, id string, spec Spec, created time.Time, events iter.Seq2[event.Times, event.Body]) (added bool, err error) {
	if !validID(id) {
		return false, errors.New("this is no id of an attempt")
	}
	if err := s.upgrade(ctx); err != nil {
		return false, err
	}
	there, err := s.clearFor(ctx, id)
	if err != nil || there {
		return false, err
	}
	w, err := s.beginAdoption(ctx, id, spec, created)
	if err != nil {
		return false, err
	}
	err = w.takeAll(ctx, events)
	if err == nil {
		err = s.publish(ctx, id)
	}
	done := context.WithoutCancel(ctx)
	closed := w.Close(done)
	if err != nil {
		return false, errors.Join(err, s.discard(done, id))
	}
	return true, closed
}

// clearFor reports whether the store has attempt id. What others that were killed had begun to adopt
// goes, and so does id itself where it was deleted.
func (s *Store) clearFor(ctx context.Context, id string) (there bool, err error) {
	var left []string
	err = s.view(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id, kind, deleted > 0 FROM streams WHERE kind = ? OR id = ?`, kindAdopting, id)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var found, kind string
			var deleted bool
			if err := rows.Scan(&found, &kind, &deleted); err != nil {
				return err
			}
			if there = there || kind != kindAdopting && !deleted; kind == kindAdopting || deleted {
				left = append(left, found)
			}
		}
		return rows.Err()
	})
	for _, found := range left {
		if err == nil && !s.Alive(found) {
			err = s.discard(ctx, found)
		}
	}
	return there, err
}

// beginAdoption makes the row of an attempt that is to be adopted, and leases it. The lock comes
// first, so that the row is never there without somebody who holds it.
func (s *Store) beginAdoption(ctx context.Context, id string, spec Spec, created time.Time) (*Writer, error) {
	if created.IsZero() {
		created = time.Now()
	}
	lock, err := s.takeLock(ctx, id)
	if errors.Is(err, ErrLeased) {
		return nil, errors.New("another pitwall is taking it in; wait until it has")
	}
	if err != nil {
		return nil, err
	}
	doc, err := json.Marshal(spec)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	err = s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO streams (id, kind, task, spec, created) VALUES (?, ?, ?, ?, ?)`, id, kindAdopting, spec.Task, s.masked(string(doc)), created.UnixMilli())
		return err
	})
	if err != nil {
		return nil, errors.Join(err, lock.Close(), os.Remove(lockPath(s.home, id)))
	}
	w, err := s.lease(ctx, id, lock)
	if err != nil {
		return nil, errors.Join(err, lock.Close(), s.discard(context.WithoutCancel(ctx), id))
	}
	return w, nil
}

// takeAll commits all events of an attempt, which must end with a final status.
func (w *Writer) takeAll(ctx context.Context, events iter.Seq2[event.Times, event.Body]) error {
	for t, b := range events {
		if w.EmitAt(t, b); w.Err() != nil || ctx.Err() != nil {
			break
		}
	}
	if err := errors.Join(w.Err(), ctx.Err()); err != nil {
		return err
	}
	if !w.State().Finished() {
		return errors.New("its events end before it does")
	}
	return w.Flush(ctx)
}

// publish makes an attempt of what was adopted.
func (s *Store) publish(ctx context.Context, id string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		var number int64
		if err := tx.QueryRowContext(ctx, `UPDATE counters SET value = value + 1 WHERE name = 'attempts' RETURNING value`).Scan(&number); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE streams SET kind = ?, number = ? WHERE id = ? AND kind = ?`, kindAttempt, number, id, kindAdopting)
		return err
	})
}
