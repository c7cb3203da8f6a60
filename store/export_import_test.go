package store_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/internal/eventgen"
	"pitwall/store/storetest"
)

func all(t *testing.T, s *store.Store, id string) (events []event.Event) {
	t.Helper()
	for e, err := range s.Events(t.Context(), id, 1) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

func TestAnExportedAttemptComesBackElsewhere(t *testing.T) {
	here, there := open(t), open(t)
	ctx := t.Context()
	id := storetest.Fill(t, here, storetest.Options{})
	if err := here.SetNote(ctx, id, "good"); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := here.Export(ctx, id, &file); err != nil {
		t.Fatal(err)
	}
	create(t, there)
	got, err := there.Import(ctx, bytes.NewReader(file.Bytes()))
	if err != nil || got != id {
		t.Fatal(got, err)
	}
	if d := eventgen.Diff(all(t, here, id), all(t, there, id)); d != "" {
		t.Error(d)
	}
	a, _ := here.Attempt(ctx, id)
	b, err := there.Attempt(ctx, id)
	if err != nil || b.Number != 2 || b.Note != "good" || !b.Created.Equal(a.Created) || b.Status != a.Status || *b.FSR != *a.FSR {
		t.Errorf("%+v\n%+v\n%v", a, b, err)
	}
	if _, err := there.Import(ctx, bytes.NewReader(file.Bytes())); !errors.Is(err, store.ErrExists) {
		t.Errorf("twice: %v", err)
	}
	if err := there.Delete(ctx, id); err != nil {
		t.Fatal(err)
	}
	if _, err := there.Import(ctx, bytes.NewReader(file.Bytes())); !errors.Is(err, store.ErrExists) {
		t.Errorf("over a deleted one: %v", err)
	}
	if err := there.PurgeBefore(ctx, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, damaged := range [][]byte{nil, []byte("hello"), file.Bytes()[:file.Len()/2], file.Bytes()[:30], append([]byte(nil), file.Bytes()[:file.Len()-9]...)} {
		if _, err := there.Import(ctx, bytes.NewReader(damaged)); err == nil || !strings.Contains(err.Error(), "again") {
			t.Errorf("%d bytes: %v", len(damaged), err)
		}
		if list, err := there.Attempts(ctx); err != nil || len(list) != 1 {
			t.Errorf("%d attempts left after a damaged import, %v", len(list), err)
		}
	}
	if _, err := there.Import(ctx, bytes.NewReader(file.Bytes())); err != nil {
		t.Errorf("after all that: %v", err)
	}
}
