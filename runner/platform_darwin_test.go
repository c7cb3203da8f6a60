package runner

// What the tests may expect of this system.
const (
	sweepsOrphans = false
	measuresCPU   = false
)
