package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"pitwall/store/event"
	"pitwall/store/fold"
)

// grace is how long a new attempt may wait for its engine to come up before it
// counts as interrupted.
const grace = 3 * time.Second

// Summary is one row of the list of attempts, derived from the events in the
// transaction that commits them.
type Summary struct {
	ID     string
	Number int64 // 1, 2, 3, … in this store: "attempt 12"; 0 for a calibration
	Spec
	Benchmark bool
	// Status is one of event.Status…, with interrupted already derived: the
	// attempt is not finished, and nobody holds its lease.
	Status      event.Standing
	Why         string
	Created     time.Time // zero times: not yet
	Started     time.Time
	Ended       time.Time
	NodesDone   int         // nodes with a verdict, node 0 not counted
	BestNode    int         // -1: none
	BestSeconds event.Float // of training: the mean of the fresh runs once confirmed, else of the one run
	BestLoss    event.Float // likewise
	FSR         *float64    // from confirmation; nil before, and where unresolved
	Interval    *[2]float64 // 95 %
	Confirmed   bool        // the best node was confirmed as valid
	Heartbeat   time.Time   // last sign of life of the engine, for display
	PID         int         // of the engine
	Events      int64
	Lines       int64
	Phase       event.Phase
	Step, Total int         // of the run that trains, or of the last one
	Tokens      int64       // that models were sent and gave
	Cost        event.Float // US dollars of them; unknown where a model has no price
	Figures
	Star bool
	Note string
}

// Figures are what an attempt on an open task, or on GPUs, is judged by. They are
// unknown while an engine of a pitwall that does not keep them writes the store.
type Figures struct {
	Open            bool        // the task is: it is judged by its speedup, and has no FSR
	Speedup         *float64    // over the record, of an open task, from confirmation
	SpeedupInterval *[2]float64 // 95 %
	GPUHours        event.Float // that all runs took together, those of the records too; 0 without GPUs
}

func figuresOf(st *fold.State) Figures {
	f := Figures{Open: st.Attempt.Open(), GPUHours: event.Float(st.Used().GPUHours)}
	if c := st.Confirmed; c != nil {
		f.Speedup, f.SpeedupInterval = c.Speedup, c.SpeedupInterval
	}
	return f
}

const (
	figureColumns = `, open, speedup, speedup_low, speedup_high, gpu_hours`
	noFigures     = `, 0, NULL, NULL, NULL, NULL` // of a schema before 3
	setFigures    = `open = ?, speedup = ?, speedup_low = ?, speedup_high = ?, gpu_hours = ?`
)

// figureArgs are those of setFigures.
func (f Figures) figureArgs() []any {
	var low, high *float64
	if f.SpeedupInterval != nil {
		low, high = &f.SpeedupInterval[0], &f.SpeedupInterval[1]
	}
	return []any{f.Open, f.Speedup, low, high, real64(f.GPUHours)}
}

// derive gives the part of a Summary that follows from the events.
func derive(st *fold.State) Summary {
	m := Summary{
		Benchmark: st.Attempt.Benchmark, Status: st.Status, Why: st.Why,
		Started: moment(st.Started), Ended: moment(st.Ended),
		BestNode: st.Best(), BestSeconds: event.NaN(), BestLoss: event.NaN(),
		Events: st.Seq, Lines: st.Lines, Phase: st.Phase,
		Tokens: int64(st.Usage.Total()), Cost: event.Float(st.Cost), Figures: figuresOf(st),
	}
	if st.Unpriced > 0 {
		m.Cost = event.NaN()
	}
	if m.Status == "" {
		m.Status = event.StatusQueued
	}
	for _, n := range st.Nodes {
		if n.ID > 0 && n.Judged() {
			m.NodesDone++
		}
	}
	if n := st.Node(m.BestNode); n != nil {
		m.BestSeconds, m.BestLoss = n.TrainSeconds, n.ValLoss
	}
	if c := st.Confirmed; c != nil && c.Valid {
		m.Confirmed = true
		if len(c.NodeSeconds) > 0 {
			total := 0.0
			for _, s := range c.NodeSeconds {
				total += s
			}
			m.BestSeconds = event.Float(total / float64(len(c.NodeSeconds)))
		}
		if c.MeanLoss.Known() {
			m.BestLoss = c.MeanLoss
		}
	}
	m.FSR, m.Interval = st.FSR()
	r := st.LiveRun()
	if r == nil {
		r = st.Run(len(st.Runs))
	}
	if r != nil {
		m.Step, m.Total = r.Step, r.Total
	}
	return m
}

const baseColumns = `id, coalesce(number, 0), spec, benchmark, status, why, created, started, ended, nodes_done, best_node, best_secs, best_loss,
	fsr, fsr_low, fsr_high, confirmed, heartbeat, pid, last_seq, lines, phase, step, total, star, note, tokens, cost`

// summaryColumns lists the columns of a Summary. A store that an engine of an older
// pitwall writes has no figures, until somebody brings it up to date.
func (s *Store) summaryColumns(ctx context.Context, tx *sql.Tx) (string, error) {
	if s.schema.Load() < schemaVersion {
		v, err := userVersion(ctx, tx)
		if err != nil {
			return "", err
		}
		s.schema.Store(v)
		if v < schemaVersion {
			return baseColumns + noFigures, nil
		}
	}
	return baseColumns + figureColumns, nil
}

