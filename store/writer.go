package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/klauspost/compress/zstd"

	"pitwall/store/event"
	"pitwall/store/fold"
)

// Tuning of the writer.
const (
	// commitEvery is the longest that an event waits for its commit to begin. The
	// promise is 100 ms, the commit included; half of that makes a model's text
	// flow on the screen, at 20 commits/s of 0.2 ms each.
	commitEvery = 50 * time.Millisecond
	// batchEvents and batchBytes end a batch early. A batch is at most a segment:
	// what a reader must decode to get at one line.
	batchEvents = 5000
	batchBytes  = 512 << 10
	// tailBytes is how far the last segment grows before a new one begins. Each
	// commit compresses it again: 64 kB cost 0.2 ms, and keep an attempt of 10
	// lines/s at one row a minute rather than ten a second.
	tailBytes = 64 << 10
	// pendingBytes makes Emit wait for the disk.
	pendingBytes = 32 << 20
	// checkpointEvery is the number of events between checkpoints: a seek folds
	// that many at most, in about 5 ms.
	checkpointEvery = 8192
	// textPerEvent is how much text that still grows a checkpoint may hold for each event
	// since the one before: all of them together are then no longer than the events.
	textPerEvent = 32
	// beat is the longest time between two heartbeats.
	beat = time.Second
)

// Writer appends to one stream. The engine holds it for its whole life: while it
// does, nobody else can. It is safe for concurrent use.
type Writer struct {
	s     *Store
	st    stream
	epoch int64
	lock  *flock.Flock
	enc   *zstd.Encoder
	start time.Time // the lease; has the monotonic clock
	base  int64     // active milliseconds when the lease was taken

	mu        sync.Mutex
	moved     *sync.Cond // committed or err changed
	state     *fold.State
	times     event.Times // of the last event
	batches   []*batch    // pending, the last one open
	marks     []pendingCheckpoint
	bytes     int   // pending
	committed int64 // sequence number
	cut       int64 // sequence number of the last checkpoint
	cutLens   fold.Lens
	err       error
	closed    bool

	taken  int64         // id of the last order given out
	failed chan struct{} // closed with err
	wake   chan struct{} // something is pending
	hurry  chan struct{} // commit now
	quit   chan struct{} // closed by Close
	done   chan struct{} // closed by the committer

	// The committer's own.
	tail   *row // the last segment
	beaten time.Time
}

// batch is a run of encoded events.
type batch struct {
	segment
	raw []byte
}

// pendingCheckpoint is taken by Emit and encoded by the committer.
type pendingCheckpoint struct {
	state *fold.State
	since fold.Lens
}

// Lease takes the stream over: its lock, and a new epoch, which bars any writer
// before it. It fails with ErrLeased while another engine holds it. The caller
// must Close the Writer. ctx bounds the taking only.
func (s *Store) Lease(ctx context.Context, id string) (*Writer, error) {
	// Only a stream that exists gets a lock file.
	if _, err := s.Spec(ctx, id); err != nil {
		return nil, err
	}
	// Before the lock, which would be in its own way.
	if err := s.upgrade(ctx); err != nil {
		return nil, err
	}
	lock, err := s.takeLock(ctx, id)
	if err != nil {
		return nil, err
	}
	w, err := s.lease(ctx, id, lock)
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("lease %s: %w", id, err)
	}
	return w, nil
}

