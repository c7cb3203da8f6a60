package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"pitwall/store/event"
	"pitwall/store/fold"
)

// checkpoint is a place from which the fold can go on.
type checkpoint struct {
	seq    int64
	active int64
	lens   fold.Lens
	// scalars is nil while they have not been read from the store.
	scalars *fold.Scalars
}

// opened is a stream as far as it was read: the fold at its end (or at the
// sequence number asked for), and the way to any place before it.
type opened struct {
	stream
	every    int64 // events between points
	full     *fold.State
	points   []checkpoint // ascending
	stored   int          // so many of points are in the store; the rest was taken while reading
	segments []segment    // all, in order
}

// StateAt gives the fold of stream id after event seq, or at its end where seq
// is 0 or lies beyond it.
func (s *Store) StateAt(ctx context.Context, id string, seq int64) (*fold.State, error) {
	o, err := s.open(ctx, id, seq)
	if err != nil {
		return nil, fmt.Errorf("read attempt: %w", err)
	}
	return o.full, nil
}

// open reads stream id up to event seq (0: all), from its checkpoints as far as
// they are good. With a *CorruptError comes what could be read.
func (s *Store) open(ctx context.Context, id string, seq int64) (*opened, error) {
	if seq <= 0 {
		seq = math.MaxInt64
	}
	o := &opened{full: fold.New(), every: s.every}
	err := s.view(ctx, func(tx *sql.Tx) (err error) {
		if o.stream, err = findStream(ctx, tx, id); err != nil {
			return err
		}
		if err := s.loadCheckpoints(ctx, tx, o, seq); err != nil {
			return err
		}
		o.segments, err = findSegments(ctx, tx, o.n, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := segmentAt(o.segments, o.full.Seq+1); i < len(o.segments) && o.segments[i].first <= seq; i++ {
		events, err := s.readSegment(ctx, o.stream, o.segments[i].first)
		for _, e := range events {
			// The last segment may have grown since: one moment for all.
			if e.Seq > o.full.Seq && e.Seq <= seq && e.Seq <= o.lastSeq {
				o.apply(e)
			}
		}
		if i == len(o.segments)-1 {
			s.keepLines(o.n, o.segments[i], events)
		}
		if err != nil {
			return o, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// apply folds e into the whole, and remembers a checkpoint now and then.
func (o *opened) apply(e event.Event) {
	o.full.Apply(e)
	var last int64
	if n := len(o.points); n > 0 {
		last = o.points[n-1].seq
	}
	if e.Seq-last >= o.every {
		// A copy of the scalars alone: the columns would keep every array alive
		// that they have outgrown.
		sc := o.full.Snapshot().Scalars
		o.points = append(o.points, checkpoint{e.Seq, e.Active, o.full.Lens(), &sc})
	}
}

// loadCheckpoints reads the good checkpoints of o up to seq, and takes the last
// of them as the whole. Each holds the columns since the one before it, so the
// first that is damaged, or of another fold, makes all after it useless.
func (s *Store) loadCheckpoints(ctx context.Context, tx *sql.Tx, o *opened, seq int64) error {
	rows, err := tx.QueryContext(ctx, `SELECT seq, version, active, lens, chunk FROM checkpoints WHERE stream = ? AND seq <= ? ORDER BY seq`, o.n, min(seq, o.lastSeq))
	if err != nil {
		return err
	}
	defer rows.Close()
	var columns fold.State
	var raw []byte
	for rows.Next() {
		var c checkpoint
		var version int
		var lens string
		var chunk sql.RawBytes
		if err := rows.Scan(&c.seq, &version, &c.active, &lens, &chunk); err != nil {
			return err
		}
		if version != fold.Version || json.Unmarshal([]byte(lens), &c.lens) != nil {
			break
		}
		if raw, err = s.dec.DecodeAll(chunk, raw[:0]); err != nil {
			break
		}
		if columns.AppendColumns(raw) != nil || columns.Lens() != c.lens {
			break
		}
		o.points = append(o.points, c)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for len(o.points) > 0 {
		last := &o.points[len(o.points)-1]
		if s.loadScalars(ctx, tx, o.n, last) == nil {
			o.stored = len(o.points)
			// The checkpoint keeps its scalars as they are while the whole goes on.
			o.full = columns.At(*last.scalars, last.lens).Snapshot()
			return nil
		}
		o.points = o.points[:len(o.points)-1]
	}
	return ctx.Err()
}

var errScalars = errors.New("the checkpoint is damaged")

// loadScalars fills in c.scalars.
func (s *Store) loadScalars(ctx context.Context, tx *sql.Tx, n int64, c *checkpoint) error {
	var body []byte
	err := tx.QueryRowContext(ctx, `SELECT scalars FROM checkpoints WHERE stream = ? AND seq = ? AND version = ?`, n, c.seq, fold.Version).Scan(&body)
	if err != nil {
		return err
	}
	raw, err := s.dec.DecodeAll(body, nil)
	if err != nil {
		return err
	}
	sc, err := fold.DecodeScalars(raw)
	if err != nil {
		return err
	}
	if sc.Seq != c.seq {
		return errScalars
	}
	c.scalars = &sc
	return nil
}

// at gives the fold after event seq, which must not lie beyond the whole.
func (s *Store) at(ctx context.Context, o *opened, seq int64) (*fold.State, error) {
	if seq >= o.full.Seq {
		return o.full.Snapshot(), nil
	}
	st := fold.New()
	for i := len(o.points) - 1; i >= 0; i-- {
		c := &o.points[i]
		if c.seq > seq {
			continue
		}
		if c.scalars == nil {
			if err := s.view(ctx, func(tx *sql.Tx) error { return s.loadScalars(ctx, tx, o.n, c) }); err != nil {
				continue // an earlier one will do
			}
		}
		// The checkpoint's own scalars must survive what is applied below.
		st = o.full.At(*c.scalars, c.lens).Snapshot()
		break
	}
	for i := segmentAt(o.segments, st.Seq+1); i < len(o.segments) && o.segments[i].first <= seq; i++ {
		events, err := s.readSegment(ctx, o.stream, o.segments[i].first)
		for _, e := range events {
			if e.Seq > st.Seq && e.Seq <= seq {
				st.Apply(e)
			}
		}
		if o.segments[i].last >= seq {
			s.keepLines(o.n, o.segments[i], events)
		}
		if err != nil {
			return st, err
		}
	}
	return st, nil
}
