// Package tokencount reads and writes numbers of tokens as people do. It imports no room,
// and any room may import it.
package tokencount

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Most is the largest number that is read: what of a budget is above it is a slip of the
// hand.
const Most = math.MaxInt32 * 1000

// Read reads a number of tokens from 1 to Most: "500k", "2M", "1500", "12_345". Spaces
// and underscores do not count; a part of a token is rounded.
func Read(text string) (n int64, ok bool) {
	text = strings.Map(func(r rune) rune {
		if r == '_' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	factor := 1.0
	switch {
	case strings.HasSuffix(text, "k"), strings.HasSuffix(text, "K"):
		factor, text = 1e3, text[:len(text)-1]
	case strings.HasSuffix(text, "m"), strings.HasSuffix(text, "M"):
		factor, text = 1e6, text[:len(text)-1]
	}
	f, err := strconv.ParseFloat(text, 64)
	if f *= factor; err != nil || !(f >= 1 && f <= Most) {
		return 0, false
	}
	return int64(math.Round(f)), true
}

// Of reads the value of a document: a whole number, or a text as Read takes it.
func Of(v any) (n int64, ok bool) {
	switch v := v.(type) {
	case string:
		return Read(v)
	case int64:
		return v, v >= 1 && v <= Most
	}
	return 0, false
}

// Exact writes a number of tokens to the digit, as Read reads it: "500k", "1.5M", "1234".
func Exact(n int64) string {
	switch {
	case n >= 1e6 && n%100_000 == 0:
		return strconv.FormatFloat(float64(n)/1e6, 'f', -1, 64) + "M"
	case n >= 1e3 && n%100 == 0:
		return strconv.FormatFloat(float64(n)/1e3, 'f', -1, 64) + "k"
	}
	return strconv.FormatInt(n, 10)
}

// Short writes a number of tokens in at most six cells below a billion: "950", "12.4k",
// "1.2M". Below 0 is nothing.
func Short(n int64) string {
	switch {
	case n < 1000:
		return strconv.FormatInt(max(n, 0), 10)
	case n < 99_950:
		return fmt.Sprintf("%.1fk", float64(n)/1e3)
	case n < 999_500:
		return fmt.Sprintf("%.0fk", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1fM", float64(n)/1e6)
}

// bytesPerToken is what English and Python have, about.
const bytesPerToken = 4

// Estimate gives about how many tokens an answer of so many bytes has, where nobody has
// counted them.
func Estimate(bytes int) int { return (bytes + bytesPerToken - 1) / bytesPerToken }
