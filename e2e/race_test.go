//go:build e2e && race

package e2e

// raceDetector says that the program is to be built with the race detector too.
const raceDetector = true
