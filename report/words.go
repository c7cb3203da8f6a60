package report

import (
	"fmt"
	"time"

	"pitwall/store/event"
	"pitwall/store/stats"
	"pitwall/taskdata"
)

// Aside gives what follows a figure that is none of the benchmark's: " practice".
func Aside(task string, benchmark bool) string {
	if word := taskdata.Aside(task, benchmark); word != "" {
		return " " + word
	}
	return ""
}

// Known gives a figure of which 0 says that it is not known.
func Known(v float64) event.Float {
	if v <= 0 {
		return event.NaN()
	}
	return event.Float(v)
}

func seconds(v event.Float) string {
	if !v.Known() {
		return "–"
	}
	return fmt.Sprintf("%.2f s", float64(v))
}

func orEmpty(xs []float64) []float64 {
	if xs == nil {
		return []float64{}
	}
	return xs
}

// costWords gives what models cost.
func costWords(cost event.Float) string {
	if !cost.Known() {
		return "price not known"
	}
	return fmt.Sprintf("$%.2f", float64(cost))
}

// speedupWords gives a speedup over a record: "1.082x [1.050, 1.120]".
func speedupWords(speedup float64, interval *[2]float64) string {
	text := fmt.Sprintf("%.3fx", speedup)
	if interval != nil {
		text += fmt.Sprintf(" [%.3f, %.3f]", interval[0], interval[1])
	}
	return text
}

// Moment gives a time as documents have it: UTC, to the millisecond, nil for none.
func Moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}

// figure writes a figure, or a dash for an unknown one.
func figure(format string, v event.Float) string {
	if !v.Known() {
		return "–"
	}
	return fmt.Sprintf(format, float64(v))
}

// pWords writes a p-value, with the speedrun's badge.
func pWords(p event.Float) string {
	switch {
	case !p.Known():
		return "–"
	case float64(p) < 0.0001:
		return "< .0001 ✓"
	case float64(p) < stats.BadgeP:
		return fmt.Sprintf("%.4f ✓", float64(p))
	}
	return fmt.Sprintf("%.3f", float64(p))
}

func bounds(i [2]event.Float) string {
	if !i[0].Known() || !i[1].Known() {
		return "–"
	}
	return fmt.Sprintf("%.2f to %.2f", float64(i[0]), float64(i[1]))
}
