package store_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"pitwall/store"
	"pitwall/store/event"
)

// TestMain makes the test binary a writer of its own, or one that opens a store and
// ends, where it is started as one.
func TestMain(m *testing.M) {
	if home := os.Getenv("STORE_TEST_WRITER"); home != "" {
		n, _ := strconv.Atoi(os.Args[2])
		if err := writeForEver(home, os.Args[1], n); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if home := os.Getenv("STORE_TEST_OPENER"); home != "" {
		if _, err := store.Open(context.Background(), home); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// writeForEver appends numbered lines, n of them, and says on standard output up
// to which event they are committed.
func writeForEver(home, id string, n int) error {
	ctx := context.Background()
	s, err := store.Open(ctx, home)
	if err != nil {
		return err
	}
	w, err := s.Lease(ctx, id)
	if err != nil {
		return err
	}
	for i := range n {
		w.Emit(logLine(1, int(w.State().Seq)))
		if i%50 == 49 {
			if err := w.Flush(ctx); err != nil {
				return err
			}
			fmt.Println(w.State().Seq)
		}
	}
	if err := w.Close(ctx); err != nil {
		return err
	}
	return s.Close()
}

func writer(t *testing.T, home, id string, n int) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0], id, strconv.Itoa(n))
	cmd.Env = append(os.Environ(), "STORE_TEST_WRITER="+home)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

func TestAKilledEngineLosesNothingCommittedAndDamagesNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := create(t, s)
	rng := rand.New(rand.NewPCG(1, uint64(os.Getpid())))
	for range 6 {
		cmd, said := writer(t, s.Home(), id, 1_000_000)
		var committed int64
		for range 1 + rng.IntN(12) {
			if !said.Scan() {
				t.Fatal("the writer ended by itself")
			}
			committed, _ = strconv.ParseInt(said.Text(), 10, 64)
		}
		cmd.Process.Kill()
		cmd.Wait()

		var last int64
		for e, err := range s.Events(t.Context(), id, 1) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Seq != last+1 || string(e.Body.(event.Log).Data) != string(logLine(1, int(last)).Data) {
				t.Fatalf("event %d after %d: %s", e.Seq, last, e.Body)
			}
			last = e.Seq
		}
		if last < committed {
			t.Errorf("%d events of %d committed", last, committed)
		}
		m, err := s.Attempt(t.Context(), id)
		if err != nil || m.Events != last || m.Lines != last || s.Alive(id) {
			t.Errorf("summary of %d events: %+v, %v", last, m, err)
		}
	}
	if v, err := s.Query("PRAGMA integrity_check"); err != nil || v != "ok" {
		t.Errorf("%v, %v", v, err)
	}
}

func TestFourEnginesAndManyReadersGetAlong(t *testing.T) {
	t.Parallel()
	s := open(t)
	other := openAt(t, s.Home())
	const n = 2000
	ids := make([]string, 4)
	var players []*store.Player
	for i := range ids {
		ids[i] = create(t, s)
		for _, st := range []*store.Store{s, other} {
			p, err := st.Play(t.Context(), ids[i], store.PlayOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			players = append(players, p)
		}
	}
	var running []*exec.Cmd
	done := make(chan error)
	for _, id := range ids {
		cmd, said := writer(t, s.Home(), id, n)
		running = append(running, cmd)
		go func() {
			for said.Scan() {
			}
			done <- cmd.Wait()
		}()
	}
	ended := 0
	for ended < len(running) {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			ended++
		default:
			// A command line that lists and reads while they write.
			list, err := other.Attempts(t.Context())
			if err != nil || len(list) != 4 {
				t.Fatal(list, err)
			}
			if _, err := other.Lines(t.Context(), ids[0], list[3].Lines-20, list[3].Lines); err != nil {
				t.Fatal(err)
			}
			if err := s.SetNote(t.Context(), ids[1], strings.Repeat("x", ended)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, p := range players {
		if snap := await(t, p, "all events", func(s *store.Snapshot) bool { return s.LastSeq == n }); snap.State.Lines != n || snap.Err != nil {
			t.Errorf("%d lines, %v", snap.State.Lines, snap.Err)
		}
	}
}

// noise gives n characters that hardly compress.
func noise(n, seed int) string {
	rng := rand.New(rand.NewPCG(uint64(seed), 7))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(' ' + rng.IntN(94))
	}
	return string(b)
}
