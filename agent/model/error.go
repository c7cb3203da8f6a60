package model

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// ErrorKind says what went wrong with a request.
type ErrorKind int

// The kinds of errors.
const (
	KindKey         ErrorKind = iota + 1 // missing, wrong, or without the right to do this
	KindModel                            // the provider has no such model
	KindTooLong                          // the conversation does not fit
	KindQuota                            // used up: waiting does not help
	KindRate                             // too many requests for now
	KindServer                           // the endpoint failed, or has too much to do
	KindUnreachable                      // no connection
	KindStalled                          // connected, but nothing came in time
	KindDropped                          // the answer broke off
	KindAnswer                           // what came cannot be understood
	KindRequest                          // the endpoint does not take the request
	KindEndless                          // more came than an answer may have
)

// Error is what went wrong with a request, in words for a person and without any key.
type Error struct {
	Kind     ErrorKind
	Provider string        // as in Provider.Name
	What     string        // what happened
	Mend     string        // what to do about it; may be empty
	After    time.Duration // how long the endpoint asks to wait; 0 if it does not
	Err      error         // nil, or the fault below, its text masked

	status int    // of HTTP; 0 without an answer
	said   string // the endpoint's own words, masked, in short
	full   string // and in full
}

func (e *Error) Error() string {
	if e.Mend == "" {
		return e.What
	}
	return e.What + "; " + e.Mend
}

func (e *Error) Unwrap() error { return e.Err }

// Retry reports whether the same request may succeed later.
func (e *Error) Retry() bool {
	switch e.Kind {
	case KindRate, KindServer, KindUnreachable, KindStalled, KindDropped:
		return true
	}
	return false
}

// longestBackoff caps Backoff where the endpoint does not ask for more.
const longestBackoff = time.Minute

// Backoff gives how long to wait before try n is repeated (n = 1, 2, …): twice as long
// each time, from 1 s up to 60 s, of which rnd takes off up to a half so that several
// programs do not come back at once. It is never less than after, which is what the
// endpoint asked for.
func Backoff(n int, after time.Duration, rnd *rand.Rand) time.Duration {
	wait := longestBackoff
	if n < 7 {
		wait = time.Second << max(n-1, 0)
	}
	wait -= time.Duration(rnd.Int64N(int64(wait/2) + 1))
	return max(wait, after)
}

// seconds writes a time limit.
func seconds(d time.Duration) string {
	if d >= time.Minute && d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%.3g s", d.Seconds())
}
