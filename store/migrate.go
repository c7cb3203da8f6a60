package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"pitwall/store/event"
	"pitwall/store/fold"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

const (
	// applicationID marks the file as pitwall's in its header: "pitw".
	applicationID = 0x70697477
	// schemaVersion is the newest file in schema/, and the user_version of a store that is up to date.
	schemaVersion = 3
	// readSchema is the oldest that is read as it is, while an engine of its own version runs.
	readSchema = 2
)

// inspect refuses what is not a store that this version can open, without
// changing a byte. A file that is missing or empty is a new store.
func inspect(ctx context.Context, path string) error {
	fi, err := os.Stat(path)
	if os.IsNotExist(err) || err == nil && fi.Size() == 0 {
		return nil
	}
	if err != nil {
		return &OpenError{Path: path, What: reason(err), Mend: mendHome, Err: err}
	}
	if !fi.Mode().IsRegular() {
		return &OpenError{Path: path, What: "it is not a file", Mend: mendHome}
	}
	// SQLite alone may open the file: closing another descriptor of it would
	// drop the locks of a store that this process has open already.
	//
	// First the file alone, as immutable: nothing is locked, created or changed.
	// Only then through its log, where a newer pitwall's migration may still be.
	for _, mode := range []string{"immutable=1", "mode=ro"} {
		logged := hasLog(path)
		err := inspectAs(ctx, path, mode)
		if mode == "immutable=1" && isDamage(err) && (logged || hasLog(path)) {
			// Another process may just be bringing its log into the file, whose
			// header then speaks of pages that are still to come.
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// hasLog reports whether a part of the database is in its write-ahead log.
func hasLog(path string) bool {
	fi, err := os.Stat(path + "-wal")
	return err == nil && fi.Size() > 0
}

func inspectAs(ctx context.Context, path, mode string) error {
	db, err := sql.Open("sqlite", dsn(path, mode, "_pragma=busy_timeout(5000)"))
	if err != nil {
		return openError(path, err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	var app, version, pages, pageSize int64
	for pragma, dst := range map[string]*int64{"application_id": &app, "user_version": &version, "page_count": &pages, "page_size": &pageSize} {
		if err := db.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(dst); err != nil {
			return openError(path, err)
		}
	}
	if app == 0 && version == 0 && mode != "immutable=1" {
		var tables int
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
			return openError(path, err)
		}
		if tables == 0 {
			return nil // begun, and not yet filled by another process
		}
	}
	if mode == "immutable=1" && app == 0 {
		return nil // perhaps all of it is in the log still: the second look decides
	}
	if app != applicationID {
		return &OpenError{Path: path, What: "it is a database of another program", Mend: "move it away, or " + mendHome}
	}
	if version > schemaVersion {
		return &OpenError{
			Path: path, What: fmt.Sprintf("it was made by a newer pitwall (schema %d, this one knows %d)", version, schemaVersion),
			Mend: "upgrade pitwall, or " + mendHome,
		}
	}
	if mode != "immutable=1" {
		return lookOver(ctx, db, path)
	}
	// The log first: it goes when the file has grown.
	if hasLog(path) {
		return nil
	}
	if fi, err := os.Stat(path); err == nil && pages*pageSize > fi.Size() {
		return damaged(path, fmt.Sprintf("it should have %d bytes and has %d", pages*pageSize, fi.Size()), nil)
	}
	return nil
}

// lookOver reads a little of every table: a file that lost its middle shows
// here and not in the middle of an attempt.
func lookOver(ctx context.Context, db *sql.DB, path string) error {
	for _, table := range []string{"streams", "segments", "checkpoints", "orders", "calibrations"} {
		row := db.QueryRowContext(ctx, "SELECT rowid FROM "+table+" ORDER BY rowid DESC LIMIT 1")
		var id int64
		if err := row.Scan(&id); err != nil && !errors.Is(err, sql.ErrNoRows) {
			if isDamage(err) || strings.Contains(err.Error(), "no such table") {
				return damaged(path, reason(err), err)
			}
			return openError(path, err)
		}
	}
	return nil
}

// migrate brings the schema up to date, one process at a time, and never while an
// engine holds a lease. It fails with a *heldError, and changes nothing, while an
// engine of an older pitwall does.
func (s *Store) migrate(ctx context.Context) error {
	db, path := s.write, s.path
	lock := flock.New(filepath.Join(s.home, "locks", "migrate.lock"), flock.SetPermissions(0o600))
	if ok, err := lock.TryLockContext(ctx, 5*time.Millisecond); !ok {
		return &OpenError{Path: path, What: "another process is bringing it up to date", Mend: "try again", Err: err}
	}
	defer lock.Close()
	// Created here rather than by SQLite, for the permissions.
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err == nil {
		f.Close()
	} else if !os.IsExist(err) {
		return openError(path, err)
	}
	if err := checkMode(ctx, db, path); err != nil {
		return err
	}
	version, err := userVersion(ctx, db)
	if err != nil {
		return openError(path, err)
	}
	s.schema.Store(version)
	if version >= schemaVersion {
		return nil
	}
	id := ""
	if version > 0 {
		id = anyLease(s.home)
	}
	for v := version + 1; v <= schemaVersion && id == ""; v++ {
		if id, err = s.migrateTo(ctx, v, version > 0); err != nil {
			return openError(path, err)
		}
		if id == "" {
			s.schema.Store(v)
		}
	}
	if id != "" {
		return &heldError{id}
	}
	// Into the file itself, so that any pitwall knows it by its header.
	if _, err := db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return openError(path, err)
	}
	return nil
}

// heldError says that an engine of an older pitwall holds a lease.
type heldError struct{ id string }

func (e *heldError) Error() string { return "an older pitwall is running attempt " + e.id + " on it" }

// mend says what a person can do about it.
func (e *heldError) mend() string {
	return "wait until it is done, or stop it with: pitwall stop " + e.id
}

// upgrade brings an old schema up to date where what follows needs the new one.
func (s *Store) upgrade(ctx context.Context) error {
	if s.schema.Load() >= schemaVersion {
		return nil
	}
	err := s.migrate(ctx)
	var held *heldError
	if errors.As(err, &held) {
		return &OpenError{Path: s.path, What: held.Error(), Mend: held.mend()}
	}
	return err
}

// migrateTo takes the schema on by one version, or gives the id of a stream that an
// engine of the version before holds.
func (s *Store) migrateTo(ctx context.Context, version int64, used bool) (leased string, err error) {
	text, err := schemaFiles.ReadFile(fmt.Sprintf("schema/%d.sql", version))
	if err != nil {
		return "", err
	}
	err = s.changeOnce(ctx, func(tx *sql.Tx) error {
		// Within the transaction: an engine that takes its lock after this finds the
		// new version, and refuses.
		if used {
			if leased = anyLease(s.home); leased != "" {
				return nil
			}
		}
		for _, q := range []string{string(text), fmt.Sprintf("PRAGMA application_id = %d", applicationID), fmt.Sprintf("PRAGMA user_version = %d", version)} {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return fmt.Errorf("migrate to schema %d: %w", version, err)
			}
		}
		if version == 3 {
			return s.fillFigures(ctx, tx)
		}
		return nil
	})
	return leased, err
}

// figureKinds are the events that the figures of schema 3 follow from.
var figureKinds = event.KindsOf(event.KindAttempt, event.KindRunStarted, event.KindRunEnded, event.KindResumed, event.KindConfirmed)

// fillFigures derives what schema 3 adds to the rows of streams from their events, of
// which it reads no more than it must: the first segment of an attempt, and of those
// on GPUs or on open tasks the segments in which runs begin and end. What cannot be
// read stays unknown.
func (s *Store) fillFigures(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT n, id, active FROM streams WHERE last_seq > 0`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var list []stream
	for rows.Next() {
		var st stream
		if err := rows.Scan(&st.n, &st.id, &st.active); err != nil {
			return err
		}
		list = append(list, st)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, st := range list {
		f, err := s.figures(ctx, tx, st)
		var corrupt *CorruptError
		if errors.As(err, &corrupt) {
			continue
		}
		if err != nil {
			return err
		}
		args := append(f.figureArgs(), st.n)
		if _, err := tx.ExecContext(ctx, `UPDATE streams SET `+setFigures+` WHERE n = ?`, args...); err != nil {
			return err
		}
	}
	return nil
}

// figures folds the events of a stream that its figures follow from.
func (s *Store) figures(ctx context.Context, tx *sql.Tx, st stream) (Figures, error) {
	list, err := listSegments(ctx, tx, `kinds & ?2 <> 0 ORDER BY first_seq`, st.n, int64(figureKinds))
	if err != nil {
		return Figures{}, err
	}
	state := fold.New()
	for i, g := range list {
		var body []byte
		if err := tx.QueryRowContext(ctx, `SELECT body FROM segments WHERE stream = ? AND first_seq = ?`, st.n, g.first).Scan(&body); err != nil {
			return Figures{}, err
		}
		events, _, err := s.decode(st.id, g.first, g.last, body, nil, 0, figureKinds)
		if err != nil {
			return Figures{}, err
		}
		for _, e := range events {
			state.Apply(e)
		}
		if i == 0 && state.Attempt.GPUs == 0 && !state.Attempt.Open() {
			break
		}
	}
	state.Active = st.active
	return figuresOf(state), nil
}

func userVersion(ctx context.Context, q interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
},
) (v int64, err error) {
	err = q.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v)
	return v, err
}

// checkMode makes sure that the file can be written and that the write-ahead log is really in use: on a file
// system that cannot carry it, SQLite stays with another mode and says nothing.
func checkMode(ctx context.Context, db *sql.DB, path string) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return openError(path, err)
	}
	defer conn.Close()
	var mode string
	if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return openError(path, err)
	}
	var readOnly bool
	err = conn.Raw(func(c any) (err error) {
		if c, ok := c.(interface{ IsReadOnly(string) (bool, error) }); ok {
			readOnly, err = c.IsReadOnly("main")
		}
		return err
	})
	if err != nil {
		return openError(path, err)
	}
	if readOnly {
		return &OpenError{Path: path, What: "it cannot be written", Mend: "make it writable, or " + mendHome}
	}
	if mode != "wal" {
		return &OpenError{
			Path: path, What: "its file system cannot carry a write-ahead log (SQLite stays in mode " + mode + ")",
			Mend: "set PITWALL_HOME to a directory on a local disk",
		}
	}
	return nil
}

// anyLease gives the id of a stream that an engine holds, or "".
func anyLease(home string) string {
	entries, err := os.ReadDir(filepath.Join(home, "locks"))
	if err != nil {
		return ""
	}
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".lock")
		if ok && id != "migrate" && held(lockPath(home, id)) {
			return id
		}
	}
	return ""
}
