package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pitwall/store"
)

// order gives the engine of an attempt an order and waits until it is done.
func (a *app) order(ctx context.Context, s *store.Store, prefix, name string, args any) error {
	sum, err := s.Attempt(ctx, prefix)
	if err != nil {
		return err
	}
	doc := ""
	if args != nil {
		b, err := json.Marshal(args)
		if err != nil {
			return fmt.Errorf("order %s: %w", name, err)
		}
		doc = string(b)
	}
	id, err := s.Order(ctx, sum.ID, name, doc)
	if err != nil {
		if errors.Is(err, store.ErrNotLive) {
			return fmt.Errorf("attempt %d is %s: no engine works on it; see pitwall show %d", sum.Number, sum.Status, sum.Number)
		}
		return err
	}
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for {
		o, err := s.OrderState(ctx, id)
		switch {
		case err != nil:
			return err
		case o.Done && o.Result != "":
			return fmt.Errorf("attempt %d: %s", sum.Number, o.Result)
		case o.Done:
			return a.report(ctx, s, sum.ID)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("attempt %d was given the order %s and has not taken it yet", sum.Number, name)
		case <-tick.C:
		}
	}
}
