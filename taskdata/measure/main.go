// Measure runs the records of a practice track over several seeds and prints the table that
// docs/micro-track.md shows. With -curves it also writes the reference files that taskdata embeds, and
// with -docs it puts the table in its place.
//
//	go run ./taskdata/measure -seeds 10
//	go run ./taskdata/measure -seeds 10 -curves taskdata/micro/curves -docs docs/micro-track.md -machine "2-core x86-64 Linux VM"
//
// A long measurement can be made in parts: with -keep the runs are kept in a file, and a later call takes
// from it what it has. With -untimed a run's time is left out, so that runs for their losses can be made
// while the machine does other things; a later call without it times what has no time yet, for as many
// seeds as -timed says.
//
// The records take turns, one run at a time, so that a slow minute of the machine falls on all of them.
// Times are multiplied by the share of a core that their run had, so that other load counts little;
// on a quiet machine the share is 1.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"pitwall/internal/environ"
	"pitwall/taskdata"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "measure:", err)
		}
		os.Exit(1)
	}
}

type options struct {
	track, records, python, machine, curves, docs, keep string
	seeds, first, outside, timed                        int
	untimed                                             bool
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	flags := flag.NewFlagSet("measure", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.track, "track", "micro", "the `track`")
	flags.StringVar(&o.records, "records", "", "numbers of the records, as in 6,7,8 (default: all that have a script)")
	flags.IntVar(&o.seeds, "seeds", 10, "runs of each record, each with a seed of its own")
	flags.IntVar(&o.first, "first", 1, "the first seed")
	flags.StringVar(&o.python, "python", "python3", "the interpreter")
	flags.StringVar(&o.machine, "machine", fmt.Sprintf("%d-core %s %s", runtime.NumCPU(), runtime.GOARCH, runtime.GOOS), "what to call this machine")
	flags.StringVar(&o.curves, "curves", "", "write the reference files to this `directory`")
	flags.StringVar(&o.docs, "docs", "", "put the table between the marks of this Markdown `file`")
	flags.IntVar(&o.outside, "outside", 3, "seeds of each record whose weights are evaluated outside the script, too")
	flags.StringVar(&o.keep, "keep", "", "keep the runs in this `file`, and take from it what was run before")
	flags.IntVar(&o.timed, "timed", 0, "seeds of each record, the first ones, whose times count (default: all)")
	flags.BoolVar(&o.untimed, "untimed", false, "leave times out: run for the losses only")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || o.seeds < 1 {
		return errors.New("takes no arguments but flags, and at least one seed; -h shows them")
	}
	track, err := taskdata.FindTrack(o.track)
	if err != nil {
		return err
	}
	records, err := chosen(o.track, o.records)
	if err != nil {
		return err
	}
	if o.timed == 0 {
		o.timed = o.seeds
	}
	kept, err := keptRuns(o.keep)
	if err != nil {
		return err
	}
	runs := make([][]trainingRun, len(records))
	for i := range o.seeds {
		for j, record := range records {
			r, found := kept.find(record, o.first+i)
			if !found || !r.Timed && !o.untimed && i < o.timed {
				if r, err = train(ctx, o, track, record, i); err != nil {
					return err
				}
				if err := kept.add(r.finished); err != nil {
					return err
				}
			}
			runs[j] = append(runs[j], r)
			fmt.Fprintf(stderr, "record %d seed %d: loss %.4f, %.2f s, %.0f %% of a core%s\n",
				record.Number, r.Seed, r.valLoss(), r.seconds(), 100*r.share(), r.outsideWords())
		}
	}
	var rows []row
	for i, record := range records {
		reference := summarize(record, runs[i], o.machine, track.Target)
		rows = append(rows, row{record, reference})
		if o.curves != "" {
			if err := write(filepath.Join(o.curves, fmt.Sprintf("record_%d.json", record.Number)), reference); err != nil {
				return err
			}
		}
	}
	if o.docs != "" {
		return intoDocs(o.docs, table(rows))
	}
	_, err = io.WriteString(stdout, table(rows))
	return err
}

