package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"pitwall/store/event"
	"pitwall/store/fold"
)

// busyFor is how long the committer goes on against a locked database.
const busyFor = time.Minute

// row is a segment on its way to the store.
type row struct {
	batch
	stored bool // it has a row already, which grows
	body   []byte
}

// commitLoop is the only one to write a leased stream. It ends with Close, or
// with the first failure.
func (w *Writer) commitLoop() {
	defer close(w.done)
	beats := time.NewTicker(beat)
	defer beats.Stop()
	for {
		select {
		case <-w.wake:
			w.gather()
		case <-w.hurry:
		case <-beats.C:
		case <-w.quit:
			w.commit(true)
			return
		}
		if !w.commit(false) {
			<-w.quit
			return
		}
	}
}

// gather lets events come together for one commit.
func (w *Writer) gather() {
	t := time.NewTimer(commitEvery)
	defer t.Stop()
	select {
	case <-t.C:
	case <-w.hurry:
	case <-w.quit:
	}
}

// commit commits what is pending, or a heartbeat. It reports whether to go on.
func (w *Writer) commit(last bool) bool {
	w.mu.Lock()
	if w.err != nil {
		w.mu.Unlock()
		return false
	}
	if len(w.batches) == 0 && !last && time.Since(w.beaten) < beat*9/10 {
		w.mu.Unlock()
		return true
	}
	batches, marks := w.batches, w.marks
	w.batches, w.marks, w.bytes = nil, nil, 0
	summary, active, seq := derive(w.state), w.state.Active, w.state.Seq
	w.mu.Unlock()

	rows := w.rows(batches)
	err := w.store(rows, marks, summary, active, last)
	w.beaten = time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.fail(w.explain(err))
		return false
	}
	if len(rows) > 0 {
		w.tail = rows[len(rows)-1]
		w.tail.stored = true
	}
	w.committed = seq
	w.moved.Broadcast()
	return true
}

// rows makes segments of the batches: small ones go together, the first with
// the last segment that is stored.
func (w *Writer) rows(batches []*batch) []*row {
	var rows []*row
	tail := w.tail
	for _, b := range batches {
		if tail != nil && len(tail.raw)+len(b.raw) <= tailBytes {
			grown := &row{batch: tail.batch, stored: tail.stored}
			grown.last, grown.t1 = b.last, b.t1
			grown.kinds |= b.kinds
			grown.lines += b.lines
			grown.raw = slices.Concat(tail.raw, b.raw[event.HeaderLen(b.raw):])
			if len(rows) > 0 {
				rows[len(rows)-1] = grown
			} else {
				rows = append(rows, grown)
			}
		} else {
			rows = append(rows, &row{batch: *b})
		}
		tail = rows[len(rows)-1]
	}
	for _, r := range rows {
		r.body = w.enc.EncodeAll(r.raw, make([]byte, 0, len(r.raw)/4+64))
	}
	return rows
}

// store writes one transaction, again and again while the database is locked.
func (w *Writer) store(rows []*row, marks []pendingCheckpoint, m Summary, active int64, last bool) error {
	ctx := context.WithoutCancel(w.s.ctx)
	points := make([]storedCheckpoint, 0, len(marks))
	for _, p := range marks {
		c, err := w.encodeCheckpoint(p)
		if err != nil {
			continue // only a short cut: readers fold from the one before
		}
		points = append(points, c)
	}
	set, args, err := writeSummary(m)
	if err != nil {
		return err
	}
	args = append(args, active, time.Now().UnixMilli(), os.Getpid(), w.st.n, w.epoch)
	for since := time.Now(); ; {
		err := w.s.changeOnce(ctx, func(tx *sql.Tx) error {
			res, err := tx.ExecContext(ctx, `UPDATE streams SET `+set+`, active = ?, heartbeat = ?, pid = ? WHERE n = ? AND epoch = ? AND deleted = 0`, args...)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n != 1 {
				return ErrEpoch
			}
			for _, r := range rows {
				if err := r.save(ctx, tx, w.st.n); err != nil {
					return err
				}
			}
			for _, c := range points {
				if err := c.save(ctx, tx, w.st.n); err != nil {
					return err
				}
			}
			if last {
				return closeOrders(ctx, tx, w.st.n, w.epoch+1)
			}
			return nil
		})
		if !isBusy(err) || time.Since(since) > busyFor {
			return err
		}
	}
}

func (r *row) save(ctx context.Context, tx *sql.Tx, n int64) error {
	if r.stored {
		_, err := tx.ExecContext(ctx, `UPDATE segments SET last_seq = ?, t1 = ?, kinds = ?, lines = ?, body = ? WHERE stream = ? AND first_seq = ?`,
			r.last, r.t1, int64(r.kinds), r.lines, r.body, n, r.first)
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO segments (stream, `+segmentColumns+`, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		n, r.first, r.last, r.t0, r.t1, int64(r.kinds), r.line0, r.lines, r.body)
	return err
}

// storedCheckpoint is a row of checkpoints.
type storedCheckpoint struct {
	seq, active    int64
	lens           string
	chunk, scalars []byte
}

func (w *Writer) encodeCheckpoint(p pendingCheckpoint) (c storedCheckpoint, err error) {
	lens, err := json.Marshal(p.state.Lens())
	if err != nil {
		return c, err
	}
	chunk, err := fold.EncodeColumns(p.state.Since(p.since))
	if err != nil {
		return c, err
	}
	scalars, err := fold.EncodeScalars(&p.state.Scalars)
	if err != nil {
		return c, err
	}
	return storedCheckpoint{p.state.Seq, p.state.Active, string(lens), w.enc.EncodeAll(chunk, nil), w.enc.EncodeAll(scalars, nil)}, nil
}

func (c storedCheckpoint) save(ctx context.Context, tx *sql.Tx, n int64) error {
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO checkpoints (stream, seq, version, active, lens, chunk, scalars) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		n, c.seq, fold.Version, c.active, c.lens, c.chunk, c.scalars)
	return err
}

// explain words a failure to commit, with the mend.
func (w *Writer) explain(err error) error {
	id, home := w.st.id, w.s.home
	switch code(err) & 0xff {
	case sqlite3.SQLITE_FULL:
		return &worded{fmt.Sprintf("the disk is full: attempt %s stopped, and keeps what came before; free some space on %s, then: pitwall resume %s", id, home, id), err}
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return &worded{fmt.Sprintf("%s cannot be written (%v): attempt %s stopped, and keeps what came before; check the disk and its free space, then: pitwall resume %s", home, err, id, id), err}
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return &worded{fmt.Sprintf("%s has been locked by another program for a minute: attempt %s stopped; close that program, then: pitwall resume %s", w.s.path, id, id), err}
	case 0:
		return fmt.Errorf("attempt %s: %w", id, err)
	}
	return w.s.words(err)
}
