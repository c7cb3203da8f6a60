package profile

import "time"

// A Plan is what an attempt will run.
type Plan struct {
	From, To float64       // seconds that records i and i+1 train for on 8 GPUs
	Compile  time.Duration // before step 0, where nothing is cached; see Overhead
	Validate float64       // validations, as a share of the training time; see Overhead
	Shared   bool          // runs share their compile caches

	Nodes     int // runs of the search, that of record i itself included
	Calibrate int // runs of each of the two records; 0 where they are measured already
	Confirm   int // runs of the best node, and as many of record i

	GPUs   int
	Limits Limits // of one run on that many GPUs; the zero value for none

	Rate     float64 // price of one GPU for an hour; 0 where the user gave none
	Currency string
}

// A Range is an estimate. Low is what a quick success takes, Expected what record i
// takes each time, and Worst what the limits let happen.
type Range struct{ Low, Expected, Worst float64 }

func (r Range) times(f float64) Range { return Range{r.Low * f, r.Expected * f, r.Worst * f} }

// Plus adds two estimates.
func (r Range) Plus(o Range) Range {
	return Range{r.Low + o.Low, r.Expected + o.Expected, r.Worst + o.Worst}
}

// An Estimate is what a plan will take, from start to end, one run at a time.
type Estimate struct {
	Runs int

	// Hours of the machine: of the calibration, of the search, of the confirmation,
	// and of all three.
	Calibrate, Nodes, Confirm, Wall Range

	GPU      Range // GPU-hours
	Price    Range // zero where there is no rate
	Currency string
}

// Estimate tells what a plan takes. Times are those of 8 GPUs, stretched by 8/GPUs.
// With shared caches Low has one run that compiles; Expected has one for each script
// that is new, since an edit changes what is compiled.
func (p Plan) Estimate() Estimate {
	if p.GPUs <= 0 {
		p.GPUs = GPUs
	}
	e := Estimate{Runs: 2*p.Calibrate + p.Nodes + 2*p.Confirm, Currency: p.Currency}
	from, to := p.train(p.From), p.train(p.To)

	// Scripts that nothing compiled before, in the order in which phases run.
	scripts := p.fresh()
	k, m, c := float64(p.Calibrate), float64(p.Nodes), float64(p.Confirm)
	e.Calibrate = p.hours(2*p.Calibrate, k*(from+to), k*(from+to), scripts[0])
	e.Nodes = p.hours(p.Nodes, m*min(from, to), m*from, scripts[1])
	e.Confirm = p.hours(2*p.Confirm, c*(from+min(from, to)), 2*c*from, scripts[2])

	e.Wall = e.Calibrate.Plus(e.Nodes).Plus(e.Confirm)
	e.GPU = e.Wall.times(float64(p.GPUs))
	e.Price = e.GPU.times(p.Rate)
	return e
}

// train gives the seconds of a run that trains for some on 8 GPUs, validations included.
func (p Plan) train(seconds float64) float64 {
	return seconds * (1 + p.Validate) * GPUs / float64(p.GPUs)
}

// A cold is how many runs of a phase compile everything.
type cold struct{ low, expected int }

// fresh gives the runs of calibration, search and confirmation that compile.
func (p Plan) fresh() [3]cold {
	runs := [3]int{2 * p.Calibrate, p.Nodes, 2 * p.Confirm}
	scripts := [3]int{min(2, 2*p.Calibrate), p.Nodes, 0}
	if p.Calibrate > 0 && p.Nodes > 0 {
		scripts[1]-- // node 0 is record i
	}
	if runs[0]+runs[1] == 0 {
		scripts[2] = min(2, 2*p.Confirm)
	}
	var out [3]cold
	first := 1
	for i := range out {
		if !p.Shared {
			out[i] = cold{runs[i], runs[i]}
			continue
		}
		out[i] = cold{min(first, scripts[i]), scripts[i]}
		first -= out[i].low
	}
	return out
}

// hours sums up a phase of some runs, whose training takes low or expected seconds.
func (p Plan) hours(runs int, low, expected float64, c cold) Range {
	compile := p.Compile.Seconds()
	r := Range{Low: low + float64(c.low)*compile, Expected: expected + float64(c.expected)*compile}
	limit := p.Limits.Compile + p.Limits.Train
	if p.Limits.Process > 0 && (limit == 0 || p.Limits.Process < limit) {
		limit = p.Limits.Process
	}
	r.Worst = max(r.Expected, float64(runs)*limit.Seconds())
	return r.times(1.0 / 3600)
}

// Overhead gives what a run of a record takes beside its training time: how long it
// compiles before step 0 with nothing cached, and validations as a share of the
// training time.
//
// Compiling takes about 25 minutes where a script tunes by coordinate descent
// (templates 4 to 17, 20 and 21, and the medium track); the 5 minutes of the others
// are assumed. The first three templates compile while their clock runs, so that their
// training time has it already. A validation is taken to cost a third of training on
// as many tokens, and to come every 125 steps (every 128, over 20 batches, in the first
// three).
func Overhead(track string, record int) (compile time.Duration, validate float64) {
	if timesCompiling(track, record) {
		return 0, 20.0 / 3 / 128
	}
	compile = 5 * time.Minute
	if track == trackMedium || record <= 17 || record == 20 || record == 21 {
		compile = 25 * time.Minute
	}
	batch := scripts(trackSmall, 21).batch
	if s := scripts(track, record); s.batch > 0 {
		batch = s.batch
	}
	return compile, ValTokens / 3.0 / 125 / float64(batch)
}
