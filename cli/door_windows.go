package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// enableSequences has the console obey control sequences, which older ones print.
func enableSequences(file *os.File) {
	var mode uint32
	console := windows.Handle(file.Fd())
	if windows.GetConsoleMode(console, &mode) == nil {
		_ = windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING)
	}
}

// canDraw reports whether the console is one that a screen can be drawn on.
func canDraw(func(string) string) bool { return true }
