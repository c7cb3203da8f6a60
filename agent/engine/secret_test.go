package engine

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"pitwall/agent/model/modeltest"
	"pitwall/runner"
	"pitwall/store/event"
)

// TestNoKeyShowsUpAnywhere has everything say the key that can: the model's text,
// its reasoning and edits, the endpoint's errors, a person, and a script that
// prints its environment.
func TestNoKeyShowsUpAnywhere(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", testKey)
	t.Setenv("OPENAI_API_KEY_OLD", testKey)
	server := modeltest.New(t,
		modeltest.Step{Status: 500, Body: `{"error":{"message":"your key ` + testKey + ` is fine, we are not"}}`},
		modeltest.Step{Text: "The key is " + testKey, DropAfter: 30},
		modeltest.Step{
			Text: "You sent " + testKey + ".\n" + block("    print(\"seed\", os.environ[\"PITWALL_SEED\"])",
				"    print(os.environ)  # "+testKey),
			Reasoning: "I was given " + testKey, Chunk: 3,
		},
	)
	e := modelEngine(t, server)
	plain := e.Getenv
	e.Getenv = func(name string) string {
		if name == "OPENAI_API_KEY" {
			return os.Getenv(name)
		}
		return plain(name)
	}
	catalog, err := e.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	e.Store.Mask = catalog.Mask().Text
	spec := llmSpec(1)
	spec.Gate = true
	id := create(t, e.Store, spec)
	_, end := start(t, e, id)
	until(t, e, id, "the edit waits", awaited(1, 1))
	command(t, e.Store, id, event.OrderSteer, event.Steered{Text: "use the key " + testKey})
	command(t, e.Store, id, event.OrderDecide, event.Decided{Node: 1, Edit: 1, Answer: event.AnswerYes})
	st := end()
	if n := st.Nodes[1]; !n.Valid() {
		t.Fatalf("node 1 is %s: %s", n.State, n.Why)
	}
	for _, r := range server.Requests() {
		if r.Key != testKey {
			t.Errorf("the endpoint was given the key %q", r.Key)
		}
	}

	var export bytes.Buffer
	if err := e.Store.Export(t.Context(), id, &export); err != nil {
		t.Fatal(err)
	}
	_, body, _ := bytes.Cut(export.Bytes(), []byte("\n"))
	dec, err := zstd.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	var events bytes.Buffer
	if _, err := events.ReadFrom(dec); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(events.String(), "PITWALL_RUN") {
		t.Fatal("the script's environment is not in the export: the test looks in the wrong place")
	}
	found := func(where string, data []byte) {
		for _, form := range []string{testKey, testKey[8:], url.QueryEscape(testKey), base64.StdEncoding.EncodeToString([]byte(testKey))} {
			if bytes.Contains(data, []byte(form)) {
				t.Errorf("the key stands in %s", where)
			}
		}
	}
	found("the events", events.Bytes())
	found("the export", export.Bytes())
	err = filepath.WalkDir(e.Store.Home(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		found(path, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range runner.Environ(os.Environ(), "x", nil) {
		found("a child's environment", []byte(kv))
	}
}
