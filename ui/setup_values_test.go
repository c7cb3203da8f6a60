package ui

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pitwall/internal/tokencount"
)

func TestWhatIsTypedIsRead(t *testing.T) {
	reads := map[string]func(string) (any, error){
		"tokens":  func(s string) (any, error) { return second(readTokens(s)) },
		"dollars": func(s string) (any, error) { return second(readDollars(s)) },
		"time":    func(s string) (any, error) { return second(readTime(s)) },
		"whole":   func(s string) (any, error) { return second(readWhole(s, 1, 1000)) },
		"real":    func(s string) (any, error) { return second(readReal(s, 0, 2)) },
	}
	for _, c := range []struct{ what, text, want string }{
		{"tokens", "500k", "500000"},
		{"tokens", " 1.5 M ", "1500000"},
		{"tokens", "12_345", "12345"},
		{"tokens", "none", "0"},
		{"tokens", "", "0"},
		{"tokens", "0", "0"},
		{"tokens", "k", "write it as 500k or 2M, or none"},
		{"tokens", "-5", "write it as 500k or 2M, or none"},
		{"tokens", "1e300", "write it as 500k or 2M, or none"},
		{"tokens", "NaN", "write it as 500k or 2M, or none"},
		{"dollars", "2.50", "2.5"},
		{"dollars", "$10", "10"},
		{"dollars", "none", "0"},
		{"dollars", "-1", "write dollars as 2.50, or none"},
		{"dollars", "inf", "write dollars as 2.50, or none"},
		{"dollars", "two", "write dollars as 2.50, or none"},
		{"time", "2h", "7200000"},
		{"time", "1h 30m", "5400000"},
		{"time", "45 min", "2700000"},
		{"time", "90s", "90000"},
		{"time", "off", "0"},
		{"time", "30", "write it as 2h or 30m, or none"},
		{"time", "5ms", "write it as 2h or 30m, or none"},
		{"time", "-2h", "write it as 2h or 30m, or none"},
		{"time", "9999999h", "write it as 2h or 30m, or none"},
		{"whole", "20", "20"},
		{"whole", "0", "write a whole number from 1 to 1000"},
		{"whole", "1001", "write a whole number from 1 to 1000"},
		{"whole", "2.5", "write a whole number from 1 to 1000"},
		{"whole", "", "write a whole number from 1 to 1000"},
		{"real", "0.7", "0.7"},
		{"real", "nan", "write a number from 0 to 2"},
		{"real", "3", "write a number from 0 to 2"},
	} {
		v, err := reads[c.what](c.text)
		got := fmt.Sprint(v)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s %q is read as %s, want %s", c.what, c.text, got, c.want)
		}
	}
}

func second[T any](v T, err error) (any, error) { return v, err }

// TestWhatIsShownIsReadAsTheSame lets a value be opened for typing and kept.
func TestWhatIsShownIsReadAsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, tokencount.Most).Draw(t, "tokens")
		if got, err := readTokens(tokencount.Exact(n)); err != nil || got != n {
			t.Errorf("%d tokens are shown as %s and read as %d, %v", n, tokencount.Exact(n), got, err)
		}
		usd := float64(rapid.IntRange(1, 100_000_000).Draw(t, "cents")) / 100
		if got, err := readDollars(dollarsTyped(usd)); err != nil || got != usd {
			t.Errorf("%g dollars are shown as %s and read as %g, %v", usd, dollarsTyped(usd), got, err)
		}
		ms := rapid.Int64Range(1000, mostTime.Milliseconds()).Draw(t, "ms")
		if got, err := readTime(timeTyped(ms)); err != nil || got != ms {
			t.Errorf("%d ms are shown as %s and read as %d, %v", ms, timeTyped(ms), got, err)
		}
	})
	for text, f := range map[string]float64{"$2.50": 2.5, "$5": 5, "$0.125": 0.125} {
		if got := "$" + dollarsTyped(f); got != text {
			t.Errorf("%g dollars are shown as %s, want %s", f, got, text)
		}
	}
	for text, ms := range map[string]int64{"2h": 7_200_000, "1h30m": 5_400_000, "10m": 600_000, "10s": 10_000, "1m10s": 70_000} {
		if got := timeTyped(ms); got != text {
			t.Errorf("%d ms are shown as %s, want %s", ms, got, text)
		}
	}
}

func TestLaddersGoUpAndDownAndKeepWhatIsOutside(t *testing.T) {
	ladder := []float64{0, 1, 2, 5}
	for _, c := range []struct {
		from float64
		dir  int
		want float64
	}{{0, 1, 1}, {1, 1, 2}, {1.5, 1, 2}, {5, 1, 5}, {9, 1, 9}, {9, -1, 5}, {1.5, -1, 1}, {1, -1, 0}, {0, -1, 0}} {
		if got := rung(ladder, c.from, c.dir); got != c.want {
			t.Errorf("%g goes to %g in direction %d, want %g", c.from, got, c.dir, c.want)
		}
	}
	var names []string
	at := "c"
	for range 4 {
		at = around([]string{"a", "b", "c"}, at, 1)
		names = append(names, at)
	}
	if got := strings.Join(names, ""); got != "abca" {
		t.Errorf("a list goes round as %s", got)
	}
	if rung(warmthRungs[:], ownWarmth, 1) != 0 || rung(warmthRungs[:], 0, -1) != ownWarmth || math.Signbit(rung(warmthRungs[:], 0.2, -1)) {
		t.Error("the model's own temperature does not stand below 0")
	}
}
