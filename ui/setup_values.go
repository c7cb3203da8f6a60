package ui

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"pitwall/internal/tokencount"
)

// Values that ← → go through, ascending; any other can be typed. 0 is none.
var (
	tokenRungs    = [...]float64{0, 50e3, 100e3, 200e3, 500e3, 1e6, 2e6, 5e6, 10e6}
	dollarRungs   = [...]float64{0, 0.5, 1, 2, 5, 10, 20, 50, 100}
	wallRungs     = [...]float64{0, 10 * minute, 30 * minute, hour, 2 * hour, 4 * hour, 8 * hour, 24 * hour}
	runRungs      = [...]float64{0, 5 * minute, 10 * minute, 30 * minute, hour, 2 * hour, 4 * hour, 8 * hour}
	hopelessRungs = [...]float64{0, 1.2, 1.5, 2, 3}
	gpuHourRungs  = [...]float64{0, 5, 10, 20, 50, 100, 200, 500, 1000}
	debugRungs    = [...]float64{0, 0.1, 0.25, 0.5, 0.75, 1}
	warmthRungs   = [...]float64{ownWarmth, 0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.5}
)

// Milliseconds.
const (
	minute = 60e3
	hour   = 3600e3
)

// ownWarmth stands for the temperature that a model has by itself.
const ownWarmth = -1

// Bounds of what can be typed.
const (
	mostDollars = 1e6
	mostHours   = 1e5 // of GPUs
	mostTime    = 1000 * time.Hour
)

// rung gives the next higher value of a ladder (dir 1), or the next lower one; v
// itself where there is none.
func rung(ladder []float64, v float64, dir int) float64 {
	to := v
	for _, r := range ladder {
		switch {
		case dir > 0 && r > v:
			return r
		case dir < 0 && r < v:
			to = r
		}
	}
	return to
}

// around gives the value of a list that stands dir places after v, from the end to
// the beginning. A v that is not in the list goes to its first.
func around[T comparable](list []T, v T, dir int) T {
	for i, x := range list {
		if x == v {
			return list[(i+dir+len(list))%len(list)]
		}
	}
	if len(list) == 0 {
		return v
	}
	return list[0]
}

// squeezed leaves spaces and the underscores between digits out.
func squeezed(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

// isNone reports whether a text says that nothing is bounded.
func isNone(text string) bool {
	switch strings.ToLower(text) {
	case "", "0", "none", "off", "no":
		return true
	}
	return false
}

// readWhole reads a whole number between low and high.
func readWhole(text string, low, high int64) (int64, error) {
	n, err := strconv.ParseInt(squeezed(text), 10, 64)
	switch {
	case err == nil && n >= low && n <= high:
		return n, nil
	case high == math.MaxInt64:
		return 0, fmt.Errorf("write a whole number from %d on", low)
	}
	return 0, fmt.Errorf("write a whole number from %d to %d", low, high)
}

// readReal reads a number between low and high.
func readReal(text string, low, high float64) (float64, error) {
	f, err := strconv.ParseFloat(squeezed(text), 64)
	if err != nil || !(f >= low && f <= high) {
		return 0, fmt.Errorf("write a number from %g to %g", low, high)
	}
	return f, nil
}

// readTokens reads a number of tokens: "500k", "2M", "1500"; 0 for none.
func readTokens(text string) (int64, error) {
	if isNone(squeezed(text)) {
		return 0, nil
	}
	n, ok := tokencount.Read(text)
	if !ok {
		return 0, errors.New("write it as 500k or 2M, or none")
	}
	return n, nil
}

// readDollars reads US dollars: "2.50", "$10"; 0 for none.
func readDollars(text string) (float64, error) {
	text = strings.TrimPrefix(squeezed(text), "$")
	if isNone(text) {
		return 0, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 0 && f <= mostDollars) {
		return 0, errors.New("write dollars as 2.50, or none")
	}
	return f, nil
}

// dollarsTyped gives US dollars to the digit, as readDollars reads them.
func dollarsTyped(f float64) string {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if i := strings.IndexByte(text, '.'); i >= 0 && len(text)-i == 2 {
		text += "0" // 2.5
	}
	return text
}

// readTime reads a length of time in milliseconds: "2h", "1h30m", "45 min"; 0 for
// none.
func readTime(text string) (int64, error) {
	text = strings.ToLower(squeezed(text))
	if isNone(text) {
		return 0, nil
	}
	d, err := time.ParseDuration(strings.ReplaceAll(text, "min", "m"))
	if err != nil || d < time.Second || d > mostTime {
		return 0, errors.New("write it as 2h or 30m, or none")
	}
	return d.Milliseconds(), nil
}

// timeTyped gives a length of time to the millisecond, as readTime reads it.
func timeTyped(ms int64) string {
	text := (time.Duration(ms) * time.Millisecond).String()
	if t, ok := strings.CutSuffix(text, "m0s"); ok {
		text = t + "m"
	}
	if t, ok := strings.CutSuffix(text, "h0m"); ok {
		text = t + "h"
	}
	return text
}

// orNone gives "none" for a text of no value.
func orNone(some bool, text string) string {
	if some {
		return text
	}
	return "none"
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
