package ui

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"pitwall/store/event"
	"pitwall/store/fold"
	"pitwall/store/storetest"
	"pitwall/ui/frame"
)

// onWatch opens a live attempt on GPUs that has come to where stop is true, at the
// moment of its last event; later moves the clock on.
func onWatch(t *testing.T, w, h int, o storetest.Options, stop func(event.Body) bool) (d *driver, f *storetest.Feed, later func(time.Duration)) {
	t.Helper()
	s := openStore(t)
	f = storetest.Live(t, s, o)
	if !f.Until(stop) {
		t.Fatal("the story does not come there")
	}
	at := time.UnixMilli(f.Writer.State().Wall)
	d = drive(t, Options{Store: s, Open: f.ID, Now: func() time.Time { return at }}, w, h)
	return d, f, func(more time.Duration) {
		at = at.Add(more)
		d.send(secondMsg{d.m.attempt})
	}
}

func firstWords(run int) func(event.Body) bool {
	return func(b event.Body) bool {
		l, ok := b.(event.Log)
		return ok && l.Run == run && strings.HasPrefix(string(l.Data), "step:0/")
	}
}

func atStep(run, step int) func(event.Body) bool {
	return func(b event.Body) bool { p, ok := b.(event.Point); return ok && p.Run == run && p.Step == step }
}

func TestCompilingIsAPhaseWithItsOwnTime(t *testing.T) {
	d, f, later := onWatch(t, 140, 42, storetest.Options{GPUs: 8, Steps: 60}, firstWords(5))
	d.until("● compiling node 1 of 3", "● 1  compiling 00:01", "compiling 00:01 of 30:00  run 00:01 of 2:00:00 at most")
	d.lacks("step 0/")
	later(192 * time.Second)
	d.until("compiling 03:13 of 30:00", "run 03:13 of 2:00:00 at most")
	f.Until(atStep(5, 30))
	d.until("● training node 1 of 3", "step 30/60")
	d.lacks("compiling")
	d, _, _ = onWatch(t, 80, 24, storetest.Options{GPUs: 8, Steps: 60}, firstWords(1))
	d.until("compiling: measuring record 4", "measuring record 4  compiling 00:01 of 30:00")
}

func TestEachGPUIsInTheStrip(t *testing.T) {
	o := storetest.Options{GPUs: 8, Steps: 60}
	d, f, later := onWatch(t, 140, 42, o, atStep(5, 40))
	d.until("GPUs 8 of 8", "use 9", "mem 35.9 of 79.6 GiB", "hottest 65 °C", "▾ 1 held down", "8x NVIDIA H100 80GB HBM3", "GPU-hours", "0 █", "7 █", "%▾")
	d.lacks("no sample")
	later(7 * time.Second)
	d.until("no sample for 7 s")
	f.Until(func(b event.Body) bool { g, ok := b.(event.GPUs); return ok && len(g.Devices) == 7 })
	d.until("GPUs 7 of 8  GPU 3 gone", "3 gone", "at 1")
	f.All()
	if err := f.Writer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.until("✓ done", "driver 560.35.03, torch 2.7.1+cu126")
	d, _, _ = onWatch(t, 80, 24, o, atStep(5, 40))
	d.until("GPUs 8 of 8", "hottest 65 °C", "▾ 1 held down")
	d.lacks("0 █") // one line alone
}

func TestTheGPUsHaveAPaneWithWhatTheyDidLately(t *testing.T) {
	d, f, _ := onWatch(t, 140, 42, storetest.Options{GPUs: 8, Steps: 60}, atStep(5, 40))
	d.until("training node 1")
	d.press("shift+tab", "shift+tab", "z")
	d.until("▎GPUs", "8 of 8", "memory", "the last 60 s", "1755 MHz  ▾ held down", "35.9 of 79.6 GiB", "█▇")
	f.Until(func(b event.Body) bool { g, ok := b.(event.GPUs); return ok && len(g.Devices) == 7 })
	d.until("3  gone", "no answer; last seen at")
	d.press("z", "tab")
	d.until("▎tree")
}

