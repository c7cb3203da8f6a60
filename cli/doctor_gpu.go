package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pitwall/agent/rig"
	"pitwall/runner/gpu"
	"pitwall/runner/profile"
	"pitwall/taskdata"
)

// span is a profile and the tasks that run under it, which follow each other.
type span struct {
	profile.Profile
	tasks []taskdata.Task
}

// String names the records for people: "nanogpt/4 to 9".
func (s span) String() string {
	first, last := s.tasks[0].From, s.tasks[len(s.tasks)-1].From
	if first.Number == last.Number {
		return fmt.Sprintf("%s/%d", first.Track, first.Number)
	}
	return fmt.Sprintf("%s/%d to %d", first.Track, first.Number, last.Number)
}

// spans gives the tasks of the GPU tracks by the profile that they run under.
func (a *app) spans(set profile.Set) ([]span, error) {
	var all []span
	for _, track := range taskdata.Tracks() {
		if track.GPUs == 0 {
			continue
		}
		for _, task := range append(a.tasks().Tasks(track.ID), a.tasks().OpenTasks(track.ID)...) {
			p, err := set.For(track.ID, task.From.Number)
			if err != nil {
				return nil, err
			}
			if n := len(all); n == 0 || all[n-1].Name != p.Name {
				all = append(all, span{Profile: p})
			}
			last := &all[len(all)-1]
			last.tasks = append(last.tasks, task)
		}
	}
	return all, nil
}

// examineGPUs says what the GPU tracks need here and what of it is there.
func (a *app) examineGPUs(ctx context.Context) []check {
	found := a.surveyor()
	path := filepath.Join(a.home(), rig.ProfilesFile)
	set, err := profile.Load(path)
	if err != nil {
		return []check{
			examineCards(ctx, found, nil),
			{Name: "profiles", Found: err.Error(), Mend: "mend the file: the tracks that train on GPUs cannot run before"},
		}
	}
	profiles := check{Name: "profiles", OK: true, Found: "the built-in ones; there is no " + path}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		profiles.Found = path + " over the built-in ones"
	}
	spans, err := a.spans(set)
	if err != nil {
		profiles.OK, profiles.Found = false, err.Error()
		return []check{profiles}
	}
	checks := []check{examineCards(ctx, found, spans), profiles}
	checks = append(checks, examineTorch(ctx, found, spans)...)
	return append(checks, a.examineData(ctx, found, spans)...)
}

// examineCards looks for the GPUs. Those that a launcher takes elsewhere are not
// this machine's to have.
func examineCards(ctx context.Context, s *rig.Surveyor, spans []span) check {
	f := s.CardFacts(ctx)
	most := 0
	for _, sp := range spans {
		if len(sp.Launch) == 0 {
			most = max(most, sp.GPUs)
		}
	}
	trouble := new(gpu.Error)
	switch {
	case f.NoGPUs == nil:
		c := rig.CardsNeed(profile.Profile{GPUs: most}, f)
		return check{Name: "gpus", OK: c.OK, Found: c.Found, Mend: c.Mend}
	case most == 0 && len(spans) > 0:
		return check{Name: "gpus", OK: true, Found: "those that the launcher of each profile takes"}
	case errors.As(f.NoGPUs, &trouble):
		return check{Name: "gpus", Found: trouble.Found + "; the practice track needs none", Mend: trouble.Mend}
	}
	return check{Name: "gpus", Found: f.NoGPUs.Error()}
}

// examineTorch looks for the torch of each interpreter that a profile names.
func examineTorch(ctx context.Context, s *rig.Surveyor, spans []span) []check {
	var checks []check
	var programs []string
	by := map[string][]span{}
	for _, sp := range spans {
		program := s.TorchOf(ctx, sp.Profile).Program
		if by[program] == nil {
			programs = append(programs, program)
		}
		by[program] = append(by[program], sp)
	}
	for _, program := range programs {
		t := s.TorchOf(ctx, by[program][0].Profile)
		checks = append(checks, torchOf(t.Version, program, errors.Join(t.Missing, t.Silent), by[program]))
	}
	return checks
}

