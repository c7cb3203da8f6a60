//go:build linux || darwin

package runner

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

// brokenLine is a machine with one run, which says lines and then waits to be stopped.
// Each call fails as often as it is told, also in the middle of what Follow gives.
type brokenLine struct {
	Machine
	breaks  []int // how many lines go through before the line breaks, call by call
	lines   int
	stopped chan struct{}
	fatal   error // what Follow ends with at last; nil for a result
}

func (m *brokenLine) breaksNow() (after int, breaks bool) {
	if len(m.breaks) == 0 {
		return 0, false
	}
	after, m.breaks = m.breaks[0], m.breaks[1:]
	return after, true
}

func (m *brokenLine) Start(context.Context, Job) (Ref, error) {
	if _, breaks := m.breaksNow(); breaks {
		return "", &TransportError{Err: errors.New("cut")}
	}
	return "ref", nil
}

func (m *brokenLine) Stop(context.Context, Ref) error {
	if m.stopped == nil {
		return &TransportError{Err: errors.New("cut")}
	}
	close(m.stopped)
	return nil
}

func (m *brokenLine) Follow(ctx context.Context, _ Ref, from int64, sink Sink) (Result, error) {
	after, breaks := m.breaksNow()
	sink.Started("ref")
	for n := int(from); n < m.lines; n++ {
		if breaks && after == 0 {
			return Result{}, &TransportError{Err: errors.New("cut")}
		}
		after--
		sink.Lines([]Line{{Data: []byte{byte(n)}, Next: int64(n) + 1}})
	}
	if breaks {
		return Result{}, &TransportError{Err: errors.New("cut")}
	}
	select {
	case <-m.stopped: // a nil channel: it never ends
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
	return Result{Reason: Stopped}, m.fatal
}

// heard keeps what a sink is told.
type heard struct {
	Quiet
	lines      []byte
	started    int
	down, back int
}

func (h *heard) Started(Ref) { h.started++ }
func (h *heard) Lines(lines []Line) {
	for _, l := range lines {
		h.lines = append(h.lines, l.Data...)
	}
}

func (h *heard) Connection(broken error) {
	if broken == nil {
		h.back++
	} else {
		h.down++
	}
}

func TestARunIsHeardWholeAndOnceOverABadLine(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		breaks := rapid.SliceOfN(rapid.IntRange(0, 5), 0, 12).Draw(r, "breaks")
		lines := rapid.IntRange(0, 20).Draw(r, "lines")
		synctest.Test(t, func(t *testing.T) {
			m := &brokenLine{breaks: slices.Clone(breaks), lines: lines, stopped: make(chan struct{})}
			ctx, stop := context.WithTimeout(t.Context(), time.Hour) // far behind the last break
			defer stop()
			h := &heard{}
			res, err := Run(ctx, m, Job{ID: "job", Argv: []string{"x"}}, h)
			if err != nil || res.Reason != Stopped {
				t.Fatalf("%+v, %v", res, err)
			}
			if len(h.lines) != lines || !slices.IsSorted(h.lines) || h.started != 1 {
				t.Errorf("it was heard %v, and to start %d times", h.lines, h.started)
			}
			if h.down != h.back || len(breaks) > 0 && h.down == 0 {
				t.Errorf("the line was told to be down %d times and back %d times", h.down, h.back)
			}
		})
	})
}

func TestARunThatCannotBeToldToStopIsGivenUpInWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		m := &brokenLine{}
		stop()
		began := time.Now()
		res, err := Follow(ctx, m, "ref", Quiet{})
		if res.Reason != Lost || err == nil || !strings.Contains(err.Error(), "resume") {
			t.Errorf("%+v, %v", res, err)
		}
		if took := time.Since(began); took < stopPatience || took > stopPatience+time.Minute {
			t.Errorf("it was given up after %s", took)
		}
	})
}

func TestNothingOfARunIsUnderWayOnceItIsOver(t *testing.T) {
	before := goleak.IgnoreCurrent()
	if _, res := execute(t, script(t, "print('ran')")); res.Reason != Exited {
		t.Errorf("%+v", res)
	}
	stopped, stop := context.WithCancel(t.Context())
	rec := newRecord()
	done := make(chan Result, 1)
	go func() {
		res, _ := Run(stopped, local(t), script(t, stubborn), rec)
		done <- res
	}()
	rec.until(t, "it is up", rec.saw("up"))
	stop()
	if res := <-done; res.Reason != Stopped {
		t.Errorf("%+v", res)
	}
	goleak.VerifyNone(t, before)
}
