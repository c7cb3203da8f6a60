package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"pitwall/store/event"
	"pitwall/store/fold"
)

// Tuning of the feed.
const (
	followEvery = 40 * time.Millisecond  // polls of the store while following
	idleEvery   = 200 * time.Millisecond // and elsewhere
	frameEvery  = 25 * time.Millisecond  // snapshots while a replay plays
	probeEvery  = time.Second            // of the engine's lock
	// roundSegments bounds what one reading transaction brings in.
	roundSegments = 64
)

// feed is a Player's goroutine and all that it owns.
type feed struct {
	p    *Player
	s    *Store
	ctx  context.Context
	conn *sql.Conn // pinned: data_version belongs to a connection

	o           *opened
	dataVersion int64
	stored      Summary // with the status as stored
	summary     Summary // with interrupted derived
	polled      time.Time
	probed      time.Time
	err         error
	version     int64
	dirty       bool
	scratch     []byte // memory of segments that have grown

	replay
}

// newFeed reads the stream, and stands at its beginning or its end.
func (s *Store) newFeed(ctx context.Context, id string, opt PlayOptions) (*feed, error) {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return nil, s.words(err)
	}
	f := &feed{s: s, ctx: ctx, conn: conn}
	fail := func(err error) (*feed, error) {
		conn.Close()
		return nil, err
	}
	// Before the reading: what comes in between shows as a change.
	if f.dataVersion, err = f.readVersion(); err != nil {
		return fail(s.words(err))
	}
	f.o, err = s.open(ctx, id, 0)
	var corrupt *CorruptError
	if errors.As(err, &corrupt) {
		f.err = err
	} else if err != nil {
		return fail(err)
	}
	err = s.view(ctx, func(tx *sql.Tx) error {
		f.stored, err = s.findSummary(ctx, tx, id)
		return err
	})
	if err != nil {
		return fail(err)
	}
	now := time.Now()
	f.polled = now
	f.probe(now)
	f.replay = replay{speed: 1, playing: true, state: f.o.full, following: true, last: now}
	f.setSpeed(opt.Speed)
	switch {
	case opt.Replay:
		f.seekActive(0)
	case opt.Lookback > 0:
		f.seekActive(f.o.full.Active - opt.Lookback)
	}
	return f, nil
}

func (f *feed) run(ctx context.Context) {
	f.ctx = ctx
	defer f.conn.Close()
	timer := time.NewTimer(f.wait())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-f.p.poke:
		}
		for _, order := range f.p.take() {
			order(f)
			f.dirty = true
		}
		now := time.Now()
		if now.Sub(f.polled) >= f.pollEvery() {
			f.polled = now
			f.poll(now)
		}
		f.tick(now)
		if ctx.Err() != nil {
			return
		}
		if f.dirty {
			f.publish()
		}
		timer.Reset(f.wait())
	}
}

func (f *feed) pollEvery() time.Duration {
	if f.following {
		return followEvery
	}
	return idleEvery
}

// wait is how long to wait for the next turn.
func (f *feed) wait() time.Duration {
	if f.playing && !f.following {
		return frameEvery
	}
	return f.pollEvery()
}

// publish puts a new snapshot into the box.
func (f *feed) publish() {
	f.dirty = false
	f.version++
	full := f.o.full
	f.p.box.Store(&Snapshot{
		Version: f.version, State: f.state.Snapshot(), Summary: f.summary, Following: f.following, Playing: f.playing, Speed: f.speed,
		IdleCut: f.idleCut, Position: f.position(), Duration: full.Active, LastSeq: full.Seq, Marks: slices.Clip(full.Marks), Err: f.err,
	})
	poke(f.p.changed)
}

func (f *feed) readVersion() (v int64, err error) {
	err = f.conn.QueryRowContext(f.ctx, "PRAGMA data_version").Scan(&v)
	return v, err
}

// poll looks for news in the store.
func (f *feed) poll(now time.Time) {
	v, err := f.readVersion()
	if err == nil && v != f.dataVersion {
		err = f.refresh()
	}
	switch {
	case isBusy(err) || errors.Is(err, ErrClosed) || f.ctx.Err() != nil:
		// The next poll tries again, if there is one.
	case err != nil:
		f.setErr(err)
		fallthrough
	default:
		f.dataVersion = v
	}
	if now.Sub(f.probed) >= probeEvery || f.dirty {
		f.probe(now)
	}
}

