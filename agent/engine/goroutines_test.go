package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pitwall/agent"
	"pitwall/store"
)

func TestNothingOfAnEngineIsUnderWayOnceItHasReturned(t *testing.T) {
	for name, stop := range map[string]bool{"done": false, "stopped": true} {
		t.Run(name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			s, err := store.Open(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			e := newTestEngine(s, nil)
			id := create(t, s, testSpec(agent.Noop, 1))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if stop {
				watched := make(chan struct{})
				go func() {
					defer close(watched)
					eventually(t, "a run is in flight", time.Minute, func() bool { return state(t, s, id).LiveRun() != nil })
					cancel()
				}()
				defer func() { <-watched }()
			}
			if err := e.Run(ctx, id); stop != errors.Is(err, ErrStopped) {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			goleak.VerifyNone(t, before)
		})
	}
}
