package prompt

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Judgement is a model's comparison of a node with the human's change.
type Judgement struct {
	Changes []Change
	Score   float64 // 0 to 1: how much of the human's change the node has
}

// Change is one of the human's changes.
type Change struct {
	What       string
	Reproduced float64 // 0 not, 1 wholly
}

// ParseJudgement finds the judgement in an answer: the last JSON object with a list
// of changes and a score. There may be prose and fences around it. The error says
// what is wrong with the answer.
func ParseJudgement(answer string) (Judgement, error) {
	var found struct {
		Changes []struct {
			What       string
			Reproduced any
		}
		Score any
	}
	rest := answer
	for range maxTries {
		at := strings.LastIndexByte(rest, '{')
		if at < 0 {
			break
		}
		rest = rest[:at]
		found.Changes, found.Score = nil, nil
		if json.NewDecoder(strings.NewReader(answer[at:])).Decode(&found) == nil && found.Changes != nil && found.Score != nil {
			break
		}
		found.Score = nil
	}
	if found.Score == nil {
		return Judgement{}, errors.New(`the answer holds no JSON object with a list "changes" and a "score"`)
	}
	j := Judgement{}
	var err error
	if j.Score, err = share(found.Score); err != nil {
		return Judgement{}, fmt.Errorf("the score is %w", err)
	}
	for i, c := range found.Changes {
		reproduced, err := share(c.Reproduced)
		if err != nil {
			return Judgement{}, fmt.Errorf("change %d is reproduced to %w", i+1, err)
		}
		j.Changes = append(j.Changes, Change{What: oneLine(c.What), Reproduced: reproduced})
	}
	return j, nil
}

// share reads a number from 0 to 1, however a model put it. Its error is a clause.
func share(v any) (float64, error) {
	x, ok := 0.0, true
	switch v := v.(type) {
	case float64:
		x = v
	case bool:
		if v {
			x = 1
		}
	case string:
		x, ok = shareOf(strings.ToLower(strings.TrimSpace(v)))
	default:
		ok = false
	}
	if !ok || !(x >= 0 && x <= 1) {
		return 0, fmt.Errorf("%q, which is no number from 0 to 1", fmt.Sprint(v))
	}
	return x, nil
}

func shareOf(word string) (x float64, ok bool) {
	switch word {
	case "true", "yes", "full", "fully":
		return 1, true
	case "partial", "partially", "partly", "half":
		return 0.5, true
	case "false", "no", "none", "not":
		return 0, true
	}
	x, err := strconv.ParseFloat(word, 64)
	return x, err == nil
}
