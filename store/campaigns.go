package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Campaign is a series of attempts that are run as one.
type Campaign struct {
	ID      string // of what determines its attempts; the same plan has the same id everywhere
	Name    string
	Created time.Time
	Plan    Plan
}

// Plan says what a campaign is made of: a cell for each of tasks x hints x
// agents x seeds, and an attempt for each cell.
type Plan struct {
	Tasks      []PlanTask  `json:"tasks"`
	Hints      []string    `json:"hints"`
	Agents     []PlanAgent `json:"agents"`
	Seeds      []int64     `json:"seeds"`
	Order      []string    `json:"order"`      // "tasks", "hints", "agents", "seeds", the outermost first
	Cumulative bool        `json:"cumulative"` // an attempt starts from the result of the same agent on the task before
	Total      PlanTotal   `json:"total"`
	File       string      `json:"file"` // that it was read from, an absolute path
}

// PlanTask is a task of a campaign, with the runs that its track wants.
type PlanTask struct {
	ID        string `json:"id"`
	Benchmark bool   `json:"benchmark"` // false on a practice track
	Calibrate int    `json:"calibrate"`
	Confirm   int    `json:"confirm"`
}

// PlanAgent is an agent of a campaign with all that was chosen for it.
type PlanAgent struct {
	Label     string `json:"label"`               // unique in its campaign
	Spec      Spec   `json:"spec"`                // without task, hint, seed and runs of records
	Calibrate *int   `json:"calibrate,omitempty"` // nil: as the task has it
	Confirm   *int   `json:"confirm,omitempty"`   // nil: as the task has it
}

// PlanTotal bounds all attempts of a campaign together; 0 bounds nothing.
type PlanTotal struct {
	Tokens int64   `json:"tokens"`
	Cost   float64 `json:"cost"`    // US dollars
	WallMS int64   `json:"wall_ms"` // active time of the attempts, added up
}

// CellAttempt is the attempt of a cell.
type CellAttempt struct {
	Summary
	Active time.Duration // for which engines have been at it
}

// CellName names a cell by what was chosen for it.
func CellName(task, hint, label string, seed int64) string {
	return strings.Join([]string{task, hint, label, fmt.Sprint(seed)}, " · ")
}

// PutCampaign keeps a campaign. One that is there already gets the name and
// those parts of the plan that do not determine its id; created says that it
// was not.
func (s *Store) PutCampaign(ctx context.Context, c Campaign) (created bool, err error) {
	doc, err := json.Marshal(c.Plan)
	if err != nil {
		return false, fmt.Errorf("keep campaign: %w", err)
	}
	err = s.change(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE campaigns SET name = ?, doc = ? WHERE id = ?`, s.masked(c.Name), s.masked(string(doc)), c.ID)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil || n > 0 {
			created = false
			return err
		}
		created = true
		_, err = tx.ExecContext(ctx, `INSERT INTO campaigns (id, name, doc, created) VALUES (?, ?, ?, ?)`, c.ID, s.masked(c.Name), s.masked(string(doc)), time.Now().UnixMilli())
		return err
	})
	if err != nil {
		return false, fmt.Errorf("keep campaign: %w", err)
	}
	return created, nil
}

// Campaigns gives all campaigns, newest first.
func (s *Store) Campaigns(ctx context.Context) ([]Campaign, error) {
	list := []Campaign{}
	err := s.view(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id, name, doc, created FROM campaigns ORDER BY created DESC, rowid DESC`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c Campaign
			var doc string
			var created int64
			if err := rows.Scan(&c.ID, &c.Name, &doc, &created); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(doc), &c.Plan); err != nil {
				return fmt.Errorf("campaign %s: its plan is damaged: %w", c.ID, err)
			}
			c.Created = moment(created)
			list = append(list, c)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list campaigns: %w", err)
	}
	return list, nil
}

// CreateCell gives the id of the attempt of a cell, and makes the attempt where
// there is none or it was deleted: queued, without events. The attempt and its
// place in the campaign are made together or not at all, so that no cell ever
// has two, whoever asks at the same time and whatever is killed.
func (s *Store) CreateCell(ctx context.Context, campaign, cell string, spec Spec) (id string, err error) {
	if err := s.upgrade(ctx); err != nil {
		return "", fmt.Errorf("create attempt: %w", err)
	}
	err = s.change(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT streams.id FROM cells JOIN streams ON streams.n = cells.stream
			WHERE cells.campaign = ? AND cells.cell = ? AND streams.deleted = 0`, campaign, cell).Scan(&id)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var known bool
		if err := tx.QueryRowContext(ctx, `SELECT count(*) > 0 FROM campaigns WHERE id = ?`, campaign).Scan(&known); err != nil {
			return err
		}
		if !known {
			return &worded{fmt.Sprintf("there is no campaign %q; list them with: pitwall sweep --list", campaign), ErrNotFound}
		}
		now := time.Now()
		id = newID(now)
		n, err := s.insertAttempt(ctx, tx, id, spec, now)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO cells (campaign, cell, stream) VALUES (?, ?, ?) ON CONFLICT (campaign, cell) DO UPDATE SET stream = excluded.stream`,
			campaign, cell, n)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("create attempt: %w", err)
	}
	return id, nil
}

// Cells gives the attempts of a campaign by the names of their cells. A cell
// without an attempt, or whose attempt was deleted, is left out.
func (s *Store) Cells(ctx context.Context, campaign string) (map[string]CellAttempt, error) {
	cells := map[string]CellAttempt{}
	err := s.view(ctx, func(tx *sql.Tx) error {
		columns, err := s.summaryColumns(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT cells.cell, streams.active, `+columns+` FROM cells JOIN streams ON streams.n = cells.stream
			WHERE cells.campaign = ? AND streams.deleted = 0`, campaign)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var cell string
			var active int64
			m, err := scanSummary(after{rows, []any{&cell, &active}})
			if err != nil {
				return err
			}
			cells[cell] = CellAttempt{Summary: m, Active: time.Duration(active) * time.Millisecond}
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read campaign: %w", err)
	}
	for cell, a := range cells {
		s.interrupt(&a.Summary)
		cells[cell] = a
	}
	return cells, nil
}

// after scans a row whose first columns go elsewhere.
type after struct {
	rows  *sql.Rows
	first []any
}

func (a after) Scan(dst ...any) error { return a.rows.Scan(append(a.first, dst...)...) }

// LockCampaign makes the caller the only one who runs a campaign, until it calls
// release or ends. It fails with ErrLeased while somebody else does.
func (s *Store) LockCampaign(ctx context.Context, id string) (release func() error, err error) {
	path := s.campaignLock(id)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("lock campaign: %w; make it writable, or %s", err, mendHome)
	}
	l := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	// A probe holds the lock for an instant.
	within, cancel := context.WithTimeout(ctx, leaseTries*leaseWait)
	defer cancel()
	ok, err := l.TryLockContext(within, leaseWait)
	switch {
	case ok:
		return l.Close, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && within.Err() == nil:
		return nil, fmt.Errorf("lock campaign: %w; check the permissions of %s", err, s.home)
	}
	return nil, &worded{"another pitwall sweep is running this campaign; wait for its end, or stop it with Ctrl-C where it runs", ErrLeased}
}

// Sweeping reports whether somebody runs a campaign.
func (s *Store) Sweeping(id string) bool { return held(s.campaignLock(id)) }

// campaignLock lies beside the leases of streams, which are looked through for
// running engines.
func (s *Store) campaignLock(id string) string {
	return filepath.Join(s.home, "campaigns", id+".lock")
}
