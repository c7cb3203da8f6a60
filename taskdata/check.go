package taskdata

import (
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

//go:embed nanogpt/check.py
var nanogptCheck string

const (
	scriptLimit = 64 << 10 // bytes, on the practice track
	gpuLimit    = 1 << 20  // bytes, elsewhere
	checkLimit  = 30 * time.Second
)

// Violation is a place where a script breaks a rule.
type Violation struct {
	Rule string // a Rule's ID
	Line int    // of the script, from 1; 0 where none can be named
	What string // what was found there, in words
	Flag bool   // a reader of the result should know of it, and it counts all the same
}

func (v Violation) String() string {
	if v.Line == 0 {
		return fmt.Sprintf("%s: %s (rule %s)", ScriptName, v.What, v.Rule)
	}
	return fmt.Sprintf("%s:%d: %s (rule %s)", ScriptName, v.Line, v.What, v.Rule)
}

// Check returns where the script in dir breaks the rules of the task's track, in order of line, none
// if it keeps those that can be seen without running it. Neither the script nor anything else in dir
// is run: python only parses it. What is wrong with the script or
// its file is a violation; the error tells of a check that could not be made.
func Check(ctx context.Context, python Interpreter, task Task, dir string) ([]Violation, error) {
	if info, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("check %s: %w", task.ID(), err)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("check %s: %s is not a directory", task.ID(), dir)
	}
	text, found, err := readScript(dir, task)
	if err != nil || len(found) > 0 {
		return found, err
	}
	return CheckText(ctx, python, task, text)
}

// CheckText is Check for the text of a script that is in no file yet.
func CheckText(ctx context.Context, python Interpreter, task Task, text string) ([]Violation, error) {
	if found := checkBytes(text, task.limit()); len(found) > 0 {
		return found, nil
	}
	program, input, err := task.checker(text)
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", task.ID(), err)
	}
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	answer, err := python.Run(ctx, program, input)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("check %s with %s: %w", task.ID(), python.Path, ctx.Err())
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("check %s: no %s here; install Python 3.9 or newer, or name another interpreter", task.ID(), python.Path)
	case err != nil:
		return nil, fmt.Errorf("check %s with %s: %w", task.ID(), python.Path, err)
	case answer.Signal != "":
		// Some scripts are deep enough to bring a parser down.
		return []Violation{{Rule: RuleSyntax, What: "the parser of " + python.Path + " gave up on it: " + answer.lastWords()}}, nil
	case answer.Exit != 0:
		return nil, fmt.Errorf("check %s with %s: exit status %d: %s; a newer Python may read it", task.ID(), python.Path, answer.Exit, answer.lastWords())
	}
	found := []Violation{}
	if err := json.Unmarshal(answer.Out, &found); err != nil {
		return nil, fmt.Errorf("check %s with %s: read its answer: %w", task.ID(), python.Path, err)
	}
	return found, nil
}

// limit is how long a script may be, in bytes.
func (t Task) limit() int {
	if t.From.Track == microID {
		return scriptLimit
	}
	return gpuLimit
}

// checker gives the program that checks a script of the task's track, and what it reads.
func (t Task) checker(text string) (program string, input []byte, err error) {
	if t.From.Track == microID {
		input, err = json.Marshal(map[string]string{"record": t.From.Script(), "script": text})
		return microCheck, input, err
	}
	input, err = json.Marshal(map[string]any{
		"record": t.From.Script(), "answer": t.Answer(), "script": text,
		"flags": t.From.Track == NanoGPTMedium || t.From.Number >= flagsFrom,
	})
	return nanogptCheck, input, err
}

// flagsFrom is the record of nanogpt from which on extra flags for the compiler are forbidden.
const flagsFrom = 21

// readScript returns the text of the script in dir, or what keeps it from being read.
func readScript(dir string, task Task) (string, []Violation, error) {
	var found []Violation
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", nil, fmt.Errorf("read the script's directory: %w", err)
	}
	own, next := task.From.Files(), task.AnswerFiles()
	for _, entry := range entries {
		name := entry.Name()
		if _, ok := own[name]; ok {
			continue
		}
		if _, ok := next[name]; ok && len(next) > 1 {
			continue // the human change brought it, too
		}
		if name != ScriptName && importable(dir, entry) {
			found = append(found, Violation{Rule: RuleFile, What: fmt.Sprintf("%q beside it could be imported", name)})
		}
	}
	path := filepath.Join(dir, ScriptName)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", append(found, Violation{Rule: RuleFile, What: "there is no " + ScriptName}), nil
	case err != nil:
		return "", nil, fmt.Errorf("read the script: %w", err)
	case info.Mode()&fs.ModeSymlink != 0:
		return "", append(found, Violation{Rule: RuleFile, What: "it is a symbolic link"}), nil
	case !info.Mode().IsRegular():
		return "", append(found, Violation{Rule: RuleFile, What: "it is not a regular file"}), nil
	case info.Size() > int64(task.limit()):
		return "", append(found, tooLong(info.Size(), task.limit())), nil
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

func tooLong(size int64, limit int) Violation {
	return Violation{Rule: RuleLiterals, What: fmt.Sprintf("%d bytes of script, more than %d", size, limit)}
}

var codingLine = regexp.MustCompile(`^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)`)

// checkBytes returns what is wrong with a script before it is parsed.
func checkBytes(text string, limit int) []Violation {
	if len(text) > limit {
		return []Violation{tooLong(int64(len(text)), limit)}
	}
	lineOf := func(offset int) int { return 1 + strings.Count(text[:offset], "\n") }
	if i := strings.IndexByte(text, 0); i >= 0 {
		return []Violation{{Rule: RuleFile, Line: lineOf(i), What: "a NUL byte"}}
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
		return []Violation{{Rule: RuleFile, Line: lineOf(i), What: "bytes that are not UTF-8"}}
	}
	if strings.HasPrefix(text, "\ufeff") {
		return []Violation{{Rule: RuleFile, Line: 1, What: "a byte order mark"}}
	}
	lines := strings.SplitN(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n", 3)
	for i, line := range lines[:min(2, len(lines))] {
		if m := codingLine.FindStringSubmatch(line); m != nil && !strings.EqualFold(strings.ReplaceAll(m[1], "_", "-"), "utf-8") {
			return []Violation{{Rule: RuleFile, Line: i + 1, What: "an encoding other than UTF-8"}}
		}
	}
	return nil
}
