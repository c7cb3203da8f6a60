package taskdata_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pitwall/internal/slow"
	"pitwall/taskdata"
)

func python(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	return path
}

func TestScriptsAreValidPython39(t *testing.T) {
	for _, record := range taskdata.Embedded().Records("micro") {
		cmd := exec.CommandContext(t.Context(), python(t), "-I", "-c", "import ast, sys; ast.parse(sys.stdin.read(), feature_version=(3, 9))")
		cmd.Stdin = strings.NewReader(record.Script())
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("record %d: %v\n%s", record.Number, err, output)
		}
	}
}

func TestGradientsAgreeWithNumericalOnes(t *testing.T) {
	args := []string{"-I", "-B", "micro/gradcheck.py"}
	records := taskdata.Embedded().Records("micro")
	if !slow.Tests {
		records = records[len(records)-2:] // the fastest ones, and all that they are made of
	}
	for _, record := range records {
		args = append(args, fmt.Sprintf("micro/record_%d.py", record.Number))
	}
	output, err := exec.CommandContext(t.Context(), python(t), args...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

var (
	startLine = regexp.MustCompile(`^step:0/(\d+) train_time:0ms$`)
	stepLine  = regexp.MustCompile(`^step:(\d+)/(\d+) train_loss:(\d+\.\d+) train_time:(\d+)ms step_avg:\d+\.\d+ms lr:\d+\.\d+ grad_norm:\d+\.\d+$`)
	valLine   = regexp.MustCompile(`^step:(\d+)/(\d+) val_loss:(\d+\.\d+) train_time:(\d+)ms step_avg:\d+\.\d+ms$`)
	stepsLine = regexp.MustCompile(`(?m)^STEPS = \d+$`)
)

// runScript runs a script in a directory of its own and returns its log.
func runScript(t *testing.T, script string, seed int) []string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, taskdata.ScriptName), []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python(t), "-u", taskdata.ScriptName)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), fmt.Sprint("PITWALL_SEED=", seed))
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return strings.Split(strings.TrimSpace(string(output)), "\n")
}

// shortened makes a script of few steps with a small validation.
func shortened(script string, steps int) string {
	script = stepsLine.ReplaceAllString(script, fmt.Sprint("STEPS = ", steps))
	return strings.Replace(script, "VALIDATION_CHARACTERS = 8192", "VALIDATION_CHARACTERS = 512", 1)
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	value, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestShortRunOfEachRecordKeepsTheProtocolAndLearns(t *testing.T) {
	const steps = 4
	for _, record := range taskdata.Embedded().Records("micro") {
		t.Run(fmt.Sprint(record.Number), func(t *testing.T) {
			lines := runScript(t, shortened(record.Script(), steps), 5)
			if len(lines) != 2+1+steps+1 {
				t.Fatalf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
			}
			if !strings.Contains(lines[0], "seed:5") || !strings.Contains(lines[1], "train_names:11598 val_names:1288") || !strings.Contains(lines[1], "alphabet:39") {
				t.Errorf("the log starts with %q, %q", lines[0], lines[1])
			}
			if !startLine.MatchString(lines[2]) {
				t.Errorf("the clock starts with %q", lines[2])
			}
			var losses, validations []float64
			lastTime := "0"
			for _, line := range lines[3:] {
				if m := stepLine.FindStringSubmatch(line); m != nil {
					if m[1] != fmt.Sprint(len(losses)+1) || m[2] != fmt.Sprint(steps) {
						t.Errorf("step line %q after %d steps", line, len(losses))
					}
					losses = append(losses, number(t, m[3]))
					lastTime = m[4]
				} else if m := valLine.FindStringSubmatch(line); m != nil {
					if m[1] != fmt.Sprint(len(losses)) || m[4] != lastTime {
						t.Errorf("validation line %q after %d steps at %s ms", line, len(losses), lastTime)
					}
					validations = append(validations, number(t, m[3]))
				} else {
					t.Errorf("line %q", line)
				}
			}
			if len(losses) != steps || len(validations) != 1 || !valLine.MatchString(lines[len(lines)-1]) {
				t.Fatalf("%d steps, %d validations, last line %q", len(losses), len(validations), lines[len(lines)-1])
			}
			if first, last := losses[0], losses[steps-1]; first < 3.6 || first > 4.3 || last > 3.3 {
				t.Errorf("training loss from %v (ln 39 is 3.66, and weights that are not zero add to it) to %v", first, last)
			}
			if loss := validations[0]; loss > 3.3 {
				t.Errorf("validation loss %v after %d steps", loss, steps)
			}
		})
	}
}

func TestSeedSetsTheRun(t *testing.T) {
	record, err := taskdata.Embedded().FindRecord("micro", 7)
	if err != nil {
		t.Fatal(err)
	}
	script := shortened(record.Script(), 2)
	losses := func(seed int) string {
		var found []string
		for _, line := range runScript(t, script, seed) {
			if m := stepLine.FindStringSubmatch(line); m != nil {
				found = append(found, m[3])
			} else if m := valLine.FindStringSubmatch(line); m != nil {
				found = append(found, m[3])
			}
		}
		return strings.Join(found, " ")
	}
	one, again, two := losses(1), losses(1), losses(2)
	if one != again {
		t.Errorf("seed 1 gives %s, then %s", one, again)
	}
	if one == two {
		t.Errorf("seeds 1 and 2 both give %s", one)
	}
}

func TestTooManyParametersAreRefused(t *testing.T) {
	record, err := taskdata.Embedded().FindRecord("micro", 7)
	if err != nil {
		t.Fatal(err)
	}
	head := `        "head": zeros(alphabet_size, WIDTH),`
	script := strings.Replace(shortened(record.Script(), 2), head, head+` "table": zeros(39 * 39, 39),`, 1)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, taskdata.ScriptName), []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python(t), "-u", taskdata.ScriptName)
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(output), "parameters, but the track allows") {
		t.Errorf("ended with %v:\n%s", err, output)
	}
}

// interpreter is the one at a path of this machine.
func interpreter(path string) taskdata.Interpreter {
	return taskdata.Interpreter{Path: path, Ask: func(ctx context.Context, args []string, input []byte) (taskdata.Answer, error) {
		cmd := exec.CommandContext(ctx, path, args...)
		cmd.Stdin = bytes.NewReader(input)
		var words bytes.Buffer
		cmd.Stderr = &words
		out, err := cmd.Output()
		a := taskdata.Answer{Out: out, Words: words.String()}
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			return a, err
		}
		if a.Exit = exit.ExitCode(); a.Exit < 0 {
			a.Signal = exit.String()
		}
		return a, nil
	}}
}
