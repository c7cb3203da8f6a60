package taskdata

import (
	"embed"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The tracks of the benchmark.
const (
	NanoGPT       = "nanogpt"
	NanoGPTMedium = "nanogpt-medium"
)

// nanogptRecords are the published records of both tracks: facts (times in minutes on the published
// hardware), and a title and a summary in words of our own. A row marked retimed is no record, but a
// later measurement of the one before it.
//
//go:embed nanogpt/records.tsv
var nanogptRecords string

// nanogptTexts are our own hints of the benchmark's tasks, and documents about techniques.
//
//go:embed nanogpt
var nanogptTexts embed.FS

const repository = "https://github.com/KellerJordan/modded-nanogpt"

func nanogptTracks() []Track {
	track := Track{
		Unit: "nats/token", Hardware: "8xH100", GPUs: 8, Spread: 0.002, // within a batch of runs on one machine it is 0.03 to 0.2 %
		CalibrationRuns: 3, ConfirmationRuns: 3,
		Clock: ClockBound{Share: 0.02, Slack: 100 * time.Millisecond}, RunLimit: 2 * time.Hour,
	}
	small, medium := track, track
	small.ID, small.Title, small.Target = NanoGPT, "GPT-2 small on FineWeb", 3.28
	medium.ID, medium.Title, medium.Target = NanoGPTMedium, "GPT-2 medium on FineWeb", 2.92
	small.Rules = nanogptRules("3.28", "No extra flags for the compiler or its inductor.")
	medium.Rules = nanogptRules("2.92", "No extra flags for the compiler or its inductor, coordinate_descent_tuning apart.")
	return []Track{small, medium}
}

// nanogptRules are the official ones, and what the benchmark asks of an agent's edits.
func nanogptRules(target, flags string) []Rule {
	return []Rule{
		{RuleTarget, "The mean validation loss over the first 10,485,760 validation tokens of FineWeb is at most " + target +
			", shown over several runs at p < 0.01 by a one-sided t-test; a change that only makes the same mathematics faster need not show it."},
		{RuleData, "The streams of training and validation tokens stay as they are, and so do the names of the files and the number of validation tokens; batch and sequence lengths are free."},
		{RuleLog, "Every line that the record logs stays as it is."},
		{RuleClock, "It is faster than the record before on the same hardware, by the same clock: what is counted as training time stays. Kernels may be warmed up untimed, on made-up data, where the record does so."},
		{RuleFlags, flags},
		{RuleFile, "The script is one regular UTF-8 file, " + ScriptName + ", and the launch command stays."},
		{RuleSyntax, "It is valid Python."},
	}
}

// Retiming is a later measurement of a record, under other rules or software.
type Retiming struct {
	Date    string  // "2025-02-01"
	Seconds float64 // training time
	Log     string  // path of its published log in the track's repository
}

// publishedRecords parses the embedded table once, by track.
var publishedRecords = sync.OnceValue(func() map[string][]Record {
	records, err := parsePublished(nanogptRecords)
	if err != nil {
		panic("taskdata: embedded records: " + err.Error()) // a test reads the same text
	}
	return records
})

func parsePublished(text string) (map[string][]Record, error) {
	found := map[string][]Record{}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines[1:] {
		fields := strings.Split(line, "\t")
		if len(fields) != 10 {
			return nil, fmt.Errorf("line %d has %d fields, not 10", i+2, len(fields))
		}
		track, date, log, people := fields[0], fields[3], fields[4], fields[6]
		number, err := strconv.Atoi(fields[1])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+2, err)
		}
		minutes, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+2, err)
		}
		seconds := math.Round(minutes*60000) / 1000
		if fields[7] != "" {
			last := &found[track][len(found[track])-1]
			if last.Number != number {
				return nil, fmt.Errorf("line %d retimes record %d after record %d", i+2, number, last.Number)
			}
			last.Retimed = append(last.Retimed, Retiming{date, seconds, log})
			continue
		}
		record := Record{
			Track: track, Number: number, Title: fields[8], Summary: fields[9], People: strings.Fields(people), Date: date,
			Log: log, Seconds: seconds, MeasuredOn: "8xH100, as published", Published: fields[2] + " min",
		}
		if fields[5] != "" {
			record.Link = repository + "/pull/" + fields[5]
		}
		found[track] = append(found[track], record)
	}
	return found, nil
}

// nanogptHints returns our own hints of the task that starts at a record.
func nanogptHints(from int) map[Hint]string {
	texts := map[Hint]string{}
	for _, level := range []Hint{HintPseudocode, HintText, HintMiniPaper} {
		if text, err := nanogptTexts.ReadFile(fmt.Sprintf("nanogpt/hints/%d_%s.md", from, level)); err == nil {
			texts[level] = string(text)
		}
	}
	return texts
}

// ownDocuments returns our own texts about techniques, in order of name.
func ownDocuments() []Document {
	entries, err := nanogptTexts.ReadDir("nanogpt/documents")
	if err != nil {
		return nil
	}
	var list []Document
	for _, e := range entries {
		text, err := nanogptTexts.ReadFile("nanogpt/documents/" + e.Name())
		if err == nil {
			list = append(list, Document{strings.TrimSuffix(e.Name(), ".md"), string(text)})
		}
	}
	return list
}

// LatestTime returns LatestSeconds with a unit and sensible digits, for people.
func (r Record) LatestTime() string {
	if len(r.Retimed) > 0 {
		return strconv.FormatFloat(math.Round(r.LatestSeconds()/60*1000)/1000, 'f', -1, 64) + " min"
	}
	return r.Time()
}

// LatestSeconds returns the time to compare the next record with: of the last retiming where there is
// one, else Seconds.
func (r Record) LatestSeconds() float64 {
	if n := len(r.Retimed); n > 0 {
		return r.Retimed[n-1].Seconds
	}
	return r.Seconds
}

// Upgrade reports whether the record is only a newer version of a library.
func (r Record) Upgrade() bool {
	return r.Track != microID && r.Number > 0 && strings.HasPrefix(r.Title, "PyTorch ")
}

// Benchmark reports whether the task is one of the 19 of the Automated LLM Speedrunning Benchmark
// (arXiv 2506.22419).
func (t Task) Benchmark() bool {
	n := t.From.Number
	return t.From.Track == NanoGPT && t.Variant == "" && (n >= 1 && n <= 5 || n >= 7 && n <= 20)
}
