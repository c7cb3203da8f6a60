package cli

import (
	"context"
	"errors"
	"fmt"

	"pitwall/store"
)

// order gives the engine of an attempt an order and waits until it is done.
func (a *app) order(ctx context.Context, s *store.Store, prefix, name string, args any) error {
	sum, err := s.Attempt(ctx, prefix)
	if err != nil {
		return err
	}
	id, err := s.Give(ctx, sum.ID, name, args)
	if err != nil {
		if errors.Is(err, store.ErrNotLive) {
			return fmt.Errorf("attempt %d is %s: no engine works on it; see pitwall show %d", sum.Number, sum.Status, sum.Number)
		}
		return err
	}
	result, err := s.Await(ctx, id)
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("attempt %d was given the order %s and has not taken it yet", sum.Number, name)
	case err != nil:
		return err
	case result != "":
		return fmt.Errorf("attempt %d: %s", sum.Number, result)
	}
	return a.report(ctx, s, sum.ID)
}
