// Pitwall is the pit wall for language-model training speedruns: it lets agents
// attempt the tasks of the Automated LLM Speedrunning Benchmark, shows their
// edits, logs and losses as they come, and keeps every attempt for replay.
package main

import (
	"os"

	"pitwall/cli"
)

// version is set by the release build; else it is read from the build information.
var version string

func main() { os.Exit(cli.Main(version)) }
