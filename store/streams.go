package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"pitwall/store/event"
)

// Kinds of streams.
const (
	kindAttempt     = "attempt"
	kindCalibration = "calibration"
)

// Spec is what a person chooses. It is kept with the attempt, so that an engine
// can be started from the attempt's id alone.
type Spec struct {
	Task    string `json:"task"`
	Scripts string `json:"scripts,omitempty"` // where both records' scripts were imported from; "" for the first that is there
	Hint    string `json:"hint"`
	Hints   string `json:"hints,omitempty"` // whose hints; "" for pitwall's own
	// OwnHint is a text in the place of the hint, with the name of its file.
	OwnHint   *Document `json:"own_hint,omitempty"`
	Agent     string    `json:"agent"`
	Scaffold  string    `json:"scaffold"`
	Runner    string    `json:"runner"`
	Nodes     int       `json:"nodes"`     // budget, node 0 not counted
	Seed      int64     `json:"seed"`      // the agent's
	Calibrate int       `json:"calibrate"` // runs of each record wanted
	Confirm   int       `json:"confirm"`   // fresh runs; 0 leaves the figure provisional

	Search   event.Search `json:"search"`             // the zero value: the scaffold's own figures
	Budget   event.Budget `json:"budget"`             // of the search
	Parallel int          `json:"parallel,omitempty"` // nodes written at a time; 0: one
	Gate     bool         `json:"gate,omitempty"`     // each edit waits for a person's word
	Hopeless float64      `json:"hopeless,omitempty"` // a run this many times as slow as record i is stopped; 0: none is
	Carry    string       `json:"carry,omitempty"`    // id of the attempt whose result this one starts from
	Talk
}

// Talk is what a person chooses for an agent that is a language model.
type Talk struct {
	Model       string     `json:"model,omitempty"` // "provider/name"
	Temperature *float64   `json:"temperature,omitempty"`
	Effort      string     `json:"effort,omitempty"` // of reasoning; "" for the model's own
	Edits       string     `json:"edits,omitempty"`  // "blocks" or "tools"; "" for blocks
	Reflections int        `json:"reflections,omitempty"`
	Ideas       bool       `json:"ideas,omitempty"`     // hypotheses are proposed before nodes are written
	Summaries   bool       `json:"summaries,omitempty"` // the model says what happened in each run
	Judge       string     `json:"judge,omitempty"`     // the model that compares the best node with the human's change
	Documents   []Document `json:"documents,omitempty"`
}

// Document is a text that the agent is given beside the hint.
type Document struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// Create makes a new attempt: queued, without events. Its id is a ULID in lower
// case, which is unique everywhere and sorts by time.
func (s *Store) Create(ctx context.Context, spec Spec) (id string, err error) {
	now := time.Now()
	id = newID(now)
	if err := s.create(ctx, id, spec, now); err != nil {
		return "", fmt.Errorf("create attempt: %w", err)
	}
	return id, nil
}

func (s *Store) create(ctx context.Context, id string, spec Spec, created time.Time) error {
	if err := s.upgrade(ctx); err != nil {
		return err
	}
	return s.change(ctx, func(tx *sql.Tx) error {
		_, err := s.insertAttempt(ctx, tx, id, spec, created)
		return err
	})
}

// insertAttempt makes the row of a new attempt, with the next number, and gives
// its key. What must not be kept of the spec is hidden.
func (s *Store) insertAttempt(ctx context.Context, tx *sql.Tx, id string, spec Spec, created time.Time) (n int64, err error) {
	doc, err := json.Marshal(spec)
	if err != nil {
		return 0, err
	}
	var number int64
	if err := tx.QueryRowContext(ctx, `UPDATE counters SET value = value + 1 WHERE name = 'attempts' RETURNING value`).Scan(&number); err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO streams (id, kind, number, task, spec, created) VALUES (?, ?, ?, ?, ?, ?) RETURNING n`,
		id, kindAttempt, number, spec.Task, s.masked(string(doc)), created.UnixMilli()).Scan(&n)
	return n, err
}

// CreateCalibration makes a stream for the runs that calibrate task under key.
// It is no attempt: lists leave it out, and only its full id finds it.
func (s *Store) CreateCalibration(ctx context.Context, task, key string) (id string, err error) {
	doc, err := json.Marshal(Spec{Task: task})
	if err != nil {
		return "", fmt.Errorf("create calibration: %w", err)
	}
	id = newID(time.Now())
	err = s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO streams (id, kind, task, spec, created) VALUES (?, ?, ?, ?, ?)`,
			id, kindCalibration, task, string(doc), time.Now().UnixMilli())
		return err
	})
	if err != nil {
		return "", fmt.Errorf("create calibration: %w", err)
	}
	return id, nil
}

