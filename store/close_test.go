package store_test

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"pitwall/store"
	"pitwall/store/storetest"
)

// TestReadsUnderWayEndInWordsWhenTheStoreIsClosed closes a store under the hands of
// whoever reads it: each read comes to its end or says why not.
func TestReadsUnderWayEndInWordsWhenTheStoreIsClosed(t *testing.T) {
	home, accounts := storetest.Old(t)
	for round := range 20 {
		s, err := store.Open(t.Context(), home)
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 { // then everything is folded from its events
			if err := s.Exec("DELETE FROM checkpoints"); err != nil {
				t.Fatal(err)
			}
		}
		reads := map[string]func(id string) error{
			"state":  func(id string) error { _, err := s.StateAt(t.Context(), id, 0); return err },
			"lines":  func(id string) error { _, err := s.Lines(t.Context(), id, 0, 1000); return err },
			"export": func(id string) error { return s.Export(t.Context(), id, io.Discard) },
			"list":   func(string) error { _, err := s.Attempts(t.Context()); return err },
			"star":   func(id string) error { return s.SetStar(t.Context(), id, true) },
			"play": func(id string) error {
				p, err := s.Play(t.Context(), id, store.PlayOptions{Replay: true})
				if err == nil {
					p.SeekSeq(100)
					p.Close()
				}
				return err
			},
			"events": func(id string) error {
				for _, err := range s.Events(t.Context(), id, 1) {
					if err != nil {
						return err
					}
				}
				return nil
			},
		}
		var readers sync.WaitGroup
		begun := make(chan struct{}, len(reads))
		errs := make(chan error, len(reads))
		for what, read := range reads {
			readers.Go(func() {
				begun <- struct{}{}
				for i := 0; ; i++ {
					if err := read(accounts[i%len(accounts)].ID); err != nil {
						errs <- fmt.Errorf("%s: %w", what, err)
						return
					}
				}
			})
		}
		for range reads {
			<-begun
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		readers.Wait()
		close(errs)
		for err := range errs {
			if !errors.Is(err, store.ErrClosed) {
				t.Errorf("round %d: %v", round, err)
			}
		}
	}
}
