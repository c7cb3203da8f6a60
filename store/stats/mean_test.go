package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func confirmed(from, node []float64) AttemptRuns { return AttemptRuns{from, node, true} }

// exampleTasks are two tasks that count, with figures that can be worked by hand.
func exampleTasks() []TaskRuns {
	return []TaskRuns{
		{
			// Gap 200 − 180 = 20. Attempts: (200 − 190)/20 = .5; (202 − 187)/20 = .75; not confirmed: 0.
			// Mean 1.25/3 = .416667.
			Task: "nanogpt/4", Spread: 0.002,
			Attempts: []AttemptRuns{
				confirmed([]float64{199, 200, 201}, []float64{189.5, 190, 190.5}),
				confirmed([]float64{201, 202, 203}, []float64{187, 187, 187}),
				{FromSeconds: []float64{200}, NodeSeconds: []float64{150}},
			},
			CalibrationFrom: []float64{199.5, 200, 200.5}, CalibrationTo: []float64{179, 180, 181},
		},
		{
			// Gap 100 − 90 = 10; the one attempt (100 − 92)/10 = .8.
			Task: "nanogpt/5", Spread: 0.002,
			Attempts:        []AttemptRuns{confirmed([]float64{100.1, 99.9}, []float64{92})},
			CalibrationFrom: []float64{100}, CalibrationTo: []float64{90.2, 89.8},
		},
	}
}

func TestFSROfHandWorkedExamples(t *testing.T) {
	for _, c := range []struct {
		name                 string
		base, node, from, to []float64
		want                 float64
	}{
		// (100 − 95)/(100 − 90) = .5
		{"half", []float64{99, 101}, []float64{95}, []float64{100}, []float64{90}, 0.5},
		// The base ran 2 s slower than in calibration: (102 − 95)/10 = .7, not .5.
		{"fresh base", []float64{102}, []float64{95}, []float64{100}, []float64{90}, 0.7},
		{"slower", []float64{100}, []float64{103}, []float64{100}, []float64{90}, -0.3},
		{"no node", []float64{100}, nil, []float64{100}, []float64{90}, math.NaN()},
		{"no gap", []float64{100}, []float64{90}, []float64{90}, []float64{90}, math.NaN()},
		{"a gap the wrong way", []float64{100}, []float64{90}, []float64{90}, []float64{100}, math.NaN()},
		{"a failed run", []float64{100}, []float64{90, math.NaN()}, []float64{100}, []float64{90}, math.NaN()},
	} {
		got := FSR(c.base, c.node, c.from, c.to)
		if math.IsNaN(got) != math.IsNaN(c.want) || math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %g, want %g", c.name, got, c.want)
		}
	}
}

func TestFSRIsThatOfAnyClock(t *testing.T) {
	times := rapid.SliceOfN(rapid.Float64Range(100, 200), 1, 4)
	rapid.Check(t, func(t *rapid.T) {
		base, node, from := times.Draw(t, "base"), times.Draw(t, "node"), times.Draw(t, "from")
		to := []float64{momentsOf(from).mean - rapid.Float64Range(1, 50).Draw(t, "gap")}
		shift, scale := rapid.Float64Range(0, 1000).Draw(t, "shift"), rapid.Float64Range(0.1, 10).Draw(t, "scale")
		by := func(values []float64) []float64 {
			out := make([]float64, len(values))
			for i, v := range values {
				out[i] = scale * (v + shift)
			}
			return out
		}
		a, b := FSR(base, node, from, to), FSR(by(base), by(node), by(from), by(to))
		if math.Abs(a-b) > 1e-7 {
			t.Errorf("%g became %g", a, b)
		}
	})
}

func TestSpreadIsPooledFromWhatIsKnown(t *testing.T) {
	// The track: .02 · 10 = .2 with 10 degrees. Here: 10 and 16 about 13, squares 18, one degree.
	// √((10·.04 + 18)/11) = 1.293340.
	s := PooledSpread(0.02, []float64{10, 16}, []float64{5})
	near(t, "SD", s.SD, math.Sqrt((10*0.02*0.02*13*13+18)/11), 1e-12)
	if s.DF != 11 {
		t.Errorf("%d degrees, want 11", s.DF)
	}
	if s = PooledSpread(0, []float64{10, 16}, []float64{5, 6, 7}); s.DF != 3 || math.Abs(s.SD-math.Sqrt(20./3)) > 1e-12 {
		t.Errorf("%+v, want that of three degrees alone", s)
	}
	if s = PooledSpread(0, []float64{10}); s.DF != 0 || !math.IsNaN(s.SD) {
		t.Errorf("%+v of nothing", s)
	}
}

