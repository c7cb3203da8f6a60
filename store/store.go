// Package store keeps attempts: their events in one SQLite file, what is
// derived from them, and the feed that screens follow.
//
// An engine leases a stream and appends to it through a Writer; any number of
// processes read it, live or in replay, through a Player. Nothing here knows an
// agent or a runner.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"
	_ "modernc.org/sqlite" // the driver
)

// dbName is the store's file in its home.
const dbName = "pitwall.db"

// idleReaders is how many reading connections stay open. There is no bound on
// those in use: every Player pins one.
const idleReaders = 4

// Store is an open store. It is safe for concurrent use.
type Store struct {
	// Mask hides what must not be kept in what people type: orders and notes. It is
	// set before the first use; nil hides nothing.
	Mask func(string) string

	home  string
	path  string
	write *sql.DB // one connection; its transactions take the write lock at once
	read  *sql.DB // query-only connections
	dec   *zstd.Decoder
	lines *lineCache
	every int64 // events between checkpoints
	// schema is what was last seen of the database. It lies below schemaVersion while an
	// engine of an older pitwall runs: the store is then read, and takes orders, stars and
	// notes, but no new attempt and no engine.
	schema atomic.Int64

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup // players
	door   door
}

// door lets uses of the connections and the decoder in while the store is open, and
// Close wait for those that are in.
type door struct {
	mu     sync.Mutex
	closed bool
	inside sync.WaitGroup
}

// enter fails with ErrClosed once the door is closed. Else the caller must call
// inside.Done.
func (d *door) enter() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	d.inside.Add(1)
	return nil
}

func (d *door) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.inside.Wait()
}

// Open opens the store in the directory home, which it creates if missing,
// together with the database, and brings the schema up to date; while an engine of
// an older pitwall runs on it, that waits until somebody opens it later, or starts an
// attempt. Where it must refuse, the error is an *OpenError that names a way out, and
// the files stay as they are.
func Open(ctx context.Context, home string) (*Store, error) {
	home, err := filepath.Abs(home)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	path := filepath.Join(home, dbName)
	if err := prepareHome(home); err != nil {
		return nil, err
	}
	if err := inspect(ctx, path); err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxRaw))
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{home: home, path: path, dec: dec, lines: newLineCache(), every: checkpointEvery}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.connect(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// dsn gives the data source name of the database with further parameters.
func dsn(path string, params ...string) string {
	v := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	for i, p := range params {
		if i == 0 {
			v += "?" + p
		} else {
			v += "&" + p
		}
	}
	return v
}

// connect opens the connections and migrates.
func (s *Store) connect(ctx context.Context) error {
	var err error
	s.write, err = sql.Open("sqlite", dsn(s.path,
		"_pragma=busy_timeout(5000)", "_pragma=auto_vacuum(2)", "_pragma=journal_mode(WAL)", "_pragma=synchronous(NORMAL)",
		"_pragma=foreign_keys(1)", "_pragma=journal_size_limit(67108864)", "_txlock=immediate"))
	if err != nil {
		return openError(s.path, err)
	}
	s.write.SetMaxOpenConns(1)
	err = s.migrate(ctx)
	var held *heldError
	if errors.As(err, &held) && s.schema.Load() < readSchema {
		return &OpenError{Path: s.path, What: held.Error(), Mend: held.mend()}
	}
	if err != nil && held == nil {
		return err
	}
	s.read, err = sql.Open("sqlite", dsn(s.path, "_pragma=busy_timeout(5000)", "_pragma=query_only(1)"))
	if err != nil {
		return openError(s.path, err)
	}
	s.read.SetMaxIdleConns(idleReaders)
	return nil
}

// Close ends all players and closes the store. Writers must have been closed. Reads
// under way fail with ErrClosed, in words, where they have not come to their end.
func (s *Store) Close() error {
	s.cancel()
	s.door.close()
	s.wg.Wait()
	var first error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db == nil {
			continue
		}
		if err := db.Close(); err != nil && first == nil {
			first = fmt.Errorf("close store: %w", err)
		}
	}
	s.dec.Close()
	return first
}

// masked is text as it may be kept.
func (s *Store) masked(text string) string {
	if s.Mask == nil {
		return text
	}
	return s.Mask(text)
}

// Home is the store's directory.
func (s *Store) Home() string { return s.home }

// view runs f in a short reading transaction: all that it reads is of one moment.
func (s *Store) view(ctx context.Context, f func(*sql.Tx) error) error {
	if err := s.door.enter(); err != nil {
		return err
	}
	defer s.door.inside.Done()
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return s.words(err)
	}
	defer tx.Rollback()
	return s.words(f(tx))
}

// change runs f in a writing transaction, and again while others hold the write
// lock. An error of f rolls everything back.
func (s *Store) change(ctx context.Context, f func(*sql.Tx) error) error {
	for try := 0; ; try++ {
		err := s.changeOnce(ctx, f)
		if err == nil || !isBusy(err) || try == 5 {
			return s.words(err)
		}
	}
}

func (s *Store) changeOnce(ctx context.Context, f func(*sql.Tx) error) error {
	if err := s.door.enter(); err != nil {
		return err
	}
	defer s.door.inside.Done()
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func lockPath(home, id string) string { return filepath.Join(home, "locks", id+".lock") }

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// prepareHome makes sure that home is a directory that can be written and whose
// file system carries a write-ahead log.
func prepareHome(home string) error {
	fi, err := os.Stat(home)
	switch {
	case os.IsNotExist(err):
		if err := os.MkdirAll(home, 0o700); err != nil {
			return &OpenError{Path: home, What: "it cannot be created: " + reason(err), Mend: mendHome, Err: err}
		}
	case err != nil:
		return &OpenError{Path: home, What: "it cannot be read: " + reason(err), Mend: mendHome, Err: err}
	case !fi.IsDir():
		return &OpenError{Path: home, What: "it is not a directory", Mend: mendHome}
	}
	if name := networkFS(home); name != "" {
		return &OpenError{
			Path: home, What: "it lies on a network file system (" + name + "), which cannot carry the store safely",
			Mend: "set PITWALL_HOME to a directory on a local disk",
		}
	}
	probe, err := os.CreateTemp(home, ".writable-*")
	if err != nil {
		return &OpenError{Path: home, What: "it cannot be written: " + reason(err), Mend: "make it writable, or " + mendHome, Err: err}
	}
	probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		return &OpenError{Path: home, What: "nothing can be removed from it: " + reason(err), Mend: mendHome, Err: err}
	}
	if err := os.MkdirAll(filepath.Join(home, "locks"), 0o700); err != nil {
		return &OpenError{Path: home, What: "it cannot be written: " + reason(err), Mend: "make it writable, or " + mendHome, Err: err}
	}
	return nil
}
