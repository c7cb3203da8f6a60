//go:build !windows

package cli

import "os"

// enableSequences has nothing to do.
func enableSequences(*os.File) {}

// canDraw reports whether the terminal is one that a screen can be drawn on.
func canDraw(getenv func(string) string) bool {
	term := getenv("TERM")
	return term != "" && term != "dumb"
}
