package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"pitwall/internal/slow"
	"pitwall/store/storetest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, programs())
}

// TestCommandLine runs the sessions in testdata/script. Beside testscript's own
// commands they have
//
//	exits STATUS PROGRAM ARG...   runs a program and checks its exit status
//	json PATH OP VALUE            checks a value of the JSON document on the last standard output
//	jsonenv NAME PATH             puts such a value into an environment variable
//	oldstore                      puts a store of an earlier pitwall into PITWALL_HOME
//
// where PATH is like nodes.1.status, and OP is one of == != <= >= has. The condition
// slow holds where tests may train for long.
func TestCommandLine(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PITWALL_HOME", env.WorkDir+"/home")
			env.Setenv("PITWALL_LOCK", env.WorkDir+"/machine.lock")
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name != "slow" {
				return false, fmt.Errorf("no condition is called %q", name)
			}
			return slow.Tests, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"json":    checkJSON,
			"jsonenv": envJSON,
			"oldstore": func(ts *testscript.TestScript, _ bool, _ []string) {
				ts.Check(storetest.WriteOld(ts.Getenv("PITWALL_HOME")))
			},
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("use it as: exits STATUS PROGRAM ARG...")
	}
	err := ts.Exec(args[1], args[2:]...)
	var ee *exec.ExitError
	status := 0
	if errors.As(err, &ee) {
		status = ee.ExitCode()
	} else {
		ts.Check(err)
	}
	if got := strconv.Itoa(status); got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

func at(ts *testscript.TestScript, path string) any {
	var doc any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &doc); err != nil {
		ts.Fatalf("standard output is no JSON document: %v", err)
	}
	if path == "." {
		return doc
	}
	for part := range strings.SplitSeq(path, ".") {
		switch v := doc.(type) {
		case map[string]any:
			value, ok := v[part]
			if !ok {
				ts.Fatalf("%s: there is no %s", path, part)
			}
			doc = value
		case []any:
			if part == "len" {
				doc = float64(len(v))
				continue
			}
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(v) {
				ts.Fatalf("%s: a list of %d has no %s", path, len(v), part)
			}
			doc = v[i]
		default:
			ts.Fatalf("%s: nothing below %v", path, doc)
		}
	}
	return doc
}

func checkJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("use it as: json PATH OP VALUE")
	}
	got := at(ts, args[0])
	text := fmt.Sprint(got)
	if got == nil {
		text = "null"
	}
	ok := false
	switch args[1] {
	case "==":
		ok = text == args[2]
	case "!=":
		ok = text != args[2]
	case "has":
		ok = strings.Contains(text, args[2])
	case "<=", ">=":
		want, err := strconv.ParseFloat(args[2], 64)
		ts.Check(err)
		v, isNumber := got.(float64)
		ok = isNumber && (args[1] == "<=" && v <= want || args[1] == ">=" && v >= want)
	}
	if !ok {
		ts.Fatalf("%s is %s, want %s %s", args[0], text, args[1], args[2])
	}
}

func envJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("use it as: jsonenv NAME PATH")
	}
	ts.Setenv(args[0], fmt.Sprint(at(ts, args[1])))
}
