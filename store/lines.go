package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
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

// linesAt is Lines for the stream with key n, of which some may be kept.
func (s *Store) linesAt(ctx context.Context, id string, n, from, to int64) ([]Line, error) {
	if lines, ok := s.lines.cover(n, max(from, 0), to); ok {
		return lines, nil
	}
	return s.Lines(ctx, id, from, to)
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
		lines, ok := s.lines.get(st.n, g, to)
		if !ok {
			events, err := s.readOnly(ctx, st, g.first, logKinds)
			if err != nil {
				return out, fmt.Errorf("read log: %w", err)
			}
			for len(events) > 0 && events[len(events)-1].Seq > g.last { // it has grown since
				events = events[:len(events)-1]
			}
			lines = linesIn(g.line0, events)
			s.lines.put(st.n, g, lines)
		}
		lo, hi := max(from-g.line0, 0), min(to-g.line0, int64(len(lines)))
		if lo < hi {
			out = append(out, lines[lo:hi]...)
		}
	}
	return out, nil
}

var logKinds = event.KindsOf(event.KindLog)

// linesIn gives the log lines among events, the first of them with index from. They
// share the memory of the events.
func linesIn(from int64, events []event.Event) []Line {
	var lines []Line
	for _, e := range events {
		if b, ok := e.Body.(event.Log); ok {
			lines = append(lines, Line{from + int64(len(lines)), b.Run, b.Stderr, b.End, b.Gap, e.Active, b.Data})
		}
	}
	return lines
}

// keepLines keeps the lines among the events of segment g, which was read whole, for
// whoever shows them next.
func (s *Store) keepLines(n int64, g segment, events []event.Event) {
	if g.lines == 0 || len(events) == 0 {
		return
	}
	g.last = events[len(events)-1].Seq
	s.lines.put(n, g, linesIn(g.line0, events))
}

// own gives lines memory of their own.
func own(lines []Line) {
	size := 0
	for _, l := range lines {
		size += len(l.Data)
	}
	text := make([]byte, 0, size)
	for i := range lines {
		from := len(text)
		text = append(text, lines[i].Data...)
		lines[i].Data = text[from:len(text):len(text)]
	}
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

// get gives the lines of segment g as far as line to, or all of them.
func (c *lineCache) get(n int64, g segment, to int64) ([]Line, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.find(n, g)
	if i < 0 {
		return nil, false
	}
	e := c.entries[i]
	if e.last < g.last && g.line0+int64(len(e.lines)) < to {
		return nil, false
	}
	c.entries = append(append(c.entries[:i:i], c.entries[i+1:]...), e)
	return e.lines, true
}

func (c *lineCache) find(n int64, g segment) int {
	return slices.IndexFunc(c.entries, func(e lineEntry) bool { return e.stream == n && e.first == g.first })
}

// cover gives the lines [from, to) of stream n where all of them are kept.
func (c *lineCache) cover(n, from, to int64) ([]Line, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []Line
	for from < to {
		i := slices.IndexFunc(c.entries, func(e lineEntry) bool {
			return e.stream == n && len(e.lines) > 0 && e.lines[0].Index <= from && from <= e.lines[len(e.lines)-1].Index
		})
		if i < 0 {
			return nil, false
		}
		e := c.entries[i]
		c.entries = append(append(c.entries[:i:i], c.entries[i+1:]...), e)
		first := e.lines[0].Index
		part := e.lines[from-first : min(to-first, int64(len(e.lines)))]
		from += int64(len(part))
		if out == nil && from == to {
			return part[:len(part):len(part)], true
		}
		out = append(out, part...)
	}
	return out, true
}

// put keeps the lines of segment g, unless more of them are there already.
func (c *lineCache) put(n int64, g segment, lines []Line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	keep := c.entries[:0:0]
	for _, e := range c.entries {
		if e.stream != n || e.first != g.first {
			keep = append(keep, e)
		} else if e.last >= g.last {
			return
		}
	}
	if len(keep) >= lineCacheSize {
		keep = keep[len(keep)-lineCacheSize+1:]
	}
	keep = append(keep, lineEntry{n, g.first, g.last, lines})
	c.entries = keep
}

// extend adds what has come to segment g after event seen, where the lines up to
// there are kept. Their indices are set here.
func (c *lineCache) extend(n int64, g segment, seen int64, lines []Line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.find(n, g)
	if i < 0 || c.entries[i].last != seen {
		return
	}
	e := &c.entries[i]
	for j := range lines {
		lines[j].Index = g.line0 + int64(len(e.lines)+j)
	}
	// Readers have shorter slices of the same array, and never look beyond them.
	e.lines, e.last = append(e.lines, lines...), g.last
}
