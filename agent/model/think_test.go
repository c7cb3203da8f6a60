package model

import (
	"testing"

	"pgregory.net/rapid"
)

func split(t *rapid.T, s string) (reasoning, text string) {
	var ts thinkSplitter
	add := func(r, x string) { reasoning, text = reasoning+r, text+x }
	for s != "" {
		n := len(s)
		if t != nil {
			n = rapid.IntRange(1, min(len(s), 9)).Draw(t, "piece")
		}
		add(ts.write(s[:n]))
		s = s[n:]
	}
	add(ts.end())
	return reasoning, text
}

func TestThoughtsAreTakenOutOfTheText(t *testing.T) {
	for in, want := range map[string][2]string{
		"<think>a < b</think>\n\nThe answer.\n": {"a < b", "The answer.\n"},
		"\n <think>x</think>y":                  {"x", "y"},
		"No thoughts. <think>x</think>":         {"", "No thoughts. <think>x</think>"},
		"  indented":                            {"", "  indented"},
		"<think>cut off":                        {"cut off", ""},
		"<think>cut off</thi":                   {"cut off</thi", ""},
		"<thi":                                  {"", "<thi"},
		"<thin ice":                             {"", "<thin ice"},
		"<think></think>":                       {"", ""},
		"":                                      {"", ""},
		"\n\n":                                  {"", "\n\n"},
	} {
		if r, x := split(nil, in); r != want[0] || x != want[1] {
			t.Errorf("%q gives the thought %q and the text %q", in, r, x)
		}
	}
}

func TestThoughtsAreTheSameHoweverTheTextIsCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"<think>", "</think>", "<", "think>", "</", " ", "\n", "a", "words of it"}), 0, 10).Draw(t, "parts")
		s := ""
		for _, p := range parts {
			s += p
		}
		r, x := split(nil, s)
		if pr, px := split(t, s); pr != r || px != x {
			t.Fatalf("%q at once: %q and %q; in pieces: %q and %q", s, r, x, pr, px)
		}
	})
}