// chosen returns the records of a track that a list such as "6,7" names, all with a script for "".
func chosen(track, list string) ([]taskdata.Record, error) {
	var records []taskdata.Record
	if list == "" {
		for _, record := range taskdata.Embedded().Records(track) {
			if record.Script() != "" {
				records = append(records, record)
			}
		}
		if len(records) == 0 {
			return nil, fmt.Errorf("track %s has no record with a script", track)
		}
		return records, nil
	}
	for _, word := range strings.Split(list, ",") {
		number, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil {
			return nil, fmt.Errorf("-records %q: not numbers with commas between", list)
		}
		record, err := taskdata.Embedded().FindRecord(track, number)
		if err != nil {
			return nil, err
		}
		if record.Script() == "" {
			return nil, fmt.Errorf("record %d of %s has no script here", number, track)
		}
		records = append(records, record)
	}
	return records, nil
}

// trainingRun is one finished run of a record.
type trainingRun struct {
	finished
	interpreter string
	points      []taskdata.CurvePoint // times are multiplied by the share of a core
}

func (r trainingRun) outsideWords() string {
	if r.Outside == nil {
		return ""
	}
	return fmt.Sprintf(", %.4f over other characters", r.Outside.OtherLoss)
}

func (r trainingRun) seconds() float64 { return r.points[len(r.points)-1].TrainMS / 1000 }
func (r trainingRun) valLoss() float64 { return r.points[len(r.points)-1].ValLoss }

// train runs a record's script in a directory of its own, with the seed that has this place among
// those asked for.
func train(ctx context.Context, o options, track taskdata.Track, record taskdata.Record, place int) (trainingRun, error) {
	seed := o.first + place
	fail := func(err error) (trainingRun, error) {
		return trainingRun{}, fmt.Errorf("run record %d with seed %d: %w", record.Number, seed, err)
	}
	dir, err := os.MkdirTemp("", "measure-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, record.ScriptName()), []byte(record.Script()), 0o644); err != nil {
		return fail(err)
	}
	weights := filepath.Join(dir, taskdata.WeightsName)
	cmd := exec.CommandContext(ctx, o.python, "-u", record.ScriptName())
	cmd.Dir = dir
	cmd.Env = append(environ.Plain(os.Environ()), fmt.Sprintf("PITWALL_SEED=%d", seed), taskdata.WeightsVariable+"="+weights)
	cmd.Stderr = os.Stderr
	start := time.Now()
	output, err := cmd.Output()
	if err != nil {
		return fail(err)
	}
	f := finished{Record: record.Number, Script: checksum(record), Seed: seed, Timed: !o.untimed, Log: string(output), Wall: time.Since(start)}
	f.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	r, err := f.read()
	if err != nil {
		return fail(err)
	}
	if track.Evaluator != nil && place < o.outside {
		if r.Outside, err = evaluate(ctx, o.python, *track.Evaluator, record, dir, r.valLoss()); err != nil {
			return fail(err)
		}
	}
	return r, nil
}

// evaluate judges the weights in dir outside the script.
func evaluate(ctx context.Context, python string, evaluator taskdata.Evaluator, record taskdata.Record, dir string, reported float64) (*taskdata.Evaluation, error) {
	for name, text := range evaluator.Files(taskdata.NewTask(record, record, nil), record.Script()) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, python, evaluator.Args("answer", 1)...)
	cmd.Dir = dir
	cmd.Env = environ.Plain(os.Environ())
	cmd.Stderr = os.Stderr
	output, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("evaluate outside the script: %w", err)
	}
	found, ok := taskdata.ReadEvaluation([]byte(strings.TrimSpace(string(output))), "answer")
	if !ok {
		return nil, fmt.Errorf("evaluate outside the script: no answer in %q", output)
	}
	if why := evaluator.Judge(found, reported); why != "" {
		return nil, fmt.Errorf("evaluate outside the script: %s", why)
	}
	return &found, nil
}

// parse reads the log of a finished run.
func parse(text string) (trainingRun, error) {
	var r trainingRun
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if words := strings.Fields(lines[0]); len(words) >= 2 {
		r.interpreter = words[0] + " " + words[1]
	}
	for _, line := range lines {
		fields := map[string]string{}
		for _, word := range strings.Fields(line) {
			if key, value, ok := strings.Cut(word, ":"); ok {
				fields[key] = value
			}
		}
		step, _, _ := strings.Cut(fields["step"], "/")
		number, err := strconv.Atoi(step)
		if err != nil {
			continue
		}
		ms, err := strconv.ParseFloat(strings.TrimSuffix(fields["train_time"], "ms"), 64)
		if err != nil {
			return r, fmt.Errorf("log line %q: train_time: %w", line, err)
		}
		point := taskdata.CurvePoint{Step: number, TrainMS: ms, TrainLoss: math.NaN(), ValLoss: math.NaN()}
		if n := len(r.points); n > 0 && r.points[n-1].Step == number {
			point = r.points[n-1]
			r.points = r.points[:n-1]
		}
		for key, loss := range map[string]*float64{"train_loss": &point.TrainLoss, "val_loss": &point.ValLoss} {
			if value, ok := fields[key]; ok {
				if *loss, err = strconv.ParseFloat(value, 64); err != nil {
					return r, fmt.Errorf("log line %q: %s: %w", line, key, err)
				}
			}
		}
		r.points = append(r.points, point)
	}
	if n := len(r.points); n == 0 || math.IsNaN(r.points[n-1].ValLoss) {
		return r, errors.New("its log does not end in a validation")
	}
	return r, nil
}

