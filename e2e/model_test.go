//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"pitwall/agent/model/modeltest"
)

const modelKey = "sk-e2e-0a1b2c3d4e5f60718293a4b5c6d7e8f9"

// taskSteps is the record's constant that the model of these tests changes.
const taskSteps = "STEPS = 59"

// writesFewer is an answer that lowers the steps of micro/7.
func writesFewer(steps int) string {
	return fmt.Sprintf("The record ends below the target: try %d steps.\n\ntrain.py\n<<<<<<< SEARCH\n%s\n=======\nSTEPS = %d\n>>>>>>> REPLACE\n", steps, taskSteps, steps)
}

// writesMomentum is an answer that leaves the steps as they are.
const writesMomentum = "train.py\n<<<<<<< SEARCH\nMUON_MOMENTUM = 0.85\n=======\nMUON_MOMENTUM = 0.86\n>>>>>>> REPLACE\n"

// modelPlace is a calibrated place whose models answer at the server.
func modelPlace(t *testing.T, server *modeltest.Server) *place {
	t.Helper()
	p := newCalibratedPlace(t)
	p.env = append(p.env, "OPENAI_API_KEY="+modelKey, "ANTHROPIC_API_KEY="+modelKey,
		"OPENAI_BASE_URL="+server.URL()+"/v1", "ANTHROPIC_BASE_URL="+server.URL())
	return p
}

func TestAModelAttemptsATaskByEitherWire(t *testing.T) {
	for _, c := range []struct {
		model string
		nodes int
	}{{"openai/test-model", 4}, {"anthropic/test-model", 2}} {
		t.Run(c.model, func(t *testing.T) {
			var asked atomic.Int64
			server := modeltest.New(t, modeltest.Step{Answer: func(r modeltest.Request) modeltest.Step {
				asked.Add(1)
				if !strings.Contains(r.Messages[1].Text, "\n"+taskSteps+"\n") { // the parent is a node with other steps
					return modeltest.Step{Text: writesMomentum}
				}
				return modeltest.Step{Text: writesFewer(58), Reasoning: "It has some to spare.", Usage: &modeltest.Usage{Input: 9000, Output: 200}}
			}})
			p := modelPlace(t, server)
			p.do("attempt", "micro/7", "--agent", "llm", "--model", c.model, "--hint", "1", "--scaffold", "tree",
				"--nodes", fmt.Sprint(c.nodes), "--calibrate", "1", "--confirm", "0")
			a := p.show("1")
			if a.Status != "done" || len(a.Nodes) != c.nodes+1 {
				t.Fatalf("%s with %d nodes: %s", a.Status, len(a.Nodes), a.Why)
			}
			for _, n := range a.Nodes[1:] {
				if n.Status != "provisional" && n.Status != "missed" {
					t.Errorf("node %d is %s: %s", n.ID, n.Status, n.Why)
				}
			}
			if diff := p.do("diff", "1", "1"); !strings.Contains(diff, "+STEPS = 58") {
				t.Errorf("the diff of node 1 is\n%s", diff)
			}
			if got := int(asked.Load()); got < c.nodes {
				t.Errorf("%d requests for %d nodes", got, c.nodes)
			}
			p.keyless(t)
		})
	}
}

