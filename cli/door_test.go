package cli

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"pitwall/internal/clean"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/storetest"
)

// evil is what a model or a script may write, or a person be made to type: the
// clipboard, the title, the screen, the cursor, a question to the terminal, C1, bidi.
const evil = "\x1b]52;c;cm0gLXJmIH4=\x07\x1b]0;owned\x1b\\\x1b[2J\x1b[1;1H\x1b[c\x1bP1\x1b\\\u009b31m\x9b2J\a\b\r\x7f\u202eevil\u2066"

// onTerminal gives an app whose standard output and error are a terminal, and what comes there.
func onTerminal(home string) (*app, *bytes.Buffer) {
	var screen bytes.Buffer
	open := func() *door { return &door{to: &screen, clean: clean.NewWriter(&screen)} }
	env := map[string]string{"PITWALL_HOME": home, "OPENAI_API_KEY": "a-key-of-nobody"}
	return &app{out: open(), err: open(), version: "test", getenv: func(name string) string { return env[name] }}, &screen
}

// obeyed gives what of a text a terminal would obey.
func obeyed(text string) (found []string) {
	for _, r := range text {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control)) {
			found = append(found, fmt.Sprintf("%U", r))
		}
	}
	return found
}

// spoil appends evil to all that is free text in an event.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			spoil(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f, name := v.Field(i), v.Type().Field(i).Name
			switch name {
			case "Text", "Why", "Detail", "Reason", "Idea", "Result", "What", "Holder", "Label", "Interpreter", "Judge":
				if f.Kind() == reflect.String && f.CanSet() && f.String() != "" {
					f.SetString(f.String() + evil)
				}
			case "Data":
				if f.Kind() == reflect.Slice && f.CanSet() {
					f.SetBytes(append(bytes.Clone(f.Bytes()), evil...))
				}
			default:
				spoil(f)
			}
		}
	}
}

// spoilt stores an attempt in which everything that was written by somebody is evil.
func spoilt(t *testing.T, home string) (id string) {
	t.Helper()
	s, err := store.Open(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o := storetest.Options{Model: true}
	spec := o.Spec()
	spec.Model, spec.Judge, spec.Scaffold = "lab/"+evil, "lab/"+evil, "aide"+evil
	if id, err = s.Create(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	w, err := s.Lease(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range storetest.Story(id, o) {
		for _, b := range m.Bodies {
			body := reflect.New(reflect.TypeOf(b))
			body.Elem().Set(reflect.ValueOf(b))
			spoil(body)
			w.EmitAt(m.Times, body.Elem().Interface().(event.Body))
		}
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestNothingThatACommandPrintsIsObeyedByATerminal(t *testing.T) {
	home := t.TempDir()
	id := spoilt(t, home)
	commands := [][]string{
		{"attempts"},
		{"show", id},
		{"diff", id},
		{"diff", id, "1", "--parent"},
		{"script", id},
		{"script", id, "0"},
		{"log", id},
		{"log", id, "0"},
		{"score"},
		{"score", "micro/7"},
		{"models"},
		{"models", evil},
		{"tasks"},
		{"prompt", "micro/7"},
		{"sweep", "--list"},
		{"doctor"},
		{"stop", id},
		{"--help"},
		{evil},
		{"--" + evil},
		{"show", evil},
		{"show", id, evil},
		{"show", "--json=" + evil},
		{"diff", id, evil},
		{"attempt", evil},
		{"attempt", "micro/7", "--agent", evil},
		{"attempt", "micro/7", "--model", evil, "--agent", "llm"},
		{"attempt", "micro/7", "--carry", evil},
		{"attempt", "micro/7", "--document", evil},
		{"tasks", "--track", evil},
		{"sweep", evil},
		{"import", evil},
		{"export", evil},
		{"branch", id, evil},
		{"steer", id, evil},
		{"help", evil},
		{"completion", evil},
		{"repeat", evil},
		{"calibrate", evil},
		{"_engine", evil},
	}
	for _, args := range commands {
		for _, more := range [][]string{nil, {"--json"}} {
			a, screen := onTerminal(home)
			a.run(t.Context(), nil, append(args, more...))
			if found := obeyed(screen.String()); len(found) > 0 {
				t.Errorf("pitwall %q has a terminal obey %v in %q", append(args, more...), found, screen)
			}
		}
	}
}

func TestOnATerminalRawMeansEveryByte(t *testing.T) {
	home := t.TempDir()
	id := spoilt(t, home)
	for _, c := range []struct {
		args []string
		all  string
	}{{[]string{"log", id}, evil}, {[]string{"script", id, "0"}, strings.ToValidUTF8(evil, "\uFFFD")}} {
		var pipe bytes.Buffer
		a, _ := onTerminal(home)
		a.out = &door{to: &pipe}
		args := c.args
		if code := a.run(t.Context(), nil, args); code != 0 || !strings.Contains(pipe.String(), c.all) {
			t.Errorf("pitwall %q to a pipe: exit status %d, all bytes there: %v", args, code, strings.Contains(pipe.String(), c.all))
		}
		a, screen := onTerminal(home)
		if code := a.run(t.Context(), nil, append(args, "--raw")); code != 0 || screen.String() != pipe.String() {
			t.Errorf("pitwall %q --raw is not what a pipe gets: exit status %d", args, code)
		}
	}
}

func TestOurOwnSequencesPass(t *testing.T) {
	a, screen := onTerminal(t.TempDir())
	a.out.draws = true
	a.run(t.Context(), nil, []string{"show", "--help"})
	if !strings.Contains(screen.String(), "\x1b[1mUSAGE\x1b[m") {
		t.Errorf("the help's headings are not bold: %q", screen)
	}
}

// TestThereIsOneWayOut looks for what would write to standard output or standard
// error past the door, which cleans what a terminal is sent.
func TestThereIsOneWayOut(t *testing.T) {
	may := map[string]string{
		"cli/door.go":              "it is the way out",
		"cli/edit.go":              "the terminal is lent to a person's editor",
		"runner/shim_unix.go":      "the guard's standard error is a pipe to its engine",
		"runner/local_other.go":    "the guard's, where there is none",
		"taskdata/measure/main.go": "a tool for developers",
	}
	used := map[string]bool{}
	eachFile(t, func(path string, fset *token.FileSet, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			past := calls(n, "fmt", "Print", "Printf", "Println") || calls(n, "log", "Print", "Printf", "Println", "Fatal", "Fatalf", "Panic")
			if sel, ok := n.(*ast.SelectorExpr); ok {
				of, isName := sel.X.(*ast.Ident)
				past = past || isName && of.Name == "os" && (sel.Sel.Name == "Stdout" || sel.Sel.Name == "Stderr")
			}
			if call, ok := n.(*ast.CallExpr); ok {
				name, isName := call.Fun.(*ast.Ident)
				past = past || isName && (name.Name == "print" || name.Name == "println")
			}
			if past {
				used[path] = true
				if may[path] == "" {
					t.Errorf("%s: what is written here reaches a terminal uncleaned: write to the command's door", fset.Position(n.Pos()))
				}
			}
			return true
		})
	})
	for path := range may {
		if !used[path] {
			t.Errorf("%s does not need to be let past any more", path)
		}
	}
}
