package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// An Order is something that a person asks of a running engine.
type Order struct {
	ID     int64
	Name   string // "stop", …
	Args   string // as the name has it
	Result string // of a done one, for people; empty when all went well
	Done   bool
}

// engineEnded is the result of orders that nobody is left to take.
const engineEnded = "the engine ended before it took the order"

// Order gives the engine of stream id an order, which it takes up within 200 ms.
// It fails with ErrNotLive where nobody holds the lease.
func (s *Store) Order(ctx context.Context, id, name, args string) (orderID int64, err error) {
	if !s.Alive(id) {
		return 0, fmt.Errorf("order %s: %w: %s", name, ErrNotLive, id)
	}
	err = s.change(ctx, func(tx *sql.Tx) error {
		st, err := findStream(ctx, tx, id)
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `INSERT INTO orders (stream, epoch, name, args, created) VALUES (?, ?, ?, ?, ?) RETURNING id`,
			st.n, st.epoch, name, s.masked(args), time.Now().UnixMilli()).Scan(&orderID)
	})
	if err != nil {
		return 0, fmt.Errorf("order %s: %w", name, err)
	}
	return orderID, nil
}

// OrderState gives an order as it stands. An order that is not done comes with
// ErrNotLive once nobody is left to do it.
func (s *Store) OrderState(ctx context.Context, orderID int64) (o Order, err error) {
	var id string
	err = s.view(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT orders.id, name, args, result, done, streams.id FROM orders JOIN streams ON streams.n = orders.stream
			WHERE orders.id = ?`, orderID).Scan(&o.ID, &o.Name, &o.Args, &o.Result, &o.Done, &id)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return o, fmt.Errorf("there is no order %d", orderID)
	}
	if err != nil {
		return o, fmt.Errorf("read order: %w", err)
	}
	if !o.Done && !s.Alive(id) {
		return o, fmt.Errorf("order %s: %w: %s", o.Name, ErrNotLive, id)
	}
	return o, nil
}

// waitEvery is how often it is looked whether an order is done, or an engine has ended.
const waitEvery = 30 * time.Millisecond

// Give is Order with arguments that are kept as JSON; nil for none.
func (s *Store) Give(ctx context.Context, id, name string, args any) (orderID int64, err error) {
	doc := ""
	if args != nil {
		b, err := json.Marshal(args)
		if err != nil {
			return 0, fmt.Errorf("order %s: %w", name, err)
		}
		doc = string(b)
	}
	return s.Order(ctx, id, name, doc)
}

// Await waits until an order is done, and gives why it could not be carried out; empty
// when all went well. It fails with ErrNotLive once nobody is left to do it, and with
// the error of ctx where that ends first, which takes no order back.
func (s *Store) Await(ctx context.Context, orderID int64) (result string, err error) {
	for {
		o, err := s.OrderState(ctx, orderID)
		if err != nil || o.Done {
			return o.Result, err
		}
		if err := pause(ctx); err != nil {
			return "", err
		}
	}
}

// AwaitEnd waits until no engine holds the lease of stream id, or gives the error of ctx.
func (s *Store) AwaitEnd(ctx context.Context, id string) error {
	for s.Alive(id) {
		if err := pause(ctx); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(waitEvery):
		return nil
	}
}

// Orders gives the orders that have come since the last call, oldest first. An
// engine calls it every 200 ms at most.
func (w *Writer) Orders(ctx context.Context) ([]Order, error) {
	var list []Order
	w.mu.Lock()
	after := w.taken
	w.mu.Unlock()
	err := w.s.view(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id, name, args FROM orders WHERE stream = ? AND epoch = ? AND done = 0 AND id > ? ORDER BY id`, w.st.n, w.epoch, after)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var o Order
			if err := rows.Scan(&o.ID, &o.Name, &o.Args); err != nil {
				return err
			}
			list = append(list, o)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read orders: %w", err)
	}
	if n := len(list); n > 0 {
		w.mu.Lock()
		w.taken = max(w.taken, list[n-1].ID)
		w.mu.Unlock()
	}
	return list, nil
}

// Finish marks an order done. result says what went wrong; empty: nothing.
func (w *Writer) Finish(ctx context.Context, orderID int64, result string) error {
	err := w.s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE orders SET done = 1, result = ? WHERE id = ? AND stream = ?`, result, orderID, w.st.n)
		return err
	})
	if err != nil {
		return fmt.Errorf("finish order %d: %w", orderID, err)
	}
	return nil
}

// closeOrders closes what was ordered of engines before epoch and not done.
func closeOrders(ctx context.Context, tx *sql.Tx, n, epoch int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE orders SET done = 1, result = ? WHERE stream = ? AND epoch < ? AND done = 0`, engineEnded, n, epoch)
	return err
}
