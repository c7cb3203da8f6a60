package cli

import (
	"context"
	"fmt"
	"strconv"

	"pitwall/store"
	"pitwall/store/fold"
)

// pick finds an attempt's state and the node that a command is about: the one
// named, else the best valid one, else the last.
func pick(ctx context.Context, s *store.Store, args []string) (*fold.State, store.Summary, int, error) {
	sum, err := s.Attempt(ctx, args[0])
	if err != nil {
		return nil, sum, 0, err
	}
	st, err := s.StateAt(ctx, sum.ID, 0)
	if err != nil {
		return nil, sum, 0, err
	}
	if len(st.Nodes) == 0 {
		return nil, sum, 0, fmt.Errorf("attempt %d has no node yet", sum.Number)
	}
	if len(args) < 2 {
		if best := st.Best(); best >= 0 {
			return st, sum, best, nil
		}
		return st, sum, len(st.Nodes) - 1, nil
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return nil, sum, 0, usagef("node %q is not a number", args[1])
	}
	if st.Node(n) == nil {
		return nil, sum, 0, fmt.Errorf("attempt %d has no node %d; its nodes are 0 to %d", sum.Number, n, len(st.Nodes)-1)
	}
	return st, sum, n, nil
}
