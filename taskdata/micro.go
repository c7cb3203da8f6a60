package taskdata

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"time"
)

const microID = "micro"

//go:embed micro/record_*.py micro/hints/*.md micro/curves/*.json
var microFiles embed.FS

func microTrack() Track {
	return Track{
		ID:               microID,
		Title:            "names of Unicode characters, in pure Python (practice)",
		Practice:         true,
		Target:           2.0,
		Unit:             "nats/char",
		Spread:           0.01,
		Hardware:         "any machine with CPython 3.9 or newer; one core",
		CalibrationRuns:  1,
		ConfirmationRuns: 3,
		Clock:            ClockBound{Share: 0.02, Slack: 100 * time.Millisecond},
		RunLimit:         5 * time.Minute,
		Cores:            1,
		Evaluator:        microEvaluator(),
		Rules:            microRules(),
	}
}

func microRecords() []Record {
	records := []Record{
		{
			Number: 1,
			Title:  "Plain loops",
			Summary: "A one-block transformer of width 32 with 2 heads, learned positions and ReLU, trained by Adam at a " +
				"constant rate on windows of 32 characters of the joined names. Every inner product is a Python loop.",
		},
		{
			Number: 2,
			Title:  "Inner products by map",
			Summary: "All inner products and sums of vectors map a function of the module operator over their elements, so " +
				"that the loop runs in C. The arithmetic is the same.",
		},
		{
			Number: 3,
			Title:  "Rotary positions, decaying rate",
			Summary: "Queries and keys are turned by angles that grow with the position, in place of learned embeddings of " +
				"positions. The rate starts higher and falls linearly.",
		},
		{
			Number: 4,
			Title:  "One name a sequence",
			Summary: "A batch is five whole names drawn at random, each a sequence of its own, in place of windows that " +
				"start anywhere in the joined names.",
		},
		{
			Number: 5,
			Title:  "4 heads, batches spread over the sorted names",
			Summary: "Attention has 4 heads of width 8. The names are sorted and cut into five stretches, and each batch has " +
				"one name of each, so that all batches are about as mixed as the whole.",
		},
		{
			Number: 6,
			Title:  "Muon, ReLU squared, QK-norm",
			Summary: "The matrices are trained by Muon, the tables by Adam; queries and keys are normalised, the MLP " +
				"squares its ReLU, and what writes to the residual stream or the logits starts at zero.",
		},
		{
			Number: 7,
			Title:  "Inner products by math.dist",
			Summary: "All matrix products take their inner products from math.dist, one call for each instead of a " +
				"float object for each product: x.y = (x.x + y.y - |x - y|^2) / 2.",
		},
		{
			Number: 8,
			Title:  "Smear the previous character",
			Summary: "A learned gate mixes the previous character's embedding into each embedding before the block, " +
				"so that attention need not learn to look one back, and fewer steps reach the target.",
		},
		{
			Number: 9,
			Title:  "Parallel block, half the MLP, smear of 3",
			Summary: "Attention and MLP read the same normalised input and add to the stream together, so that one wide " +
				"product feeds both and one gathers both; the MLP is half as wide. The smear reaches three characters " +
				"back, with a gate for each.",
		},
	}
	for i := range records {
		r := &records[i]
		r.Track, r.Date = microID, "2026-11-22"
		r.script = microFile(fmt.Sprintf("record_%d.py", r.Number))
		reference, err := ParseReference([]byte(microFile(fmt.Sprintf("curves/record_%d.json", r.Number))))
		if err != nil {
			continue
		}
		r.Steps, r.Seconds, r.SecondsSD = reference.Steps, reference.Seconds.Mean, reference.Seconds.SD
		r.MeasuredOn = reference.MeasuredOn
		r.curve = points(reference.Points)
	}
	return records
}

// microHints returns the single hints of the task that starts at a record.
func microHints(from int) map[Hint]string {
	texts := map[Hint]string{}
	for _, level := range []Hint{HintPseudocode, HintText, HintMiniPaper} {
		texts[level] = microFile(fmt.Sprintf("hints/%d_%s.md", from, level))
	}
	return texts
}

// microFile returns the text of an embedded file, "" if there is none.
func microFile(name string) string {
	text, err := fs.ReadFile(microFiles, "micro/"+name)
	if err != nil {
		return ""
	}
	return string(text)
}

// Reference is what was measured of a record over several seeds. It is kept as JSON.
type Reference struct {
	Record     int     `json:"record"`
	MeasuredOn string  `json:"measured_on"` // machine and interpreter
	Steps      int     `json:"steps"`
	Seeds      []int   `json:"seeds"`
	Seconds    Spread  `json:"seconds"`  // training time by the script's own clock, times the share of a core that the run had
	ValLoss    Spread  `json:"val_loss"` // at the last step
	Timed      int     `json:"timed"`    // seeds in Seconds; the losses are of all
	Missed     int     `json:"missed"`   // seeds whose loss was above the track's target
	Outside    Outside `json:"outside"`
	Points     []Point `json:"curve"` // means over the seeds
}

// Outside is what the track's Evaluator found of the first seeds, outside the script.
type Outside struct {
	Seeds     int     `json:"seeds"`
	OtherLoss Spread  `json:"other_loss"` // over other validation characters
	Blank     float64 `json:"blank_loss"` // the lowest loss before training
	Context   float64 `json:"context"`    // the least that it cost to see three characters only
}

// Spread is a mean over runs and the standard deviation of a single run.
type Spread struct {
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"`
}

// Point is a CurvePoint as JSON, where what is absent is null.
type Point struct {
	Step      int      `json:"step"`
	TrainMS   float64  `json:"train_ms"`
	TrainLoss *float64 `json:"train_loss"`
	ValLoss   *float64 `json:"val_loss"`
}

// ParseReference reads a Reference.
func ParseReference(text []byte) (Reference, error) {
	var reference Reference
	if err := json.Unmarshal(text, &reference); err != nil {
		return Reference{}, fmt.Errorf("read reference curve: %w", err)
	}
	return reference, nil
}
