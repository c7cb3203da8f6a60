package store

import (
	"context"

	"pitwall/store/event"
	"pitwall/store/fold"
)

// SetCheckpointEvery makes checkpoints n events apart.
func (s *Store) SetCheckpointEvery(n int64) { s.every = n }

// Exec changes the database behind the store's back.
func (s *Store) Exec(query string, args ...any) error {
	_, err := s.write.Exec(query, args...)
	return err
}

// Query gives the first column of the first row.
func (s *Store) Query(query string, args ...any) (v any, err error) {
	err = s.write.QueryRow(query, args...).Scan(&v)
	return v, err
}

// SchemaVersion is the schema's.
const SchemaVersion = schemaVersion

// Times is event.Times.
type Times = event.Times

// A Follower is what a Player does when the store has changed, without its clock.
type Follower struct{ f *feed }

// Follow stands at the end of a stream.
func (s *Store) Follow(ctx context.Context, id string) (*Follower, error) {
	f, err := s.newFeed(ctx, id, PlayOptions{})
	return &Follower{f}, err
}

// Refresh folds in what has been committed since.
func (f *Follower) Refresh() (*fold.State, error) {
	err := f.f.refresh()
	return f.f.state, err
}

// Lines gives lines of the log.
func (f *Follower) Lines(ctx context.Context, from, to int64) ([]Line, error) {
	return f.f.s.linesAt(ctx, f.f.o.id, f.f.o.n, from, to)
}

// Close gives the connection back.
func (f *Follower) Close() { f.f.conn.Close() }
