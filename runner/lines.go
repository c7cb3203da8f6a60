package runner

import (
	"bytes"
	"sync"
	"time"
)

const (
	maxPiece    = 64 << 10 // longest Data; longer lines come in pieces, so memory stays bounded
	lineCost    = 16       // counted per line beside its bytes, so that empty lines are not free
	lineMemory  = 64       // what a Line costs in memory beside its bytes
	maxTail     = 4 << 20  // the tail is held back until the end: small, or a long log would stop early on the screen
	maxPending  = 32 << 20 // memory that a slow sink may make us hold before the script has to wait
	metricShare = 16       // one part in so many of the quota is kept for metric lines out of the dropped middle
)

// splitter cuts one stream into lines.
type splitter struct {
	stderr bool
	part   []byte        // the unfinished line
	partAt time.Duration // when its last byte came
	cont   bool          // part continues a piece that was already emitted
	cr     bool          // part is complete if no '\n' follows its '\r'
}

// feed takes one read's bytes, which stay the caller's, and emits every line
// that they complete.
func (s *splitter) feed(chunk []byte, at time.Duration, emit func(Line)) {
	if len(chunk) == 0 {
		return
	}
	if s.cr { // a '\r' ended the last read
		if chunk[0] == '\n' {
			s.cr = false
			s.grow([]byte{'\r'}, at, emit)
		} else {
			s.flushCR(emit)
		}
	}
	if len(s.part) > 0 || s.cont {
		n := s.complete(chunk, at, emit)
		chunk = chunk[n:]
	}
	if len(chunk) == 0 {
		return
	}
	// The rest is copied once, and its lines are slices of the copy.
	buf := bytes.Clone(chunk)
	nl := bytes.IndexByte(buf, '\n')
	cr := bytes.IndexByte(buf, '\r')
	pos := 0
	for pos < len(buf) {
		if nl >= 0 && nl < pos {
			nl = indexFrom(buf, '\n', pos)
		}
		if cr >= 0 && cr < pos {
			cr = indexFrom(buf, '\r', pos)
		}
		end, term := nl, byte('\n')
		if cr >= 0 && (nl < 0 || cr < nl) {
			if cr+1 == len(buf) {
				end, term = -1, '\r'
			} else if buf[cr+1] != '\n' {
				end, term = cr, '\r'
			}
		}
		if end < 0 {
			break
		}
		for end-pos > maxPiece {
			s.emit(emit, Line{At: at, Data: buf[pos : pos+maxPiece : pos+maxPiece]})
			pos += maxPiece
		}
		s.emit(emit, Line{At: at, Data: buf[pos:end:end], End: term})
		pos = end + 1
	}
	rest := buf[pos:]
	if n := len(rest); n > 0 && rest[n-1] == '\r' {
		s.cr = true
		rest = rest[:n-1]
	}
	for len(rest) > maxPiece {
		s.emit(emit, Line{At: at, Data: rest[:maxPiece:maxPiece]})
		rest = rest[maxPiece:]
	}
	s.part, s.partAt = append(s.part[:0], rest...), at
}

// complete goes on with the unfinished line and says how much of chunk it took.
func (s *splitter) complete(chunk []byte, at time.Duration, emit func(Line)) int {
	end := bytes.IndexByte(chunk, '\n')
	if end < 0 {
		end = len(chunk)
	}
	term := byte('\n')
	if cr := bytes.IndexByte(chunk[:end], '\r'); cr >= 0 {
		switch {
		case cr+1 < end:
			end, term = cr, '\r'
		case cr+1 == len(chunk): // the last byte: wait for what follows
			end = cr
			s.grow(chunk[:end], at, emit)
			s.cr = true
			return len(chunk)
		}
	}
	if end == len(chunk) {
		s.grow(chunk, at, emit)
		return end
	}
	s.grow(chunk[:end], at, emit)
	s.emit(emit, Line{At: at, Data: bytes.Clone(s.part), End: term})
	s.part = s.part[:0]
	return end + 1
}

// grow adds to the unfinished line and emits what is too long to hold.
func (s *splitter) grow(b []byte, at time.Duration, emit func(Line)) {
	s.partAt = at
	for len(s.part)+len(b) > maxPiece {
		n := maxPiece - len(s.part)
		s.part = append(s.part, b[:n]...)
		b = b[n:]
		s.emit(emit, Line{At: at, Data: bytes.Clone(s.part)})
		s.part = s.part[:0]
	}
	s.part = append(s.part, b...)
}

// flushCR emits a line that ends in '\r' and whose successor has not come.
func (s *splitter) flushCR(emit func(Line)) {
	if s.cr {
		s.cr = false
		s.emit(emit, Line{At: s.partAt, Data: bytes.Clone(s.part), End: '\r'})
		s.part = s.part[:0]
	}
}

// finish emits what the stream ended with.
func (s *splitter) finish(emit func(Line)) {
	s.flushCR(emit)
	if len(s.part) > 0 {
		s.emit(emit, Line{At: s.partAt, Data: bytes.Clone(s.part)})
		s.part = s.part[:0]
	}
}

