package model

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCostIsWorkedOutByHand(t *testing.T) {
	for name, c := range map[string]struct {
		price Price
		usage Usage
		want  float64
	}{
		// 600 plain at 3 + 300 read at 0.3 + 100 written at 3.75 + 200 out at 15, a million.
		"cache":         {Price{3, 15, 0.3, 3.75}, Usage{1000, 200, 300, 100, 150}, 0.0018 + 0.00009 + 0.000375 + 0.003},
		"plain":         {Price{1.25, 10, 0.125, 1.25}, Usage{Input: 2_000_000, Output: 100_000}, 2.5 + 1},
		"all cached":    {Price{2, 8, 0.5, 2}, Usage{Input: 4000, Cached: 4000}, 0.002},
		"nothing":       {Price{2, 8, 0.5, 2}, Usage{}, 0},
		"free":          {Price{}, Usage{Input: 1e6, Output: 1e6}, 0},
		"more than all": {Price{1, 1, 1, 1}, Usage{Input: 10, Cached: 30}, 30e-6},
	} {
		if got := c.price.Cost(c.usage); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %.9f, want %.9f", name, got, c.want)
		}
	}
}

func TestCountsThatCannotBeAreMended(t *testing.T) {
	if got, want := (Usage{Input: 10, Output: -3, Cached: 20, CacheWrite: 5, Reasoning: 9}).sane(), (Usage{Input: 10, Cached: 10}); got != want {
		t.Error(got)
	}
}

func TestBackoffGrowsAndHeedsTheEndpoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 1000).Draw(t, "n")
		after := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "after"))
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		full := time.Minute
		if n < 7 {
			full = time.Second << (n - 1)
		}
		got := Backoff(n, after, rnd)
		if got < max(full/2, after) || got > max(full, after) {
			t.Fatalf("try %d after %s waits %s", n, after, got)
		}
	})
	rnd := rand.New(rand.NewPCG(1, 2))
	waits := map[time.Duration]bool{}
	for range 20 {
		waits[Backoff(6, 0, rnd)] = true
	}
	if len(waits) < 10 {
		t.Errorf("all come back at once: %v", waits)
	}
}
