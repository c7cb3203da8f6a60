package prompt

import (
	"slices"
	"strings"
	"testing"
)

func TestIdeasAreFoundInAnyForm(t *testing.T) {
	want := []string{"Higher rate", "Smaller width", "Fewer heads"}
	for name, answer := range map[string]string{
		"JSON":                 `["Higher rate","Smaller width","Fewer heads"]`,
		"JSON in a fence":      "Here [as asked] they are:\n```json\n[\n  \"Higher rate\",\n  \"Smaller width\",\n  \"Fewer heads\"\n]\n```\nGood luck [1].",
		"objects":              `[{"id":1,"hypothesis":"Higher rate"},{"hypothesis":"Smaller width","why":"cheap"},{"idea":"Fewer heads"}]`,
		"an object around":     `{"hypotheses": ["Higher rate", "Smaller width", "Fewer heads"]}`,
		"an array of examples": "Not [\"like this\"] but\n[\"Higher rate\", \"Smaller width\", \"Fewer heads\"]",
		"cut off":              "```json\n[\"Higher rate\",\n\"Smaller width\",\n\"Fewer heads\",\n\"Ano",
		"a comma too many":     `["Higher rate", "Smaller width", "Fewer heads",]`,
		"numbers":              "Ideas:\n\n1. Higher rate\n2. Smaller\n   width\n\n10) Fewer heads\n\nThat is all.",
		"bold numbers":         "**1. Higher rate**\n**2.** Smaller width\n### 3. Fewer heads\n",
		"bullets":              "- Higher rate\n- Smaller width\n* Fewer heads",
		"bullets under":        "  - Higher\n    - rate\n  - **Smaller** width\n\n  • Fewer heads\n",
		"named":                "Hypothesis 1: Higher rate\nHypothesis 2: Smaller width\nIdea 3: Fewer heads",
		"twice":                "- Higher rate\n- higher  RATE\n- Smaller width\n- Fewer heads",
		"too many":             `["Higher rate","Smaller width","Fewer heads","One more"]`,
		"control characters":   "- \x1b[1mHigher rate\n- Smaller width\u200b\n- Fewer heads",
		"carriage returns":     "1. Higher rate\r\n2. Smaller width\r\n3. Fewer heads\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			got := ParseIdeas(strings.ReplaceAll(answer, "\x1b[1m", "\x1b"), 3)
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestProseHoldsNoIdeas(t *testing.T) {
	for _, answer := range []string{"", "I cannot help with that.", "The rate is 1.5 times higher.", "**Note** that a[0] = [1, 2]", "[]", "[[[[", "-5 degrees"} {
		if got := ParseIdeas(answer, 5); len(got) != 0 {
			t.Errorf("%q gave %q", answer, got)
		}
	}
	if got := ParseIdeas("- one\n- two", 0); len(got) != 0 {
		t.Errorf("none were wanted, got %q", got)
	}
}

func TestALongIdeaIsCut(t *testing.T) {
	got := ParseIdeas(`["`+strings.Repeat("é", 4000)+`"]`, 1)
	if len(got) != 1 || len(got[0]) > maxIdea+10 || !strings.HasSuffix(got[0], "é …") {
		t.Errorf("got %q", got)
	}
}

func TestJudgementsAreFoundInAnyForm(t *testing.T) {
	for name, answer := range map[string]string{
		"JSON":      `{"changes":[{"what":"ReLU squared","reproduced":true},{"what":"a gate","reproduced":0.5},{"what":"fp8","reproduced":false}],"score":0.5}`,
		"in prose":  "The set {a, b} first.\n```json\n{\"changes\": [{\"what\": \"ReLU\\nsquared\", \"reproduced\": 1}, {\"what\": \"a gate\", \"reproduced\": \"partially\"}, {\"what\": \"fp8\", \"reproduced\": 0}], \"score\": \"0.5\"}\n```\nSo {that} is it.",
		"the last":  `{"changes":[],"score":0.1} no: {"changes":[{"what":"ReLU squared","reproduced":"yes"},{"what":"a gate","reproduced":"half"},{"what":"fp8","reproduced":"No"}],"score":0.5,"note":"x"}`,
		"wrapped":   `{"judgement":{"Changes":[{"what":"ReLU squared","reproduced":true,"score":1},{"what":"a gate","reproduced":0.5},{"what":"fp8","reproduced":false}],"Score":0.5}}`,
		"invisible": "{\"changes\":[{\"what\":\"ReLU \\u001bsquared\",\"reproduced\":true},{\"what\":\"a gate\",\"reproduced\":0.5},{\"what\":\"fp8\",\"reproduced\":false}],\"score\":5e-1}",
	} {
		t.Run(name, func(t *testing.T) {
			j, err := ParseJudgement(answer)
			want := []Change{{"ReLU squared", 1}, {"a gate", 0.5}, {"fp8", 0}}
			if err != nil || j.Score != 0.5 || !slices.Equal(j.Changes, want) {
				t.Errorf("got %+v, %v", j, err)
			}
		})
	}
}

func TestAJudgementThatCannotBeIsRefusedInWords(t *testing.T) {
	for answer, words := range map[string]string{
		"":                                 "no JSON object",
		"I give it 0.7.":                   "no JSON object",
		`{"changes":[]}`:                   "no JSON object",
		`{"score":0.5}`:                    "no JSON object",
		`{"changes":[],"score":NaN}`:       "no JSON object",
		`{"changes":[],"score":null}`:      "no JSON object",
		`{"changes":[],"score":1.5}`:       `the score is "1.5"`,
		`{"changes":[],"score":-0.1}`:      `the score is "-0.1"`,
		`{"changes":[],"score":"NaN"}`:     `the score is "NaN"`,
		`{"changes":[],"score":"high"}`:    `the score is "high"`,
		`{"changes":[],"score":80}`:        "no number from 0 to 1",
		`{"changes":[],"score":[1]}`:       "no number from 0 to 1",
		`{"changes":["a gate"],"score":1}`: "no JSON object",
		`{"changes":[{"what":"a","reproduced":true},{"what":"b","reproduced":2}],"score":1}`: `change 2 is reproduced to "2"`,
		`{"changes":[{"what":"a"}],"score":1}`:                                               "change 1",
		strings.Repeat("{", 100_000):                                                         "no JSON object",
	} {
		if j, err := ParseJudgement(answer); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%.60q gave %+v, %v; want words with %q", answer, j, err, words)
		}
	}
}

func FuzzAnswersAreRead(f *testing.F) {
	f.Add(`[{"a":"b"},"c"] {"changes":[],"score":1}`)
	f.Add("1. **a**\n   b\n- c")
	f.Fuzz(func(t *testing.T, answer string) {
		for _, idea := range ParseIdeas(answer, 3) {
			if idea == "" || strings.ContainsAny(idea, "\n\x1b") {
				t.Errorf("%q gave %q", answer, idea)
			}
		}
		if j, err := ParseJudgement(answer); err == nil && !(j.Score >= 0 && j.Score <= 1) {
			t.Errorf("%q gave %+v", answer, j)
		}
	})
}
