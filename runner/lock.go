package runner

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Holder is who holds the machine, as far as it is known. Others may write the
// lock file, so it is for display only.
type Holder struct {
	PID   int       `json:"pid"`   // 0 where unknown
	Label string    `json:"label"` // the attempt, for people
	Job   string    `json:"job"`   // id of the run in progress; "" between runs
	Since time.Time `json:"since"`
}

// String names the holder for people.
func (h Holder) String() string {
	if h.PID == 0 {
		return "another run"
	}
	name := h.Label
	if name == "" {
		name = "another run"
	}
	return fmt.Sprintf("%s (process %d, since %s)", name, h.PID, h.Since.Local().Format("15:04"))
}

// holderSize bounds what is read of a lock file.
const holderSize = 4 << 10

func parseHolder(b []byte) Holder {
	var h Holder
	if json.Unmarshal(b, &h) != nil || h.PID <= 0 {
		return Holder{}
	}
	h.Label, h.Job = printable(h.Label), printable(h.Job)
	return h
}

// printable drops what could steer a terminal; all of it stays on one line.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
}
