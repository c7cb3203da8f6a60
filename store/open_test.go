package store_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"pitwall/store"
	"pitwall/store/event"
)

// hashes gives the bytes of all files in dir, but for those that SQLite and the
// locks may leave empty.
func hashes(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	all := map[string][32]byte{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil && len(b) > 0 && !strings.HasSuffix(path, "-shm") {
			all[path] = sha256.Sum256(b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// filled makes a store with an attempt in it, closes it, and gives its file.
func filled(t *testing.T, home string) string {
	t.Helper()
	s, err := store.Open(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Lease(t.Context(), create(t, s))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5000 {
		w.Emit(logLine(1, i))
		if i%500 == 0 {
			flush(t, w)
		}
	}
	closeWriter(t, w)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(home, "pitwall.db")
}

func rewrite(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, change(b), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func execAt(t *testing.T, path string, queries ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range queries {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenRefusesAndLeavesTheFilesAsTheyAre(t *testing.T) {
	db := func(home string) string { return filepath.Join(home, "pitwall.db") }
	for name, c := range map[string]struct {
		prepare func(t *testing.T, home string)
		what    string
		mend    string
	}{
		"no database at all": {
			func(t *testing.T, home string) {
				if err := os.WriteFile(db(home), []byte(strings.Repeat("this is no database. ", 100)), 0o600); err != nil {
					t.Fatal(err)
				}
			}, "damaged", ".recover",
		},
		"cut off": {
			func(t *testing.T, home string) {
				rewrite(t, filled(t, home), func(b []byte) []byte { return b[:len(b)-8192] })
			}, "damaged", ".recover",
		},
		"schema overwritten": {
			func(t *testing.T, home string) {
				rewrite(t, filled(t, home), func(b []byte) []byte {
					clear(b[100:4096])
					return b
				})
			}, "damaged", ".recover",
		},
		"pages overwritten": {
			func(t *testing.T, home string) {
				rewrite(t, filled(t, home), func(b []byte) []byte {
					for i := 4096; i < len(b); i++ {
						b[i] = 0xa5
					}
					return b
				})
			}, "damaged", ".recover",
		},
		"a newer version": {
			func(t *testing.T, home string) { execAt(t, filled(t, home), "PRAGMA user_version = 999") },
			"newer pitwall", "upgrade pitwall, or set PITWALL_HOME",
		},
		"another program's": {
			func(t *testing.T, home string) {
				execAt(t, db(home), "PRAGMA application_id = 77", "CREATE TABLE x (y)", "INSERT INTO x VALUES (1)")
			}, "another program", "PITWALL_HOME",
		},
		"another program's without a name": {
			func(t *testing.T, home string) { execAt(t, db(home), "CREATE TABLE x (y)", "INSERT INTO x VALUES (1)") },
			"another program", "PITWALL_HOME",
		},
		"a directory in its place": {
			func(t *testing.T, home string) {
				if err := os.Mkdir(db(home), 0o700); err != nil {
					t.Fatal(err)
				}
			}, "not a file", "PITWALL_HOME",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			c.prepare(t, home)
			before := hashes(t, home)
			s, err := store.Open(t.Context(), home)
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			var open *store.OpenError
			if !errors.As(err, &open) || !strings.Contains(err.Error(), c.what) || !strings.Contains(err.Error(), c.mend) {
				t.Errorf("%v", err)
			}
			after := hashes(t, home)
			if len(before) != len(after) {
				t.Errorf("files before %d, after %d", len(before), len(after))
			}
			for path, h := range before {
				if after[path] != h {
					t.Errorf("%s has changed", path)
				}
			}
		})
	}
}

func TestOpenRefusesPlacesThatCannotHoldAStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	places := map[string]string{file: "not a directory", filepath.Join(file, "below"): "cannot be"}
	if runtime.GOOS == "linux" {
		places["/proc/self"] = "cannot be written"
		places["/proc/nothing"] = "cannot be created"
	}
	for home, what := range places {
		_, err := store.Open(t.Context(), home)
		if err == nil || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), "PITWALL_HOME") {
			t.Errorf("%s: %v", home, err)
		}
	}
}

func TestAVersionThatIsStillInTheLogIsSeen(t *testing.T) {
	s := open(t)
	if err := s.Exec("PRAGMA user_version = 999"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), s.Home()); err == nil || !strings.Contains(err.Error(), "newer pitwall") {
		t.Errorf("%v", err)
	}
	if _, err := s.Lease(t.Context(), create(t, s)); err == nil || !strings.Contains(err.Error(), "newer pitwall") {
		t.Errorf("an engine started on a store that was migrated under it: %v", err)
	}
}

func TestTheStoreIsForItsOwnerOnlyAndCanShrink(t *testing.T) {
	home := filepath.Join(t.TempDir(), "a", "b c?#%")
	s := openAt(t, home)
	create(t, s)
	if runtime.GOOS != "windows" {
		for path, mode := range map[string]os.FileMode{home: 0o700, filepath.Join(home, "locks"): 0o700, filepath.Join(home, "pitwall.db"): 0o600, filepath.Join(home, "pitwall.db-wal"): 0o600} {
			if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != mode {
				t.Errorf("%s: %v, %v", path, fi.Mode(), err)
			}
		}
	}
	if v, err := s.Query("PRAGMA auto_vacuum"); err != nil || v != int64(2) {
		t.Errorf("auto_vacuum %v, %v", v, err)
	}
}

func TestManyOpenANewStoreAtOnce(t *testing.T) {
	home := t.TempDir()
	errs := make(chan error)
	const n = 6
	for range n {
		go func() {
			s, err := store.Open(t.Context(), home)
			if err == nil {
				_, err = s.Create(t.Context(), store.Spec{Task: "micro/7"})
				err = errors.Join(err, s.Close())
			}
			errs <- err
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if list, err := openAt(t, home).Attempts(t.Context()); err != nil || len(list) != n || list[0].Number != n {
		t.Errorf("%d attempts, %v", len(list), err)
	}
}

func TestADamagedSegmentIsAnErrorInWords(t *testing.T) {
	s := open(t)
	id := create(t, s)
	w := lease(t, s, id)
	for i := range 3 {
		for range 1000 {
			w.Emit(logLine(1, i))
		}
		flush(t, w)
	}
	closeWriter(t, w)
	if err := s.Exec("DELETE FROM checkpoints"); err != nil {
		t.Fatal(err)
	}
	v, err := s.Query("SELECT body FROM segments ORDER BY first_seq LIMIT 1 OFFSET 1")
	if err != nil {
		t.Fatal(err)
	}
	body := v.([]byte)
	for name, damage := range map[string]func() []byte{
		"cut off": func() []byte { return body[:len(body)/2] },
		"empty":   func() []byte { return nil },
		"flipped": func() []byte { b := append([]byte(nil), body...); b[len(b)/2] ^= 1; return b },
	} {
		if err := s.Exec("UPDATE segments SET body = ? WHERE first_seq = (SELECT first_seq FROM segments ORDER BY first_seq LIMIT 1 OFFSET 1)", append([]byte{}, damage()...)); err != nil {
			t.Fatal(err)
		}
		var corrupt *store.CorruptError
		n := 0
		for e, err := range s.Events(t.Context(), id, 1) {
			if err == nil {
				n = int(e.Seq)
			} else if !errors.As(err, &corrupt) || corrupt.Stream != id {
				t.Errorf("%s: %v", name, err)
			}
		}
		if corrupt == nil || n < int(corrupt.First)-1 {
			t.Errorf("%s: %d events, %v", name, n, corrupt)
		}
		if _, err := s.StateAt(t.Context(), id, 0); !errors.As(err, &corrupt) {
			t.Errorf("%s: %v", name, err)
		}
		p, err := s.Play(t.Context(), id, store.PlayOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if snap := p.Snapshot(); !errors.As(snap.Err, &corrupt) || snap.State.Seq < corrupt.First-1 {
			t.Errorf("%s: snapshot at %d with %v", name, snap.State.Seq, snap.Err)
		}
		p.Close()
		if _, err := s.Lease(t.Context(), id); !errors.As(err, &corrupt) {
			t.Errorf("%s: leased: %v", name, err)
		}
	}
}

func TestCheckpointsAreDisposable(t *testing.T) {
	s := open(t)
	s.SetCheckpointEvery(50)
	id := create(t, s)
	w := lease(t, s, id)
	for i := range 300 {
		w.Emit(logLine(1, i), event.Point{Run: 1, Step: i})
	}
	closeWriter(t, w)
	want, err := s.StateAt(t.Context(), id, 333)
	if err != nil || want.Seq != 333 {
		t.Fatal(want.Seq, err)
	}
	for _, q := range []string{
		"UPDATE checkpoints SET version = version + 1 WHERE seq > 150",
		"UPDATE checkpoints SET scalars = x'00' WHERE seq = 150",
		"UPDATE checkpoints SET chunk = x'28b52ffd' WHERE seq = 100",
		"UPDATE checkpoints SET lens = '{}' WHERE seq = 50",
		"DELETE FROM checkpoints",
	} {
		if err := s.Exec(q); err != nil {
			t.Fatal(err)
		}
		got, err := s.StateAt(t.Context(), id, 333)
		if err != nil || len(got.Points) != len(want.Points) || got.Lines != want.Lines || got.Seq != 333 {
			t.Errorf("%s: %d points, %v", q, len(got.Points), err)
		}
	}
	// The next engine makes new ones.
	w = lease(t, s, id)
	w.Emit(event.Notice{Text: "again"})
	closeWriter(t, w)
	if n, err := s.Query("SELECT count(*) FROM checkpoints"); err != nil || n == int64(0) {
		t.Errorf("%v checkpoints, %v", n, err)
	}
}

// TestAStoreIsOpenedWhileAnotherProcessBringsItsLogIntoTheFile opens a store again
// and again while a writer fills it, and so the file grows under the eyes of
// whoever looks at it.
func TestAStoreIsOpenedWhileAnotherProcessBringsItsLogIntoTheFile(t *testing.T) {
	s := open(t)
	w := lease(t, s, create(t, s))
	done := make(chan error)
	go func() {
		var err error
		for i := 0; i < 400 && err == nil; i++ {
			w.Emit(event.Source{Path: "a", Text: noise(60_000, i)})
			err = w.Flush(context.Background())
		}
		done <- err
	}()
	for opened := 0; ; opened++ {
		select {
		case err := <-done:
			if err != nil || opened == 0 {
				t.Errorf("opened %d times, %v", opened, err)
			}
			return
		default:
		}
		other, err := store.Open(t.Context(), s.Home())
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