// writeSummary is the SET clause, and its arguments, that store m.
func writeSummary(m Summary) (set string, args []any, err error) {
	phase, err := json.Marshal(m.Phase)
	if err != nil {
		return "", nil, err
	}
	var low, high *float64
	if m.Interval != nil {
		low, high = &m.Interval[0], &m.Interval[1]
	}
	return `benchmark = ?, status = ?, why = ?, started = ?, ended = ?, nodes_done = ?, best_node = ?, best_secs = ?, best_loss = ?,
		fsr = ?, fsr_low = ?, fsr_high = ?, confirmed = ?, last_seq = ?, lines = ?, phase = ?, step = ?, total = ?, tokens = ?, cost = ?, ` + setFigures,
		append([]any{
			m.Benchmark, m.Status, m.Why, millis(m.Started), millis(m.Ended), m.NodesDone, m.BestNode, real64(m.BestSeconds), real64(m.BestLoss),
			m.FSR, low, high, m.Confirmed, m.Events, m.Lines, string(phase), m.Step, m.Total, m.Tokens, real64(m.Cost),
		}, m.figureArgs()...), nil
}

func real64(f event.Float) *float64 {
	if !f.Known() {
		return nil
	}
	v := float64(f)
	return &v
}

// scanSummary reads what summaryColumns lists. The status is as stored.
func scanSummary(row interface{ Scan(...any) error }) (m Summary, err error) {
	var spec, phase string
	var created, started, ended, heartbeat int64
	var secs, loss, fsr, low, high, cost, speedup, speedupLow, speedupHigh, hours sql.NullFloat64
	err = row.Scan(&m.ID, &m.Number, &spec, &m.Benchmark, &m.Status, &m.Why, &created, &started, &ended, &m.NodesDone, &m.BestNode, &secs, &loss,
		&fsr, &low, &high, &m.Confirmed, &heartbeat, &m.PID, &m.Events, &m.Lines, &phase, &m.Step, &m.Total, &m.Star, &m.Note, &m.Tokens, &cost,
		&m.Open, &speedup, &speedupLow, &speedupHigh, &hours)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal([]byte(spec), &m.Spec); err != nil {
		return m, fmt.Errorf("attempt %s: its choices are damaged: %w", m.ID, err)
	}
	if err := json.Unmarshal([]byte(phase), &m.Phase); err != nil {
		return m, fmt.Errorf("attempt %s: its phase is damaged: %w", m.ID, err)
	}
	m.Created, m.Started, m.Ended, m.Heartbeat = moment(created), moment(started), moment(ended), moment(heartbeat)
	m.BestSeconds, m.BestLoss, m.Cost, m.GPUHours = known(secs), known(loss), known(cost), known(hours)
	m.FSR, m.Interval = orNil(fsr), between(low, high)
	m.Speedup, m.SpeedupInterval = orNil(speedup), between(speedupLow, speedupHigh)
	return m, nil
}

func orNil(v sql.NullFloat64) *float64 {
	if !v.Valid {
		return nil
	}
	return &v.Float64
}

func between(low, high sql.NullFloat64) *[2]float64 {
	if !low.Valid || !high.Valid {
		return nil
	}
	return &[2]float64{low.Float64, high.Float64}
}

func known(v sql.NullFloat64) event.Float {
	if !v.Valid {
		return event.Float(math.NaN())
	}
	return event.Float(v.Float64)
}

// interrupt derives interrupted: the stored status says that an engine is at
// work, and there is none.
func (s *Store) interrupt(m *Summary) {
	switch m.Status {
	case event.StatusQueued:
		if time.Since(m.Created) < grace {
			return
		}
	case event.StatusRunning, event.StatusPaused:
	default:
		return
	}
	if !s.Alive(m.ID) {
		m.Status = event.StatusInterrupted
		if m.Why == "" {
			m.Why = "its engine ended; go on with: pitwall resume " + m.ID
		}
	}
}

// Attempts gives all attempts, newest first. Deleted ones are left out.
func (s *Store) Attempts(ctx context.Context) ([]Summary, error) {
	list := []Summary{}
	err := s.view(ctx, func(tx *sql.Tx) error {
		columns, err := s.summaryColumns(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT `+columns+` FROM streams WHERE kind = 'attempt' AND deleted = 0 ORDER BY number DESC`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			m, err := scanSummary(rows)
			if err != nil {
				return err
			}
			list = append(list, m)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list attempts: %w", err)
	}
	for i := range list {
		s.interrupt(&list[i])
	}
	return list, nil
}

// Attempt finds one attempt by any unique prefix of its id, in either case, or
// by its number, as "12" (up to nine digits) or "#12". It fails with
// ErrNotFound, or with an error that lists the candidates.
func (s *Store) Attempt(ctx context.Context, prefix string) (m Summary, err error) {
	err = s.view(ctx, func(tx *sql.Tx) error {
		id, err := resolve(ctx, tx, prefix)
		if err != nil {
			return err
		}
		m, err = s.findSummary(ctx, tx, id)
		return err
	})
	if err != nil {
		return Summary{}, err
	}
	s.interrupt(&m)
	return m, nil
}

func (s *Store) findSummary(ctx context.Context, tx *sql.Tx, id string) (Summary, error) {
	columns, err := s.summaryColumns(ctx, tx)
	if err != nil {
		return Summary{}, err
	}
	return scanSummary(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM streams WHERE id = ?`, id))
}
