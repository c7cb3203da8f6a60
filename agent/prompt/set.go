package prompt

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"unicode/utf8"
)

const (
	suffix      = ".md.tmpl"
	maxTemplate = 256 << 10 // bytes
)

// Sources of templates that are not a user's files.
const (
	builtIn = "built in"
	kept    = "kept with the attempt"
)

//go:embed templates/*.md.tmpl
var standardFiles embed.FS

// Set holds the templates of all prompts. It is safe for concurrent use.
type Set struct {
	templates []Template // by name
	root      *template.Template
}

// Template is the text that a prompt, or a part of some prompts, is made from.
type Template struct {
	Name   string
	Source string // "built in", or the path of the user's own
	Hash   string // of Text: SHA-256, the first 12 hexadecimal digits
	Text   string
}

// Load gives the built-in templates, with the files NAME.md.tmpl of dir, which need
// not exist, in the place of those of the same name. Each is tried out on examples,
// so that what is wrong with it shows before a model is asked; the error names file
// and line, and the mend.
func Load(dir string) (*Set, error) {
	templates, err := standard()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the prompts: %w; make it a directory that you can read, or take it away", err)
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok || strings.HasPrefix(name, ".") { // an editor's own file
			continue
		}
		file := filepath.Join(dir, e.Name())
		if _, ok := templates[name]; !ok {
			return nil, fmt.Errorf("%s: there is no prompt %q; rename it to one of %s, or delete it", file, name, listed(templates))
		}
		text, err := readTemplate(file)
		if err != nil {
			return nil, err
		}
		templates[name] = newTemplate(name, file, text)
	}
	return newSet(templates)
}

// FromTexts gives a set of kept templates, by name, so that an attempt goes on with
// those that it began with. What is not among them is built in.
func FromTexts(texts map[string]string) (*Set, error) {
	templates, err := standard()
	if err != nil {
		return nil, err
	}
	for name, text := range texts {
		templates[name] = newTemplate(name, kept, text)
	}
	return newSet(templates)
}

// standard gives the built-in templates by name.
func standard() (map[string]Template, error) {
	templates := map[string]Template{}
	entries, err := standardFiles.ReadDir("templates")
	if err != nil {
		return nil, fmt.Errorf("read the built-in prompts: %w", err)
	}
	for _, e := range entries {
		text, err := standardFiles.ReadFile(path.Join("templates", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the built-in prompts: %w", err)
		}
		name := strings.TrimSuffix(e.Name(), suffix)
		templates[name] = newTemplate(name, builtIn, string(text))
	}
	return templates, nil
}

func readTemplate(file string) (string, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return "", fmt.Errorf("read a prompt: %w; mend that, or delete the file to use the built-in prompt", err)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is no regular file: put a text file in its place, or take it away to use the built-in prompt", file)
	case info.Size() > maxTemplate:
		return "", fmt.Errorf("%s has %d bytes, and a prompt may have %d: shorten it, or delete it to use the built-in prompt", file, info.Size(), maxTemplate)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read a prompt: %w; mend that, or delete the file to use the built-in prompt", err)
	}
	if !utf8.Valid(text) {
		return "", fmt.Errorf("%s is not UTF-8: save it as such, or delete it to use the built-in prompt", file)
	}
	return string(text), nil
}

func newTemplate(name, source, text string) Template {
	return Template{Name: name, Source: source, Hash: hash(text), Text: text}
}

func newSet(templates map[string]Template) (*Set, error) {
	s := &Set{
		templates: slices.SortedFunc(maps.Values(templates), func(a, b Template) int { return cmp.Compare(a.Name, b.Name) }),
		root:      template.New("").Option("missingkey=error").Funcs(functions()),
	}
	for _, t := range s.templates {
		// The end of a file is no part of what it gives, so that parts join without gaps.
		text := strings.TrimRight(strings.ReplaceAll(strings.TrimPrefix(t.Text, "\uFEFF"), "\r\n", "\n"), "\n")
		if _, err := s.root.New(t.Name).Parse(text); err != nil {
			return nil, s.fault(err)
		}
	}
	if err := s.tryOut(); err != nil {
		return nil, err
	}
	return s, nil
}

// Templates lists the templates by name. The caller owns the slice.
func (s *Set) Templates() []Template { return slices.Clone(s.templates) }

// Hash names all templates together: SHA-256, the first 12 hexadecimal digits.
func (s *Set) Hash() string {
	var all strings.Builder
	for _, t := range s.templates {
		fmt.Fprintf(&all, "%q %q\n", t.Name, t.Text)
	}
	return hash(all.String())
}

func (s *Set) names() []string {
	var names []string
	for _, t := range s.templates {
		names = append(names, t.Name)
	}
	return names
}

func listed(templates map[string]Template) string {
	return strings.Join(slices.Sorted(maps.Keys(templates)), ", ")
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}