// probe derives the status: an engine may end without a trace in the store.
func (f *feed) probe(now time.Time) {
	f.probed = now
	m := f.stored
	f.s.interrupt(&m)
	if m.Status != f.summary.Status {
		f.dirty = true
	}
	f.summary = m
}

func (f *feed) setErr(err error) {
	if errors.Is(err, ErrClosed) {
		return // the player is about to end too
	}
	err = f.s.words(err)
	if f.err == nil || err == nil || f.err.Error() != err.Error() {
		f.err, f.dirty = err, true
	}
}

// refresh folds in what has been committed since.
func (f *feed) refresh() error {
	for more := true; more; {
		var bodies [][]byte
		var list []segment
		err := f.s.view(f.ctx, func(tx *sql.Tx) (err error) {
			st, err := findStream(f.ctx, tx, f.o.id)
			if err != nil {
				return err
			}
			m, err := f.s.findSummary(f.ctx, tx, f.o.id)
			if err != nil {
				return err
			}
			if !m.Heartbeat.Equal(f.stored.Heartbeat) || m.Note != f.stored.Note || m.Star != f.stored.Star || m.Status != f.stored.Status || m.Events != f.stored.Events {
				f.stored, f.dirty = m, true
			}
			if f.o.stream = st; st.lastSeq > f.o.full.Seq {
				list, bodies, err = newSegments(f.ctx, tx, st.n, f.o.full.Seq)
			}
			return err
		})
		if err != nil {
			return err
		}
		for i, g := range list {
			if err := f.foldIn(g, bodies[i]); err != nil {
				return err
			}
			if n := len(f.o.segments); n > 0 && f.o.segments[n-1].first == g.first {
				f.o.segments[n-1] = g
			} else {
				f.o.segments = append(f.o.segments, g)
			}
		}
		more = len(list) == roundSegments && f.ctx.Err() == nil
	}
	var corrupt *CorruptError
	if f.err != nil && !errors.As(f.err, &corrupt) {
		f.setErr(nil)
	}
	return nil
}

// foldIn folds in what of a segment is new, and keeps its lines for whoever shows them.
func (f *feed) foldIn(g segment, body []byte) error {
	seen := f.o.full.Seq
	grown := g.first <= seen // then most of it has been here before
	var buf []byte
	if grown {
		buf = f.scratch
	}
	events, raw, err := f.s.decode(f.o.id, g.first, g.last, body, buf, seen, allKinds)
	for _, e := range events {
		if e.Seq == f.o.full.Seq+1 {
			f.o.apply(e)
			f.dirty = true
		}
	}
	if err != nil {
		return err
	}
	if !grown {
		f.s.lines.put(f.o.n, g, linesIn(g.line0, events))
		return nil
	}
	f.scratch = raw
	lines := linesIn(0, events)
	own(lines)
	f.s.lines.extend(f.o.n, g, seen, lines)
	return nil
}

// newSegments reads the first segments of stream n that end after event seq.
func newSegments(ctx context.Context, tx *sql.Tx, n, seq int64) (list []segment, bodies [][]byte, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+segmentColumns+`, body FROM segments WHERE stream = ?1
		AND first_seq >= coalesce((SELECT max(first_seq) FROM segments WHERE stream = ?1 AND first_seq <= ?2), 0)
		AND last_seq > ?2 ORDER BY first_seq LIMIT ?3`, n, seq, roundSegments)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var g segment
		var body []byte
		if err := rows.Scan(append(g.fields(), &body)...); err != nil {
			return nil, nil, err
		}
		list, bodies = append(list, g), append(bodies, body)
	}
	return list, bodies, rows.Err()
}

// findMark gives the sequence number of the mark next to seq in direction dir.
func findMark(marks []fold.Mark, seq int64, dir int, kinds []string) (int64, bool) {
	fits := func(m fold.Mark) bool { return len(kinds) == 0 || slices.Contains(kinds, m.Kind) }
	if dir < 0 {
		for _, m := range slices.Backward(marks) {
			if m.Seq < seq && fits(m) {
				return m.Seq, true
			}
		}
		return 0, false
	}
	for _, m := range marks {
		if m.Seq > seq && fits(m) {
			return m.Seq, true
		}
	}
	return 0, false
}

// cursor walks over the events of one segment after the other.
type cursor struct {
	events []event.Event
	i      int
}
