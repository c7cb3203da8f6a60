package model

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// dataField begins the lines that have an event's data.
const dataField = "data:"

// events calls f with the data of each event of a stream until f gives an error; io.EOF
// ends it without one. A line that is JSON by itself counts as an event: that is how
// endpoints send errors, and whole answers where they do not stream.
func events(body io.Reader, f func(data []byte) error) error {
	lines := bufio.NewReaderSize(body, 16<<10)
	for {
		line, readErr := lines.ReadBytes('\n')
		data, ok := eventData(line)
		switch {
		case readErr != nil && cutOff(data, ok):
			if errors.Is(readErr, io.EOF) {
				return io.ErrUnexpectedEOF
			}
			return readErr
		case ok:
			if err := f(data); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
		case len(data) > 0:
			return errNoStream
		}
		if errors.Is(readErr, io.EOF) {
			return nil
		}
		if readErr != nil {
			return readErr
		}
	}
}

// cutOff reports whether the last line of a stream is not whole.
func cutOff(data []byte, ok bool) bool {
	if ok {
		return !json.Valid(data) && string(data) != "[DONE]"
	}
	return len(data) > 0 && strings.HasPrefix(dataField, string(data))
}

// eventData gives the data of a line, if it has any. A line that belongs to no event
// stream is given as it is, with false.
func eventData(line []byte) (data []byte, ok bool) {
	line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))
	if len(line) == 0 || line[0] == ':' {
		return nil, false
	}
	if line[0] == '{' || line[0] == '[' {
		return line, true
	}
	field, value, _ := bytes.Cut(line, []byte(":"))
	switch string(field) {
	case "data":
		value = bytes.TrimSpace(value)
		return value, len(value) > 0
	case "event", "id", "retry":
		return nil, false
	}
	return line, false
}
