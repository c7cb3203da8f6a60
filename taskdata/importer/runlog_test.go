package importer

import (
	"strings"
	"testing"

	"pitwall/taskdata"
)

func TestOnlyAWholeLineSeparates(t *testing.T) {
	bar := strings.TrimSuffix(line, "\n")
	for _, c := range []struct {
		text       string
		start, end int
	}{
		{"a\n" + line + "b", 2, 103},
		{"a\n" + bar, 2, 102},
		{"a\n" + bar + "\r\nb", 2, 104},
		{"a " + line, -1, -1},
		{"a\n=" + line, -1, -1},
		{"a\n" + bar + " \n", -1, -1},
		{"x" + line + "y\n" + line, 104, 205},
		{"", -1, -1},
	} {
		start, end := findSeparator(c.text)
		if start != c.start || end != c.end {
			t.Errorf("in %q the separator is at %d to %d, not %d to %d", c.text, start, end, c.start, c.end)
		}
	}
}

func TestFiguresThatAreNoNumbersAreLeftOut(t *testing.T) {
	l := readRunLog("step:0/3 val_loss:11.0 train_time:0ms\nstep:1/3 train_loss:nan train_time:5ms\nstep:2/3 train_loss:2.5 train_time:infms\n" +
		"step:x/3 train_loss:2.5 train_time:5ms\nstep:3/3 val_loss:inf train_time:9ms\nstep:3/3 train_loss:2.0 train_time:9")
	_, list := losses(l.points)
	wantSlice(t, "losses", list, []float64{11})
	wantEqual(t, "done", l.done, false)
}

func TestTrainingLossesWithoutTimesAreLeftOutBesideTimedValidations(t *testing.T) {
	l := readRunLog("s:0 tel:11.0\nstep:0/2 val_loss:11.0 train_time:0ms\ns:0 trl:10.0\ns:1 trl:9.0\nstep:2/2 val_loss:8.0 train_time:20ms\n")
	steps, list := losses(l.points)
	wantSlice(t, "steps", steps, []int{0, 2})
	wantSlice(t, "losses", list, []float64{11, 8})
	wantEqual(t, "done", l.done, true)
}

func TestGPUsAreReadFromATableWithoutNvidiaSMI(t *testing.T) {
	l := readRunLog("x = 1\n" + line + "GPU Name                      Temp  Power      Mem Used        Mem Total       Util\n" +
		"0   NVIDIA H100 80GB HBM3     35    117        6340            81559           0     %\n" +
		"1   NVIDIA A100-SXM4          48    120        2029            81559           1     %\n" +
		"2   NVIDIA H100 80GB HBM3     35    117        2029            81559           0     %\n" + line + course(10, 3, false))
	wantEqual(t, "hardware", l.hardware, "2x NVIDIA H100 80GB HBM3, 1x NVIDIA A100-SXM4")
	wantEqual(t, "GPUs", l.gpus, 3)
}

func TestAThinnedCurveKeepsEveryValidation(t *testing.T) {
	for _, n := range []int{10, maxPoints, maxPoints + 1, 6200} {
		var points []taskdata.Point
		loss, validations := 3.0, 0
		for step := range n {
			p := taskdata.Point{Step: step, TrainLoss: &loss}
			if step%125 == 0 {
				p = taskdata.Point{Step: step, ValLoss: &loss}
				validations++
			}
			points = append(points, p)
		}
		kept := thin(points)
		wantEqual(t, "points", len(kept), min(n, maxPoints))
		gap, seen := 0, 0
		for i, p := range kept {
			if p.ValLoss != nil {
				seen++
			}
			if i > 0 {
				gap = max(gap, p.Step-kept[i-1].Step)
			}
		}
		wantEqual(t, "validations", seen, validations)
		if limit := 2 + n/maxPoints; gap > limit {
			t.Errorf("of %d points, %d in a row are left out", n, gap-1)
		}
		wantEqual(t, "the last step", kept[len(kept)-1].Step, n-1)
	}
}

// FuzzALogIsReadWhateverItHolds looks for a panic, and for a script that the log does not hold.
func FuzzALogIsReadWhateverItHolds(f *testing.F) {
	f.Add(earlyLog(script("a"), 10, 3))
	f.Add(laterLog(script("b"), 2, 10, 3))
	f.Add("s:0 tel:1\ns:1 trl:\nstep:1/\nstep:\ns:")
	f.Add(line + line + line)
	f.Add("a\n\n" + strings.Repeat("-", 40) + "\n# b.py\n" + strings.Repeat("-", 40) + "\n\n" + line + "peak memory allocated: 9 MiB")
	f.Fuzz(func(t *testing.T, text string) {
		l := readRunLog(text)
		if !strings.Contains(text, l.source) || !strings.HasPrefix(l.source, l.script) {
			t.Errorf("of %q, the script is %q", text, l.script)
		}
		if l.done && l.last.ValLoss == nil {
			t.Errorf("%q is done without a validation", text)
		}
		thin(l.points)
	})
}