// summarize averages the runs of a record.
func summarize(record taskdata.Record, runs []trainingRun, machine string, target float64) taskdata.Reference {
	reference := taskdata.Reference{
		Record:     record.Number,
		MeasuredOn: machine + ", " + strings.Replace(runs[0].interpreter, "cpython", "CPython", 1),
		Seconds:    spread(timedRuns(runs), trainingRun.seconds),
		ValLoss:    spread(runs, trainingRun.valLoss),
	}
	var outside []trainingRun
	for _, r := range runs {
		reference.Seeds = append(reference.Seeds, r.Seed)
		if !(r.valLoss() <= target) {
			reference.Missed++
		}
		if r.Outside != nil {
			outside = append(outside, r)
		}
	}
	if len(outside) > 0 {
		lowest := func(value func(trainingRun) float64) float64 {
			least := math.Inf(1)
			for _, r := range outside {
				least = min(least, value(r))
			}
			return rounded(least)
		}
		reference.Outside = taskdata.Outside{
			Seeds:     len(outside),
			OtherLoss: spread(outside, func(r trainingRun) float64 { return r.Outside.OtherLoss }),
			Blank:     lowest(func(r trainingRun) float64 { return r.Outside.BlankLoss }),
			Context:   lowest(func(r trainingRun) float64 { return r.Outside.ShortLoss - r.Outside.FullLoss }),
		}
	}
	reference.Timed = len(timedRuns(runs))
	for i, point := range runs[0].points {
		mean := func(runs []trainingRun, value func(taskdata.CurvePoint) float64) float64 {
			return spread(runs, func(r trainingRun) float64 { return value(r.points[min(i, len(r.points)-1)]) }).Mean
		}
		reference.Steps = point.Step
		reference.Points = append(reference.Points, taskdata.Point{
			Step:      point.Step,
			TrainMS:   math.Round(mean(timedRuns(runs), func(p taskdata.CurvePoint) float64 { return p.TrainMS })),
			TrainLoss: known(mean(runs, func(p taskdata.CurvePoint) float64 { return p.TrainLoss })),
			ValLoss:   known(mean(runs, func(p taskdata.CurvePoint) float64 { return p.ValLoss })),
		})
	}
	return reference
}

func known(loss float64) *float64 {
	if math.IsNaN(loss) {
		return nil
	}
	loss = rounded(loss)
	return &loss
}

func rounded(value float64) float64 { return math.Round(value*1e4) / 1e4 }

func spread(runs []trainingRun, value func(trainingRun) float64) taskdata.Spread {
	var sum, squares float64
	for _, r := range runs {
		sum += value(r)
	}
	mean := sum / float64(len(runs))
	for _, r := range runs {
		squares += (value(r) - mean) * (value(r) - mean)
	}
	sd := math.Sqrt(squares / float64(max(1, len(runs)-1)))
	if math.IsNaN(mean) {
		return taskdata.Spread{Mean: mean, SD: sd}
	}
	return taskdata.Spread{Mean: rounded(mean), SD: rounded(sd)}
}

// write puts a reference file in place, a line a point.
func write(path string, reference taskdata.Reference) error {
	points := reference.Points
	reference.Points = nil
	head, err := json.MarshalIndent(reference, "", " ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	lines := slices.Collect(func(yield func(string) bool) {
		for _, point := range points {
			if line, e := json.Marshal(point); e != nil {
				err = e
			} else if !yield("  " + string(line)) {
				return
			}
		}
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	text := strings.Replace(string(head), `"curve": null`, "\"curve\": [\n"+strings.Join(lines, ",\n")+"\n ]", 1) + "\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the reference: %w", err)
	}
	return nil
}
