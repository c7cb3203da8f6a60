package store

import (
	"sort"
	"time"

	"pitwall/store/event"
	"pitwall/store/fold"
)

const (
	minSpeed, maxSpeed = 0.5, 100
	// idleMS is what a stretch without events is shortened to, in active milliseconds.
	idleMS = 1000
	// frameBudget is how long a frame of a replay may fold before it shows what it has.
	frameBudget = 15 * time.Millisecond
)

// replay is a place in a stream and the clock that moves it.
type replay struct {
	state     *fold.State // at the place; the whole while following
	following bool
	playing   bool
	idleCut   bool
	speed     float64
	pos       float64 // active milliseconds; not kept while following
	last      time.Time
	cursor
}

func (f *feed) position() int64 {
	if f.following {
		return f.o.full.Active
	}
	return int64(f.pos)
}

func (f *feed) setSpeed(x float64) {
	if !(x > 0) {
		x = 1
	}
	f.speed = min(max(x, minSpeed), maxSpeed)
}

func (f *feed) live() {
	f.state, f.cursor = f.o.full, cursor{}
	f.following, f.playing = true, true
}

// leave ends live mode at the place where it is.
func (f *feed) leave() {
	if f.following {
		f.pos = float64(f.o.full.Active)
		f.state, f.cursor = f.o.full.Snapshot(), cursor{}
		f.following = false
	}
	f.last = time.Now()
}

func (f *feed) pause() {
	f.leave()
	f.playing = false
}

func (f *feed) play() {
	if f.following {
		return
	}
	if f.atEnd() {
		if f.engaged() {
			f.live()
			return
		}
		f.seekActive(0)
	}
	f.playing, f.last = true, time.Now()
}

// atEnd reports whether nothing is left to play.
func (f *feed) atEnd() bool {
	return f.state.Seq >= f.o.full.Seq && f.pos >= float64(f.o.full.Active)
}

// engaged reports whether an engine is at work on the stream.
func (f *feed) engaged() bool {
	return f.summary.Status.Live()
}

// goTo moves to just after event seq. On an error it stays.
func (f *feed) goTo(seq int64) bool {
	f.leave()
	seq = min(max(seq, 0), f.o.full.Seq)
	st, err := f.s.at(f.ctx, f.o, seq)
	if err != nil {
		f.setErr(err)
		f.playing = false
		return false
	}
	f.state, f.cursor = st, cursor{}
	return true
}

func (f *feed) seekSeq(seq int64) {
	if f.goTo(seq) {
		f.pos = float64(f.state.Active)
	}
}

func (f *feed) seekActive(ms int64) {
	ms = min(max(ms, 0), f.o.full.Active)
	seq, err := f.seqAt(ms)
	if err != nil {
		f.leave()
		f.setErr(err)
		f.playing = false
		return
	}
	if f.goTo(seq) {
		f.pos = float64(ms)
	}
}

// seqAt gives the last event that happened at ms or before.
func (f *feed) seqAt(ms int64) (int64, error) {
	list := f.o.segments
	i := sort.Search(len(list), func(i int) bool { return list[i].t0 > ms }) - 1
	if i < 0 {
		return 0, nil
	}
	if list[i].t1 <= ms {
		return min(list[i].last, f.o.full.Seq), nil
	}
	events, err := f.s.readSegment(f.ctx, f.o.stream, list[i].first)
	j := sort.Search(len(events), func(j int) bool { return events[j].Active > ms })
	if j == len(events) && err != nil {
		return 0, err
	}
	return list[i].first + int64(j) - 1, nil
}

func (f *feed) step(n int) {
	f.leave()
	f.playing = false
	f.seekSeq(f.state.Seq + int64(n))
}

func (f *feed) nextMark(dir int, kinds []string) {
	if seq, ok := findMark(f.o.full.Marks, f.state.Seq, dir, kinds); ok {
		f.seekSeq(seq)
	}
}

// next gives the event after the place, if there is one.
func (f *feed) next() (e event.Event, ok bool) {
	if f.i >= len(f.events) {
		if f.state.Seq >= f.o.full.Seq {
			return e, false
		}
		i := segmentAt(f.o.segments, f.state.Seq+1)
		if i == len(f.o.segments) {
			return e, false
		}
		g := f.o.segments[i]
		events, err := f.s.readSegment(f.ctx, f.o.stream, g.first)
		f.s.keepLines(f.o.n, g, events)
		skip := max(0, min(int(f.state.Seq+1-g.first), len(events)))
		f.cursor = cursor{events[skip:], 0}
		if len(f.events) == 0 {
			if err != nil {
				f.setErr(err)
				f.playing = false
			}
			return e, false
		}
	}
	e = f.events[f.i]
	// What has been committed but not yet folded into the whole comes later.
	return e, e.Seq <= f.o.full.Seq
}

// tick lets the virtual clock catch up with the real one.
func (f *feed) tick(now time.Time) {
	if f.following || !f.playing {
		return
	}
	passed := now.Sub(f.last)
	f.last = now
	if passed <= 0 {
		return
	}
	f.dirty = true
	f.advance(f.pos + float64(passed)/float64(time.Millisecond)*f.speed)
	if f.playing && f.atEnd() {
		if f.engaged() {
			f.live()
		} else {
			f.playing = false
		}
	}
}

// advance plays up to target, or as far as a frame's time goes.
func (f *feed) advance(target float64) {
	if end := float64(f.o.full.Active); target > end {
		target = end
	}
	// A long way is shorter by checkpoint.
	points := f.o.points
	i := sort.Search(len(points), func(i int) bool { return float64(points[i].active) > target }) - 1
	if i >= 0 && points[i].seq > f.state.Seq+2*f.s.every {
		f.seekActive(int64(target))
		return
	}
	began := time.Now()
	for n := 1; ; n++ {
		e, ok := f.next()
		if !ok {
			if f.playing {
				f.pos = target
			}
			return
		}
		if at := float64(e.Active); at > target {
			if f.idleCut && at-target > idleMS {
				target = at - idleMS
			}
			f.pos = target
			return
		}
		f.state.Apply(e)
		f.i++
		if n%256 == 0 && time.Since(began) > frameBudget {
			f.pos = float64(e.Active)
			return
		}
	}
}