func (s *Store) lease(ctx context.Context, id string, lock *flock.Flock) (*Writer, error) {
	var epoch int64
	err := s.change(ctx, func(tx *sql.Tx) error {
		v, err := userVersion(ctx, tx)
		if err != nil {
			return err
		}
		if v != schemaVersion {
			return &OpenError{Path: s.path, What: "a newer pitwall has changed it meanwhile", Mend: "start pitwall again, of the newer version"}
		}
		st, err := findStream(ctx, tx, id)
		if err != nil {
			return err
		}
		epoch = st.epoch + 1
		// What was ordered of a dead engine is not ordered of this one.
		if err := closeOrders(ctx, tx, st.n, epoch); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE streams SET epoch = ?, pid = ?, heartbeat = ? WHERE n = ?`, epoch, os.Getpid(), time.Now().UnixMilli(), st.n)
		return err
	})
	if err != nil {
		return nil, err
	}
	o, err := s.open(ctx, id, 0)
	if err != nil {
		return nil, err
	}
	var lens fold.Lens
	var cut int64
	if err := s.change(ctx, func(tx *sql.Tx) error {
		lens, cut, err = keptCheckpoint(ctx, tx, o)
		return err
	}); err != nil {
		return nil, err
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	w := &Writer{
		s: s, st: o.stream, epoch: epoch, lock: lock, enc: enc, start: time.Now(), base: o.full.Active,
		state: o.full, times: event.Times{Active: o.full.Active, Wall: o.full.Wall}, committed: o.full.Seq, cut: cut, cutLens: lens,
		failed: make(chan struct{}), wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	w.moved = sync.NewCond(&w.mu)
	go w.commitLoop()
	return w, nil
}

// keptCheckpoint gives the last of the stored checkpoints that o could use, and
// removes those after it: the next one follows on it.
func keptCheckpoint(ctx context.Context, tx *sql.Tx, o *opened) (lens fold.Lens, seq int64, err error) {
	if o.stored > 0 {
		c := o.points[o.stored-1]
		lens, seq = c.lens, c.seq
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM checkpoints WHERE stream = ? AND seq > ?`, o.n, seq)
	return lens, seq, err
}

// Emit appends events: it numbers and times them, folds them into State, and
// leaves the disk to another goroutine. It waits only while more than 32 MB are
// pending. After a failure (see Failed) it does nothing. The bodies may be
// reused once it returns, but for slices and pointers in them other than
// event.Log's Data, which State goes on sharing.
func (w *Writer) Emit(bodies ...event.Body) { w.emitAll(nil, bodies) }

// EmitAt is Emit for what happened at another time: an import, or a test. Active
// time never goes back: an earlier t counts as that of the event before.
func (w *Writer) EmitAt(t event.Times, bodies ...event.Body) { w.emitAll(&t, bodies) }

func (w *Writer) emitAll(at *event.Times, bodies []event.Body) {
	if len(bodies) == 0 {
		return
	}
	w.mu.Lock()
	for w.bytes > pendingBytes && w.err == nil && !w.closed {
		poke(w.hurry)
		w.moved.Wait()
	}
	hurry := false
	if w.err == nil && !w.closed {
		if at == nil {
			at = &event.Times{Active: w.Active(), Wall: time.Now().UnixMilli()}
		}
		active := max(at.Active, w.times.Active)
		for _, b := range bodies {
			hurry = w.emit(event.Event{Seq: w.state.Seq + 1, Active: active, Wall: at.Wall, Body: event.Exact(b)}) || hurry
		}
	}
	w.mu.Unlock()
	poke(w.wake)
	if hurry {
		poke(w.hurry)
	}
}

// emit appends one event and reports whether a batch has become full.
func (w *Writer) emit(e event.Event) (full bool) {
	b := w.batch(e)
	size := len(b.raw)
	raw, err := event.AppendEvent(b.raw, w.times, e)
	if err != nil {
		// Exact has made it encodable; a type that is none of event's is a
		// mistake of the caller's, and what it said would be lost.
		w.fail(fmt.Errorf("attempt %s: event %d cannot be kept: %w", w.st.id, e.Seq, err))
		return false
	}
	b.raw = raw
	w.bytes += len(raw) - size
	b.last, b.t1 = e.Seq, e.Active
	b.kinds |= event.KindsOf(e.Body.Kind())
	if _, ok := e.Body.(event.Log); ok {
		b.lines++
	}
	w.times = event.Times{Active: e.Active, Wall: e.Wall}
	w.state.Apply(e)
	if since := e.Seq - w.cut; (since >= w.s.every || since >= w.s.every/4 && e.Body.Kind() == event.KindJudged) && since >= w.state.Growing()/textPerEvent {
		w.checkpoint()
	}
	return b.full()
}

// batch gives the batch that e goes to.
func (w *Writer) batch(e event.Event) *batch {
	if n := len(w.batches); n > 0 && !w.batches[n-1].full() {
		return w.batches[n-1]
	}
	b := &batch{segment: segment{first: e.Seq, t0: e.Active, line0: w.state.Lines}}
	b.raw = event.AppendHeader(nil, w.times)
	w.batches = append(w.batches, b)
	return b
}

func (b *batch) full() bool {
	return b.last-b.first+1 >= batchEvents || len(b.raw) >= batchBytes
}

// checkpoint notes the fold as it is now, to be stored with the next commit.
func (w *Writer) checkpoint() {
	w.marks = append(w.marks, pendingCheckpoint{w.state.Snapshot(), w.cutLens})
	w.cut, w.cutLens = w.state.Seq, w.state.Lens()
}

// Active gives the stream's active milliseconds now.
func (w *Writer) Active() int64 { return w.base + time.Since(w.start).Milliseconds() }

// State gives the fold up to the last Emit. The caller must not change it.
func (w *Writer) State() *fold.State {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state.Snapshot()
}

// Flush waits until all that has been emitted is committed.
func (w *Writer) Flush(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.moved.Broadcast()
	})
	defer stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	want := w.state.Seq
	for w.committed < want && w.err == nil && ctx.Err() == nil {
		poke(w.hurry)
		w.moved.Wait()
	}
	if w.committed >= want {
		return nil
	}
	if w.err != nil {
		return w.err
	}
	return ctx.Err()
}

// Failed is closed when events can no longer be committed, because the disk is
// full or the lease is lost: the engine must stop. Err says why. What was
// committed before stays.
func (w *Writer) Failed() <-chan struct{} { return w.failed }

// Err gives the reason of a failure, in words for people, or nil.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// fail records the first failure. w.mu must be held.
func (w *Writer) fail(err error) {
	if w.err != nil {
		return
	}
	w.err = err
	close(w.failed)
	w.moved.Broadcast()
}

// Close commits what is pending and gives the stream free. It returns the
// failure, if there was one. Later calls do nothing.
func (w *Writer) Close(ctx context.Context) error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	if w.err == nil && w.state.Seq > w.cut+w.s.every/16 {
		w.checkpoint()
	}
	w.closed = true
	w.moved.Broadcast()
	w.mu.Unlock()
	err := w.Flush(ctx)
	close(w.quit)
	<-w.done
	w.enc.Close()
	if werr := w.Err(); werr != nil {
		err = werr
	}
	if unlock := w.lock.Close(); unlock != nil && err == nil {
		err = fmt.Errorf("release %s: %w", w.st.id, unlock)
	}
	return err
}

// poke sends to a channel of capacity 1, unless a signal is there already.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
