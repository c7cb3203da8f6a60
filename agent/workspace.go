package agent

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// MaxFileBytes bounds what an edit may read or make. Training scripts are far smaller.
const MaxFileBytes = 4 << 20

// halfWritten is where a file stands while it is written; no node can have it.
const halfWritten = ".pitwall-half-written"

// Hunk replaces one passage of one file. Old must stand in the file exactly
// once, to the byte; an empty Old makes a new file of New.
type Hunk struct {
	Path string // slash-separated, relative to the node's directory
	Old  string
	New  string
}

// Refusal says why a hunk was not applied, in words that its author can act on.
// Nothing was changed.
type Refusal struct {
	Why  string
	Near string // the lines that come nearest to what was not found, with their numbers; "" if none do
}

func (r *Refusal) Error() string { return r.Why }

// Refuse makes a Refusal of a reason.
func Refuse(format string, args ...any) error { return &Refusal{Why: fmt.Sprintf(format, args...)} }

// Workspace is a node's directory. Nothing outside it can be read or changed
// through it, by way of a link neither.
type Workspace struct {
	dir   string
	root  *os.Root
	names map[string]string // files by case-folded path
}

// NewWorkspace makes dir hold exactly files, by slash-separated path.
func NewWorkspace(dir string, files map[string]string) (*Workspace, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("clear node directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make node directory: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open node directory: %w", err)
	}
	w := &Workspace{dir: dir, root: root, names: map[string]string{}}
	for name, text := range files {
		if err := w.write(name, text); err != nil {
			root.Close()
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
	}
	return w, nil
}

// Dir is the node's directory.
func (w *Workspace) Dir() string { return w.dir }

// Close lets the directory go; its files stay.
func (w *Workspace) Close() error { return w.root.Close() }

// Read gives a file's text, and whether there is one. A *Refusal says that no edit
// could be about it.
func (w *Workspace) Read(path string) (text string, found bool, err error) {
	name, err := cleanPath(path)
	if err != nil {
		return "", false, err
	}
	if err := w.regular(name); err != nil {
		return "", false, err
	}
	text, err = w.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	return text, err == nil, err
}

// Files gives all files, by path.
func (w *Workspace) Files() (map[string]string, error) {
	files := make(map[string]string, len(w.names))
	for _, name := range w.names {
		text, err := w.read(name)
		if err != nil {
			return nil, err
		}
		files[name] = text
	}
	return files, nil
}

// Apply applies a hunk and returns the line, from 1, at which the replaced
// passage began. A *Refusal means that the hunk is at fault, any other error
// that the disk is.
func (w *Workspace) Apply(h Hunk) (line int, err error) {
	name, err := cleanPath(h.Path)
	if err != nil {
		return 0, err
	}
	if err := w.regular(name); err != nil {
		return 0, err
	}
	if known, ok := w.names[strings.ToLower(name)]; ok && known != name {
		return 0, Refuse("%s differs from %s only in case, which some file systems take for the same", name, known)
	}
	if !IsText(h.Old) || !IsText(h.New) {
		return 0, Refuse("the edit of %s is not text: write UTF-8 without NUL bytes", name)
	}
	if len(h.New) > MaxFileBytes {
		return 0, Refuse("%s would be larger than %d MiB", name, MaxFileBytes>>20)
	}
	text, err := w.read(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && h.Old == "":
		if h.New == "" {
			return 0, Refuse("the edit of %s is empty", name)
		}
		return 1, w.write(name, h.New)
	case errors.Is(err, fs.ErrNotExist):
		return 0, Refuse("there is no file %s in the node's directory", name)
	case err != nil:
		return 0, err
	case h.Old == "":
		return 0, Refuse("%s exists: name the passage to replace", name)
	case h.Old == h.New:
		return 0, Refuse("the edit of %s changes nothing", name)
	}
	at := strings.Index(text, h.Old)
	if at < 0 {
		return 0, Refuse("the passage to replace does not stand in %s; it must match to the character", name)
	}
	if next := strings.Index(text[at+1:], h.Old); next >= 0 {
		return 0, Refuse("the passage to replace stands in %s more than once (lines %d and %d): quote more of its surroundings",
			name, lineAt(text, at), lineAt(text, at+1+next))
	}
	if len(text)-len(h.Old)+len(h.New) > MaxFileBytes {
		return 0, Refuse("%s would grow past %d MiB", name, MaxFileBytes>>20)
	}
	return lineAt(text, at), w.write(name, text[:at]+h.New+text[at+len(h.Old):])
}

// IsText reports whether s could stand in a script: UTF-8 without NUL bytes.
func IsText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func lineAt(text string, at int) int { return 1 + strings.Count(text[:at], "\n") }

// cleanPath refuses whatever does not plainly name a file below the directory.
func cleanPath(p string) (string, error) {
	switch {
	case p == "":
		return "", Refuse("the edit names no file")
	case !utf8.ValidString(p) || strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", Refuse("the path %q is not plain text", p)
	case strings.HasPrefix(p, "/") || strings.HasPrefix(p, "~") || filepath.IsAbs(p) || filepath.VolumeName(p) != "":
		return "", Refuse("the path %s is absolute: name a file of the node's directory", p)
	case strings.Contains(p, `\`):
		return "", Refuse("the path %s has a backslash: separate folders with /", p)
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == ".." {
			return "", Refuse("the path %s leads out of the node's directory", p)
		}
		if part == halfWritten {
			return "", Refuse("the name %s is taken", part)
		}
	}
	name := path.Clean(p)
	if name == "." || strings.HasSuffix(p, "/") {
		return "", Refuse("the path %s names a folder", p)
	}
	return name, nil
}

// regular refuses links, folders and devices anywhere along the path.
func (w *Workspace) regular(name string) error {
	parts := strings.Split(name, "/")
	for i := range parts {
		sub := strings.Join(parts[:i+1], "/")
		info, err := w.root.Lstat(sub)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return fmt.Errorf("look at %s: %w", sub, err)
		case info.Mode()&fs.ModeSymlink != 0:
			return Refuse("%s is a link: only plain files of the node's directory can be edited", sub)
		case i < len(parts)-1 && !info.IsDir():
			return Refuse("%s is not a folder", sub)
		case i == len(parts)-1 && !info.Mode().IsRegular():
			return Refuse("%s is not a plain file", sub)
		case i == len(parts)-1 && info.Size() > MaxFileBytes:
			return Refuse("%s is larger than %d MiB", sub, MaxFileBytes>>20)
		}
	}
	return nil
}

func (w *Workspace) read(name string) (string, error) {
	b, err := w.root.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	if !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 {
		return "", Refuse("%s is a binary file", name)
	}
	return string(b), nil
}

// write replaces the file whole, so that a full disk leaves the old one.
func (w *Workspace) write(name, text string) error {
	if dir := path.Dir(name); dir != "." {
		if err := w.root.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make folder of %s: %w", name, err)
		}
	}
	if err := w.root.WriteFile(halfWritten, []byte(text), 0o600); err != nil {
		_ = w.root.Remove(halfWritten) // half a file is of no use
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := w.root.Rename(halfWritten, name); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	w.names[strings.ToLower(name)] = name
	return nil
}
