package agent

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"pitwall/taskdata"
)

//go:embed constants.py
var constantsScript string

// constant is a number that stands in a script.
type constant struct {
	Place   string  `json:"place"`   // the name it is assigned to, under its functions: "STEPS", "schedule.warm"
	Ordinal int     `json:"ordinal"` // 1, 2, … within the place
	Top     bool    `json:"top"`     // a named value at the top level
	Value   float64 `json:"value"`
	Int     bool    `json:"int"`
	Line    int     `json:"line"` // from 1
	EndLine int     `json:"end_line"`
	From    int     `json:"from"` // bytes within the line
	To      int     `json:"to"`
}

// key names a constant across versions of a script.
func (c constant) key() string { return fmt.Sprintf("%s#%d", c.Place, c.Ordinal) }

// scanPatience is what the interpreter gets to list constants.
const scanPatience = 20 * time.Second

// scanConstants lists the constants of each source, through the interpreter's own parser.
func scanConstants(ctx context.Context, python taskdata.Interpreter, sources []string) ([][]constant, error) {
	in, err := json.Marshal(sources)
	if err != nil {
		return nil, fmt.Errorf("list constants: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, scanPatience)
	defer cancel()
	answer, err := python.Run(ctx, constantsScript, in)
	if err == nil {
		err = answer.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("list constants with %s: %w", python.Path, err)
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(answer.Out, &raw); err != nil || len(raw) != len(sources) {
		return nil, fmt.Errorf("list constants: %s gave no list back: check that it is a CPython", python.Path)
	}
	lists := make([][]constant, len(raw))
	for i, r := range raw {
		if json.Unmarshal(r, &lists[i]) == nil {
			continue
		}
		var why string
		if json.Unmarshal(r, &why) != nil {
			why = "unreadable answer"
		}
		if i == 0 {
			return nil, fmt.Errorf("the script does not parse: %s", why)
		}
	}
	return lists, nil
}
