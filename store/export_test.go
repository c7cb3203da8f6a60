package store

import "pitwall/store/event"

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