func TestPracticeHasNoGPUs(t *testing.T) {
	s := openStore(t)
	f := storetest.Live(t, s, storetest.Options{})
	f.Until(atStep(5, 100))
	d := drive(t, Options{Store: s, Open: f.ID}, 140, 42)
	d.until("cpu ", "load 1.1")
	d.lacks("GPU")
	d.press("shift+tab", "shift+tab")
	d.until("▎log")
}

func TestTheStripFollowsTheReplay(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{GPUs: 8, Steps: 60, Nodes: 2})
	d := drive(t, Options{Store: s, Open: "1", Replay: true}, 140, 42)
	d.until("space pause")
	d.press("space")
	var gone int64
	st := storetest.State(storetest.Options{GPUs: 8, Steps: 60, Nodes: 2})
	for _, g := range st.GPUs {
		if len(g.Devices) == 7 {
			gone = g.Active
		}
	}
	d.m.attempt.player.SeekActive(gone)
	d.until("GPUs 7 of 8  GPU 3 gone")
	d.m.attempt.player.SeekActive(gone - 60_000)
	d.until("GPUs 8 of 8")
	d.lacks("gone")
	d.press("0")
	d.until("GPUs  no sample of 8x NVIDIA H100 80GB HBM3 yet")
}

func TestAVanishedGPUIsKnownByEarlierSamples(t *testing.T) {
	m := New(Options{Store: openStore(t)})
	t.Cleanup(m.Close)
	a := newAttempt(m, openMsg{})
	sample := func(active int64, indexes ...int) {
		g := fold.GPUs{GPUs: event.GPUs{Run: 1}, Active: active}
		for _, i := range indexes {
			g.Devices = append(g.Devices, event.GPU{Index: i, Util: math.NaN(), MemUsed: math.NaN(), MemTotal: math.NaN(), Power: math.NaN(), Temp: math.NaN(), Clock: math.NaN()})
		}
		a.st.GPUs = append(a.st.GPUs, g)
	}
	sample(1000, 2, 5)
	sample(2000, 2)
	sample(3000)
	a.trail.feed(a.st.GPUs)
	g := a.gpuState()
	if len(g.devices) != 2 || !g.devices[0].gone || g.devices[0].seen != 2000 || g.devices[1].seen != 1000 || g.answer != 0 || g.expected != 2 {
		t.Errorf("%+v", g)
	}
	a.st.GPUs = a.st.GPUs[:1] // further back in a replay
	if g = a.gpuState(); len(g.devices) != 2 || g.devices[0].gone || g.devices[1].gone {
		t.Errorf("both answered then: %+v", g)
	}
	if row := a.gpuLine(80, g); strings.Contains(row, "NaN") {
		t.Errorf("%q", row)
	}
}

func TestACurveBeginsAnewWhereTheClockIsSetBack(t *testing.T) {
	c := newCurve(100)
	for i := range 10 {
		c.add(i, 75+float64(i), 10-float64(i)/10, math.NaN())
	}
	for i := 10; i < 30; i++ {
		c.add(i, float64(i-10), 9-float64(i)/10, math.NaN())
	}
	if x, _ := c.train.At(0); x != 0 || c.train.Len() != 20 || c.trainAt[0] != 10 {
		t.Errorf("%d points from %g s on", c.train.Len(), x)
	}
	if early := c.before(10); early.train.Len() != 10 || c.before(11) != c {
		t.Errorf("%d points before the clock was set back", early.train.Len())
	}
	steady := newCurve(100)
	for i, x := range []float64{1, 2, 1.9, 3} { // the rounding of two clocks
		steady.add(i, x, 3, math.NaN())
	}
	if steady.train.Len() != 4 {
		t.Errorf("%d of 4 points of a clock that was not set back", steady.train.Len())
	}
}

