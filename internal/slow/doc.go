// Package slow tells tests whether they may take their time: they may where the build
// tag slow is set, as .ci/run sets it. Without it a test that trains for long is skipped
// or takes fewer turns, never with a weaker assertion.
package slow
