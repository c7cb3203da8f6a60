package model

import (
	"math"
	"strconv"
	"strings"
)

// figure is a number of tokens as an endpoint writes it: whole, with a fraction of 0, or
// as a text. Anything else is not known, and costs no answer its words.
type figure struct {
	n     int // within what count gives
	known bool
}

func (f *figure) UnmarshalJSON(raw []byte) error {
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err == nil && !math.IsNaN(n) {
		*f = figure{count(n), true}
	}
	return nil
}

// count brings a number of tokens from outside to one that can be added up.
func count[N int64 | float64](n N) int { return int(min(max(n, 0), 1<<30)) }