// gpuAttempt is the state of an attempt on GPUs, with its last run as that of node 1
// had come to a step.
func gpuAttempt(t *testing.T, step int) (*attempt, *fold.Run) {
	t.Helper()
	m := New(Options{Store: openStore(t)})
	t.Cleanup(m.Close)
	a := newAttempt(m, openMsg{})
	a.st = storetest.State(storetest.Options{GPUs: 8})
	r := a.st.Run(5)
	r.LastPoint = r.FirstPoint + 1
	for a.st.Points[r.LastPoint-1].Step < step {
		r.LastPoint++
	}
	p := a.st.Points[r.LastPoint-1]
	r.Step, r.TrainMS, r.Ended = p.Step, event.Float(p.TrainMS), nil
	a.feedRun(r, false)
	return a, r
}

func TestDeltaCountsFromWhereTheClocksBegin(t *testing.T) {
	a, r := gpuAttempt(t, 8)
	for _, to := range []bool{false, true} {
		if d := a.delta(r, to); d.ok {
			t.Errorf("%+v while the clock counts compilation", d)
		}
	}
	a, r = gpuAttempt(t, 105)
	// Where both clocks began at step 10, node 1 takes .9112 of the log's time (record 4).
	want := 0.5 * (124.5 - 134*1.02) * 90 / 95
	if d := a.delta(r, false); !d.ok || math.Abs(d.seconds-want) > 1 {
		t.Errorf("%+v to record 4, want about %.1f s", d, want)
	}
	if d := a.delta(r, true); !d.ok || d.seconds < 5 { // by validations, for there is no other loss
		t.Errorf("%+v to record 5", d)
	}
}

func TestThePredictedFinishLeavesCompilationOut(t *testing.T) {
	for _, step := range []int{5, 50, 150} {
		a, r := gpuAttempt(t, step)
		_, total, ok := a.predicted(r)
		want := 124.5
		if step < 10 {
			want += 38.5 // the clock is not set back yet
		}
		if !ok || math.Abs(total-want) > 1 {
			t.Errorf("at step %d: %.1f s, %v; want %.1f s", step, total, ok, want)
		}
	}
}

func TestGhostsSayWhereTheyComeFrom(t *testing.T) {
	d, f, _ := onWatch(t, 220, 60, storetest.Options{GPUs: 8, Steps: 60}, atStep(5, 40))
	d.until("record 4  ╌╌ record 5  published log", "by time", "record 4's log")
	f.Writer.Emit(event.Ghost{Record: 4, Source: measuredHere, Points: []event.GhostPoint{{Step: 1, TrainMS: 1, TrainLoss: 9, ValLoss: event.NaN()}, {Step: 2, TrainMS: 2, TrainLoss: 8, ValLoss: event.NaN()}}})
	if err := f.Writer.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	d.until("record 4, measured here", "record 5, published log")
	d.send(tea.WindowSizeMsg{Width: 140, Height: 42})
	d.until("┄┄ record 4  ╌╌ record 5's log")
}

func TestABudgetOfGPUHoursIsAGauge(t *testing.T) {
	d, _, later := onWatch(t, 140, 42, storetest.Options{GPUs: 8, Steps: 60}, atStep(5, 40))
	d.until("left  GPU-hours ━━━━━━ 38")
	used, _ := d.m.attempt.used()
	later(90 * time.Second)
	if now, _ := d.m.attempt.used(); math.Abs(now.GPUHours-used.GPUHours-0.2) > 0.001 {
		t.Errorf("90 s of a run on 8 GPUs take %.3f GPU-hours", now.GPUHours-used.GPUHours)
	}
}

func TestOneRanksLogIsShownAlone(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{GPUs: 8, Steps: 60, Nodes: 2})
	d := drive(t, Options{Store: s, Open: "1"}, 140, 42)
	d.until("✓ done")
	d.press("d", "}", "tab", "tab")
	d.until("▎log", "train.py FAILED", "# rank")
	d.press("#", "5", "enter")
	d.until("rank 5 alone", "[rank5]: torch.OutOfMemoryError", "[rank5]:W0314", "# all ranks")
	d.lacks("[rank4]")
	d.lacks("train.py FAILED")
	d.press("/", "m", "e", "m", "o", "r", "y", "enter")
	d.until("›[rank5]: torch.OutOfMemoryError")
	d.press("#")
	d.until("train.py FAILED")
	d.press("#", "7", "7", "enter")
	d.until("Rank 77 has printed nothing of its own.")
	d.press("#", "#", "x", "enter")
	d.until("a rank is a number")
}