// Spec gives what was chosen for stream id.
func (s *Store) Spec(ctx context.Context, id string) (spec Spec, err error) {
	err = s.view(ctx, func(tx *sql.Tx) error {
		st, err := findStream(ctx, tx, id)
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(st.spec), &spec)
	})
	if err != nil {
		return Spec{}, fmt.Errorf("read attempt: %w", err)
	}
	return spec, nil
}

// SetStar stars the attempt or takes its star away.
func (s *Store) SetStar(ctx context.Context, id string, star bool) error {
	return s.set(ctx, id, `UPDATE streams SET star = ? WHERE id = ? AND deleted = 0`, star)
}

// SetNote replaces the attempt's note.
func (s *Store) SetNote(ctx context.Context, id, note string) error {
	return s.set(ctx, id, `UPDATE streams SET note = ? WHERE id = ? AND deleted = 0`, s.masked(note))
}

func (s *Store) set(ctx context.Context, id, query string, value any) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, query, value, id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(notFound(id), err)
		}
		return nil
	})
}

// stream is the part of a row of streams that reading and leasing go by.
type stream struct {
	n       int64
	id      string
	kind    string
	spec    string
	epoch   int64
	lastSeq int64
	active  int64
	lines   int64
	deleted bool
}

// findStream finds a stream by its whole id, or fails with ErrNotFound or ErrDeleted.
func findStream(ctx context.Context, tx *sql.Tx, id string) (st stream, err error) {
	err = tx.QueryRowContext(ctx, `SELECT n, id, kind, spec, epoch, last_seq, active, lines, deleted > 0 FROM streams WHERE id = ?`, id).
		Scan(&st.n, &st.id, &st.kind, &st.spec, &st.epoch, &st.lastSeq, &st.active, &st.lines, &st.deleted)
	if errors.Is(err, sql.ErrNoRows) {
		return st, notFound(id)
	}
	if err == nil && st.deleted {
		return st, &worded{fmt.Sprintf("attempt %s was deleted; list the others with: pitwall attempts", id), ErrDeleted}
	}
	return st, err
}

func notFound(id string) error {
	return &worded{fmt.Sprintf("there is no attempt %q; list them with: pitwall attempts", id), ErrNotFound}
}

// resolve gives the id that a person's prefix or number stands for.
func resolve(ctx context.Context, tx *sql.Tx, prefix string) (string, error) {
	p := strings.ToLower(strings.TrimSpace(prefix))
	number, numeric := strings.CutPrefix(p, "#")
	if n, err := strconv.ParseUint(number, 10, 63); err == nil && (numeric || len(number) <= 9) {
		var id string
		err := tx.QueryRowContext(ctx, `SELECT id FROM streams WHERE number = ? AND deleted = 0`, int64(n)).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			err = notFound(prefix)
		}
		return id, err
	}
	if p == "" {
		return "", notFound(prefix)
	}
	// No id has a character beyond 'z'.
	rows, err := tx.QueryContext(ctx, `SELECT id, number FROM streams WHERE id >= ? AND id < ? AND kind = 'attempt' AND deleted = 0 ORDER BY id LIMIT 9`, p, p+"{")
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var ids, named []string
	for rows.Next() {
		var id string
		var n int64
		if err := rows.Scan(&id, &n); err != nil {
			return "", err
		}
		ids = append(ids, id)
		named = append(named, fmt.Sprintf("%s (#%d)", id, n))
	}
	if err := rows.Err(); err != nil {
		return "", err
	}
	switch len(ids) {
	case 0:
		return "", notFound(prefix)
	case 1:
		return ids[0], nil
	case 9:
		named[8] = "…"
	}
	return "", fmt.Errorf("%q could be any of %s; give more of the id", prefix, strings.Join(named, ", "))
}

// newID gives a new ULID in lower case.
func newID(t time.Time) string {
	return strings.ToLower(ulid.MustNew(ulid.Timestamp(t), rand.Reader).String())
}
