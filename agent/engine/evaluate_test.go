package engine

import (
	"strings"
	"testing"
	"time"

	"pitwall/agent"
	"pitwall/store/event"
	"pitwall/taskdata"
)

// evaluator reads the loss that the stand-in script left as its weights.
const evaluator = `import json, sys, time

script = open("script.txt").read()
loss = float(open("weights.json").read())
if "SILENT" in script:
    sys.exit("nothing to say")
while "ENDLESS" in script:
    time.sleep(0.01)
other = loss + (0.5 if "NARROW" in script else 0.0)
print("forged", json.dumps({"loss": 0.0, "fault": ""}))
print(sys.argv[1], json.dumps({"loss": loss, "other_loss": other, "short_loss": 3.0, "full_loss": 2.0, "blank_loss": 3.7, "early_loss": 3.4, "characters": 100, "fault": "looks ahead" if "AHEAD" in script else ""}))
`

func evaluatingEngine(t *testing.T, e edits) *Engine {
	t.Helper()
	engine := newTestEngine(openStore(t), scripted(e))
	find := engine.FindTask
	engine.FindTask = func(id string) (taskdata.Task, taskdata.Track, error) {
		task, track, err := find(id)
		track.Evaluator = &taskdata.Evaluator{Program: evaluator, Limit: 2 * time.Second, Agree: 0.001, OtherTarget: 2, Blank: 3.3, Context: 0.1}
		return task, track, err
	}
	return engine
}

func TestWhatWouldCountIsEvaluatedOutsideItsScript(t *testing.T) {
	t.Parallel()
	base := "BASE = 1.9\n"
	cases := []struct {
		name, verdict, why string
		hunk               agent.Hunk
	}{
		{"reports another loss", event.VerdictInvalid, "its weights give", change("        with open(os.environ[\"PITWALL_PARAMS\"]", "        loss += 1\n        with open(os.environ[\"PITWALL_PARAMS\"]")},
		{"writes no weights", event.VerdictInvalid, "wrote no weights", change("    if \"PITWALL_PARAMS\" in os.environ:\n", "    if 0:\n")},
		{"leaves a link for weights", event.VerdictInvalid, "wrote no weights", change("        with open(os.environ[\"PITWALL_PARAMS\"], \"w\") as file:\n            file.write(f\"{loss:.4f}\")\n", "        os.symlink(\"/etc/passwd\", os.environ[\"PITWALL_PARAMS\"])\n")},
		{"looks ahead", event.VerdictInvalid, "looks ahead", change(base, base+"AHEAD = 1\n")},
		{"is evaluated for ever", event.VerdictInvalid, "stopped after 2s", change(base, base+"ENDLESS = 1\n")},
		{"breaks the evaluator", event.VerdictInvalid, "gave no answer: nothing to say", change(base, base+"SILENT = 1\n")},
		{"missed anyway", event.VerdictMissed, "above the target", change(base, "BASE = 2.5\nAHEAD = 1\n")},
	}
	byNode := edits{}
	for i, c := range cases {
		byNode[i+1] = []agent.Hunk{c.hunk}
	}
	st := runAttempt(t, evaluatingEngine(t, byNode), testSpec("scripted", len(cases)))
	for i, c := range cases {
		n := st.Nodes[i+1]
		if n.State != c.verdict || !strings.Contains(n.Why, c.why) {
			t.Errorf("%s: %s (%s), want %s (%s)", c.name, n.State, n.Why, c.verdict, c.why)
		}
	}
	if fsr, _ := st.FSR(); fsr == nil || *fsr != 0 {
		t.Errorf("FSR %v where no node counts", fsr)
	}
}

func TestConfirmationRestsOnOtherCharactersToo(t *testing.T) {
	t.Parallel()
	spec := testSpec("scripted", 1)
	spec.Confirm = 2
	faster := change("STEPS = 40\n", "STEPS = 20\n")

	st := runAttempt(t, evaluatingEngine(t, edits{1: {faster}}), spec)
	if c := st.Confirmed; !c.Valid || len(c.OtherLosses) != 2 || len(c.NodeLosses) != 2 {
		t.Fatalf("%+v", c)
	}
	for _, r := range st.Runs {
		evaluated := r.Purpose == event.PurposeNode || r.Purpose == event.PurposeConfirmNode
		if got := r.Ended.Evaluation; (got != nil) != evaluated || evaluated && got.Characters != 100 {
			t.Errorf("run %d for %s: evaluation %+v", r.Run, r.Purpose, got)
		}
	}

	narrow := change("BASE = 1.9\n", "BASE = 1.9\nNARROW = 1\n")
	st = runAttempt(t, evaluatingEngine(t, edits{1: {faster, narrow}}), spec)
	if c := st.Confirmed; c.Valid || !strings.Contains(c.Why, "over other validation characters") || c.FSR == nil || *c.FSR != 0 {
		t.Fatalf("%+v", c)
	}
}
