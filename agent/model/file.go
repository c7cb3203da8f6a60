package model

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"pitwall/internal/tokencount"
	"pitwall/internal/tomlline"
)

// fileName is how people know the file, wherever it is.
const fileName = "models.toml"

// file is a user's models.toml. Its tables are read by hand, not into structs: each
// error is to name its line and what to write instead.
type file struct {
	name  string // as shown
	text  string
	doc   map[string]any
	mask  *Mask
	fault error // the first
}

// readFile gives the file at path, or nil where there is none.
func readFile(path string, m *Mask) (*file, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the list of models: %w", err)
	}
	f := &file{name: fileName, text: string(raw), mask: m}
	if _, err := toml.Decode(f.text, &f.doc); err != nil {
		var p toml.ParseError
		if errors.As(err, &p) {
			return nil, fmt.Errorf("%s:%d: %s; see docs/agents.md for how it is written", f.name, p.Position.Line, m.Text(p.Message))
		}
		return nil, fmt.Errorf("%s: %s", f.name, m.Text(err.Error()))
	}
	return f, nil
}

// table is a table of a file, and where it stands.
type table struct {
	f    *file
	path []string
	keys map[string]any
}

// wrong notes a fault at a key of the table.
func (t table) wrong(key, format string, args ...any) {
	if t.f.fault == nil {
		path := append(slices.Clone(t.path), key)
		what := fmt.Sprintf(format, args...)
		t.f.fault = fmt.Errorf("%s:%d: %s: %s", t.f.name, tomlline.Of([]byte(t.f.text)).At(path...), strings.Join(path, "."), what)
	}
}

// only refuses keys that are not among known.
func (t table) only(known ...string) {
	for _, key := range slices.Sorted(maps.Keys(t.keys)) {
		switch {
		case slices.Contains(known, key):
		case secretName.MatchString(key):
			t.wrong(key, "there is no such entry; keys are not kept in this file: write key_env = \"NAME\" with the environment name, or key_command = [\"program\", \"argument\"]")
		default:
			t.wrong(key, "there is no such entry; write one of %s", strings.Join(known, ", "))
		}
	}
}

func (t table) text(key, example string) string {
	v, ok := t.keys[key]
	if !ok {
		return ""
	}
	s, ok := v.(string)
	if s = strings.TrimSpace(s); !ok || s == "" {
		t.wrong(key, "must be a text, as %s = %q", key, example)
		return ""
	}
	return s
}

func (t table) texts(key, example string) []string {
	v, ok := t.keys[key]
	if !ok {
		return nil
	}
	list, _ := v.([]any)
	var out []string
	for _, item := range list {
		s, isText := item.(string)
		if !isText {
			out = nil
			break
		}
		out = append(out, s)
	}
	if len(out) == 0 || out[0] == "" {
		t.wrong(key, "must be a list of texts, as %s = %s", key, example)
		return nil
	}
	return out
}

func (t table) duration(key string) time.Duration {
	v, ok := t.keys[key]
	if !ok {
		return 0
	}
	s, _ := v.(string)
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		t.wrong(key, "must be a time above 0, as %s = \"90s\" or \"10m\"", key)
		return 0
	}
	return d
}

func (t table) count(key string, into *int) {
	v, ok := t.keys[key]
	if !ok {
		return
	}
	n, ok := tokencount.Of(v)
	if !ok || n > 1<<30 {
		t.wrong(key, "must be a whole number of tokens above 0, as %s = 128000", key)
		return
	}
	*into = int(n)
}

func (t table) price(key string, into *float64) bool {
	v, ok := t.keys[key]
	if !ok {
		return false
	}
	var f float64
	switch n := v.(type) {
	case int64:
		f = float64(n)
	case float64:
		f = n
	default:
		f = math.NaN()
	}
	if !(f >= 0) || math.IsInf(f, 0) {
		t.wrong(key, "must be US dollars for a million tokens, 0 or more, as %s = 0.25", key)
		return false
	}
	*into = f
	return true
}

// prices reads the four figures of a price over what is known already. What is written
// nowhere costs as much as input.
func (t table) prices(known *Price) *Price {
	var p Price
	if known != nil {
		p = *known
	}
	in, out := t.price("input", &p.Input), t.price("output", &p.Output)
	cached, written := t.price("cached", &p.Cached), t.price("cache_write", &p.CacheWrite)
	switch {
	case !in && !out && !cached && !written:
		return known
	case known == nil && (!in || !out):
		t.wrong(t.first("input", "output", "cached", "cache_write"), "a price needs both input and output, as input = 0.5 and output = 2")
		return nil
	case known == nil:
		if !cached {
			p.Cached = p.Input
		}
		if !written {
			p.CacheWrite = p.Input
		}
	}
	return &p
}

// first gives the first of some keys that the table has.
func (t table) first(keys ...string) string {
	for _, k := range keys {
		if _, ok := t.keys[k]; ok {
			return k
		}
	}
	return keys[0]
}

