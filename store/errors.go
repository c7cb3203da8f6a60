package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors that callers tell apart with errors.Is. The errors returned say more.
var (
	ErrNotFound = errors.New("no such attempt")
	ErrLeased   = errors.New("another engine is running this attempt")
	ErrLive     = errors.New("the attempt is running")
	ErrNotLive  = errors.New("no engine is running this attempt")
	ErrEpoch    = errors.New("another engine has taken this attempt over")
	ErrDeleted  = errors.New("the attempt was deleted")
	ErrClosed   = errors.New("the store is closed")
)

const mendHome = "set PITWALL_HOME to another directory"

// OpenError says why a store cannot be opened, and the way out.
type OpenError struct {
	Path string // the directory or file
	What string // what is wrong with it
	Mend string // what to do
	Err  error  // what lies beneath; may be nil
}

// Error gives one line for people.
func (e *OpenError) Error() string {
	return fmt.Sprintf("cannot open the store %s: %s; %s", e.Path, e.What, e.Mend)
}

// Unwrap gives what lies beneath.
func (e *OpenError) Unwrap() error { return e.Err }

// CorruptError says that a part of a stream cannot be read.
type CorruptError struct {
	Stream string
	First  int64 // sequence numbers of the segment
	Last   int64
	Err    error
}

// Error gives one line for people.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("events %d to %d of %s are damaged: %v; what lies before them can be read: pitwall export %[3]s saves it",
		e.First, e.Last, e.Stream, e.Err)
}

// Unwrap gives what lies beneath.
func (e *CorruptError) Unwrap() error { return e.Err }

// code gives SQLite's extended result code of err, or 0.
func code(err error) int {
	var se *sqlite.Error
	if errors.As(err, &se) {
		return se.Code()
	}
	return 0
}

func isBusy(err error) bool {
	c := code(err) & 0xff
	return c == sqlite3.SQLITE_BUSY || c == sqlite3.SQLITE_LOCKED
}

func isDamage(err error) bool {
	c := code(err) & 0xff
	return c == sqlite3.SQLITE_CORRUPT || c == sqlite3.SQLITE_NOTADB
}

// worded is an error whose text is already for people.
type worded struct {
	text string
	err  error
}

func (e *worded) Error() string { return e.text }
func (e *worded) Unwrap() error { return e.err }

// words puts SQLite's errors into words that end in the mend. Others pass.
func (s *Store) words(err error) error {
	var done *worded
	if err == nil || errors.As(err, &done) {
		return err
	}
	var text string
	switch code(err) & 0xff {
	case sqlite3.SQLITE_FULL:
		text = fmt.Sprintf("the disk that holds %s is full; free some space and try again", s.home)
	case sqlite3.SQLITE_IOERR:
		text = fmt.Sprintf("%s cannot be read or written (%v); check the disk and its free space", s.path, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		text = fmt.Sprintf("%s can no longer be written (%v); check the permissions of %s", s.path, err, s.home)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		text = fmt.Sprintf("%s is damaged (%v); copy what can be read with: sqlite3 %s .recover", s.path, err, s.path)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		text = fmt.Sprintf("%s is locked by another program; close it and try again", s.path)
	default:
		return err
	}
	return &worded{text, err}
}

// openError words an error met while opening the database at path.
func openError(path string, err error) error {
	e := &OpenError{Path: path, What: reason(err), Mend: mendHome, Err: err}
	switch code(err) & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return damaged(path, reason(err), err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		e.What, e.Mend = "it is locked by another program", "close that program and try again"
	case sqlite3.SQLITE_FULL:
		e.What, e.Mend = "its disk is full", "free some space on "+filepath.Dir(path)+" and try again"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		e.What, e.Mend = "it cannot be written ("+reason(err)+")", "make it writable, or "+mendHome
	}
	return e
}

func damaged(path, what string, err error) error {
	return &OpenError{
		Path: path, What: "the file is damaged (" + what + ")",
		Mend: fmt.Sprintf("try: sqlite3 %s .recover; or move it away, or %s", path, mendHome), Err: err,
	}
}

// reason strips an error of the paths and operation names that the message around it gives.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return strings.TrimPrefix(err.Error(), "SQL logic error: ")
}
