package taskdata

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

//go:embed micro/evaluate.py
var microEvaluate string

// microEvaluator has bounds that all records keep by a wide margin; docs/micro-track.md has the figures.
func microEvaluator() *Evaluator {
	return &Evaluator{
		Program: microEvaluate, Limit: 3 * time.Minute,
		Agree: 0.005, OtherTarget: 2.0, Blank: 3.3, Early: 3, Context: 0.05,
	}
}

// WeightsName is the file in the directory of a run to which the script writes its trained weights, and
// from which an Evaluator reads them.
const WeightsName = "weights.json"

// WeightsVariable is the environment variable that tells a script where to write its weights.
const WeightsVariable = "PITWALL_PARAMS"

// Evaluator judges trained weights outside the script that trained them: a Python program runs them
// through the script's forward pass, and what it finds must lie within bounds. Losses are in the
// track's unit.
type Evaluator struct {
	Program string        // Python 3.9; its first lines say what it is given and what it answers
	Limit   time.Duration // after which it is stopped, and the run is invalid

	Agree       float64 // how far the loss that a script reports may lie from the one found
	OtherTarget float64 // the highest mean loss over the other validation characters at which a result is confirmed
	Blank       float64 // the lowest loss of weights that were not trained
	Early       float64 // the lowest loss after the first step of training
	Context     float64 // what it must cost at least if all but the last three characters are another name's
}

// Evaluation is what an Evaluator found. Losses that it did not come to are NaN.
type Evaluation struct {
	Loss       float64 // over the characters that the script itself is evaluated on
	OtherLoss  float64 // over as many others
	FullLoss   float64 // over a few names
	ShortLoss  float64 // over the same, where all but the last three characters are another name's
	BlankLoss  float64 // over a few names, with weights that were not trained
	EarlyLoss  float64 // over the same, after the first step of training
	Characters int     // in Loss, and in OtherLoss
	Fault      string  // what is wrong with the model, "" if nothing is
}

const evaluatorName = "evaluate.py"

// Files returns the directory to run the evaluation of a task's script in, by name; the weights are
// put beside them as WeightsName.
func (e Evaluator) Files(task Task, script string) map[string]string {
	return map[string]string{evaluatorName: e.Program, "record.txt": task.From.Script(), "script.txt": script}
}

// Args returns the arguments of Python. The answer begins with word, which nobody else can know; seed
// sets what the evaluator draws.
func (e Evaluator) Args(word string, seed int64) []string {
	return []string{"-I", evaluatorName, word, strconv.FormatInt(seed, 10)}
}

// ReadEvaluation reads the evaluator's answer from a line of its standard output; false if the line is
// none.
func ReadEvaluation(line []byte, word string) (Evaluation, bool) {
	text, ok := strings.CutPrefix(string(line), word+" ")
	if !ok {
		return Evaluation{}, false
	}
	var answer struct {
		Loss       *float64 `json:"loss"`
		OtherLoss  *float64 `json:"other_loss"`
		ShortLoss  *float64 `json:"short_loss"`
		FullLoss   *float64 `json:"full_loss"`
		BlankLoss  *float64 `json:"blank_loss"`
		EarlyLoss  *float64 `json:"early_loss"`
		Characters int      `json:"characters"`
		Fault      string   `json:"fault"`
	}
	if json.Unmarshal([]byte(text), &answer) != nil {
		return Evaluation{}, false
	}
	return Evaluation{
		Loss: orNaN(answer.Loss), OtherLoss: orNaN(answer.OtherLoss), ShortLoss: orNaN(answer.ShortLoss),
		FullLoss: orNaN(answer.FullLoss), BlankLoss: orNaN(answer.BlankLoss), EarlyLoss: orNaN(answer.EarlyLoss), Characters: answer.Characters, Fault: answer.Fault,
	}, true
}

func orNaN(value *float64) float64 {
	if value == nil {
		return math.NaN()
	}
	return *value
}

// Judge says why a run whose script reported a loss cannot count, "" if it can.
func (e Evaluator) Judge(v Evaluation, reported float64) string {
	// Comparisons are written so that NaN fails them.
	switch {
	case v.Fault != "":
		return v.Fault
	case !(math.Abs(v.Loss-reported) <= e.Agree):
		return fmt.Sprintf("it reported a loss of %.4f, but its weights give %.4f outside the script", reported, v.Loss)
	case !(v.OtherLoss < math.Inf(1)):
		return fmt.Sprintf("its loss over other validation characters is %v", v.OtherLoss)
	case !(v.BlankLoss >= e.Blank):
		return fmt.Sprintf("its weights know the data before they are trained: loss %.4f, and chance gives %.2f", v.BlankLoss, e.Blank)
	case !(v.EarlyLoss >= e.Early):
		return fmt.Sprintf("its first step teaches it more than a step of training can: loss %.4f, below %.2f", v.EarlyLoss, e.Early)
	case !(v.ShortLoss-v.FullLoss >= e.Context):
		return fmt.Sprintf("it is no transformer that attends: another name before the last three characters costs it %.3f, less than %.2f", v.ShortLoss-v.FullLoss, e.Context)
	}
	return ""
}