func (s *splitter) emit(emit func(Line), l Line) {
	l.Stderr, l.Cont = s.stderr, s.cont
	s.cont = l.End == 0
	emit(l)
}

func indexFrom(b []byte, c byte, from int) int {
	if i := bytes.IndexByte(b[from:], c); i >= 0 {
		return from + i
	}
	return -1
}

// collector joins both streams in arrival order and keeps within the quota: the
// head goes through at once, a tail is held back until the end, and of what
// falls between them only metric lines and a mark of the gap remain.
type collector struct {
	epoch time.Time
	ready chan struct{} // has one element when there is something to do

	mu      sync.Mutex
	room    *sync.Cond
	streams [2]splitter
	pending []Line
	weight  int // memory of pending
	closed  bool

	head    int64 // what the head may still take
	metrics int64 // what metric lines of the middle may still take
	tail    ring
	gap     int64 // bytes dropped since the last mark
	dropped int64
	total   int64
}

func newCollector(quota int64, epoch time.Time) *collector {
	if quota == 0 {
		quota = DefaultQuota
	}
	tail := min(quota/4, maxTail)
	c := &collector{
		epoch:   epoch,
		ready:   make(chan struct{}, 1),
		head:    quota - tail - quota/metricShare,
		metrics: quota / metricShare,
		tail:    ring{limit: tail},
	}
	c.room = sync.NewCond(&c.mu)
	c.streams[1].stderr = true
	return c
}

// feed takes one read of a stream (0 is standard output). It waits only where
// the sink is far behind.
func (c *collector) feed(stream int, b []byte, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.weight > maxPending && !c.closed {
		c.room.Wait()
	}
	c.total += int64(len(b))
	c.streams[stream].feed(b, at.Sub(c.epoch), c.add)
	c.signal()
}

// add is called with mu held.
func (c *collector) add(l Line) {
	cost := int64(len(l.Data)) + lineCost
	if c.head > 0 && cost <= c.head {
		c.head -= cost
		c.push(l)
		return
	}
	c.head = 0
	c.tail.push(l)
	for c.tail.size > c.tail.limit {
		c.drop(c.tail.pop())
	}
}

func (c *collector) drop(l Line) {
	cost := int64(len(l.Data)) + lineCost
	if cost <= c.metrics {
		if _, ok := l.Metric(); ok {
			c.metrics -= cost
			c.markGap()
			c.push(l)
			return
		}
	}
	n := int64(len(l.Data))
	if l.End != 0 {
		n++
	}
	c.gap += n
	c.dropped += n
}

func (c *collector) markGap() {
	if c.gap > 0 {
		c.push(Line{Gap: c.gap})
		c.gap = 0
	}
}

func (c *collector) push(l Line) {
	c.pending = append(c.pending, l)
	c.weight += len(l.Data) + lineMemory
}

func (c *collector) signal() {
	if len(c.pending) > 0 || c.streams[0].cr || c.streams[1].cr {
		select {
		case c.ready <- struct{}{}:
		default:
		}
	}
}

// take returns what is pending; times count from zero.
func (c *collector) take(zero time.Duration) []Line {
	c.mu.Lock()
	out := c.pending
	c.pending, c.weight = nil, 0
	c.room.Broadcast()
	c.mu.Unlock()
	last := time.Duration(0)
	for i := range out {
		if out[i].Gap > 0 {
			out[i].At = last
			continue
		}
		out[i].At = max(0, out[i].At-zero)
		last = out[i].At
	}
	return out
}

// flushCR lets '\r' lines out that have waited for a '\n'.
func (c *collector) flushCR() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.streams {
		c.streams[i].flushCR(c.add)
	}
	c.signal()
}

// waitsForLF tells whether flushCR has anything to do.
func (c *collector) waitsForLF() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.streams[0].cr || c.streams[1].cr
}

// finish lets out unfinished lines, the gap and the tail.
func (c *collector) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.room.Broadcast()
	for i := range c.streams {
		c.streams[i].finish(c.add)
	}
	c.markGap()
	for c.tail.len() > 0 {
		c.push(c.tail.pop())
	}
	c.signal()
}

// ring is a queue of lines with a byte limit that its owner keeps.
type ring struct {
	limit int64
	size  int64
	lines []Line
	first int
}

func (r *ring) len() int { return len(r.lines) - r.first }

func (r *ring) push(l Line) {
	r.lines = append(r.lines, l)
	r.size += int64(len(l.Data)) + lineMemory
}

func (r *ring) pop() Line {
	l := r.lines[r.first]
	r.lines[r.first] = Line{}
	r.first++
	r.size -= int64(len(l.Data)) + lineMemory
	if r.first > len(r.lines)/2 {
		n := copy(r.lines, r.lines[r.first:])
		clear(r.lines[n:])
		r.lines, r.first = r.lines[:n], 0
	}
	return l
}
