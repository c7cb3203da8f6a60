package plot

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
)

func TestRangeAgreesWithTheSlowWay(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var s Series
	for n := range 5000 {
		s.Append(float64(n), rng.NormFloat64())
		if n%37 != 0 {
			continue
		}
		i := rng.IntN(n + 1)
		j := i + rng.IntN(n+2-i)
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, y := range s.ys[i:j] {
			lo, hi = min(lo, y), max(hi, y)
		}
		if gotLo, gotHi := s.Range(i, j); gotLo != lo || gotHi != hi {
			t.Fatalf("Range(%d, %d) of %d = %v, %v, want %v, %v", i, j, n+1, gotLo, gotHi, lo, hi)
		}
	}
}

func TestAppendLeavesOutWhatIsNoNumber(t *testing.T) {
	var s Series
	s.Append(1, math.NaN())
	s.Append(math.Inf(1), 1)
	s.Append(5, 1)
	s.Append(3, 2)
	if s.Len() != 2 || s.xs[1] != 5 {
		t.Errorf("%v, want two points, the second at 5 too", s.xs)
	}
}

func TestChartKeepsASpikeAmongAMillionPoints(t *testing.T) {
	var s Series
	for i := range 1_000_000 {
		y := 1.0
		if i == 500_000 {
			y = 9
		}
		s.Append(float64(i), y)
	}
	c := Chart{Lines: []Line{{Series: &s}}}
	top := strings.TrimSpace(ansi.Strip(c.Rows(80, 12)[0]))
	if !strings.ContainsFunc(top, func(r rune) bool { return r > 0x2800 && r < 0x2900 }) {
		t.Errorf("the top row %q shows no spike", top)
	}
}

func TestChartIsAsBigAsAsked(t *testing.T) {
	var s Series
	for i := range 40 {
		s.Append(float64(i), 3-float64(i)/40)
	}
	for _, c := range []Chart{
		{},
		{Lines: []Line{{Series: &Series{}}}},
		{Lines: []Line{{Series: &s, Mark: '●'}}, Levels: []Level{{Y: 2, Label: "target"}}, XUnit: "s"},
		{Lines: []Line{{Series: &s, Every: 3}}, LogY: true, X0: 5, X1: 9},
	} {
		for w := 0; w < 100; w += 1 + w/8 {
			for h := range 16 {
				rows := c.Rows(w, h)
				if len(rows) != h {
					t.Fatalf("%d rows at %dx%d", len(rows), w, h)
				}
				for _, r := range rows {
					if got := ansi.StringWidth(r); got != w {
						t.Fatalf("a row of %d cells at %dx%d: %q", got, w, h, r)
					}
				}
			}
		}
	}
}

func BenchmarkAppendAndDrawAtAMillionPoints(b *testing.B) {
	var s Series
	for i := range 1_000_000 {
		s.Append(float64(i), 3+math.Sin(float64(i)/1000))
	}
	c := Chart{Lines: []Line{{Series: &s}}, Levels: []Level{{Y: 3}}}
	i := 1_000_000.0
	for b.Loop() {
		s.Append(i, 3)
		_ = strings.Join(c.Rows(120, 20), "\n")
		i++
	}
}

func TestMonthsAreEvenlySpacedAndBearTheirYear(t *testing.T) {
	day := func(s string) float64 {
		at, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return Day(at)
	}
	for _, c := range []struct {
		from, to string
		n        int
		want     string
	}{
		{"2024-05-28", "2026-07-17", 9, "Jul Oct 2025 Apr Jul Oct 2026 Apr Jul"},
		{"2024-05-28", "2026-07-17", 3, "2025 2026"},
		{"2025-01-01", "2025-04-02", 12, "2025 Feb Mar Apr"},
		{"2025-01-03", "2025-01-09", 12, "3 Jan 2025 9 Jan 2025"},
	} {
		var got []string
		for _, k := range months(day(c.from), day(c.to), c.n) {
			got = append(got, k.label)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("from %s to %s: %s, want %s", c.from, c.to, s, c.want)
		}
	}
}

func TestStepGoesStraightDown(t *testing.T) {
	var s Series
	for _, p := range [][2]float64{{0, 9}, {5, 9}, {5, 1}, {10, 1}} {
		s.Append(p[0], p[1])
	}
	c := Chart{Lines: []Line{{Series: &s}}}
	for i, row := range c.Rows(20, 8)[:6] {
		if !strings.ContainsFunc(ansi.Strip(row), func(r rune) bool { return r > 0x2800 && r < 0x2900 }) {
			t.Errorf("nothing in row %d of a step over all rows", i)
		}
	}
}
