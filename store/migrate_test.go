package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/klauspost/compress/zstd"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/storetest"
)

// checkFigures compares what the list shows of each attempt with its events.
func checkFigures(t *testing.T, s *store.Store) {
	t.Helper()
	list, err := s.Attempts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		st, err := s.StateAt(t.Context(), m.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		if m.Open != st.Attempt.Open() || math.Abs(float64(m.GPUHours)-st.Used().GPUHours) > 1e-9 {
			t.Errorf("%s: open %t, %v GPU-hours of %v", m.Task, m.Open, m.GPUHours, st.Used().GPUHours)
		}
		if onGPUs := strings.HasPrefix(m.Task, "nanogpt"); onGPUs != (m.GPUHours > 0) {
			t.Errorf("%s took %v GPU-hours", m.Task, m.GPUHours)
		}
		switch c := st.Confirmed; {
		case c == nil || c.Speedup == nil:
			if m.Speedup != nil || m.SpeedupInterval != nil {
				t.Errorf("%s has a speedup of %v", m.Task, *m.Speedup)
			}
		case m.Speedup == nil || *m.Speedup != *c.Speedup || *m.SpeedupInterval != *c.SpeedupInterval:
			t.Errorf("%s has a speedup of %v", m.Task, m.Speedup)
		}
	}
}

func TestTheListOfAnOldStoreGetsItsFigures(t *testing.T) {
	home, want := storetest.Old(t)
	s := openAt(t, home)
	checkFigures(t, s)
	if m, err := s.Attempt(t.Context(), "4"); err != nil || !m.Open || m.Speedup == nil {
		t.Errorf("%+v, %v", m, err)
	}
	checkAccounts(t, s, want)
}

func TestWhatIsDamagedInAnOldStoreIsUnknownInTheList(t *testing.T) {
	home, _ := storetest.Old(t)
	execAt(t, filepath.Join(home, "pitwall.db"), `UPDATE segments SET body = x'00' WHERE stream = (SELECT n FROM streams WHERE number = 3)`)
	s := openAt(t, home)
	if m, err := s.Attempt(t.Context(), "3"); err != nil || m.GPUHours.Known() {
		t.Errorf("%v GPU-hours, %v", m.GPUHours, err)
	}
	if m, err := s.Attempt(t.Context(), "4"); err != nil || !m.GPUHours.Known() || m.Speedup == nil {
		t.Errorf("%+v, %v", m, err)
	}
}

// oldEngine is an engine of the pitwall that wrote the old store, as far as it shows:
// its lock, and its commits.
type oldEngine struct {
	t    *testing.T
	db   *sql.DB
	lock *flock.Flock
	id   string
	seq  int64
	last event.Times
}

func startOldEngine(t *testing.T, home, id string) *oldEngine {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(home, "locks"), 0o700); err != nil {
		t.Fatal(err)
	}
	e := &oldEngine{t: t, lock: flock.New(filepath.Join(home, "locks", id+".lock")), id: id}
	if ok, err := e.lock.TryLock(); !ok {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.lock.Close() })
	var err error
	if e.db, err = sql.Open("sqlite", "file:"+filepath.Join(home, "pitwall.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_txlock=immediate"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.db.Close() })
	if err := e.db.QueryRow(`UPDATE streams SET epoch = epoch + 1 WHERE id = ? RETURNING last_seq, active`, id).Scan(&e.seq, &e.last.Active); err != nil {
		t.Fatal(err)
	}
	return e
}

// commit commits lines in one segment, with the columns that schema 2 has.
func (e *oldEngine) commit(lines ...string) {
	e.t.Helper()
	raw := event.AppendHeader(nil, e.last)
	first := e.seq + 1
	for _, l := range lines {
		e.seq++
		next := event.Times{Active: e.last.Active + 10, Wall: e.last.Wall + 10}
		var err error
		if raw, err = event.AppendEvent(raw, e.last, event.Event{Seq: e.seq, Active: next.Active, Wall: next.Wall, Body: event.Notice{Text: l}}); err != nil {
			e.t.Fatal(err)
		}
		e.last = next
	}
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		e.t.Fatal(err)
	}
	defer enc.Close()
	tx, err := e.db.Begin()
	if err != nil {
		e.t.Fatal(err)
	}
	defer tx.Rollback()
	_, err = tx.Exec(`UPDATE streams SET status = 'running', last_seq = ?, active = ?, heartbeat = ?, pid = 1 WHERE id = ?`, e.seq, e.last.Active, time.Now().UnixMilli(), e.id)
	if err == nil {
		_, err = tx.Exec(`INSERT INTO segments (stream, first_seq, last_seq, t0, t1, kinds, line0, lines, body)
			SELECT n, ?, ?, ?, ?, ?, lines, 0, ? FROM streams WHERE id = ?`, first, e.seq, e.last.Active, e.last.Active, 1<<event.KindNotice, enc.EncodeAll(raw, nil), e.id)
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		e.t.Fatal(err)
	}
}

