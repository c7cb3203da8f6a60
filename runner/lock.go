package runner

import (
	"encoding/json"
	"fmt"
	"time"

	"pitwall/internal/clean"
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
	h.Label, h.Job = clean.Plain(h.Label, -1), clean.Plain(h.Job, -1)
	return h
}