// torchOf says which torch a program brings, and which the tasks want that it runs.
func torchOf(version, program string, err error, spans []span) check {
	c := check{Name: "torch", OK: err == nil}
	switch {
	case err != nil:
		c.Found = "none: " + err.Error()
	case version == "":
		c.Found = "that of " + program + ", not looked at"
	default:
		c.Found = fmt.Sprintf("%s (%s)", version, program)
	}
	var wants []string
	of := map[string][]span{}
	for _, sp := range spans {
		wanted := wantedSpan(sp)
		if wanted == "" && sp.Torch == profile.AsRecord {
			wanted = "that of each record's log"
		} else if wanted == "" {
			wanted = "any"
		}
		if of[wanted] == nil {
			wants = append(wants, wanted)
		}
		of[wanted] = append(of[wanted], sp)
		if known := version != "" && rig.SameTorch(version, wantedSpan(sp)); c.Mend == "" && !known && (err != nil || version != "") {
			c.Mend = fmt.Sprintf("for %s: %s", sp, rig.InstallTorch(wantedSpan(sp)))
		}
	}
	if err != nil {
		c.Mend += "; or name an interpreter that has it as python under [defaults] in " + rig.ProfilesFile
	}
	for i, wanted := range wants {
		var names []string
		for _, sp := range joined(of[wanted]) {
			names = append(names, sp.String())
		}
		wants[i] = wanted + " for " + strings.Join(names, " and ")
	}
	c.Found += "; wanted: " + strings.Join(wants, ", ")
	return c
}

// joined makes one of spans that follow each other in a track.
func joined(spans []span) []span {
	var all []span
	for _, sp := range spans {
		if n := len(all); n > 0 {
			if last := all[n-1].tasks[len(all[n-1].tasks)-1].From; last.Track == sp.tasks[0].From.Track && last.Number+1 == sp.tasks[0].From.Number {
				all[n-1].tasks = slices.Concat(all[n-1].tasks, sp.tasks)
				continue
			}
		}
		all = append(all, sp)
	}
	return all
}

// wantedSpan is the version of torch that all records of a span want, "" where they
// do not want the same, or any will do.
func wantedSpan(sp span) string {
	wanted := rig.WantedTorch(sp.Profile, sp.tasks[0].From)
	for _, task := range sp.tasks {
		if rig.WantedTorch(sp.Profile, task.From) != wanted {
			return ""
		}
	}
	return wanted
}

// examineData looks for the shards in each directory that a profile names, and says
// which records they are enough for.
func (a *app) examineData(ctx context.Context, s *rig.Surveyor, spans []span) []check {
	var checks []check
	by := map[string][]span{}
	var dirs []string
	for _, sp := range spans {
		dir := sp.ShardDir()
		if by[dir] == nil {
			dirs = append(dirs, dir)
		}
		by[dir] = append(by[dir], sp)
	}
	for _, dir := range dirs {
		checks = append(checks, a.examineShards(ctx, s, dir, by[dir]))
	}
	return checks
}

func (a *app) examineShards(ctx context.Context, s *rig.Surveyor, dir string, spans []span) check {
	c := check{Name: "data"}
	var most profile.Need
	var hungriest taskdata.Task
	for _, sp := range spans {
		for _, task := range sp.tasks {
			n, err := rig.Shards(task)
			if err != nil {
				c.Found = err.Error()
				return c
			}
			if n.Shards > most.Shards {
				most, hungriest = n, task
			}
		}
	}
	if dir == "" || slices.ContainsFunc(spans, func(sp span) bool { return len(sp.Launch) > 0 }) {
		f := rig.Facts{Home: a.home(), Profile: spans[0].Profile, DataElsewhere: profile.DataElsewhere(a.getenv)}
		if dir != "" && len(f.Profile.Launch) == 0 {
			f.Data, f.NoData = s.Shards(ctx, dir, most)
		}
		one := rig.DataNeed(hungriest, f)
		return check{Name: "data", OK: one.OK, Found: fmt.Sprintf("%s; that is for %s, which needs the most", one.Found, hungriest.ID()), Mend: one.Mend}
	}
	found, err := s.Shards(ctx, dir, most)
	if err != nil {
		c.Found = err.Error()
		return c
	}
	if len(found.Faults) == 0 {
		c.OK, c.Found = true, fmt.Sprintf("%d shards in %s, enough for every record", found.Train, dir)
		return c
	}
	var lacking []string
	for _, sp := range spans {
		lacking = append(lacking, shortfall(sp, found.Train)...)
	}
	c.Found = fmt.Sprintf("%d shards in %s: %s", found.Train, dir, strings.Join(found.Faults, "; "))
	if len(lacking) > 0 {
		c.Found += "; too few for " + strings.Join(lacking, ", ") + ": records up to 18 would repeat what is there without a word, later ones stop"
	}
	c.Mend = found.Mend
	return c
}

// shortfall names the tasks of a span that need more than some shards, with how many.
func shortfall(sp span, have int) (names []string) {
	for i := 0; i < len(sp.tasks); {
		n, err := rig.Shards(sp.tasks[i])
		j := i + 1
		for ; err == nil && j < len(sp.tasks); j++ {
			if next, err := rig.Shards(sp.tasks[j]); err != nil || next.Shards != n.Shards {
				break
			}
		}
		if err == nil && n.Shards > have {
			names = append(names, fmt.Sprintf("%s (%d)", span{tasks: sp.tasks[i:j]}, n.Shards))
		}
		i = j
	}
	return names
}
