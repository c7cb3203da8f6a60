package profile

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"pitwall/internal/environ"
	"pitwall/internal/spell"
	"pitwall/internal/tomlline"
)

// A document is a TOML file while it is read. Its tables are read by hand, not into
// structs: each error is to name its line and what to write instead.
type document struct {
	name   string
	values map[string]any
	lines  tomlline.Lines
	faults []fault
}

type fault struct {
	line int
	text string
}

func parse(name, text string) (*document, error) {
	d := &document{name: name}
	if _, err := toml.Decode(text, &d.values); err != nil {
		line, why := 1, err.Error()
		var p toml.ParseError
		if errors.As(err, &p) {
			line, why = p.Position.Line, strings.TrimSuffix(p.Message, ".")
		}
		return nil, fmt.Errorf("%s:%d: this is no TOML: %s", name, line, why)
	}
	d.lines = tomlline.Of([]byte(text))
	return d, nil
}

// err gives the fault that stands first in the file.
func (d *document) err() error {
	if len(d.faults) == 0 {
		return nil
	}
	first := slices.MinFunc(d.faults, func(a, b fault) int { return cmp.Compare(a.line, b.line) })
	return fmt.Errorf("%s:%d: %s", d.name, first.line, first.text)
}

// A table is a table of a document.
type table struct {
	doc  *document
	path []string
	keys map[string]any
}

func (d *document) root() table { return table{doc: d, keys: d.values} }

// section gives a table at the top; an empty one where it is missing.
func (d *document) section(name string) table { return d.root().sub(name) }

func (d *document) profiles() map[string]table {
	all := d.section("profiles")
	found := map[string]table{}
	for _, name := range slices.Sorted(maps.Keys(all.keys)) {
		if !profileName.MatchString(name) {
			all.wrong(name, "a profile's name has letters, digits, - and _ only, as [profiles.my-node]")
			continue
		}
		t := all.sub(name)
		t.only(append(settings(), span()...)...)
		found[name] = t
	}
	return found
}

func (t table) sub(name string) table {
	keys, ok := t.keys[name].(map[string]any)
	s := table{doc: t.doc, path: append(slices.Clone(t.path), name), keys: keys}
	if !ok && t.has(name) {
		t.wrong(name, "must be a table, as [%s]", strings.Join(s.path, "."))
	}
	return s
}

func (t table) has(key string) bool {
	_, ok := t.keys[key]
	return ok
}

// line gives the line of a key, and of the table where the key is not there.
func (t table) line(key ...string) int {
	return t.doc.lines.At(append(slices.Clone(t.path), key...)...)
}

// wrong notes a fault at a key of the table.
func (t table) wrong(key, format string, args ...any) {
	where := strings.Join(append(slices.Clone(t.path), key), ".")
	t.doc.faults = append(t.doc.faults, fault{t.line(strings.Split(key, ".")...), where + ": " + fmt.Sprintf(format, args...)})
}

// only refuses keys that are not among known, and names the nearest.
func (t table) only(known ...string) {
	for _, key := range slices.Sorted(maps.Keys(t.keys)) {
		if slices.Contains(known, key) {
			continue
		}
		if slices.Contains(span(), key) {
			t.wrong(key, "belongs to a profile, under [profiles.NAME]")
			continue
		}
		near := slices.MinFunc(known, func(a, b string) int { return cmp.Compare(spell.Distance(key, a), spell.Distance(key, b)) })
		t.wrong(key, "there is no such entry; did you mean %s?", near)
	}
}

// settings are the entries that both [defaults] and a profile can have.
func settings() []string {
	return []string{
		"torch", "cuda", "python", "conda", "torchrun", "gpus", "launch", "data", "pass", "env", "caches",
		"empty_caches", "compile_limit", "train_limit", "process_limit", "price", "currency", "power",
	}
}

// span are the entries that a profile alone can have.
func span() []string { return []string{"track", "from", "to"} }

