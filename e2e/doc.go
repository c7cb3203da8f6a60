// Package e2e holds the tests of the built program in a real terminal: they
// press keys, read the screen, train on the practice track and kill processes.
//
//	go test -tags e2e ./e2e/...
package e2e
