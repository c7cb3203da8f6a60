package importer

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path"
	"regexp"
	"slices"
	"strings"

	"pitwall/taskdata"
)

// loggedRun is one readable log of a record's folder.
type loggedRun struct {
	path string
	*runLog
}

func (r loggedRun) seconds() float64 { return r.last.TrainMS / 1000 }

// records imports modded-nanogpt.
func (s *session) records(ctx context.Context) error {
	records := slices.Concat(s.before.Records(taskdata.NanoGPT), s.before.Records(taskdata.NanoGPTMedium))
	var last taskdata.ImportedRecord
	used := map[string]bool{} // folders
	for i, r := range records {
		s.progress(Progress{Done: i, Total: len(records), What: fmt.Sprintf("%s/%d", r.Track, r.Number)})
		item := Item{Kind: KindRecord, Track: r.Track, Number: r.Number, PublishedSeconds: r.Seconds}
		record, err := s.record(ctx, r, last, &item)
		if err != nil {
			return err
		}
		item.Script = record.Script != ""
		if item.Script || len(record.Curve) > 0 {
			if err := s.keep(record, &item); err != nil {
				return err
			}
		}
		s.report.Items = append(s.report.Items, item)
		folder, _ := recordFolder(item.Name)
		used[folder] = true
		for _, retimed := range r.Retimed {
			if at, ok := s.locate(retimed.Log); ok {
				folder, _ := recordFolder(at)
				used[folder] = true
			}
		}
		last = record
	}
	s.progress(Progress{Done: len(records), Total: len(records)})
	s.otherFolders(used)
	return nil
}

// record reads what the clone holds of a record. last is what it held of the record before. The error
// is of the whole import.
func (s *session) record(ctx context.Context, r taskdata.Record, last taskdata.ImportedRecord, item *Item) (taskdata.ImportedRecord, error) {
	record := taskdata.ImportedRecord{Source: taskdata.ModdedNanoGPT, Commit: s.clone.commit, Track: r.Track, Number: r.Number}
	if r.Log == "" {
		if r.Upgrade() && last.Script != "" && last.Track == r.Track && last.Number == r.Number-1 {
			record.Path, record.Script, record.Modules = last.Path, last.Script, last.Modules
			item.Name, item.Why = last.Path, fmt.Sprintf("it is a newer PyTorch alone and has no log: the script is that of record %d", last.Number)
			return record, nil
		}
		item.State, item.Why = Skipped, "the repository holds no log of it"
		return record, nil
	}
	at, ok := s.locate(r.Log)
	item.Name = at
	if !ok {
		item.Name, item.State, item.Why = r.Log, Skipped, "this commit holds neither its log nor one of that name"
		return record, nil
	}
	var runs []loggedRun
	var err error
	if s.files[at] != "" {
		runs, err = s.runsOfLog(ctx, at, item)
	} else {
		runs, err = s.runsOfFolder(ctx, at, r.Seconds, item)
	}
	if err != nil {
		return record, err
	}
	beside := path.Dir(at)
	if len(runs) > 0 {
		s.fill(&record, runs, item)
		beside = path.Dir(record.Path)
	}
	return record, s.compare(ctx, beside+"/", &record, item)
}

// runsOfLog reads a record's log and the other logs of the same script in its folder. The first is the
// one that stands for the record.
func (s *session) runsOfLog(ctx context.Context, at string, item *Item) ([]loggedRun, error) {
	folder, _ := recordFolder(at)
	all, err := s.runs(ctx, s.logsIn(folder), item)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(r loggedRun) bool { return r.path == at })
	if i < 0 {
		return nil, nil
	}
	linked := all[i]
	if linked.source == "" {
		return []loggedRun{linked}, nil
	}
	all = slices.DeleteFunc(all, func(r loggedRun) bool { return r.source != linked.source })
	chosen := linked
	if alike := onEightGPUs(all); linked.gpus > 0 && linked.gpus != 8 && len(alike) > 0 {
		chosen = middle(alike)
		item.Why = fmt.Sprintf("the linked log is of a run on %s: figures and curve are of %s", linked.hardware, path.Base(chosen.path))
	}
	return standingFirst(chosen, all), nil
}

func onEightGPUs(runs []loggedRun) []loggedRun {
	return slices.DeleteFunc(slices.Clone(runs), func(r loggedRun) bool { return r.gpus != 8 || !r.done })
}

// runsOfFolder reads the logs of a record that links to a folder, and returns those of one script: of
// the scripts with at least half as many runs as the most common one, that whose times lie nearest the
// published one. The run with the median time stands for the record, and comes first.
func (s *session) runsOfFolder(ctx context.Context, folder string, published float64, item *Item) ([]loggedRun, error) {
	all, err := s.runs(ctx, s.logsIn(folder), item)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	groups := map[string][]loggedRun{}
	most := 0
	for _, r := range all {
		groups[r.source] = append(groups[r.source], r)
	}
	delete(groups, "")
	for _, group := range groups {
		most = max(most, len(group))
	}
	var best []loggedRun
	distance := func(group []loggedRun) float64 { return math.Abs(middle(group).seconds() - published) }
	for _, r := range all { // in order of path, so that a tie is decided the same way each time
		group := groups[r.source]
		if 2*len(group) >= most && len(group) > 0 && (best == nil || distance(group) < distance(best)) {
			best = group
		}
	}
	if best == nil {
		return all[:1], nil // no log holds a script; fill says so
	}
	return standingFirst(middle(best), best), nil
}

