package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"pitwall/taskdata"
)

// finished is what is kept of a run.
type finished struct {
	Record  int                  `json:"record"`
	Script  string               `json:"script"` // its checksum
	Seed    int                  `json:"seed"`
	Timed   bool                 `json:"timed"` // whether its time counts
	CPU     time.Duration        `json:"cpu"`
	Wall    time.Duration        `json:"wall"`
	Outside *taskdata.Evaluation `json:"outside"` // null where it was not evaluated outside the script
	Log     string               `json:"log"`
}

func checksum(record taskdata.Record) string {
	return fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(record.Script())))
}

// share returns how much of a core the run had, at most 1.
func (f finished) share() float64 {
	if f.Wall <= 0 {
		return 1
	}
	return min(1, f.CPU.Seconds()/f.Wall.Seconds())
}

// read parses the run's log.
func (f finished) read() (trainingRun, error) {
	r, err := parse(f.Log)
	if err != nil {
		return r, err
	}
	r.finished = f
	for i := range r.points {
		r.points[i].TrainMS *= f.share()
	}
	return r, nil
}

// timedRuns returns those whose times count, all if there are none.
func timedRuns(runs []trainingRun) []trainingRun {
	timed := slices.DeleteFunc(slices.Clone(runs), func(r trainingRun) bool { return !r.Timed })
	if len(timed) == 0 {
		return runs
	}
	return timed
}

// keptFile is a file with a finished run a line, the last of a record and seed being the one that
// counts.
type keptFile struct {
	path string
	runs []finished
}

// keptRuns reads the file, which need not be there; "" keeps nothing.
func keptRuns(path string) (*keptFile, error) {
	k := &keptFile{path: path}
	if path == "" {
		return k, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the kept runs: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		var f finished
		if json.Unmarshal([]byte(line), &f) == nil { // a line that was cut off is a run to make again
			k.runs = append(k.runs, f)
		}
	}
	return k, nil
}

func (k *keptFile) find(record taskdata.Record, seed int) (trainingRun, bool) {
	for _, f := range slices.Backward(k.runs) {
		if f.Record == record.Number && f.Seed == seed && f.Script == checksum(record) {
			r, err := f.read()
			return r, err == nil
		}
	}
	return trainingRun{}, false
}

func (k *keptFile) add(f finished) error {
	k.runs = append(k.runs, f)
	if k.path == "" {
		return nil
	}
	line, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("keep the run: %w", err)
	}
	file, err := os.OpenFile(k.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("keep the run: %w", err)
	}
	_, err = file.Write(append(line, '\n'))
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("keep the run: %w", err)
	}
	return nil
}