// keyless fails the test where the key stands in a file of the place.
func (p *place) keyless(t *testing.T) {
	t.Helper()
	p.do("export", "1", "-o", filepath.Join(p.home, "one.pitwall"))
	err := filepath.WalkDir(p.home, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), modelKey) {
			t.Errorf("the key stands in %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// killEngine ends the engine of an attempt at once.
func (p *place) killEngine(id string) {
	p.t.Helper()
	a := p.until(id, "has an engine", func(a attempt) bool { return a.Engine != nil })
	if err := syscall.Kill(a.Engine.PID, syscall.SIGKILL); err != nil {
		p.t.Fatal(err)
	}
	eventually(p.t, patience, "the engine is gone", func() bool { return !alive(a.Engine.PID) })
}

func TestTheDiffGrowsAsTheModelWrites(t *testing.T) {
	gate := make(chan struct{})
	server := modeltest.New(t, modeltest.Step{
		Text: writesFewer(57), Reasoning: "Fewer steps are less time.", Chunk: 8, Gate: gate, Usage: &modeltest.Usage{Input: 9000, Output: 200},
	})
	p := modelPlace(t, server)
	if err := os.WriteFile(filepath.Join(p.home, "models.toml"), []byte("[models.\"openai/test-model\"]\ncontext = 128000\ninput = 10.0\noutput = 10.0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.do("attempt", "micro/7", "--agent", "llm", "--model", "openai/test-model", "--nodes", "1", "--calibrate", "1", "--confirm", "0",
		"--budget-tokens", "500k", "--budget-cost", "1", "--gate", "--detach")
	d := p.open(140, 42, "watch", "1")
	d.Sees("writing", "test-model")
	open := func(pieces int) {
		for range pieces {
			gate <- struct{}{}
		}
	}
	open(4) // the reasoning, or the beginning of the text
	d.Sees("Fewer steps")
	d.Misses("57")
	close(gate)
	d.Sees("STEPS = 57", "waits for you", "$0.09")
	d.Key("y")
	d.Sees("training")
	d.Sees("done")
}

func TestTheHandOnTheWheelByKey(t *testing.T) {
	server := modeltest.New(t, modeltest.Step{Answer: func(r modeltest.Request) modeltest.Step {
		if strings.Contains(r.Messages[1].Text, "\nSTEPS = 58\n") { // it starts from node 1
			return modeltest.Step{Text: writesMomentum}
		}
		return modeltest.Step{Text: writesFewer(58)}
	}})
	p := modelPlace(t, server)
	p.do("attempt", "micro/7", "--agent", "llm", "--model", "openai/test-model", "--nodes", "3", "--parallel", "1",
		"--calibrate", "1", "--confirm", "0", "--gate", "--detach")
	d := p.open(140, 42, "watch", "1")
	d.Sees("waits for you").Key("s").Sees("steer").Key("mind the warm-up", "enter")
	d.Key("n").Key("not yet", "enter")
	d.Until("the model was told no", func(string) bool {
		r := server.Requests()
		m := r[len(r)-1].Messages
		return len(r) > 1 && strings.Contains(m[len(m)-1].Text, "not yet")
	})
	d.Sees("waits for you", "edit 2 of 2").Key("y").Sees("training node 1").Key("space").Sees("paus")
	d.Until("the run was not broken off", func(string) bool {
		a := p.show("1")
		return len(a.Nodes) > 1 && (a.Nodes[1].Status == "provisional" || a.Nodes[1].Status == "missed")
	})
	d.Sees("paused").Until("the screen has node 1's verdict, too", func(s string) bool {
		return strings.Contains(s, "best node 1") || strings.Contains(s, "missed")
	})
	d.Key("B").Sees("starts from node 1")
	p.killEngine("1")
	d.Sees("interrupted").Key("r").Sees("paused").Key("space")
	d.Sees("waits for you")
	last := server.Requests()
	if m := last[len(last)-1].Messages; !strings.Contains(m[1].Text, "mind the warm-up") {
		t.Error("the note did not reach the next node")
	}
	if n := p.show("1").Nodes; len(n) < 3 || n[2].Origin != "branch" || n[2].Parent == nil || *n[2].Parent != 1 {
		t.Errorf("node 2 does not start from node 1: %+v", n)
	}
	d.Key("A").Sees("training node 2").Key("x").Sees("Stop the run of node 2?").Key("y")
	d.Until("node 2 never counts", func(string) bool { a := p.show("1"); return len(a.Nodes) > 2 && a.Nodes[2].Status == "failed" })
	d.Sees("of node 3 waits for you").Key("y").Sees("training node 3").Sees("done")
}
