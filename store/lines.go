package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"pitwall/store/event"
)

// Line is one line of a run's log.
type Line struct {
	Index  int64 // 0, 1, 2, … over all lines of the stream
	Run    int
	Stderr bool
	End    byte   // the terminator, 0 where there is none
	Gap    int64  // bytes left out before the line
	Active int64  // active milliseconds
	Data   []byte // to the byte, control characters and all; read only
}

// Lines gives the lines [from, to) of stream id by index, as far as they exist.
// It reads the segments that they lie in, and no more.
func (s *Store) Lines(ctx context.Context, id string, from, to int64) ([]Line, error) {
	from = max(from, 0)
	if to <= from {
		return nil, nil
	}
	var st stream
	var list []segment
	err := s.view(ctx, func(tx *sql.Tx) (err error) {
		if st, err = findStream(ctx, tx, id); err != nil {
			return err
		}
		list, err = findLineSegments(ctx, tx, st.n, from, to)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	return s.linesOf(ctx, st, list, from, to)
}

// findLineSegments lists the segments of stream n that hold any of the lines [from, to).
func findLineSegments(ctx context.Context, tx *sql.Tx, n, from, to int64) ([]segment, error) {
	// Segments without lines have the line0 of the next one that has some.
	return listSegments(ctx, tx, `lines > 0 AND line0 < ?2
		AND line0 >= coalesce((SELECT max(line0) FROM segments WHERE stream = ?1 AND line0 <= ?3), 0) ORDER BY line0`, n, to, from)
}

// linesOf gives the lines [from, to) out of the segments list, which hold them.
func (s *Store) linesOf(ctx context.Context, st stream, list []segment, from, to int64) ([]Line, error) {
	var out []Line
	for _, g := range list {
		if g.lines == 0 || g.line0 >= to || g.line0+g.lines <= from {
			continue
		}
		lines, ok := s.lines.get(st.n, g)
		if !ok {
			events, err := s.readSegment(ctx, st, g.first)
			if err != nil {
				return out, fmt.Errorf("read log: %w", err)
			}
			index := g.line0
			for _, e := range events {
				if b, ok := e.Body.(event.Log); ok && e.Seq <= g.last {
					lines = append(lines, Line{index, b.Run, b.Stderr, b.End, b.Gap, e.Active, b.Data})
					index++
				}
			}
			s.lines.put(st.n, g, lines)
		}
		lo, hi := max(from-g.line0, 0), min(to-g.line0, int64(len(lines)))
		if lo < hi {
			out = append(out, lines[lo:hi]...)
		}
	}
	return out, nil
}

// lineCacheSize is the number of segments whose lines stay decoded: a screen
// that scrolls needs two or three, a few screens a few more.
const lineCacheSize = 16

// lineCache keeps the lines of the segments used last.
type lineCache struct {
	mu      sync.Mutex
	entries []lineEntry // the one used last comes last
}

type lineEntry struct {
	stream, first, last int64
	lines               []Line
}

func newLineCache() *lineCache { return &lineCache{} }

func (c *lineCache) get(n int64, g segment) ([]Line, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, e := range c.entries {
		if e.stream == n && e.first == g.first && e.last == g.last {
			c.entries = append(append(c.entries[:i:i], c.entries[i+1:]...), e)
			return e.lines, true
		}
	}
	return nil, false
}

func (c *lineCache) put(n int64, g segment, lines []Line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	keep := c.entries[:0:0]
	for _, e := range c.entries {
		// A segment that has grown takes the place of its shorter self.
		if e.stream != n || e.first != g.first {
			keep = append(keep, e)
		}
	}
	if len(keep) >= lineCacheSize {
		keep = keep[len(keep)-lineCacheSize+1:]
	}
	keep = append(keep, lineEntry{n, g.first, g.last, lines})
	c.entries = keep
}
