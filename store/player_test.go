package store_test

import (
	"testing"
	"testing/synctest"
	"time"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/store/storetest"
)

// inBubble runs f with a store and an attempt whose events lie at the given
// active milliseconds: a node first, and then notices; then it is done.
func inBubble(t *testing.T, times []int64, f func(t *testing.T, s *store.Store, id string)) {
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		id := create(t, s)
		w, err := s.Lease(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		w.Emit(event.Node{ID: 0, Parent: -1})
		for _, at := range times {
			w.EmitAt(event.Times{Active: at, Wall: at}, event.Notice{Text: "x"})
		}
		w.Emit(event.Status{Status: event.StatusDone})
		closeWriter(t, w)
		f(t, s, id)
	})
}

func play(t *testing.T, s *store.Store, id string, o store.PlayOptions) *store.Player {
	t.Helper()
	p, err := s.Play(t.Context(), id, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// shows checks the place after d more.
func shows(t *testing.T, p *store.Player, d time.Duration, seq, position int64) *store.Snapshot {
	t.Helper()
	time.Sleep(d)
	synctest.Wait()
	s := p.Snapshot()
	if s.State.Seq != seq || s.Position < position-30 || s.Position > position+30 {
		t.Errorf("at event %d, %d ms; want event %d, %d ms", s.State.Seq, s.Position, seq, position)
	}
	return s
}

func TestReplayKeepsTheAttemptsTime(t *testing.T) {
	inBubble(t, []int64{1000, 2000, 2000, 60_000}, func(t *testing.T, s *store.Store, id string) {
		p := play(t, s, id, store.PlayOptions{Replay: true})
		defer p.Close()
		shows(t, p, 900*time.Millisecond, 1, 900)
		shows(t, p, 200*time.Millisecond, 2, 1100)
		shows(t, p, time.Second, 4, 2100)
		p.SetSpeed(10)
		shows(t, p, time.Second, 4, 12_100)
		p.Pause()
		if s := shows(t, p, time.Hour, 4, 12_100); s.Playing {
			t.Error("playing")
		}
		p.SetIdleCut(true)
		p.Play()
		shows(t, p, 50*time.Millisecond, 4, 59_250)
		if s := shows(t, p, 100*time.Millisecond, 6, 60_000); s.Playing || s.Following {
			t.Error("it goes on after the end")
		}
		p.Play()
		shows(t, p, 10*time.Millisecond, 1, 0)
	})
}

func TestReplaySeeksStepsAndSkips(t *testing.T) {
	inBubble(t, []int64{1000, 2000, 2000, 60_000}, func(t *testing.T, s *store.Store, id string) {
		p := play(t, s, id, store.PlayOptions{})
		defer p.Close()
		if s := shows(t, p, 0, 6, 60_000); !s.Following {
			t.Error("not following")
		}
		p.Step(-1)
		if s := shows(t, p, time.Minute, 5, 60_000); s.Following || s.Playing {
			t.Error("a step goes on")
		}
		p.SeekActive(1500)
		shows(t, p, time.Minute, 2, 1500)
		p.Skip(600)
		shows(t, p, time.Minute, 4, 2100)
		p.Skip(-1_000_000)
		shows(t, p, time.Minute, 1, 0)
		p.SeekSeq(3)
		shows(t, p, time.Minute, 3, 2000)
		p.SeekSeq(1_000_000)
		shows(t, p, time.Minute, 6, 60_000)
		p.NextMark(-1, fold.MarkNode)
		shows(t, p, time.Minute, 1, 0)
		p.NextMark(-1)
		shows(t, p, time.Minute, 1, 0)
		p.NextMark(1)
		shows(t, p, time.Minute, 6, 60_000)
		p.Live()
		if s := shows(t, p, time.Second, 6, 60_000); !s.Following {
			t.Error("not live")
		}
	})
}

func TestALookbackBeginsBeforeTheEnd(t *testing.T) {
	inBubble(t, []int64{1000, 2000, 60_000}, func(t *testing.T, s *store.Store, id string) {
		p := play(t, s, id, store.PlayOptions{Lookback: 59_500, Speed: 2})
		defer p.Close()
		shows(t, p, 400*time.Millisecond, 2, 1300)
	})
}

func TestAReplayThatCatchesUpGoesLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		f := storetest.Live(t, s, storetest.Options{Nodes: 1, Steps: 50})
		f.Until(func(b event.Body) bool { return b.Kind() == event.KindApplied })
		p := play(t, s, f.ID, store.PlayOptions{Replay: true, Speed: 100})
		defer p.Close()
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := p.Snapshot(); !s.Following || s.Summary.Status != event.StatusRunning {
			t.Errorf("%+v", s)
		}
		f.All()
		time.Sleep(50 * time.Millisecond)
		synctest.Wait()
		if s := p.Snapshot(); s.LastSeq != f.Writer.State().Seq || !s.State.Finished() {
			t.Errorf("at %d of %d, 50 ms after the commit", s.LastSeq, f.Writer.State().Seq)
		}
		f.Writer.Close(t.Context())
	})
}

func TestAFollowedAttemptShowsThatItsEngineEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		id := create(t, s)
		w, err := s.Lease(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		w.Emit(event.Status{Status: event.StatusRunning})
		flush(t, w)
		p := play(t, s, id, store.PlayOptions{})
		defer p.Close()
		closeWriter(t, w)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s := p.Snapshot(); s.Summary.Status != event.StatusInterrupted || s.State.Status != event.StatusRunning {
			t.Errorf("%+v", s.Summary)
		}
	})
}

func TestAnIdlePlayerIsQuiet(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, s *store.Store, id string) {
		p := play(t, s, id, store.PlayOptions{})
		defer p.Close()
		time.Sleep(time.Second)
		synctest.Wait()
		before := p.Snapshot().Version
		time.Sleep(time.Minute)
		synctest.Wait()
		if after := p.Snapshot().Version; after != before {
			t.Errorf("%d snapshots of nothing", after-before)
		}
	})
}

func TestAPlayerEndsWithItsStore(t *testing.T) {
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := play(t, s, create(t, s), store.PlayOptions{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	p.Pause()
	p.Close()
	if p.Snapshot() == nil {
		t.Error("no snapshot")
	}
}
