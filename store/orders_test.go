package store_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"pitwall/store"
	"pitwall/store/event"
)

func TestAnOrderIsGivenAndWaitedFor(t *testing.T) {
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
		for _, want := range []string{"", "there is no node 7"} {
			n, err := s.Give(t.Context(), id, event.OrderAsk, event.Asked{Node: 7, Origin: event.OriginBranch})
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() {
				result, err := s.Await(t.Context(), n)
				if err == nil && result != want {
					err = errors.New("result " + result)
				}
				done <- err
			}()
			list, err := w.Orders(t.Context())
			if err != nil || len(list) != 1 || list[0].Args != `{"node":7,"origin":"branch"}` {
				t.Fatalf("%+v, %v", list, err)
			}
			if err := w.Finish(t.Context(), n, want); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		}

		// Who does not wait any longer takes nothing back.
		n, err := s.Give(t.Context(), id, event.OrderStop, nil)
		if err != nil {
			t.Fatal(err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Await(gone, n); !errors.Is(err, context.Canceled) {
			t.Errorf("gone: %v", err)
		}
		if err := s.AwaitEnd(gone, id); !errors.Is(err, context.Canceled) {
			t.Errorf("gone: %v", err)
		}
		if list, err := w.Orders(t.Context()); err != nil || len(list) != 1 || list[0].Args != "" {
			t.Errorf("%+v, %v", list, err)
		}
		ended := make(chan error, 1)
		go func() { ended <- s.AwaitEnd(t.Context(), id) }()
		if err := w.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if result, err := s.Await(t.Context(), n); err == nil && result == "" {
			t.Error("an order that nobody took was carried out")
		}
	})
}