func TestRanksAndNoiseOfALog(t *testing.T) {
	for line, want := range map[string][2]int{
		"[rank5]: x":               {5, 8},
		"[rank12]:W0314 x":         {12, 9},
		"[default3]:[rank11]: x":   {11, 20},
		"[rank]: x":                {-1, 0},
		"[rank5] x":                {-1, 0},
		"[rank99999999999999]: x":  {-1, 0},
		"step:1/2 [rank5]: behind": {-1, 0},
		"":                         {-1, 0},
	} {
		if rank, n := rankOf([]byte(line)); rank != want[0] || n != want[1] {
			t.Errorf("%q: rank %d, prefix of %d", line, rank, n)
		}
	}
	th := frame.NewTheme(true)
	for _, c := range []struct {
		text   string
		stderr bool
		want   string
	}{
		{"W0314 09:26:53.482000 4242 torch/distributed/run.py:793] words", true, string(th.Dim)},
		{"E0314 09:26:53.482000 4242 torch/distributed/elastic/api.py:1] words", true, string(th.Bad)},
		{"------------", true, string(th.Faint)},
		{"ValueError: no such thing", true, string(th.Bad)},
		{"a warning", true, string(th.Warn)},
		{"step:1/2 train_loss:3.1 Error: none", false, ""},
		{"When it all began", false, ""},
	} {
		if got := string(lineStyle(th, c.text, c.stderr)); got != c.want {
			t.Errorf("%q is drawn as %q, not %q", c.text, got, c.want)
		}
	}
}

func TestScreensOfGPUsFitEverySize(t *testing.T) {
	s := openStore(t)
	storetest.Fill(t, s, storetest.Options{GPUs: 8, Steps: 40})
	storetest.Fill(t, s, storetest.Options{GPUs: 16, Steps: 40, Open: true, Agent: "an agent with a very long name 損失損失損失"})
	storetest.Fill(t, s, storetest.Options{GPUs: 4, Steps: 40, Task: "nanogpt-medium/17@4gpu"})
	f := storetest.Live(t, s, storetest.Options{GPUs: 8, Steps: 40})
	f.Until(func(b event.Body) bool { g, ok := b.(event.GPUs); return ok && len(g.Devices) == 7 })
	f.Writer.Emit(event.Log{Run: 6, Stderr: true, End: '\n', Data: []byte("[rank5]: \x1b[2J損失\u202e" + strings.Repeat("長", 300))},
		event.GPUs{Run: 6, Devices: []event.GPU{{Index: 900, Util: 1e9, MemUsed: 1e12, MemTotal: 1, Power: 1e12, Temp: -1e9, Clock: 1e12, Slowed: true}, {Index: 1, Util: math.NaN(), MemUsed: math.NaN(), MemTotal: math.NaN(), Power: math.NaN(), Temp: math.NaN(), Clock: math.NaN()}}})
	if err := f.Writer.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	o := Options{Store: s, Start: nil}
	open := func(id string, replay bool) Options {
		c := o
		c.Open, c.Replay = id, replay
		return c
	}
	for i, c := range []struct {
		name  string
		o     Options
		until string
		keys  string
	}{
		{"history", o, "l history", "l"},
		{"done", open("1", false), "strict", ""},
		{"done, flagged", open("1", false), "strict", "d { {"},
		{"done, open", open("2", false), "speedup", ""},
		{"done, other GPUs", open("3", false), "4 GPUs", ""},
		{"live", open("4", false), "training node 2", ""},
		{"live, GPUs", open("4", false), "training node 2", "shift+tab shift+tab j j"},
		{"live, rank", open("4", false), "training node 2", "tab tab # 5 enter"},
		{"replay, sixteen", open("2", true), "pause", "space 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := drive(t, c.o, 140, 45)
			d.until(c.until)
			d.press(strings.Fields(c.keys)...)
			sizes(i, func(w, h int) {
				if (w+h)%9 == 0 {
					d.send(tea.WindowSizeMsg{Width: w, Height: h})
				}
				checkSize(t, d, w, h)
			})
		})
	}
}
