package model

import (
	"regexp"
	"strings"
)

// amends is how requests to an endpoint depart from the usual, since it refused that.
type amends struct {
	noUsage       bool // it takes no stream_options
	otherMax      bool // the other of max_tokens and max_completion_tokens
	noMax         bool // neither of them
	noTemperature bool
	noSeed        bool
	noCache       bool // it takes no cache_control
	budget        bool // thinking is told as a number of tokens, not as an effort
}

// meet gives amends for a refusal of what a request has beyond its messages, and false
// where the refusal is of something else.
func (a amends) meet(e *Error, r Request) (amends, bool) {
	if e.Kind != KindRequest || e.status != 400 && e.status != 422 {
		return a, false
	}
	said := strings.ToLower(e.full)
	refusal := regexp.MustCompile(`unsupported|not support|unrecogni[sz]ed|unknown|unexpected|extra (inputs|fields)|extra_forbidden|not permitted|not allowed|not available|invalid (parameter|field|argument)|deprecated|may only be|cannot be|only the default|incompatible`)
	if !refusal.MatchString(said) {
		return a, false
	}
	names := func(words ...string) bool {
		for _, w := range words {
			if regexp.MustCompile(`\b` + w + `\b`).MatchString(said) {
				return true
			}
		}
		return false
	}
	before := a
	switch {
	case names("stream_options", "include_usage"):
		a.noUsage = true
	case names("cache_control"):
		a.noCache = true
	case r.Effort != "" && names("adaptive", "output_config"):
		a.budget = true
	case r.Temperature != nil && names("temperature"):
		a.noTemperature = true
	case r.Seed != nil && names("seed"):
		a.noSeed = true
	case r.MaxTokens > 0 && names("max_tokens", "max_completion_tokens"):
		// First the other name, then none.
		a.noMax = a.otherMax
		a.otherMax = true
	}
	return a, a != before
}