// read lays a table over the profile.
func (e *entry) read(t table) {
	for _, key := range slices.Sorted(maps.Keys(t.keys)) {
		if err := e.set(key, t.keys[key]); err != nil {
			at := key
			var in inside
			if errors.As(err, &in) {
				at += "." + in.key
			}
			t.wrong(at, "%s", err)
		}
	}
}

// An inside error is about a key of an entry that is a table itself.
type inside struct {
	key string
	error
}

// set takes one entry. Its error says what must be written instead.
func (e *entry) set(key string, v any) error {
	switch key {
	case "track":
		return text(&e.Track, v, trackName, "the name of a track", `track = "nanogpt"`)
	case "from":
		return whole(&e.From, v, 1, math.MaxInt32, "the number of a record", "from = 4")
	case "to":
		return whole(&e.To, v, 1, math.MaxInt32, "the number of a record", "to = 9")
	case "torch":
		return text(&e.Torch, v, torchVersion, "a version, or \"record\" for that of each record's log", `torch = "2.7.1"`)
	case "cuda":
		return text(&e.CUDA, v, cudaVersion, "a version", `cuda = "12.6"`)
	case "python":
		return text(&e.Python, v, aWord, "a path or a command", `python = "/opt/speedrun/bin/python"`)
	case "conda":
		return text(&e.Conda, v, aWord, "a name or a directory", `conda = "speedrun"`)
	case "torchrun":
		return text(&e.Torchrun, v, aWord, "a path or a command", `torchrun = "/opt/speedrun/bin/torchrun"`)
	case "gpus":
		return e.setGPUs(v)
	case "launch":
		return e.setLaunch(v)
	case "data":
		return directory(&e.Data, v, `data = "/data/modded-nanogpt/data"`)
	case "caches":
		return directory(&e.CacheDir, v, `caches = "/scratch/caches"`)
	case "pass":
		return e.setPass(v)
	case "env":
		return e.setEnv(v)
	case "empty_caches":
		b, ok := v.(bool)
		if !ok {
			return errors.New("must be true or false, as empty_caches = true")
		}
		e.empty = &b
	case "compile_limit":
		return duration(&e.CompileLimit, v, `compile_limit = "30m"`)
	case "train_limit":
		return duration(&e.TrainLimit, v, `train_limit = "60m"`)
	case "process_limit":
		return duration(&e.ProcessLimit, v, `process_limit = "2h"`)
	case "price":
		return e.setPrice(v)
	case "currency":
		return text(&e.Currency, v, currency, "three capital letters", `currency = "EUR"`)
	case "power":
		return text(&e.Power, v, aWord, "a note on the GPUs' power limit", `power = "500 W"`)
	}
	return nil // refused already, with the nearest that there is
}

func (e *entry) setGPUs(v any) error {
	const example = "gpus = 8"
	var n int
	if err := whole(&n, v, math.MinInt32, math.MaxInt32, "how many GPUs a run takes", example); err != nil {
		return err
	}
	if n < 1 || n > 8 && n < 16 || n > 1024 {
		return fmt.Errorf("no run takes %d GPUs: write 1 to 8, or 16 and more of one machine, as %s", n, example)
	}
	e.GPUs = n
	return nil
}

func (e *entry) setLaunch(v any) error {
	words, err := texts(v, `launch = ["srun", "--gpus={gpus}"]`)
	if err != nil {
		return err
	}
	for i, word := range words {
		if strings.TrimSpace(word) == "" {
			return fmt.Errorf("word %d of the list is empty; leave it out", i+1)
		}
		for _, p := range placeholder.FindAllString(word, -1) {
			switch {
			case p == "{env}" && word != p:
				return errors.New("{env} stands for several words and must be one of its own, as launch = [\"docker\", \"run\", \"{env}\", \"my/image\"]")
			case !slices.Contains([]string{"{dir}", "{data}", "{gpus}", "{env}"}, p):
				return fmt.Errorf("nothing is known of %s; there are {dir}, {data}, {gpus} and {env}", p)
			}
		}
	}
	e.Launch = words
	return nil
}

