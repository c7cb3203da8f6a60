package taskdata_test

import (
	"math"
	"strings"
	"testing"

	"pitwall/taskdata"
)

func TestTaskNamesItsRecordsAndWithholdsTheAnswer(t *testing.T) {
	for _, id := range []string{"micro/1", "micro/2", "micro/3", "micro/4", "micro/5", "micro/6", "micro/7"} {
		task, err := taskdata.Embedded().FindTask(id)
		if err != nil {
			t.Fatal(err)
		}
		if task.ID() != id || task.To.Number != task.From.Number+1 {
			t.Errorf("%s is %s, from %d to %d", id, task.ID(), task.From.Number, task.To.Number)
		}
		if !task.Ready || task.Why != "" {
			t.Errorf("%s: ready %v, why %q", id, task.Ready, task.Why)
		}
		if task.To.Script() != "" {
			t.Errorf("%s shows its answer in To", id)
		}
		next, err := taskdata.Embedded().FindRecord("micro", task.To.Number)
		if err != nil {
			t.Fatal(err)
		}
		if task.Answer() == "" || task.Answer() != next.Script() || task.Answer() == task.From.Script() {
			t.Errorf("%s: its answer is not the script of record %d", id, next.Number)
		}
	}
}

func TestWhatIsNotThereIsToldWithWhatIs(t *testing.T) {
	_, task := taskdata.Embedded().FindTask("micro/99")
	_, record := taskdata.Embedded().FindRecord("micro", 99)
	_, track := taskdata.Embedded().FindRecord("moto", 7)
	_, hint := taskdata.ParseHint("4")
	for err, want := range map[error]string{task: "micro/", record: "1 to 9", track: "micro", hint: "1 (pseudocode)"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not list %q", err, want)
		}
	}
}

func TestTasksOfATrack(t *testing.T) {
	all, micro := taskdata.Embedded().Tasks(""), taskdata.Embedded().Tasks("micro")
	small, medium := taskdata.Embedded().Tasks(taskdata.NanoGPT), taskdata.Embedded().Tasks(taskdata.NanoGPTMedium)
	if len(micro) != len(taskdata.Embedded().Records("micro"))-1 || len(small) != 88 || len(medium) != 17 || len(all) != len(micro)+len(small)+len(medium) {
		t.Errorf("%d tasks, %d of micro, %d of nanogpt, %d of nanogpt-medium", len(all), len(micro), len(small), len(medium))
	}
	if none := taskdata.Embedded().Tasks("moto"); len(none) != 0 {
		t.Errorf("%d tasks of a track that is not there", len(none))
	}
}

func TestEveryTaskHasEveryHintItLists(t *testing.T) {
	for _, task := range taskdata.Embedded().Tasks("micro") {
		for _, hint := range task.Hints {
			text, err := task.HintText(hint)
			if err != nil {
				t.Errorf("%s hint %s: %v", task.ID(), hint, err)
			}
			if (text == "") != (hint == taskdata.HintNone) {
				t.Errorf("%s hint %s has %d bytes", task.ID(), hint, len(text))
			}
			if strings.Contains(text, "@") {
				t.Errorf("%s hint %s has a figure left out", task.ID(), hint)
			}
		}
		if len(task.Hints) != len(taskdata.AllHints()) {
			t.Errorf("%s lacks hints: it has %v", task.ID(), task.Hints)
		}
		one, _ := task.HintText(taskdata.HintPseudocode)
		two, _ := task.HintText(taskdata.HintText)
		both, _ := task.HintText(taskdata.HintPseudoText)
		if both != one+"\n"+two {
			t.Errorf("%s: hint 12 is not 1 and 2", task.ID())
		}
		if _, err := task.HintText("21"); err == nil {
			t.Errorf("%s takes hint 21", task.ID())
		}
	}
}

func TestHintsParseAndHaveTitles(t *testing.T) {
	for s, title := range map[string]string{
		"0": "none", "1": "pseudocode", "2": "text", "3": "mini-paper", "12": "pseudocode + text", "123": "pseudocode + text + mini-paper",
	} {
		hint, err := taskdata.ParseHint(s)
		if err != nil || !hint.Valid() || hint.Title() != title {
			t.Errorf("hint %q: %q, %v", s, hint.Title(), err)
		}
	}
	for _, s := range []string{"", "4", "21", "13", "1 ", "x"} {
		if _, err := taskdata.ParseHint(s); err == nil {
			t.Errorf("hint %q is taken", s)
		}
	}
}

func TestRecordsHaveReferenceCurvesThatReachTheTarget(t *testing.T) {
	track, err := taskdata.FindTrack("micro")
	if err != nil {
		t.Fatal(err)
	}
	if !track.Practice || len(track.Rules) == 0 {
		t.Errorf("track %+v", track)
	}
	before := math.Inf(1)
	for _, record := range taskdata.Embedded().Records("micro") {
		curve := record.Curve()
		if len(curve) != record.Steps+1 {
			t.Fatalf("record %d: %d points, %d steps", record.Number, len(curve), record.Steps)
		}
		last := curve[len(curve)-1]
		if last.Step != record.Steps || !(last.ValLoss <= track.Target) {
			t.Errorf("record %d ends at step %d with loss %v", record.Number, last.Step, last.ValLoss)
		}
		if math.Abs(last.TrainMS/1000-record.Seconds) > 0.01 {
			t.Errorf("record %d: curve ends at %v ms, its time is %v s", record.Number, last.TrainMS, record.Seconds)
		}
		for i, point := range curve[1:] {
			if point.Step != i+1 || point.TrainMS <= curve[i].TrainMS || math.IsNaN(point.TrainLoss) {
				t.Errorf("record %d: point %+v after %+v", record.Number, point, curve[i])
			}
		}
		if record.Seconds >= before {
			t.Errorf("record %d takes %v s, the one before %v s", record.Number, record.Seconds, before)
		}
		before = record.Seconds
		if !strings.Contains(record.MeasuredOn, "CPython") {
			t.Errorf("record %d was measured on %q", record.Number, record.MeasuredOn)
		}
		curve[0].Step = -1
		if record.Curve()[0].Step == -1 {
			t.Errorf("record %d gives its own curve away", record.Number)
		}
	}
}

func TestScriptsKeepTheTargetOfTheirTrack(t *testing.T) {
	for _, record := range taskdata.Embedded().Records("micro") {
		if !strings.Contains(record.Script(), "\nTARGET_LOSS = 2.0 ") {
			t.Errorf("record %d has another target", record.Number)
		}
	}
}
