//go:build slow

// Package slow tells tests whether they may take their time: here they may.
package slow

// Tests reports whether tests that train for long run too.
const Tests = true