func (e *entry) setPass(v any) error {
	const example = `pass = ["LD_LIBRARY_PATH", "NCCL_*"]`
	names, err := texts(v, example)
	if err != nil {
		return err
	}
	for _, name := range names {
		switch {
		case !passPattern.MatchString(name):
			return fmt.Errorf("%q is no name of a variable, nor the start of one with * after it, as %s", name, example)
		case environ.Secret(name):
			return fmt.Errorf("%s looks like the name of a secret, and scripts get none; leave it out", name)
		case strings.HasSuffix(name, "*") && len(name) < 4:
			return fmt.Errorf("%s would pass nearly everything; write more of the names, as %s", name, example)
		}
	}
	e.Pass = names
	return nil
}

func (e *entry) setEnv(v any) error {
	const example = `env = { NCCL_DEBUG = "WARN" }`
	values, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("must be a table, as %s", example)
	}
	env := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value, isText := values[name].(string)
		by, taken := ours()[name]
		switch {
		case taken:
			return inside{name, fmt.Errorf("%s is set by %s; leave it out", name, by)}
		case !envName.MatchString(name) || strings.HasPrefix(name, "PITWALL_"):
			return inside{name, fmt.Errorf("%q is no name that a script's variable can have, as %s", name, example)}
		case environ.Secret(name):
			return inside{name, fmt.Errorf("%s looks like the name of a secret, and scripts get none; leave it out", name)}
		case !isText || strings.ContainsRune(value, 0):
			return inside{name, fmt.Errorf("must be a text, as %s", example)}
		}
		env[name] = value
	}
	e.Env = env
	return nil
}

func (e *entry) setPrice(v any) error {
	f, ok := v.(float64)
	if n, isWhole := v.(int64); isWhole {
		f, ok = float64(n), true
	}
	if !ok || !(f >= 0) || math.IsInf(f, 0) {
		return errors.New("must be what one GPU costs for an hour, 0 or more, as price = 2.5")
	}
	e.Price = f
	return nil
}

var (
	profileName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)
	trackName    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
	torchVersion = regexp.MustCompile(`^(record|[0-9]+\.[0-9]+[0-9A-Za-z.+-]*)$`)
	cudaVersion  = regexp.MustCompile(`^[0-9]+\.[0-9]+$`)
	currency     = regexp.MustCompile(`^[A-Z]{3}$`)
	aWord        = regexp.MustCompile(`^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$`)
)

func text(into *string, v any, form *regexp.Regexp, what, example string) error {
	s, ok := v.(string)
	if !ok || !form.MatchString(s) {
		return fmt.Errorf("must be %s, as %s", what, example)
	}
	*into = s
	return nil
}

func whole(into *int, v any, least, most int64, what, example string) error {
	n, ok := v.(int64)
	if !ok || n < least || n > most {
		return fmt.Errorf("must be %s, as %s", what, example)
	}
	*into = int(n)
	return nil
}

func texts(v any, example string) ([]string, error) {
	list, ok := v.([]any)
	out := make([]string, 0, len(list))
	for _, item := range list {
		s, isText := item.(string)
		if ok = ok && isText && !strings.ContainsRune(s, 0); ok {
			out = append(out, s)
		}
	}
	if !ok {
		return nil, fmt.Errorf("must be a list of texts, as %s", example)
	}
	return out, nil
}

func directory(into *string, v any, example string) error {
	s, ok := v.(string)
	if !ok || !path.IsAbs(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) {
		return fmt.Errorf("must be a directory's whole path, as %s", example)
	}
	*into = path.Clean(s)
	return nil
}

func duration(into *time.Duration, v any, example string) error {
	s, _ := v.(string)
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return fmt.Errorf("must be a time above 0, as %s", example)
	}
	*into = d
	return nil
}

// brief writes whole minutes without their seconds.
func brief(d time.Duration) string {
	if d >= time.Minute && d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return d.String()
}