// sub gives the tables in a table by name, sorted.
func (t table) sub() []table {
	var out []table
	for _, key := range slices.Sorted(maps.Keys(t.keys)) {
		if m, ok := t.keys[key].(map[string]any); ok {
			out = append(out, table{f: t.f, path: append(slices.Clone(t.path), key), keys: m})
			continue
		}
		t.wrong(key, "must be a table, as [%s]", strings.Join(append(slices.Clone(t.path), key), "."))
	}
	return out
}

func (t table) name() string { return t.path[len(t.path)-1] }

// section gives a table at the top of the file.
func (f *file) section(name string) table {
	keys, ok := f.doc[name].(map[string]any)
	t := table{f: f, path: []string{name}, keys: keys}
	if f.doc[name] != nil && !ok {
		table{f: f}.wrong(name, "must be a table, as [%s.NAME]", name)
	}
	return t
}

var (
	providerName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)
	envName      = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)
	secretName   = regexp.MustCompile(`(?i)^(api.?|auth.?|access.?)?(key|token|secret|password)$`)
	headerName   = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
)

// apply lays the file over the built-in list. Its error is the first fault.
func (f *file) apply(c *Catalog) error {
	table{f: f, keys: f.doc}.only("providers", "models")
	for _, t := range f.section("providers").sub() {
		f.provider(c, t)
	}
	for _, t := range f.section("models").sub() {
		f.model(c, t)
	}
	return f.fault
}

func (f *file) provider(c *Catalog, t table) {
	t.only("base_url", "wire", "key_env", "key_command", "headers", "first_byte", "between", "default_model", "price_default")
	parent := table{f: f, path: t.path[:1]}
	p := c.find(t.name())
	if p == nil {
		if !providerName.MatchString(t.name()) {
			parent.wrong(t.name(), "a provider's name has small letters, digits, - and _ only, as [providers.my-server]")
			return
		}
		p = &provider{Provider: Provider{Name: t.name(), Title: t.name(), Wire: wireOpenAI}, models: map[string]entry{}}
		if t.keys["base_url"] == nil {
			parent.wrong(t.name(), "a provider of your own needs base_url = \"https://host/v1\"")
		}
		c.providers = append(c.providers, p)
	}
	if t.keys["wire"] != nil {
		switch w := t.text("wire", wireOpenAI); w {
		case wireOpenAI, wireAnthropic:
			p.Wire, p.apiVersion = w, ""
		default:
			t.wrong("wire", "must be %q or %q", wireOpenAI, wireAnthropic)
		}
	}
	if base := t.text("base_url", "https://host/v1"); base != "" {
		if err := p.move(base, c.mask); err != nil {
			t.wrong("base_url", "%s", err)
		}
		p.fileSecret = p.url != nil && p.url.User != nil
	}
	if name := t.text("key_env", "MY_API_KEY"); name != "" {
		if !envName.MatchString(name) {
			t.wrong("key_env", "must be the name of an environment variable in capitals, as key_env = \"MY_API_KEY\", not the key itself")
		}
		p.unused, p.keyNames = p.keyNames, []string{name}
	}
	p.keyCommand = t.texts("key_command", `["pass", "show", "my-key"]`)
	if p.keyCommand != nil && t.keys["key_env"] == nil {
		p.unused, p.keyNames = p.keyNames, nil
	}
	p.first, p.between = t.duration("first_byte"), t.duration("between")
	if name := t.text("default_model", "my-model"); name != "" {
		p.defaultModel, p.chosen = name, true
	}
	if keys, ok := t.keys["price_default"].(map[string]any); ok {
		d := table{f: f, path: append(slices.Clone(t.path), "price_default"), keys: keys}
		d.only("input", "output", "cached", "cache_write")
		p.price = d.prices(nil)
	} else if t.keys["price_default"] != nil {
		t.wrong("price_default", "must be a table, as price_default = { input = 0.5, output = 2 }")
	}
	f.headers(p, t)
}

func (f *file) headers(p *provider, t table) {
	keys, ok := t.keys["headers"].(map[string]any)
	if !ok {
		if t.keys["headers"] != nil {
			t.wrong("headers", "must be a table, as headers = { X-Team = \"speedrun\" }")
		}
		return
	}
	h := table{f: f, path: append(slices.Clone(t.path), "headers"), keys: keys}
	p.headers = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		value := h.text(name, "a value")
		if !headerName.MatchString(name) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			h.wrong(name, "is no header that can be sent; write X-Name = \"value\" on one line")
			return
		}
		f.mask.add(value)
		p.headers[name] = value
	}
}

func (f *file) model(c *Catalog, t table) {
	t.only("context", "max_output", "input", "output", "cached", "cache_write")
	parent := table{f: f, path: t.path[:1]}
	provider, name, ok := strings.Cut(t.name(), "/")
	p := c.find(provider)
	if !ok || name == "" || p == nil {
		parent.wrong(t.name(), "must be a known provider and its model, as [models.\"openai/gpt-5\"]; for another provider, add [providers.NAME] first")
		return
	}
	e, known := p.models[name]
	if !known {
		e = entry{Model: Model{Provider: p.Name, Name: name}}
	}
	t.count("context", &e.Context)
	t.count("max_output", &e.MaxOutput)
	if price := t.prices(e.Price); price != e.Price {
		e.Price, e.PriceFrom = price, fileName
	}
	e.named = true
	p.models[name] = e
}
