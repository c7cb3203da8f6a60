package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pitwall/taskdata"
)

const sample = `cpython 3.11.7 linux seed:1 target_loss:2.0
data crc32:00000000 alphabet:39 train_names:2 val_names:1
step:0/2 train_time:0ms
step:1/2 train_loss:3.6636 train_time:100ms step_avg:100.00ms lr:0.080000 grad_norm:0.6
step:2/2 train_loss:3.2951 train_time:210ms step_avg:105.00ms lr:0.040000 grad_norm:1.1
step:2/2 val_loss:3.1000 train_time:210ms step_avg:105.00ms
`

func TestParseJoinsTheValidationToItsStep(t *testing.T) {
	r, err := parse(sample)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.points) != 3 || r.interpreter != "cpython 3.11.7" || r.seconds() != 0.21 || r.valLoss() != 3.1 {
		t.Errorf("%+v", r)
	}
	if last := r.points[2]; last.TrainLoss != 3.2951 || !math.IsNaN(r.points[0].TrainLoss) || !math.IsNaN(r.points[1].ValLoss) {
		t.Errorf("%+v", r.points)
	}
}

func TestParseRefusesALogWithoutAnEnd(t *testing.T) {
	for _, text := range []string{"", "Traceback", sample[:strings.LastIndex(sample, "step:2/2 val")]} {
		if _, err := parse(text); err == nil {
			t.Errorf("taken: %q", text)
		}
	}
}

func TestReferenceIsReadAsItWasWritten(t *testing.T) {
	r, err := parse(sample)
	if err != nil {
		t.Fatal(err)
	}
	record := taskdata.Record{Number: 7}
	path := filepath.Join(t.TempDir(), "record_7.json")
	if err := write(path, summarize(record, []trainingRun{r, r}, "a machine", 2)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	reference, err := taskdata.ParseReference(text)
	if err != nil {
		t.Fatal(err)
	}
	if reference.Steps != 2 || len(reference.Points) != 3 || len(reference.Seeds) != 2 || reference.MeasuredOn != "a machine, CPython 3.11.7" || reference.Missed != 2 {
		t.Errorf("%+v", reference)
	}
	if p := reference.Points[2]; p.ValLoss == nil || *p.ValLoss != 3.1 || reference.Points[0].TrainLoss != nil {
		t.Errorf("%+v", reference.Points)
	}
}

// TestDocsShowTheReferencesThatAreEmbedded keeps the table of docs/micro-track.md and the curves from
// different measurements apart.
func TestDocsShowTheReferencesThatAreEmbedded(t *testing.T) {
	var rows []row
	for _, record := range taskdata.Embedded().Records("micro") {
		text, err := os.ReadFile(fmt.Sprintf("../micro/curves/record_%d.json", record.Number))
		if err != nil {
			t.Fatal(err)
		}
		reference, err := taskdata.ParseReference(text)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("\nSTEPS = %d\n", reference.Steps); !strings.Contains(record.Script(), want) {
			t.Errorf("record %d was measured with %d steps, which its script does not take", record.Number, reference.Steps)
		}
		rows = append(rows, row{record, reference})
	}
	text, err := os.ReadFile("../../docs/micro-track.md")
	if err != nil {
		t.Fatal(err)
	}
	_, inside, _, err := inDocs(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if want := table(rows); inside != want {
		t.Errorf("docs/micro-track.md shows\n%s\nand the references say\n%s", inside, want)
	}
}

func TestKeptRunsAreTakenAgain(t *testing.T) {
	record := taskdata.Record{Number: 7}.WithScript("a script", nil)
	path := filepath.Join(t.TempDir(), "runs")
	kept, err := keptRuns(path)
	if err != nil {
		t.Fatal(err)
	}
	f := finished{Record: 7, Script: checksum(record), Seed: 3, CPU: 5, Wall: 10, Log: sample, Outside: &taskdata.Evaluation{OtherLoss: 1.9}}
	if err := kept.add(f); err != nil {
		t.Fatal(err)
	}
	f.Timed = true
	if err := kept.add(f); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(whole, whole[:len(whole)/3]...), 0o644); err != nil { // cut off in a line
		t.Fatal(err)
	}
	if kept, err = keptRuns(path); err != nil {
		t.Fatal(err)
	}
	if r, ok := kept.find(record, 3); !ok || !r.Timed || r.seconds() != 0.105 || r.Outside.OtherLoss != 1.9 {
		t.Errorf("%v %+v", ok, r)
	}
	if _, ok := kept.find(record, 4); ok {
		t.Error("a seed that was not run is found")
	}
	if _, ok := kept.find(record.WithScript("another script", nil), 3); ok {
		t.Error("a run of another script is found")
	}
	untimed := f
	untimed.Timed = false
	var runs []trainingRun
	for _, f := range []finished{f, untimed, f} {
		r, err := f.read()
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, r)
	}
	if reference := summarize(record, runs, "a machine", 2); reference.Timed != 2 || len(reference.Seeds) != 3 {
		t.Errorf("%+v", reference)
	}
}

func TestTableIsPutBetweenItsMarks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "docs.md")
	put := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("before\n" + tableBegins + "old\n" + tableEnds + "after\n")
	if err := intoDocs(path, "new\n"); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(path); string(text) != "before\n"+tableBegins+"new\n"+tableEnds+"after\n" {
		t.Errorf("%s", text)
	}
	put("no marks\n")
	if err := intoDocs(path, "new\n"); err == nil || !strings.Contains(err.Error(), "lacks the marks") {
		t.Errorf("%v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "no marks\n" {
		t.Errorf("changed to %s", text)
	}
}

func TestWrongUseIsToldInWords(t *testing.T) {
	for args, want := range map[string]string{
		"-track moto":    "micro",
		"-records 99":    "1 to 9",
		"-records seven": "not numbers",
		"-seeds 0":       "at least one seed",
	} {
		var stdout, stderr bytes.Buffer
		if err := run(t.Context(), strings.Fields(args), &stdout, &stderr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
}
