package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pitwall/store/event"
)

// CalibrationRow holds the times of both records of a task on one machine. It
// outlives the attempts that measured it.
type CalibrationRow struct {
	ID        string             `json:"id"`
	Task      string             `json:"task"`
	Key       string             `json:"key"`                  // of everything that moves a time
	From      []float64          `json:"from"`                 // seconds of training of record i, a figure a run
	To        []float64          `json:"to"`                   // of record i+1
	FromFirst []float64          `json:"from_first,omitempty"` // of From, up to the first step, where the script times compilation
	ToFirst   []float64          `json:"to_first,omitempty"`
	Created   time.Time          `json:"created"`
	GhostFrom []event.GhostPoint `json:"ghost_from"`
	GhostTo   []event.GhostPoint `json:"ghost_to"`
}

// SaveCalibration stores c, in place of an earlier one with its ID. A zero
// Created is now.
func (s *Store) SaveCalibration(ctx context.Context, c CalibrationRow) error {
	if c.Created.IsZero() {
		c.Created = time.Now()
	}
	doc, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("save calibration: %w", err)
	}
	err = s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO calibrations (id, task, key, created, doc) VALUES (?, ?, ?, ?, ?)`,
			c.ID, c.Task, c.Key, c.Created.UnixMilli(), string(doc))
		return err
	})
	if err != nil {
		return fmt.Errorf("save calibration: %w", err)
	}
	return nil
}

// Calibration gives the newest calibration of task under key, and whether there is one.
func (s *Store) Calibration(ctx context.Context, task, key string) (c CalibrationRow, found bool, err error) {
	var doc string
	err = s.view(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT doc FROM calibrations WHERE task = ? AND key = ? ORDER BY created DESC, rowid DESC LIMIT 1`, task, key).Scan(&doc)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return c, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(doc), &c)
	}
	if err != nil {
		return CalibrationRow{}, false, fmt.Errorf("read calibration: %w", err)
	}
	return c, true, nil
}
