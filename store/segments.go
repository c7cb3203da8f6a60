package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"

	"pitwall/store/event"
)

// maxRaw bounds a segment's body in memory, so that a damaged length cannot ask
// for all of it.
const maxRaw = 1 << 28

// segment is a row of segments without its body.
type segment struct {
	first, last  int64 // sequence numbers
	t0, t1       int64 // active milliseconds
	kinds        event.Kinds
	line0, lines int64
}

const segmentColumns = `first_seq, last_seq, t0, t1, kinds, line0, lines`

func (g *segment) fields() []any {
	return []any{&g.first, &g.last, &g.t0, &g.t1, (*kindSet)(&g.kinds), &g.line0, &g.lines}
}

// kindSet is a set of kinds, a word that SQLite keeps as a signed integer.
type kindSet event.Kinds

// Scan takes the integer that a column holds.
func (b *kindSet) Scan(v any) error {
	i, ok := v.(int64)
	if !ok {
		return fmt.Errorf("kinds are %T", v)
	}
	*b = kindSet(i)
	return nil
}

// findSegments lists the segments of stream n that end at from or later.
func findSegments(ctx context.Context, tx *sql.Tx, n, from int64) ([]segment, error) {
	// The one that spans from begins at or before it.
	list, err := listSegments(ctx, tx, `first_seq >= coalesce((SELECT max(first_seq) FROM segments WHERE stream = ?1 AND first_seq <= ?2), 0)
		ORDER BY first_seq`, n, from)
	return slices.DeleteFunc(list, func(g segment) bool { return g.last < from }), err
}

// listSegments lists the segments of stream n that a condition holds for, in which
// ?1 is n and args are ?2 and on.
func listSegments(ctx context.Context, tx *sql.Tx, condition string, n int64, args ...any) ([]segment, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+segmentColumns+` FROM segments WHERE stream = ?1 AND `+condition, append([]any{n}, args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []segment
	for rows.Next() {
		var g segment
		if err := rows.Scan(g.fields()...); err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	return list, rows.Err()
}

// segmentAt gives the index of the first segment in list that ends at seq or later.
func segmentAt(list []segment, seq int64) int {
	return sort.Search(len(list), func(i int) bool { return list[i].last >= seq })
}

// readSegment reads the events of the segment that begins at first, as it is now.
func (s *Store) readSegment(ctx context.Context, st stream, first int64) ([]event.Event, error) {
	return s.readOnly(ctx, st, first, allKinds)
}

// readOnly is readSegment for the events of some kinds.
func (s *Store) readOnly(ctx context.Context, st stream, first int64, kinds event.Kinds) (events []event.Event, err error) {
	var last int64
	var body []byte
	err = s.view(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT last_seq, body FROM segments WHERE stream = ? AND first_seq = ?`, st.n, first).Scan(&last, &body)
		if errors.Is(err, sql.ErrNoRows) {
			return &worded{fmt.Sprintf("attempt %s was deleted while it was read", st.id), ErrDeleted}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	events, _, err = s.decode(st.id, first, last, body, nil, 0, kinds)
	return events, err
}

// allKinds are those too that this version does not know.
const allKinds = ^event.Kinds(0)

// decode gives the events of a segment's body that come after one and are of some
// kinds, and the memory that they may share, which is buf where that is big enough.
// Where the body is damaged, the events before the damage come with the error.
func (s *Store) decode(id string, first, last int64, body, buf []byte, after int64, kinds event.Kinds) (events []event.Event, raw []byte, err error) {
	if err := s.door.enter(); err != nil {
		return nil, buf, err
	}
	defer s.door.inside.Done()
	corrupt := func(err error) error { return &CorruptError{id, first, last, err} }
	if raw, err = s.dec.DecodeAll(body, buf[:0]); err != nil {
		return nil, buf, corrupt(err)
	}
	want := last - max(after, first-1)
	if kinds == allKinds {
		events = make([]event.Event, 0, max(0, min(want, int64(len(raw)))))
	}
	err = event.DecodeOnly(first, raw, after, kinds, func(e event.Event) bool {
		events = append(events, e)
		return true
	})
	if err == nil && kinds == allKinds && int64(len(events)) != want {
		err = fmt.Errorf("it holds %d events", int64(len(events))+last-first+1-want)
	}
	if err != nil {
		return events, raw, corrupt(err)
	}
	return events, raw, nil
}

// Events gives the events of stream id from sequence number fromSeq on, all of
// them or those of the given kinds, up to the last that is committed as it goes.
// An error ends the sequence; a damaged segment gives a *CorruptError after the
// events that could be read.
func (s *Store) Events(ctx context.Context, id string, fromSeq int64, kinds ...event.Kind) iter.Seq2[event.Event, error] {
	mask := event.KindsOf(kinds...)
	if len(kinds) == 0 {
		mask = allKinds
	}
	return func(yield func(event.Event, error) bool) {
		var st stream
		var list []segment
		err := s.view(ctx, func(tx *sql.Tx) (err error) {
			if st, err = findStream(ctx, tx, id); err != nil {
				return err
			}
			list, err = findSegments(ctx, tx, st.n, fromSeq)
			return err
		})
		if err != nil {
			yield(event.Event{}, fmt.Errorf("read events: %w", err))
			return
		}
		for _, g := range list {
			if g.kinds&mask == 0 {
				continue
			}
			events, err := s.readOnly(ctx, st, g.first, mask)
			for _, e := range events {
				if e.Seq >= fromSeq && !yield(e, nil) {
					return
				}
			}
			if err != nil {
				yield(event.Event{}, fmt.Errorf("read events: %w", err))
				return
			}
		}
	}
}
