package taskdata_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pitwall/taskdata"
)

func TestPublishedRecordsAreWhole(t *testing.T) {
	for _, id := range []string{taskdata.NanoGPT, taskdata.NanoGPTMedium} {
		track, err := taskdata.FindTrack(id)
		if err != nil || track.Practice || len(track.Rules) == 0 {
			t.Errorf("track %+v, %v", track, err)
		}
		titles, date := map[string]int{}, ""
		for i, record := range taskdata.Embedded().Records(id) {
			if record.Number != i+1 || record.Track != id || record.Seconds <= 0 || record.Script() != "" || record.Curve() != nil {
				t.Errorf("%s, place %d: %+v", id, i, record)
			}
			if record.Title == "" || record.Summary == "" || utf8.RuneCountInString(record.Title) > 48 || !strings.HasSuffix(record.Summary, ".") {
				t.Errorf("%s/%d: title %q, summary %q", id, record.Number, record.Title, record.Summary)
			}
			if strings.ContainsFunc(record.Title+record.Summary+record.Log+record.Link+strings.Join(record.People, ""), unicode.IsControl) {
				t.Errorf("%s/%d has control characters", id, record.Number)
			}
			titles[record.Title]++
			if record.Date == "" {
				continue
			}
			if _, err := time.Parse(time.DateOnly, record.Date); err != nil || record.Date < date {
				t.Errorf("%s/%d: date %q after %q", id, record.Number, record.Date, date)
			}
			date = record.Date
		}
		for title, n := range titles {
			if n > 1 {
				t.Errorf("%s: %d records are called %q", id, n, title)
			}
		}
	}
}

func TestPublishedFigures(t *testing.T) {
	for _, want := range []struct {
		track   string
		number  int
		seconds float64
		time    string
		latest  string
		date    string
		people  int
	}{
		{"nanogpt", 1, 2700, "45 min", "45 min", "2024-05-28", 1},
		{"nanogpt", 12, 301.8, "5.03 min", "5.03 min", "2024-11-19", 1},
		{"nanogpt", 21, 175.98, "2.933 min", "3.014 min", "2025-01-26", 1},
		{"nanogpt", 66, 95.7, "1.595 min", "1.595 min", "2026-01-31", 0},
		{"nanogpt", 89, 73.8, "1.23 min", "1.23 min", "2026-07-17", 5},
		{"nanogpt-medium", 1, 20880, "348 min", "348 min", "2024-05-28", 1},
		{"nanogpt-medium", 11, 1407, "23.45 min", "23.45 min", "", 0},
		{"nanogpt-medium", 18, 1041, "17.35 min", "17.35 min", "2025-12-31", 0},
	} {
		record, err := taskdata.Embedded().FindRecord(want.track, want.number)
		if err != nil {
			t.Fatal(err)
		}
		if record.Seconds != want.seconds || record.Time() != want.time || record.LatestTime() != want.latest || record.Date != want.date || len(record.People) != want.people {
			t.Errorf("%+v: %s, latest %s, %+v", want, record.Time(), record.LatestTime(), record)
		}
	}
}

func TestRetimingsBelongToTheirRecord(t *testing.T) {
	for _, record := range taskdata.Embedded().Records("") {
		want := []taskdata.Retiming{}
		if record.Track == "nanogpt" && record.Number == 21 {
			want = []taskdata.Retiming{
				{Date: "2025-02-01", Seconds: 179.82, Log: "records/track_1_short/2025-02-01_RuleTweak/eff63a8c-2f7e-4fc5-97ce-7f600dae0bc7.txt"},
				{Date: "2025-05-24", Seconds: 180.84, Log: "records/track_1_short/2025-05-24_StableTorch/89d9f224-3b01-4581-966e-358d692335e0.txt"},
			}
		}
		if !slices.Equal(record.Retimed, want) {
			t.Errorf("%s/%d was retimed %+v", record.Track, record.Number, record.Retimed)
		}
	}
}

func TestEveryPublishedTaskGains(t *testing.T) {
	for _, id := range []string{taskdata.NanoGPT, taskdata.NanoGPTMedium} {
		for _, task := range taskdata.Embedded().Tasks(id) {
			if task.From.LatestSeconds() <= task.To.Seconds {
				t.Errorf("%s: %v s, then %v s", task.ID(), task.From.LatestSeconds(), task.To.Seconds)
			}
		}
	}
}

func TestBenchmarkHasNineteenTasks(t *testing.T) {
	n := 0
	for _, task := range taskdata.Embedded().Tasks("") {
		if task.Benchmark() {
			n++
		}
		if task.Benchmark() && task.From.Track != taskdata.NanoGPT || task.ID() == "nanogpt/6" && task.Benchmark() {
			t.Errorf("%s is marked", task.ID())
		}
		hints := 1
		if task.Benchmark() {
			hints = len(taskdata.AllHints()) // embedded: no clone is needed to read them
		}
		if task.From.Track != "micro" && (task.Ready || !strings.Contains(task.Why, "pitwall import") || len(task.Hints) != hints) {
			t.Errorf("%s: ready %v, why %q, hints %v", task.ID(), task.Ready, task.Why, task.Hints)
		}
		if upgrade := task.To.Upgrade(); upgrade != (task.From.Track == "nanogpt" && (task.To.Number == 7 || task.To.Number == 25 || task.To.Number == 66) || task.From.Track == "nanogpt-medium" && task.To.Number == 11) {
			t.Errorf("%s: upgrade %v", task.ID(), upgrade)
		}
	}
	if n != 19 {
		t.Errorf("%d tasks of the benchmark", n)
	}
	if task, err := taskdata.Embedded().FindTask("nanogpt/21"); err != nil || task.From.LatestTime() != "3.014 min" || task.To.Time() != "2.99 min" {
		t.Errorf("%s, %s, %v", task.From.LatestTime(), task.To.Time(), err)
	}
}

func TestATasksNameHasItsGPUs(t *testing.T) {
	for n := 1; n <= 16; n++ {
		if n == 8 {
			continue // the track's own, refused below
		}
		id := fmt.Sprintf("nanogpt/7@%dgpu", n)
		task, err := taskdata.Embedded().FindTask(id)
		if err != nil || task.ID() != id || task.GPUs() != n || task.From.Number != 7 {
			t.Errorf("%s: %s on %d GPUs, %v", id, task.ID(), task.GPUs(), err)
		}
	}
	for _, id := range []string{"nanogpt/7@", "nanogpt/7@4", "nanogpt/7@8gpu", "nanogpt/7@0gpu", "nanogpt/7@04gpu", "nanogpt/7@-4gpu", "nanogpt/7@4gpus", "nanogpt/7@+4gpu", "micro/7@4gpu"} {
		if _, err := taskdata.Embedded().FindTask(id); err == nil || !strings.Contains(err.Error(), "as nanogpt/7@4gpu") {
			t.Errorf("%s: %v", id, err)
		}
	}
}
