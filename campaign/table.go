package campaign

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"pitwall/internal/spell"
	"pitwall/internal/tokencount"
)

// Mistake is something in a campaign file that must be written otherwise.
type Mistake struct {
	File string
	Line int
	Text string
}

func (m *Mistake) Error() string { return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.Text) }

// document collects what is wrong with a file.
type document struct {
	file  string // as people know it
	lines lines
	wrong []wrong
}

type wrong struct {
	line int
	err  error
}

// mistake adds something that must be written otherwise. What is wrong for all
// agents is told once.
func (d *document) mistake(path, format string, args ...any) {
	line := d.lines.of(path)
	d.add(line, &Mistake{d.file, line, fmt.Sprintf(format, args...)})
}

// trouble adds what is missing here for what stands at path.
func (d *document) trouble(path string, err error) {
	line := d.lines.of(path)
	d.add(line, fmt.Errorf("%s:%d: %w", d.file, line, err))
}

func (d *document) add(line int, err error) {
	if !slices.ContainsFunc(d.wrong, func(w wrong) bool { return w.err.Error() == err.Error() }) {
		d.wrong = append(d.wrong, wrong{line, err})
	}
}

// err joins all that is wrong, in the order of the file.
func (d *document) err() error {
	slices.SortStableFunc(d.wrong, func(a, b wrong) int { return a.line - b.line })
	var errs []error
	for _, w := range d.wrong {
		errs = append(errs, w.err)
	}
	return errors.Join(errs...)
}

// table is a table of the file, whose keys are asked for one by one.
type table struct {
	*document
	path    string // "" for the file itself, "agents[1].budget"
	heading string // as it is written: "[agents.budget]"
	values  map[string]any
	asked   []string
}

// kind is a type of values.
type kind[T any] struct {
	name string
	of   func(any) (T, bool)
}

func exactly[T any](v any) (T, bool) { t, ok := v.(T); return t, ok }

func listOf[T any](v any) ([]T, bool) {
	all, ok := v.([]any)
	list := make([]T, 0, len(all))
	for _, v := range all {
		t, one := v.(T)
		list, ok = append(list, t), ok && one
	}
	return list, ok
}

var (
	aText    = kind[string]{"a text", exactly[string]}
	aTruth   = kind[bool]{"true or false", exactly[bool]}
	texts    = kind[[]string]{"a list of texts", listOf[string]}
	aTable   = kind[map[string]any]{"a table", exactly[map[string]any]}
	aTokens  = kind[int64]{"a number of tokens above 0", tokencount.Of}
	integers = kind[[]int64]{"a list of whole numbers", listOf[int64]}
	aNumber  = kind[float64]{"a number", func(v any) (float64, bool) {
		if n, ok := v.(int64); ok {
			return float64(n), true
		}
		n, ok := v.(float64)
		return n, ok && math.Abs(n) < 1e18 // and so neither infinite nor undefined
	}}
	aCount = kind[int]{"a whole number, 0 or more", func(v any) (int, bool) {
		n, ok := v.(int64)
		return int(n), ok && n >= 0 && n < 1<<31
	}}
	anAmount = kind[float64]{"a number above 0", func(v any) (float64, bool) {
		n, ok := aNumber.of(v)
		return n, ok && n > 0
	}}
	aSpan = kind[time.Duration]{"a time with its unit", func(v any) (time.Duration, bool) {
		text, ok := v.(string)
		if !ok {
			return 0, false
		}
		d, err := time.ParseDuration(strings.ReplaceAll(text, " ", ""))
		return d, err == nil && d >= time.Millisecond
	}}
	tables = kind[[]map[string]any]{"tables", func(v any) ([]map[string]any, bool) {
		if list, ok := v.([]map[string]any); ok {
			return list, true
		}
		return listOf[map[string]any](v)
	}}
)

// get gives the value of a key; ok is false where it is not there, or is of
// another type, which is a mistake. Example shows how it is written.
func get[T any](t *table, key string, k kind[T], example string) (v T, ok bool) {
	t.asked = append(t.asked, key)
	raw, ok := t.values[key]
	if !ok {
		return v, false
	}
	if v, ok = k.of(raw); !ok {
		t.mistake(under(t.path, key), "%s must be %s: write %s", key, k.name, example)
	}
	return v, ok
}

// sub gives a table within the table, nil where there is none.
func (t *table) sub(key string) *table {
	heading := "[" + under(strings.Trim(t.heading, "[]"), key) + "]"
	values, ok := get(t, key, aTable, heading+" on a line of its own, and what is in it below")
	if !ok {
		return nil
	}
	return &table{document: t.document, path: under(t.path, key), heading: heading, values: values}
}

// common gives the path of a key of the table, or of the same key set for all.
func (t *table) common(key string) string {
	if _, its := t.values[key]; its {
		return under(t.path, key)
	}
	return key
}

// refuse makes a mistake of a key that pitwall has elsewhere, and says what to do instead.
func (t *table) refuse(key, instead string) {
	if _, ok := t.values[key]; ok {
		t.asked = append(t.asked, key)
		t.mistake(under(t.path, key), "%s", instead)
	}
}

// close makes a mistake of each key that was not asked for.
func (t *table) close() {
	var unknown []string
	for key := range t.values {
		if !slices.Contains(t.asked, key) {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	where := t.heading
	if where == "" {
		where = "a campaign"
	}
	for _, key := range unknown {
		if near := nearest(key, t.asked); near != "" {
			t.mistake(under(t.path, key), "%s has no key %q: did you mean %s?", where, key, near)
			continue
		}
		known := slices.Sorted(slices.Values(t.asked))
		t.mistake(under(t.path, key), "%s has no key %q; it has %s", where, key, strings.Join(known, ", "))
	}
}

// nearest gives that of words which differs least from word, and by two letters
// at most; "" where there is none.
func nearest(word string, words []string) string {
	best, least := "", 3
	for _, w := range words {
		if d := spell.Distance(word, w); d < least && d < len(word) {
			best, least = w, d
		}
	}
	return best
}
