package model

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// sentEvents draws events.
func sentEvents(t *rapid.T) (out []sentEvent) {
	for range rapid.IntRange(0, 6).Draw(t, "events") {
		doc := rapid.MapOfN(rapid.StringMatching(`[a-z]{1,5}`), rapid.OneOf(rapid.Just[any](1.0), rapid.Just[any]("data: x\n\n:é🚀"), rapid.Just[any](map[string]any{"a": []any{}})), 0, 3).Draw(t, "data")
		raw, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, sentEvent{rapid.SampledFrom([]string{"", "message", "error"}).Draw(t, "name"), raw})
	}
	return out
}

// written writes events in one of the ways that are allowed.
func written(t *rapid.T, sent []sentEvent) string {
	end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line end")
	space := rapid.SampledFrom([]string{"", " "}).Draw(t, "space")
	noise := rapid.SampledFrom([]string{"", ":", ": keep-alive", "id: 7", "retry: 3000"})
	var b strings.Builder
	if rapid.Bool().Draw(t, "byte order mark") {
		b.WriteString("\ufeff")
	}
	line := func(s string) {
		if n := noise.Draw(t, "noise"); n != "" {
			b.WriteString(n + end)
		}
		b.WriteString(s + end)
	}
	for _, e := range sent {
		if e.name != "" {
			line("event:" + space + e.name)
		}
		data := e.data
		if rapid.Bool().Draw(t, "in lines") {
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, data, "", " "); err != nil {
				t.Fatal(err)
			}
			data = pretty.Bytes()
		}
		for part := range strings.SplitSeq(string(data), "\n") {
			line("data:" + space + part)
		}
		line("")
	}
	return b.String()
}

func TestEventsAreTheSameHoweverTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sent := sentEvents(t)
		body := written(t, sent)
		var got []sentEvent
		err := events(iotest.OneByteReader(strings.NewReader(body)), func(e sentEvent) error {
			var one bytes.Buffer
			if err := json.Compact(&one, e.data); err != nil {
				return err
			}
			got = append(got, sentEvent{e.name, one.Bytes()})
			return nil
		})
		if err != nil || !slices.EqualFunc(got, sent, func(a, b sentEvent) bool { return a.name == b.name && bytes.Equal(a.data, b.data) }) {
			t.Fatalf("%q\ngives %s\nwant  %s, %v", body, got, sent, err)
		}
	})
}

func TestWhatAStreamEndsWithIsTold(t *testing.T) {
	for body, want := range map[string]error{
		"":                               nil,
		"data: {}\n\n":                   nil,
		"data: {}":                       nil,
		"data: [DONE]":                   nil,
		": hello":                        nil,
		"{}":                             nil,
		"data: {\"a\"":                   io.ErrUnexpectedEOF,
		"data: {\"a\"\n":                 io.ErrUnexpectedEOF,
		"data: {\"a\":\ndata: 1\n":       io.ErrUnexpectedEOF,
		"data: {\"a\":\ndata: 1}\n":      nil,
		"data: [DO":                      io.ErrUnexpectedEOF,
		"da":                             io.ErrUnexpectedEOF,
		"eve":                            io.ErrUnexpectedEOF,
		"event: mess":                    io.ErrUnexpectedEOF,
		"event: message\n":               io.ErrUnexpectedEOF,
		"event: message\n\n":             nil,
		"event: message\ndata: {}\n":     nil,
		"{\"error\":":                    io.ErrUnexpectedEOF,
		"<!doctype html>":                errNoStream,
		"some words\n":                   errNoStream,
		"data: {}\n\nanother language\n": errNoStream,
	} {
		if err := events(strings.NewReader(body), func(sentEvent) error { return nil }); err != want { //nolint:errorlint // given as it is
			t.Errorf("%q ends with %v, want %v", body, err, want)
		}
	}
}

func TestAReadErrorIsGivenAsItIs(t *testing.T) {
	for _, body := range []string{"", "data: {}\n\n", "data: {\"a\"", "event: x\n", "{\"a\"", "eve"} {
		broken := io.MultiReader(strings.NewReader(body), iotest.ErrReader(errEndless))
		if err := events(broken, func(sentEvent) error { return nil }); err != errEndless { //nolint:errorlint // given as it is
			t.Errorf("%q ends with %v", body, err)
		}
	}
}
