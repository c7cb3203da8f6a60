package event

import (
	"encoding/json"
	"math"
)

// Kinds is a set of kinds.
type Kinds uint64

// KindsOf makes a set.
func KindsOf(kinds ...Kind) (s Kinds) {
	for _, k := range kinds {
		s |= 1 << (k & 63)
	}
	return s
}

// Has reports whether k is in the set.
func (s Kinds) Has(k Kind) bool { return s>>(k&63)&1 != 0 }

// Kind gives the number of the body's type.
func (b Unknown) Kind() Kind { return b.Of }

// Kind gives the number of the body's type.
func (Attempt) Kind() Kind { return KindAttempt }

// Kind gives the number of the body's type.
func (Source) Kind() Kind { return KindSource }

// Kind gives the number of the body's type.
func (Machine) Kind() Kind { return KindMachine }

// Kind gives the number of the body's type.
func (Status) Kind() Kind { return KindStatus }

// Kind gives the number of the body's type.
func (Resumed) Kind() Kind { return KindResumed }

// Kind gives the number of the body's type.
func (Phase) Kind() Kind { return KindPhase }

// Kind gives the number of the body's type.
func (Notice) Kind() Kind { return KindNotice }

// Kind gives the number of the body's type.
func (Order) Kind() Kind { return KindOrder }

// Kind gives the number of the body's type.
func (Calibration) Kind() Kind { return KindCalibration }

// Kind gives the number of the body's type.
func (Ghost) Kind() Kind { return KindGhost }

// Kind gives the number of the body's type.
func (Node) Kind() Kind { return KindNode }

// Kind gives the number of the body's type.
func (Draft) Kind() Kind { return KindDraft }

// Kind gives the number of the body's type.
func (Applied) Kind() Kind { return KindApplied }

// Kind gives the number of the body's type.
func (Rejected) Kind() Kind { return KindRejected }

// Kind gives the number of the body's type.
func (Waiting) Kind() Kind { return KindWaiting }

// Kind gives the number of the body's type.
func (RunStarted) Kind() Kind { return KindRunStarted }

// Kind gives the number of the body's type.
func (Log) Kind() Kind { return KindLog }

// Kind gives the number of the body's type.
func (Point) Kind() Kind { return KindPoint }

// Kind gives the number of the body's type.
func (Sample) Kind() Kind { return KindSample }

// Kind gives the number of the body's type.
func (RunEnded) Kind() Kind { return KindRunEnded }

// Kind gives the number of the body's type.
func (Judged) Kind() Kind { return KindJudged }

// Kind gives the number of the body's type.
func (Confirmed) Kind() Kind { return KindConfirmed }

// Kind gives the number of the body's type.
func (Checked) Kind() Kind { return KindChecked }

// Kind gives the number of the body's type.
func (Call) Kind() Kind { return KindCall }

// Kind gives the number of the body's type.
func (Speech) Kind() Kind { return KindSpeech }

// Kind gives the number of the body's type.
func (Called) Kind() Kind { return KindCalled }

// Kind gives the number of the body's type.
func (Templates) Kind() Kind { return KindTemplates }

// Kind gives the number of the body's type.
func (Proposed) Kind() Kind { return KindProposed }

// Kind gives the number of the body's type.
func (Decided) Kind() Kind { return KindDecided }

// Kind gives the number of the body's type.
func (Steered) Kind() Kind { return KindSteered }

// Kind gives the number of the body's type.
func (Asked) Kind() Kind { return KindAsked }

// Kind gives the number of the body's type.
func (Paused) Kind() Kind { return KindPaused }

// Kind gives the number of the body's type.
func (Spent) Kind() Kind { return KindSpent }

// Kind gives the number of the body's type.
func (Similarity) Kind() Kind { return KindSimilarity }

// Kind gives the number of the body's type.
func (GPUs) Kind() Kind { return KindGPUs }

// Float is a number that may be unknown: NaN and the infinities are null in JSON.
type Float float64

// NaN is the unknown Float.
func NaN() Float { return Float(math.NaN()) }

// Known reports whether f is a finite number.
func (f Float) Known() bool { return !math.IsNaN(float64(f)) && !math.IsInf(float64(f), 0) }

// MarshalJSON gives null for an unknown number.
func (f Float) MarshalJSON() ([]byte, error) {
	if !f.Known() {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

// UnmarshalJSON takes null for an unknown number.
func (f *Float) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*f = NaN()
		return nil
	}
	return json.Unmarshal(b, (*float64)(f))
}
