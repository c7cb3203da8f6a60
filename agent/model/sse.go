package model

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// sentEvent is one event of a stream.
type sentEvent struct {
	name string // "" where the endpoint gives none
	data []byte
}

// failed reports whether an event tells of an error: by its name, or by the field of its
// data that is handed in.
func (e sentEvent) failed(field json.RawMessage) bool {
	return e.name == "error" || len(field) > 0 && string(field) != "null"
}

// events calls f with each event of a stream until f gives an error; io.EOF ends it
// without one. A line that is JSON by itself counts as an event: that is how endpoints
// send errors, and whole answers where they do not stream. So does a line of data that
// is whole, for not all endpoints put blank lines between their events.
func events(body io.Reader, f func(sentEvent) error) error {
	r := eventReader{give: f}
	lines := bufio.NewReaderSize(body, 16<<10)
	for {
		line, err := lines.ReadBytes('\n')
		if err == nil {
			err = r.line(line)
		} else {
			err = r.last(line, err)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// eventReader makes events of lines.
type eventReader struct {
	give func(sentEvent) error
	name string
	open bool   // an event is named, and its data has not come
	held []byte // data that goes on in further lines
}

// line takes a line. One that belongs to no stream of events is errNoStream.
func (r *eventReader) line(line []byte) error {
	line = trimmed(line)
	switch {
	case len(line) == 0:
		err := r.flush()
		r.name, r.open = "", false
		return err
	case line[0] == ':':
		return nil
	case bare(line):
		if err := r.flush(); err != nil {
			return err
		}
		return r.event(line)
	}
	field, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch string(field) {
	case "data":
		return r.data(value)
	case "event":
		err := r.flush()
		r.name, r.open = string(value), true
		return err
	case "id", "retry":
		return nil
	}
	return errNoStream
}

func (r *eventReader) data(value []byte) error {
	switch {
	case len(value) == 0:
		return nil
	case r.held == nil && whole(value):
		return r.event(value)
	case r.held != nil:
		r.held = append(r.held, '\n')
	}
	r.held = append(r.held, value...)
	return nil
}

// flush gives the event whose lines are over.
func (r *eventReader) flush() error {
	if r.held == nil {
		return nil
	}
	data := r.held
	r.held = nil
	return r.event(data)
}

func (r *eventReader) event(data []byte) error {
	r.open = false
	return r.give(sentEvent{r.name, data})
}

// last takes what stands behind the last line's end, where reading ended with readErr,
// which it gives if nothing is missing.
func (r *eventReader) last(line []byte, readErr error) error {
	broken := readErr
	if errors.Is(readErr, io.EOF) {
		broken = io.ErrUnexpectedEOF
	}
	line = trimmed(line)
	if cutOff(line) {
		return broken
	}
	if len(line) > 0 {
		if err := r.line(line); err != nil {
			return err
		}
	}
	if r.open && r.held == nil || bare(r.held) && !whole(r.held) {
		return broken
	}
	if err := r.flush(); err != nil {
		return err
	}
	return readErr
}

// cutOff reports whether a line that has no end is only the beginning of one.
func cutOff(line []byte) bool {
	if bare(line) {
		return !whole(line)
	}
	for _, field := range []string{"data:", "event:", "retry:", "id:"} {
		if len(line) > 0 && strings.HasPrefix(field, string(line)) {
			return true
		}
	}
	return false
}

func trimmed(line []byte) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))
}

// bare reports whether a line is JSON without the name of a field before it.
func bare(line []byte) bool { return len(line) > 0 && (line[0] == '{' || line[0] == '[') }

// whole reports whether data is all that an event has.
func whole(data []byte) bool { return json.Valid(data) || string(data) == "[DONE]" }
