package storetest

import (
	"bytes"
	"database/sql"
	_ "embed" // a store as an earlier pitwall left it
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"

	"pitwall/store/fold"
)

// What is in testdata was written by the last pitwall with schema 2, and must be
// readable for ever: two attempts on micro/8 (oracle, and a tuner of two nodes), one
// on it and one on the stand-in task of the engine's tests (OldResumable) whose
// engines were killed while node 1 trained, and of the stories told here those on
// GPUs (nanogpt/4, the open nanogpt/89, nanogpt/7@4gpu) and the model's. The log was
// brought into the file before it was compressed. schema2.json is what that pitwall
// read in it.
var (
	//go:embed testdata/schema2.db.zst
	oldDB []byte
	//go:embed testdata/schema2.json
	oldAccounts []byte
)

// OldResumable is an interrupted attempt of agent "scripted" on standin/1, two nodes,
// with one run of each record behind it, begun on a machine whose key was OldKey.
const (
	OldResumable = "01m8s53e566pdp7z0zm7hg2j1q"
	OldKey       = "f36d9b93cd349fa374bf07a2"
)

// OldAccount is what the pitwall that wrote the old store read in it of an attempt.
type OldAccount struct {
	ID       string      `json:"id"`
	Number   int64       `json:"number"`
	Task     string      `json:"task"`
	Status   string      `json:"status"`
	Events   int64       `json:"events"`
	Done     int         `json:"nodes_done"`
	Best     int         `json:"best"`
	FSR      *float64    `json:"fsr"`
	Interval *[2]float64 `json:"interval"`
	Lens     fold.Lens   `json:"lens"`
	Nodes    string      `json:"nodes"` // the states, in words
	Files    string      `json:"files"` // digest of the files of all nodes
	Log      string      `json:"log"`   // digest of all lines
}

// Old puts the old store into a new directory, and gives that and the accounts of its
// attempts, newest first.
func Old(t testing.TB) (home string, accounts []OldAccount) {
	t.Helper()
	home = t.TempDir()
	err := WriteOld(home)
	if err == nil {
		err = json.Unmarshal(oldAccounts, &accounts)
	}
	if err != nil {
		t.Fatal(err)
	}
	return home, accounts
}

// WriteOld puts the old store into the directory home, which it creates if missing.
func WriteOld(home string) error {
	dec, err := zstd.NewReader(nil)
	if err != nil {
		return err
	}
	defer dec.Close()
	db, err := dec.DecodeAll(oldDB, nil)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(home, "pitwall.db"), db, 0o600)
}

// MoveOld makes the machine with that key the one on which OldResumable was begun, in the
// store at home, which is not open: times of another machine are refused.
func MoveOld(t testing.TB, home, key string) {
	t.Helper()
	if len(key) != len(OldKey) {
		t.Fatalf("key %q is not as long as %q", key, OldKey)
	}
	db, err := sql.Open("sqlite", filepath.Join(home, "pitwall.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	dec, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	var bodies [][]byte
	rows, err := db.QueryContext(t.Context(), `SELECT body FROM segments WHERE stream = (SELECT n FROM streams WHERE id = ?)`, OldResumable)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, body := range bodies {
		raw, err := dec.DecodeAll(body, nil)
		if err == nil {
			// As long as the old one, so that the lengths before it still hold.
			raw = bytes.ReplaceAll(raw, []byte(OldKey), []byte(key))
			_, err = db.ExecContext(t.Context(), `UPDATE segments SET body = ? WHERE body = ?`, enc.EncodeAll(raw, nil), body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(t.Context(), `DELETE FROM checkpoints`); err != nil {
		t.Fatal(err)
	}
}
