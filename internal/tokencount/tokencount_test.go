package tokencount

import (
	"testing"

	"pgregory.net/rapid"
)

func TestNumbersOfTokensAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]int64{
		"500k": 500_000, "2M": 2_000_000, "2m": 2_000_000, "1K": 1000, "1500": 1500, "1.5 M": 1_500_000, "12_345": 12_345, "0.5k": 500,
		"64.1k": 64_100, "1.1k": 1100, "1": 1, "2147483647k": Most,
	} {
		if n, ok := Read(text); !ok || n != want {
			t.Errorf("%q is %d, %t; want %d", text, n, ok, want)
		}
	}
	for _, text := range []string{"", " ", "k", "M", "-5", "0", "0.4", "0.0004k", "1e300", "1e300M", "NaN", "nank", "inf", "Infm", "5q", "two", "2147483648k"} {
		if n, ok := Read(text); ok {
			t.Errorf("%q is read as %d", text, n)
		}
	}
}

func TestADocumentMayHaveANumberOrAText(t *testing.T) {
	for _, c := range []struct {
		v    any
		want int64
	}{{int64(100_000), 100_000}, {"100k", 100_000}, {int64(0), 0}, {int64(-3), 0}, {int64(Most + 1), 0}, {2.5, 0}, {true, 0}, {nil, 0}, {"none", 0}} {
		if n, ok := Of(c.v); ok != (c.want > 0) || ok && n != c.want {
			t.Errorf("%v is %d, %t", c.v, n, ok)
		}
	}
}

func TestWhatIsWrittenIsReadAsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, Most).Draw(t, "tokens")
		unit := rapid.SampledFrom([]int64{1, 100, 1000, 100_000}).Draw(t, "unit")
		if n = max(n%(5000*unit)/unit*unit, 1); rapid.Bool().Draw(t, "large") {
			n = Most - n
		}
		if got, ok := Read(Exact(n)); !ok || got != n {
			t.Fatalf("%d is written as %s and read as %d, %t", n, Exact(n), got, ok)
		}
	})
}

func TestShortNumbers(t *testing.T) {
	for n, want := range map[int64]string{
		-5: "0", 0: "0", 950: "950", 999: "999", 1000: "1.0k", 12_345: "12.3k", 99_949: "99.9k", 99_950: "100k",
		150_000: "150k", 999_499: "999k", 999_500: "1.0M", 3_000_000: "3.0M",
	} {
		if got := Short(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

func TestEveryByteCountsInAnEstimate(t *testing.T) {
	for bytes, want := range map[int]int{0: 0, 1: 1, 4: 1, 5: 2, 400: 100} {
		if got := Estimate(bytes); got != want {
			t.Errorf("%d bytes are %d tokens, want %d", bytes, got, want)
		}
	}
}
