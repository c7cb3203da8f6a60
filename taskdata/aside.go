package taskdata

import (
	"iter"
	"strconv"
	"strings"
)

const practiceAside = "practice"

// Aside says in a word or two why results at the task of that name are none of the
// benchmark's: "practice", or the number of GPUs that a Variant asks for, as "4 GPUs".
// benchmark says that the task's track is none for practice.
func Aside(id string, benchmark bool) string {
	switch n := variantGPUs(id); {
	case n == 1:
		return "1 GPU"
	case n > 1:
		return strconv.Itoa(n) + " GPUs"
	case !benchmark:
		return practiceAside
	}
	return ""
}

// variantGPUs gives the number of GPUs that the Variant in a task's name asks for, 0
// where it has none.
func variantGPUs(id string) int {
	_, variant, _ := strings.Cut(id, "@")
	digits, ok := strings.CutSuffix(variant, "gpu")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil {
		return 0
	}
	return n
}

// Asides says of tasks, names with what Aside is told of them, why their results are
// none of the benchmark's: in Aside's words where the same holds for all of them, with the
// track or the task before it where it holds for some, "" where it holds for none.
func Asides(tasks iter.Seq2[string, bool]) string {
	word, of, all := "", "", true
	for id, benchmark := range tasks {
		switch w := Aside(id, benchmark); {
		case w == "":
			all = false
		case word == "" || w == practiceAside && word != practiceAside:
			all = all && word == ""
			word, of = w, id
		case w != word:
			all = false
		}
	}
	switch {
	case word == "" || all:
		return word
	case word == practiceAside:
		of, _, _ = strings.Cut(of, "/")
	}
	return of + ": " + word
}
