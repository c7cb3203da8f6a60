package cli

import "os"

// programs are what the test binary is under other names.
func programs() map[string]func() {
	return map[string]func(){"pitwall": func() { os.Exit(Main("")) }, "spy": spy}
}
