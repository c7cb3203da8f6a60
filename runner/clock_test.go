package runner

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// feed gives a clock lines with arrival times in milliseconds.
func clocked(t *testing.T, lines ...any) *Clock {
	t.Helper()
	var c Clock
	for i := 0; i < len(lines); i += 2 {
		p, ok := Parser{}.Parse([]byte(lines[i+1].(string)))
		if !ok {
			t.Fatalf("%q does not parse", lines[i+1])
		}
		c.Add(time.Duration(lines[i].(int))*time.Millisecond, p)
	}
	return &c
}

func TestClockLeavesValidationsOut(t *testing.T) {
	c := clocked(
		t,
		5000, "step:0/3 val_loss:9 train_time:0ms",
		6000, "step:1/3 train_loss:8 train_time:1000ms",
		7000, "step:2/3 train_loss:7 train_time:2000ms",
		17000, "step:2/3 val_loss:7 train_time:2003ms",
		18000, "step:3/3 train_loss:6 train_time:3003ms",
		28000, "step:3/3 val_loss:6 train_time:3004ms",
	)
	want := Reading{Engine: 3 * time.Second, Script: 3 * time.Second, Unchecked: 4 * time.Millisecond, Spans: 3}
	if got := c.Read(); got != want {
		t.Errorf("got %+v", got)
	}
	if err := c.Check(0.02, 0); err != nil {
		t.Error(err)
	}
}

func TestClockMeasuresStepsThatCarryNoTime(t *testing.T) {
	c := clocked(
		t,
		0, "step:0/2 val_loss:9 train_time:10ms",
		1000, "step 1/2 | train loss 8 | lr 1 | (999 ms | 5 tok/s)",
		2000, "step 2/2 | train loss 8 | lr 1 | (999 ms | 5 tok/s)",
		9000, "step:2/2 val_loss:8 train_time:2010ms",
	)
	if got := c.Read(); got.Engine != 2*time.Second || got.Script != 2*time.Second || got.Spans != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestClockCatchesAScriptThatCountsTooLittle(t *testing.T) {
	lines := []any{0, "step:0/10 val_loss:9 train_time:0ms"}
	for i := 1; i <= 10; i++ {
		lines = append(lines, i*1000, fmt.Sprintf("step:%d/10 train_loss:8 train_time:%dms", i, i*900))
	}
	c := clocked(t, lines...)
	err := c.Check(0.02, 100*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "9.00 s") || !strings.Contains(err.Error(), "10.00 s") {
		t.Errorf("got %v", err)
	}
	if err := c.Check(0.02, time.Second); err != nil {
		t.Errorf("slack is not given: %v", err)
	}
	if err := c.Check(0.11, 0); err != nil {
		t.Errorf("bound is not given: %v", err)
	}
}

func TestClockBeginsAnewWhenTheScriptSetsItsClockBack(t *testing.T) {
	c := clocked(
		t,
		0, "step:0/12 val_loss:9 train_time:200ms",
		60000, "step:10/12 train_loss:8 train_time:99ms step_avg:nanms",
		61000, "step:11/12 train_loss:8 train_time:1099ms",
	)
	want := Reading{Engine: time.Second, Script: time.Second, Spans: 1, Restarts: 1, From: 10}
	if got := c.Read(); got != want {
		t.Errorf("got %+v", got)
	}
}

func TestClockSaysWhenThereIsNothingToCompare(t *testing.T) {
	c := clocked(
		t,
		0, "step:0/12 val_loss:9 train_time:0ms",
		60000, "step:10/12 val_loss:8 train_time:5000ms",
		61000, "peak memory consumption: 5 MiB",
	)
	if got := c.Read(); got.Spans != 0 || got.Unchecked != 5*time.Second || c.Check(0.02, 0) != nil {
		t.Errorf("got %+v", got)
	}
}
