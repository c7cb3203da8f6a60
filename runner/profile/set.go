package profile

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

// defaultText has the profiles that everybody has; its comments tell how a
// profiles.toml is written.
//
//go:embed defaults.toml
var defaultText string

// A Set holds the profiles of all tracks.
type Set struct {
	entries []entry // by name
}

// An entry is a profile and what its place in the set depends on.
type entry struct {
	Profile
	empty *bool // what empty_caches says, nil where nothing does
	own   table // what the user's file says of it; the zero table where it says nothing
}

// Load reads the user's profiles.toml at path over the defaults; there need not be
// one. Its error tells the first thing that is wrong in the file, with its line, and
// what to write instead.
func Load(path string) (Set, error) {
	base, err := parse("the built-in profiles", defaultText)
	if err != nil {
		return Set{}, err
	}
	user := &document{name: path}
	switch text, err := os.ReadFile(path); {
	case errors.Is(err, fs.ErrNotExist) || path == "":
	case err != nil:
		return Set{}, fmt.Errorf("read profiles: %w", err)
	default:
		if user, err = parse(path, string(text)); err != nil {
			return Set{}, err
		}
	}
	set := merge(base, user)
	if err := cmp.Or(base.err(), user.err()); err != nil {
		return Set{}, err
	}
	if set.check(user); user.err() != nil {
		return Set{}, user.err()
	}
	return set, nil
}

// merge makes the profiles: of each, what is said in general comes before what is
// said of it, and what is built in before what the user says.
func merge(base, user *document) Set {
	for _, d := range []*document{base, user} {
		d.root().only("defaults", "profiles")
		d.section("defaults").only(settings()...)
	}
	known, own := base.profiles(), user.profiles()
	names := slices.AppendSeq(slices.Collect(maps.Keys(known)), maps.Keys(own))
	slices.Sort(names)
	var set Set
	for _, name := range slices.Compact(names) {
		e := entry{Profile: Profile{Name: name}, own: own[name]}
		for _, t := range []table{base.section("defaults"), user.section("defaults"), known[name], own[name]} {
			e.read(t)
		}
		set.entries = append(set.entries, e)
	}
	return set
}

// check refuses, in the user's file, profiles that cannot be, spans that leave open
// which of two is meant, and profiles that are never taken.
func (s Set) check(user *document) {
	sound := true
	for _, e := range s.entries {
		sound = e.check(user) && sound
	}
	if !sound {
		return
	}
	for i, a := range s.entries {
		for _, b := range s.entries[:i] {
			if !a.overlaps(b.Profile) || a.width() != b.width() {
				continue
			}
			e, other := a, b
			if a.own.doc == nil || b.own.doc != nil && b.own.line("from") > a.own.line("from") {
				e, other = b, a
			}
			e.own.wrong("from", "records %s are those of %s too, which has as many, and neither would be taken before the other; give one of them fewer, or write [profiles.%s] to change that one",
				e.span(), other.Name, other.Name)
			sound = false
		}
	}
	if !sound {
		return
	}
	for _, e := range s.entries {
		if e.own.doc != nil && !s.taken(e) {
			e.own.wrong("from", "no record would ever run under it: other profiles cover records %s more narrowly; change those by name, or write it under [defaults]", e.span())
		}
	}
}

// taken reports whether some record runs under e. Who is taken changes only where a
// span starts or ends.
func (s Set) taken(e entry) bool {
	records := []int{e.From}
	for _, o := range s.entries {
		records = append(records, o.From, o.To+1)
	}
	return slices.ContainsFunc(records, func(n int) bool {
		if !e.Covers(e.Track, n) {
			return false
		}
		p, err := s.For(e.Track, n)
		return err == nil && p.Name == e.Name
	})
}

func (p Profile) overlaps(o Profile) bool {
	return p.Covers(o.Track, o.From) || o.Covers(p.Track, p.From)
}

// span names the records for people: "4 to 9".
func (p Profile) span() string {
	switch p.To {
	case 0:
		return fmt.Sprintf("%d and later", p.From)
	case p.From:
		return fmt.Sprint(p.From)
	}
	return fmt.Sprintf("%d to %d", p.From, p.To)
}

// For gives the profile of a record: of those that cover it the one with the fewest
// records. A task's two records run under that of the first.
func (s Set) For(track string, record int) (Profile, error) {
	var best *entry
	for i, e := range s.entries {
		if e.Covers(track, record) && (best == nil || e.width() < best.width()) {
			best = &s.entries[i]
		}
	}
	if best == nil {
		return Profile{}, fmt.Errorf("no profile covers record %d of %s; in profiles.toml write [profiles.NAME] with track = %q and from = %d",
			record, track, track, record)
	}
	p := best.Profile
	p.EmptyCaches = timesCompiling(track, record)
	if best.empty != nil {
		p.EmptyCaches = *best.empty
	}
	return p, nil
}

// check reports whether the entries of a profile go together. What is wrong is noted
// in the user's file: the built-in profiles are sound.
func (e entry) check(user *document) bool {
	t := e.own
	if t.doc == nil {
		t = user.section("defaults")
	}
	switch {
	case e.Track == "":
		t.wrong("track", "a new profile needs a track, as track = \"nanogpt\"; to change one that is there write one of %s", strings.Join(builtIn(), ", "))
	case e.From == 0:
		t.wrong("from", "a new profile needs its first record, as from = 1")
	case e.To != 0 && e.To < e.From:
		t.wrong("to", "the span ends at record %d before it starts at record %d; leave to out for all that follow", e.To, e.From)
	case e.empty != nil && !*e.empty && slices.ContainsFunc([]int{1, 2, 3}, func(n int) bool { return timesCompiling(e.Track, n) && e.Covers(e.Track, n) }):
		t.wrong("empty_caches", "records 1 to 3 of nanogpt time their compilation, so each run of them must start with empty caches; write empty_caches = true, or from = 4")
	case e.ProcessLimit < e.TrainLimit:
		key := "process_limit"
		if !t.has(key) {
			key = "train_limit"
		}
		t.wrong(key, "a process that ends after %s cannot train for %s (profile %s); write process_limit above train_limit", brief(e.ProcessLimit), brief(e.TrainLimit), e.Name)
	case e.Data == "" && slices.ContainsFunc(e.Launch, func(word string) bool { return strings.Contains(word, "{data}") }):
		t.wrong("launch", "{data} stands for the directory of the data, which is not known; write data = \"/path/of/data\" too")
	default:
		return true
	}
	return false
}

// builtIn names the profiles that everybody has.
func builtIn() []string {
	d, err := parse("", defaultText)
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(d.profiles()))
}
