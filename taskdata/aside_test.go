package taskdata_test

import (
	"testing"

	"pitwall/taskdata"
)

func TestWhyATaskIsNoneOfTheBenchmarksIsSaidInAWord(t *testing.T) {
	for _, c := range []struct {
		id        string
		benchmark bool
		want      string
	}{
		{"nanogpt/7", true, ""},
		{"nanogpt/7@4gpu", false, "4 GPUs"}, // as attempts have it
		{"nanogpt/7@4gpu", true, "4 GPUs"},  // as plans have it
		{"nanogpt/7@1gpu", false, "1 GPU"},
		{"micro/7", false, "practice"},
		{"standin/1@x", false, "practice"},
	} {
		if got := taskdata.Aside(c.id, c.benchmark); got != c.want {
			t.Errorf("%s, %t: %q, want %q", c.id, c.benchmark, got, c.want)
		}
	}
}

func TestWhyTasksAreNoneOfTheBenchmarksIsSaidOfAllOrOfSome(t *testing.T) {
	type task struct {
		id        string
		benchmark bool
	}
	micro, nano, four := task{"micro/7", false}, task{"nanogpt/7", true}, task{"nanogpt/7@4gpu", false}
	for _, c := range []struct {
		tasks []task
		want  string
	}{
		{nil, ""},
		{[]task{nano, nano}, ""},
		{[]task{micro, micro}, "practice"},
		{[]task{micro, nano}, "micro: practice"},
		{[]task{four}, "4 GPUs"},
		{[]task{four, nano}, "nanogpt/7@4gpu: 4 GPUs"},
		{[]task{nano, four, micro}, "micro: practice"},
		{[]task{four, micro}, "micro: practice"},
	} {
		got := taskdata.Asides(func(yield func(string, bool) bool) {
			for _, t := range c.tasks {
				if !yield(t.id, t.benchmark) {
					return
				}
			}
		})
		if got != c.want {
			t.Errorf("%v: %q, want %q", c.tasks, got, c.want)
		}
	}
}
