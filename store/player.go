package store

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"pitwall/store/fold"
)

// PlayOptions say where a Player begins.
type PlayOptions struct {
	Replay   bool    // from the start, playing; else at the end, following
	Speed    float64 // 0.5 … 100; 0 is 1
	Lookback int64   // active milliseconds before the end to begin at, playing; 0: none; only without Replay
}

// Snapshot is what a Player shows at one moment. It never changes.
type Snapshot struct {
	Version   int64       // grows with every change
	State     *fold.State // at the position
	Summary   Summary     // as now, wherever the position is
	Following bool        // at the end, and going on with it
	Playing   bool
	Speed     float64
	IdleCut   bool
	Position  int64       // active milliseconds
	Duration  int64       // active milliseconds of the whole stream so far
	LastSeq   int64       // newest event in the store
	Marks     []fold.Mark // of the whole stream so far
	// Err says, in words, why the picture stands still: the attempt was deleted,
	// or a part of it is damaged.
	Err error
}

// Player feeds a screen with one stream: live, or in replay. Both are the same
// fold over the same events. Its methods are safe for concurrent use, and all
// but Close and Lines return at once.
type Player struct {
	s       *Store
	id      string
	n       int64 // the stream's key
	cancel  context.CancelFunc
	done    chan struct{}
	box     atomic.Pointer[Snapshot]
	changed chan struct{}

	mu     sync.Mutex
	orders []func(*feed)
	poke   chan struct{}
}

// Play opens stream id for a screen. The Player ends with Close, with ctx, or
// with the store; the caller must Close it. A stream that is damaged in part is
// opened as far as it can be read, with Snapshot.Err set.
func (s *Store) Play(ctx context.Context, id string, o PlayOptions) (*Player, error) {
	err := s.door.enter()
	if err != nil {
		return nil, fmt.Errorf("open attempt: %w", err)
	}
	defer s.door.inside.Done()
	f, err := s.newFeed(ctx, id, o)
	if err != nil {
		return nil, fmt.Errorf("open attempt: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.ctx, cancel)
	p := &Player{s: s, id: id, n: f.o.n, cancel: cancel, done: make(chan struct{}), changed: make(chan struct{}, 1), poke: make(chan struct{}, 1)}
	f.p = p
	f.publish()
	s.wg.Go(func() {
		defer close(p.done)
		defer stop()
		defer cancel()
		f.run(ctx)
	})
	return p, nil
}

// Snapshot gives the newest snapshot.
func (p *Player) Snapshot() *Snapshot { return p.box.Load() }

// Changed gets a value when there is a newer snapshot; bursts come as one. It is
// never closed.
func (p *Player) Changed() <-chan struct{} { return p.changed }

// Close ends the player and waits for its goroutine. Snapshot goes on giving the last one.
func (p *Player) Close() {
	p.cancel()
	<-p.done
}

func (p *Player) order(f func(*feed)) {
	p.mu.Lock()
	p.orders = append(p.orders, f)
	p.mu.Unlock()
	poke(p.poke)
}

func (p *Player) take() []func(*feed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.orders
	p.orders = nil
	return o
}

// Live jumps to the end and follows it.
func (p *Player) Live() { p.order((*feed).live) }

// Play goes on from the position; from the start where a finished attempt has
// come to its end.
func (p *Player) Play() { p.order((*feed).play) }

// Pause stops at the position.
func (p *Player) Pause() { p.order((*feed).pause) }

// SetSpeed sets the speed, 0.5 to 100 times that of the attempt.
func (p *Player) SetSpeed(x float64) { p.order(func(f *feed) { f.setSpeed(x) }) }

// SetIdleCut shortens stretches without events to a second, or no longer.
func (p *Player) SetIdleCut(on bool) { p.order(func(f *feed) { f.idleCut = on }) }

// SeekActive moves to a moment, in active milliseconds. Seeking leaves live
// mode; a player that played goes on playing.
func (p *Player) SeekActive(ms int64) { p.order(func(f *feed) { f.seekActive(ms) }) }

// SeekSeq moves to just after event seq.
func (p *Player) SeekSeq(seq int64) { p.order(func(f *feed) { f.seekSeq(seq) }) }

// Skip moves by ms active milliseconds, on or back.
func (p *Player) Skip(ms int64) { p.order(func(f *feed) { f.seekActive(f.position() + ms) }) }

// Step moves by n events, on or back, and pauses.
func (p *Player) Step(n int) { p.order(func(f *feed) { f.step(n) }) }

// NextMark moves to the next mark (dir > 0) or the one before (dir < 0), of any
// of the kinds fold.Mark…, or of all. Where there is none it stays.
func (p *Player) NextMark(dir int, kinds ...string) {
	p.order(func(f *feed) { f.nextMark(dir, kinds) })
}

// Lines gives lines of the log, as Store.Lines does. Those that were folded in last
// are at hand.
func (p *Player) Lines(ctx context.Context, from, to int64) ([]Line, error) {
	return p.s.linesAt(ctx, p.id, p.n, from, to)
}