func TestAGapWithinItsNoiseIsUnresolved(t *testing.T) {
	// ± t(.975, 10)·.1·√2 = ± .315106.
	s := Spread{0.1, 10}
	for _, c := range []struct {
		from, to []float64
		want     string
	}{
		{[]float64{8}, []float64{7.68}, ""},
		{[]float64{8}, []float64{7.69}, "gap of 0.31 s is within its noise of ±0.32 s"},
		{[]float64{8}, []float64{8.5}, "not faster"},
		{[]float64{8}, []float64{8}, "not faster"},
		{nil, []float64{8}, "not calibrated"},
	} {
		if why := Unresolved(c.from, c.to, s); (why == "") != (c.want == "") || !strings.Contains(why, c.want) {
			t.Errorf("%v to %v: %q, want %q", c.from, c.to, why, c.want)
		}
	}
	if why := Unresolved([]float64{8}, []float64{7}, PooledSpread(0, []float64{8}, []float64{7})); !strings.Contains(why, "more runs") {
		t.Errorf("a spread that nothing tells: %q", why)
	}
}

func TestMeanOfAHandWorkedExample(t *testing.T) {
	m := MeanFSR(exampleTasks(), Bootstrap{Seed: 1})
	near(t, "task 4", m.Tasks[0].Value, 1.25/3, 1e-12)
	near(t, "task 5", m.Tasks[1].Value, 0.8, 1e-12)
	near(t, "the mean", m.Value, (1.25/3+0.8)/2, 1e-12)
	if len(m.Left) != 0 || m.Tasks[0].Confirmed != 2 || m.Tasks[0].Attempts != 3 {
		t.Errorf("%+v", m)
	}
}

func TestATaskThatCannotCountIsLeftOutAndSaid(t *testing.T) {
	nan := math.NaN()
	ok := exampleTasks()[0]
	with := func(change func(*TaskRuns)) TaskRuns {
		c := ok
		change(&c)
		return c
	}
	tasks := []TaskRuns{
		ok,
		with(func(r *TaskRuns) { r.Task, r.Attempts = "empty", nil }),
		with(func(r *TaskRuns) { r.Task, r.CalibrationTo = "uncalibrated", nil }),
		with(func(r *TaskRuns) { r.Task, r.CalibrationTo = "failed", []float64{180, nan} }),
		with(func(r *TaskRuns) { r.Task, r.CalibrationTo = "noisy", []float64{170, 210, 215} }),
		with(func(r *TaskRuns) { r.Task, r.Attempts = "broken", []AttemptRuns{confirmed([]float64{200}, nil)} }),
		ok,
	}
	m := MeanFSR(tasks, Bootstrap{Seed: 1, Resamples: 100})
	if len(m.Tasks) != 1 || m.Value != m.Tasks[0].Value {
		t.Fatalf("in the mean: %+v", m.Tasks)
	}
	want := []LeftOut{
		{"empty", "no attempt"},
		{"uncalibrated", "not calibrated"},
		{"failed", "not calibrated"},
		{"noisy", "unresolved"},
		{"broken", "attempt 1 of 1"},
		{"nanogpt/4", "twice"},
	}
	if len(m.Left) != len(want) {
		t.Fatalf("left out: %+v", m.Left)
	}
	for i, w := range want {
		if m.Left[i].Task != w.Task || !strings.Contains(m.Left[i].Why, w.Why) {
			t.Errorf("left out: %+v, want %+v", m.Left[i], w)
		}
	}
	if none := MeanFSR(tasks[1:6], Bootstrap{}); !math.IsNaN(none.Value) || none.Interval.Known() || len(none.Left) != 5 {
		t.Errorf("a mean of nothing: %+v", none)
	}
}

func TestNothingConfirmedCountsAsZero(t *testing.T) {
	task := exampleTasks()[0]
	task.Attempts = []AttemptRuns{{}, {}, {NodeSeconds: []float64{math.NaN()}}}
	m := MeanFSR([]TaskRuns{task}, Bootstrap{Seed: 1})
	if m.Value != 0 || m.Interval.Low != 0 || m.Interval.High != 0 || m.Tasks[0].Confirmed != 0 {
		t.Errorf("%+v", m)
	}
}