func TestAnOldStoreIsReadAsItIsWhileAnEngineOfItsVersionRuns(t *testing.T) {
	home, want := storetest.Old(t)
	old := startOldEngine(t, home, storetest.OldResumable)
	i := slices.IndexFunc(want, func(o storetest.OldAccount) bool { return o.ID == old.id })
	want[i].Status = string(event.StatusRunning)

	s := openAt(t, home)
	schema := func() any {
		t.Helper()
		v, err := s.Query("PRAGMA user_version")
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if v := schema(); v != int64(2) {
		t.Fatalf("schema %v under a running engine", v)
	}
	checkAccounts(t, s, want)
	if m, err := s.Attempt(t.Context(), "4"); err != nil || m.GPUHours.Known() || m.Speedup != nil {
		t.Errorf("figures that schema 2 does not have: %+v, %v", m.Figures, err)
	}
	p, err := s.Play(t.Context(), old.id, store.PlayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for i := range 5 {
		text := fmt.Sprint("told by the old one ", i)
		old.commit("before it", text)
		await(t, p, text, func(s *store.Snapshot) bool { return s.State.Notice.Text == text })
	}
	if err := s.SetNote(t.Context(), old.id, "seen"); err != nil {
		t.Error(err)
	}
	if id, err := s.Order(t.Context(), old.id, event.OrderStop, ""); err != nil || id == 0 {
		t.Errorf("order %d, %v", id, err)
	}
	if err := s.Export(t.Context(), old.id, io.Discard); err != nil {
		t.Error(err)
	}
	refused := map[string]func() error{
		"create": func() error { _, err := s.Create(t.Context(), store.Spec{Task: "micro/7"}); return err },
		"lease":  func() error { _, err := s.Lease(t.Context(), want[len(want)-1].ID); return err },
	}
	for what, do := range refused {
		var open *store.OpenError
		if err := do(); !errors.As(err, &open) || !strings.Contains(err.Error(), "pitwall stop "+old.id) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if v := schema(); v != int64(2) {
		t.Fatalf("schema %v under a running engine", v)
	}

	// Once it has ended, whoever starts an attempt brings the store up to date.
	if err := old.lock.Close(); err != nil {
		t.Fatal(err)
	}
	id, err := s.Create(t.Context(), store.Spec{Task: "micro/7"})
	if err != nil || schema() != int64(store.SchemaVersion) {
		t.Fatalf("%v, schema %v", err, schema())
	}
	closeWriter(t, lease(t, s, id))
	checkFigures(t, s)
	if m, err := s.Attempt(t.Context(), old.id); err != nil || m.Note != "seen" || m.Status != event.StatusInterrupted || m.Events != old.seq {
		t.Errorf("%+v, %v", m, err)
	}
	if snap := p.Snapshot(); snap.Err != nil {
		t.Error(snap.Err)
	}
}

func TestAStoreThatAnotherProcessBringsUpToDateShowsItsFigures(t *testing.T) {
	home, _ := storetest.Old(t)
	old := startOldEngine(t, home, storetest.OldResumable)
	s := openAt(t, home)
	if err := old.lock.Close(); err != nil {
		t.Fatal(err)
	}
	if m, err := s.Attempt(t.Context(), "4"); err != nil || m.Speedup != nil {
		t.Errorf("%+v, %v", m.Figures, err)
	}
	openAt(t, home)
	checkFigures(t, s)
}

func TestAMigrationThatIsKilledIsDoneByTheNext(t *testing.T) {
	home, want := storetest.Old(t)
	rng := rand.New(rand.NewPCG(7, uint64(os.Getpid())))
	for range 12 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(10+rng.IntN(60))*time.Millisecond)
		cmd := exec.CommandContext(ctx, os.Args[0])
		cmd.Env = append(os.Environ(), "STORE_TEST_OPENER="+home)
		out, err := cmd.CombinedOutput()
		if ctx.Err() == nil && err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		cancel()
	}
	s := openAt(t, home)
	checkAccounts(t, s, want)
	checkFigures(t, s)
	if v, err := s.Query("PRAGMA integrity_check"); err != nil || v != "ok" {
		t.Errorf("%v, %v", v, err)
	}
}
