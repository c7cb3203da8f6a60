package runner

// What the tests may expect of this system.
const (
	sweepsOrphans = true
	measuresCPU   = true
)
