package plot

import (
	"fmt"
	"time"
)

const secondsOfDay = 24 * 60 * 60

// Day returns the x of a moment on an axis of dates: days since 1970, in UTC.
func Day(t time.Time) float64 { return float64(t.Unix()) / secondsOfDay }

// months gives the first days of months from x0 to x1, at most about n of them
// and the same number of months apart. A January bears its year, another month
// its name. Where the range is shorter than a month its two ends are given.
func months(x0, x1 float64, n int) []tick {
	day := func(x float64) time.Time { return time.Unix(int64(x*secondsOfDay), 0).UTC() }
	step := 1
	for _, s := range []int{1, 2, 3, 6, 12, 24, 60, 120, 600} {
		if step = s; (x1-x0)/30.44/float64(s) <= float64(n) {
			break
		}
	}
	first := day(x0)
	at := time.Date(first.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	var ts []tick
	for ; Day(at) <= x1 && len(ts) <= 2*n; at = at.AddDate(0, step, 0) {
		if Day(at) < x0 {
			continue
		}
		label := at.Format("Jan")
		if at.Month() == time.January {
			label = fmt.Sprint(at.Year())
		}
		ts = append(ts, tick{Day(at), label})
	}
	if len(ts) == 0 {
		ts = []tick{{x0, first.Format("2 Jan 2006")}, {x1, day(x1).Format("2 Jan 2006")}}
	}
	return ts
}
