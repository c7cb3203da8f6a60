package profile

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const printTorch = "import torch; print(torch.__version__)"

// AskTorch gives what prints the torch version that a script's runs have here, in one
// line, and the path of the program that starts them. Where no interpreter is named it
// is that of torchrun's own first line. The error is of a program that is not here, and
// program is its bare name then. It must not be asked of a profile with a Launch, whose
// programs are elsewhere.
func (p Profile) AskTorch(script string) (ask []string, program string, err error) {
	program = p.Command("", script, p.GPUs).Argv[0]
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, program, fmt.Errorf("%s is not here", program)
	}
	ask = p.Ask(os.TempDir(), printTorch)
	if p.Python == "" && p.Conda == "" {
		if python := interpreter(path); python != nil {
			ask = slices.Concat(python, []string{"-c", printTorch})
		}
	}
	return ask, path, nil
}

// interpreter gives the words that run the Python of a script that names it in its
// first line, nil for any other file.
func interpreter(path string) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, 256)
	n, _ := f.Read(head) // what cannot be read names none
	first, _, _ := strings.Cut(string(head[:n]), "\n")
	named, found := strings.CutPrefix(first, "#!")
	words := strings.Fields(named)
	if !found || len(words) == 0 || !strings.Contains(filepath.Base(words[len(words)-1]), "python") {
		return nil
	}
	return words
}
