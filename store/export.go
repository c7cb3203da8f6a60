package store

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"pitwall/store/event"
)

// An exported attempt is this line, and then one zstd stream of parts: a JSON
// header first, then raw segment bodies in order, and an empty part at the end.
// Each part is its length (uvarint) and its bytes.
const exportMagic = "pitwall attempt 1\n"

// exportHeader is the first part.
type exportHeader struct {
	ID      string    `json:"id"`
	Spec    Spec      `json:"spec"`
	Created time.Time `json:"created"`
	Events  int64     `json:"events"`
	Star    bool      `json:"star,omitempty"`
	Note    string    `json:"note,omitempty"`
}

// ErrExists is returned by Import for an attempt that the store has already.
var ErrExists = errors.New("the attempt is here already")

// Export writes attempt id, with all events committed so far, as one file that
// Import reads on any machine.
func (s *Store) Export(ctx context.Context, id string, w io.Writer) (err error) {
	fail := func(err error) error { return fmt.Errorf("export: %w", err) }
	var st stream
	var m Summary
	var list []segment
	err = s.view(ctx, func(tx *sql.Tx) (err error) {
		if st, err = findStream(ctx, tx, id); err != nil {
			return err
		}
		if m, err = s.findSummary(ctx, tx, id); err != nil {
			return err
		}
		list, err = findSegments(ctx, tx, st.n, 0)
		return err
	})
	if err != nil {
		return fail(err)
	}
	if _, err := io.WriteString(w, exportMagic); err != nil {
		return fail(err)
	}
	z, err := zstd.NewWriter(w)
	if err != nil {
		return fail(err)
	}
	header, err := json.Marshal(exportHeader{ID: id, Spec: m.Spec, Created: m.Created, Events: st.lastSeq, Star: m.Star, Note: m.Note})
	if err != nil {
		return fail(err)
	}
	if err := writePart(z, header); err != nil {
		return fail(err)
	}
	var last event.Times
	for _, g := range list {
		events, err := s.readSegment(ctx, st, g.first)
		if err != nil {
			return fail(err)
		}
		raw := event.AppendHeader(nil, last)
		for _, e := range events {
			if e.Seq > st.lastSeq {
				break // committed since
			}
			if raw, err = event.AppendEvent(raw, last, e); err != nil {
				return fail(err)
			}
			last = event.Times{Active: e.Active, Wall: e.Wall}
		}
		if err := writePart(z, raw); err != nil {
			return fail(err)
		}
	}
	if err := writePart(z, nil); err != nil {
		return fail(err)
	}
	if err := z.Close(); err != nil {
		return fail(err)
	}
	return nil
}

func writePart(w io.Writer, part []byte) error {
	if _, err := w.Write(binary.AppendUvarint(nil, uint64(len(part)))); err != nil {
		return err
	}
	_, err := w.Write(part)
	return err
}

// Import stores what Export wrote, under its own id and a new number. It fails
// with ErrExists where the store has the attempt, and leaves nothing behind
// where the file is damaged.
func (s *Store) Import(ctx context.Context, r io.Reader) (id string, err error) {
	id, err = s.importAttempt(ctx, r)
	if err != nil {
		return "", fmt.Errorf("import: %w", err)
	}
	return id, nil
}

func (s *Store) importAttempt(ctx context.Context, r io.Reader) (string, error) {
	magic := make([]byte, len(exportMagic))
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != exportMagic {
		return "", errors.New("this is no attempt that pitwall exported, or a newer pitwall did; upgrade it, or export the attempt again")
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return "", err
	}
	defer z.Close()
	parts := bufio.NewReader(z)
	first, err := readPart(parts)
	if err != nil {
		return "", err
	}
	var h exportHeader
	if err := json.Unmarshal(first, &h); err != nil || !validID(h.ID) {
		return "", errDamagedExport
	}
	if m, err := s.Attempt(ctx, h.ID); err == nil {
		return "", fmt.Errorf("%w: %s (#%d)", ErrExists, m.ID, m.Number)
	}
	if err := s.create(ctx, h.ID, h.Spec, h.Created); err != nil {
		if strings.Contains(err.Error(), "UNIQUE") {
			return "", fmt.Errorf("%w: %s; it was deleted, and is not gone yet", ErrExists, h.ID)
		}
		return "", err
	}
	err = s.importEvents(ctx, h, parts)
	if err == nil && h.Star {
		err = s.SetStar(ctx, h.ID, true)
	}
	if err == nil && h.Note != "" {
		err = s.SetNote(ctx, h.ID, h.Note)
	}
	if err != nil {
		// What is half there goes, and with it the reason to keep the id.
		return "", errors.Join(err, s.discard(context.WithoutCancel(ctx), h.ID))
	}
	return h.ID, nil
}

func (s *Store) importEvents(ctx context.Context, h exportHeader, parts *bufio.Reader) (err error) {
	w, err := s.Lease(ctx, h.ID)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close(context.WithoutCancel(ctx))) }()
	seq := int64(0)
	for {
		raw, err := readPart(parts)
		if err != nil {
			return err
		}
		if len(raw) == 0 {
			break
		}
		err = event.Decode(seq+1, raw, func(e event.Event) bool {
			w.EmitAt(event.Times{Active: e.Active, Wall: e.Wall}, e.Body)
			seq = e.Seq
			return w.Err() == nil && ctx.Err() == nil
		})
		if err = errors.Join(err, w.Err(), ctx.Err()); err != nil {
			return err
		}
	}
	if seq != h.Events {
		return errDamagedExport
	}
	return nil
}

var errDamagedExport = errors.New("the file is damaged or cut short; export the attempt again")

func readPart(r *bufio.Reader) ([]byte, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil || n > maxRaw {
		return nil, errDamagedExport
	}
	part, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err != nil || len(part) != int(n) {
		return nil, errDamagedExport
	}
	return part, nil
}

// validID reports whether id can be an attempt's: it becomes a file's name.
func validID(id string) bool {
	return len(id) == 26 && !strings.ContainsFunc(id, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'z') })
}
