//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// series is what the tests read of a campaign's JSON document.
type series struct {
	Campaign string
	Cells    []struct {
		Cell    string
		Attempt *string
		Status  string
		Why     string
	}
	Totals struct{ Cells, Done, Live, Missing int }
}

// campaignFile writes a campaign of 2 tasks x 2 hints x 2 agents x 2 seeds.
func campaignFile(t *testing.T, seeds string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "series.toml")
	text := `name = "a series on the micro track"
tasks = ["micro/7", "micro/8"]
hints = ["0", "1"]
seeds = ` + seeds + `
nodes = 1
calibrate = 1
confirm = 0
[[agents]]
agent = "tuner"
[[agents]]
agent = "noop"
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sweeping is a sweep that runs beside the test.
type sweeping struct {
	*exec.Cmd
	out, words bytes.Buffer
	ended      chan struct{}
	err        error // how it ended
}

func (p *place) sweep(args ...string) *sweeping {
	p.t.Helper()
	s := &sweeping{Cmd: exec.Command(built.program, append([]string{"sweep"}, args...)...), ended: make(chan struct{})}
	s.Env = p.env
	s.Stdout, s.Stderr = &s.out, &s.words
	if err := s.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() {
		defer close(s.ended)
		s.err = s.Wait()
	}()
	p.t.Cleanup(func() { // before what it has started is stopped
		_ = s.Process.Kill()
		<-s.ended
	})
	return s
}

// ends waits for the sweep's end, for as long as a series may take.
func (p *place) ends(s *sweeping, limit time.Duration) error {
	p.t.Helper()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-s.ended:
	case <-timer.C:
		_ = s.Process.Kill()
		<-s.ended
		p.t.Fatalf("the sweep has not ended after %s:\n%s", limit, s.words.String())
	}
	return s.err
}

// inFlight waits until some attempts are done and another runs, and gives that one.
func (p *place) inFlight(done int) (a attempt) {
	p.t.Helper()
	eventually(p.t, 5*patience, fmt.Sprintf("%d attempts are done and another runs", done), func() bool {
		n, running := 0, false
		for _, one := range p.attempts() {
			switch {
			case one.Status == "done":
				n++
			case one.Status == "running" && one.Engine != nil:
				a, running = one, true
			}
		}
		return n >= done && running
	})
	return a
}

// eachCellOnce checks that a campaign of 16 cells has 16 attempts, all of them done.
func (p *place) eachCellOnce(doc series) {
	p.t.Helper()
	if doc.Totals.Cells != 16 || doc.Totals.Done != 16 || len(doc.Cells) != 16 {
		p.t.Errorf("%+v", doc.Totals)
	}
	cells, attempts := map[string]bool{}, map[string]bool{}
	for _, c := range doc.Cells {
		if c.Attempt == nil || c.Status != "done" || cells[c.Cell] || attempts[*c.Attempt] {
			p.t.Errorf("cell %+v", c)
			continue
		}
		cells[c.Cell], attempts[*c.Attempt] = true, true
	}
	list := p.attempts()
	if len(list) != 16 {
		p.t.Errorf("there are %d attempts for 16 cells", len(list))
	}
	for _, a := range list {
		if !attempts[a.ID] || a.Status != "done" {
			p.t.Errorf("attempt %d is %s, and in the campaign: %t", a.Number, a.Status, attempts[a.ID])
		}
	}
}

func TestASeriesThatIsKilledInTheMiddleIsResumedAndEndsWithEachCellOnce(t *testing.T) {
	p := newCalibratedPlace(t)
	file := campaignFile(t, "[1, 2]")

	// The sweep is killed; what it had in flight goes on by itself.
	first := p.sweep(file)
	running := p.inFlight(3)
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.ends(first, patience); err == nil {
		t.Fatal("it ended before it was killed")
	}
	if a := p.show(running.ID); a.Status != "done" && (a.Engine == nil || !alive(a.Engine.PID)) {
		t.Errorf("after the sweep was killed, attempt %d is %s: %s", a.Number, a.Status, a.Why)
	}

	// The next one takes it up. This time an engine is killed too, and a second
	// sweep of the same file is refused.
	second := p.sweep(file)
	running = p.inFlight(6)
	if _, words, err := p.try("sweep", file); err == nil || !strings.Contains(words, "another pitwall sweep is running this campaign") {
		t.Errorf("a second sweep: %v\n%s", err, words)
	}
	if err := syscall.Kill(running.Engine.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.inFlight(7)

	// Ctrl-C stops the sweep and what it has in flight.
	if err := second.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.ends(second, patience); err == nil || !strings.Contains(second.words.String(), "go on with: pitwall sweep") {
		t.Errorf("after Ctrl-C: %v\n%s", err, second.words.String())
	}
	for _, a := range p.attempts() {
		waits := a.ID == running.ID && a.Status == "interrupted" // for its turn, behind the others
		if a.Status != "done" && a.Status != "stopped" && !waits || a.Engine != nil {
			t.Errorf("after Ctrl-C attempt %d is %s with engine %+v", a.Number, a.Status, a.Engine)
		}
	}

	third := p.sweep(file, "--jobs", "2", "--json")
	if err := p.ends(third, 10*patience); err != nil {
		t.Fatalf("the last sweep: %v\n%s", err, third.words.String())
	}
	var doc series
	if err := json.Unmarshal(third.out.Bytes(), &doc); err != nil {
		t.Fatalf("%v\n%s", err, third.out.String())
	}
	p.eachCellOnce(doc)

	// What is done is done: once more changes nothing.
	began := time.Now()
	var again series
	p.read(&again, "sweep", file)
	if again.Campaign != doc.Campaign || again.Totals.Done != 16 || len(p.attempts()) != 16 {
		t.Errorf("once more: %+v after %s", again.Totals, time.Since(began))
	}

	// With another seed it is another campaign, which says so.
	if err := os.Rename(campaignFile(t, "[1, 3]"), file); err != nil {
		t.Fatal(err)
	}
	other := p.sweep(file)
	p.inFlight(16)
	if err := other.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.ends(other, patience); err == nil {
		t.Error("Ctrl-C ended it as if all were done")
	}
	if words := other.words.String(); !strings.Contains(words, "another campaign than") || !strings.Contains(words, "16 of 16 cells done") || !strings.Contains(words, "seed 3 is new; seed 2 is gone") {
		t.Errorf("of the changed file it says:\n%s", words)
	}

	// The screen shows both, and the one that is done as a table.
	d := p.open(132, 42)
	d.Sees("micro/7 → 8").Key("l").Sees("pitwall   history").Key("c")
	d.Sees("2 campaigns", "a series on the micro track", "16 of 16 cells done", "practice")
	d.Key("j", "enter").Sees("16/16 done", "micro/7", "micro/8", "tuner", "noop", "2/2", "practice")
	d.Key("enter").Sees("✓ done").Key("q").Leaves()
}

func TestASweepShowsATableThatRenewsItselfOnATerminal(t *testing.T) {
	p := newCalibratedPlace(t)
	path := filepath.Join(t.TempDir(), "one.toml")
	if err := os.WriteFile(path, []byte("name = \"one cell\"\ntasks = [\"micro/7\"]\nnodes = 1\ncalibrate = 1\nconfirm = 0\n[[agents]]\nagent = \"noop\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := p.open(120, 30, "sweep", path)
	d.Sees("one cell", "practice", "TASK", "micro/7", "noop", "training", "0 of 1 cells done")
	d.Sees("1 of 1 cells done").Leaves()
}
