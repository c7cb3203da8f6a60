package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"pitwall/store"
	"pitwall/store/storetest"
)

// account reads an attempt as the old pitwall did when it gave its accounts.
func account(t *testing.T, s *store.Store, m store.Summary) storetest.OldAccount {
	t.Helper()
	st, err := s.StateAt(t.Context(), m.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := s.Lines(t.Context(), m.ID, 0, m.Lines)
	if err != nil || int64(len(lines)) != m.Lines {
		t.Fatalf("%d lines of %d: %v", len(lines), m.Lines, err)
	}
	log, files, nodes := sha256.New(), sha256.New(), ""
	for _, l := range lines {
		fmt.Fprintf(log, "%d %t %d %d %s\n", l.Run, l.Stderr, l.End, l.Active, l.Data)
	}
	for _, n := range st.Nodes {
		nodes += fmt.Sprintf("%d %s %v %v; ", n.ID, n.State, n.ValLoss, n.TrainSeconds)
		of := st.Files(n.ID)
		for _, path := range slices.Sorted(maps.Keys(of)) {
			fmt.Fprintf(files, "%d %s %s\n", n.ID, path, of[path])
		}
	}
	return storetest.OldAccount{
		ID: m.ID, Number: m.Number, Task: m.Task, Status: string(m.Status), Events: m.Events, Done: m.NodesDone, Best: m.BestNode, FSR: m.FSR, Interval: m.Interval,
		Lens: st.Lens(), Nodes: nodes, Files: hex.EncodeToString(files.Sum(nil)), Log: hex.EncodeToString(log.Sum(nil)),
	}
}

// checkAccounts compares the attempts in s with what was read in them once.
func checkAccounts(t *testing.T, s *store.Store, want []storetest.OldAccount) {
	t.Helper()
	list, err := s.Attempts(t.Context())
	if err != nil || len(list) != len(want) {
		t.Fatalf("%d attempts of %d: %v", len(list), len(want), err)
	}
	for i, m := range list {
		if got := account(t, s, m); !reflect.DeepEqual(got, want[i]) {
			t.Errorf("%s\n%+v, was\n%+v", m.Task, got, want[i])
		}
	}
}

func TestAnOldStoreIsReadAsItWas(t *testing.T) {
	home, want := storetest.Old(t)
	s := openAt(t, home)
	checkAccounts(t, s, want)
	// Without the old checkpoints too.
	if err := s.Exec("DELETE FROM checkpoints"); err != nil {
		t.Fatal(err)
	}
	checkAccounts(t, s, want)
}

func TestAnOldAttemptIsReplayed(t *testing.T) {
	home, want := storetest.Old(t)
	s := openAt(t, home)
	for _, o := range want {
		p, err := s.Play(t.Context(), o.ID, store.PlayOptions{Replay: true, Speed: 100})
		if err != nil {
			t.Fatal(err)
		}
		p.Pause()
		for seq := int64(1); seq < o.Events; seq += o.Events/20 + 1 {
			p.SeekSeq(seq)
			snap := await(t, p, "the place", func(s *store.Snapshot) bool { return s.State.Seq == seq && !s.Playing })
			st, err := s.StateAt(t.Context(), o.ID, seq)
			if err != nil || snap.Err != nil || snap.State.Lens() != st.Lens() {
				t.Errorf("%s at %d: %v, %v", o.Task, seq, err, snap.Err)
			}
		}
		p.SeekSeq(o.Events)
		if snap := await(t, p, "the end", func(s *store.Snapshot) bool { return s.State.Seq == o.Events }); snap.State.Lens() != o.Lens {
			t.Errorf("%s ends with %+v", o.Task, snap.State.Lens())
		}
		p.Close()
	}
}

func TestAnOldAttemptIsExportedAndImported(t *testing.T) {
	home, want := storetest.Old(t)
	s, other := openAt(t, home), open(t)
	slices.Reverse(want) // so that numbers come out the same
	for _, o := range want {
		var file bytes.Buffer
		if err := s.Export(t.Context(), o.ID, &file); err != nil {
			t.Fatal(err)
		}
		if id, err := other.Import(t.Context(), &file); err != nil || id != o.ID {
			t.Fatal(id, err)
		}
	}
	slices.Reverse(want)
	checkAccounts(t, other, want)
}
