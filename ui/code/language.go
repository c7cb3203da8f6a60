package code

import (
	"path"
	"strings"
)

// Language is one that can be coloured.
type Language uint8

// The languages; None has no colours.
const (
	None Language = iota
	Python
	Shell
	TOML
	JSON
	C // and C++, and CUDA
)

// ByFile returns the language of a file, by its name.
func ByFile(name string) Language {
	base := path.Base(name)
	return byWord(strings.TrimPrefix(path.Ext(base), "."))
}

// ByWord returns the language that a word such as "python" or "sh" stands for.
func ByWord(word string) Language {
	switch l := strings.ToLower(word); l {
	case "python", "python3", "triton":
		return Python
	case "shell", "console":
		return Shell
	case "c++", "cuda":
		return C
	default:
		return byWord(l)
	}
}

// byWord knows the endings of files, which serve as names of languages too.
func byWord(word string) Language {
	switch word {
	case "py", "pyi":
		return Python
	case "sh", "bash", "zsh":
		return Shell
	case "toml":
		return TOML
	case "json", "jsonl", "ipynb":
		return JSON
	case "c", "h", "cc", "hh", "cpp", "hpp", "cxx", "cu", "cuh":
		return C
	}
	return None
}
