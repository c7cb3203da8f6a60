//go:build !slow

package slow

// Tests reports whether tests that train for long run too.
const Tests = false
