package report

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"pitwall/store"
	"pitwall/store/storetest"
	"pitwall/taskdata"
)

// stories are attempts of every kind.
func stories() map[string]storetest.Options {
	return map[string]storetest.Options{"tuner": {}, "model": {Model: true}, "GPUs": {GPUs: 8}, "open": {GPUs: 8, Open: true}}
}

// fields gives the names of a document's fields, those of its parts as "part.field".
func fields(t *testing.T, doc any) []string {
	t.Helper()
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, part := range v {
				found[path+name] = true
				walk(path+name+".", part)
			}
		case []any:
			for _, part := range v {
				walk(path, part)
			}
		}
	}
	walk("", v)
	return slices.Sorted(maps.Keys(found))
}

// TestScriptsFindWhatTheyRead holds the fields of the document that scripts read. More
// may come; none may go.
func TestScriptsFindWhatTheyRead(t *testing.T) {
	promised := strings.Fields("id number task benchmark hint agent scaffold runner seed model budget calibrate confirm status started ended best confirmed fsr " +
		"fsr_interval speedup speedup_interval gpu_hours why tokens cost engine scripts hints_from gpus calibration calibration.id calibration.key calibration.from " +
		"calibration.from.seconds calibration.from.mean calibration.from.sd calibration.to calibration.reused calibration.resolved calibration.why calibration.run_sd " +
		"calibration.run_sd_source confirmation confirmation.node confirmation.valid confirmation.why confirmation.from_seconds confirmation.node_seconds " +
		"confirmation.node_losses confirmation.mean_loss confirmation.other_losses confirmation.p confirmation.power confirmation.fsr_warm confirmation.speedup " +
		"confirmation.speedup_interval confirmation.speedup_p nodes nodes.id nodes.parent nodes.status nodes.valid nodes.why nodes.val_loss nodes.train_seconds " +
		"nodes.fsr nodes.similarity nodes.origin nodes.idea")
	for name, o := range stories() {
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			id := storetest.Fill(t, s, o)
			d, err := Read(t.Context(), s, id)
			if err != nil {
				t.Fatal(err)
			}
			there := fields(t, d)
			for _, field := range promised {
				if !slices.Contains(there, field) && (o.Open || !strings.HasPrefix(field, "calibration.")) {
					t.Errorf("the document has no %s", field)
				}
			}
			sums, err := s.Attempts(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, field := range fields(t, OfSummaries(sums)) {
				if !slices.Contains(there, field) {
					t.Errorf("a list has %s and the document of an attempt has not", field)
				}
			}
			for _, table := range [][][]string{AttemptTable(OfSummaries(sums)), d.NodeTable()} {
				for _, row := range table {
					if len(row) > len(table[0]) {
						t.Errorf("row %q has more cells than there are headings: %q", row, table[0])
					}
				}
			}
			if lines := strings.Join(d.Lines(), "\n"); !strings.Contains(lines, d.Task) || !strings.Contains(lines, d.Result()) || strings.Contains(lines, "%!") {
				t.Errorf("in words:\n%s", lines)
			}
		})
	}
}

func TestATaskOfPracticeSaysSoInTableAndDocument(t *testing.T) {
	docs, err := OfTasks(taskdata.Embedded().Tasks(""))
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range TaskTable(docs)[1:] {
		if practice := docs[i].Track == "micro"; practice == docs[i].Benchmark || practice != (row[1] == "practice") {
			t.Errorf("%s: benchmark %v, table %q", docs[i].ID, docs[i].Benchmark, row)
		}
	}
}

func TestARowThatLeavesAllOutSaysPracticeToo(t *testing.T) {
	d := Score{Agent: "oracle", Left: []LeftOut{{Task: "micro/7", Why: "unresolved on this machine"}}}
	if row := ScoreTable([]Score{d})[1]; row[3] != "practice" {
		t.Errorf("row %q does not say practice", row)
	}
}

func TestAScoreTakesWhatIsSelected(t *testing.T) {
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	storetest.Fill(t, s, storetest.Options{})
	talks := func(string) bool { return false }
	for _, c := range []struct {
		of   Selection
		want int
	}{
		{Selection{Talks: talks}, 0}, // practice is none of the benchmark's
		{Selection{Talks: talks, Tasks: []string{"micro/7"}}, 1},
		{Selection{Talks: talks, Tasks: []string{"micro/7"}, Agent: "noop"}, 0},
		{Selection{Talks: talks, Tasks: []string{"micro/7"}, Hint: "0", Scaffold: "flat", Agent: "tuner"}, 1},
	} {
		list, err := Scores(t.Context(), s, taskdata.Embedded(), c.of)
		if err != nil || len(list) != c.want {
			t.Errorf("%+v: %d scores, want %d, %v", c.of, len(list), c.want, err)
		}
		for _, row := range ScoreTable(list)[1:] {
			if row[3] != "practice" {
				t.Errorf("row %q does not say practice", row)
			}
		}
	}
}
