package taskdata

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

//go:embed micro/check.py
var microCheck string

const (
	scriptLimit = 64 << 10 // bytes
	checkLimit  = 30 * time.Second
)

// Violation is a place where a script breaks a rule.
type Violation struct {
	Rule string // a Rule's ID
	Line int    // of the script, from 1; 0 where none can be named
	What string // what was found there, in words
}

func (v Violation) String() string {
	if v.Line == 0 {
		return fmt.Sprintf("%s: %s (rule %s)", ScriptName, v.What, v.Rule)
	}
	return fmt.Sprintf("%s:%d: %s (rule %s)", ScriptName, v.Line, v.What, v.Rule)
}

// Check returns where the script in dir breaks the rules of the task's track, in order of line, none
// if it keeps those that can be seen without running it. Neither the script nor anything else in dir
// is run: python, a command of CPython 3.9 or newer, only parses it. What is wrong with the script or
// its file is a violation; the error tells of a check that could not be made.
func Check(ctx context.Context, python string, task Task, dir string) ([]Violation, error) {
	if task.From.Track != microID {
		return nil, fmt.Errorf("check %s: track %s has no rules that can be checked yet", task.ID(), task.From.Track)
	}
	if info, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("check %s: %w", task.ID(), err)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("check %s: %s is not a directory", task.ID(), dir)
	}
	text, found, err := readScript(dir)
	if err != nil || len(found) > 0 {
		return found, err
	}
	return CheckText(ctx, python, task, text)
}

// CheckText is Check for the text of a script that is in no file yet.
func CheckText(ctx context.Context, python string, task Task, text string) ([]Violation, error) {
	if found := checkBytes(text); len(found) > 0 {
		return found, nil
	}
	input, err := json.Marshal(map[string]string{"record": task.From.Script(), "script": text})
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", task.ID(), err)
	}
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-I", "-c", microCheck)
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("check %s with %s: %w", task.ID(), python, ctx.Err())
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("check %s: no %s here; install Python 3.9 or newer, or name another interpreter", task.ID(), python)
	case err != nil && ended(err):
		// Some scripts are deep enough to bring a parser down.
		return []Violation{{RuleSyntax, 0, "the parser of " + python + " gave up on it: " + lastLine(stderr.String(), err)}}, nil
	case err != nil:
		return nil, fmt.Errorf("check %s with %s: %w; needs Python 3.9 or newer", task.ID(), python, err)
	}
	found := []Violation{}
	if err := json.Unmarshal(output, &found); err != nil {
		return nil, fmt.Errorf("check %s with %s: read its answer: %w", task.ID(), python, err)
	}
	return found, nil
}

// ended reports whether err tells of a process that was ended by a signal.
func ended(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() < 0
}

func lastLine(text string, err error) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return last
	}
	return err.Error()
}

// readScript returns the text of the script in dir, or what keeps it from being read.
func readScript(dir string) (string, []Violation, error) {
	var found []Violation
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", nil, fmt.Errorf("read the script's directory: %w", err)
	}
	for _, entry := range entries {
		if name := entry.Name(); name != ScriptName && importable(dir, entry) {
			found = append(found, Violation{RuleFile, 0, fmt.Sprintf("%q beside it could be imported", name)})
		}
	}
	path := filepath.Join(dir, ScriptName)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", append(found, Violation{RuleFile, 0, "there is no " + ScriptName}), nil
	case err != nil:
		return "", nil, fmt.Errorf("read the script: %w", err)
	case info.Mode()&fs.ModeSymlink != 0:
		return "", append(found, Violation{RuleFile, 0, "it is a symbolic link"}), nil
	case !info.Mode().IsRegular():
		return "", append(found, Violation{RuleFile, 0, "it is not a regular file"}), nil
	case info.Size() > scriptLimit:
		return "", append(found, tooLong(info.Size())), nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", nil, fmt.Errorf("read the script: %w", err)
	}
	return string(text), found, nil
}

// importable reports whether a script in dir could import entry in place of a module of Python.
func importable(dir string, entry fs.DirEntry) bool {
	if entry.Name() == "__pycache__" {
		return false
	}
	if slices.Contains([]string{".py", ".pyc", ".pyo", ".pyd", ".so", ".dll", ".dylib"}, strings.ToLower(filepath.Ext(entry.Name()))) {
		return true
	}
	inside, err := os.ReadDir(filepath.Join(dir, entry.Name()))
	return err == nil && slices.ContainsFunc(inside, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), "__init__.") })
}

func tooLong(size int64) Violation {
	return Violation{RuleLiterals, 0, fmt.Sprintf("%d bytes of script, more than %d", size, scriptLimit)}
}

var codingLine = regexp.MustCompile(`^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)`)

// checkBytes returns what is wrong with a script before it is parsed.
func checkBytes(text string) []Violation {
	if len(text) > scriptLimit {
		return []Violation{tooLong(int64(len(text)))}
	}
	lineOf := func(offset int) int { return 1 + strings.Count(text[:offset], "\n") }
	if i := strings.IndexByte(text, 0); i >= 0 {
		return []Violation{{RuleFile, lineOf(i), "a NUL byte"}}
	}
	if !utf8.ValidString(text) {
		i := 0
		for i < len(text) {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			i += size
		}
		return []Violation{{RuleFile, lineOf(i), "bytes that are not UTF-8"}}
	}
	if strings.HasPrefix(text, "\ufeff") {
		return []Violation{{RuleFile, 1, "a byte order mark"}}
	}
	lines := strings.SplitN(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n", 3)
	for i, line := range lines[:min(2, len(lines))] {
		if m := codingLine.FindStringSubmatch(line); m != nil && !strings.EqualFold(strings.ReplaceAll(m[1], "_", "-"), "utf-8") {
			return []Violation{{RuleFile, i + 1, "an encoding other than UTF-8"}}
		}
	}
	return nil
}