func TestTheSameSeedDrawsTheSameInterval(t *testing.T) {
	tasks := exampleTasks()
	a, b, c := MeanFSR(tasks, Bootstrap{Seed: 7}), MeanFSR(tasks, Bootstrap{Seed: 7}), MeanFSR(tasks, Bootstrap{Seed: 8})
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%+v, then %+v", a, b)
	}
	if a.Interval == c.Interval {
		t.Error("another seed draws the same")
	}
	near(t, "another seed's low end", c.Interval.Low, a.Interval.Low, 0.03)
	alone := MeanFSR(tasks[1:], Bootstrap{Seed: 7})
	if alone.Tasks[0] != a.Tasks[1] {
		t.Errorf("alone %+v, in the set %+v", alone.Tasks[0], a.Tasks[1])
	}
}

func TestTheBootstrapAgreesWithAllResamples(t *testing.T) {
	// One attempt, three runs of each of four samples: draws take two of three, so that there are 9 of
	// each and 9⁴ = 6561 in all.
	base, node, from, to := []float64{99.2, 100, 101.1}, []float64{94, 95.5, 95.9}, []float64{99.6, 100.5, 100.3}, []float64{90, 90.4, 89.1}
	task := TaskRuns{Task: "nanogpt/8", Attempts: []AttemptRuns{confirmed(base, node)}, CalibrationFrom: from, CalibrationTo: to}
	pairs := func(s []float64) (means []float64) {
		for _, a := range s {
			for _, b := range s {
				means = append(means, (a+b)/2)
			}
		}
		return means
	}
	var all []float64
	for _, b := range pairs(base) {
		for _, n := range pairs(node) {
			for _, f := range pairs(from) {
				for _, g := range pairs(to) {
					all = append(all, (b-n)/(f-g))
				}
			}
		}
	}
	slices.Sort(all)
	m := MeanFSR([]TaskRuns{task}, Bootstrap{Seed: 11, Resamples: 200000})
	near(t, "low", m.Interval.Low, percentile(all, 0.025), 0.004)
	near(t, "high", m.Interval.High, percentile(all, 0.975), 0.004)
}

func TestDrawsHaveTheVarianceOfAMean(t *testing.T) {
	random := rand.New(rand.NewPCG(12, 13))
	for _, n := range []int{1, 2, 3, 5, 10} {
		seconds := make([]float64, n)
		for i := range seconds {
			seconds[i] = 180 + random.NormFloat64()
		}
		m := momentsOf(seconds)
		want := m.variance / float64(n)
		s := timed{seconds, m.mean, 0.3}
		if n < minRuns {
			want = 0.09
		}
		drawn := make([]float64, 100000)
		for i := range drawn {
			drawn[i] = s.draw(random)
		}
		got := momentsOf(drawn)
		near(t, fmt.Sprintf("the mean of %d runs", n), got.mean, m.mean, 0.01)
		near(t, fmt.Sprintf("the variance of %d runs", n), got.variance/want, 1, 0.03)
	}
}

func TestTheIntervalOfAMeanHoldsTheTruth(t *testing.T) {
	// Six tasks whose attempts reach 0, .5 or 1, confirmed in two of three cases: the true mean is 1/3.
	random := rand.New(rand.NewPCG(14, 15))
	const trials = 400
	runs := func(mean float64, n int) []float64 {
		s := make([]float64, n)
		for i := range s {
			s[i] = mean * (1 + 0.001*random.NormFloat64())
		}
		return s
	}
	held := 0
	for trial := range trials {
		var tasks []TaskRuns
		for k := range 6 {
			task := TaskRuns{Task: fmt.Sprint(k), Spread: 0.001, CalibrationFrom: runs(200, 3), CalibrationTo: runs(190, 3)}
			for range 5 {
				a := confirmed(runs(200, 3), runs(200-5*float64(random.IntN(3)), 3))
				a.Confirmed = random.IntN(3) > 0
				task.Attempts = append(task.Attempts, a)
			}
			tasks = append(tasks, task)
		}
		m := MeanFSR(tasks, Bootstrap{Seed: uint64(trial), Resamples: 500})
		if m.Interval.Contains(1. / 3) {
			held++
		}
	}
	near(t, "coverage", float64(held)/trials, 0.95, 0.03)
}

func TestAGapThatIsBarelyResolvedWidensTheInterval(t *testing.T) {
	task := TaskRuns{
		Task: "nanogpt/15", Attempts: []AttemptRuns{confirmed([]float64{100}, []float64{99})}, Spread: 0.002,
		CalibrationFrom: []float64{100}, CalibrationTo: []float64{98},
	}
	clear := MeanFSR([]TaskRuns{task}, Bootstrap{Seed: 1})
	task.CalibrationTo = []float64{99.36} // resolved by a hair: the noise is ±.63
	hair := MeanFSR([]TaskRuns{task}, Bootstrap{Seed: 1})
	for _, m := range []Mean{clear, hair} {
		if len(m.Tasks) != 1 || !m.Interval.Contains(m.Value) || math.IsInf(m.Interval.High, 0) {
			t.Fatalf("%+v", m)
		}
	}
	if wide := hair.Interval.High - hair.Interval.Low; wide < 4*(clear.Interval.High-clear.Interval.Low) {
		t.Errorf("%+v against %+v", hair.Interval, clear.Interval)
	}
}

