package report

import (
	"math"

	"pitwall/store/event"
)

// Calibration is what both records of a task took on a machine.
type Calibration struct {
	ID       string  `json:"id"`
	Key      string  `json:"key"`
	From     Spread  `json:"from"`
	To       Spread  `json:"to"`
	Reused   bool    `json:"reused"`
	Resolved bool    `json:"resolved"`
	Why      string  `json:"why"`
	RunSD    float64 `json:"run_sd"` // seconds; the spread of one run that intervals are computed with
	SDSource string  `json:"run_sd_source"`
}

// Spread sums up times of the same script, in seconds.
type Spread struct {
	Seconds []float64   `json:"seconds"`
	Mean    float64     `json:"mean"`
	SD      event.Float `json:"sd"` // null for a single run
}

// OfCalibration makes the document of a calibration.
func OfCalibration(c event.Calibration) Calibration {
	return Calibration{
		ID: c.ID, Key: c.Key, From: OfSeconds(c.From), To: OfSeconds(c.To), Reused: c.Reused,
		Resolved: c.Resolved, Why: c.Why, RunSD: c.SD, SDSource: c.SDSource,
	}
}

// OfSeconds sums up times, which may be none.
func OfSeconds(xs []float64) Spread {
	s := Spread{Seconds: xs, SD: event.NaN()}
	if len(xs) == 0 {
		s.Seconds = []float64{}
		return s
	}
	for _, x := range xs {
		s.Mean += x / float64(len(xs))
	}
	if len(xs) > 1 {
		sum := 0.0
		for _, x := range xs {
			sum += (x - s.Mean) * (x - s.Mean)
		}
		s.SD = event.Float(math.Sqrt(sum / float64(len(xs)-1)))
	}
	return s
}