// middle returns the whole run with the median time, a cut one where none is whole.
func middle(runs []loggedRun) loggedRun {
	whole := slices.DeleteFunc(slices.Clone(runs), func(r loggedRun) bool { return !r.done })
	if len(whole) == 0 {
		return runs[0]
	}
	slices.SortStableFunc(whole, func(a, b loggedRun) int { return cmp.Compare(a.seconds(), b.seconds()) })
	return whole[(len(whole)-1)/2]
}

func standingFirst(first loggedRun, runs []loggedRun) []loggedRun {
	return append([]loggedRun{first}, slices.DeleteFunc(slices.Clone(runs), func(r loggedRun) bool { return r.path == first.path })...)
}

// runs reads logs. A log that cannot be read makes the item damaged where it is the item's own, and is
// mentioned else.
func (s *session) runs(ctx context.Context, paths []string, item *Item) ([]loggedRun, error) {
	var runs []loggedRun
	unread := 0
	for _, p := range paths {
		text, err := s.read(ctx, p)
		switch {
		case ctx.Err() != nil:
			return nil, err
		case err != nil && p == item.Name:
			item.State, item.Why = Damaged, fmt.Sprintf("its log cannot be read: %v", err)
		case err != nil:
			unread++
		default:
			runs = append(runs, loggedRun{p, readRunLog(text)})
		}
	}
	switch {
	case unread > 0 && len(runs) == 0 && item.State == "":
		item.State, item.Why = Damaged, fmt.Sprintf("none of its logs can be read: %v", errMissing)
	case unread > 0 && item.State == "":
		item.Why = fmt.Sprintf("%d of the %d logs in its folder cannot be read", unread, len(paths))
	}
	return runs, nil
}

// fill puts what the runs of one script say into a record; the first stands for it.
func (s *session) fill(record *taskdata.ImportedRecord, runs []loggedRun, item *Item) {
	first := runs[0]
	record.Path, record.Log = first.path, first.path
	record.Script, record.Modules = first.script, first.modules
	record.Python, record.Torch, record.CUDA, record.Driver, record.Hardware = first.python, first.torch, first.cuda, first.driver, first.hardware
	item.Torch, item.Hardware = first.torch, first.hardware
	switch {
	case first.cut:
		item.State, item.Why = Damaged, "its log ends within the script"
		record.Script, record.Modules = "", nil
	case first.script == "":
		item.State, item.Why = Skipped, "its log holds no script (its curve is taken)"
	case !first.done:
		item.State, item.Why = Damaged, "its log ends before the last step"
	}
	if first.done {
		record.Steps, record.ValLoss, record.Seconds, record.PeakMiB = first.steps, *first.last.ValLoss, first.seconds(), first.peak
		record.Curve = thin(first.points)
		item.CurvePoints, item.Seconds, item.ValLoss = len(record.Curve), record.Seconds, record.ValLoss
	}
	alike := slices.DeleteFunc(slices.Clone(runs), func(r loggedRun) bool {
		return !r.done || r.script == "" || r.hardware != first.hardware
	})
	slices.SortFunc(alike, func(a, b loggedRun) int { return cmp.Compare(a.path, b.path) })
	for _, r := range alike {
		record.Runs = append(record.Runs, taskdata.LoggedRun{Path: r.path, Seconds: r.seconds(), ValLoss: *r.last.ValLoss})
	}
	record.Band = band(alike)
	item.Runs = len(alike)
}

// band sums up several runs at each step where all of them validated.
func band(runs []loggedRun) []taskdata.BandPoint {
	if len(runs) < 2 {
		return nil
	}
	times, losses := map[int][]float64{}, map[int][]float64{}
	for _, r := range runs {
		for _, p := range r.points {
			if p.ValLoss != nil && len(losses[p.Step]) < len(runs) {
				times[p.Step] = append(times[p.Step], p.TrainMS)
				losses[p.Step] = append(losses[p.Step], *p.ValLoss)
			}
		}
	}
	var points []taskdata.BandPoint
	for step, list := range losses {
		if len(list) == len(runs) {
			points = append(points, taskdata.BandPoint{
				Step: step, TrainMS: median(times[step]), Low: slices.Min(list), Median: median(list), High: slices.Max(list),
			})
		}
	}
	slices.SortFunc(points, func(a, b taskdata.BandPoint) int { return cmp.Compare(a.Step, b.Step) })
	return points
}

// median returns the middle of a list, which it sorts; the mean of the two middles of an even one.
func median(list []float64) float64 {
	slices.Sort(list)
	n := len(list)
	return (list[(n-1)/2] + list[n/2]) / 2
}

// compare looks at the script file beside the log: it gives the script where the log has none, and a
// difference is said.
func (s *session) compare(ctx context.Context, beside string, record *taskdata.ImportedRecord, item *Item) error {
	var found []string
	for p := range s.files {
		if name, ok := strings.CutPrefix(p, beside); ok && scriptName.MatchString(name) {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		return nil
	}
	text, err := s.read(ctx, found[0])
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil:
		item.Why = strings.TrimPrefix(fmt.Sprintf("%s; %s beside its log cannot be read", item.Why, path.Base(found[0])), "; ")
	case record.Script == "":
		record.Path, record.Script = found[0], text
		if item.State == Skipped {
			item.State = ""
		}
		item.Why += "; the script is the file beside it"
	case strings.TrimRight(record.Script, "\n") != strings.TrimRight(text, "\n"):
		item.Why = strings.TrimPrefix(item.Why+"; "+path.Base(found[0])+" beside its log is another script; the log's own was taken", "; ")
	}
	return nil
}

var scriptName = regexp.MustCompile(`^train_gpt\w*\.py$`)