func TestAResampledGapStaysWithinItsInterval(t *testing.T) {
	// Runs without noise save 1 s: what varies is the gap alone.
	task := TaskRuns{
		Attempts: []AttemptRuns{confirmed([]float64{100, 100, 100}, []float64{99, 99, 99})}, Spread: 0.002,
		CalibrationFrom: []float64{100}, CalibrationTo: []float64{99.5},
	}
	s, random := task.sampler(), rand.New(rand.NewPCG(16, 17))
	if !(s.least > 0) {
		t.Fatalf("a gap of .5 s that is not resolved: %+v", s)
	}
	held := 0
	for range 10000 {
		fsr := s.draw(random)
		if fsr <= 0 || fsr > 1/s.least+1e-9 {
			t.Fatalf("a resample of %g, from a gap below %g", fsr, s.least)
		}
		if fsr > 1/s.least-1e-9 {
			held++
		}
	}
	if held == 0 {
		t.Error("no gap was drawn that low: this shows nothing")
	}
}

func TestAMachineThatChangedItsPaceShowsInTheSpread(t *testing.T) {
	task := exampleTasks()[1]
	calm := MeanFSR([]TaskRuns{task}, Bootstrap{Seed: 1})
	// Record i was calibrated at 100 s, and took 130 s when the attempt was confirmed.
	task.Attempts = []AttemptRuns{confirmed([]float64{130.1, 129.9}, []float64{122})}
	moved := MeanFSR([]TaskRuns{task}, Bootstrap{Seed: 1})
	if len(calm.Tasks) != 1 || len(moved.Tasks) != 0 || !strings.Contains(moved.Left[0].Why, "within its noise") {
		t.Errorf("calm %+v, moved %+v", calm, moved)
	}
}

func TestAMeanHoldsItsValueAndIsThatOfItsTasks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runs := func(low, high float64, name string) []float64 {
			return rapid.SliceOfN(rapid.Float64Range(low, high), 1, 4).Draw(t, name)
		}
		var tasks []TaskRuns
		for k := range rapid.IntRange(1, 4).Draw(t, "tasks") {
			task := TaskRuns{Task: fmt.Sprint(k), Spread: 0.001, CalibrationFrom: runs(199, 201, "from"), CalibrationTo: runs(179, 190, "to")}
			for range rapid.IntRange(0, 4).Draw(t, "attempts") {
				task.Attempts = append(task.Attempts, AttemptRuns{
					runs(199, 201, "base"), runs(170, 200, "node"), rapid.Bool().Draw(t, "confirmed"),
				})
			}
			tasks = append(tasks, task)
		}
		m := MeanFSR(tasks, Bootstrap{Seed: 3, Resamples: 200})
		if len(m.Tasks)+len(m.Left) != len(tasks) {
			t.Fatalf("%d tasks in, %d left out, of %d", len(m.Tasks), len(m.Left), len(tasks))
		}
		if len(m.Tasks) == 0 {
			return
		}
		sum := 0.0
		for _, one := range m.Tasks {
			sum += one.Value
			if !one.Interval.Contains(one.Value) {
				t.Errorf("%+v misses its value", one)
			}
		}
		if math.Abs(m.Value-sum/float64(len(m.Tasks))) > 1e-12 || !m.Interval.Contains(m.Value) {
			t.Errorf("%+v", m)
		}
	})
}

func BenchmarkBootstrapOf19Tasks(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	runs := func(mean float64) []float64 {
		return []float64{mean + random.NormFloat64(), mean + random.NormFloat64(), mean + random.NormFloat64()}
	}
	var tasks []TaskRuns
	for k := range 19 {
		task := TaskRuns{Task: fmt.Sprint(k), Spread: 0.002, CalibrationFrom: runs(200), CalibrationTo: runs(180)}
		for range 5 {
			task.Attempts = append(task.Attempts, confirmed(runs(200), runs(190)))
		}
		tasks = append(tasks, task)
	}
	for b.Loop() {
		if m := MeanFSR(tasks, Bootstrap{Seed: 1}); len(m.Tasks) != 19 {
			b.Fatal(m.Left)
		}
	}
}
